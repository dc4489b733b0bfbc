import {expect, test} from 'vitest';
import {objectEnd} from './object-end.ts';

const end = (text: string, from = 0) => objectEnd(new TextEncoder().encode(text), from);

test('finds the end of an object, past brackets in strings', () => {
  expect(end('{}')).toBe(2);
  expect(end('x{"a":["}\\"]"]} {}', 1)).toBe(15);
  expect(end('[{}]{}')).toBe(4);
});

test('says when the bytes end inside it', () => {
  for (const text of ['{', '{"a', '{"a\\', '{"}"', '{"a":[{}}', '']) expect(end(text)).toBe(-1);
});
