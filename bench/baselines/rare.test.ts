import {expect, test} from 'vitest';
import {event} from './event-for-tests.ts';
import {rare} from './rare.ts';

const HOUR = 3_600_000;
const job = [{by: 'operation', partition: 'principal'}] as const;

test('is silent until its partition has twenty buckets', () => {
  const method = rare(job);
  for (let i = 0; i < 19; i++) method.observe(event(), i * HOUR);
  expect(method.observe(event({operation: 'new'}), 18 * HOUR)).toBe(0);
  method.observe(event(), 19 * HOUR);
  // Nineteen and one more buckets of the usual, one of the first new one: 22 with this.
  expect(method.observe(event({operation: 'newer'}), 19 * HOUR)).toBeCloseTo(Math.log2(22), 12);
});

test('counts a burst in one bucket once', () => {
  const method = rare(job);
  for (let i = 0; i < 30; i++) method.observe(event(), i * HOUR);
  for (let i = 0; i < 100; i++) method.observe(event({operation: 'burst'}), 30 * HOUR);
  // One bucket of the burst and this occurrence, of 30 + 1 + 1.
  expect(method.observe(event({operation: 'burst'}), 31 * HOUR)).toBeCloseTo(Math.log2(16), 12);
});

test('keeps partitions apart', () => {
  const method = rare(job);
  for (let i = 0; i < 30; i++) method.observe(event(), i * HOUR);
  expect(method.observe(event({principal: 'other', operation: 'new'}), 30 * HOUR)).toBe(0);
});
