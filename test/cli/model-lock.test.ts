import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, expect, test} from 'vitest';
import {outcomeOf, run, scratch, smallTrail, start} from './harness.ts';

const folder = scratch();
const model = join(folder, 'model.odt');
const lock = `${model}.lock`;
let trail = '';

beforeAll(async () => {
  trail = await smallTrail(folder, 3);
  expect((await run(['score', trail, '--model', model, '--top', '1'])).code).toBe(0);
});

/** Starts a run that holds the model until its input ends. */
async function holder() {
  const child = start(['score', '-', '--model', model, '--top', '1', '--workers', '0']);
  child.stdin.on('error', () => {});
  const outcome = outcomeOf(child);
  const held = () => existsSync(lock) && readFileSync(lock, 'utf8').includes(`:${child.pid},`);
  for (let i = 0; i < 500 && !held(); i++) await sleep(20);
  expect(held()).toBe(true);
  return {child, outcome};
}

test('of two runs that learn into one model the second is refused; readers are not', async () => {
  const {child, outcome} = await holder();
  const before = readFileSync(model);
  const [second, reader, inspected] = await Promise.all([
    run(['score', trail, '--model', model, '--top', '1']),
    run(['score', trail, '--model', model, '--top', '1', '--no-learn']),
    run(['inspect', 'raul', '--model', model]),
  ]);
  expect(second).toMatchObject({code: 3, stdout: ''});
  expect(second.stderr).toContain(`Model "${model}" is in use by process ${child.pid} on `);
  expect(second.stderr).toContain('[model_in_use]');
  expect([reader.code, inspected.code]).toEqual([0, 0]);
  expect(readFileSync(model).equals(before)).toBe(true);
  expect(existsSync(lock)).toBe(true);
  child.stdin.end('{}\n');
  expect((await outcome).code).toBe(0);
  expect(existsSync(lock)).toBe(false);
}, 60_000);

test('a holder that was killed does not keep the model', async () => {
  const {child, outcome} = await holder();
  child.kill('SIGKILL');
  await outcome;
  expect(existsSync(lock)).toBe(true);
  const next = await run(['score', trail, '--model', model, '--top', '1']);
  expect(next.code, next.stderr).toBe(0);
  expect(next.stderr).toContain('saved model');
  expect(existsSync(lock)).toBe(false);
}, 60_000);
