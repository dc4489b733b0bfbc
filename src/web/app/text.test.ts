import {expect, test} from 'vitest';
import {
  componentText,
  formatBytes,
  formatMinute,
  formatRate,
  formatSpan,
  rateText,
  shortPrincipal,
  visible,
} from './text.ts';

test('spells out what cannot be seen', () => {
  expect(visible('a\u202eb\u0000c\u200bd\u2028e\u{e0001}')).toBe(
    'a\\u202eb\\u0000c\\u200bd\\u2028e\\ue0001',
  );
  expect(visible('two\nlines\tand ümläuts 日本')).toBe('two\nlines\tand ümläuts 日本');
});

test('calls principals and values what people call them', () => {
  expect(
    [
      '123456789012:user/raul',
      'person/alice@example.com/Admin',
      'service/ec2.amazonaws.com',
      '123456789012:root',
      'unknown',
    ].map(shortPrincipal),
  ).toEqual(['raul', 'alice@example.com', 'ec2.amazonaws.com', 'root 123456789012', 'unknown']);
  expect(componentText('hour', 'h4')).toBe('working days 16–20 h');
  expect(componentText('time', 'w0')).toBe('days off 0–4 h');
  expect(componentText('region', 'h4')).toBe('h4');
  expect(componentText('error', '-')).toBe('success');
});

test('tells sizes, spans and rates with the digits that matter', () => {
  expect([0, 1023, 1536, 5 * 2 ** 20, 3 * 2 ** 40].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '5.0 MiB',
    '3.0 TiB',
  ]);
  expect([-5, 850, 12_000, 180_000, 18e6, 1e9].map(formatSpan)).toEqual([
    '0 ms',
    '850 ms',
    '12 s',
    '3 min',
    '5 h',
    '12 d',
  ]);
  expect([0.123, 12.34, 2310].map(formatRate)).toEqual(['0.12', '12.3', '2,310']);
});

test('tells a rate by the time in which there is something to count', () => {
  expect(
    [4720.4, 12.4, 1, 0.42, 0.0821, 0.00725, 0.000499, 0.00002, 0.000001, 0].map(rateText),
  ).toEqual([
    '4,720 a minute',
    '12 a minute',
    '1 a minute',
    '25 an hour',
    '4.9 an hour',
    '10 a day',
    '5 a week',
    '0.2 a week',
    'less than 0.1 a week',
    'never',
  ]);
});

test('a moment to the minute has its zone', () => {
  expect(formatMinute(Date.UTC(2026, 10, 22, 3, 4, 5), 'utc')).toBe('2026-11-22 03:04Z');
  expect(formatMinute(Date.UTC(2026, 10, 22, 3, 4, 5), 'local')).toMatch(
    / \d\d:\d\d [+-]\d\d:\d\d$/,
  );
});
