import {existsSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {lockModel} from './model-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-lock-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** No process has this number: it is beyond what Linux, macOS and Windows give. */
const NOBODY = 0x7fff_fff0;

test('a lock stands beside the model until it is released', async () => {
  const model = join(folder, 'one.odt');
  const lock = await lockModel(model);
  expect(existsSync(`${model}.lock`)).toBe(true);
  await lock?.release();
  expect(existsSync(`${model}.lock`)).toBe(false);
});

test('a living holder, and one of another machine, are left alone', async () => {
  const model = join(folder, 'held.odt');
  writeFileSync(model, '');
  const link = join(folder, 'link.odt');
  symlinkSync(model, link);
  for (const holder of [
    {pid: process.ppid, host: hostname()},
    {pid: NOBODY, host: 'elsewhere'},
  ]) {
    writeFileSync(`${model}.lock`, JSON.stringify(holder));
    for (const path of [model, link]) {
      await expect(lockModel(path)).rejects.toMatchObject({
        code: 'model_in_use',
        retryable: true,
        message: expect.stringContaining(`by process ${holder.pid} on ${holder.host}`),
      });
    }
  }
});

test('what a dead process left behind is taken over, by one alone', async () => {
  const model = join(folder, 'left.odt');
  writeFileSync(`${model}.lock`, JSON.stringify({pid: NOBODY, host: hostname()}));
  const lock = await lockModel(model);
  expect(lock).toBeDefined();
  await lock?.release();

  // Killed before it had written who it is.
  writeFileSync(`${model}.lock`, '');
  await expect(lockModel(model)).rejects.toMatchObject({code: 'model_in_use'});
  utimesSync(`${model}.lock`, 1, 1);
  await (await lockModel(model))?.release();
  expect(existsSync(`${model}.lock`)).toBe(false);
});

test('a lock that somebody else has by now is not released', async () => {
  const model = join(folder, 'other.odt');
  const lock = await lockModel(model);
  writeFileSync(`${model}.lock`, JSON.stringify({pid: 1, host: 'elsewhere'}));
  await lock?.release();
  expect(existsSync(`${model}.lock`)).toBe(true);
});

test('a folder that is not there is told as when saving; a folder or device is not locked', async () => {
  await expect(lockModel(join(folder, 'absent', 'm.odt'))).rejects.toMatchObject({
    code: 'snapshot_unwritable',
  });
  expect(await lockModel(folder)).toBeUndefined();
});
