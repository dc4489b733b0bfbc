import {expect, test} from 'vitest';
import {SectionReader, SectionWriter} from '../base/binary.ts';
import {Arena, RECORD} from './arena.ts';

const SMALLEST = 31;

test('refuses a second record of a value', () => {
  const arena = new Arena(64);
  const table = arena.allocate(SMALLEST);
  const record = arena.insert(table, SMALLEST, 7);
  expect(arena.find(table, SMALLEST, 7)).toBe(record);
  expect(() => arena.insert(table, SMALLEST, 7)).toThrow('no value has two records');
});

test('stops before offsets exceed what it was made for', () => {
  const arena = new Arena(64, 1 << 15);
  arena.block(20_000);
  arena.block(6_000);
  // Half as much again would be too much.
  expect(arena.byteLength).toBe(4 << 15);
  expect(() => arena.block(8_000)).toThrow('must fit 32768 words');
  expect(() => new Arena(64, 2 ** 31)).toThrow('offsets are 32 bits wide');
});

test('knows what is in use, also after it was restored', () => {
  const arena = new Arena(64);
  const before = arena.live;
  let table = arena.allocate(SMALLEST);
  arena.insert(table, SMALLEST, 1);
  table = arena.resize(table, SMALLEST, SMALLEST - 1);
  expect(arena.live - before).toBe(4 * RECORD);
  const writer = new SectionWriter();
  arena.save(writer);
  const restored = new Arena(64);
  restored.restore(new SectionReader(writer.bytes()));
  expect(restored.live).toBe(arena.live);
  arena.release(table, SMALLEST - 1);
  expect(arena.live).toBe(before);
});
