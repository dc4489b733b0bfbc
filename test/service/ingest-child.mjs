// A service that only ingests, to be killed: `node ingest-child.mjs FOLDER TRAIL PAUSE`.
import {join} from 'node:path';
import {readShippedContexts} from '../../dist/app/context-file.js';
import {Ingestor} from '../../dist/app/service/ingestor.js';
import {LiveFeed} from '../../dist/pipeline/live-feed.js';
import {directorySource} from '../../dist/sources/directory.js';
import {openDuckDbStore} from '../../dist/stores/duckdb.js';

const [, , folder, trail, pause] = process.argv;
const say = (text) => process.stdout.write(`${text}\n`);

/** The source at a pace at which there is time to kill us. */
function slowly(source, ms) {
  return {
    name: source.name,
    kind: source.kind,
    async *read(position, signal) {
      for await (const batch of source.read(position, signal)) {
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        yield batch;
      }
    },
    status: () => source.status(),
    check: () => source.check(),
    close: () => source.close(),
  };
}

const store = await openDuckDbStore({path: join(folder, 'store.duckdb'), memoryLimit: '256MB'});
const {entry: head} = await store.head();
const source = directorySource('trail', {folder: trail, follow: false, batchBytes: 1});
const ingestor = new Ingestor({
  dataDir: folder,
  store,
  live: new LiveFeed(),
  sources: [{source: slowly(source, Number(pause))}],
  contexts: readShippedContexts(),
  settings: {
    destinations: [
      {name: 'pager', minScore: 0.99},
      {name: 'chat', minScore: 0.9},
    ],
    publicUrl: 'https://oddtrail.example.com',
    keep: {recordsFrom: 0.9, reasonsFrom: 0.8},
  },
  checkpointEvery: 100,
  checkpointShare: 0.5,
  segmentBytes: 256 * 1024,
  onCommitted: ({entry}) => say(`stored ${entry}`),
  log: (level, message) => {
    if (level !== 'info') say(`${level}: ${message}`);
  },
});
await ingestor.start();
const {snapshot} = await ingestor.status();
say(`started at ${head} from ${snapshot.entry}`);
await ingestor.finished();
await ingestor.stop();
await store.close();
say('done');
process.exit(0);
