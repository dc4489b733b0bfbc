import {expect, test} from 'vitest';
import {upperTail} from './negative-binomial.ts';

/** By adding up the probabilities of all smaller counts. */
function byHand(count: number, mean: number, dispersion: number): number {
  const r = mean / (dispersion - 1);
  const q = 1 - 1 / dispersion;
  let probability = dispersion ** -r;
  let below = 0;
  for (let k = 0; k < count; k++) {
    below += probability;
    probability *= (q * (r + k)) / (k + 1);
  }
  return 1 - below;
}

test('agrees with adding up probabilities', () => {
  for (const mean of [0.01, 0.3, 2, 15, 80]) {
    for (const dispersion of [1.01, 1.5, 4, 30]) {
      for (const count of [1, 2, 5, 12, 40, 120]) {
        const exact = byHand(count, mean, dispersion);
        expect(Math.abs(upperTail(count, mean, dispersion) - exact)).toBeLessThan(1e-9);
      }
    }
  }
});

test('is near a Poisson distribution without dispersion', () => {
  // P(X >= 5) for a mean of 1, from tables.
  expect(upperTail(5, 1, 1)).toBeCloseTo(0.00366, 3);
});

test('falls with the count and rises with the dispersion, also far out', () => {
  const at = (count: number, dispersion: number) => upperTail(count, 0.01, dispersion);
  expect(at(50, 5)).toBeLessThan(at(20, 5));
  expect(at(50, 5)).toBeLessThan(at(50, 20));
  expect(at(2000, 5)).toBeGreaterThanOrEqual(0);
  expect(at(0, 5)).toBe(1);
  expect(upperTail(1e6, 1e6, 50)).toBeCloseTo(0.5, 1);
});
