// The whole path of the service: source, journal, engine, store (DuckDB), live feed.
// Run with `npm run bench:service -- sustained [events]` or `-- latency [events a second [seconds]]`,
// after `npm run build`: it runs what was built (`built.mjs`). The packs that a service runs unless told
// otherwise run along; `PACKS=` does without.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {readShippedContexts} from '../src/app/context-file.ts';
import {readPacks} from '../src/app/detections.ts';
import {Ingestor} from '../src/app/service/ingestor.ts';
import {LiveFeed} from '../src/pipeline/live-feed.ts';
import type {Source, SourceBatch} from '../src/pipeline/source.ts';
import {directorySource} from '../src/sources/directory.ts';
import {openDuckDbStore} from '../src/stores/duckdb.ts';
import {writeScaleTrail} from './scale-data.ts';
import {markdownTable} from './table.ts';

const PACKS = (process.env.PACKS ?? 'questions,rates,root-and-mfa,sensitive,traps')
  .split(',')
  .filter((name) => name !== '');
const PRINCIPALS = 20_000;
/** Events after which a process is taken to be warm. */
const WARM = 100_000;
const [, , what = 'sustained', first, second] = process.argv;
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {encoding: 'utf8'}).trim();
console.log(
  `${cpus()[0]?.model}, Node ${process.versions.node}, commit ${commit}, packs: ${PACKS.join(', ') || 'none'}\n`,
);
const folder = mkdtempSync(join(tmpdir(), 'oddtrail-bench-service-'));
async function open(source: Source, live: LiveFeed): Promise<Ingestor> {
  const store = await openDuckDbStore({path: join(folder, 'store.duckdb'), memoryLimit: '512MB'});
  return new Ingestor({
    dataDir: folder,
    store,
    live,
    sources: [{source}],
    contexts: readShippedContexts(),
    ...(PACKS.length > 0 && {detections: {files: readPacks(PACKS), overrides: []}}),
    settings: {
      destinations: [{name: 'pager', minScore: 0.99}],
      publicUrl: '',
      keep: {
        recordsFrom: Number(process.env.RECORDS_FROM ?? 0.9),
        reasonsFrom: Number(process.env.REASONS_FROM ?? 0.9),
      },
    },
    checkpointEvery: Number(process.env.CHECKPOINT_EVERY ?? 60_000),
    log: (level, message) => {
      if (level !== 'info') console.error(`${level}: ${message}`);
    },
  });
}

async function sustained(events: number): Promise<void> {
  const live = new LiveFeed();
  let seen = 0;
  let warm: {seen: number; at: number; cpu: NodeJS.CpuUsage} | undefined;
  let ended = 0;
  live.subscribe((batch) => {
    seen += batch.length;
    ended = performance.now();
    if (seen >= WARM) warm ??= {seen, at: ended, cpu: process.cpuUsage()};
  });
  const trail = writeScaleTrail(events, PRINCIPALS);
  const source = directorySource('bench', {folder: trail, follow: false});
  const ingestor = await open(source, live);
  const rows: string[][] = [];
  const began = performance.now();
  let last = {seen: 0, at: began, cpu: process.cpuUsage()};
  await ingestor.start();
  const step = Math.max(100_000, events / 20);
  const timer = setInterval(() => {
    if (seen - last.seen < step) return;
    const now = performance.now();
    const {user, system} = process.cpuUsage(last.cpu);
    const {rss, heapUsed, arrayBuffers} = process.memoryUsage();
    const done = seen - last.seen;
    rows.push([
      String(seen),
      String(Math.round(done / ((now - last.at) / 1000))),
      ((user + system) / done).toFixed(1),
      ...[rss, heapUsed, arrayBuffers].map((bytes) => String(Math.round(bytes / 1e6))),
    ]);
    console.error(rows.at(-1)?.join('  '));
    last = {seen, at: now, cpu: process.cpuUsage()};
  }, 50);
  await ingestor.finished();
  const took = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage();
  clearInterval(timer);
  const threads = busiest(seen);
  const status = await ingestor.status();
  const head = ['events', 'events/s', 'CPU µs an event', 'RSS MB', 'heap MB', 'buffers MB'];
  console.log(markdownTable(head, rows));
  console.log(
    `\n${seen} events in ${took.toFixed(1)} s: ${Math.round(seen / took)} events/s, ` +
      `${((cpu.user + cpu.system) / seen).toFixed(1)} µs of CPU an event, store ` +
      `${(status.store.bytes / 1e6).toFixed(0)} MB, model ${(status.memory.model / 1e6).toFixed(0)} MB, ` +
      `${status.observations} rows`,
  );
  if (warm !== undefined && seen > warm.seen) {
    const done = seen - warm.seen;
    const {user, system} = cpu;
    const spent = user + system - warm.cpu.user - warm.cpu.system;
    console.log(
      `after the first ${warm.seen}: ${Math.round(done / ((ended - warm.at) / 1000))} events/s, ` +
        `${(spent / done).toFixed(1)} µs of CPU an event`,
    );
  }
  if (threads !== '') console.log(`busiest threads, µs an event over all: ${threads}`);
  const from = performance.now();
  await ingestor.stop();
  console.log(`stopped, with a checkpoint, in ${(performance.now() - from).toFixed(0)} ms`);
}

/** CPU time of the threads that used most, where the system tells it: two of them bound the rate. */
function busiest(events: number): string {
  try {
    return readdirSync('/proc/self/task')
      .map((task) => {
        const text = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
        const [user, system] = text.slice(text.lastIndexOf(')')).split(' ').slice(12, 14);
        const spent = ((Number(user) + Number(system)) * 10_000) / events;
        return {name: Number(task) === process.pid ? 'main ' : '', spent};
      })
      .sort((a, b) => b.spent - a.spent)
      .slice(0, 5)
      .map(({name, spent}) => `${name}${spent.toFixed(1)}`)
      .join(', ');
  } catch {
    return '';
  }
}

/** Hands over what comes by the clock, as pushes do: many small batches. */
class PacedSource implements Source {
  readonly name = 'bench';
  readonly kind = 'bench';
  readonly #bodies: readonly Uint8Array<ArrayBuffer>[];
  readonly #everyMs: number;
  late = 0;

  constructor(bodies: readonly Uint8Array<ArrayBuffer>[], everyMs: number) {
    this.#bodies = bodies;
    this.#everyMs = everyMs;
  }

  async *read(): AsyncGenerator<SourceBatch> {
    const began = performance.now();
    for (const [i, bytes] of this.#bodies.entries()) {
      const wait = began + i * this.#everyMs - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      else this.late = Math.max(this.late, -wait);
      yield {payloads: [{name: `push ${i}`, bytes}], position: i, ack: async () => {}};
    }
  }

  status() {
    return {state: 'reading' as const, detail: ''};
  }

  async check() {}
  async close() {}
}

async function latency(rate: number, seconds: number): Promise<void> {
  const each = 40;
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  const trail = writeScaleTrail(1_000_000, PRINCIPALS);
  for (const name of readdirSync(trail).sort()) {
    const text = gunzipSync(readFileSync(join(trail, name))).toString();
    const {Records: records} = JSON.parse(text) as {Records: unknown[]};
    for (let i = 0; i < records.length; i += each) {
      const packed = gzipSync(JSON.stringify({Records: records.slice(i, i + each)}), {level: 1});
      bodies.push(new Uint8Array(packed));
    }
    if (bodies.length * each >= rate * seconds) break;
  }
  const live = new LiveFeed();
  const waits: number[] = [];
  live.subscribe((batch) => {
    const now = Date.now();
    for (const {arrived} of batch) waits.push(now - arrived);
  });
  const source = new PacedSource(bodies, (1000 * each) / rate);
  const ingestor = await open(source, live);
  await ingestor.start();
  await ingestor.finished();
  await ingestor.stop();
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))];
  console.log(
    `${waits.length} events at ${rate} a second in batches of ${each}: from arrival to the live ` +
      `feed p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ` +
      `batches up to ${source.late.toFixed(0)} ms late`,
  );
}

try {
  if (what === 'sustained') await sustained(Number(first ?? 1_000_000));
  else await latency(Number(first ?? 2_000), Number(second ?? 30));
} finally {
  rmSync(folder, {recursive: true, force: true});
}
