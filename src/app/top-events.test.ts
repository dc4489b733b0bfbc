import fc from 'fast-check';
import {expect, test} from 'vitest';
import {TopEvents} from './top-events.ts';

test('keeps the most novel, the earlier of equals, as sorting everything would', () => {
  const scores = fc.array(fc.tuple(fc.integer({min: 0, max: 5}), fc.integer({min: 0, max: 3})));
  fc.assert(
    fc.property(scores, fc.integer({min: 1, max: 8}), (list, limit) => {
      const top = new TopEvents<number>(limit);
      list.forEach(([score, rank], i) => {
        const wanted = top.wants(score, rank);
        const before = top.sorted();
        top.add(score, rank, i);
        // What is not wanted leaves no trace: the caller need not describe it.
        if (!wanted) expect(top.sorted()).toEqual(before);
      });
      const sorted = list
        .map(([score, rank], i) => ({score, rank, i}))
        .sort((a, b) => b.score - a.score || b.rank - a.rank || a.i - b.i);
      expect(top.sorted()).toEqual(sorted.slice(0, limit).map(({i}) => i));
    }),
  );
});

test('must hold something', () => {
  expect(() => new TopEvents(0)).toThrow('must hold something');
});
