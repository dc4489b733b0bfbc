import {spawnSync} from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {EVENT_FIELDS} from '../event/fields.ts';
import {readShippedContexts} from './context-file.ts';
import {Detector} from './detector.ts';
import {loadModel, saveModel} from './model-file.ts';
import {checkReplaceable, replaceFile} from './replace-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replace-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

test('writes anew and over what is there, and leaves nothing else', async () => {
  const file = join(folder, 'file');
  await checkReplaceable(file);
  expect(readdirSync(folder)).toEqual([]);
  await replaceFile(file, 'one');
  await replaceFile(file, new TextEncoder().encode('two'));
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('follows a link instead of replacing it', async () => {
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real/file'), 'old');
  symlinkSync(join(folder, 'real/file'), join(folder, 'link'));
  await replaceFile(join(folder, 'link'), 'new');
  expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'real/file'), 'utf8')).toBe('new');
});

test('removes the drafts of the dead, and those alone', async () => {
  const {pid} = spawnSync(process.execPath, ['-e', '']);
  const host = hostname().replace(/[^A-Za-z0-9-]/g, '') || 'localhost';
  const dead = `file.${host}-${pid}.tmp`;
  const others = [
    `file.${host}-${process.ppid}.tmp`,
    `file.elsewhere-${pid}.tmp`,
    `other.${host}-${pid}.tmp`,
  ];
  for (const name of [dead, ...others]) writeFileSync(join(folder, name), 'draft');
  await replaceFile(join(folder, 'file'), 'new');
  expect(readdirSync(folder).sort()).toEqual(['file', ...others].sort());
});

test('a folder cannot be replaced, nor what lies in none', async () => {
  await expect(replaceFile(folder, '')).rejects.toThrow('it is a folder');
  await expect(checkReplaceable(folder)).rejects.toThrow('it is a folder');
  await expect(checkReplaceable(join(folder, 'none', 'file'))).rejects.toThrow('ENOENT');
  await expect(replaceFile(join(folder, 'none', 'file'), '')).rejects.toThrow('ENOENT');
});

test('a model comes back from its file as it was saved', async () => {
  const file = join(folder, 'model.odt');
  expect(await loadModel(file)).toBeUndefined();
  const detector = new Detector(EVENT_FIELDS, readShippedContexts().contexts);
  const ids = Int32Array.from(EVENT_FIELDS, (field, i) => detector.id(i, `some ${field}`));
  for (let i = 0; i < 50; i++) detector.observe(ids, Date.UTC(2026, 0, 5) + i * 1000);
  await saveModel(file, detector);
  const loaded = await loadModel(file);
  expect(loaded?.learnt).toBe(50);
  expect(Buffer.from(loaded!.snapshot()).equals(readFileSync(file))).toBe(true);
  await expect(saveModel(join(folder, 'none/m'), detector)).rejects.toMatchObject({
    code: 'snapshot_unwritable',
  });
  await expect(loadModel(folder)).rejects.toMatchObject({code: 'snapshot_unreadable'});
});
