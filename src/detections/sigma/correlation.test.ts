import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Hit} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {Kept, testEvent} from '../test-event.ts';
import {compileSigma, type SigmaPart, type SigmaRule} from './compile.ts';

const ruleOf = (name: string): SigmaPart => ({
  name,
  detection: {s: {k: name}, condition: 's'},
});
const RULES = ['a', 'b', 'c'].map(ruleOf);

function correlation(given: Record<string, Json>, rules = RULES): SigmaRule {
  return {correlation: {timespan: '10s', ...given}, rules};
}

function evaluatorOf(rule: SigmaRule) {
  const compiled = compileSigma(rule, {groupBy: undefined, parameters: {}, late: false});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return compiled.evaluator();
}

interface Given {
  readonly at: number;
  readonly k: string;
  readonly u?: string;
  readonly v?: string;
}

/** Hits over events; the state goes through JSON in the middle. */
function run(rule: SigmaRule, events: readonly Given[], end = 1e6): Hit[] {
  let evaluator = evaluatorOf(rule);
  const kept = new Kept();
  for (const [i, {at, ...record}] of events.entries()) {
    if (i === events.length >> 1) {
      const state = JSON.parse(JSON.stringify(evaluator.state()));
      evaluator = evaluatorOf(rule);
      evaluator.restore(state);
    }
    evaluator.take(testEvent(at * 1000, `e${i}`, {}, record), kept);
    evaluator.advance(at * 1000, kept);
  }
  evaluator.advance(end * 1000, kept);
  expect(kept.failures).toEqual([]);
  return kept.hits;
}

const timesOf = (hits: readonly Hit[]) => hits.map(({time}) => time / 1000);

test('counts events by group', () => {
  const rule = correlation({
    type: 'event_count',
    rules: ['a'],
    'group-by': ['u'],
    condition: {gte: 3},
  });
  const hits = run(rule, [
    {at: 1, k: 'a', u: 'x'},
    {at: 2, k: 'a', u: 'y'},
    {at: 3, k: 'a', u: 'x'},
    {at: 4, k: 'b', u: 'x'},
    {at: 5, k: 'a'},
    {at: 11, k: 'a', u: 'x'},
    {at: 12, k: 'a', u: 'x'},
  ]);
  expect(timesOf(hits)).toEqual([12]);
  expect(hits[0]).toMatchObject({group: ['x'], facts: {count: '3'}, count: 3});
});

test('counts different values', () => {
  const condition = {gt: 1, field: 'v'};
  const rule = correlation({type: 'value_count', rules: ['a', 'b'], 'group-by': 'u', condition});
  const hits = run(rule, [
    {at: 1, k: 'a', u: 'x', v: '1'},
    {at: 2, k: 'b', u: 'x', v: '1'},
    {at: 3, k: 'b', u: 'x'},
    {at: 4, k: 'b', u: 'x', v: '2'},
  ]);
  expect(timesOf(hits)).toEqual([4]);
});

test('tells long values apart that begin alike', () => {
  const condition = {gte: 2, field: 'v'};
  const rule = correlation({type: 'value_count', rules: ['a'], condition});
  const long = (end: string) => `${'x'.repeat(400)}${end}`;
  const events = [
    {at: 1, k: 'a', v: long('1')},
    {at: 2, k: 'a', v: long('1')},
    {at: 3, k: 'a', v: long('2')},
  ];
  expect(timesOf(run(rule, events))).toEqual([3]);
});

test.each([
  [{lt: 3}, [10, 30]],
  [{lte: 2}, [10, 30]],
  [{eq: 4}, [20]],
  [{neq: 4}, [10, 30]],
  [{gte: 2, lte: 3}, [10]],
] as const)('tells %j when the time is over', (condition, ends) => {
  const rule = correlation({type: 'event_count', rules: ['a'], condition});
  const at = [0, 9, 10, 11, 12, 19, 20];
  expect(
    timesOf(
      run(
        rule,
        at.map((each) => ({at: each, k: 'a'})),
      ),
    ),
  ).toEqual(ends);
});

test('a busy group is no quiet one: windows are whole while they wait for late events', () => {
  const rule = correlation({
    type: 'event_count',
    rules: ['a'],
    timespan: '5m',
    condition: {lt: 300},
  });
  const compiled = compileSigma(rule, {groupBy: undefined, parameters: {}, late: true});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  let evaluator = compiled.evaluator();
  const kept = new Kept();
  // 600 in each window, of which five wait at a time; then 10 in the last.
  for (let i = 0; i < 7_210; i++) {
    const time = i * 500;
    evaluator.take(testEvent(time, `e${i}`, {}, {k: 'a'}), kept);
    if (i % 100 !== 0) continue;
    const state = JSON.parse(JSON.stringify(evaluator.state()));
    evaluator = compiled.evaluator();
    evaluator.restore(state);
    evaluator.advance(time, kept);
  }
  expect(kept.hits).toEqual([]);
  evaluator.advance(1e10, kept);
  expect(kept.hits).toMatchObject([{time: 65 * 60_000, facts: {count: '10'}}]);
});

test('relates rules in any order, and in their order', () => {
  const events = [
    {at: 1, k: 'b', u: 'x'},
    {at: 2, k: 'a', u: 'y'},
    {at: 3, k: 'a', u: 'x'},
    {at: 9, k: 'b', u: 'x'},
  ];
  const rules = ['a', 'b'];
  const temporal = correlation({type: 'temporal', rules, 'group-by': ['u']});
  expect(timesOf(run(temporal, events))).toEqual([3]);
  const ordered = correlation({type: 'temporal_ordered', rules, 'group-by': ['u']});
  expect(timesOf(run(ordered, events))).toEqual([9]);
});

test('relates by fields with other names in each rule', () => {
  const aliases = {who: {a: 'u', b: 'v'}};
  const rule = correlation({type: 'temporal', rules: ['a', 'b'], 'group-by': ['who'], aliases});
  const hits = run(rule, [
    {at: 1, k: 'a', u: 'x', v: 'z'},
    {at: 2, k: 'b', u: 'x', v: 'q'},
    {at: 3, k: 'b', u: 'q', v: 'x'},
  ]);
  expect(timesOf(hits)).toEqual([3]);
  expect(hits[0]?.group).toEqual(['x']);
});

test('takes a condition over rules, a number of them, and correlations of correlations', () => {
  const type = 'temporal';
  const rules = ['a', 'b', 'c'];
  const events = [
    {at: 1, k: 'a'},
    {at: 2, k: 'c'},
  ];
  const joined = correlation({type, rules, condition: 'a and (b or c)'});
  expect(timesOf(run(joined, events))).toEqual([2]);
  const two = correlation({type, rules, condition: {gte: 2}});
  expect(timesOf(run(two, events))).toEqual([2]);
  const many = {
    name: 'many',
    correlation: {type: 'event_count', rules: ['a'], timespan: '10s', condition: {gte: 2}},
  };
  const nested = correlation({type: 'temporal_ordered', rules: ['many', 'b']}, [...RULES, many]);
  const more = [
    {at: 1, k: 'b'},
    {at: 2, k: 'a'},
    {at: 3, k: 'a'},
    {at: 4, k: 'b'},
  ];
  expect(timesOf(run(nested, more))).toEqual([4]);
});

test('counts as older rules do', () => {
  const condition = 's | count(v) by u >= 2';
  const rule = {detection: {s: {k: 'a'}, condition, timeframe: '10s'}};
  const hits = run(rule, [
    {at: 1, k: 'a', u: 'x', v: '1'},
    {at: 2, k: 'a', u: 'x', v: '1'},
    {at: 3, k: 'a', u: 'x', v: '2'},
  ]);
  expect(timesOf(hits)).toEqual([3]);
  expect(hits[0]?.group).toEqual(['x']);
});

test('says what of a correlation cannot be run', () => {
  const faults = (given: Record<string, Json>, rules = RULES) => {
    const rule = correlation({rules: ['a', 'b'], ...given}, rules);
    const compiled = compileSigma(rule, {groupBy: undefined, parameters: {}, late: false});
    return compiled.ok ? [] : compiled.faults.map(({message}) => message);
  };
  const counting = {type: 'event_count', condition: {gte: 1}};
  expect(faults({type: 'value_sum'})[0]).toContain('"value_sum" is not run');
  expect(faults({...counting, rules: ['z']})).toEqual(['There is no rule "z"']);
  expect(faults({...counting, timespan: '5 minutes'})[0]).toContain('A time such as');
  expect(faults({...counting, timespan: '4M'})[0]).toContain('Longer than 90 days');
  expect(faults({...counting, condition: {about: 5}})[0]).toContain('One of gte');
  expect(faults({...counting, what: 1})[0]).toContain('no such setting');
  expect(faults({type: 'value_count', condition: {gte: 1}})[0]).toContain('name of a field');
  expect(faults({type: 'temporal', condition: 'a and not b'})[0]).toContain('"not" is not run');
  expect(faults({type: 'temporal_ordered', condition: 'b and a'})[0]).toContain('in their order');
  const circle: SigmaPart = {
    name: 'a',
    correlation: {type: 'temporal', rules: ['a'], timespan: '1s'},
  };
  expect(faults({type: 'temporal', rules: ['a']}, [circle])[0]).toContain('in a circle');
  // What the end of a time tells is no event that could be related to others.
  const few = (rest: object): SigmaPart => ({name: 'few', ...rest});
  const inner = {type: 'event_count', rules: ['a'], timespan: '10s', condition: {lt: 3}};
  const older = {s: {k: 'a'}, condition: 's | count() < 3', timeframe: '10s'};
  for (const part of [few({correlation: inner}), few({detection: older})]) {
    const given = {type: 'temporal', rules: ['b', 'few']};
    expect(faults(given, [...RULES, part])).toEqual([expect.stringContaining('no event')]);
  }
});

const streams = fc
  .array(
    fc.record({
      gap: fc.nat({max: 6}),
      k: fc.constantFrom('a', 'b', 'c', 'd'),
      u: fc.constantFrom('x', 'y'),
    }),
    {maxLength: 40},
  )
  .map((rows) => {
    let at = 0;
    return rows.map(({gap, ...rest}) => {
      at += gap;
      return {at, ...rest};
    });
  });

test('relates as a slow search over all events does', () => {
  const rules = ['a', 'b', 'c'];
  const rule = correlation({type: 'temporal', rules, 'group-by': ['u']});
  fc.assert(
    fc.property(streams, (events) => {
      const expected: number[] = [];
      for (const user of ['x', 'y']) {
        let seen: Given[] = [];
        for (const event of events.filter(({u}) => u === user)) {
          seen.push(event);
          const near = seen.filter(({at}) => at >= event.at - 10);
          if (!rules.includes(event.k) || !rules.every((r) => near.some(({k}) => k === r)))
            continue;
          expected.push(event.at);
          seen = [];
        }
      }
      expect(timesOf(run(rule, events))).toEqual(expected.sort((a, b) => a - b));
    }),
    {numRuns: 300},
  );
});

test('counts as a slow search over all events does', () => {
  const condition = {lte: 2};
  const rule = correlation({type: 'event_count', rules: ['a'], 'group-by': ['u'], condition});
  fc.assert(
    fc.property(streams, (events) => {
      const expected: number[] = [];
      for (const user of ['x', 'y']) {
        let rest = events.filter(({k, u}) => k === 'a' && u === user).map(({at}) => at);
        while (rest.length > 0) {
          const end = (rest[0] as number) + 10;
          if (rest.filter((at) => at < end).length <= 2) expected.push(end);
          rest = rest.filter((at) => at >= end);
        }
      }
      const found = timesOf(run(rule, events)).sort((a, b) => a - b);
      expect(found).toEqual(expected.sort((a, b) => a - b));
    }),
    {numRuns: 300},
  );
});
