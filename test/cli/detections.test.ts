import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {packNames, STARTER_KINDS} from '../../src/app/detections.ts';
import {run, scratch, smallTrail} from './harness.ts';

const folder = scratch();

interface Summary {
  readonly id: string;
  readonly from: string;
  readonly place: string;
  readonly condition: string;
  readonly tests: readonly unknown[];
}

async function listed(...args: string[]): Promise<Summary[]> {
  const {code, stdout, stderr} = await run(['detections', 'list', ...args, '--format', 'json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Summary[];
}

test('lists the detections of all shipped packs, or of those named', async () => {
  const all = await listed();
  expect(packNames().length).toBeGreaterThan(0);
  expect(new Set(all.map(({from}) => from))).toEqual(new Set(packNames()));
  expect(new Set(all.map(({id}) => id)).size).toBe(all.length);
  for (const {tests} of all) expect(tests.length).toBeGreaterThan(0);
  const questions = await listed('questions');
  expect(questions).toEqual(all.filter(({from}) => from === 'questions'));
  const {stdout} = await run(['detections', 'list', 'questions']);
  expect(stdout.split('\n')[0]).toMatch(/^id +kind +severity +mode +from +techniques/);
  for (const {id} of questions) expect(stdout).toContain(id);
}, 60_000);

test('explains a detection: its condition, what it asks of others, and where it stands', async () => {
  for (const id of ['copy-shared-outside', 'cis-4.3-root-usage', 'discovery-burst']) {
    const {code, stdout, stderr} = await run(['detections', 'explain', id]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${id.replaceAll('.', '\\.')}\n`));
    expect(stdout).toMatch(/\nfrom +\S+ \(\S+\.yml:\d+\)\n/);
    for (const section of ['Condition', 'Runbook', 'Tests']) expect(stdout).toContain(section);
  }
  const json = await run(['detections', 'explain', 'discovery-burst', '--format', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({id: 'discovery-burst', from: 'questions'});
  const none = await run(['detections', 'explain', 'root-usage']);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('cis-4.3-root-usage');
}, 60_000);

test('tests all shipped packs', async () => {
  const {code, stdout, stderr} = await run(['detections', 'test']);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^\d+ detections, \d+ tests passed, 0 failed\n$/);
  const json = await run(['detections', 'test', 'questions', '--format', 'json']);
  const results = JSON.parse(json.stdout) as {passed: boolean}[];
  expect(results.length).toBeGreaterThan(0);
  expect(results.every(({passed}) => passed)).toBe(true);
}, 60_000);

test.each(STARTER_KINDS)(
  'a new %s passes its tests',
  async (kind) => {
    const file = join(folder, `${kind}.yml`);
    const made = await run(['detections', 'new', `my-${kind}`, '--kind', kind, '--out', file]);
    expect(made.code, made.stderr).toBe(0);
    const tested = await run(['detections', 'test', file]);
    expect(tested.code, tested.stdout + tested.stderr).toBe(0);
    expect(tested.stdout).toContain(' 0 failed');
    const before = readFileSync(file, 'utf8');
    const again = await run(['detections', 'new', `my-${kind}`, '--kind', kind, '--out', file]);
    expect(again.code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(before);
  },
  60_000,
);

test('a test that fails ends with 1, a file that is wrong with 2 and every problem', async () => {
  const file = join(folder, 'failing.yml');
  const detection = (pattern: string, expected: string) => `detections:
  - id: mine
    title: Mine
    when: {pattern: '${pattern}'}
    tests:
      - {name: of a login, events: [{eventName: ConsoleLogin}], expect: ${expected}}
`;
  writeFileSync(file, detection('{ $.eventName = ConsoleLogin }', 'none'));
  const failing = await run(['detections', 'test', file]);
  expect(failing.code).toBe(1);
  expect(failing.stdout).toContain('wanted no match, found 1 match');
  expect(failing.stdout).toContain(`${file}:6:`);
  writeFileSync(file, detection('{ $.eventName == ConsoleLogin }', 'perhaps'));
  const wrong = await run(['detections', 'test', file]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain(`${file}:4:`);
  expect(wrong.stderr).toContain(`${file}:6:`);
}, 60_000);

test('runs over a trail: the same with no threads and with two, scored or not', async () => {
  const trail = await smallTrail(join(folder, 'trail'));
  const hunt = (...args: string[]) =>
    run(['detections', 'run', trail, '--format', 'jsonl', '--quiet', ...args]);
  const alone = await hunt('--workers', '0');
  expect(alone.code, alone.stderr).toBe(0);
  expect(await hunt('--workers', '2')).toEqual(alone);
  const matches = lines(alone.stdout);
  const shared = matches.filter(({detection}) => detection === 'copy-shared-outside');
  expect(shared.length).toBe(1);
  expect(shared[0]?.events[0]?.principal).toMatch(/:user\/raul$/);
  expect(shared[0]?.score).toBeGreaterThan(0.9);

  const unscored = await hunt('--no-score', '--workers', '0');
  expect(await hunt('--no-score', '--workers', '2')).toEqual(unscored);
  const plain = lines(unscored.stdout);
  expect(plain.map(({detection}) => detection)).toContain('copy-shared-outside');
  expect(plain.every(({score}) => score === 0)).toBe(true);

  const csv = await run(['detections', 'run', trail, '--format', 'csv', '--min-severity', 'high']);
  expect(csv.stdout.split('\n')[0]).toBe(
    'time,severity,mode,detection,title,group,count,score,principal,eventIds',
  );
  expect(csv.stdout).toContain(',copy-shared-outside,');
  expect(csv.stdout).not.toMatch(/Z,(?:informational|low|medium),/);
}, 180_000);

test('runs files and packs that are named, and those alone', async () => {
  const trail = join(folder, 'trail');
  expect(existsSync(trail)).toBe(true);
  const file = join(folder, 'condition.yml');
  const args = ['detections', 'run', trail, '--format', 'jsonl', '--no-score', '--quiet'];
  const own = await run([...args, '--file', file]);
  expect(own.code, own.stderr).toBe(0);
  for (const {detection} of lines(own.stdout)) expect(detection).toBe('my-condition');
  const pack = await run([...args, '--pack', 'questions']);
  const ids = new Set((await listed('questions')).map(({id}) => id));
  expect(lines(pack.stdout).length).toBeGreaterThan(0);
  for (const {detection} of lines(pack.stdout)) expect(ids).toContain(detection);
  expect((await run([...args, '--pack', 'no-such-pack'])).code).toBe(2);
  const mistaken = await run([...args.slice(0, 2), file, trail]);
  expect([mistaken.code, mistaken.stderr]).toEqual([2, expect.stringContaining('go with --file')]);
}, 120_000);

interface Matched {
  readonly detection: string;
  readonly score: number;
  readonly events: readonly {readonly principal: string}[];
}

function lines(text: string): Matched[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Matched);
}
