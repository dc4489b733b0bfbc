import {expect, test} from 'vitest';
import {event} from './event-for-tests.ts';
import {independentFields} from './independent-fields.ts';

test('adds the bits of each field by itself', () => {
  const method = independentFields(['service', 'region']);
  expect(method.observe(event(), 0)).toBe(0);
  method.observe(event(), 0);
  // Two events, one value seen in each field and one cell for the unseen: 1/4 and 3/4.
  const bits = method.observe(event({service: 'ec2'}), 0);
  expect(bits).toBeCloseTo(Math.log2(4 / 1) + Math.log2(4 / 3), 12);
});

test('does not see a new combination of usual values', () => {
  const method = independentFields(['service', 'principal']);
  for (let i = 0; i < 20; i++) {
    method.observe(event({service: 'ec2', principal: 'a'}), 0);
    method.observe(event({service: 's3', principal: 'b'}), 0);
  }
  expect(method.observe(event({service: 's3', principal: 'a'}), 0)).toBeLessThan(2.2);
});
