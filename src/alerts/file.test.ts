import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {deliveryOf} from '../../test/contract/alerter.ts';
import {consoleAlerter} from './console.ts';
import {fileAlerter} from './file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'oddtrail-alerts-'));
  onTestFinished(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

const never = new AbortController().signal;

test('writes a line for each delivery, with a key to know a repeat by', async () => {
  const path = join(folder(), 'alerts.jsonl');
  const alerter = fileAlerter('file', {path, minScore: 0.9});
  expect(await alerter.deliver(deliveryOf(), never)).toEqual({ok: true, status: 'written'});
  await alerter.deliver({...deliveryOf(), revision: 2}, never);
  await alerter.close();
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as {key: string; alert: object});
  expect(lines.map(({key}) => key.slice(-2))).toEqual([':1', ':2']);
  expect(lines[0]?.alert).toMatchObject({principal: '111122223333:user/sample'});
});

test('does not run into a line that was cut off', async () => {
  const path = join(folder(), 'alerts.jsonl');
  writeFileSync(path, '{"key":"cut');
  const alerter = fileAlerter('file', {path, minScore: 0.9});
  await alerter.deliver(deliveryOf(), never);
  await alerter.close();
  const [cut, whole] = readFileSync(path, 'utf8').split('\n');
  expect(cut).toBe('{"key":"cut');
  expect(JSON.parse(whole ?? '')).toMatchObject({version: 1});
});

test('rotates by size and keeps so many', async () => {
  const path = join(folder(), 'alerts.jsonl');
  const alerter = fileAlerter('file', {path, minScore: 0.9, maxBytes: 10, keep: 2});
  for (let i = 1; i <= 5; i++) await alerter.deliver({...deliveryOf(), revision: i}, never);
  await alerter.close();
  const keyOf = (file: string) =>
    (JSON.parse(readFileSync(file, 'utf8')) as {key: string}).key.slice(-1);
  expect([path, `${path}.1`, `${path}.2`].map(keyOf)).toEqual(['5', '4', '3']);
  expect(() => readFileSync(`${path}.3`)).toThrow('ENOENT');
});

test('says that the file cannot be written, and may be later', async () => {
  const alerter = fileAlerter('file', {
    path: join(folder(), 'no', 'such', 'a.jsonl'),
    minScore: 0.9,
  });
  expect(await alerter.deliver(deliveryOf(), never)).toEqual({
    ok: false,
    retry: true,
    reason: 'cannot write the file: ENOENT',
  });
});

test('the console gets one line an item, without terminal commands', async () => {
  const lines: string[] = [];
  const alerter = consoleAlerter('console', {minScore: 0}, (line) => lines.push(line));
  await alerter.deliver(deliveryOf({}, {reason: 'raul\u001b[2J did\nthis'}), never);
  expect(lines).toEqual(['0.9910  2026-01-31T12:00:00Z  ec2:CreateSnapshot  raul [2J did this']);
});
