import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {AppError} from '../base/errors.ts';
import {writeSimulation} from './simulate-to-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

test('writes gzipped log files and the truth about them', async () => {
  const seen: number[] = [];
  const options = {seed: 1, days: 3, eventsPerDay: 400, scenarios: ['raul'] as const};
  const progress = await writeSimulation(options, folder, ({events}) => seen.push(events));
  const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
    name.endsWith('.json.gz'),
  );
  expect(files.length).toBe(progress.files);
  const ids = new Set<string>();
  let events = 0;
  for (const name of files) {
    const {Records} = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString());
    for (const record of Records) ids.add(record.eventID);
    events += Records.length;
  }
  expect(events).toBe(progress.events);
  expect(seen.at(-1)).toBe(events);
  const truth = readFileSync(join(folder, 'truth.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(truth.length).toBeGreaterThanOrEqual(11);
  expect(truth.every(({eventId}) => ids.has(eventId))).toBe(true);
});

test('says so when the folder cannot be written', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(
    writeSimulation({seed: 1, days: 1, eventsPerDay: 200, scenarios: []}, join(file, 'below')),
  ).rejects.toThrow(AppError);
});
