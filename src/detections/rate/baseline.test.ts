import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Baseline} from './baseline.ts';

const BINS_PER_DAY = 288;

test('goes on from its state as if it had not been away', () => {
  const gaps = fc.oneof(
    fc.integer({min: 1, max: 40}),
    fc.integer({min: 1, max: 12 * BINS_PER_DAY}),
  );
  const counts = fc.oneof(fc.nat({max: 50}), fc.double({min: 0, max: 1e6, noNaN: true}));
  fc.assert(
    fc.property(fc.array(fc.tuple(gaps, counts), {minLength: 1, maxLength: 120}), (steps) => {
      const first = 20_000 * 24;
      const one = new Baseline(first, 10, first * 12);
      let bin = first * 12;
      for (const [gap, count] of steps) {
        bin += gap;
        const other = new Baseline(first, 10, first * 12);
        other.restore(JSON.parse(JSON.stringify(one.state())));
        expect(one.expect(bin)).toEqual(other.expect(bin));
        expect(one.average(bin)).toBe(other.average(bin));
        one.add(bin, count);
      }
    }),
  );
});
