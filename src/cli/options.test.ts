import {expect, test} from 'vitest';
import {
  collect,
  collectNames,
  oneOf,
  parseCount,
  parseDay,
  parseMoment,
  parsePositive,
  parseScore,
  parseWorkers,
} from './options.ts';

test('a moment is a date, a time, or an age', () => {
  expect(parseMoment('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
  expect(parseMoment('2026-01-31T12:00')).toBe(Date.UTC(2026, 0, 31, 12));
  expect(parseMoment('2026-01-31T12:00:00Z')).toBe(Date.UTC(2026, 0, 31, 12));
  expect(parseMoment('2026-01-31T12:00+02:00')).toBe(Date.UTC(2026, 0, 31, 10));
  expect(Math.abs(parseMoment('1.5h') - (Date.now() - 5_400_000))).toBeLessThan(1000);
  expect(Math.abs(parseMoment('90d') - (Date.now() - 90 * 86_400_000))).toBeLessThan(1000);
  for (const text of [
    '',
    'now',
    '31.01.2026',
    '2026-1-31',
    '2026-02-29',
    '2026-01-31Tnoon',
    '-3d',
  ]) {
    expect(() => parseMoment(text), text).toThrow('wanted');
  }
});

test('numbers are what they are said to be', () => {
  expect([parseCount('0'), parsePositive('7'), parseWorkers('64'), parseScore('0.95')]).toEqual([
    0, 7, 64, 0.95,
  ]);
  expect([parseScore('1'), parseScore('.5'), parseScore('1.')]).toEqual([1, 0.5, 1]);
  for (const text of ['', '-1', '1e3', '0x1', ' 1', '1234567890']) {
    expect(() => parseCount(text), text).toThrow('wanted');
  }
  for (const text of ['', 'x', '1.1', '-0.1', '0x1', 'NaN', ' ']) {
    expect(() => parseScore(text), text).toThrow('wanted');
  }
  expect(() => parsePositive('0')).toThrow('above 0');
  expect(() => parseWorkers('65')).toThrow('0 to 64');
  expect(parseDay('2024-02-29')).toBe('2024-02-29');
  expect(() => parseDay('2026-02-29')).toThrow('wanted');
});

test('lists grow; names may be joined by commas, paths may hold them', () => {
  expect(collect('a,b/', collect('c', undefined))).toEqual(['c', 'a,b/']);
  expect(collectNames('a,b,', collectNames('c', undefined))).toEqual(['c', 'a', 'b']);
  expect(oneOf('--format', 'csv', ['table', 'csv'])).toBe('csv');
  expect(() => oneOf('--format', 'CSV', ['table', 'csv'])).toThrow('wanted: table, csv');
});
