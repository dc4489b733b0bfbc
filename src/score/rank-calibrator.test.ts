import fc from 'fast-check';
import {expect, test} from 'vitest';
import {RankCalibrator} from './rank-calibrator.ts';

const values = fc.array(fc.integer({min: 0, max: 20}), {minLength: 1, maxLength: 200});

test('agrees with counting', () => {
  fc.assert(
    fc.property(values, (all) => {
      const ranks = new RankCalibrator();
      for (const value of all) ranks.add(value);
      ranks.finish();
      for (const value of all) {
        const above = all.filter((other) => other > value).length;
        const equal = all.filter((other) => other === value).length;
        expect(ranks.share(value)).toBeCloseTo((above + equal / 2) / all.length, 12);
      }
    }),
  );
});

test('what is above everything is rarer than anything seen', () => {
  const ranks = new RankCalibrator();
  for (let i = 0; i < 100; i++) ranks.add(i);
  ranks.finish();
  expect(ranks.share(1000)).toBe(0.005);
  expect(ranks.share(-1)).toBe(1);
});

test('keeps its shares when it must thin out', () => {
  const ranks = new RankCalibrator(64);
  for (let i = 0; i < 10_000; i++) ranks.add(i);
  ranks.finish();
  expect(ranks.share(5_000)).toBeCloseTo(0.5, 1);
  expect(ranks.share(9_000)).toBeCloseTo(0.1, 1);
});

test('without values nothing is rare', () => {
  const ranks = new RankCalibrator();
  ranks.finish();
  expect(ranks.share(3)).toBe(1);
});
