import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {
  documentOf,
  idsOf,
  idsUpTo,
  readUntil,
  recordOf,
  sourceContract,
} from '../../test/contract/source.ts';
import {type DirectoryOptions, directorySource} from './directory.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oddtrail-directory-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** Of the worlds that are tried. */
const SEEDS = Array.from({length: Number(process.env.ODDTRAIL_TEST_WORLDS ?? 8)}, (_, i) => i + 1);

let unique = 0;
function nameOf(time: string, account = '111111111111', region = 'us-east-1'): string {
  const day = `${time.slice(0, 4)}/${time.slice(4, 6)}/${time.slice(6, 8)}`;
  const file = `${account}_CloudTrail_${region}_${time}_${String(unique++).padStart(16, '0')}`;
  return `AWSLogs/${account}/CloudTrail/${region}/${day}/${file}.json.gz`;
}

function put(path: string, content: string | Uint8Array): string {
  const place = join(folder, path);
  mkdirSync(dirname(place), {recursive: true});
  writeFileSync(place, path.endsWith('.gz') ? gzipSync(content) : content);
  return place;
}

/** Longer than file systems' clocks are coarse: without slack they must not look behind ours. */
const aTick = () => new Promise((resolve) => setTimeout(resolve, 30));

const lines = (ids: readonly string[]) =>
  ids.map((id) => `${JSON.stringify(recordOf(id))}\n`).join('');
const open = (options: Partial<DirectoryOptions> = {}) =>
  directorySource('trail', {folder, pollMs: 20, ...options});

sourceContract(
  'directory',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'oddtrail-directory-'));
    let period = 0;
    return {
      open: () => directorySource('trail', {folder: root, pollMs: 20}),
      async deliver(ids) {
        for (const [i, id] of ids.entries()) {
          const time = new Date(Date.UTC(2026, 2, 1, 10, 5 * Math.floor(period++ / 3)));
          const stamp = `${time.toISOString().replace(/[-:]/g, '').slice(0, 13)}Z`;
          const place = join(root, nameOf(stamp, `11111111111${i % 3}`));
          mkdirSync(dirname(place), {recursive: true});
          writeFileSync(place, gzipSync(documentOf([id])));
        }
      },
      async breakIt() {
        renameSync(root, `${root}-gone`);
      },
      async mendIt() {
        renameSync(`${root}-gone`, root);
      },
      async close() {
        rmSync(root, {recursive: true, force: true});
      },
    };
  },
  {survivesRestart: true},
);

test('reads in order of delivery, accounts and regions of a period together', async () => {
  const a = put(nameOf('20260301T1005Z', '222222222222'), documentOf(['event-2']));
  const b = put(nameOf('20260301T1000Z', '333333333333', 'eu-west-1'), documentOf(['event-1']));
  const c = put(nameOf('20260301T1005Z', '111111111111'), documentOf(['event-3']));
  const source = open({follow: false, batchBytes: 1000});
  const {batches} = await readUntil(source, undefined, () => false);
  expect(batches.map(({payloads}) => payloads.map(({name}) => name))).toEqual([[b], [c, a]]);
  expect(source.status().state).toBe('finished');
});

test('leaves out what was delivered before a first run was to begin, now and later', async () => {
  const stamp = (ago: number) =>
    `${new Date(Date.now() - ago).toISOString().replace(/[-:]/g, '').slice(0, 13)}Z`;
  const hour = 3_600_000;
  put(nameOf(stamp(30 * hour)), documentOf(['event-9']));
  put(nameOf(stamp(3 * hour)), documentOf(['event-0']));
  const old = put('old.jsonl', lines(['event-8']));
  const long = (Date.now() - 30 * hour) / 1000;
  utimesSync(old, long, long);
  put('app.jsonl', lines(['event-1']));
  const options = {follow: false, sinceMs: 24 * hour};
  const first = await readUntil(open(options), undefined, () => false);
  expect([...first.ids].sort()).toEqual(['event-0', 'event-1']);
  put(nameOf(stamp(29 * hour)), documentOf(['event-7']));
  put(nameOf(stamp(2 * hour)), documentOf(['event-2']));
  // What is left out does not move on with the time at which it is started again.
  const second = await readUntil(open({...options, sinceMs: 0}), first.position, () => false);
  expect(second.ids).toEqual(['event-2']);
  expect((await readUntil(open({follow: false}), undefined, () => false)).ids).toHaveLength(6);
});

test('hands over complete lines of a file that grows, and reads on after a restart', async () => {
  const path = put('app.jsonl', `${lines(['event-0', 'event-1'])}{"eventID":"event-`);
  const first = await readUntil(open(), undefined, ({ids}) => ids.length >= 2);
  expect(first.ids).toEqual(idsUpTo(2));
  appendFileSync(path, `2"}\n${lines(['event-3'])}`);
  const second = await readUntil(open(), first.position, ({ids}) => ids.length >= 2);
  expect(second.ids).toEqual(['event-2', 'event-3']);
  const named = await open().fetch?.(second.batches[0]?.payloads[0]?.name ?? '');
  expect(Buffer.from(named ?? []).toString()).toMatch(/^\{"eventID":"event-2"\}\n/);
});

test('a file that was rotated away is read on under its new name, a new one from the start', async () => {
  const path = put('app.log', lines(['event-0', 'event-1']));
  const first = await readUntil(open(), undefined, ({ids}) => ids.length >= 2);
  appendFileSync(path, lines(['event-2']));
  renameSync(path, join(folder, 'app.1.log'));
  put('app.log', lines(['event-3']));
  const second = await readUntil(open(), first.position, ({ids}) => ids.length >= 2);
  expect(second.ids.sort()).toEqual(['event-2', 'event-3']);
  truncateSync(join(folder, 'app.log'), 0);
  await readUntil(open(), second.position, () => false, {timeoutMs: 100});
  writeFileSync(join(folder, 'app.log'), lines(['event-4']).slice(0, 40));
  const third = readUntil(open(), second.position, ({ids}) => ids.length >= 1);
  writeFileSync(join(folder, 'app.log'), lines(['event-4']));
  expect((await third).ids).toEqual(['event-4']);
});

test('a partial document or gzip waits until it is complete', async () => {
  const zipped = gzipSync(documentOf(['event-0', 'event-1']));
  const plain = documentOf(['event-2']);
  const gz = join(folder, 'a.json.gz');
  const json = join(folder, 'b.json');
  writeFileSync(gz, zipped.subarray(0, 60));
  writeFileSync(json, plain.slice(0, -3));
  const source = open();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = readUntil(source, undefined, ({ids}) => {
    seen.push(...ids);
    return ids.length >= 3;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(seen).toEqual([]);
  expect(source.status().detail).toMatch(/2 incomplete/);
  appendFileSync(gz, zipped.subarray(60));
  appendFileSync(json, plain.slice(-3));
  expect((await reading).ids.sort()).toEqual(idsUpTo(3));
  stop.abort();
});

test('what stays incomplete is handed over as it is when patience ends', async () => {
  put('a.jsonl', '{"eventID":"event-0"');
  const {ids} = await readUntil(open({patienceMs: 100}), undefined, ({ids}) => ids.length > 0);
  expect(ids).toEqual(['event-0']);
});

test('a late file of an old day is found, and only that', async () => {
  put(nameOf('20260302T1000Z'), documentOf(['event-0']));
  const first = await readUntil(open(), undefined, ({ids}) => ids.length >= 1);
  const late = put(nameOf('20260201T1000Z'), documentOf(['event-1']));
  utimesSync(late, new Date('2026-02-01'), new Date('2026-02-01'));
  const second = await readUntil(open(), first.position, ({ids}) => ids.length >= 1);
  expect(second.ids).toEqual(['event-1']);
  const third = await readUntil(open(), second.position, () => false, {timeoutMs: 200});
  expect(third.ids).toEqual([]);
});

test('an interrupted round goes on after the batch that was safe, whatever came since', async () => {
  for (let i = 0; i < 6; i++) put(nameOf(`20260301T10${i}0Z`), documentOf([`event-${i}`]));
  // So long ago that the marks of single files are of no help.
  await aTick();
  const options = {batchBytes: 1, clockSlackMs: 0};
  const first = await readUntil(open(options), undefined, ({ids}) => ids.length >= 3);
  expect(first.ids).toEqual(idsUpTo(3));
  await aTick();
  put(nameOf('20260301T0900Z'), documentOf(['event-6']));
  const second = await readUntil(open(options), first.position, ({ids}) => ids.length >= 4);
  expect(second.ids.sort()).toEqual(['event-3', 'event-4', 'event-5', 'event-6']);
  const third = await readUntil(open(options), second.position, () => false, {timeoutMs: 200});
  expect(third.ids).toEqual([]);
});

test('replays an old trail at a pace', async () => {
  for (let i = 0; i < 4; i++) put(nameOf(`20260301T10${i}0Z`), documentOf([`event-${i}`]));
  const began = performance.now();
  const {ids, batches} = await readUntil(
    open({follow: false, pace: {speed: 10 * 600}}),
    undefined,
    () => false,
  );
  expect(ids).toEqual(idsUpTo(4));
  expect(batches.length).toBe(4);
  // Three times ten minutes, 6,000 times faster.
  expect(performance.now() - began).toBeGreaterThan(290);
});

test('fetches what it handed over, and nothing from elsewhere', async () => {
  const path = put(nameOf('20260301T1000Z'), documentOf(['event-0']));
  const source = open();
  expect(await source.fetch?.(path)).toEqual(gzipSync(documentOf(['event-0'])));
  expect(await source.fetch?.(join(folder, 'gone.json'))).toBeUndefined();
  expect(await source.fetch?.('/etc/hostname')).toBeUndefined();
  expect(await source.fetch?.(join(folder, '../../etc/hostname'))).toBeUndefined();
});

test('labels of a simulated trail and other files are no logs', async () => {
  put('truth.jsonl', lines(['event-9']));
  put('notes.md', lines(['event-8']));
  put('a/b/c/d.ndjson', lines(['event-0']));
  const {ids} = await readUntil(open({follow: false}), undefined, () => false);
  expect(ids).toEqual(['event-0']);
});

test('a file that is too large for one piece is a dead letter', async () => {
  put('a.json.gz', documentOf(idsUpTo(20)));
  const {batches} = await readUntil(
    open({follow: false, maxObjectBytes: 100}),
    undefined,
    () => false,
  );
  expect(batches.map(({poison}) => poison?.length)).toEqual([1]);
});

/** Small, and the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Somebody who writes in every way there is; returns the ids that are complete now. */
function writer(random: () => number) {
  let next = 0;
  const half: (() => string[])[] = [];
  let log = 'app.log';
  const steps: (() => string[])[] = [
    // A delivered file, of now or of a day before.
    () => {
      const ids = [`event-${next++}`, `event-${next++}`];
      const hour = String(Math.floor(random() * 24)).padStart(2, '0');
      put(nameOf(`2026030${1 + Math.floor(random() * 5)}T${hour}00Z`), documentOf(ids));
      return ids;
    },
    // Lines of a log.
    () => {
      const id = `event-${next++}`;
      appendFileSync(join(folder, log), lines([id]));
      return [id];
    },
    // Half a line, the rest later.
    () => {
      const id = `event-${next++}`;
      const file = `part-${next}.jsonl`;
      appendFileSync(join(folder, file), lines([id]).slice(0, 50));
      half.push(() => {
        appendFileSync(join(folder, file), lines([id]).slice(50));
        return [id];
      });
      return [];
    },
    // Half a gzip file, the rest later.
    () => {
      const id = `event-${next++}`;
      const bytes = gzipSync(documentOf([id]));
      const file = join(folder, nameOf('20260304T0000Z').replaceAll('/', '-'));
      writeFileSync(file, bytes.subarray(0, 40));
      half.push(() => {
        appendFileSync(file, bytes.subarray(40));
        return [id];
      });
      return [];
    },
    // Under another name first.
    () => {
      const id = `event-${next++}`;
      const path = join(folder, nameOf('20260305T0000Z').replaceAll('/', '-'));
      writeFileSync(`${path}.tmp`, gzipSync(documentOf([id])));
      renameSync(`${path}.tmp`, path);
      return [id];
    },
    () => {
      renameSync(join(folder, log), join(folder, `old-${next}.log`));
      log = `app-${next++}.log`;
      writeFileSync(join(folder, log), '');
      return [];
    },
    () => half.shift()?.() ?? [],
    () => half.shift()?.() ?? [],
  ];
  writeFileSync(join(folder, log), '');
  return {
    step: () => steps[Math.floor(random() * steps.length)]?.() ?? [],
    finish: () => half.splice(0).flatMap((end) => end()),
  };
}

test('whatever is written and whenever it is killed, everything is safe exactly once', async () => {
  for (const seed of SEEDS) {
    const random = randomOf(seed);
    const {step, finish} = writer(random);
    const wanted: string[] = [];
    const safe: string[] = [];
    let position: unknown;
    for (let life = 0; life < 12; life++) {
      for (let i = 0; i < 12; i++) wanted.push(...step());
      if (life === 11) wanted.push(...finish());
      const lives = life === 11 ? Number.POSITIVE_INFINITY : Math.floor(random() * 4);
      // Small pieces, so that it is killed in the middle of rounds and files.
      const source = open({
        batchBytes: 300,
        pollMs: 1,
        clockSlackMs: 10 + Math.floor(random() * 40),
      });
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), life === 11 ? 15_000 : 30 + random() * 80);
      let batches = 0;
      for await (const batch of source.read(position, stop.signal)) {
        if (batches++ >= lives) break;
        safe.push(...idsOf(batch));
        position = JSON.parse(JSON.stringify(batch.position));
        if (random() < 0.3) wanted.push(...step());
        if (safe.length >= wanted.length && life === 11) stop.abort();
      }
      clearTimeout(timer);
    }
    expect([seed, [...safe].sort()]).toEqual([seed, [...wanted].sort()]);
    rmSync(folder, {recursive: true});
    mkdirSync(folder);
  }
}, 120_000);

test('a clock that goes back hides nothing', async () => {
  const ahead = vi
    .spyOn(Date, 'now')
    .mockImplementation(() => performance.timeOrigin + performance.now() + 3_600_000);
  try {
    put('a.jsonl', lines(['event-0']));
    const first = await readUntil(open(), undefined, ({ids}) => ids.length >= 1);
    ahead.mockRestore();
    await new Promise((resolve) => setTimeout(resolve, 20));
    put('b.jsonl', lines(['event-1']));
    const second = await readUntil(open(), first.position, ({ids}) => ids.includes('event-1'));
    expect(second.ids).toContain('event-1');
  } finally {
    ahead.mockRestore();
  }
});
