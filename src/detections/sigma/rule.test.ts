import fc from 'fast-check';
import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {Json} from '../json.ts';
import {base64, base64Offsets} from './encode.ts';
import type {Fault} from './fault.ts';
import {compileRule} from './rule.ts';
import {compileWildcards, readWildcards} from './wildcards.ts';

type Given = Readonly<Record<string, unknown>>;

function compile(detection: Given, parameters: Readonly<Record<string, Json>> = {}) {
  const faults: Fault[] = [];
  const rule = compileRule(detection as never, ['detection'], {parameters, faults});
  return {rule, faults};
}

function holds(detection: Given, record: Given, parameters?: Readonly<Record<string, Json>>) {
  const {rule, faults} = compile(detection, parameters);
  expect(faults).toEqual([]);
  return rule?.holds(record as never);
}

/** Whether one item holds for one value of the field `f`. */
function item(key: string, value: unknown, found: unknown, parameters?: Record<string, Json>) {
  return holds(
    {s: {[key]: value}, condition: 's'},
    found === undefined ? {} : {f: found},
    parameters,
  );
}

function faultsOf(detection: Given): string[] {
  return compile(detection).faults.map(
    ({path, index, message}) => `${path.map(String).join('.')}@${index ?? ''}: ${message}`,
  );
}

test.each([
  ['f', 'DeleteTrail', 'deletetrail', true],
  ['f', 'DeleteTrail', 'DeleteTrails', false],
  ['f', 'Delete*', 'deleteTrail', true],
  ['f', 'De?ete', 'DeXete', true],
  ['f', 'De?ete', 'Deete', false],
  ['f', 'a\\*b', 'a*b', true],
  ['f', 'a\\*b', 'axb', false],
  ['f', 'a\\\\*', 'a\\xyz', true],
  ['f', 'C:\\dir', 'c:\\DIR', true],
  ['f', '', '', true],
  ['f', '', 'x', false],
  ['f', '*', 'anything', true],
  ['f', '*', null, false],
  ['f', '*', {inside: 1}, true],
  ['f', 5, 5, true],
  ['f', 5, '5', true],
  ['f', 5, 6, false],
  ['f', true, true, true],
  ['f', true, 'TRUE', true],
  ['f', false, undefined, false],
  ['f', null, undefined, true],
  ['f', null, null, true],
  ['f', null, '', false],
  ['f', ['a', 'b'], 'B', true],
  ['f', ['a', null], undefined, true],
  ['f', 'b', ['a', 'b'], true],
  ['f', 'b', [['a'], ['b']], true],
  ['f|contains', 'rail', 'DeleteTrail', true],
  ['f|contains', 'rail', 'Delete', false],
  ['f|startswith', 'delete', 'DeleteTrail', true],
  ['f|endswith', 'TRAIL', 'DeleteTrail', true],
  ['f|endswith', 'delete', 'DeleteTrail', false],
  ['f|contains|all', ['a', 'b'], 'xbxax', true],
  ['f|contains|all', ['a', 'b'], 'xbx', false],
  ['f|all', ['a', 'b'], ['b', 'a'], true],
  ['f|contains', '"Effect":"Allow"', {policy: {Effect: 'Allow'}}, true],
  ['f|contains', '"Effect": "Allow"', {policyDocument: '{"Effect": "Allow"}'}, true],
  ['f|cased', 'Abc', 'Abc', true],
  ['f|cased', 'Abc', 'abc', false],
  ['f|contains|cased', 'B', 'abc', false],
  ['f|re', '^ab+c$', 'abbc', true],
  ['f|re', 'b+', 'abbc', true],
  ['f|re', 'B+', 'abbc', false],
  ['f|re|i', 'B+', 'abbc', true],
  ['f|re|m', '^b$', 'a\nb\nc', true],
  ['f|re', '^b$', 'a\nb\nc', false],
  ['f|re|s', 'a.b', 'a\nb', true],
  ['f|re', 'a.b', 'a\nb', false],
  ['f|cidr', '10.0.0.0/8', '10.200.3.4', true],
  ['f|cidr', '10.0.0.0/8', '11.0.0.1', false],
  ['f|cidr', ['192.0.2.0/25', '2001:db8::/33'], '192.0.2.128', false],
  ['f|cidr', ['192.0.2.0/25', '2001:db8::/33'], '2001:db8:7fff::1', true],
  ['f|cidr', '2001:db8::/33', '2001:db8:8000::1', false],
  ['f|cidr', '0.0.0.0/0', 'ec2.amazonaws.com', false],
  ['f|exists', true, 'x', true],
  ['f|exists', true, null, false],
  ['f|exists', false, undefined, true],
  ['f|lt', 5, 4, true],
  ['f|lt', 5, 5, false],
  ['f|lte', 5, '5', true],
  ['f|gt', 5, 6, true],
  ['f|gt', 5, 'six', false],
  ['f|gte', 5, 5, true],
  ['f|base64', 'foobar', 'Zm9vYmFy', true],
  ['f|base64|contains', 'foo', 'xxZm9vxx', true],
  ['f|base64offset|contains', 'secret', btoa('a secret'), true],
  ['f|base64offset|contains', 'secret', btoa('no secret'), true],
  ['f|base64offset|contains', 'secret', btoa('my  secret'), true],
  ['f|base64offset|contains', 'secret', btoa('nothing here'), false],
  ['f|wide|base64offset|contains', 'ping', btoa('xp\0i\0n\0g\0'), true],
  ['f|utf16be|base64', 'A', btoa('\0A'), true],
  ['f|utf16|base64', 'A', btoa('\xff\xfeA\0'), true],
  ['f|windash|contains', ' -enc', 'x /enc', true],
  ['f|windash|contains', ' -enc', 'x –enc', true],
  ['f|windash|contains', ' -enc', 'x +enc', false],
  ['f|neq', 'a', 'b', true],
  ['f|neq', 'a', 'A', false],
  ['f|neq', ['a', 'b'], 'b', false],
  ['f|neq', 'a', undefined, true],
] as const)('judges %s: %j of %j', (key, value, found, expected) => {
  expect(item(key, value, found)).toBe(expected);
});

test('compares a field with another', () => {
  const search = (key: string) => ({s: {[key]: 'b.c'}, condition: 's'});
  expect(holds(search('a|fieldref'), {a: 'X', b: {c: 'x'}})).toBe(true);
  expect(holds(search('a|fieldref|cased'), {a: 'X', b: {c: 'x'}})).toBe(false);
  expect(holds(search('a|fieldref|startswith'), {a: 'xyz', b: {c: 'xy'}})).toBe(true);
  expect(holds(search('a|fieldref|endswith'), {a: 'xyz', b: {c: 'xy'}})).toBe(false);
  expect(holds(search('a|fieldref'), {a: 'x'})).toBe(false);
});

test('takes values of placeholders from parameters', () => {
  const parameters = {admin_users: ['root-*', 'ops']};
  expect(item('f|expand', '%Admin-Users%', 'ROOT-7', parameters)).toBe(true);
  expect(item('f|expand', 'user/%admin-users%', 'user/ops', parameters)).toBe(true);
  expect(item('f|expand', '%admin-users%', 'other', parameters)).toBe(false);
  expect(item('f|expand', '%admin-users%', 'ops', {admin_users: []})).toBe(false);
});

test('finds fields by path, through lists, whatever the case, with dots in keys', () => {
  const search = (key: string) => ({s: {[key]: 'x'}, condition: 's'});
  expect(holds(search('requestParameters.userName'), {RequestParameters: {username: 'x'}})).toBe(
    true,
  );
  expect(holds(search('a.items.cidrIp'), {a: {items: [{cidrIp: 'y'}, {cidrIp: 'x'}]}})).toBe(true);
  expect(holds(search('a.1.b'), {a: [{b: 'x'}, {b: 'y'}]})).toBe(false);
  expect(holds(search('a.0.b'), {a: [{b: 'x'}, {b: 'y'}]})).toBe(true);
  expect(holds(search('a.aws:tag.key.b'), {a: {'aws:tag.key': {b: 'x'}}})).toBe(true);
  expect(holds(search('constructor.name'), {})).toBe(false);
  expect(holds(search('__proto__'), JSON.parse('{"__proto__": "x"}'))).toBe(true);
});

test('joins searches as maps, lists of maps and words', () => {
  const maps = {s: [{a: 1, b: 2}, {c: 3}], condition: 's'};
  expect(holds(maps, {a: 1, b: 2})).toBe(true);
  expect(holds(maps, {a: 1})).toBe(false);
  expect(holds(maps, {c: '3'})).toBe(true);
  const words = {keywords: ['Stolen*key', 404], condition: 'keywords'};
  expect(holds(words, {deep: [{text: 'a stolen access KEY'}]})).toBe(true);
  expect(holds(words, {n: 1404})).toBe(true);
  expect(holds(words, {n: 1})).toBe(false);
  const all = {keywords: {'|all': ['one', 'two']}, condition: 'keywords'};
  expect(holds(all, {a: 'one', b: ['two']})).toBe(true);
  expect(holds(all, {a: 'one'})).toBe(false);
});

const SEARCHES = {sel_a: {a: 1}, sel_b: {b: 1}, filter_c: {c: 1}, _hidden: {h: 1}};

test.each([
  ['sel_a and sel_b', {a: 1, b: 1}, true],
  ['sel_a and sel_b', {a: 1}, false],
  ['sel_a or sel_b and filter_c', {a: 1}, true],
  ['(sel_a or sel_b) and filter_c', {a: 1}, false],
  ['sel_a AND NOT filter_c', {a: 1}, true],
  ['not not sel_a', {a: 1}, true],
  ['1 of sel_*', {b: 1}, true],
  ['2 of sel_*', {b: 1}, false],
  ['any of sel*', {b: 1}, true],
  ['all of sel*', {a: 1, b: 1}, true],
  ['all of them', {a: 1, b: 1, c: 1}, true],
  ['all of them', {a: 1, b: 1}, false],
  ['1 of them', {h: 1}, false],
  ['1 of sel_* and not 1 of filter*', {a: 1, c: 1}, false],
  [['sel_a', 'sel_b'], {b: 1}, true],
] as const)('decides %s', (condition, record, expected) => {
  expect(holds({...SEARCHES, condition}, record)).toBe(expected);
});

test('says where a rule cannot be run', () => {
  expect(faultsOf({s: {'a|cidrr': 1}, condition: 's'})).toEqual([
    'detection.s.a|cidrr@: The modifier "cidrr" is not known here',
  ]);
  expect(faultsOf({s: {'a|re': 'x(?=y)'}, condition: 's'})[0]).toMatch(/^detection\.s\.a\|re@\d/);
  expect(faultsOf({s: {'a|re|cidr': 'x'}, condition: 's'})[0]).toContain('does not go with');
  expect(faultsOf({s: {'a|windash|base64offset': ' -x'}, condition: 's'})).toEqual([
    expect.stringContaining('"windash" is not run with base64'),
  ]);
  expect(faultsOf({s: {'a|wide': 'x'}, condition: 's'})[0]).toContain('records hold text');
  expect(faultsOf({s: {a: 1}, condition: 's and t'})).toEqual([
    'detection.condition@6: There is no search "t"; there are s',
  ]);
  expect(faultsOf({s: {a: 1}, condition: 's or 1 of f*'})[0]).toContain('@10: None is named "f*"');
  expect(faultsOf({s: {a: 1}, condition: 's | near t'})[0]).toContain('"near" is not run');
  expect(faultsOf({s: {a: 1}, condition: 's | count() > 5'})[0]).toContain('without a `timeframe`');
  expect(faultsOf({s: {a: {b: 1}}, condition: 's'})[0]).toContain('found {"b":1}');
  expect(faultsOf({s: {}, condition: 's'})[0]).toContain('nothing to look for');
  expect(faultsOf({s: {a: []}, condition: 's'})[0]).toContain('no value');
  expect(faultsOf({s: {a: 1}})[0]).toContain('There is no condition');
  expect(faultsOf({s: {a: 1}, condition: '(s'})[0]).toContain('never closed');
  expect(faultsOf({s: {a: 1}, condition: `${'('.repeat(5000)}s`})).toHaveLength(1);
  expect(faultsOf({s: {a: 1}, condition: `${'not '.repeat(200)}s`})[0]).toContain('too deeply');
  expect(faultsOf({s: {'a|re': '(a{500}){500}'}, condition: 's'})).toHaveLength(1);
  expect(faultsOf({s: {a: 'x'.repeat(20_000)}, condition: 's'})[0]).toContain('Longer than');
});

test('wildcards agree with a regular expression', () => {
  const piece = fc.constantFrom('a', 'b', 'A', '*', '?', '\\*', '\\\\', '.');
  fc.assert(
    fc.property(
      fc.array(piece, {maxLength: 8}),
      fc.array(fc.constantFrom('a', 'b', 'B', '*', '\\', '.'), {maxLength: 10}),
      (pieces, characters) => {
        const source = pieces
          .map((one) =>
            one === '*'
              ? '[^]*'
              : one === '?'
                ? '[^]'
                : (one.length > 1 ? one.slice(1) : one).replace(/[.*\\]/g, '\\$&'),
          )
          .join('');
        const text = characters.join('');
        const test = compileWildcards(readWildcards(pieces.join('')), true);
        expect(test(text)).toBe(new RegExp(`^${source}$`, 'i').test(text));
      },
    ),
    {numRuns: 300},
  );
});

test('base64 is that of the platform, and found at every offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({minLength: 3, maxLength: 12}), fc.nat({max: 5}), (bytes, before) => {
      const text = String.fromCharCode(...bytes.map((byte) => byte & 0x7f));
      expect(base64(text)).toBe(btoa(text));
      const whole = btoa(`${'x'.repeat(before)}${text}yz`);
      expect(base64Offsets(text).some((part) => whole.includes(part))).toBe(true);
    }),
    {numRuns: 100},
  );
});

test('no record that holds is outside of what it needs', () => {
  const derivation = prepareDerivation({organisationAccounts: []});
  const name = fc.constantFrom<unknown>(
    'ListBuckets',
    'listbuckets',
    'List Buckets ',
    ' ListBuckets',
    'ListBuckets ',
    'Delete:List',
    'DeleteTrail',
    '-',
    '',
    'a:b',
    5,
    true,
    null,
    ['ListBuckets'],
    {a: 'ListBuckets'},
    `List${'x'.repeat(200)}`,
  );
  const source = fc.constantFrom<unknown>(
    's3.amazonaws.com',
    'S3.amazonaws.com',
    's3.eu-west-1.amazonaws.com',
    'iam.amazonaws.com',
    '',
    'x:y',
    null,
    7,
    ['s3.amazonaws.com'],
  );
  const value = fc.oneof(
    name,
    source,
    fc.constantFrom<unknown>(
      'List*',
      '*Buckets',
      'List?uckets',
      '*',
      '?istBuckets ',
      'ListBuckets?',
    ),
  );
  const key = fc.constantFrom(
    'eventName',
    'EventName',
    'eventSource',
    'eventName|contains',
    'eventName|startswith',
    'eventName|endswith',
    'eventSource|startswith',
    'eventName|re',
    'eventName|neq',
    'eventName|cased',
    'eventName|windash',
    'other',
  );
  const record = fc.record(
    {
      eventName: name,
      EventName: name,
      eventSource: source,
      EVENTSOURCE: source,
      other: name,
      insightType: fc.constantFrom('', 'ApiCallRateInsight'),
    },
    {requiredKeys: []},
  );
  const scalar = value.filter((one) => one === null || typeof one !== 'object');
  const search = fc.dictionary(
    key,
    fc.oneof(scalar, fc.array(scalar, {minLength: 1, maxLength: 3})),
    {minKeys: 1, maxKeys: 3},
  );
  const condition = fc.constantFrom(
    's',
    's and t',
    's or t',
    'not s',
    's and not t',
    '1 of them',
    'all of them',
    '2 of them',
  );
  let held = 0;
  let outside = 0;
  fc.assert(
    fc.property(search, search, condition, record, (s, t, how, given) => {
      const {rule} = compile({s, t, condition: how});
      if (rule?.needs === undefined) return;
      const {operation} = eventOfRecord(given, 0, derivation);
      const inside = rule.needs(operation);
      if (!inside) outside++;
      if (rule.holds(given as never)) {
        held++;
        expect(inside, `${JSON.stringify([s, t, how, given])} ${operation}`).toBe(true);
      }
    }),
    {numRuns: 5000},
  );
  expect(held).toBeGreaterThan(50);
  expect(outside).toBeGreaterThan(50);
});

test('warns of an account whose zeros in front YAML has taken away', () => {
  const warned = (key: string, value: unknown) =>
    compile({s: {[key]: value}, condition: 's'}).rule?.warnings.map(({path}) => path.join('.'));
  expect(warned('recipientAccountId', 12345678901)).toEqual(['detection.s.recipientAccountId']);
  expect(warned('userIdentity.accountId', [123456789012, 1])).toEqual([
    'detection.s.userIdentity.accountId.1',
  ]);
  expect(warned('recipientAccountId', '012345678901')).toEqual([]);
  expect(warned('requestParameters.count', 7)).toEqual([]);
});
