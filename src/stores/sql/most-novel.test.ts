import fc from 'fast-check';
import {expect, test} from 'vitest';
import {LevelCounts, placesOfHighest} from './most-novel.ts';

const points = fc.array(
  fc.record({stretch: fc.nat(19), level: fc.nat(12), score: fc.integer({min: 0, max: 6})}),
);

test('chosen segments hold all points of the levels that a stretch needs', () => {
  fc.assert(
    fc.property(points, fc.integer({min: 1, max: 60}), (all, limit) => {
      const counts = new LevelCounts(20);
      for (const {stretch, level} of all) counts.add(stretch, level, 1_000);
      expect(counts.total).toBe(1_000 * all.length);
      const {room, segments, points: chosen} = counts.choose(1_000 * limit);
      const isRead = ({stretch, level}: {stretch: number; level: number}) =>
        segments.some((s) => s.first <= stretch && stretch < s.end && level >= s.level);
      expect(chosen).toBe(1_000 * all.filter(isRead).length);
      for (let stretch = 0; stretch < 20; stretch++) {
        const own = all.filter((point) => point.stretch === stretch);
        const read = own.filter(isRead);
        expect(1_000 * read.length).toBeGreaterThanOrEqual(Math.min(room, 1_000 * own.length));
        const lowest = Math.min(...read.map(({level}) => level));
        expect(own.filter(({level}) => level >= lowest)).toEqual(read);
      }
    }),
  );
});

test('what few stretches need is not read of the others', () => {
  const counts = new LevelCounts(300);
  for (let stretch = 0; stretch < 300; stretch++) {
    const isQuiet = stretch === 0 || stretch === 299;
    for (let level = 0; level < 100; level++) counts.add(stretch, level, isQuiet ? 1 : 1_000);
  }
  const {segments, points: chosen} = counts.choose(300 * 1_000);
  expect(segments.map(({first, end}) => [first, end])).toEqual([
    [0, 1],
    [1, 299],
    [299, 300],
  ]);
  expect(chosen).toBeLessThan(2 * 300 * 1_000);
});

test('keeps the highest scores of each stretch, of equal ones the last', () => {
  fc.assert(
    fc.property(points, fc.nat(9), (all, room) => {
      const scores = Float64Array.from(all, ({score}) => score);
      const stretches = Int32Array.from(all, ({stretch}) => stretch);
      const places = Int32Array.from(all.keys());
      const expected = [...all.keys()].filter((i) => {
        const {stretch, score} = all[i]!;
        const better = all.filter(
          (other, j) =>
            other.stretch === stretch && (other.score > score || (other.score === score && j > i)),
        );
        return better.length < room;
      });
      expect([...placesOfHighest(places, scores, stretches, 20, room)]).toEqual(expected);
    }),
  );
});
