import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {testEvent} from './event-for-tests.ts';
import {compileCondition, compileText, type Parameters} from './language.ts';

const share = testEvent({
  time: Date.parse('2026-03-04T05:06:07Z'),
  principal: '111111111111:role/app-web',
  kind: 'role',
  service: 'ec2',
  operation: 'ec2:ModifySnapshotAttribute',
  resource: 'external:999988887777,222222222222',
  score: 0.991,
  bits: {operation: 12.5},
  record: {
    sourceIPAddress: '10.1.2.3',
    eventName: 'ModifySnapshotAttribute',
    requestParameters: {
      bucketName: 'secrets',
      maxResults: 5,
      tags: {constructor: 'x', color: 'red'},
      items: [{id: 1}, {id: 2}],
      nothing: null,
    },
  },
});

function holds(source: string, event: DetectionEvent = share, parameters?: Parameters) {
  const compiled = compileCondition(source, parameters);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return compiled.value.holds(event);
}

function faults(source: string, parameters?: Parameters) {
  const compiled = compileCondition(source, parameters);
  return compiled.ok ? [] : compiled.faults;
}

test.each([
  ['event.operation == "ec2:ModifySnapshotAttribute" && score >= 0.99', true],
  ['event.kind in ["role", "user"] && event.error == "-"', true],
  ['event.origin == event.principal', true],
  ['event.time > timestamp("2026-01-01T00:00:00Z") && event.time.getHours() == 5', true],
  ['bits.operation > 12', true],
  ['has(bits.region)', false],
  ['record.requestParameters.bucketName == "secrets"', true],
  ['has(record.requestParameters.name)', false],
  ['record.?requestParameters.?nested.?name.orValue("none") == "none"', true],
  ['record.?requestParameters.?nothing.?name.orValue("none") == "none"', true],
  ['record.requestParameters.items.exists(item, item.id == 2)', true],
  ['record.requestParameters.items.all(item, item.id < 2)', false],
  ['event.principal.matches("^[0-9]{12}:role/app-.+$")', true],
  ['record.eventName.matches("^Modify")', true],
  ['glob(event.principal, "*:role/app-*")', true],
  ['glob(event.principal, ["*:role/none", "*:ROLE/app-web"])', false],
  ['ip_in(record.sourceIPAddress, "10.0.0.0/8")', true],
  ['ip_in(record.sourceIPAddress, ["192.0.2.0/24", "10.1.2.4"])', false],
  ['size(outside(event.resource)) == 2', true],
  ['outside(event.resource, ["222222222222"]) == ["999988887777"]', true],
  ['size(outside(event.principal)) > 0', false],
])('decides %s', (source, expected) => {
  expect(holds(source)).toBe(expected);
});

// JSON has one kind of number, the language has two.
test.each([
  'record.requestParameters.maxResults == 5',
  'record.requestParameters.maxResults + 1 == 6',
  'record.requestParameters.maxResults % 2 == 1',
  'record.requestParameters.maxResults in [4, 5]',
  '5 == record.requestParameters.maxResults',
  'record.requestParameters.items.size() < record.requestParameters.maxResults',
  'score * 2 > 1',
  'score != 1',
  'params.most == 5 && size(params.names) >= 1 && params.most > 4',
])('takes numbers for numbers: %s', (source) => {
  expect(holds(source, share, {most: 5, names: ['a']})).toBe(true);
});

test.each<[string, number, RegExp]>([
  ['event.principle == "x"', 6, /no field principle/],
  ['event.kind == "role" && evnt.kind == "x"', 24, /evnt/],
  ['event.kind == 5', 0, /do not go together: string == int/],
  ['event.kind == "role" &&', 23, /the end/],
  ['event.kind', 0, /gives a text, not true or false/],
  ['params.acounts == ["a"]', 7, /no field acounts/],
  ['"a" in params.most', 0, /do not go together/],
  ['event.kind.matches("a(b")', 21, /regular expression/],
  ['event.kind.matches(event.error)', 19, /in quotes/],
  ['event.kind.matches("(?=a)")', 20, /regular expression/],
  ['ip_in(event.network, "10.0.0.0/33")', 21, /no network/],
  ['record.a.all(x, record.b.all(y, record.c.all(z, z == y)))', 32, /loops within each other/],
  [`${'('.repeat(10_000)}true`, 64, /nesting|depth|deep/i],
  [`event.kind == "${'x'.repeat(70_000)}"`, 65_536, /Longer than/],
])('says where %s is wrong', (source, index, message) => {
  const [fault] = faults(source, {most: 5, accounts: []});
  expect(fault?.message).toMatch(message);
  expect(fault?.index).toBe(index);
});

test('tells what it could not decide', () => {
  expect(holds('record.requestParameters.none == 1')).toEqual({failed: 'There is no field none'});
  expect(holds('record.eventName > 5')).toEqual({
    failed: expect.stringMatching(/do not go together/),
  });
  expect(holds('record.eventName')).toEqual({
    failed: 'The condition gives a text, not true or false',
  });
  // As the language has it: one side is enough where it decides.
  expect(holds('record.none.x == 1 || event.kind == "role"')).toBe(true);
  expect(holds('record.none.x == 1 && event.kind == "user"')).toBe(false);
});

test.each([
  ['bytes(event.id).json().a == "x"', /not JSON/],
  ['event.time.getHours("Nowhere/Bad") == 1', /time zone/],
  ['(event.time + duration("9999999999999h")).getHours() == 1', /time/],
])('fails and does not throw over data: %s', (source, reason) => {
  const compiled = compileCondition(source);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  expect(compiled.value.holds(share)).toMatchObject({failed: expect.stringMatching(reason)});
});

test.each([
  '[].exists(x, x == 1)',
  'optional.none().value() > 1',
  '[][0] == [][0]',
  '["a"].exists(x, [].exists(y, y != 1))',
])('does not throw where types cannot be told apart: %s', (source) => {
  const compiled = compileCondition(source);
  expect(compiled.ok ? compiled.value.holds(share) : compiled.faults).toBeTruthy();
});

test('is not blinded by a key of the data that is called "constructor" or "__proto__"', () => {
  expect(holds('record.requestParameters.tags.color == "red"')).toBe(true);
  expect(holds('record.requestParameters.tags.constructor == "x"')).toBe(true);
  const record = JSON.parse('{"p": {"__proto__": {"a": 1}, "q": {"constructor": 1, "b": 2}}}') as {
    [key: string]: Json;
  };
  expect(holds('record.p.q.b == 2 && !has(record.p.a)', testEvent({record}))).toBe(true);
});

test('parses the record only when it comes to it', () => {
  const event = {
    ...share,
    get record(): never {
      throw new Error('parsed');
    },
  };
  expect(holds('event.kind == "user" && record.eventName == "x"', event)).toBe(false);
});

test('matches in linear time', () => {
  const event = testEvent({userAgent: `${'a'.repeat(200)}!`, record: {x: 'a'.repeat(50_000)}});
  const start = process.cpuUsage();
  expect(holds('event.userAgent.matches("^(a+)+$")', event)).toBe(false);
  expect(holds('record.x.matches("^(a|aa)+b$")', event)).toBe(false);
  expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
});

test('refuses loops within loops over a large record, and bounded ones run', () => {
  const record = {x: Array.from({length: 5_000}, (_, i) => i)};
  const nested = 'record.x.exists(a, record.x.exists(b, a == b + 10000))';
  expect(holds(nested, testEvent({record}))).toEqual({failed: expect.stringMatching(/too large/)});
  expect(holds('record.x.exists(a, a == 4999)', testEvent({record}))).toBe(true);
  expect(holds(nested, testEvent({record: {x: [1, 2]}}))).toBe(false);
});

test('gives texts for what is counted', () => {
  const text = compileText('event.service + "/" + record.eventName');
  if (!text.ok) throw new Error('does not compile');
  expect(text.value.textOf(share)).toBe('ec2/ModifySnapshotAttribute');
  const number = compileText('record.requestParameters.maxResults');
  if (!number.ok) throw new Error('does not compile');
  expect(number.value.textOf(share)).toBe('5');
  expect(number.value.textOf(testEvent({}))).toEqual({failed: expect.any(String)});
  expect(compileText('[1]')).toMatchObject({ok: false});
});

test('never throws, whatever is written', () => {
  const word = fc.constantFrom(
    ...'event . kind principal record score params bits "a" 5 0.5 ( ) [ ] { } , : ? ! && || == != < in has exists matches cel bind . ? null true \n \u0000'.split(
      ' ',
    ),
  );
  const source = fc.oneof(
    fc.array(word, {maxLength: 20}).map((words) => words.join(' ')),
    fc.string({unit: 'binary', maxLength: 40}),
  );
  fc.assert(
    fc.property(source, (text) => {
      const compiled = compileCondition(text);
      if (compiled.ok) compiled.value.holds(share);
      else expect(compiled.faults.length).toBeGreaterThan(0);
    }),
    {numRuns: 500},
  );
});

// Conditions made of what needs are told from, and of what they are not.
const leaf = fc.constantFrom(
  'event.operation == "s3:ListBuckets"',
  '"iam:CreateUser" == event.operation',
  'event.operation in ["s3:GetObject", "ec2:RunInstances"]',
  'event.operation.startsWith("s3:")',
  '!event.operation.matches("^(s3|ec2):")',
  'event.operation != params.operation',
  'event.service == "iam"',
  'event.service + ":x" == event.operation',
  'event.error != "-"',
  'event.error == "AccessDenied"',
  'event.error == "-"',
  'event.kind == "role"',
  'event.kind in ["user", "root"]',
  'event.kind != "role"',
  'event.kind.startsWith("r")',
  'score > 0.5',
  'score >= params.least',
  '0.9 <= score',
  'score < 0.5',
  'score == 0.95',
  'record.x == 1',
  'event.principal == "p"',
  'event.resource.startsWith("bucket")',
  '!event.resource.contains("-1")',
  'event.resource != "bucket-1"',
  '"bucket-1" == event.resource',
  'event.resource.endsWith("-2") || event.principal == "q"',
  'glob(event.resource, ["*-1", "-"])',
  'event.kind == event.error',
  '[1, 2].exists(n, n > 1 && event.operation == "s3:GetObject")',
  'event.operation.substring(30) == "x"',
  '(score > 0.5 ? event.kind == "role" : event.kind == "user")',
);
const condition = fc.letrec<{any: string}>((tie) => ({
  any: fc.oneof(
    {maxDepth: 4},
    leaf,
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} || ${b})`),
    tie('any').map((a) => `!(${a})`),
  ),
})).any;
const anyEvent = fc
  .record({
    operation: fc.constantFrom(
      's3:ListBuckets',
      's3:GetObject',
      'ec2:RunInstances',
      'iam:CreateUser',
      'iam:x',
      '-',
    ),
    error: fc.constantFrom('-', 'AccessDenied', 'role'),
    kind: fc.constantFrom('role', 'user', 'root', 'rare'),
    score: fc.constantFrom(0, 0.5, 0.7, 0.9, 0.95, 1),
    principal: fc.constantFrom('p', 'q'),
    resource: fc.constantFrom('-', 'bucket-1', 'bucket-2'),
    record: fc.constantFrom({}, {x: 1}),
  })
  .map((given) => testEvent({...given, service: given.operation.split(':')[0] as string}));

test('needs nothing of an event for which the condition holds', () => {
  let told = 0;
  const asked = new Set<string>();
  fc.assert(
    fc.property(condition, anyEvent, (source, event) => {
      const compiled = compileCondition(source, {operation: 's3:GetObject', least: 0.7});
      if (!compiled.ok) throw new Error(JSON.stringify([source, compiled.faults]));
      const {needs} = compiled.value;
      if (Object.keys(needs).length > 0) told++;
      if (compiled.value.holds(event) !== true) return;
      const {operation, error, kind} = event.components;
      expect(needs.operation?.(operation) ?? true).toBe(true);
      if (needs.failed) expect(error).not.toBe('-');
      expect(needs.kinds?.has(kind) ?? true).toBe(true);
      expect(event.score).toBeGreaterThanOrEqual(needs.minScore ?? 0);
      for (const [field, may] of needs.components ?? []) {
        asked.add(field);
        expect(may(event.components[field])).toBe(true);
      }
    }),
    {numRuns: 1_000},
  );
  expect(told).toBeGreaterThan(200);
  expect([...asked].sort()).toEqual(['error', 'kind', 'principal', 'resource']);
});

test('needs what the parts of a condition ask for', () => {
  const compiled = compileCondition(
    'event.operation in ["s3:ListBuckets", "s3:GetObject"] && event.error != "-" && score > 0.9 ' +
      '&& event.kind == "role" && record.x == 1',
  );
  if (!compiled.ok) throw new Error('does not compile');
  const {operation, components, ...rest} = compiled.value.needs;
  expect(['s3:ListBuckets', 's3:PutObject'].map((one) => operation?.(one))).toEqual([true, false]);
  expect([...(components?.keys() ?? [])]).toEqual(['error']);
  expect(['-', 'Denied'].map((one) => components?.get('error')?.(one))).toEqual([false, true]);
  expect(rest).toEqual({failed: true, kinds: new Set(['role']), minScore: 0.9});
});
