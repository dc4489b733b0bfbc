/**
 * A hundred readers of the API at once: a real server over a filled store, the readers in a process
 * of their own, some of them on the live stream while new observations come in.
 *
 *     npx tsx bench/api-load.ts [rows] [readers] [seconds] [pause of a reader, ms]
 *
 * Prints percentiles by route and the number of errors, which is to be 0.
 */
import {fork} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {createApi} from '../src/api/api.ts';
import {serveApi} from '../src/api/serve.ts';
import {Random} from '../src/base/random.ts';
import type {Store} from '../src/pipeline/store.ts';
import {openDuckDbStore} from '../src/stores/duckdb.ts';
import {FakeService} from '../test/api-fixture.ts';
import {expectedRows, type TestBatch, toCommit} from '../test/contract/store-rows.ts';
import {markdownTable} from './table.ts';

const [ROWS = 1_000_000, READERS = 100, SECONDS = 20, PAUSE = 1_000] = process.argv
  .slice(2)
  .map(Number);
const DAY = 86_400_000;
const END = Date.UTC(2026, 10, 20);
const SPAN = 30 * DAY;
const PER_COMMIT = 4_096;
/** Of the readers; these hold the live stream as well. */
const STREAMS = 0.3;
const LIVE_PER_SECOND = 200;

interface Report {
  readonly times: Record<string, number[]>;
  readonly errors: Record<string, number>;
  readonly streamed: number;
  /** Ids of the live stream that a reader missed or had twice. */
  readonly wrong: number;
}

const random = new Random(1);

/** Observations with the skew of a trail: most are usual, and few principals do most. */
function batch(firstId: number, count: number, from: number): TestBatch {
  const zipf = (limit: number) => Math.floor(limit ** random.next()) - 1;
  return {
    firstId,
    rows: Array.from({length: count}, (_, i) => {
      const id = firstId + i;
      return {
        time: from + (id / ROWS) * SPAN,
        score: 1 - 10 ** (-4 * random.next()),
        dimensions: {
          principal: `11112222${1_000 + zipf(40)}:role/application-${zipf(3_000)}`,
          account: `11112222${1_000 + zipf(40)}`,
          region: `eu-west-${zipf(17)}`,
          service: `service-${zipf(150)}`,
          operation: `service:Operation${zipf(2_500)}`,
          network: `203.${zipf(200)}.${zipf(100)}.0/24`,
          resource: `arn:aws:s3:::bucket-${zipf(5_000)}`,
        },
      };
    }),
  };
}

class StoredService extends FakeService {
  readonly #store: Store;

  constructor(store: Store) {
    super();
    this.#store = store;
  }

  override get store(): Store {
    return this.#store;
  }
}

async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-api-load-'));
  const store = await openDuckDbStore({path: join(folder, 'store.duckdb'), memoryLimit: '512MB'});
  let entry = 0;
  const filling = performance.now();
  for (let id = 1; id <= ROWS; id += PER_COMMIT) {
    const count = Math.min(PER_COMMIT, ROWS - id + 1);
    await store.commit(toCommit(++entry, [batch(id, count, END - SPAN)]));
  }
  console.log(`${ROWS} rows stored in ${((performance.now() - filling) / 1_000).toFixed(0)} s`);
  const service = new StoredService(store);
  const api = createApi(service);
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0});

  let lastId = ROWS;
  const feeding = setInterval(async () => {
    const next = batch(lastId + 1, LIVE_PER_SECOND / 5, END - SPAN);
    lastId += next.rows.length;
    await store.commit(toCommit(++entry, [next]));
    service.live.publish(expectedRows(next).map(({bits: _, ...row}) => row));
  }, 200);

  const before = process.cpuUsage();
  const readers = fork(import.meta.filename, ['--readers', url], {
    execArgv: process.execArgv,
    env: {...process.env, LOAD: JSON.stringify({READERS, SECONDS, PAUSE, STREAMS, ROWS})},
  });
  const report = await new Promise<Report>((resolve, reject) => {
    readers.once('message', (message) => resolve(message as Report));
    readers.once('error', reject);
    readers.once('exit', (code) => {
      if (code !== 0) reject(new Error(`The readers ended with ${code}`));
    });
  });
  const cpu = process.cpuUsage(before);
  clearInterval(feeding);
  await sleep(300);
  await close();
  await store.close();
  rmSync(folder, {recursive: true});
  print(report, (cpu.user + cpu.system) / 1e6);
}

function print({times, errors, streamed, wrong}: Report, cpuSeconds: number): void {
  const all = Object.values(times).flat();
  const rows = [...Object.entries(times), ['all', all] as const].map(([name, of]) => {
    const sorted = of.toSorted((a, b) => a - b);
    const at = (share: number) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
    return [name, String(of.length), at(0.5), at(0.9), at(0.99), at(1)];
  });
  console.log(markdownTable(['request', 'times', 'p50 ms', 'p90', 'p99', 'max'], rows));
  const failed = Object.values(errors).reduce((sum, n) => sum + n, 0);
  console.log(
    `${READERS} readers, ${(all.length / SECONDS).toFixed(0)} requests/s; ${failed} errors ${JSON.stringify(errors)}; ` +
      `${streamed} observations over the streams, ${wrong} missing or doubled; ` +
      `server ${cpuSeconds.toFixed(1)} s of CPU in ${SECONDS} s; ${cpus()[0]?.model ?? ''}`,
  );
  if (failed > 0 || wrong > 0) process.exitCode = 1;
}

/** The other process. */
async function read(url: string): Promise<void> {
  const load = JSON.parse(process.env.LOAD ?? '{}') as Record<string, number>;
  const {READERS: readers = 1, SECONDS: seconds = 1, PAUSE: pause = 0, STREAMS: streams = 0} = load;
  const times: Record<string, number[]> = {};
  const errors: Record<string, number> = {};
  let streamed = 0;
  let wrong = 0;
  const fail = (what: string) => {
    errors[what] = (errors[what] ?? 0) + 1;
  };
  const until = performance.now() + seconds * 1_000;
  const get = async (name: string, path: string): Promise<unknown> => {
    const began = performance.now();
    try {
      const answer = await fetch(`${url}/api/v1/${path}`);
      const text = await answer.text();
      if (answer.status !== 200) fail(`${name} ${answer.status}`);
      const of = times[name] ?? [];
      times[name] = of;
      of.push(performance.now() - began);
      return JSON.parse(text);
    } catch (error) {
      fail(`${name} ${(error as Error).name}`);
      return undefined;
    }
  };
  const stream = async () => {
    const answer = await fetch(`${url}/api/v1/stream`);
    if (answer.status !== 200 || answer.body === null) return fail(`stream ${answer.status}`);
    const decoder = new TextDecoder();
    let last = 0;
    let rest = '';
    for await (const chunk of answer.body) {
      rest += decoder.decode(chunk, {stream: true});
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        const data = /^event: observations\ndata: (.*)$/m.exec(rest.slice(0, end))?.[1];
        rest = rest.slice(end + 2);
        for (const {id} of data === undefined ? [] : (JSON.parse(data) as {id: number}[])) {
          if (last !== 0 && id !== last + 1) wrong++;
          last = id;
          streamed++;
        }
      }
      if (performance.now() > until) return;
    }
    fail('stream ended');
  };
  const day = (n: number) => `from=${END - (n + 1) * DAY}&to=${END - n * DAY}`;
  const reader = async (n: number) => {
    const own = new Random(100 + n);
    await sleep(own.next() * pause);
    while (performance.now() < until) {
      const turn = own.next();
      const days = day(Math.floor(own.next() * 29));
      if (turn < 0.3) await get('newest', 'observations?limit=100');
      else if (turn < 0.45) await get('most novel of a day', `observations?order=score&${days}`);
      else if (turn < 0.55) {
        await get('by operation', 'observations?operation=service:Operation7&minScore=0.9');
      } else if (turn < 0.75) {
        const id = 1 + Math.floor(own.next() * (load.ROWS ?? 1));
        await get('one', `observations/${id}`);
        await get('around it', `observations/${id}/neighbours`);
      } else if (turn < 0.85) await get('principals of a day', `principals?${days}`);
      else if (turn < 0.92) await get('timeline of a day', `observations/timeline?${days}`);
      else if (turn < 0.97) await get('plot of a day', `observations/plot?${days}&limit=5000`);
      else await get('status', 'status');
      await sleep(pause * (0.5 + own.next()));
    }
  };
  const all = Array.from({length: readers}, (_, n) =>
    n < readers * streams ? Promise.all([stream(), reader(n)]) : reader(n),
  );
  await Promise.all(all);
  process.send?.({times, errors, streamed, wrong} satisfies Report, () => process.exit(0));
}

const [mode, url = ''] = process.argv.slice(2);
if (mode === '--readers') await read(url);
else await serve();
