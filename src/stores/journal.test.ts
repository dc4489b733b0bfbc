import {appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {Journal, type JournalEntry} from './journal.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oddtrail-journal-'));
});

afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

async function all(journal: Journal, from = 1): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of journal.read(from)) entries.push(entry);
  return entries;
}

async function segments(): Promise<string[]> {
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

const payload = (text: string) => new TextEncoder().encode(text);

test('gives back what was appended, in order, also after it was opened anew', async () => {
  let journal = await Journal.open(folder);
  const numbers = await Promise.all(
    Array.from({length: 20}, (_, i) => journal.append({i}, [payload(`p${i}`), payload('')])),
  );
  expect(numbers).toEqual(Array.from({length: 20}, (_, i) => i + 1));
  await journal.close();
  journal = await Journal.open(folder);
  expect(journal.last).toBe(20);
  expect(journal.cut).toBe(0);
  expect(await journal.append({i: 20})).toBe(21);
  const entries = await all(journal, 18);
  expect(entries.map(({number, header}) => [number, header])).toEqual([
    [18, {i: 17}],
    [19, {i: 18}],
    [20, {i: 19}],
    [21, {i: 20}],
  ]);
  expect(entries[0]?.payloads.map((each) => new TextDecoder().decode(each))).toEqual(['p17', '']);
  await journal.close();
});

test('begins a new segment when one is full, and trims whole segments', async () => {
  const journal = await Journal.open(folder, {segmentBytes: 1000});
  for (let i = 1; i <= 20; i++) await journal.append({i}, [new Uint8Array(300)]);
  expect((await segments()).length).toBeGreaterThan(5);
  await journal.trim(10);
  expect(journal.first).toBeGreaterThan(1);
  expect(journal.first).toBeLessThanOrEqual(10);
  expect((await all(journal, 10)).map(({number}) => number)).toEqual(
    Array.from({length: 11}, (_, i) => i + 10),
  );
  await expect(all(journal, 1)).rejects.toMatchObject({code: 'journal_damaged'});
  await journal.close();
  const again = await Journal.open(folder, {segmentBytes: 1000});
  expect(again.last).toBe(20);
  await again.close();
});

test('cuts off a torn end, wherever it tore', async () => {
  const journal = await Journal.open(folder);
  for (let i = 1; i <= 3; i++) await journal.append({i}, [payload('x'.repeat(50))]);
  await journal.close();
  const [file = ''] = await segments();
  const whole = await readFile(file);
  const two = await Journal.open(folder);
  const size = (await stat(file)).size;
  await two.close();
  const third = Math.floor((size - 8) / 3);
  for (const length of [size - 1, size - 40, size - third + 1, size - third]) {
    await writeFile(file, whole.subarray(0, length));
    const torn = await Journal.open(folder);
    expect(torn.last).toBe(2);
    expect(torn.cut).toBe(length - (size - third));
    expect(await torn.append({i: 'new'})).toBe(3);
    expect((await all(torn)).map(({header}) => header)).toEqual([{i: 1}, {i: 2}, {i: 'new'}]);
    await torn.close();
  }
  // Rubbish after the end, as file systems leave it.
  await writeFile(file, whole);
  await appendFile(file, new Uint8Array(4096));
  const padded = await Journal.open(folder);
  expect([padded.last, padded.cut]).toEqual([3, 4096]);
  await padded.close();
});

test('a segment that was only being made counts for nothing', async () => {
  const journal = await Journal.open(folder, {segmentBytes: 10});
  await journal.append({i: 1});
  await journal.append({i: 2});
  await journal.close();
  await writeFile(join(folder, '000000000003.log'), payload('ODD'));
  const again = await Journal.open(folder, {segmentBytes: 10});
  expect(again.last).toBe(2);
  expect(await again.append({i: 3})).toBe(3);
  expect(await all(again)).toHaveLength(3);
  await again.close();
});

test('tells damage in the middle by segment and offset, and never skips over it', async () => {
  const journal = await Journal.open(folder);
  for (let i = 1; i <= 5; i++) await journal.append({i}, [payload('x'.repeat(50))]);
  await journal.close();
  const [file = ''] = await segments();
  const handle = await open(file, 'r+');
  await handle.write(payload('damage'), 0, 6, 150);
  await handle.close();
  await expect(Journal.open(folder)).rejects.toMatchObject({
    code: 'journal_damaged',
    message: expect.stringMatching(/000000000001\.log" is damaged: the entry at offset \d+/),
  });
});

test('an older segment that was damaged is told when it is read', async () => {
  const journal = await Journal.open(folder, {segmentBytes: 10});
  for (let i = 1; i <= 3; i++) await journal.append({i}, [payload('x'.repeat(50))]);
  const [file = ''] = await segments();
  const handle = await open(file, 'r+');
  await handle.write(payload('damage'), 0, 6, 60);
  await handle.close();
  await expect(all(journal)).rejects.toMatchObject({code: 'journal_damaged'});
  expect(await all(journal, 2)).toHaveLength(2);
  await rm((await segments())[1] ?? '');
  await expect(all(journal, 2)).rejects.toMatchObject({code: 'journal_damaged'});
  await journal.close();
});

test('entries of one flush that tore in its midst are no damage: nobody was told of them', async () => {
  const journal = await Journal.open(folder);
  await journal.append({i: 1});
  // Together: one group, one flush.
  await Promise.all([2, 3, 4].map((i) => journal.append({i}, [payload('x'.repeat(50))])));
  await journal.close();
  const [file = ''] = await segments();
  const handle = await open(file, 'r+');
  await handle.write(new Uint8Array(20), 0, 20, 120);
  await handle.close();
  const torn = await Journal.open(folder);
  expect(torn.last).toBe(1);
  await torn.close();
});

test('numbers go on after what is known elsewhere', async () => {
  const journal = await Journal.open(folder, {after: 41});
  expect([journal.last, journal.first]).toEqual([41, 42]);
  expect(await journal.append({})).toBe(42);
  await journal.close();
  const again = await Journal.open(folder, {after: 41});
  expect(again.last).toBe(42);
  await again.close();
});

test('once an append has failed, no later one of its lane is taken', async () => {
  const journal = await Journal.open(folder);
  const lane = {failed: true};
  await expect(journal.append({}, [], lane)).rejects.toMatchObject({
    code: 'journal_unwritable',
    retryable: true,
  });
  expect(await journal.append({})).toBe(1);
  await journal.close();
  await expect(journal.append({})).rejects.toMatchObject({code: 'journal_unwritable'});
});
