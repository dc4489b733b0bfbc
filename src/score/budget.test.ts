import {expect, test} from 'vitest';
import {SectionReader, SectionWriter} from '../base/binary.ts';
import {Random} from '../base/random.ts';
import {AlertBudget} from './budget.ts';

const DAY = 86_400_000;

test('gives no threshold before the warm-up is over', () => {
  const budget = new AlertBudget({perDay: 2, halfLifeDays: 21, warmUpDays: 3});
  for (let day = 0; day < 3; day++) budget.learn(5, day * DAY, 1);
  expect(budget.threshold).toBe(Number.POSITIVE_INFINITY);
  budget.learn(5, 3 * DAY, 1);
  expect(budget.threshold).toBeLessThan(Number.POSITIVE_INFINITY);
});

test('lets about as many entities a day through as it was given', () => {
  const budget = new AlertBudget({perDay: 5, halfLifeDays: 21, warmUpDays: 3});
  const random = new Random(7);
  let alerts = 0;
  for (let day = 0; day < 200; day++) {
    for (let entity = 0; entity < 200; entity++) {
      const raised = random.exponential(6);
      if (day >= 30 && raised > budget.threshold) alerts++;
      budget.learn(raised, (day + entity / 200) * DAY, entity);
    }
  }
  expect(alerts / 170).toBeGreaterThan(4);
  expect(alerts / 170).toBeLessThan(6);
});

test('counts an entity once a day, by its highest event', () => {
  const once = new AlertBudget();
  const often = new AlertBudget();
  for (let day = 0; day < 10; day++) {
    once.learn(30, day * DAY, 1);
    for (let i = 0; i <= 300; i++) often.learn(i / 10, day * DAY, 1);
  }
  expect(often.threshold).toBe(once.threshold);
});

test('lets go of entities that are not marked, and counts their day all the same', () => {
  const one = new AlertBudget();
  const two = new AlertBudget();
  const marked = new Uint8Array(20).fill(1, 0, 10);
  for (let day = 0; day < 10; day++) {
    for (const budget of [one, two]) {
      for (let entity = 0; entity < 20; entity++) budget.learn(10 + entity, day * DAY, entity);
    }
    two.sweep(marked);
    const writer = new SectionWriter();
    two.save(writer);
    expect(new SectionReader(writer.bytes()).float64('budget.maxima')).toHaveLength(2 * 10);
    expect(two.threshold).toBe(one.threshold);
  }
});
