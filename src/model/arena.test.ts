import {expect, test} from 'vitest';
import {Arena} from './arena.ts';

const SMALLEST = 31;

test('refuses a second record of a value', () => {
  const arena = new Arena(64);
  const table = arena.allocate(SMALLEST);
  const record = arena.insert(table, SMALLEST, 7);
  expect(arena.find(table, SMALLEST, 7)).toBe(record);
  expect(() => arena.insert(table, SMALLEST, 7)).toThrow('no value has two records');
});
