import {expect, test} from 'vitest';
import {event} from './event-for-tests.ts';
import {NINE_PAIRS, newTerms} from './new-terms.ts';

const DAY = 86_400_000;

test('counts the pairs that are new', () => {
  const method = newTerms(NINE_PAIRS, Infinity);
  expect(method.observe(event(), 0)).toBe(9);
  expect(method.observe(event(), 1)).toBe(0);
  expect(method.observe(event({network: '198.51.100.0/24'}), 2)).toBe(1);
  // By the principal and in the account.
  expect(method.observe(event({operation: 's3:GetObject'}), 3)).toBe(2);
});

test('forgets after its window, counted from the last sighting', () => {
  const method = newTerms([['principal', 'operation']], 10);
  expect(method.observe(event(), 0)).toBe(1);
  expect(method.observe(event(), 10 * DAY)).toBe(0);
  expect(method.observe(event(), 20 * DAY)).toBe(0);
  expect(method.observe(event(), 30 * DAY + 1)).toBe(1);
});
