import {expect, test} from 'vitest';
import type {AlarmChange} from '../../api/detection-types.ts';
import {exceeds, niceTicks, seriesOf, stretchesOf} from './alarm-shape.ts';

function change(time: number, from: AlarmChange['from'], to: AlarmChange['to']): AlarmChange {
  return {detection: 'a', time, from, to, reason: '', datapoints: [], events: []};
}

test('tells what state held when, in whatever order changes come', () => {
  const changes = [change(30, 'ALARM', 'OK'), change(20, 'OK', 'ALARM')];
  expect(stretchesOf({changes}, 'OK', {from: 10, to: 40})).toEqual([
    {from: 10, to: 20, state: 'OK'},
    {from: 20, to: 30, state: 'ALARM'},
    {from: 30, to: 40, state: 'OK'},
  ]);
});

test('a change before the range tells the state at its beginning', () => {
  const changes = [change(5, 'OK', 'ALARM'), change(50, 'ALARM', 'OK')];
  expect(stretchesOf({changes}, 'OK', {from: 10, to: 40})).toEqual([
    {from: 10, to: 40, state: 'ALARM'},
  ]);
});

test('without changes the state that holds now held all the time', () => {
  expect(stretchesOf({changes: []}, 'INSUFFICIENT_DATA', {from: 1, to: 2})).toEqual([
    {from: 1, to: 2, state: 'INSUFFICIENT_DATA'},
  ]);
});

test('compares as CloudWatch names it', () => {
  const over = (name: string) => [9, 10, 11].map(exceeds(name, 10));
  expect(over('GreaterThanOrEqualToThreshold')).toEqual([false, true, true]);
  expect(over('GreaterThanThreshold')).toEqual([false, false, true]);
  expect(over('LessThanThreshold')).toEqual([true, false, false]);
  expect(over('LessThanOrEqualToThreshold')).toEqual([true, true, false]);
});

test('ticks are round, few and below the top', () => {
  expect(niceTicks(25.3)).toEqual([0, 10, 20]);
  expect(niceTicks(1.15)).toEqual([0, 0.5, 1]);
  for (const top of [0.003, 0.7, 4, 999, 123_456]) {
    const ticks = niceTicks(top);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(7);
    expect(ticks.at(-1)).toBeLessThanOrEqual(top);
  }
});

const RANGE = {from: 0, to: 1_000};

test('finds the series of dimensions in what changes were decided on, alarms first', () => {
  const raul = 'identity arn:aws:iam::123456789012:user/raul';
  const told = (name: string, time: number, to: AlarmChange['to'], value: number | null) => ({
    ...change(time, 'OK', to),
    reason: `${name}: The only datapoint [8 from 2026-11-17T18:13:00Z] was at or above`,
    datapoints: [{start: time - 10, value}],
  });
  const changes = [
    told('identity backup', 20, 'OK', 1),
    told(raul, 100, 'ALARM', 8),
    {...told(raul, 120, 'OK', 7), reason: `${raul}: Of the last 3 datapoints, 1 was at [7]`},
    told('identity late', 2_000, 'ALARM', 9),
    told('identity silent', 130, 'OK', null),
  ];
  expect(seriesOf(changes, RANGE)).toEqual([
    {
      name: raul,
      points: [
        {start: 90, value: 8},
        {start: 110, value: 7},
      ],
    },
    {name: 'identity backup', points: [{start: 10, value: 1}]},
  ]);
});

test('an alarm without dimensions has no series, and a name may look like a reason', () => {
  const plain = {...change(5, 'OK', 'ALARM'), reason: 'The only datapoint [8 from …] was above'};
  expect(seriesOf([{...plain, datapoints: [{start: 1, value: 8}]}], RANGE)).toEqual([]);
  const hostile = 'identity a: The only datapoint [1]';
  const named = {...plain, reason: `${hostile}: The only datapoint [8] was above`};
  expect(seriesOf([{...named, datapoints: [{start: 1, value: 8}]}], RANGE)).toEqual([
    {name: hostile, points: [{start: 1, value: 8}]},
  ]);
});
