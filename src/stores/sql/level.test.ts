import {expect, test} from 'vitest';
import {levelOf, MAX_LEVEL} from './level.ts';

test('a higher score never has a lower level, next to a bound neither', () => {
  const bits = new BigInt64Array(1);
  const score = new Float64Array(bits.buffer);
  for (let level = 1; level <= MAX_LEVEL; level++) {
    score[0] = 1 - 2 ** (-level / 8);
    let before = 0;
    for (let i = -200n; i <= 200n; i++) {
      score[0] = 1 - 2 ** (-level / 8);
      bits[0] = (bits[0] ?? 0n) + i;
      if ((score[0] ?? 0) > 1) break;
      const found = levelOf(score[0] ?? 0);
      expect(found).toBeGreaterThanOrEqual(before);
      before = found;
    }
  }
  expect([levelOf(0.01), levelOf(0.5), levelOf(1)]).toEqual([0, 8, MAX_LEVEL]);
});
