import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run, scratch} from './harness.ts';

const folder = scratch();

const RULES = `title: Trail stopped
id: 11111111-2222-4333-8444-555555555555
name: stopped
logsource: {product: aws, service: cloudtrail}
detection:
  selection:
    eventSource: cloudtrail.amazonaws.com
    eventName: [StopLogging, DeleteTrail]
  condition: selection
level: high
---
title: Of Windows
logsource: {product: windows}
detection: {s: {a: 1}, condition: s}
---
title: Wrong
logsource: {product: aws, service: cloudtrail}
detection:
  s: {eventName|re: 'a(?=b)'}
  condition: s
`;

const CORRELATION = `title: Trails stopped
correlation:
  type: event_count
  rules: [stopped]
  group-by: [userIdentity.arn]
  timespan: 5m
  condition: {gte: 2}
level: critical
`;

function rulesIn(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'a.yml'), RULES);
  writeFileSync(join(path, 'b.yaml'), CORRELATION);
  writeFileSync(join(path, 'notes.txt'), 'no rule');
  return path;
}

test('imports the rules of a folder, tells of each, and what it writes runs', async () => {
  const rules = rulesIn('rules');
  const out = join(folder, 'imported.yml');
  const {code, stdout, stderr} = await run(['detections', 'import', 'sigma', rules, '--out', out]);
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('4 rules: 1 run, 1 as parts of correlations, 1 cannot, 1 are not for');
  expect(stderr).toMatch(/a\.yml:19:23: detection\.s\.eventName\|re: Bad regular expression/);
  expect(stderr).toContain(`wrote ${out}`);
  const made = readFileSync(out, 'utf8');
  expect(made).toContain('id: sigma-trails-stopped');
  const tested = await run(['detections', 'test', out]);
  expect([tested.code, tested.stdout]).toEqual([
    0,
    '1 detections, 0 tests passed, 0 failed, 1 detections without a test\n',
  ]);

  const record = (minute: number) => ({
    eventVersion: '1.11',
    eventTime: `2026-01-05T12:0${minute}:00Z`,
    eventID: `00000000-0000-4000-8000-00000000000${minute}`,
    eventSource: 'cloudtrail.amazonaws.com',
    eventName: 'StopLogging',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '198.51.100.7',
    eventType: 'AwsApiCall',
    recipientAccountId: '111111111111',
    userIdentity: {
      type: 'IAMUser',
      accountId: '111111111111',
      userName: 'raul',
      arn: 'arn:aws:iam::111111111111:user/raul',
    },
  });
  const trail = join(folder, 'trail.json');
  writeFileSync(trail, JSON.stringify({Records: [record(0), record(1)]}));
  const hunt = await run(['detections', 'run', trail, '--file', out, '--format', 'jsonl']);
  expect(hunt.code, hunt.stderr).toBe(0);
  expect(hunt.stdout).toContain('Trails stopped: 2, last by 111111111111:user/raul');
}, 60_000);

test('tells on standard output with --dry-run, and writes there without --out', async () => {
  const rules = rulesIn('more');
  const dry = await run(['detections', 'import', 'sigma', rules, '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toMatch(/a\.yml:1 +part of a correlation +Trail stopped/);
  expect(dry.stdout).toMatch(/b\.yaml:1 +runs +sigma-trails-stopped/);
  expect(dry.stdout).toContain('cannot run');
  const strict = await run(['detections', 'import', 'sigma', rules, '--dry-run', '--strict']);
  expect([strict.code, strict.stdout]).toEqual([1, dry.stdout]);
  const written = await run(['detections', 'import', 'sigma', rules, '--quiet']);
  expect([written.code, written.stderr]).toEqual([0, '']);
  expect(written.stdout).toContain('id: sigma-trails-stopped');
}, 60_000);

test('tells what is no rule, and what cannot be read or written', async () => {
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const imported = (...args: string[]) => run(['detections', 'import', 'sigma', ...args]);
  const empty = await imported(file('empty.yml', ''));
  expect(empty.code).toBe(0);
  expect(empty.stdout).toMatch(/^#.*\ndetections: \[\]\n$/);
  expect(empty.stderr).toContain('0 rules');
  const broken = await imported(file('broken.yml', 'title: x\ndetection: [a\n'), '--strict');
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/broken\.yml:\d+:\d+: /);
  const missing = await imported(join(folder, 'none.yml'));
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('no such file');
  const nowhere = await imported(file('one.yml', RULES), '--out', join(folder, 'no', 'such.yml'));
  expect(nowhere.code).toBe(3);
  expect(nowhere.stderr).toContain('output_unwritable');
  const none = await imported();
  expect(none.code).toBe(2);
}, 60_000);
