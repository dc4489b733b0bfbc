import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {EventNote} from '../evaluator.ts';
import {MAX_NOTES, MAX_VALUES, MetricSeries, noteFrom, noteState} from './metric.ts';

function note(time: number, eventId: string): EventNote {
  return {
    eventId,
    time,
    principal: 'p',
    operation: 'o',
    account: 'a',
    region: 'r',
    sourceIp: 'i',
    userAgent: 'u',
    error: '-',
    resource: '-',
    score: 0.5,
  };
}

test.each([
  ['p50', 50],
  ['p99', 99],
  ['p99.9', 100],
  ['p100', 100],
  ['p1', 1],
])('%s of 1 to 100 is %i', (name, expected) => {
  const series = new MetricSeries(10, {percentile: Number(name.slice(1))});
  for (let i = 1; i <= 100; i++) series.add(i % 30, i, note(i, `${i}`));
  expect(series.window(0, 30)).toEqual({samples: 100, matched: 100, value: expected});
});

test('percentiles of very many values are within half a percent', () => {
  const series = new MetricSeries(10, {percentile: 90});
  const count = 20 * MAX_VALUES;
  for (let i = 1; i <= count; i++) series.add(1, i, note(i, `${i}`));
  const {value} = series.window(0, 10);
  expect(Math.abs(value! / (0.9 * count) - 1)).toBeLessThan(0.005);
  expect(JSON.stringify(series.state()).length).toBeLessThan(60_000);
});

test('remembers the newest events, whatever the order, also past ones', () => {
  const times = fc.uniqueArray(fc.nat(200), {minLength: 1, maxLength: 60});
  fc.assert(
    fc.property(times, fc.nat(20), (all, settled) => {
      const series = new MetricSeries(10, 'Sum');
      for (const time of all) series.add(time, 1, note(time, `${time}`));
      series.settle(0, settled * 10);
      const from = 30;
      const newest = all
        .filter((time) => time >= from)
        .sort((a, b) => a - b)
        .slice(-MAX_NOTES);
      expect(series.notes(from, 210).map(({time}) => time)).toEqual(newest);
    }),
  );
});

test('keeps a note as a list', () => {
  const kept = note(3, 'x');
  expect(noteFrom(noteState(kept))).toEqual(kept);
});
