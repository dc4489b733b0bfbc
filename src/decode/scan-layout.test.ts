import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {expectAgreement, plainRows} from '../../test/scanner-agreement.ts';
import {hash64} from '../base/hash.ts';
import type {FieldMode, ScanSpec} from '../event/scan-spec.ts';
import {ReferenceScanner} from './reference-scanner.ts';
import {ENTRY, FLAG, GROUP, NODE} from './scan-layout.ts';
import {WasmScanner} from './wasm-scanner.ts';

test('agrees with the compiled scanner on every offset', () => {
  const source = readFileSync(join(import.meta.dirname, '../../assembly/layout.ts'), 'utf8');
  const numbers = new Map(
    [...source.matchAll(/^export const (\w+): u\w+ = (\d+);/gm)].map((m) => [m[1], Number(m[2])]),
  );
  expect(numbers.size).toBeGreaterThan(30);
  for (const [prefix, offsets] of Object.entries({ENTRY, FLAG, GROUP, NODE})) {
    for (const [name, offset] of Object.entries(offsets)) {
      expect([name, numbers.get(`${prefix}_${name}`)]).toEqual([name, offset]);
    }
  }
});

const field = (name: string, path: string[], mode: FieldMode = 'text') => ({name, path, mode});

/** The fields of one record, by name, as both scanners see them. */
function scanOne(spec: ScanSpec, extra: string): Record<string, string> {
  const text = `{"eventTime":0,"eventSource":"","eventName":"",${extra}}`;
  const bytes = new TextEncoder().encode(text);
  const result = expectAgreement(new WasmScanner(spec), new ReferenceScanner(spec), bytes);
  expect(result.count).toBe(1);
  return {...result.rows[0]!.fields};
}

test('tells keys apart that differ in the middle only', () => {
  const keys = [
    'aaaaaaaaXXbbbbbbbb',
    'aaaaaaaaXYbbbbbbbb',
    'aaaaaaaabbbbbbbb',
    'aaaaaaaa',
    'a',
    '',
  ];
  const spec = {fields: keys.map((key) => field(`<${key}>`, [key])), groups: []};
  const members = keys.map((key, i) => `"${key}":"${i}"`);
  expect(scanOne(spec, [...members, '"aaaaaaaaYYbbbbbbbb":"no"'].join())).toEqual(
    Object.fromEntries(keys.map((key, i) => [`<${key}>`, String(i)])),
  );
});

test('takes hundreds of keys in one object', () => {
  const keys = Array.from({length: 400}, (_, i) => `key${i}`);
  const spec = {fields: keys.map((key) => field(key, ['x', key])), groups: []};
  const members = keys.map((key) => `"${key}":"${key}"`).reverse();
  expect(scanOne(spec, `"x":{${members.join()}}`)).toEqual(
    Object.fromEntries(keys.map((key) => [key, key])),
  );
});

test('treats keys of the prototype, non-ASCII keys and nested arrays like any other', () => {
  const spec = {
    fields: [
      field('proto', ['__proto__', 'toString']),
      field('é', ['é']),
      field('deep', ['x', '[]', '[]', 'y']),
    ],
    groups: [],
  };
  const found = scanOne(spec, '"__proto__":{"toString":"a"},"é":"b","x":[[{"y":"c"},{"y":"d"}],1]');
  expect(found).toEqual({proto: 'a', é: 'b', deep: 'c'});
  expect(scanOne(spec, '"x":{"[]":[{"y":"c"}]}')).toEqual({proto: '', é: '', deep: ''});
});

test('serves several fields and groups from one place', () => {
  const spec: ScanSpec = {
    fields: [
      field('text', ['a', 'b']),
      field('again', ['a', 'b']),
      field('prefix', ['a', 'b'], 'prefix'),
      field('range', ['a', 'b'], 'range'),
      field('outer', ['a'], 'range'),
    ],
    groups: [
      {name: 'one', fields: ['text', 'prefix']},
      {name: 'two', fields: ['prefix', 'again', 'prefix']},
      {name: 'none', fields: []},
    ],
  };
  const text = '{"eventTime":0,"eventSource":"","eventName":"","a":{"b":"x\\/y"}}';
  const bytes = new TextEncoder().encode(text);
  const fast = new WasmScanner(spec);
  const {rows} = expectAgreement(fast, new ReferenceScanner(spec), bytes);
  expect(rows[0]).toMatchObject({
    fields: {text: 'x/y', again: 'x/y', prefix: 'x/', range: '56+6', outer: '51+12'},
    groups: {one: ['x/y', 'x/'], two: ['x/', 'x/y', 'x/'], none: []},
  });
  expect(fast.groupCount('none')).toBe(1);
});

test('hashes access keys, and leaves out those that are never issued', () => {
  const spec: ScanSpec = {
    fields: [
      field('text', ['a']),
      field('key', ['a'], 'accessKey'),
      field('again', ['b'], 'accessKey'),
      {...field('quiet', ['a']), inRow: false},
    ],
    groups: [{name: 'group', fields: ['quiet']}],
  };
  const keyOf = (value: string) => scanOne(spec, `"a":${value}`).key;
  for (const key of ['ASIAGAGUL3RSDE4GGLXX', 'A', 'AKI', 'akia', 'xAKIA', 'true']) {
    const {hi, lo} = hash64(key);
    expect(keyOf(`"${key}"`)).toBe(`${hi}+${lo}`);
    expect(scanOne(spec, `"b":"${key}"`)).toEqual({text: '', key: '0+0', again: `${hi}+${lo}`});
  }
  expect(keyOf('true')).toBe(keyOf('"true"'));
  for (const none of ['"AKIA"', '"AKIAGAGUL3RSDE4GGLXX"', '""', 'null', '["ASIA"]', '7']) {
    expect(keyOf(none)).toBe('0+0');
  }
});

test('leaves access keys that are not plain ASCII to the reference', () => {
  const spec = {fields: [field('key', ['a'], 'accessKey')], groups: []};
  for (const key of ['é', '\\u0041', 'AKIA\\u00e9', '\\ud800']) {
    const text = `{"eventTime":0,"eventSource":"","eventName":"","a":"${key}"}`;
    const bytes = new TextEncoder().encode(text);
    const fast = new WasmScanner(spec);
    const reference = new ReferenceScanner(spec);
    expect(expectAgreement(fast, reference, bytes).stop).toBe('not-understood');
    fast.addRecord(JSON.parse(text), 0, bytes.length);
    expect(plainRows(fast)).toEqual(plainRows(reference));
  }
});

test('refuses specifications that contradict themselves', () => {
  const a = field('a', ['a']);
  const bad: ScanSpec[] = [
    {fields: [a, a], groups: []},
    {fields: [field('a', [])], groups: []},
    {fields: [a], groups: [{name: 'g', fields: ['b']}]},
    {fields: [field('a', ['a'], 'range')], groups: [{name: 'g', fields: ['a']}]},
    {fields: [field('a', ['a'], 'accessKey')], groups: [{name: 'g', fields: ['a']}]},
    {fields: [{...field('a', ['a'], 'range'), inRow: false}], groups: []},
  ];
  for (const spec of bad) {
    expect(() => new WasmScanner(spec)).toThrow('Assertion failed');
    expect(() => new ReferenceScanner(spec)).toThrow('Assertion failed');
  }
});
