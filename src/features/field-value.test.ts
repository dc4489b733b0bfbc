import {expect, test} from 'vitest';
import {MAX_COMPONENT_LENGTH} from '../event/text.ts';
import {componentText} from './field-value.ts';

test('puts numbers into buckets', () => {
  const log2 = {as: 'text', bucket: 'log2'} as const;
  expect(componentText(0, log2)).toBe('0');
  expect(componentText(5, log2)).toBe('4–8');
  expect(componentText(-5, log2)).toBe('-8–-4');
  expect(componentText('300', log2)).toBe('256–512');
  expect(componentText('many', log2)).toBe('many');
  expect(componentText(27, {as: 'text', bucket: {width: 10}})).toBe('20–30');
  const edges = {as: 'text', bucket: {edges: [100, 10]}} as const;
  expect(componentText(9, edges)).toBe('below 10');
  expect(componentText(10, edges)).toBe('10–100');
  expect(componentText(100, edges)).toBe('100 and above');
});

test('keeps the first group of a pattern, and the value where it does not match', () => {
  const host = {as: 'text', pattern: '^https?://([^/]+)'} as const;
  expect(componentText('https://example.com/a/b', host)).toBe('example.com');
  expect(componentText('ftp://x', host)).toBe('ftp://x');
});

test('keeps so many segments, and no more than a component may be long', () => {
  expect(componentText('/api/users/17', {as: 'text', segments: 3})).toBe('/api/users');
  expect(componentText('x'.repeat(5000), {as: 'text'})).toHaveLength(MAX_COMPONENT_LENGTH);
});

test('long texts that differ only at their ends stay different', () => {
  const [a, b] = ['a', 'b'].map((end) => componentText('x'.repeat(5000) + end, {as: 'text'}));
  expect(a).toHaveLength(MAX_COMPONENT_LENGTH);
  expect(a).not.toBe(b);
  expect(componentText('', {as: 'text'})).toBe('');
});

test('a pattern sees the first 1,024 characters only', () => {
  const end = {as: 'text', pattern: '^x+(y)'} as const;
  expect(componentText(`${'x'.repeat(1_023)}y`, end)).toBe('y');
  expect(componentText(`${'x'.repeat(1_024)}y`, end)).not.toBe('y');
});

test('what is no text, number or truth value is absent', () => {
  for (const value of [null, undefined, {}, []])
    expect(componentText(value, {as: 'text'})).toBe('');
  expect(componentText(false, {as: 'text'})).toBe('false');
});
