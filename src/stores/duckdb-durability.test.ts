import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, expect, test} from 'vitest';
import {expectedRows, toCommit} from '../../test/contract/store-rows.ts';
import {batchOf, entryOf, rowsBefore} from '../../test/stores/entries.ts';
import {Random} from '../base/random.ts';
import type {Store} from '../pipeline/store.ts';
import {openDuckDbStore} from './duckdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-durable-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, {recursive: true, force: true});
});

function startWriter(path: string, ...rest: string[]): ChildProcess {
  const script = join(import.meta.dirname, '../../test/stores/writer.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, path, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** The store holds what entries up to its head led to, and nothing else. */
async function checkWhole(store: Store): Promise<number> {
  const {entry, lastId} = await store.head();
  expect(lastId).toBe(rowsBefore(entry + 1));
  expect(await store.size()).toMatchObject({
    observations: lastId,
    details: entry,
    deadLetters: entry,
  });
  expect(await store.count({})).toBe(lastId);
  const plot = await store.plot({}, 'resource', 200_000);
  expect(plot.ids).toEqual(Array.from({length: lastId}, (_, i) => i + 1));
  expect(plot.ids.every((id, i) => plot.groups[plot.group[i]!] === `r${id}`)).toBe(true);
  expect((await store.deadLetters({limit: 10_000})).rows.length).toBe(entry);
  for (const e of [1, entry - 1, entry].filter((n) => n > 0)) {
    const batch = batchOf(e);
    const page = {order: 'id' as const, limit: batch.rows.length};
    const {rows} = await store.observations({afterId: batch.firstId - 1}, page);
    const reasons = [`why ${e}`];
    expect(rows).toEqual(
      expectedRows(batch).map((row, i) => ({...row, reason: reasons[i] ?? null})),
    );
    expect((await store.byEventId(`text ${batch.firstId}`)).length).toBe(1);
  }
  const outbox = await store.deliveries({limit: 10_000});
  expect(outbox.rows.length).toBe(entry === 0 ? 0 : entry + 1);
  if (entry > 0) {
    const all = outbox.rows.find((row) => row.delivery.id === 'all');
    expect(all?.delivery.revision).toBe(entry);
    expect(all?.delivery.news.length).toBe(entry);
  }
  return entry;
}

test('a commit is all there or not there at all when the process is killed in it', async () => {
  const path = join(folder, 'killed.duckdb');
  const random = new Random('kill');
  let inTheMiddle = 0;
  for (let round = 0; round < 8; round++) {
    const child = startWriter(path);
    let tried = 0;
    let done = 0;
    const delay = 20 + random.below(400);
    for await (const line of createInterface({input: child.stdout!})) {
      const [word, entry] = line.split(' ');
      if (word === 'try') tried = Number(entry);
      if (word === 'done') done = Number(entry);
      if (word === 'open') setTimeout(() => child.kill('SIGKILL'), delay);
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    if (tried > done) inTheMiddle++;
    const store = await openDuckDbStore({path, threads: 1});
    try {
      const entry = await checkWhole(store);
      expect(entry).toBeGreaterThanOrEqual(done);
      expect(entry).toBeLessThanOrEqual(Math.max(tried, done));
      // What is tried again is there once.
      await store.commit(entryOf(entry));
      expect(await checkWhole(store)).toBe(entry);
    } finally {
      await store.close();
    }
  }
  expect(inTheMiddle).toBeGreaterThan(0);
}, 180_000);

test('a store that another process has open is unavailable for now', async () => {
  const path = join(folder, 'locked.duckdb');
  const child = startWriter(path, 'hold');
  await once(child.stdout!, 'data');
  await expect(openDuckDbStore({path})).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
    message: expect.stringMatching(/another process has it open/),
  });
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  const store = await openDuckDbStore({path});
  await store.close();
});

test('a file that goes away while open is not made anew, and may come back', async () => {
  const path = join(folder, 'gone.duckdb');
  const store = await openDuckDbStore({path});
  await store.commit(entryOf(1));
  renameSync(path, `${path}.away`);
  await expect(store.commit(entryOf(2))).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
    message: expect.stringMatching(/removed/),
  });
  expect(existsSync(path)).toBe(false);
  renameSync(`${path}.away`, path);
  await store.commit(entryOf(2));
  expect(await checkWhole(store)).toBe(2);
  await store.close();
});

test('a file that is no store is refused for good', async () => {
  const path = join(folder, 'other.duckdb');
  writeFileSync(path, 'something else'.repeat(1000));
  await expect(openDuckDbStore({path})).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: false,
  });
});

test('a folder that is not there is unavailable', async () => {
  await expect(openDuckDbStore({path: join(folder, 'none', 'x.duckdb')})).rejects.toMatchObject({
    code: 'store_unavailable',
  });
});

test('goes on after a full disk, and has lost and doubled nothing', async (context) => {
  const mount = join(folder, 'disk');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', mount], {stdio: 'ignore'});
  } catch {
    return context.skip('a small disk cannot be mounted here');
  }
  try {
    const store = await openDuckDbStore({path: join(mount, 'full.duckdb'), threads: 1});
    let entry = 0;
    let failure: unknown;
    while (failure === undefined && entry < 2_000) {
      entry++;
      failure = await store.commit(entryOf(entry)).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(failure).toMatchObject({code: 'store_unavailable', retryable: true});
    await expect(store.commit(entryOf(entry))).rejects.toMatchObject({code: 'store_unavailable'});
    execFileSync('mount', ['-o', 'remount,size=200m', mount], {stdio: 'ignore'});
    const {entry: stored} = await store.head();
    expect(stored).toBeGreaterThanOrEqual(entry - 1);
    for (let e = stored + 1; e <= entry + 3; e++) await store.commit(entryOf(e));
    expect(await checkWhole(store)).toBe(entry + 3);
    await store.close();
  } finally {
    await sleep(10);
    execFileSync('umount', ['-l', mount], {stdio: 'ignore'});
  }
}, 120_000);

test('a fault of ours is not called a fault of the world', async () => {
  const store = await openDuckDbStore({path: join(folder, 'ours.duckdb')});
  await store.commit(toCommit(1, [{firstId: 1, rows: [{}, {}]}]));
  const again = toCommit(2, [{firstId: 2, rows: [{}]}]);
  await expect(store.commit(again)).rejects.not.toHaveProperty('code');
  await store.commit(toCommit(2, [{firstId: 3, rows: [{}]}]));
  expect(await store.head()).toEqual({entry: 2, lastId: 3});
  await store.close();
});
