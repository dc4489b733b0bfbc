import fc from 'fast-check';
import {expect, test} from 'vitest';
import {scoreText} from '../../base/score-text.ts';
import {heightOf, levelOf, scoreTicks} from './scale.ts';

test('gives every power of ten the same room', () => {
  expect(heightOf(0)).toBeCloseTo(0, 12);
  expect(heightOf(0.9)).toBeCloseTo(1, 12);
  expect(heightOf(0.999)).toBeCloseTo(3, 12);
  expect(heightOf(1)).toBeCloseTo(7, 12);
});

test('shows enough digits, and never a score that was not reached', () => {
  expect([0, 0.5, 0.95, 0.99, 0.98996, 0.999962, 1].map(scoreText)).toEqual([
    '0.000',
    '0.500',
    '0.950',
    '0.990',
    '0.989',
    '0.999962',
    '1.000000',
  ]);
  fc.assert(
    fc.property(fc.double({min: 0, max: 1, noNaN: true}), (score) => {
      expect(Number(scoreText(score))).toBeLessThanOrEqual(score + 2e-9);
    }),
  );
});

test('marks the thresholds on the axis, and nothing above it', () => {
  expect(scoreTicks(2.5, [0.95, 0.99])).toEqual([0, 0.5, 0.9, 0.95, 0.99]);
});

test('a score at a threshold has reached it', () => {
  expect([0.9499, 0.95, 0.99].map((score) => levelOf(score, [0.95, 0.99]))).toEqual([
    'low',
    'high',
    'top',
  ]);
});
