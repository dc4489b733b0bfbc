import fc from 'fast-check';
import {expect, test} from 'vitest';
import {placesInAscendingOrder} from './ascending.ts';

test('puts numbers in order, equal ones as they lie', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: 20})), (numbers) => {
      const expected = [...numbers.keys()].sort(
        (a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0) || a - b,
      );
      expect([...placesInAscendingOrder(Float64Array.from(numbers))]).toEqual(expected);
    }),
  );
});
