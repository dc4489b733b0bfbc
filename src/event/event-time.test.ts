import fc from 'fast-check';
import {expect, test} from 'vitest';
import {formatEventTime, parseEventTime} from './event-time.ts';

const NOON = Date.UTC(2025, 2, 26, 12, 0, 0);

test.each([
  ['2025-03-26T12:00:00Z', NOON],
  ['2025-03-26 12:00:00.000000000', NOON],
  ['2025-03-26T12:00:00.25Z', NOON + 250],
  ['2025-03-26T12:00:00,123456789Z', NOON + 123],
  ['2025-03-26 23:00:00+11:00', NOON],
  ['2025-03-26T07:30:00-0430', NOON],
  ['2025-03-26T13:00:00+01', NOON],
  ['2025-03-26 12:00:00 UTC', NOON],
  ['2025-03-26T12:00:00', NOON],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ['1742990400', NOON],
  ['1742990400000', NOON],
  [1742990400, NOON],
  [1742990400.5, NOON + 500],
  [1742990400000, NOON],
])('reads %s', (text, time) => {
  expect(parseEventTime(text)).toBe(time);
});

test.each([
  '2025-13-45T00:00:00Z',
  '2025-02-29T00:00:00Z',
  '2025-03-26T24:00:00Z',
  '2025-03-26T12:60:00Z',
  '2025-03-26T12:00:61Z',
  '2025-03-26TT12:00:00Z',
  '2025-03-26T12:00:00+99:00',
  '2025-03-26',
  '1989-12-31T23:59:59Z',
  '2201-01-01T00:00:00Z',
  '...',
  '',
  'eventTime',
  '12',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0,
])('refuses %s', (text) => {
  expect(parseEventTime(text)).toBeUndefined();
});

test('reads back what it writes', () => {
  const time = fc.integer({min: Date.UTC(1990, 0, 1), max: Date.UTC(2200, 11, 31)});
  fc.assert(fc.property(time, (ms) => parseEventTime(formatEventTime(ms)) === ms));
});
