import {type ChildProcess, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Random} from '../src/base/random.ts';
import {simulate} from '../src/simulate/simulate.ts';
import {openDuckDbStore} from '../src/stores/duckdb.ts';

const KILLS = 50;
const SEED = Number(process.env.ODDTRAIL_KILL_SEED ?? 20_261_122);
/** Entries between two kills, on average, as far as they are not stored together. */
const STEP = 12;
const CHILD = join(import.meta.dirname, 'service/ingest-child.mjs');

let folder = '';
let trail = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'oddtrail-durability-'));
  trail = join(folder, 'trail');
  for (const file of simulate({seed: 11, days: 3, eventsPerDay: 1500, deliveryMinutes: 5})) {
    const path = join(trail, file.path);
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, gzipSync(JSON.stringify({Records: file.records}), {level: 1}));
  }
});

afterAll(() => {
  rmSync(folder, {recursive: true, force: true});
});

interface Run {
  readonly child: ChildProcess;
  /** What it said; complete once it has ended. */
  readonly said: () => string;
  /** Once it has started, and then has stored so many entries; or has ended. */
  readonly stored: (entries: number) => Promise<void>;
  readonly ended: Promise<number | null>;
}

function run(dataDir: string, pause: number): Run {
  const child = spawn(process.execPath, [CHILD, dataDir, trail, String(pause)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let over = false;
  let look = () => {};
  const take = (chunk: Buffer) => {
    said += chunk.toString();
    look();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      over = true;
      look();
      resolve(code);
    });
  });
  const stored = (entries: number) =>
    new Promise<void>((resolve) => {
      look = () => {
        const head = Number(lastOf(said, /started at (\d+)/g) ?? Number.NaN);
        const now = Number(lastOf(said, /stored (\d+)/g) ?? head);
        if (over || now >= head + entries) resolve();
      };
      look();
    });
  return {child, said: () => said, stored, ended};
}

/** Everything that must be the same, whatever happened on the way. */
async function outcomeOf(dataDir: string) {
  const store = await openDuckDbStore({path: join(dataDir, 'store.duckdb')});
  try {
    const rows: unknown[] = [];
    const details: unknown[] = [];
    for (let afterId = 0; ; ) {
      const page = await store.observations({afterId}, {order: 'id', limit: 1000});
      const ordered = [...page.rows].sort((a, b) => a.id - b.id);
      for (const {arrived: _, ...row} of ordered) {
        rows.push(row);
        if (row.reason !== null) details.push(await store.detail(row.id));
        afterId = Math.max(afterId, row.id);
      }
      if (page.next === null) break;
    }
    const outbox: unknown[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await store.deliveries({limit: 500, cursor});
      for (const {destination, delivery, state} of page.rows) {
        outbox.push({destination, delivery, state});
      }
      if (page.next === null) break;
      cursor = page.next;
    }
    const key = (each: unknown) => JSON.stringify(each);
    const head = await store.head();
    const snapshots = readdirSync(join(dataDir, 'snapshots')).sort();
    const newest = join(dataDir, 'snapshots', snapshots.at(-1) ?? '');
    return {
      head,
      rows,
      details,
      outbox: outbox.sort((a, b) => (key(a) < key(b) ? -1 : 1)),
      snapshot: snapshots.at(-1),
      model: readFileSync(join(newest, 'stream-0.bin')),
    };
  } finally {
    await store.close();
  }
}

function lastOf(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

test(`killed ${KILLS} times, it ends as if it had not been (seed ${SEED})`, async () => {
  const calm = join(folder, 'calm');
  mkdirSync(calm);
  const whole = run(calm, 0);
  expect(await whole.ended, whole.said()).toBe(0);
  const wanted = await outcomeOf(calm);
  expect(wanted.rows.length).toBeGreaterThan(4_000);
  expect(wanted.details.length).toBeGreaterThan(50);
  expect(wanted.outbox.length).toBeGreaterThan(5);

  const random = new Random(SEED);
  const rough = join(folder, 'rough');
  mkdirSync(rough);
  let kills = 0;
  let early = 0;
  let tries = 0;
  const progress: string[] = [];
  const from: string[] = [];
  while (kills < KILLS) {
    // Towards the end of the trail it may come through before its time.
    expect(++tries).toBeLessThan(KILLS * 2);
    const once = run(rough, 15);
    // Some die while they open what the one before has left.
    const opening = random.next() < 0.15;
    if (!opening) await once.stored(random.below(2 * STEP));
    const delay = opening ? random.next() * 1_000 : random.next() * 20;
    await new Promise((resolve) => setTimeout(resolve, delay));
    once.child.kill('SIGKILL');
    const code = await once.ended;
    expect(once.said()).not.toMatch(/error:|Error/);
    if (code === null) kills++;
    else expect(code, once.said()).toBe(0);
    if (opening) early++;
    progress.push(lastOf(once.said(), /stored (\d+)/g) ?? '-');
    from.push(lastOf(once.said(), /from (\d+)/g) ?? '-');
  }
  const last = run(rough, 0);
  expect(await last.ended, last.said()).toBe(0);
  const found = await outcomeOf(rough);
  process.stdout.write(
    `seed ${SEED}: ${kills} kills in ${tries} runs, ${early} of them while opening; ` +
      `${found.rows.length} rows, ${found.details.length} details, ${found.outbox.length} deliveries; ` +
      `entries stored when killed: ${progress.join(' ')}; ` +
      `snapshots begun from: ${from.join(' ')}\n`,
  );
  expect(found.head).toEqual(wanted.head);
  expect(found.rows).toEqual(wanted.rows);
  expect(found.details).toEqual(wanted.details);
  expect(found.outbox).toEqual(wanted.outbox);
  expect(found.snapshot).toBe(wanted.snapshot);
  expect(Buffer.compare(found.model, wanted.model)).toBe(0);
}, 900_000);
