import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Random} from '../../base/random.ts';
import type {DetectionEvent} from '../event.ts';
import {Kept, testEvent} from '../test-event.ts';
import {type RateSettings, Rates} from './rates.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday. */
const START = Date.parse('2026-03-02T00:00:00Z');
const PER = ['account', 'region', 'operation'] as const;
const CALLS: RateSettings = {measure: 'calls', per: PER};

let ids = 0;

function call(time: number, more: Parameters<typeof testEvent>[2] = {}): DetectionEvent {
  const usual = {
    account: '111111111111',
    region: 'eu-west-1',
    service: 'ec2',
    operation: 'ec2:CreateNetworkInterface',
    principal: '111111111111:role/app',
    userAgent: 'boto3',
  };
  return testEvent(time, `e${ids++}`, {...usual, ...more}, {readOnly: false});
}

/** Calls at random times, so many a day on average where `share` of a time is 1. */
function traffic(
  seed: number,
  days: number,
  perDay: number,
  share: (time: number) => number = () => 1,
): DetectionEvent[] {
  const random = new Random(seed);
  const events: DetectionEvent[] = [];
  for (let time = START; ; ) {
    time += random.exponential(DAY / perDay);
    if (time >= START + days * DAY) return events;
    if (random.chance(share(time))) events.push(call(time));
  }
}

/** Calls at once: so many within so many minutes. */
function burst(
  at: number,
  count: number,
  minutes = 5,
  more: Parameters<typeof testEvent>[2] = {},
): DetectionEvent[] {
  return Array.from({length: count}, (_, i) => call(at + (i * minutes * MINUTE) / count, more));
}

function run(events: readonly DetectionEvent[], settings = CALLS, kept = new Kept()): Kept {
  const rates = new Rates(settings);
  rates.advance(START, kept);
  for (const event of events.toSorted((a, b) => a.time - b.time)) {
    rates.take(event, kept);
    rates.advance(event.time, kept);
  }
  rates.advance(events.reduce((latest, {time}) => Math.max(latest, time), 0) + DAY, kept);
  return kept;
}

function starts(kept: Kept): number[] {
  return kept.episodes.filter(({state}) => state === 'start').map(({start}) => start - START);
}

test('a burst is an episode, with averages and those who made it', () => {
  const at = START + 8 * DAY + 10 * HOUR;
  const who = {principal: '111111111111:role/scaler', userAgent: 'lambda', error: 'Throttling'};
  const kept = run([...traffic(1, 9, 100), ...burst(at, 120, 10, who)]);
  const [start, end] = kept.episodes;
  expect(kept.episodes).toHaveLength(2);
  expect(start).toMatchObject({
    state: 'start',
    measure: 'calls',
    origin: 'measured',
    account: '111111111111',
    region: 'eu-west-1',
    operation: 'ec2:CreateNetworkInterface',
    principal: '',
    errorCode: '',
    start: at,
    end: null,
    baselineMinutes: 7 * 1440,
  });
  expect(end).toMatchObject({id: start?.id, state: 'end', start: at, end: at + 10 * MINUTE});
  expect(start?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(end?.episodeAverage).toBeGreaterThanOrEqual(12);
  expect(end?.episodeAverage).toBeLessThan(13);
  expect(end?.baselineAverage).toBeGreaterThan((100 / 1440) * 0.7);
  expect(end?.baselineAverage).toBeLessThan((100 / 1440) * 1.3);
  const [principal, userAgent, errorCode] = end?.attributions ?? [];
  expect(principal?.episode[0]).toEqual({value: '111111111111:role/scaler', average: 12});
  expect(principal?.baseline[0]?.value).toBe('111111111111:role/app');
  expect(principal?.baseline[0]?.average).toBeGreaterThan((100 / 1440) * 0.6);
  expect(principal?.baseline[0]?.average).toBeLessThan((100 / 1440) * 1.4);
  expect(principal?.baseline).toHaveLength(1);
  expect(userAgent?.episode[0]?.value).toBe('lambda');
  expect(errorCode?.episode[0]?.value).toBe('Throttling');
  expect(kept.hits).toMatchObject([
    {group: ['111111111111', 'eu-west-1', 'ec2:CreateNetworkInterface'], count: 60},
  ]);
  expect(kept.hits[0]?.facts).toMatchObject({
    principal: '111111111111:role/scaler',
    episode: start?.id,
  });
  expect(kept.hits[0]?.evidence).toHaveLength(20);
});

test('nothing is told of the first three days', () => {
  const early = burst(START + 2.9 * DAY, 500);
  const late = burst(START + 3.1 * DAY, 500);
  expect(run([...traffic(2, 4, 20), ...early])).toMatchObject({episodes: []});
  expect(starts(run([...traffic(2, 4, 20), ...late]))).toHaveLength(1);
});

test.each([1, 2, 3, 4, 5])('steady traffic has no episodes, seed %i', (seed) => {
  for (const perDay of [3, 100, 3000]) {
    expect(run(traffic(seed, 21, perDay)).episodes).toEqual([]);
  }
});

test.each([1, 2, 3])('the season is learnt: busy mornings of working days, seed %i', (seed) => {
  // Eight to ten on working days, forty times as busy as else.
  const morning = (time: number) => {
    const hour = Math.floor(time / HOUR) % 24;
    const weekday = new Date(time).getUTCDay();
    return weekday !== 0 && weekday !== 6 && hour >= 8 && hour < 10 ? 1 : 1 / 40;
  };
  const usual = traffic(seed, 21, 12_000, morning);
  expect(run(usual).episodes).toEqual([]);
  // The rate of a morning, on a Sunday afternoon.
  const sunday = START + 20 * DAY + 15 * HOUR;
  const kept = run([...usual, ...burst(sunday, 500, 30)]);
  expect(starts(kept).filter((at) => at >= 20 * DAY)).not.toHaveLength(0);
});

test('a burst does not become the baseline: the next one a week later is seen', () => {
  const usual = traffic(3, 24, 50);
  const times = [8, 15, 22].map((day) => day * DAY + 10 * HOUR);
  const kept = run([...usual, ...times.flatMap((at) => burst(START + at, 100))]);
  expect(starts(kept)).toEqual(times);
});

test('but what comes back again and again is learnt', () => {
  const usual = traffic(4, 40, 50);
  const daily = Array.from({length: 30}, (_, i) => (8 + i) * DAY + 10 * HOUR);
  const kept = run([...usual, ...daily.flatMap((at) => burst(START + at, 100))]);
  expect(starts(kept).length).toBeGreaterThan(2);
  expect(starts(kept).length).toBeLessThan(10);
  expect(Math.max(...starts(kept))).toBeLessThan(20 * DAY);
});

test('a burst in the days before anything is told does not blind it', () => {
  const kept = run([
    ...traffic(5, 9, 50),
    ...burst(START + 2 * DAY, 100),
    ...burst(START + 8 * DAY, 100),
  ]);
  expect(starts(kept)).toEqual([8 * DAY]);
});

test('a new level ends its episode after a day and is learnt', () => {
  const usual = traffic(6, 20, 50);
  const more = traffic(7, 20, 6000, (time) => (time >= START + 8 * DAY ? 1 : 0));
  const kept = run([...usual, ...more]);
  const ends = kept.episodes.filter(({state}) => state === 'end');
  expect(ends.length).toBeGreaterThanOrEqual(1);
  expect(ends.length).toBeLessThanOrEqual(3);
  expect(ends.at(-1)?.end).toBeLessThan(START + 11 * DAY);
});

test('calls that read do not count as calls, but their errors do', () => {
  const at = START + 5 * DAY;
  const reads = burst(at, 200, 5, {operation: 'ec2:DescribeInstances', error: 'AccessDenied'}).map(
    (event) => ({...event, record: {readOnly: true}}),
  );
  const usual = traffic(8, 6, 50);
  expect(run([...usual, ...reads]).episodes).toEqual([]);
  expect(starts(run([...usual, ...reads], {...CALLS, writesOnly: false}))).toHaveLength(1);
  const errors = run([...usual, ...reads], {measure: 'errors', per: PER});
  expect(errors.episodes[0]).toMatchObject({measure: 'errors', errorCode: 'AccessDenied'});
});

test('data events do not count, unless asked for', () => {
  const at = START + 5 * DAY;
  const puts = (record: Record<string, boolean | string>) =>
    burst(at, 200, 5, {operation: 's3:PutObject', service: 's3'}).map((event) => ({
      ...event,
      record,
    }));
  const usual = traffic(9, 6, 50);
  for (const record of [{managementEvent: false}, {eventCategory: 'Data'}, {}]) {
    expect(run([...usual, ...puts(record)]).episodes).toEqual([]);
  }
  const all = {...CALLS, managementOnly: false};
  expect(starts(run([...usual, ...puts({})], all))).toHaveLength(1);
});

test('per principal, what drowns in the calls of others is seen', () => {
  const usual = traffic(10, 9, 60_000);
  const one = burst(START + 8 * DAY + HOUR, 80, 5, {principal: '111111111111:user/raul'});
  expect(run([...usual, ...one]).episodes).toEqual([]);
  const kept = run([...usual, ...one], {...CALLS, per: [...PER, 'principal']});
  expect(kept.episodes[0]).toMatchObject({principal: '111111111111:user/raul'});
});

test('series are bounded, and the least recently active one makes room', () => {
  const rates = new Rates({...CALLS, maxSeries: 10});
  const kept = new Kept();
  for (let i = 0; i < 25; i++) {
    rates.take(call(START + i * HOUR, {operation: `ec2:Create${i}`}), kept);
  }
  rates.advance(START + 2 * DAY, kept);
  expect(rates.status).toMatchObject({series: 10, evicted: 15});
});

test('counts what waits for late events, and lets go of dates far ahead', () => {
  const rates = new Rates(CALLS);
  const kept = new Kept();
  rates.advance(START, kept);
  for (let i = 0; i < 100_010; i++) rates.take(call(START + DAY + i * 5 * MINUTE), kept);
  expect(rates.status.late).toBe(10);
  rates.advance(START + HOUR, kept);
  rates.take(call(START), kept);
  expect(rates.status.late).toBe(11);
});

test('a first event dated years ahead does not blind it', () => {
  const rates = new Rates(CALLS);
  const kept = new Kept();
  rates.take(call(START + 9 * 365 * DAY), kept);
  for (const event of [...traffic(12, 5, 50), ...burst(START + 5 * DAY, 100)]) {
    rates.take(event, kept);
    rates.advance(event.time, kept);
  }
  rates.advance(START + 6 * DAY, kept);
  expect(rates.status.late).toBe(0);
  expect(starts(kept)).toEqual([5 * DAY]);
});

const EXAMPLE = [
  ...traffic(11, 6, 60),
  ...burst(START + 4 * DAY + 7 * MINUTE, 90, 12),
  ...burst(START + 5 * DAY, 60, 30),
].sort((a, b) => a.time - b.time);

test('killed anywhere, it goes on exactly', () => {
  const settings = {...CALLS, per: [...PER, 'principal'] as const};
  const go = (kill: number) => {
    let rates = new Rates(settings);
    const kept = new Kept();
    EXAMPLE.forEach((event, i) => {
      if (i === kill) {
        const state = JSON.parse(JSON.stringify(rates.state()));
        rates = new Rates(settings);
        rates.restore(state);
        expect(rates.state()).toEqual(state);
      }
      rates.take(event, kept);
      if (i % 4 === 0) rates.advance(event.time, kept);
    });
    rates.advance(START + 7 * DAY, kept);
    return {...kept, state: rates.state()};
  };
  const whole = go(-1);
  expect(whole.episodes.length).toBeGreaterThanOrEqual(2);
  fc.assert(
    fc.property(fc.nat(EXAMPLE.length - 1), (kill) => {
      expect(go(kill)).toEqual(whole);
    }),
    {numRuns: 40},
  );
});

test('any order within the bound and any cut give the same episodes', () => {
  const go = (random: Random | undefined) => {
    const rates = new Rates(CALLS);
    const kept = new Kept();
    const arrivals = EXAMPLE.map((event) => ({
      event,
      at: event.time + (random?.below(15 * MINUTE) ?? 0),
    })).sort((a, b) => a.at - b.at);
    rates.advance(START, kept);
    let newest = START;
    for (const {event} of arrivals) {
      rates.take(event, kept);
      newest = Math.max(newest, event.time);
      if (random?.chance(0.5)) rates.advance(newest, kept);
    }
    rates.advance(START + 7 * DAY, kept);
    expect(rates.status.late).toBe(0);
    return kept.episodes;
  };
  const whole = go(undefined);
  expect(whole.length).toBeGreaterThanOrEqual(2);
  for (let seed = 0; seed < 20; seed++) expect(go(new Random(seed))).toEqual(whole);
});

test('leaves a state that is not its own', () => {
  const rates = new Rates(CALLS);
  const before = rates.state();
  const other = new Rates({measure: 'errors', per: PER});
  for (const state of [null, 1, [], {}, {rates: 2}, other.state()]) {
    rates.restore(state);
    expect(rates.state()).toEqual(before);
  }
});
