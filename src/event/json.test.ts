import {expect, test} from 'vitest';
import {valueAt} from './json.ts';

test('finds a value by its path, through objects and arrays, own properties only', () => {
  const record = {a: {b: [{c: 1}, {c: 2}]}};
  expect(valueAt(record, ['a', 'b', '1', 'c'])).toBe(2);
  expect(valueAt(record, ['a', 'b', '[]', 'c'])).toBe(1);
  expect(valueAt(record, ['a', '[]'])).toBeUndefined();
  expect(valueAt(record, ['a', 'b', '2'])).toBeUndefined();
  expect(valueAt(record, ['a', 'b', 'length'])).toBeUndefined();
  expect(valueAt(record, ['a', 'x', 'c'])).toBeUndefined();
  expect(valueAt(record, ['a', 'constructor'])).toBeUndefined();
  expect(valueAt(JSON.parse('{"__proto__": {"x": 3}}'), ['__proto__', 'x'])).toBe(3);
});
