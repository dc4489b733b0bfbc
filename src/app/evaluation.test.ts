import fc from 'fast-check';
import {expect, test} from 'vitest';
import {evaluate, type ScoredEvent} from './evaluation.ts';
import type {Truth, TruthEntry} from './truth.ts';

const DAY = 86_400_000;
const START = Date.UTC(2024, 2, 1);

interface Given {
  day?: number;
  minute?: number;
  who?: string;
  score: number;
  rank?: number;
  campaign?: string;
  scenario?: string;
  ignore?: boolean;
}

function build(given: readonly Given[]): {events: ScoredEvent[]; truth: Truth} {
  const truth = new Map<string, TruthEntry>();
  const events = given.map((one, i) => {
    const eventId = `e${i}`;
    if (one.ignore) truth.set(eventId, {ignore: true});
    else if (one.campaign !== undefined) {
      truth.set(eventId, {campaign: one.campaign, scenario: one.scenario ?? 'any'});
    }
    const timeMs = START + (one.day ?? 0) * DAY + (one.minute ?? 0) * 60_000;
    return {eventId, timeMs, principal: one.who ?? 'p', score: one.score, rank: one.rank};
  });
  return {events, truth};
}

function run(given: readonly Given[], judgeFrom?: number) {
  const {events, truth} = build(given);
  return evaluate(events, truth, {judgeFrom});
}

test('gives average precision and area as computed by hand', () => {
  // Down the list: attack, benign, attack, benign. Precision 1/1 and 2/3; 3 of 4 pairs in order.
  const result = run([
    {score: 4, campaign: 'a'},
    {score: 3},
    {score: 2, campaign: 'a'},
    {score: 1},
  ]);
  expect(result.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(result.rocAuc).toBeCloseTo(3 / 4, 12);
});

test('lets every campaign weigh the same in the weighted precision', () => {
  // Campaign a: precisions 1 and 1; campaign b: 3/4.
  const result = run([
    {score: 9, campaign: 'a'},
    {score: 8, campaign: 'a'},
    {score: 7},
    {score: 6, campaign: 'b'},
  ]);
  expect(result.campaignAveragePrecision).toBeCloseTo((1 + 3 / 4) / 2, 12);
  expect(result.averagePrecision).toBeCloseTo((1 + 1 + 3 / 4) / 3, 12);
});

test('counts ties as one half in the area and at the end of their level in precision', () => {
  const result = run([{score: 1, campaign: 'a'}, {score: 1}, {score: 0}]);
  expect(result.rocAuc).toBeCloseTo(0.75, 12);
  expect(result.averagePrecision).toBeCloseTo(0.5, 12);
});

test('orders equal scores by rank', () => {
  const result = run([
    {score: 1, rank: 2, campaign: 'a'},
    {score: 1, rank: 1},
    {score: 0, rank: 99},
  ]);
  expect(result.rocAuc).toBe(1);
  expect(result.averagePrecision).toBe(1);
});

test('finds campaigns at a budget of false principal-days', () => {
  // One day with three false principal-days, at most 9, 7 and 5; q is no false alert: it attacks.
  const result = run([
    {who: 'x', score: 9},
    {who: 'x', score: 8},
    {who: 'y', score: 7},
    {who: 'z', score: 5},
    {who: 'q', score: 10},
    {who: 'q', score: 8, campaign: 'high', scenario: 's1'},
    {who: 'q', score: 6, campaign: 'low', scenario: 's2'},
    {who: 'q', score: 5, campaign: 'tied', scenario: 's2'},
  ]);
  // At 1 a day the threshold is 7, at 2 it is 5 and a tie is not over it, at 5 all are over.
  expect(result.recallAt).toEqual({'1': 1 / 3, '2': 2 / 3, '5': 1, '10': 1});
  expect(result.scenarios).toEqual({
    s1: {campaigns: 1, recallAt: {'1': 1, '2': 1, '5': 1, '10': 1}},
    s2: {campaigns: 2, recallAt: {'1': 0, '2': 0.5, '5': 1, '10': 1}},
  });
  expect(result.thresholdAt['1']).toEqual({score: 7, rank: 0, falseAlertsPerDay: 1});
  expect(result.thresholdAt['5']).toEqual({score: null, rank: null, falseAlertsPerDay: 3});
  expect(result.worstFalseAlertDay).toEqual({
    falseAlertsPerDay: 5,
    day: '2024-03-01',
    falseAlerts: 3,
  });
  expect(result.counts).toMatchObject({principalDays: 4, attackPrincipalDays: 1, days: 1});
});

test('spends the budget over all judged days, quiet ones among them', () => {
  // Four days at 1 a day allow four false alerts; there are five, all on the first day.
  const result = run([
    ...[5, 4, 3, 2, 1].map((score) => ({who: `w${score}`, score})),
    {day: 3, score: 2, campaign: 'a', who: 'q'},
  ]);
  expect(result.counts.days).toBe(4);
  expect(result.thresholdAt['1']).toEqual({score: 1, rank: 0, falseAlertsPerDay: 1});
  expect(result.recallAt['1']).toBe(1);
});

test('finds nothing when all scores tie and false alerts exceed the budget', () => {
  const crowd = Array.from({length: 11}, (_, i) => ({who: `w${i}`, score: 1}));
  const result = run([...crowd, {who: 'q', score: 1, campaign: 'a'}]);
  expect(result.recallAt).toEqual({'1': 0, '2': 0, '5': 0, '10': 0});
  expect(result.timeToDetection).toMatchObject({found: 0, missed: 1, medianMinutes: null});
});

test('times detection from the first event of a campaign', () => {
  const crowd = Array.from({length: 6}, (_, i) => ({who: `w${i}`, score: 5}));
  const result = run([
    ...crowd,
    {who: 'q', minute: 30, score: 6, campaign: 'late'},
    {who: 'q', minute: 10, score: 1, campaign: 'late'},
    {who: 'q', minute: 20, score: 1, campaign: 'late'},
    {who: 'q', minute: 5, score: 6, campaign: 'at once'},
  ]);
  expect(result.timeToDetection).toEqual({
    falseAlertsPerDay: 5,
    found: 2,
    missed: 0,
    medianMinutes: 10,
    p90Minutes: 18,
    medianEvents: 2,
    p90Events: 2.8,
  });
});

test('leaves ignored events and warm-up days out of everything', () => {
  const judged: Given[] = [
    {day: 2, who: 'x', score: 1},
    {day: 2, who: 'q', score: 2, campaign: 'a'},
  ];
  const result = run(
    [
      {day: 0, who: 'x', score: 99},
      {day: 1, who: 'q', score: 99, campaign: 'early'},
      {day: -5, who: 'x', score: 99, ignore: true},
      {day: 2, who: 'x', score: 99, ignore: true},
      ...judged,
    ],
    2,
  );
  const alone = run(judged);
  const {counts, ...measures} = result;
  const {counts: aloneCounts, ...aloneMeasures} = alone;
  expect(measures).toEqual(aloneMeasures);
  expect(counts).toEqual({...aloneCounts, events: 6, ignored: 2, warmUp: 2});
});

test('judges from the day that holds a time', () => {
  const {events, truth} = build([
    {day: 0, ignore: true, score: 1},
    {day: 1, score: 1},
    {day: 2, score: 2},
    {day: 3, score: 3, campaign: 'a'},
  ]);
  const {counts} = evaluate(events, truth, {judgeFromMs: START + 2.5 * DAY});
  expect(counts).toMatchObject({warmUp: 1, benign: 1, attack: 1, days: 2});
});

test('counts what the truth names and the stream lacks', () => {
  const truth = new Map([['gone', {campaign: 'c', scenario: 's'}]]);
  expect(evaluate([], truth).counts.truthNotSeen).toBe(1);
});

test('gives null where there is nothing to measure', () => {
  const empty = run([]);
  expect(empty).toMatchObject({averagePrecision: null, rocAuc: null, worstFalseAlertDay: null});
  expect(empty.recallAt).toEqual({'1': null, '2': null, '5': null, '10': null});
  expect(run([{score: 1, campaign: 'a'}])).toMatchObject({averagePrecision: 1, rocAuc: null});
  expect(run([{score: 1}])).toMatchObject({averagePrecision: null, rocAuc: null});
});

const given: fc.Arbitrary<Given> = fc.record({
  day: fc.integer({min: 0, max: 6}),
  minute: fc.integer({min: 0, max: 1439}),
  who: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  score: fc.integer({min: 0, max: 8}),
  rank: fc.integer({min: 0, max: 2}),
  campaign: fc.option(fc.constantFrom('k', 'l', 'm'), {nil: undefined, freq: 3}),
}) as fc.Arbitrary<Given>;
const stream = fc.array(given, {minLength: 1, maxLength: 60});

const over = (a: Given, b: Given) => a.score - b.score || (a.rank ?? 0) - (b.rank ?? 0);

test('agrees with all pairs on the area', () => {
  fc.assert(
    fc.property(stream, (events) => {
      const attacks = events.filter((one) => one.campaign !== undefined);
      const benign = events.filter((one) => one.campaign === undefined);
      let wins = 0;
      for (const a of attacks) for (const b of benign) wins += (Math.sign(over(a, b)) + 1) / 2;
      const pairs = attacks.length * benign.length;
      const {rocAuc} = run(events);
      if (pairs === 0) expect(rocAuc).toBeNull();
      else expect(rocAuc).toBeCloseTo(wins / pairs, 10);
    }),
  );
});

test('agrees with every threshold tried in turn on both average precisions', () => {
  fc.assert(
    fc.property(stream, (events) => {
      const attacks = events.filter((one) => one.campaign !== undefined);
      fc.pre(attacks.length > 0);
      const precisionAt = (level: Given) => {
        const flagged = events.filter((one) => over(one, level) >= 0);
        return flagged.filter((one) => one.campaign !== undefined).length / flagged.length;
      };
      const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      const names = [...new Set(attacks.map((one) => one.campaign))];
      const result = run(events);
      expect(result.averagePrecision).toBeCloseTo(mean(attacks.map(precisionAt)), 10);
      expect(result.campaignAveragePrecision).toBeCloseTo(
        mean(
          names.map((name) =>
            mean(attacks.filter((one) => one.campaign === name).map(precisionAt)),
          ),
        ),
        10,
      );
    }),
  );
});

test('never finds fewer at a larger budget, nor spends more than the budget', () => {
  fc.assert(
    fc.property(stream, fc.integer({min: 0, max: 3}), (events, judgeFrom) => {
      const {recallAt, thresholdAt} = run(events, judgeFrom);
      const recalls = Object.values(recallAt).map((recall) => recall ?? 0);
      expect(recalls).toEqual(recalls.toSorted((a, b) => a - b));
      for (const [budget, {falseAlertsPerDay}] of Object.entries(thresholdAt)) {
        expect(falseAlertsPerDay).toBeLessThanOrEqual(Number(budget));
      }
    }),
  );
});

test('does not depend on the order in which events are given', () => {
  fc.assert(
    fc.property(stream, (events) => {
      const {events: scored, truth} = build(events);
      const reversed = evaluate(scored.toReversed(), truth);
      const forward = evaluate(scored, truth);
      expect(reversed.recallAt).toEqual(forward.recallAt);
      expect(reversed.rocAuc).toBe(forward.rocAuc);
      expect(reversed.thresholdAt).toEqual(forward.thresholdAt);
      expect(reversed.worstFalseAlertDay).toEqual(forward.worstFalseAlertDay);
    }),
  );
});

test('measures more events than fit one chunk', () => {
  const attack: Given = {score: 0.5, campaign: 'a', who: 'q'};
  const events = Array.from({length: 200_000}, (_, i) => ({score: i / 200_000, who: `w${i % 7}`}));
  const result = run([...events, attack]);
  expect(result.counts.benign).toBe(200_000);
  expect(result.rocAuc).toBeCloseTo(0.5, 4);
});
