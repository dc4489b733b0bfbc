import {mkdir, readdir, rename, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {dirname, join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import {AppError, messageOf} from '../../base/errors.ts';
import type {StoredObservation} from '../../pipeline/store.ts';
import {simulate} from '../../simulate/simulate.ts';
import type {Logger} from '../../telemetry/log.ts';
import {renewDemoPart} from '../demo-folder.ts';
import {principalName} from '../display.ts';
import {type Config, configSchema, DEFAULT_PACKS} from './config.ts';
import {holderOfDataDir} from './data-dir-lock.ts';
import type {RunningService} from './running.ts';
import {startService} from './start.ts';

export interface LiveDemoOptions {
  readonly out: string;
  readonly seed: number;
  readonly days: number;
  readonly eventsPerDay: number;
  readonly port: number;
  /** How many times faster than usual the story is told. */
  readonly haste: number;
  readonly version: string;
  readonly log: Logger;
}

/** What the demo tells of itself while it goes on. */
export interface LiveDemoVoice {
  note(text: string): void;
  /** A line for the console destination. */
  alert(line: string): void;
}

interface Waiting {
  readonly time: number;
  readonly from: string;
  readonly to: string;
}

export interface PreparedDemo {
  readonly folder: string;
  readonly events: number;
  readonly files: number;
  /** Files that are yet to be delivered, in order. */
  readonly waiting: readonly Waiting[];
  /** Delivery times of the first and the last file of the story. */
  readonly story: {readonly from: number; readonly to: number};
}

const DAY = 86_400_000;
const MINUTE = 60_000;
/** Seconds that the day before the story, the story and the rest of the day take. */
const PACE = {before: 24, story: 36, after: 6} as const;
const compress = promisify(gzip);

/**
 * Simulates a trail that ends on the last working day before `today`, on the evening of which raul's
 * story happens. All but that day is put where the service reads it; that day is kept back.
 */
export async function prepareLiveDemo(
  options: Pick<LiveDemoOptions, 'out' | 'seed' | 'days' | 'eventsPerDay'>,
  today: number,
  signal: AbortSignal,
): Promise<PreparedDemo> {
  const {out, seed, days, eventsPerDay} = options;
  const data = join(out, 'service', 'data');
  const holder = await holderOfDataDir(data);
  if (holder !== undefined) {
    const where = holder.url === '' ? '' : ` at ${holder.url}`;
    throw new AppError('data_dir_in_use', `A demo is running${where} already`);
  }
  const folder = await renewDemoPart(out, 'service');
  const last = lastWorkingDay(today);
  const start = new Date(last - (days - 1) * DAY).toISOString().slice(0, 10);
  const waiting: Waiting[] = [];
  const story = {from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY};
  let events = 0;
  let files = 0;
  let writing: Promise<void>[] = [];
  for (const file of simulate({
    seed,
    days,
    eventsPerDay,
    start,
    scenarios: ['raul'],
    deliveryMinutes: 15,
  })) {
    if (signal.aborted) throw new AppError('interrupted', 'Interrupted while simulating');
    const to = join(folder, 'trail', file.path);
    const isLater = file.time >= last;
    const place = isLater ? join(folder, 'yet-to-come', file.path) : to;
    if (isLater) waiting.push({time: file.time, from: place, to});
    if (file.truth.some(({ignore}) => ignore !== true)) {
      story.from = Math.min(story.from, file.time);
      story.to = Math.max(story.to, file.time);
    }
    events += file.records.length;
    files++;
    const text = JSON.stringify({Records: file.records});
    writing.push(
      compress(text, {level: 1}).then(async (bytes) => {
        await mkdir(dirname(place), {recursive: true});
        await writeFile(place, bytes);
      }),
    );
    if (writing.length >= 64) {
      await written(folder, writing);
      writing = [];
    }
  }
  await written(folder, writing);
  return {folder, events, files, waiting, story};
}

async function written(folder: string, writing: readonly Promise<void>[]): Promise<void> {
  for (const each of await Promise.allSettled(writing)) {
    if (each.status === 'fulfilled') continue;
    const cause: unknown = each.reason;
    const why = messageOf(cause);
    throw new AppError('output_unwritable', `Cannot write to "${folder}": ${why}`, {cause});
  }
}

/** Starts the service over what was prepared; it learns the days before first. */
export async function startLiveDemo(
  prepared: PreparedDemo,
  options: LiveDemoOptions,
  voice: LiveDemoVoice,
  signal: AbortSignal,
): Promise<RunningService> {
  const {folder} = prepared;
  const port = await freePort(options.port);
  const config = demoConfig(port, await accountsOf(folder));
  return startService(
    {file: join(folder, 'oddtrail.yml'), folder: resolve(folder), config},
    {
      version: options.version,
      log: options.log,
      write: (line) => voice.alert(line),
      backfillSince: 0,
      signal,
    },
  );
}

/** Waits until the days before are learnt. */
export async function learnt(
  service: RunningService,
  onProgress: (observations: number) => void,
  signal: AbortSignal,
): Promise<void> {
  while (service.backfilling && !signal.aborted) {
    await pause(250, signal);
    onProgress((await service.status()).observations);
  }
}

/** Delivers what was kept back as if it came now; the evening of the story slower than the rest. */
export async function deliverLive(
  {waiting, story}: PreparedDemo,
  haste: number,
  signal: AbortSignal,
): Promise<void> {
  const [first] = waiting;
  const last = waiting.at(-1);
  if (first === undefined || last === undefined) return;
  const dueAt = schedule(
    {
      first: first.time,
      storyFrom: story.from - 20 * MINUTE,
      storyTo: story.to + MINUTE,
      last: last.time,
    },
    haste,
  );
  const began = performance.now();
  const folders = new Set<string>();
  for (const {time, from, to} of waiting) {
    const wait = dueAt(time) - (performance.now() - began);
    if (wait > 0) await pause(wait, signal);
    if (signal.aborted) return;
    const folder = dirname(to);
    if (!folders.has(folder)) await mkdir(folder, {recursive: true});
    folders.add(folder);
    await rename(from, to);
  }
}

/** Milliseconds after the beginning at which what was delivered at a time is delivered now. */
function schedule(
  at: {first: number; storyFrom: number; storyTo: number; last: number},
  haste: number,
): (time: number) => number {
  const stretches = [
    {from: at.first, to: at.storyFrom, seconds: PACE.before},
    {from: at.storyFrom, to: at.storyTo, seconds: PACE.story},
    {from: at.storyTo, to: at.last, seconds: PACE.after},
  ];
  return (time) => {
    let ms = 0;
    for (const {from, to, seconds} of stretches) {
      const share = to > from ? Math.min(1, Math.max(0, (time - from) / (to - from))) : 0;
      ms += (share * seconds * 1000) / haste;
    }
    return ms;
  };
}

/** What of the story was found: raul's events over a score, in order of time. */
export async function storyOf(
  service: RunningService,
  {events, story}: PreparedDemo,
  signal: AbortSignal,
): Promise<StoredObservation[]> {
  // Files are found a moment after they were delivered.
  const read = async () =>
    (await service.status()).sources.reduce((sum, {records}) => sum + records, 0);
  while (!signal.aborted && (await read()) < events) await pause(100, signal);
  await service.ingestor.settled();
  const {rows} = await service.store.observations(
    {minScore: 0.95, text: 'user/raul', from: story.from - DAY / 2},
    {order: 'time', limit: 100},
  );
  return rows.filter(({dimensions}) => principalName(dimensions.principal) === 'raul').reverse();
}

/** The organisation's accounts: what was delivered of each lies in a folder of its own. */
async function accountsOf(folder: string): Promise<string[]> {
  const root = join(folder, 'trail', 'AWSLogs');
  const names = await readdir(root).catch(() => []);
  // A trail of an organisation has one folder more above them.
  const further = await Promise.all(names.map((name) => readdir(join(root, name)).catch(() => [])));
  return [...names, ...further.flat()].filter((name) => /^\d{12}$/.test(name));
}

function demoConfig(port: number, accounts: readonly string[]): Config {
  const listen = `127.0.0.1:${port}`;
  return configSchema.parse({
    data_dir: 'data',
    sources: [{name: 'trail', type: 'directory', path: 'trail', poll: '200ms'}],
    server: {listen, ...(port > 0 && {public_url: `http://${listen}`})},
    detections: {
      packs: ['alarms', ...DEFAULT_PACKS],
      // A backup is copied to another account of one's own every day.
      overrides: [{id: 'copy-shared-outside', parameters: {accounts}}],
    },
    alerts: {
      destinations: [{name: 'terminal', type: 'console', min_score: 0.95}],
      update_every: '1s',
    },
  });
}

/** The last day before today that is neither Saturday nor Sunday: its midnight. */
function lastWorkingDay(today: number): number {
  let day = Math.floor(today / DAY) * DAY - DAY;
  while ([0, 6].includes(new Date(day).getUTCDay())) day -= DAY;
  return day;
}

/** A port from here on that nobody has; any, if ten in a row are taken. */
async function freePort(from: number): Promise<number> {
  for (let port = from; port < from + 10; port++) {
    if (await isFree(port)) return port;
  }
  return 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, {once: true});
    if (signal.aborted) end();
  });
}
