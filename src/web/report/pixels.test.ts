import {expect, test} from 'vitest';
import {pixelOf} from './pixels.ts';

test('writes pixels as they lie in memory', () => {
  expect(pixelOf('#010203')).toBe(0xff030201);
});
