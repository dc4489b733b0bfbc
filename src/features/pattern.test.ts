import {expect, test} from 'vitest';
import {slowPattern} from './pattern.ts';

test('refuses repeated groups that hold repetitions or alternatives, and says why', () => {
  for (const slow of [
    '(a+)+',
    '^(a|a)*$',
    '(?:x*)+y',
    '(?<name>a|ab)+',
    '((a)+b)*',
    '(a{2,})*',
    '(a+){1000}',
    '(?:(?:\\w+)\\.?)*',
  ]) {
    expect(() => new RegExp(slow, 'u')).not.toThrow();
    expect(slowPattern(slow)).toContain('is repeated and holds');
  }
  expect(slowPattern('^(a|b)+$')).toBe(
    'The group (a|b) is repeated and holds alternatives, which may take forever',
  );
});

test('lets pass what repeats plainly', () => {
  for (const fine of [
    '^https?://([^/]+)',
    '^(a|b)?c+(?:d)*',
    '(\\(a+\\))',
    '([+*|]+)',
    '(a+)',
    '(x)+y+',
    '(?:\\p{L}\\u{61})+',
    '(a+){1}',
    '([\\]+|]x)+',
    '^([a-z]{2,8})-',
  ]) {
    expect(() => new RegExp(fine, 'u')).not.toThrow();
    expect(slowPattern(fine)).toBeUndefined();
  }
});
