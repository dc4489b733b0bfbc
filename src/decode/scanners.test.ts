import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {SAMPLE_SPEC} from '../../test/sample-scan-spec.ts';
import {expectAgreement, plainRows} from '../../test/scanner-agreement.ts';
import {sharedData} from '../../test/shared-data.ts';
import {Random} from '../base/random.ts';
import {ReferenceScanner} from './reference-scanner.ts';
import type {Scanner} from './scanner.ts';
import {WasmScanner} from './wasm-scanner.ts';

const SEED = 20240229;
const encoder = new TextEncoder();
const fast = new WasmScanner(SAMPLE_SPEC, {rowCapacity: 64});
const reference = new ReferenceScanner(SAMPLE_SPEC, {rowCapacity: 64});

const BASE = {
  eventTime: '2024-02-29T23:59:59Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  eventID: '0123abcd-89ef-4567-89ab-f123456789ab',
};

function agree(text: string | Uint8Array, separator: 'comma' | 'space' = 'space') {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  return expectAgreement(fast, reference, bytes, separator);
}

/** What becomes of one record: its row, or why there is none. */
function outcome(text: string | Uint8Array) {
  const {stop, rows} = agree(text);
  return rows[0] ?? stop;
}

function fieldsOf(record: object): Record<string, string> {
  const result = outcome(JSON.stringify(record));
  if (typeof result === 'string') throw new Error(result);
  return Object.fromEntries(Object.entries(result.fields).filter(([, text]) => text !== ''));
}

test('takes time and id into words and the rest into texts', () => {
  const text = JSON.stringify({...BASE, readOnly: true, awsRegion: null});
  const id = [0x0123abcd, 0x89ef4567, 0x89abf123, 0x456789ab].map((word) => word | 0);
  expect(outcome(text)).toMatchObject({
    fixed: [1709251199, 0, 0, 1, ...id, 0, text.length],
    fields: {eventTime: '', eventID: '', eventName: 'GetObject', readOnly: 'true', awsRegion: ''},
    groups: {operation: ['s3.amazonaws.com', 'GetObject', '', '']},
  });
});

test.each([
  ['1969-12-31T23:59:59Z', -1],
  ['0000-01-01T00:00:00Z', -62167219200],
  ['2000-02-29T00:00:00Z', 951782400],
  ['9999-12-31T23:59:59Z', 253402300799],
])('reads the time %s', (eventTime, seconds) => {
  const result = outcome(JSON.stringify({...BASE, eventTime}));
  if (typeof result === 'string') throw new Error(result);
  const [low, high, milliseconds] = result.fixed as [number, number, number];
  expect([high * 2 ** 32 + (low >>> 0), milliseconds]).toEqual([seconds, 0]);
});

test.each([
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-00-01T00:00:00Z',
  '2024-04-31T00:00:00Z',
  '2024-01-00T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:60Z',
  '2024-01-01t00:00:00Z',
  '2024-01-01T00:00:00.000Z',
  '2024-01-01 00:00:00Z',
  '2024-01-01T00:00:0:Z',
  '/024-01-01T00:00:00Z',
  '',
])('leaves the time "%s" as text', (eventTime) => {
  expect(outcome(JSON.stringify({...BASE, eventTime}))).toMatchObject({
    fixed: expect.objectContaining({2: -1}),
    fields: {eventTime},
  });
});

test.each([
  '0123ABCD-89ef-4567-89ab-f123456789ab',
  '0123abcd-89ef-4567-89ab-f123456789a',
  '0123abcd089ef-4567-89ab-f123456789ab',
  '0123abcg-89ef-4567-89ab-f123456789ab',
  '0123abcd-89ef-4567-89ab-f12345678/ab',
  '0123abcd-89ef-4567-89ab-f12345678`ab',
  'x',
])('leaves the id "%s" as text', (eventID) => {
  expect(outcome(JSON.stringify({...BASE, eventID}))).toMatchObject({
    fixed: expect.objectContaining({3: 0}),
    fields: {eventID},
  });
});

test('takes any canonical time and UUID', () => {
  fc.assert(
    fc.property(
      fc.date({min: new Date(-6e13), max: new Date(2.5e14), noInvalidDate: true}),
      fc.uuid(),
      (date, id) => {
        const eventTime = `${date.toISOString().slice(0, 19)}Z`;
        const result = outcome(JSON.stringify({...BASE, eventTime, eventID: id}));
        expect(result).toMatchObject({fields: {eventTime: '', eventID: ''}});
      },
    ),
    {seed: SEED, numRuns: 300},
  );
});

test('reads a wanted text without its escapes', () => {
  const escaped = String.raw`{"eventTime":1,"eventSource":"a","eventName":"\u0041\/\"\\\b\f\n\r\t\ud83d\ude00\ud83d\u0000\udc00é"}`;
  expect(outcome(escaped)).toMatchObject({
    fields: {eventName: 'A/"\\\b\f\n\r\t😀\ufffd\0\ufffdé'},
  });
});

test('takes the first element of an array only', () => {
  expect(fieldsOf({...BASE, resources: [{ARN: 'a'}, {ARN: 'b'}]})['resources.[].ARN']).toBe('a');
  expect(fieldsOf({...BASE, resources: [[], {ARN: 'b'}]})['resources.[].ARN']).toBeUndefined();
  expect(fieldsOf({...BASE, resources: []})['resources.[].ARN']).toBeUndefined();
});

test('counts other kinds of value as absent', () => {
  for (const userIdentity of ['x', null, 1, true, [{type: 'Root'}], []]) {
    expect(fieldsOf({...BASE, userIdentity})).not.toHaveProperty(['userIdentity.type']);
  }
  for (const awsRegion of [null, 1, -1.5e3, {}, [], ['a'], '']) {
    expect(fieldsOf({...BASE, awsRegion})).not.toHaveProperty('awsRegion');
  }
});

test('cuts a prefix after the first slash', () => {
  const cases = [
    ['a/b/c', 'a/'],
    ['a', 'a'],
    ['/x', '/'],
    ['a/', 'a/'],
  ];
  for (const [key, prefix] of cases) {
    expect(fieldsOf({...BASE, requestParameters: {key}})).toMatchObject({keyPrefix: prefix});
  }
});

test('gives the byte range of a value, whatever it is', () => {
  const result = outcome(
    `{"eventTime":"","eventSource":"é","eventName":"", "requestParameters" : [1, "]"] }`,
  );
  expect(result).toMatchObject({fields: {requestParameters: '73+8'}});
});

test.each([
  [
    'an escape in a tracked key',
    String.raw`{"eventTime":1,"eventSource":"","eventName":"","\u0061":1}`,
  ],
  [
    'a tracked key that comes twice',
    '{"eventTime":1,"eventSource":"","eventName":"","eventName":"a"}',
  ],
  ['a wrapper', '{"eventTime":1,"eventSource":"","eventName":"","detail":{}}'],
  ['no event name', '{"eventTime":1,"eventSource":""}'],
  ['an event source that is no string', '{"eventTime":1,"eventSource":1,"eventName":""}'],
  ['no event time', '{"eventName":"","eventSource":""}'],
  [
    'an Insight',
    '{"eventTime":1,"eventSource":"","eventName":"","eventType":"AwsCloudTrailInsight"}',
  ],
  [
    '65 levels',
    `{"eventTime":1,"eventSource":"","eventName":"","x":${'['.repeat(64)}${']'.repeat(64)}}`,
  ],
  ['a trailing comma', '{"eventTime":1,"eventSource":"","eventName":"",}'],
  ['no object', '"eventName"'],
])('leaves %s to the reference', (_, text) => {
  expect(agree(text)).toMatchObject({stop: 'not-understood', count: 0});
});

test('takes 64 levels', () => {
  const text = `{"eventTime":1,"eventSource":"","eventName":"","x":${'['.repeat(63)}${']'.repeat(63)}}`;
  expect(agree(text)).toMatchObject({stop: 'need-more', count: 1});
});

test('leaves a wanted text that is no UTF-8 to the reference, and skips an unwanted one', () => {
  for (const bad of [
    [0x80],
    [0xc3],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xff],
  ]) {
    for (const [key, count] of [
      ['awsRegion', 0],
      ['anything', 1],
    ] as const) {
      const text = `{"${key}":"#","eventTime":1,"eventSource":"","eventName":""}`;
      const [before, after] = text.split('#').map((part) => encoder.encode(part));
      expect(agree(Uint8Array.from([...before!, ...bad, ...after!])).count).toBe(count);
    }
  }
});

test('keeps a byte order mark within a text', () => {
  expect(fieldsOf({...BASE, awsRegion: '\ufeffa'})).toMatchObject({awsRegion: '\ufeffa'});
});

test.each(['comma', 'space'] as const)('stops between records separated by %s', (separator) => {
  const one = JSON.stringify(BASE);
  const glue = separator === 'comma' ? [' ,\n', ','] : [' ', '', '\n\n'];
  for (const between of glue) {
    const text = `  ${[one, one, one].join(between)} `;
    expect(agree(text, separator)).toMatchObject({stop: 'need-more', count: 3});
    expect(fast.next).toBe(text.length);
    expect(agree(`${text}]`, separator)).toMatchObject({
      stop: separator === 'comma' ? 'array-end' : 'not-understood',
      count: 3,
    });
    expect(fast.next).toBe(text.length);
  }
  const wrong = separator === 'comma' ? [`${one}${one}`, `${one},,${one}`] : [`${one},${one}`];
  for (const text of wrong) {
    expect(agree(text, separator)).toMatchObject({stop: 'not-understood', count: 1});
  }
  expect(agree(`,${one}`, separator)).toMatchObject({stop: 'not-understood', count: 0});
});

test('goes on after a comma only when a record came before', () => {
  const bytes = encoder.encode(`, ${JSON.stringify(BASE)}`);
  for (const scanner of [fast, reference]) {
    scanner.load(bytes);
    expect(scanner.scan(0, 'comma', false)).toBe('not-understood');
    expect(scanner.next).toBe(0);
    expect([scanner.scan(0, 'comma', true), scanner.count]).toEqual(['need-more', 1]);
    scanner.load(bytes.subarray(0, 2));
    expect([scanner.scan(0, 'comma', true), scanner.next]).toEqual(['need-more', 0]);
  }
});

test('needs more wherever a record is cut off', () => {
  const record = String.raw`{"eventTime":"a","awsRegion":"a\u0041", "eventSource":"é","eventName":"","x":[-1.5e+3,true,false,null,{"y":{}}]}`;
  const whole = encoder.encode(record);
  for (let length = 0; length < whole.length; length++) {
    expect(agree(whole.slice(0, length))).toMatchObject({stop: 'need-more', count: 0});
    expect(fast.next).toBe(0);
  }
  expect(agree(whole).count).toBe(1);
});

test('stops when the rows are full and goes on', () => {
  const text = Array.from({length: 150}, (_, i) =>
    JSON.stringify({...BASE, eventName: `E${i}`}),
  ).join(',');
  for (const scanner of [fast, reference]) {
    scanner.load(encoder.encode(text));
    const names: string[] = [];
    let from = 0;
    for (const [stop, count] of [
      ['full', 64],
      ['full', 64],
      ['need-more', 22],
    ] as const) {
      expect([scanner.scan(from, 'comma', from > 0), scanner.count]).toEqual([stop, count]);
      if (stop === 'full') expect(scanner.addRecord(BASE, 0, 0)).toBe(false);
      from = scanner.next;
      names.push(...plainRows(scanner).map((row) => row.fields.eventName!));
      scanner.clear();
    }
    expect(names).toEqual(Array.from({length: 150}, (_, i) => `E${i}`));
  }
});

test('adds parsed records like scanned ones', () => {
  fc.assert(
    fc.property(records(), (record) => {
      const rows = [fast, reference].map((scanner) => {
        scanner.clear();
        scanner.addRecord(record, 7, 8);
        return plainRows(scanner);
      });
      expect(rows[0]).toEqual(rows[1]);
    }),
    {seed: SEED, numRuns: 200},
  );
});

test('keeps ids while tables and window grow, and begins anew after a reset', () => {
  const scanner = new WasmScanner(SAMPLE_SPEC);
  const random = new Random(SEED);
  const texts = Array.from({length: 20_000}, (_, i) => `${i}${'x'.repeat(random.below(40))}`);
  for (let round = 0; round < 2; round++) {
    texts.forEach((text, i) => {
      expect(scanner.intern(text)).toBe(i + 1);
    });
    expect(scanner.textCount).toBe(texts.length + 1);
    // Larger than the first window.
    const userAgent = 'é'.repeat(6_000_000);
    scanner.load(encoder.encode(JSON.stringify({...BASE, userAgent})));
    expect(scanner.scan(0, 'space', false)).toBe('need-more');
    expect(scanner.text(scanner.rows[scanner.fieldWord('userAgent')]!)).toBe(userAgent);
    scanner.clear();
    texts.slice(0, 5000).forEach((text, i) => {
      const awsRegion = texts[i % 3]!;
      if (scanner.count === 4096) scanner.clear();
      expect(scanner.addRecord({userIdentity: {arn: text}, awsRegion}, 0, 0)).toBe(true);
      expect(scanner.rows.at(scanner.groupWord('identity') - scanner.stride)).toBe(i + 1);
    });
    expect([scanner.text(77), scanner.text(19_999)]).toEqual([texts[76], texts[19_998]]);
    const ids = scanner.combination('identity', 5000);
    expect([...ids].map((id) => scanner.text(id)).filter(Boolean)).toEqual([texts[4999]]);
    scanner.reset();
    expect([scanner.textCount, scanner.groupCount('identity'), scanner.count]).toEqual([1, 0, 0]);
    // The loaded bytes are still there.
    expect(scanner.scan(0, 'space', false)).toBe('need-more');
    expect(scanner.text(scanner.rows[scanner.fieldWord('userAgent')]!)).toBe(userAgent);
    scanner.reset();
  }
});

/** Strings that are hard on a scanner; all else comes from fast-check. */
function strings(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({unit: 'binary', maxLength: 40}),
    fc.string({maxLength: 40}),
    fc.constantFrom(
      '',
      '"',
      '\\',
      '\\"',
      '__proto__',
      '[]',
      '\u0000',
      '\u001f',
      '\ud800',
      '\udfff',
      '\ufeff',
      'a/b',
      'Insight',
      '2024-01-01T00:00:00Z',
      'x'.repeat(15),
      'x'.repeat(16),
      'x'.repeat(1000),
      'true',
      'Records',
    ),
  );
}

function values(): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      {depthSize: 'small', withCrossShrink: true},
      strings(),
      fc.double(),
      fc.integer(),
      fc.constantFrom(true, false, null, 1e300, 5e-324, -0),
      fc.array(tie('value'), {maxLength: 4}),
      fc.dictionary(keys(), tie('value'), {maxKeys: 4, noNullPrototype: false}),
    ),
  })).value;
}

function keys(): fc.Arbitrary<string> {
  const tracked = SAMPLE_SPEC.fields.flatMap((field) => field.path);
  return fc.oneof(
    {weight: 6, arbitrary: fc.constantFrom(...tracked, '', 'eventVersion', '__proto__')},
    {weight: 3, arbitrary: fc.string({unit: 'grapheme', maxLength: 40})},
    {weight: 1, arbitrary: strings()},
  );
}

function records(): fc.Arbitrary<Record<string, unknown>> {
  const paths = fc.constantFrom(...SAMPLE_SPEC.fields);
  const wanted = fc.array(fc.tuple(paths, fc.oneof(strings(), strings(), values())), {
    maxLength: 12,
  });
  return fc.tuple(fc.dictionary(keys(), values(), {maxKeys: 5}), wanted).map(([extra, placed]) => {
    const record: Record<string, unknown> = {...extra, ...structuredClone(BASE)};
    for (const [field, value] of placed) place(record, field.path, value);
    return record;
  });
}

/** Puts a value at a path, unless something else is in its way. */
function place(record: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at: unknown = record;
  path.forEach((key, i) => {
    if (typeof at !== 'object' || at === null) return;
    const container = at as Record<string, unknown>;
    const own = Array.isArray(at) ? '0' : key;
    if (i === path.length - 1) container[own] = value;
    else container[own] ??= path[i + 1] === '[]' ? [] : {};
    at = container[own];
  });
}

/** JSON text of a value with white space and escapes strewn in. */
function spell(value: unknown, random: Random): string {
  const space = () =>
    random.chance(0.8)
      ? ''
      : random.pick([' ', '\n', '\t', '\r\n', '  \n        ', ' '.repeat(40)]);
  const string = (text: string, escapes: number) => {
    const plain = JSON.stringify(text);
    if (!random.chance(escapes)) return plain;
    return plain.replace(/\\.|[\s\S]/g, (found, offset: number) => {
      if (found.length > 1 || offset === 0 || offset === plain.length - 1) return found;
      if (found === '/' && random.chance(0.3)) return '\\/';
      if (!random.chance(0.1)) return found;
      const code = found.charCodeAt(0).toString(16).padStart(4, '0');
      return `\\u${random.chance(0.5) ? code : code.toUpperCase()}`;
    });
  };
  const write = (v: unknown): string => {
    if (typeof v === 'string') return string(v, 0.3);
    if (Array.isArray(v))
      return `[${space()}${v.map((x) => write(x)).join(`${space()},${space()}`)}${space()}]`;
    if (typeof v === 'object' && v !== null) {
      const members = Object.entries(v).map(
        ([k, x]) => `${string(k, 0.005)}${space()}:${space()}${write(x)}`,
      );
      return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
    }
    if (typeof v === 'number') {
      if (random.chance(0.2)) return random.pick(['-0', '1E5', '0.5e-7', '1e999', '-12.0E+3']);
      if (random.chance(0.02)) return random.pick(['01', '1.', '.5', '+1', '-', '1e', 'NaN']);
    }
    return JSON.stringify(v);
  };
  return write(value);
}

test('agrees with the reference on generated records', () => {
  const random = new Random(SEED);
  let taken = 0;
  fc.assert(
    fc.property(records(), fc.constantFrom('comma', 'space'), (record, separator) => {
      const between = separator === 'comma' ? ' ,' : '\n';
      const text = [spell(record, random), spell(BASE, random)].join(between);
      taken += agree(text, separator as 'comma' | 'space').count;
    }),
    {seed: SEED, numRuns: 2500},
  );
  expect(taken).toBeGreaterThan(1000);
});

test('agrees with the reference on records with flipped, lost and added bytes', () => {
  const random = new Random(SEED);
  const samples = fc.sample(records(), {seed: SEED, numRuns: 150});
  const originals: Uint8Array[] = samples.map((record) => encoder.encode(spell(record, random)));
  originals.push(...realRecords().slice(0, 150));
  let taken = 0;
  for (const original of originals) {
    for (let i = 0; i < 25; i++) taken += agree(mutate(original, random)).count;
  }
  expect(taken).toBeGreaterThan(300);
});

function mutate(original: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const telling = [
    ...encoder.encode('{}[]",:\\/u0aeE+-.truefalsn \n\t'),
    0,
    0x1f,
    0x7f,
    0x80,
    0xc3,
    0xed,
    0xff,
  ];
  const bytes = [...original];
  const times = random.between(1, 3);
  for (let n = 0; n < times && bytes.length > 0; n++) {
    const at = random.below(bytes.length);
    const byte = random.chance(0.7) ? random.pick(telling) : random.below(256);
    const kind = random.below(5);
    if (kind === 0) bytes[at] = byte;
    else if (kind === 1) bytes.splice(at, 0, byte);
    else if (kind === 2) bytes.splice(at, random.between(1, 3));
    else if (kind === 3) bytes[at]! ^= 1 << random.below(8);
    else bytes.splice(at, 0, ...bytes.slice(at, at + random.below(30)));
  }
  return Uint8Array.from(bytes);
}

/** Real records one by one, as bytes. */
function realRecords(): Uint8Array[] {
  const data = sharedData();
  if (data === undefined) return [];
  const records: unknown[] = [];
  for (const file of files(join(data, 'invictus'))) {
    if (!file.endsWith('.json.gz')) continue;
    const parsed = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {Records: unknown[]};
    records.push(...parsed.Records);
  }
  return records.map((record) => encoder.encode(JSON.stringify(record)));
}

function files(folder: string): string[] {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('takes nearly all records of a real trail', ({skip}) => {
  const records = realRecords();
  if (records.length === 0) return skip();
  const taken = records.filter((record) => agree(record).count === 1);
  expect(records.length).toBeGreaterThan(2000);
  expect(taken.length / records.length).toBeGreaterThan(0.95);
});

test('agrees with the reference on every real file there is', ({skip}) => {
  const data = sharedData();
  if (data === undefined) return skip();
  const small = {rowCapacity: 4096};
  const scanners: [Scanner, Scanner] = [
    new WasmScanner(SAMPLE_SPEC, small),
    new ReferenceScanner(SAMPLE_SPEC, small),
  ];
  let taken = 0;
  for (const file of files(data)) {
    let bytes: Uint8Array = readFileSync(file);
    if (file.endsWith('.gz')) bytes = gunzipSync(bytes);
    const array = bytes.subarray(bytes.indexOf(0x5b) + 1);
    for (const part of [bytes, array]) {
      for (const separator of ['comma', 'space'] as const) {
        taken += expectAgreement(...scanners, part, separator).count;
      }
    }
  }
  expect(taken).toBeGreaterThan(2500);
});
