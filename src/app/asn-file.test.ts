import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {readAsnTable} from './asn-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oddtrail-asn-'));
});
afterAll(() => rm(folder, {recursive: true}));

async function table(text: string): Promise<string> {
  const file = join(folder, 'asn.csv');
  await writeFile(file, text);
  return file;
}

test('gives the text of a sound table', async () => {
  const text = 'network,asn\n203.0.113.0/24,AS64500\n';
  expect(await readAsnTable(await table(text))).toBe(text);
});

test('reports every bad line with its place', async () => {
  const file = await table('203.0.113.0/24,AS64500\n203.0.113.0/24,none\nx,64500\n');
  const fault = await readAsnTable(file).catch((error: unknown) => error);
  expect(fault).toMatchObject({name: 'InputFault'});
  const {message} = fault as Error;
  expect(message).toContain(`${file}:2:1: Not the number of an autonomous system`);
  expect(message).toContain(`${file}:3:1: `);
  expect(message).not.toContain('more');
});

test('lists twenty bad lines and says how many more there are', async () => {
  const file = await table('203.0.113.0/24,none\n'.repeat(50));
  const fault = await readAsnTable(file).catch((error: unknown) => error);
  const lines = (fault as Error).message.split('\n');
  expect(lines.filter((line) => line.startsWith(file))).toHaveLength(20);
  expect(lines.at(-1)).toBe('… and 30 more');
});

test('a table that cannot be read is an error of usage', async () => {
  await expect(readAsnTable(join(folder, 'none.csv'))).rejects.toMatchObject({code: 'usage'});
});
