import fc from 'fast-check';
import {expect, test} from 'vitest';
import {layOut, placesOf} from './json-layout.ts';

test('lays JSON out and changes nothing of what it says', () => {
  expect(layOut('{"a":[1,{"b":"x, {y}"}],"c":{},"d":[]}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": "x, {y}"\n    }\n  ],\n  "c": {},\n  "d": []\n}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(layOut(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('keeps long numbers and names that come twice', () => {
  expect(layOut('{"n":12345678901234567890,"n":1.0}')).toBe(
    '{\n  "n": 12345678901234567890,\n  "n": 1.0\n}',
  );
});

test('leaves alone what is no JSON', () => {
  expect(layOut('{"cut sho')).toBe('{"cut sho');
  fc.assert(fc.property(fc.string(), (text) => typeof layOut(text) === 'string'));
});

test('finds every place of a text, whatever its case', () => {
  expect(placesOf('aAbaa', 'A', 9)).toEqual([0, 1, 3, 4]);
  expect(placesOf('aAbaa', 'A', 2)).toEqual([0, 1]);
  expect(placesOf('abc', '', 9)).toEqual([]);
});
