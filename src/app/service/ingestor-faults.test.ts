import {execFileSync} from 'node:child_process';
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {MemoryStore} from '../../../test/service/memory-store.ts';
import {TestSource} from '../../../test/service/test-source.ts';
import {trailBatches} from '../../../test/service/trail.ts';
import {AppError} from '../../base/errors.ts';
import {LiveFeed} from '../../pipeline/live-feed.ts';
import {readShippedContexts} from '../context-file.ts';
import {openEngine} from './engine-client.ts';
import type {EngineClient} from './engine-protocol.ts';
import {Ingestor, type IngestorOptions} from './ingestor.ts';

const folders: string[] = [];
const running: Ingestor[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oddtrail-faults-'));
  folders.push(path);
  return path;
}

afterEach(async () => {
  for (const ingestor of running.splice(0)) await ingestor.stop();
  for (const path of folders.splice(0)) await rm(path, {recursive: true, force: true});
});

const batches = trailBatches({seed: 7, days: 1, eventsPerDay: 1500}, 8);
const contexts = readShippedContexts();

function make(dataDir: string, store: MemoryStore, more: Partial<IngestorOptions> = {}): Ingestor {
  const said: string[] = [];
  const ingestor = new Ingestor({
    dataDir,
    store: store.store,
    live: new LiveFeed(),
    sources: [],
    contexts,
    settings: {
      destinations: [{name: 'chat', minScore: 0.95}],
      publicUrl: '',
      keep: {recordsFrom: 0.9, reasonsFrom: 0.8},
    },
    threaded: false,
    scanner: 'reference',
    log: (_, message) => said.push(message),
    ...more,
  });
  running.push(ingestor);
  return ingestor;
}

/** What an undisturbed run comes to. */
let calm: Promise<unknown> | undefined;
function wanted(): Promise<unknown> {
  calm ??= (async () => {
    const store = new MemoryStore();
    const ingestor = make(await folder(), store, {
      sources: [{source: new TestSource('t', batches)}],
    });
    await ingestor.start();
    await ingestor.finished();
    await ingestor.stop();
    return outcome(store);
  })();
  return calm;
}

function outcome(store: MemoryStore) {
  return {
    rows: store.rows.map(({arrived: _, ...row}) => row),
    bits: store.bits,
    details: store.details,
    outbox: [...store.outbox.values()].map(({delivery}) => delivery),
  };
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > until) throw new Error('it has not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('while the store is away nothing is lost or doubled, sources wait, and status says so', async () => {
  const store = new MemoryStore();
  const source = new TestSource('t', batches);
  const ingestor = make(await folder(), store, {sources: [{source}]});
  await ingestor.start();
  await eventually(() => store.rows.length > 50);
  store.away = true;
  await eventually(async () => (await ingestor.status()).store.state === 'unavailable');
  await new Promise((resolve) => setTimeout(resolve, 400));
  store.away = false;
  // An answer that was lost: the same commit comes again.
  store.forgetful = true;
  await ingestor.finished();
  expect(outcome(store)).toEqual(await wanted());
  const status = await ingestor.status();
  expect(status.store.state).toBe('ok');
  expect(status.waitingEntries).toBe(0);
});

test('a store that stays away fills a bound, and what waits is stored at the next start', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  const first = make(dataDir, store, {sources: [{source: new TestSource('t', batches)}]});
  await first.start();
  await eventually(() => store.rows.length > 50);
  store.away = true;
  await eventually(async () => (await first.status()).sources[0]?.state === 'finished');
  // Stopping gives the store some time, in vain.
  const stopping = first.stop();
  await stopping;
  expect(store.rows.length).toBeLessThan(((await wanted()) as {rows: unknown[]}).rows.length);
  store.away = false;
  const second = make(dataDir, store, {sources: [{source: new TestSource('t', batches)}]});
  await second.start();
  await second.finished();
  expect(outcome(store)).toEqual(await wanted());
}, 60_000);

test('a store that fails for good is said aloud, and tried again all the same', async () => {
  const store = new MemoryStore();
  const said: string[] = [];
  const ingestor = make(await folder(), store, {
    sources: [{source: new TestSource('t', batches)}],
    log: (level, message) => {
      if (level === 'error') said.push(message);
    },
  });
  await ingestor.start();
  await eventually(() => store.rows.length > 50);
  store.away = true;
  await eventually(() => said.length > 0);
  expect(said).toEqual([
    expect.stringMatching(/^The store has failed 8 times in a row: it is away\. It is tried again/),
  ]);
  const during = await ingestor.status();
  expect(during.store).toMatchObject({state: 'unavailable', detail: 'it is away'});
  expect(during.store.failures).toBeGreaterThanOrEqual(8);
  expect(during.warnings).toEqual(said);
  store.away = false;
  await ingestor.finished();
  expect(outcome(store)).toEqual(await wanted());
  const after = await ingestor.status();
  expect(after.warnings).toEqual([]);
  expect(after.store.failures).toBeGreaterThanOrEqual(8);
}, 90_000);

test('a source that reads another place than before is told, and read from its beginning', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  const at = (identity: string, to: number) =>
    Object.assign(new TestSource('t', batches.slice(0, to)), {identity});
  const runTo = async (source: TestSource) => {
    const ingestor = make(dataDir, store, {sources: [{source}]});
    await ingestor.start();
    await ingestor.finished();
    const {warnings} = await ingestor.status();
    await ingestor.stop();
    return warnings;
  };
  const half = batches.length >> 1;
  expect(await runTo(at('/logs/a', half))).toEqual([]);
  const same = at('/logs/a', half + 1);
  expect(await runTo(same)).toEqual([]);
  expect(same.handed).toBe(1);
  const other = at('/logs/b', half + 2);
  expect(await runTo(other)).toEqual([
    expect.stringMatching(/^Source "t" read \/logs\/a before, and is configured to read \/logs\/b/),
  ]);
  expect(other.handed).toBe(half + 2);
  // From now on it is that one's position.
  const again = at('/logs/b', batches.length);
  expect(await runTo(again)).toEqual([]);
  expect(again.handed).toBe(batches.length - half - 2);
  expect(outcome(store)).toEqual(await wanted());
});

/** Runs half of the trail with two checkpoints, and stops. */
async function half(dataDir: string, store: MemoryStore): Promise<void> {
  for (const part of [4, 2]) {
    const source = new TestSource('t', batches.slice(0, Math.floor(batches.length / part)));
    const ingestor = make(dataDir, store, {sources: [{source}], segmentBytes: 2000});
    await ingestor.start();
    await ingestor.finished();
    await ingestor.stop();
  }
}

async function damage(dataDir: string, which: 'newest' | 'all'): Promise<void> {
  const names = (await readdir(join(dataDir, 'snapshots'))).sort();
  expect(names).toHaveLength(2);
  for (const name of which === 'all' ? names : names.slice(-1)) {
    const file = join(dataDir, 'snapshots', name, 'stream-0.bin');
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(file, bytes);
  }
}

test('a damaged snapshot is told, and the one before it is used', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  await half(dataDir, store);
  await damage(dataDir, 'newest');
  const ingestor = make(dataDir, store, {sources: [{source: new TestSource('t', batches)}]});
  await ingestor.start();
  expect((await ingestor.status()).warnings).toEqual([
    expect.stringMatching(/stream-0\.bin is damaged; going on from the one before/),
  ]);
  await ingestor.finished();
  expect(outcome(store)).toEqual(await wanted());
  await ingestor.checkpoint();
  expect((await ingestor.status()).warnings).toEqual([]);
});

test('when all snapshots are damaged and the journal is trimmed, it says so and does not start', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  await half(dataDir, store);
  await damage(dataDir, 'all');
  await expect(make(dataDir, store).start()).rejects.toMatchObject({code: 'snapshot_unreadable'});
  // Learning anew is a decision of the operator's: the rows stay, ids go on.
  await rm(join(dataDir, 'snapshots'), {recursive: true});
  await rm(join(dataDir, 'journal'), {recursive: true});
  const before = store.rows.length;
  const ingestor = make(dataDir, store, {sources: [{source: new TestSource('t', batches)}]});
  await ingestor.start();
  await ingestor.finished();
  expect(store.rows.length).toBeGreaterThan(before);
  expect(store.rows.map(({id}) => id)).toEqual(store.rows.map((_, i) => i + 1));
});

test('the clock may jump, there and back', async () => {
  const store = new MemoryStore();
  let now = Date.UTC(2026, 10, 22);
  const jumps = [0, 3_600_000, -86_400_000, 10 * 365 * 86_400_000, -11 * 365 * 86_400_000];
  let at = 0;
  const ingestor = make(await folder(), store, {
    sources: [{source: new TestSource('t', batches)}],
    now: () => {
      now += jumps[at++ % jumps.length] as number;
      return now;
    },
  });
  await ingestor.start();
  await ingestor.finished();
  await ingestor.checkpoint();
  expect(outcome(store)).toEqual(await wanted());
  expect((await ingestor.status()).lagMs).toBeGreaterThanOrEqual(0);
});

test('other contexts than those learnt are refused, not mixed in', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  await half(dataDir, store);
  const {stream} = contexts;
  const other = {...contexts, stream: {...stream, timeZone: 'Europe/Berlin'}};
  const ingestor = make(dataDir, store, {contexts: other});
  await expect(ingestor.start()).rejects.toMatchObject({
    code: 'contexts_changed',
    message: expect.stringMatching(
      /Put contexts, time_zone, .* back .* remove the folders "journal"/,
    ),
  });
});

/** An engine that fails before it has answered to certain entries, so and so often each. */
function failing(times: Map<number, number>): typeof openEngine {
  return async (options) => {
    const engine = await openEngine(options);
    let lost: AppError | undefined;
    const process: EngineClient['process'] = async (number, ...rest) => {
      if (lost !== undefined) throw lost;
      const left = times.get(number) ?? 0;
      if (left === 0 || rest[2] !== undefined) return engine.process(number, ...rest);
      times.set(number, left - 1);
      lost = new AppError('worker_failed', `out of memory at entry ${number}`);
      options.onFailure(lost);
      throw lost;
    };
    return Object.assign(Object.create(engine) as EngineClient, {
      process,
      info: () => engine.info(),
      declared: () => engine.declared(),
      contexts: () => engine.contexts(),
      snapshot: () => engine.snapshot(),
      close: () => engine.close(),
    });
  };
}

test('an engine that is lost is opened again, and nothing is lost with it', async () => {
  const store = new MemoryStore();
  const times = new Map([
    [5, 1],
    [9, 1],
    [20, 1],
  ]);
  const ingestor = make(await folder(), store, {
    sources: [{source: new TestSource('t', batches)}],
    open: failing(times),
  });
  await ingestor.start();
  await eventually(() => store.rows.length > 10);
  await ingestor.checkpoint().catch(() => {});
  await ingestor.finished();
  expect([...times.values()]).toEqual([0, 0, 0]);
  expect(outcome(store)).toEqual(await wanted());
});

test('an entry that the engine dies of again is set aside, and the others go on', async () => {
  const dataDir = await folder();
  const store = new MemoryStore();
  const source = new TestSource('t', batches);
  const ingestor = make(dataDir, store, {
    sources: [{source}],
    open: failing(new Map([[7, 1000]])),
  });
  await ingestor.start();
  await ingestor.finished();
  await ingestor.stop();
  expect(store.deadLetters.map(({reason, detail}) => [reason, detail])).toEqual(
    batches[3]?.map(() => ['poison_message', 'The engine failed on it: out of memory at entry 7']),
  );
  expect(store.rows.length).toBeGreaterThan(1000);
  // Gone through again from the beginning, it is still set aside.
  await rm(join(dataDir, 'snapshots'), {recursive: true});
  const again = new MemoryStore();
  const second = make(dataDir, again);
  await second.start();
  await second.settled();
  expect(again.rows.length).toBe(store.rows.length);
  expect(again.deadLetters).toEqual(store.deadLetters);
});

test('a full disk stops acknowledging; once there is room, everything comes once', async (context) => {
  const dataDir = await folder();
  const disk = join(dataDir, 'journal');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], {stdio: 'ignore'});
  } catch {
    context.skip('needs the right to mount a small file system');
    return;
  }
  try {
    const filler = join(disk, 'filler');
    await writeFile(filler, new Uint8Array(150_000));
    const store = new MemoryStore();
    const source = new TestSource('t', batches);
    const ingestor = make(dataDir, store, {sources: [{source}]});
    await ingestor.start();
    await eventually(async () => (await ingestor.status()).sources[0]?.state === 'retrying');
    expect(source.nacks).toBeGreaterThan(0);
    expect((await ingestor.status()).warnings).toEqual([
      expect.stringMatching(/Cannot write the journal .*ENOSPC/),
    ]);
    await rm(filler);
    await ingestor.checkpoint();
    execFileSync('mount', ['-o', 'remount,size=16m', disk]);
    await ingestor.finished();
    expect(outcome(store)).toEqual(await wanted());
    await ingestor.stop();
  } finally {
    execFileSync('umount', [disk]);
  }
}, 60_000);
