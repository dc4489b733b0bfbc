import {expect, test} from 'vitest';
import {Random} from '../../src/base/random.ts';
import {baselines} from './all.ts';
import {event} from './event-for-tests.ts';

test('every baseline has a name of its own', () => {
  const names = baselines().map(({name}) => name);
  expect(names.length).toBeGreaterThanOrEqual(15);
  expect(new Set(names).size).toBe(names.length);
});

test.each(baselines().map((method) => [method.name, method] as const))(
  '%s finds a planted intruder no less novel than the usual',
  (_, method) => {
    const random = new Random(7);
    const usual: number[] = [];
    for (let hour = 0; hour < 400; hour++) {
      for (const principal of ['a', 'b', 'c']) {
        const score = method.observe(
          event({principal, operation: `${principal}:${random.below(4)}`, service: principal}),
          hour * 3_600_000,
        );
        expect(Number.isFinite(score) && score >= 0).toBe(true);
        if (hour > 100) usual.push(score);
      }
    }
    const strange = method.observe(
      event({
        principal: 'a',
        service: 'c',
        operation: 'c:1',
        network: '198.51.100.0/24',
        userAgent: 'boto3',
        region: 'ap-south-1',
      }),
      400 * 3_600_000,
    );
    const lower = usual.filter((score) => score < strange).length;
    const tied = usual.filter((score) => score === strange).length;
    expect((lower + tied / 2) / usual.length).toBeGreaterThan(0.5);
  },
);
