import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {linesOf, ROOT, run, scratch} from './harness.ts';

const folder = scratch();
const CONTEXTS = join(ROOT, 'examples/vpn-logins/contexts.yml');

test('finds the intruder in a log that is no CloudTrail', async () => {
  const generator = join(ROOT, 'examples/vpn-logins/generate.mjs');
  const {stdout: logins} = spawnSync(process.execPath, [generator], {encoding: 'utf8'});
  const log = join(folder, 'logins.jsonl');
  writeFileSync(log, logins);
  const [jsonl, table, explained] = await Promise.all([
    run(['score', log, '--contexts', CONTEXTS, '--format', 'jsonl']),
    run(['score', log, '--contexts', CONTEXTS, '--top', '3']),
    run(['explain', 's-3', log, '--contexts', CONTEXTS]),
  ]);
  expect(jsonl.code).toBe(0);
  const lines = linesOf(jsonl.stdout);
  expect(lines.length).toBe(logins.trim().split('\n').length);
  // The hour of a planted login says which they are.
  const planted = lines.filter(({source}) => {
    const record = JSON.parse(logins.split('\n')[source.index]!) as {client: {city: string}};
    return record.client.city === 'Vladivostok';
  });
  expect(planted).toHaveLength(6);
  const best = [...lines].sort((a, b) => b.score - a.score);
  expect(best[0]?.principal).toBe('mia');
  expect(planted.map(({eventId}) => eventId)).toContain(best[0]?.eventId);
  expect(best[0]?.score).toBeGreaterThan(0.95);
  expect(best.slice(0, 8).filter((line) => planted.includes(line)).length).toBeGreaterThan(3);
  expect(best[0]?.reason).toContain('mia has never');
  // One person, however the name was written.
  expect(lines.some(({principal}) => /[A-Z]/.test(principal))).toBe(false);
  expect(Object.keys(lines[0]!.bits)).toEqual([
    'city',
    'network',
    'device',
    'host',
    'volume',
    'time',
  ]);
  expect(table.code).toBe(0);
  expect(table.stdout).toContain('mia');
  expect(explained.code).toBe(0);
  expect(explained.stdout).toContain('"session"');
});
