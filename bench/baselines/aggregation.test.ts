import {expect, test} from 'vitest';
import {withAggregation} from './aggregation.ts';
import {event} from './event-for-tests.ts';

const HOUR = 3_600_000;

function scripted() {
  const method = withAggregation({
    name: 'scripted',
    observe: ({resource}) => Number(resource),
  });
  for (let i = 0; i < 1_000; i++) method.observe(event({resource: String(i % 2)}), 0);
  return method;
}

test('raises what follows evidence of the same principal, and no other', () => {
  const method = scripted();
  expect(method.observe(event({resource: '20'}), 0)).toBe(20);
  expect(method.observe(event({resource: '1'}), HOUR)).toBeGreaterThan(1.5);
  expect(method.observe(event({resource: '1', principal: 'other'}), HOUR)).toBe(1);
});

test('lets evidence fade', () => {
  const method = scripted();
  method.observe(event({resource: '20'}), 0);
  const soon = method.observe(event({resource: '1'}), HOUR);
  const late = method.observe(event({resource: '1'}), 100 * HOUR);
  expect(late).toBeLessThan(soon);
  expect(late).toBeCloseTo(1, 2);
});
