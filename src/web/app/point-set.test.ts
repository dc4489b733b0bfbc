import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Observation} from '../../api/types.ts';
import {PointSet} from './point-set.ts';
import {type Frame, nearestPoint, peaksOf} from './raster.ts';

function row(id: number, second: number, score: number, principal = 'p'): Observation {
  return {id, eventTime: second * 1000, score, dimensions: {principal}} as unknown as Observation;
}

const batch = fc.array(
  fc.tuple(
    fc.integer({min: 1, max: 300}),
    fc.integer({min: 0, max: 1000}),
    fc.double({min: 0, max: 1, noNaN: true}),
  ),
);

test('holds each observation once, in order of time, however it comes', () => {
  fc.assert(
    fc.property(fc.array(batch), (batches) => {
      const points = new PointSet('principal');
      const expected = new Map<number, number>();
      for (const rows of batches) {
        for (const [id, second] of rows) if (!expected.has(id)) expected.set(id, second);
        points.addRows(rows.map(([id, second, score]) => row(id, second, score)));
      }
      const seconds = [...points.seconds.subarray(0, points.count)];
      expect(seconds).toEqual([...expected.values()].sort((a, b) => a - b));
      const ids = points.ids.subarray(0, points.count);
      ids.forEach((id, i) => {
        expect(expected.get(id)).toBe(seconds[i]);
        expect(points.indexOf(id)).toBe(i);
      });
      expect(ids.length).toBe(expected.size);
    }),
  );
});

test('grows past its first room', () => {
  const points = new PointSet('principal');
  points.addRows(Array.from({length: 3_000}, (_, i) => row(i + 1, i, 0.5, `p${i % 3}`)));
  expect(points.count).toBe(3_000);
  expect(points.groups).toEqual(['p0', 'p1', 'p2']);
  expect(points.firstAtOrAfter(1_500)).toBe(1_500);
});

test('finds the nearest point, and of two in one place the more novel', () => {
  const points = new PointSet('principal');
  points.addRows([row(1, 10, 0.5), row(2, 20, 0.2), row(3, 20, 0.9), row(4, 20, 0.9)]);
  const frame: Frame = {
    width: 100,
    height: 100,
    from: 0,
    to: 100,
    scale: 'linear',
    top: 1,
    ratio: 1,
  };
  expect(points.ids[nearestPoint(points, frame, 11, 51, 14)]).toBe(1);
  expect(points.ids[nearestPoint(points, frame, 20, 82, 14)]).toBe(2);
  expect(nearestPoint(points, frame, 60, 50, 14)).toBe(-1);
});

test('knows the highest score of each group in view', () => {
  const points = new PointSet('principal');
  points.addRows([row(1, 10, 0.9, 'a'), row(2, 20, 0.2, 'a'), row(3, 30, 0.4, 'b')]);
  expect([...peaksOf(points, 0, 100)]).toEqual([0.9, 0.4]);
  expect([...peaksOf(points, 15, 100)]).toEqual([0.2, 0.4]);
});
