import {expect, test} from 'vitest';
import {type AlarmSettings, breaches, checkAlarm, parseStatistic, stepOf} from './settings.ts';

const MINUTE = 60_000;
const GOOD: AlarmSettings = {
  metric: {name: 'M', namespace: 'N', value: 1},
  statistic: 'Sum',
  periodMs: 5 * MINUTE,
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  threshold: 1,
  comparison: '>=',
  missingData: 'missing',
};

function paths(change: Partial<AlarmSettings>): string[] {
  return checkAlarm({...GOOD, ...change}).map(({path}) => path.join('.'));
}

function metric(change: Partial<AlarmSettings['metric']>): string[] {
  return paths({metric: {...GOOD.metric, ...change}});
}

test('finds nothing wrong with what is right', () => {
  expect(paths({})).toEqual([]);
  for (const periodMs of [10_000, 30_000, MINUTE, 8 * 60 * MINUTE]) {
    expect(paths({periodMs})).toEqual([]);
  }
  expect(paths({periodMs: 24 * 60 * MINUTE, evaluationPeriods: 1, datapointsToAlarm: 1})).toEqual(
    [],
  );
  expect(metric({value: "$.a['b c'][0].d-e", unit: 'Bytes/Second', default: 0})).toEqual([]);
  expect(metric({dimensions: {Region: '$.awsRegion'}})).toEqual([]);
});

test('says where a field makes no sense', () => {
  const at = (value: string) =>
    checkAlarm({...GOOD, metric: {...GOOD.metric, value: value as `$${string}`}}).map(
      ({index}) => index,
    );
  expect(at('$.a.*')).toEqual([3]);
  expect(at('a.b')).toEqual([0]);
  expect(at('$')).toEqual([1]);
});

test.each([0, 5000, 20_000, 45_000, 90_000, -MINUTE, Number.NaN])('no period of %i', (periodMs) => {
  expect(paths({periodMs})).toEqual(['period']);
});

test('periods last a day at most, together', () => {
  expect(paths({periodMs: 8 * 60 * MINUTE + MINUTE})).toEqual(['evaluation_periods']);
  expect(paths({periodMs: 25 * 60 * MINUTE, evaluationPeriods: 1, datapointsToAlarm: 1})).toEqual([
    'period',
  ]);
  expect(paths({periodMs: 10_000, evaluationPeriods: 8641})).toEqual(['evaluation_periods']);
});

test('tells all that is wrong at once, each at its place', () => {
  const wrong = {
    periodMs: 7,
    evaluationPeriods: 0,
    datapointsToAlarm: 1.5,
    threshold: Number.NaN,
    comparison: '=>' as '>',
    statistic: 'Median',
    metric: {name: '', namespace: '', value: '$.a.*', default: Number.NaN, unit: 'Furlongs'},
  } as const;
  expect(paths(wrong)).toEqual([
    'period',
    'evaluation_periods',
    'datapoints_to_alarm',
    'threshold',
    'comparison',
    'statistic',
    'metric.value',
    'metric.unit',
    'metric.default',
  ]);
  expect(paths({datapointsToAlarm: 4})).toEqual(['datapoints_to_alarm']);
  expect(metric({default: 0, dimensions: {A: '$.a', B: 'b', C: '$.c', D: '$.d'}})).toEqual([
    'metric.default',
    'metric.dimensions',
    'metric.dimensions.B',
  ]);
});

test.each([
  ['GreaterThanOrEqualToThreshold', '>=', [false, true, true]],
  ['GreaterThanThreshold', '>', [false, false, true]],
  ['LessThanOrEqualToThreshold', '<=', [true, true, false]],
  ['LessThanThreshold', '<', [true, false, false]],
] as const)('%s is %s', (name, sign, expected) => {
  for (const comparison of [name, sign]) {
    expect([1, 2, 3].map((value) => breaches(value, comparison, 2))).toEqual(expected);
  }
});

test('knows statistics in any case', () => {
  expect(parseStatistic('SampleCount')).toBe('SampleCount');
  expect(parseStatistic('sum')).toBe('Sum');
  expect(parseStatistic('p99.9')).toEqual({percentile: 99.9});
  for (const text of ['p0', 'p101', 'p', 'p1e1', 'constructor', '']) {
    expect(parseStatistic(text)).toBeUndefined();
  }
});

test('looks every ten seconds at short periods, else every minute', () => {
  expect([10_000, 30_000, MINUTE, 60 * MINUTE].map(stepOf)).toEqual([
    10_000, 10_000, 60_000, 60_000,
  ]);
});
