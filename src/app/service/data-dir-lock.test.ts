import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {DataDirLock, holderOfDataDir} from './data-dir-lock.ts';

const root = mkdtempSync(join(tmpdir(), 'oddtrail-lock-'));
afterAll(() => rmSync(root, {recursive: true, force: true}));

/** No process has this number: it is beyond what Linux, macOS and Windows give. */
const NOBODY = 0x7fff_fff0;

async function left(name: string, holder: object | string): Promise<string> {
  const folder = join(root, name);
  const lock = await DataDirLock.acquire(folder);
  const own = JSON.parse(readFileSync(join(folder, 'service.lock'), 'utf8')) as object;
  await lock.release();
  const text = typeof holder === 'string' ? holder : JSON.stringify({...own, ...holder});
  writeFileSync(join(folder, 'service.lock'), text);
  return folder;
}

test('a folder belongs to one, who says where it is, until it is released', async () => {
  const folder = join(root, 'one', 'deep');
  const lock = await DataDirLock.acquire(folder);
  await expect(DataDirLock.acquire(folder)).rejects.toMatchObject({
    code: 'data_dir_in_use',
    retryable: true,
    message: expect.stringContaining(`by process ${process.pid} on ${hostname()}`),
  });
  await lock.tell({url: 'http://127.0.0.1:1', token: 'odt_x'});
  expect(statSync(join(folder, 'service.lock')).mode & 0o777).toBe(0o600);
  expect(await holderOfDataDir(folder)).toMatchObject({
    pid: process.pid,
    url: 'http://127.0.0.1:1',
    token: 'odt_x',
  });
  await lock.release();
  expect(await holderOfDataDir(folder)).toBeUndefined();
  expect(existsSync(join(folder, 'service.lock'))).toBe(false);
  await (await DataDirLock.acquire(folder)).release();
});

test('what a dead process left is taken over, also when its number was given to another', async () => {
  for (const [name, holder] of [
    ['gone', {pid: NOBODY}],
    ['same-number', {pid: process.pid, identity: 'another-boot/1'}],
    ['of-a-parent', {pid: process.ppid, identity: 'another-boot/1'}],
    ['torn', '{"pid":'],
  ] as const) {
    const folder = await left(name, holder);
    expect(await holderOfDataDir(folder)).toBeUndefined();
    const lock = await DataDirLock.acquire(folder, {silenceMs: 100});
    await lock.release();
  }
});

test('a holder elsewhere is left alone as long as it touches its lock', async () => {
  const folder = await left('elsewhere', {host: 'another-machine'});
  let n = 0;
  const beat = setInterval(() => {
    n++;
    utimesSync(join(folder, 'service.lock'), n, n);
  }, 50);
  await expect(DataDirLock.acquire(folder, {silenceMs: 600})).rejects.toMatchObject({
    code: 'data_dir_in_use',
    message: expect.stringContaining('on another-machine'),
  });
  clearInterval(beat);
  const lock = await DataDirLock.acquire(folder, {silenceMs: 600});
  await lock.release();
});

test('of many who find what was left, one gets it', async () => {
  const folder = await left('race', {pid: NOBODY});
  const tries = await Promise.allSettled(
    Array.from({length: 8}, () => DataDirLock.acquire(folder)),
  );
  const got = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(got).toHaveLength(1);
  await got[0]?.release();
});
