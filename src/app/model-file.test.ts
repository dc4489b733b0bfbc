import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {loadModel, readWhole} from './model-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oddtrail-model-'));
});
afterAll(() => rm(folder, {recursive: true}));

test('reads a file in pieces', async () => {
  const file = join(folder, 'some.bin');
  const bytes = Uint8Array.from({length: 1_000}, (_, i) => i % 251);
  await writeFile(file, bytes);
  for (const piece of [1_000, 999, 64, 5_000]) expect(await readWhole(file, piece)).toEqual(bytes);
  await writeFile(file, '');
  expect(await readWhole(file)).toHaveLength(0);
});

test('tells a model that is not there from one that cannot be read', async () => {
  expect(await loadModel(join(folder, 'none.bin'))).toBeUndefined();
  await expect(loadModel(folder)).rejects.toMatchObject({code: 'snapshot_unreadable'});
});
