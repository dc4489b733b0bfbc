import {expect, test} from 'vitest';
import {markdownTable, meanAndSpread} from './table.ts';

test('pads a Markdown table', () => {
  expect(markdownTable(['method', 'AP'], [['a', '0.5']])).toMatchInlineSnapshot(`
    "| method | AP  |
    |--------|-----|
    | a      | 0.5 |"
  `);
});

test('gives the mean, and the spread of several', () => {
  expect(meanAndSpread([0.5], 2)).toBe('0.50');
  expect(meanAndSpread([1, 3], 1)).toBe('2.0 ±1.4');
  expect(meanAndSpread([1, null], 0)).toBe('1');
  expect(meanAndSpread([null], 2)).toBe('–');
});
