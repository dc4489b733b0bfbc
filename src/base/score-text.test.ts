import fc from 'fast-check';
import {expect, test} from 'vitest';
import {cutScore, scoreText} from './score-text.ts';

test('cuts, and shows enough digits to tell a score from 1', () => {
  expect([0, 0.29, 0.9, 0.99, 0.991, 0.9996, 0.99996, 1].map(scoreText)).toEqual([
    '0.000',
    '0.290',
    '0.900',
    '0.990',
    '0.9910',
    '0.99960',
    '0.999960',
    '1.000000',
  ]);
  expect([0.98996, 0.9996, 0.99996].map((score) => cutScore(score, 3))).toEqual([
    '0.989',
    '0.999',
    '0.999',
  ]);
});

test('never says more than there is, and 1 of 1 alone', () => {
  const below = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});
  fc.assert(
    fc.property(below, fc.integer({min: 1, max: 6}), (score, digits) => {
      for (const text of [scoreText(score), cutScore(score, digits)]) {
        expect(Number(text)).toBeLessThan(1);
        expect(Number(text)).toBeLessThanOrEqual(score + 1e-6);
      }
    }),
  );
  for (const score of [1 - Number.EPSILON, 0.99999999999]) expect(scoreText(score)).toMatch(/^0\./);
});
