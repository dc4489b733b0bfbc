import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {AlarmState} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {Kept, testEvent} from '../test-event.ts';
import {Alarm, type AlarmFilter} from './alarm.ts';
import {type Breach, decide, MISSING_DATA} from './decide.ts';
import {type AlarmSettings, breaches, COMPARISON_NAMES} from './settings.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-03-02T10:00:00Z');

const SETTINGS: AlarmSettings = {
  metric: {name: 'RootUse', namespace: 'CIS', value: 1},
  statistic: 'Sum',
  periodMs: 5 * MINUTE,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  missingData: 'notBreaching',
};

const FILTER: AlarmFilter = {
  needs: {},
  matches: ({components}) => components.operation === 'counted',
};

function at(minutes: number): number {
  return START + Math.round(minutes * MINUTE);
}

function counted(
  time: number,
  id = String(time),
  record: Readonly<Record<string, Json>> = {},
): DetectionEvent {
  return testEvent(time, id, {operation: 'counted', principal: '1:user/raul'}, record);
}

/** Minutes since START and state of each change. */
function story(kept: Kept): (readonly [number, AlarmState])[] {
  return kept.changes.map(({time, to}) => [(time - START) / MINUTE, to] as const);
}

test('goes to ALARM and back, some periods after the last datapoint', () => {
  const alarm = new Alarm(SETTINGS, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.take(counted(at(10.2)), kept);
  alarm.advance(at(60), kept);
  // Three datapoints are looked at for one, so the breach is seen until it is out of all three.
  expect(story(kept)).toEqual([
    [1, 'OK'],
    [11, 'ALARM'],
    [26, 'OK'],
  ]);
  expect(kept.changes[1]).toMatchObject({
    from: 'OK',
    reason:
      'The only datapoint [1 from 2026-03-02T10:06:00Z] was at or above the threshold 1; 1 of 1 needed',
    datapoints: [{start: at(6), value: 1}],
    events: [{principal: '1:user/raul', time: at(10.2)}],
  });
  expect(kept.points).toEqual([{start: at(10), periodMs: 5 * MINUTE, value: 1, samples: 1}]);
});

test('tells a hit with the event that completes it, and the change once late events are in', () => {
  const alarm = new Alarm({...SETTINGS, threshold: 3}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (const minutes of [10, 11]) alarm.take(counted(at(minutes)), kept);
  expect(kept.hits).toEqual([]);
  const last = counted(at(12));
  alarm.take(last, kept);
  expect(kept.hits).toMatchObject([
    {event: last, time: at(12), count: 3, facts: {value: '3', threshold: '3', metric: 'RootUse'}},
  ]);
  expect(kept.hits[0]?.evidence).toHaveLength(3);
  expect(alarm.status.provisional).toBe('OK');
  alarm.advance(at(13), kept);
  expect(alarm.status).toMatchObject({state: 'INSUFFICIENT_DATA', provisional: 'ALARM'});
  alarm.advance(at(40), kept);
  expect(kept.hits).toHaveLength(1);
  expect(story(kept)).toContainEqual([13, 'ALARM']);
});

test('windows slide: three events over the edge of two periods alarm all the same', () => {
  const alarm = new Alarm({...SETTINGS, threshold: 3}, FILTER, {latenessMs: 0});
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (const minutes of [13, 14, 16]) alarm.take(counted(at(minutes)), kept);
  alarm.advance(at(20), kept);
  expect(story(kept)).toContainEqual([17, 'ALARM']);
});

// CloudWatch: "alarms may repeatedly re-evaluate the last set of data points for a period of time
// after the metric has stopped flowing", which "may cause the alarm to change state".
test('may go to ALARM again over the same events, as CloudWatch does, but tells no second hit', () => {
  const alarm = new Alarm({...SETTINGS, threshold: 3}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (const minutes of [10, 11, 12]) alarm.take(counted(at(minutes)), kept);
  alarm.advance(at(60), kept);
  expect(story(kept)).toEqual([
    [1, 'OK'],
    [13, 'ALARM'],
    [16, 'OK'],
    [18, 'ALARM'],
    [21, 'OK'],
    [23, 'ALARM'],
    [26, 'OK'],
  ]);
  expect(kept.hits).toHaveLength(1);
});

test('a late event within the bound is as good as one in time', () => {
  const run = (times: readonly number[]) => {
    const alarm = new Alarm({...SETTINGS, threshold: 2}, FILTER);
    const kept = new Kept();
    alarm.advance(at(0), kept);
    for (const minutes of times) {
      alarm.take(counted(at(minutes)), kept);
      alarm.advance(at(Math.max(minutes, 20)), kept);
    }
    alarm.advance(at(90), kept);
    return kept.changes;
  };
  expect(run([10, 20, 8])).toEqual(run([8, 10, 20]));
});

test('a late event that completes a breach is told of at once, too', () => {
  const alarm = new Alarm({...SETTINGS, threshold: 3}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (const minutes of [13, 16]) alarm.take(counted(at(minutes)), kept);
  alarm.advance(at(17), kept);
  const late = counted(at(14));
  alarm.take(late, kept);
  expect(kept.hits).toMatchObject([{event: late, count: 3}]);
  alarm.advance(at(60), kept);
  expect(story(kept)).toContainEqual([17, 'ALARM']);
  expect(kept.hits).toHaveLength(1);
});

test('a late event of an earlier breach is told of though a later one was told before', () => {
  const alarm = new Alarm({...SETTINGS, periodMs: MINUTE}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.take(counted(at(30)), kept);
  alarm.advance(at(30), kept);
  alarm.take(counted(at(16)), kept);
  alarm.advance(at(60), kept);
  expect(story(kept).filter(([, to]) => to === 'ALARM')).toEqual([
    [17, 'ALARM'],
    [31, 'ALARM'],
  ]);
  expect(kept.hits.map(({evidence}) => evidence.map(({time}) => time))).toEqual([
    [at(30)],
    [at(16)],
  ]);
});

test('an event later than that still counts where its time is not evaluated yet', () => {
  const alarm = new Alarm({...SETTINGS, periodMs: HOUR}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.advance(at(60), kept);
  alarm.take(counted(at(30)), kept);
  expect(alarm.status.late).toBe(1);
  alarm.advance(at(80), kept);
  expect(story(kept)).toContainEqual([46, 'ALARM']);
});

test('a quiet stream is evaluated as time goes', () => {
  const alarm = new Alarm({...SETTINGS, missingData: 'breaching'}, FILTER, {latenessMs: 0});
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.advance(at(1), kept);
  expect(story(kept)).toEqual([[1, 'ALARM']]);
  expect(kept.changes[0]?.reason).toBe(
    'No datapoints in the evaluation range; missing data is taken as breaching',
  );
  expect(kept.hits).toHaveLength(1);
  expect(kept.hits[0]).toMatchObject({event: null, count: 0});
});

test('periods of ten seconds are evaluated every ten seconds', () => {
  const settings = {...SETTINGS, periodMs: 10 * SECOND, threshold: 2};
  const alarm = new Alarm(settings, FILTER, {latenessMs: 0});
  const kept = new Kept();
  alarm.advance(START, kept);
  alarm.take(counted(START + 21_000, 'a'), kept);
  alarm.take(counted(START + 29_000, 'b'), kept);
  alarm.advance(at(2), kept);
  expect(kept.changes.map(({time, to}) => [(time - START) / SECOND, to])).toEqual([
    [10, 'OK'],
    [30, 'ALARM'],
    [60, 'OK'],
  ]);
});

test('a state set by hand holds until the next evaluation', () => {
  const alarm = new Alarm(SETTINGS, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.advance(at(60), kept);
  alarm.setState('ALARM', 'Drill of the team', at(60.5), kept);
  expect(alarm.status.state).toBe('ALARM');
  expect(kept.hits).toMatchObject([{facts: {drill: 'yes', reason: 'Drill of the team'}}]);
  alarm.advance(at(75), kept);
  expect(alarm.status.state).toBe('ALARM');
  alarm.advance(at(76), kept);
  expect(alarm.status.state).toBe('OK');
  expect(story(kept).slice(1)).toEqual([
    [60.5, 'ALARM'],
    [61, 'OK'],
  ]);
});

test('"ignore" keeps a state set by hand, as it keeps any other', () => {
  const alarm = new Alarm({...SETTINGS, missingData: 'ignore'}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.setState('ALARM', 'Drill', at(1), kept);
  alarm.advance(at(100), kept);
  expect(alarm.status.state).toBe('ALARM');
  expect(kept.hits).toHaveLength(1);
});

test('a drill does not hide what is real', () => {
  const alarm = new Alarm(SETTINGS, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.advance(at(20), kept);
  alarm.setState('OK', 'Quiet, please', at(20), kept);
  alarm.take(counted(at(15)), kept);
  alarm.advance(at(40), kept);
  expect(story(kept)).toContainEqual([16, 'ALARM']);
  expect(kept.hits).toHaveLength(1);
});

test('takes its value from a field, a number or a text that is one', () => {
  const metric = {name: 'Items', namespace: 'X', value: '$.requestParameters.max[0]'} as const;
  const alarm = new Alarm({...SETTINGS, metric, statistic: 'Maximum', threshold: 50}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  const values: Json[] = [7, '49.5', 'many', null, [60], {a: 1}, true, '', '1e999'];
  values.forEach((value, i) => {
    alarm.take(counted(at(1), `e${i}`, {requestParameters: {max: [value]}}), kept);
  });
  alarm.take(counted(at(1), 'none'), kept);
  alarm.advance(at(60), kept);
  expect(kept.points).toEqual([{start: at(0), periodMs: 5 * MINUTE, value: 49.5, samples: 2}]);
  expect(kept.hits).toEqual([]);
});

test('the default stands for minutes in which events came and none matched', () => {
  const metric = {...SETTINGS.metric, default: 0};
  const settings = {...SETTINGS, metric, periodMs: MINUTE, missingData: 'missing'} as const;
  const alarm = new Alarm(settings, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  alarm.take(testEvent(at(1.1), 'a', {operation: 'other'}), kept);
  alarm.take(counted(at(2.1)), kept);
  alarm.take(testEvent(at(2.2), 'b', {operation: 'other'}), kept);
  alarm.take(testEvent(at(3.2), 'c', {operation: 'other'}), kept);
  alarm.advance(at(60), kept);
  expect(story(kept)).toEqual([
    [2, 'OK'],
    [3, 'ALARM'],
    [4, 'OK'],
    [7, 'INSUFFICIENT_DATA'],
  ]);
  expect(kept.points.map(({value}) => value)).toEqual([0, 1, 0]);
});

test('with a default it asks what the filter needs before it asks the filter', () => {
  const asked: string[] = [];
  const filter: AlarmFilter = {
    needs: {operation: (operation) => operation === 'wanted', failed: true},
    matches: ({id}) => {
      asked.push(id);
      return true;
    },
  };
  const metric = {...SETTINGS.metric, default: 0};
  const alarm = new Alarm({...SETTINGS, metric}, filter);
  expect(alarm.needs).toEqual({});
  const kept = new Kept();
  alarm.take(testEvent(at(1), 'other', {operation: 'other', error: 'X'}), kept);
  alarm.take(testEvent(at(1), 'succeeded', {operation: 'wanted'}), kept);
  alarm.take(testEvent(at(1), 'failed', {operation: 'wanted', error: 'X'}), kept);
  expect(asked).toEqual(['failed']);
  expect(new Alarm(SETTINGS, filter).needs).toBe(filter.needs);
});

test('each combination of dimensions is a series, and the alarm is the worst of them', () => {
  const metric = {...SETTINGS.metric, dimensions: {Region: '$.awsRegion'}};
  const alarm = new Alarm({...SETTINGS, metric, threshold: 2}, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  const take = (minutes: number, id: string, awsRegion: string) =>
    alarm.take(counted(at(minutes), id, {awsRegion}), kept);
  take(1, 'a', 'eu-west-1');
  take(2, 'b', 'us-east-1');
  alarm.take(counted(at(2), 'without'), kept);
  expect(kept.hits).toEqual([]);
  take(3, 'c', 'eu-west-1');
  take(4, 'd', 'us-east-1');
  alarm.advance(at(60), kept);
  expect(kept.hits.map(({group}) => group)).toEqual([['eu-west-1'], ['us-east-1']]);
  expect(story(kept).slice(0, 2)).toEqual([
    [1, 'OK'],
    [4, 'ALARM'],
  ]);
  expect(kept.changes[1]?.reason).toMatch(/^Region eu-west-1: The only datapoint \[2 from/);
  expect(kept.changes[1]?.events.map(({eventId}) => eventId)).toEqual(['a', 'c']);
  expect(alarm.status.series).toBe(0);
});

test('the bound on series lets go of the one that was least recently heard of', () => {
  const metric = {...SETTINGS.metric, dimensions: {Ip: '$.sourceIPAddress'}};
  const alarm = new Alarm({...SETTINGS, metric, threshold: 2}, FILTER);
  const kept = new Kept();
  for (let i = 0; i < 1500; i++) {
    alarm.take(counted(at(1), `e${i}`, {sourceIPAddress: `10.0.0.${i}`}), kept);
  }
  expect(alarm.status).toMatchObject({series: 1000, forgotten: 500});
});

test('a year of silence costs nothing', () => {
  const alarm = new Alarm(SETTINGS, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (let year = 1; year <= 100; year++) {
    alarm.take(counted(at(year * 525_600)), kept);
    alarm.advance(at(year * 525_600 + 20), kept);
  }
  expect(kept.hits).toHaveLength(100);
});

test('forgotten dates do not fill the memory', () => {
  const alarm = new Alarm(SETTINGS, FILTER);
  const kept = new Kept();
  alarm.advance(at(0), kept);
  for (let i = 0; i < 101_000; i++) alarm.take(counted(at(600_000 + i)), kept);
  expect(alarm.status.forgotten).toBe(1000);
  alarm.take(counted(at(1)), kept);
  alarm.advance(at(30), kept);
  expect(story(kept)).toContainEqual([2, 'ALARM']);
});

// Properties.

interface Case {
  readonly settings: AlarmSettings;
  /** Seconds from START, and value. */
  readonly events: readonly (readonly [number, number])[];
}

const cases = fc
  .record({
    periodMs: fc.constantFrom(10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE),
    evaluationPeriods: fc.integer({min: 1, max: 5}),
    less: fc.nat(4),
    threshold: fc.integer({min: -1, max: 6}),
    comparison: fc.constantFrom(...COMPARISON_NAMES),
    statistic: fc.constantFrom('SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum', 'p50', 'p99'),
    missingData: fc.constantFrom(...MISSING_DATA),
    events: fc.array(fc.tuple(fc.nat(2400), fc.integer({min: -2, max: 6})), {maxLength: 40}),
    constant: fc.boolean(),
    initial: fc.constantFrom(undefined, 0, 2),
  })
  .map(({less, events, constant, initial, ...settings}): Case => {
    const value = constant ? 1 : '$.value';
    const metric = {name: 'M', namespace: 'N', value, default: initial} as const;
    const datapointsToAlarm = Math.max(1, settings.evaluationPeriods - less);
    return {settings: {...settings, metric, datapointsToAlarm}, events};
  });

function eventsOf({events}: Case): DetectionEvent[] {
  return events.map(([seconds, value], i) => {
    const operation = value === -2 ? 'other' : 'counted';
    return testEvent(START + seconds * SECOND, `e${i}`, {operation}, {value});
  });
}

const END = START + HOUR;

/** Every instant from every event: slow, and plainly right. */
function oracle({settings}: Case, all: readonly DetectionEvent[]): [number, AlarmState][] {
  const {periodMs, evaluationPeriods, metric, threshold, comparison, statistic} = settings;
  const step = periodMs < MINUTE ? 10 * SECOND : MINUTE;
  let state: AlarmState = 'INSUFFICIENT_DATA';
  const changes: [number, AlarmState][] = [];
  for (let now = START + step; now <= END; now += step) {
    const points: Breach[] = [];
    for (let age = 0; age < evaluationPeriods + 2; age++) {
      const end = now - age * periodMs;
      const values: number[] = [];
      for (let from = end - periodMs; from < end; from += step) {
        const within = all.filter(({time}) => time >= from && time < from + step);
        const own = within.filter(({components}) => components.operation === 'counted');
        if (own.length > 0) {
          values.push(
            ...own.map(({record}) => (metric.value === 1 ? 1 : (record.value as number))),
          );
        } else if (within.length > 0 && metric.default !== undefined) values.push(metric.default);
      }
      points.push(
        values.length === 0
          ? null
          : breaches(statisticOf(values, statistic), comparison, threshold),
      );
    }
    const next = decide(points, settings).state;
    if (next === 'retain' || next === state) continue;
    state = next;
    changes.push([now, state]);
  }
  return changes;
}

function statisticOf(values: readonly number[], statistic: string): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const ascending = values.toSorted((a, b) => a - b);
  const rank = Math.ceil((Number(statistic.slice(1)) / 100) * values.length);
  switch (statistic) {
    case 'SampleCount':
      return values.length;
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Minimum':
      return ascending[0]!;
    case 'Maximum':
      return ascending.at(-1)!;
    default:
      return ascending[rank - 1]!;
  }
}

function inOrder(events: readonly DetectionEvent[]): DetectionEvent[] {
  return events.toSorted((a, b) => a.time - b.time);
}

test('agrees with looking at all events at every instant', () => {
  fc.assert(
    fc.property(cases, (example) => {
      const events = inOrder(eventsOf(example));
      const alarm = new Alarm(example.settings, FILTER);
      const kept = new Kept();
      alarm.advance(START, kept);
      for (const event of events) {
        alarm.take(event, kept);
        alarm.advance(event.time, kept);
      }
      alarm.advance(END + 15 * MINUTE, kept);
      const changes = kept.changes.map(({time, to}) => [time, to]);
      expect(changes).toEqual(oracle(example, events));
      // A hit is owed to a change to ALARM, and no change to ALARM is without any. One that rests
      // on old datapoints may have a hit of its own beside the one that did not wait.
      const alarms = changes.filter(([, to]) => to === 'ALARM').length;
      expect(kept.hits.length).toBeLessThanOrEqual(2 * alarms);
      expect(kept.hits.length > 0).toBe(alarms > 0);
    }),
    {numRuns: 300},
  );
});

test('any order within the bound and any cut of the stream give the same history', () => {
  fc.assert(
    fc.property(
      cases,
      fc.array(fc.nat(900), {minLength: 40, maxLength: 40}),
      fc.array(fc.boolean(), {minLength: 40, maxLength: 40}),
      fc.boolean(),
      (example, delays, cuts, named) => {
        const {default: initial, ...rest} = example.settings.metric;
        const metric = named
          ? {...rest, dimensions: {Value: '$.value'}}
          : {...rest, default: initial};
        const settings = {...example.settings, metric};
        const events = eventsOf(example);
        // Each comes up to the bound late; the clock is the newest event time that has come.
        const arrivals = events
          .map((event, i) => ({event, at: event.time + delays[i]! * SECOND}))
          .sort((a, b) => a.at - b.at);
        const run = (cutAfter: (i: number) => boolean) => {
          const alarm = new Alarm(settings, FILTER);
          const kept = new Kept();
          alarm.advance(START, kept);
          let newest = START;
          arrivals.forEach(({event}, i) => {
            alarm.take(event, kept);
            newest = Math.max(newest, event.time);
            if (cutAfter(i)) alarm.advance(newest, kept);
          });
          alarm.advance(END + 15 * MINUTE, kept);
          expect(alarm.status.late).toBe(0);
          expect(kept.hits.length > 0).toBe(kept.changes.some(({to}) => to === 'ALARM'));
          return {changes: kept.changes, points: kept.points};
        };
        const whole = run(() => false);
        expect(run((i) => cuts[i]!)).toEqual(whole);
        expect(run(() => true)).toEqual(whole);
        if (named) return;
        const times = whole.changes.map(({time, to}) => [time, to]);
        expect(times).toEqual(oracle(example, events));
      },
    ),
    {numRuns: 200},
  );
});

test('killed anywhere, it goes on exactly', () => {
  fc.assert(
    fc.property(
      cases,
      fc.nat(40),
      fc.constantFrom<AlarmState>('OK', 'ALARM'),
      fc.boolean(),
      (example, kill, set, named) => {
        const dimensions = named ? {Value: '$.value'} : undefined;
        const {default: initial, ...rest} = example.settings.metric;
        const metric = named ? {...rest, dimensions} : {...rest, default: initial};
        const settings = {...example.settings, metric};
        const events = eventsOf(example);
        const run = (kills: boolean) => {
          let alarm = new Alarm(settings, FILTER);
          const kept = new Kept();
          alarm.advance(START, kept);
          events.forEach((event, i) => {
            if (i === 20) alarm.setState(set, 'Drill', event.time, kept);
            if (kills && i === kill) {
              const state = JSON.parse(JSON.stringify(alarm.state()));
              alarm = new Alarm(settings, FILTER);
              alarm.restore(state);
              expect(alarm.state()).toEqual(state);
            }
            alarm.take(event, kept);
            if (i % 3 === 0) alarm.advance(event.time, kept);
          });
          alarm.advance(END + 15 * MINUTE, kept);
          return {...kept, state: alarm.state()};
        };
        expect(run(true)).toEqual(run(false));
      },
    ),
    {numRuns: 200},
  );
});

test('leaves a state that is not its own', () => {
  const kept = new Kept();
  const other = new Alarm({...SETTINGS, periodMs: 10 * SECOND}, FILTER);
  other.advance(at(60), kept);
  for (const state of [other.state(), null, 1, [], {}, {alarm: 2}]) {
    const alarm = new Alarm(SETTINGS, FILTER);
    const before = alarm.state();
    alarm.restore(state);
    expect(alarm.state()).toEqual(before);
  }
});

test('goes on with its datapoints when only the threshold has changed', () => {
  const kept = new Kept();
  const alarm = new Alarm(SETTINGS, FILTER);
  alarm.advance(at(0), kept);
  alarm.take(counted(at(10)), kept);
  const next = new Alarm({...SETTINGS, threshold: 2}, FILTER);
  next.restore(alarm.state());
  next.take(counted(at(11)), kept);
  next.advance(at(60), kept);
  expect(story(kept)).toContainEqual([12, 'ALARM']);
});
