import {expect, test} from 'vitest';
import {formatClock, formatCount, formatShare, formatShortDay, formatTime} from './format.ts';

const TIME = Date.UTC(2026, 9, 16, 3, 4, 5);

test('writes times in UTC', () => {
  expect(formatTime(TIME, 'utc')).toBe('2026-10-16 03:04:05');
  expect(formatShortDay(TIME, 'utc')).toBe('Fri 10-16');
  expect(formatClock(TIME, 'utc')).toBe('03:04');
  expect(formatClock(TIME, 'utc', true)).toBe('03:04:05');
});

test('writes local times as the clock on the wall shows them', () => {
  const local = new Date(TIME);
  const hours = String(local.getHours()).padStart(2, '0');
  const minutes = String(local.getMinutes()).padStart(2, '0');
  expect(formatClock(TIME, 'local')).toBe(`${hours}:${minutes}`);
});

test('groups thousands, and calls no share nothing that is something', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
  expect([0, 0.001, 0.256, 1].map(formatShare)).toEqual(['0%', '<1%', '26%', '100%']);
});
