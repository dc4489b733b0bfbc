import {expect, test} from 'vitest';
import type {Points} from './points.ts';
import {drawPoints, type Frame, nearestPoint} from './raster.ts';
import {heightOf} from './scale.ts';

const FRAME: Frame = {width: 100, height: 60, from: 0, to: 100, maxHeight: 3, ratio: 1};
const PALETTE = {low: 0xff000001, high: 0xff000002, top: 0xff000003, faded: 0xff000004};
const LIMITS = [heightOf(0.95), heightOf(0.99)] as const;

function pointsOf(all: readonly (readonly [seconds: number, score: number])[]): Points {
  return {
    count: all.length,
    seconds: Float64Array.from(all, ([seconds]) => seconds),
    score: Float32Array.from(all, ([, score]) => score),
    height: Float32Array.from(all, ([, score]) => heightOf(score)),
    principal: new Uint32Array(all.length),
    operation: new Uint16Array(all.length),
    explanation: new Int32Array(all.length).fill(-1),
  };
}

function coloursOf(points: Points, matches?: Uint8Array): Set<number> {
  const pixels = new Uint32Array(FRAME.width * FRAME.height);
  drawPoints(pixels, points, FRAME, LIMITS, PALETTE, matches);
  return new Set([...pixels].filter((pixel) => pixel !== 0).map((pixel) => pixel & 0xff));
}

test('colours points by the thresholds they reach', () => {
  expect(coloursOf(pointsOf([[10, 0.2]]))).toEqual(new Set([1]));
  expect(coloursOf(pointsOf([[10, 0.96]]))).toEqual(new Set([2]));
  expect(coloursOf(pointsOf([[10, 0.995]]))).toEqual(new Set([3]));
});

test('fades what does not match, however novel', () => {
  expect(coloursOf(pointsOf([[10, 0.995]]), Uint8Array.of(0))).toEqual(new Set([4]));
});

test('draws nothing outside the frame', () => {
  expect(
    coloursOf(
      pointsOf([
        [-50, 0.2],
        [300, 0.995],
      ]),
    ),
  ).toEqual(new Set());
});

test('survives points at its very edges', () => {
  expect(
    coloursOf(
      pointsOf([
        [0, 0],
        [0, 1],
        [100, 0.995],
        [100, 0],
      ]),
    ).size,
  ).toBeGreaterThan(0);
});

test('finds the nearest point within reach', () => {
  const points = pointsOf([
    [10, 0.9],
    [20, 0.9],
    [90, 0.9],
  ]);
  expect(nearestPoint(points, FRAME, 18, 40, 10, undefined)).toBe(1);
  expect(nearestPoint(points, FRAME, 18, 40, 10, Uint8Array.of(1, 0, 1))).toBe(0);
  expect(nearestPoint(points, FRAME, 50, 40, 10, undefined)).toBe(-1);
});
