import {expect, test} from 'vitest';
import {event} from './event-for-tests.ts';
import {orderedPrefix} from './ordered-prefix.ts';

test('gives the bits of the most novel component and of the whole path', () => {
  const most = orderedPrefix(['service', 'operation']);
  const total = orderedPrefix(['service', 'operation'], 'total');
  for (let i = 0; i < 3; i++) {
    most.observe(event(), 0);
    total.observe(event(), 0);
  }
  // Known service: 3/(3+1). New operation after it: 1/(3+1).
  const next = event({operation: 's3:GetObject'});
  expect(most.observe(next, 0)).toBeCloseTo(2, 12);
  expect(total.observe(next, 0)).toBeCloseTo(2 + Math.log2(4 / 3), 12);
});

test('charges nothing for what follows a new prefix', () => {
  const method = orderedPrefix(['service', 'operation', 'principal'], 'total');
  method.observe(event(), 0);
  // One service in one event: a new one has 1/(1+1).
  expect(method.observe(event({service: 'ec2', operation: 'x', principal: 'y'}), 0)).toBe(1);
});

test('finds new values cheap where new values are the rule', () => {
  const method = orderedPrefix(['service', 'resource']);
  let last = 0;
  for (let i = 0; i < 50; i++) last = method.observe(event({resource: `r${i}`}), 0);
  expect(last).toBeLessThanOrEqual(1);
});
