import fc from 'fast-check';
import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import {coverageOf, needsDataEvents, selectorsFor, touchingCalls} from './coverage.ts';
import {DECOY_KINDS, type Decoy, type DecoyKind, type Trap} from './decoy.ts';
import {drillRecord} from './drill.ts';
import {SeenCounter} from './seen.ts';
import type {TrailSelectors} from './selectors.ts';
import {quoted, terraformOf} from './terraform.ts';
import {TouchFinder} from './touch.ts';

const ACCOUNT = '111111111111';
const NAMES: Readonly<Record<DecoyKind, string>> = {
  user: 'Backup_Admin',
  role: 'DevOps_role',
  access_key: 'AKIAIOSFODNN7EXAMPLE',
  bucket: 'PasswordBackup',
  table: 'CustomerAccounts',
  secret: 'prod/db',
  parameter: '/prod/db',
  queue: 'payments.fifo',
  function: 'payout',
};

function trapOn(kind: DecoyKind, more: Partial<Decoy> = {}, accounts: string[] = []): Trap {
  return {decoy: {kind, name: NAMES[kind], ...more}, accounts, allow: []};
}

const TRAPS: readonly Trap[] = [
  ...DECOY_KINDS.map((kind) => trapOn(kind)),
  trapOn('bucket', {key: 'a/b c.txt'}),
  trapOn('bucket', {prefix: 'a/'}),
  trapOn('table', {}, [ACCOUNT]),
];

const TRAIL: TrailSelectors = {
  name: 'main',
  advanced: [],
  basic: [{ReadWriteType: 'All', IncludeManagementEvents: true}],
  multiRegion: true,
  region: 'eu-central-1',
  globalServices: true,
  logging: true,
};

test.each(TRAPS)('a drill of $decoy.kind $decoy.key $decoy.prefix is a touch', (trap) => {
  const time = Date.UTC(2026, 0, 5, 12);
  const record = drillRecord(trap, {time, eventId: 'abc', version: '1.2'});
  const components = eventOfRecord(record, time, prepareDerivation());
  const origin = components.principal;
  const event = {time, id: 'abc', components, origin, score: 0, bits: {}, record};
  expect(new TouchFinder(trap).find(event)).toBeDefined();
  expect(record).toMatchObject({
    eventID: 'abc',
    eventTime: '2026-01-05T12:00:00Z',
    userAgent: 'oddtrail-drill/1.2',
    managementEvent: !needsDataEvents(trap.decoy),
    eventCategory: needsDataEvents(trap.decoy) ? 'Data' : 'Management',
  });
  // What is learnt of it is learnt of the drill alone, but for a sign-in, which only the decoy does.
  const who = trap.decoy.kind === 'user' ? trap.decoy.name : 'oddtrail-drill';
  expect(components.principal).toBe(`${trap.accounts[0] ?? '123456789012'}:user/${who}`);
});

test('a drill in China is of its partition', () => {
  const options = {
    time: 0,
    eventId: 'x',
    partition: 'aws-cn',
    region: 'cn-north-1',
    account: ACCOUNT,
  };
  expect(drillRecord(trapOn('role'), options)).toMatchObject({
    awsRegion: 'cn-north-1',
    requestParameters: {roleArn: `arn:aws-cn:iam::${ACCOUNT}:role/DevOps_role`},
  });
});

test.each([
  ['user', 'yes'],
  ['role', 'yes'],
  ['access_key', 'yes'],
  ['secret', 'yes'],
  ['parameter', 'yes'],
  ['bucket', 'no'],
  ['table', 'no'],
  ['queue', 'no'],
  ['function', 'no'],
] as const)('a trail of management events logs %s: %s', (kind, logged) => {
  expect(coverageOf(trapOn(kind), {selectors: TRAIL})).toMatchObject({logged});
  const {needed} = coverageOf(trapOn(kind), {selectors: TRAIL});
  expect(needed === '').toBe(logged === 'yes');
});

test('knowing nothing, data events are unknown and management events are logged', () => {
  expect(coverageOf(trapOn('bucket')).logged).toBe('unknown');
  expect(coverageOf(trapOn('secret')).logged).toBe('yes');
  expect(coverageOf(trapOn('user')).why).toContain('HIDDEN_DUE_TO_SECURITY_REASONS');
});

// The proof of what is printed: a trail that has it logs the decoy, and not its neighbours.
test.each(TRAPS)('the selector that is needed for $decoy.kind suffices', (trap) => {
  for (const place of [{}, {account: ACCOUNT, region: 'eu-central-1'}]) {
    const {needed} = coverageOf(trap, {selectors: {...TRAIL, basic: []}}, place);
    const advanced = JSON.parse(needed) as TrailSelectors['advanced'];
    const trail = {...TRAIL, basic: [], advanced};
    expect(coverageOf(trap, {selectors: trail}, place)).toMatchObject({logged: 'yes', needed: ''});
    if (!needsDataEvents(trap.decoy)) continue;
    const {key: _, prefix: __, ...decoy} = trap.decoy;
    const other = {...trap, decoy: {...decoy, name: `other-${trap.decoy.name}`}};
    expect(coverageOf(other, {selectors: trail}, place).logged).toBe('no');
  }
});

test('older selectors are read as well', () => {
  const basic = (Values: string[]) => ({
    selectors: {...TRAIL, basic: [{DataResources: [{Type: 'AWS::S3::Object', Values}]}]},
  });
  expect(coverageOf(trapOn('bucket'), basic(['arn:aws:s3'])).logged).toBe('yes');
  expect(coverageOf(trapOn('bucket'), basic(['arn:aws:s3:::passwordbackup/'])).logged).toBe('yes');
  expect(coverageOf(trapOn('bucket'), basic(['arn:aws:s3:::other/'])).logged).toBe('no');
  const writes = {selectors: {...TRAIL, basic: [{ReadWriteType: 'WriteOnly'}]}};
  expect(coverageOf(trapOn('secret'), writes).logged).toBe('no');
});

test.each([
  [{logging: false}, 'switched off'],
  [{globalServices: false}, 'global services'],
  [{multiRegion: false}, 'alone'],
])('a trail with %j misses a canary user', (settings, why) => {
  const found = coverageOf(trapOn('user'), {selectors: {...TRAIL, ...settings}});
  expect(found).toMatchObject({logged: 'no', why: expect.stringContaining(why)});
});

test('judges by what files show', () => {
  const counter = new SeenCounter();
  const login = {eventSource: 'signin.amazonaws.com', eventName: 'ConsoleLogin'};
  const get = (bucket: string) => ({
    eventSource: 's3.amazonaws.com',
    eventCategory: 'Data',
    resources: [
      {type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/x`},
      {type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}`},
    ],
  });
  for (const each of [login, get('other'), 'no record', null]) counter.add(each);
  const before = {seen: counter.result()};
  expect(coverageOf(trapOn('user'), before).logged).toBe('yes');
  expect(coverageOf(trapOn('bucket'), before).logged).toBe('unknown');
  expect(coverageOf(trapOn('table'), before).logged).toBe('unknown');
  counter.add(get('passwordbackup'));
  expect(coverageOf(trapOn('bucket'), {seen: counter.result()}).logged).toBe('yes');
  for (let i = 0; i < 10_000; i++) counter.add(login);
  expect(coverageOf(trapOn('table'), {seen: counter.result()}).logged).toBe('no');
});

test('every kind has a call that it lies there for', () => {
  for (const {decoy} of TRAPS) {
    expect(touchingCalls(decoy).filter(({main}) => main).length).toBeGreaterThan(0);
  }
});

/**
 * A look at the structure of HCL: quotes closed within their line, brackets in pairs, nothing
 * interpolated but references. Terraform itself is not at hand for tests.
 */
function structureFault(text: string): string | undefined {
  const open: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    let inText = false;
    for (let at = 0; at < line.length; at++) {
      const char = line[at] as string;
      if (inText) {
        if (char === '\\') at++;
        else if (char === '"') inText = false;
        else if (/^[$%]\{/.test(line.slice(at)) && !/[$%]$/.test(line.slice(0, at))) {
          if (!/^\$\{(data|path|aws)[\w.]*\}/.test(line.slice(at))) return `${i}: interpolates`;
        }
        continue;
      }
      if (char === '#') break;
      if (char === '"') inText = true;
      if ('{[('.includes(char)) open.push(char);
      if ('}])'.includes(char) && '{[('.indexOf(open.pop() ?? '') !== '}])'.indexOf(char)) {
        return `${i}: a bracket too many`;
      }
    }
    if (inText) return `${i}: a text is not closed`;
  }
  return open.length > 0 ? 'a bracket is not closed' : undefined;
}

test('writes sound Terraform for every kind of decoy', () => {
  const traps = TRAPS.map((trap, i) => ({id: `trap-${i}.x`, trap}));
  for (const {name, text} of terraformOf(traps)) {
    expect([name, structureFault(text)]).toEqual([name, undefined]);
  }
  const decoys = terraformOf(traps)[1]?.text ?? '';
  const labels = [...decoys.matchAll(/^(?:resource|data|output) .*(?= \{)/gm)].map(
    ([head]) => head,
  );
  expect(new Set(labels).size).toBe(labels.length);
  for (const type of [
    'iam_user',
    'iam_role',
    'iam_access_key',
    's3_bucket',
    'dynamodb_table',
    'secretsmanager_secret',
    'ssm_parameter',
    'sqs_queue',
    'lambda_function',
  ]) {
    expect(decoys).toContain(`resource "aws_${type}"`);
  }
  // One bucket, whatever the number of traps in it, and in lower case, as S3 wants it.
  expect(decoys.match(/resource "aws_s3_bucket" /g)).toHaveLength(1);
  expect(decoys).toContain('bucket        = "passwordbackup"');
  expect(decoys.match(/Effect {3}= "Deny"/g)?.length).toBeGreaterThan(3);
});

test('no name gets out of its quotes', () => {
  const text = fc.string({
    unit: fc.constantFrom('"', '\\', '$', '{', '}', '%', '\n', 'a', '\u0000'),
  });
  fc.assert(
    fc.property(text, (name) => {
      expect(structureFault(`x = ${quoted(name)}`)).toBeUndefined();
    }),
  );
});

test('the selectors of the shipped form are what the check asks for', () => {
  expect(
    selectorsFor(trapOn('table', {}, [ACCOUNT]), {region: 'eu-west-1'})[0]?.FieldSelectors,
  ).toEqual([
    {Field: 'eventCategory', Equals: ['Data']},
    {Field: 'resources.type', Equals: ['AWS::DynamoDB::Table']},
    {
      Field: 'resources.ARN',
      Equals: [`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/CustomerAccounts`],
    },
  ]);
});
