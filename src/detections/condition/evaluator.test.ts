import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {type ConditionOptions, conditionEvaluator} from './evaluator.ts';
import {hitsOf, TestSink, testEvent} from './event-for-tests.ts';
import {MAX_GROUPS, MAX_LATENESS} from './groups.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

function evaluatorOf(options: ConditionOptions) {
  const built = conditionEvaluator(options);
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  return built.evaluator();
}

/** Events of users p and q at minutes, in the order of their arrival. */
const calls = (most: number) =>
  fc.array(
    fc.record({
      minute: fc.nat(most),
      principal: fc.constantFrom('p', 'q'),
      operation: fc.constantFrom('a:A', 'b:B', 'c:C'),
      error: fc.constantFrom('-', 'Denied'),
    }),
    {minLength: 5, maxLength: 60},
  );

type Call = {minute: number; principal: string; operation: string; error: string};

function eventsOf(all: readonly Call[]): DetectionEvent[] {
  return all.map(({minute, ...rest}, i) =>
    testEvent({...rest, time: minute * MINUTE, id: `e${i}`}),
  );
}

/** In the order of time, or nearly so: none is later than the bound allows. */
const lately = (all: readonly Call[]): Call[] => {
  let newest = Number.NEGATIVE_INFINITY;
  return all.filter(({minute}) => {
    newest = Math.max(newest, minute);
    return minute >= newest - MAX_LATENESS / MINUTE;
  });
};

interface Full {
  readonly id: string;
  readonly group: string;
}

/** Keeps everything and looks at every window afresh. */
function windowsByHand(
  events: readonly DetectionEvent[],
  withinMs: number,
  enough: (window: readonly DetectionEvent[]) => boolean,
): Full[] {
  const found: Full[] = [];
  for (const group of new Set(events.map((event) => event.components.principal))) {
    const arrived: DetectionEvent[] = [];
    let used: DetectionEvent[] = [];
    let filled = Number.NEGATIVE_INFINITY;
    for (const event of events.filter(({components}) => components.principal === group)) {
      arrived.push(event);
      const ends = arrived
        .filter((one) => !used.includes(one))
        .map(({time}) => time)
        .filter((end) => end >= event.time && end < event.time + withinMs)
        .sort((a, b) => a - b);
      for (const end of ends) {
        if (end - filled < withinMs) continue;
        const window = arrived.filter(
          (one) => one.time > end - withinMs && one.time <= end && !used.includes(one),
        );
        if (!window.includes(event) || !enough(window)) continue;
        found.push({id: event.id, group});
        filled = end;
        used = arrived.filter(({time}) => time <= end).concat(used);
        break;
      }
    }
  }
  return found.sort(byId);
}

function byId(a: Full, b: Full): number {
  return a.id < b.id ? -1 : 1;
}

function found(options: ConditionOptions, events: readonly DetectionEvent[]): Full[] {
  return hitsOf(evaluatorOf(options), events)
    .map(({event, group}) => ({id: event?.id ?? '', group: group[0] as string}))
    .sort(byId);
}

test('counts as by hand, late events included', () => {
  let full = 0;
  fc.assert(
    fc.property(
      calls(60),
      fc.integer({min: 1, max: 5}),
      fc.integer({min: 1, max: 15}),
      (all, n, w) => {
        const events = eventsOf(lately(all));
        const hits = found({condition: 'true', count: {atLeast: n, withinMs: w * MINUTE}}, events);
        expect(hits).toEqual(windowsByHand(events, w * MINUTE, (window) => window.length >= n));
        full += hits.length;
      },
    ),
    {numRuns: 400},
  );
  expect(full).toBeGreaterThan(100);
});

const different = (window: readonly DetectionEvent[]) =>
  new Set(window.map(({components}) => components.operation)).size;

test('counts different values as by hand', () => {
  let full = 0;
  fc.assert(
    fc.property(
      calls(60),
      fc.integer({min: 2, max: 3}),
      fc.integer({min: 1, max: 15}),
      (all, n, w) => {
        const events = eventsOf(all.toSorted((a, b) => a.minute - b.minute));
        const count = {atLeast: n, withinMs: w * MINUTE, distinct: 'event.operation'};
        const hits = found({condition: 'event.error == "-"', count}, events);
        const good = events.filter(({components}) => components.error === '-');
        expect(hits).toEqual(windowsByHand(good, w * MINUTE, (window) => different(window) >= n));
        full += hits.length;
      },
    ),
    {numRuns: 400},
  );
  expect(full).toBeGreaterThan(100);
});

test('finds the first time that values are different enough, late events included', () => {
  fc.assert(
    fc.property(
      calls(60),
      fc.integer({min: 2, max: 3}),
      fc.integer({min: 1, max: 15}),
      (all, n, w) => {
        const events = eventsOf(lately(all).map((call) => ({...call, principal: 'p'})));
        const count = {atLeast: n, withinMs: w * MINUTE, distinct: 'event.operation'};
        const [first] = hitsOf(evaluatorOf({condition: 'true', count}), events);
        const upTo = (i: number) => events.slice(0, i + 1);
        const byHand = events.findIndex(
          (_, i) =>
            windowsByHand(upTo(i), w * MINUTE, (window) => different(window) >= n).length > 0,
        );
        expect(first?.event?.id).toBe(byHand < 0 ? undefined : events[byHand]?.id);
      },
    ),
    {numRuns: 300},
  );
});

test('takes shares as by hand', () => {
  fc.assert(
    fc.property(calls(60), fc.integer({min: 1, max: 15}), (all, w) => {
      const events = eventsOf(lately(all));
      const share = {of: 'event.error != "-"', atLeast: 0.7, minEvents: 3, withinMs: w * MINUTE};
      const enough = (window: readonly DetectionEvent[]) =>
        window.length >= 3 &&
        window.filter(({components}) => components.error !== '-').length >= 0.7 * window.length;
      expect(found({condition: 'true', share}, events)).toEqual(
        windowsByHand(events, w * MINUTE, enough),
      );
    }),
    {numRuns: 300},
  );
});

/** Tries every choice of events for the steps. */
function sequencesByHand(
  events: readonly DetectionEvent[],
  steps: readonly ((event: DetectionEvent) => boolean)[],
  withinMs: number,
): Full[] {
  const found: Full[] = [];
  for (const group of new Set(events.map((event) => event.components.principal))) {
    let open: DetectionEvent[] = [];
    for (const event of events.filter(({components}) => components.principal === group)) {
      open.push(event);
      // Stable: those of the same time stay in the order of their arrival.
      const ordered = open.toSorted((a, b) => a.time - b.time);
      const complete = (from: number, step: number, start: number): boolean =>
        step === steps.length ||
        ordered.some(
          (one, i) =>
            i >= from &&
            one.time - (step === 0 ? one.time : start) <= withinMs &&
            (steps[step] as (event: DetectionEvent) => boolean)(one) &&
            complete(i + 1, step + 1, step === 0 ? one.time : start),
        );
      if (!complete(0, 0, 0)) continue;
      found.push({id: event.id, group});
      open = [];
    }
  }
  return found.sort(byId);
}

const STEPS = ['event.operation == "a:A"', 'event.error != "-"', 'event.operation == "c:C"'];
const STEPS_BY_HAND = [
  (event: DetectionEvent) => event.components.operation === 'a:A',
  (event: DetectionEvent) => event.components.error !== '-',
  (event: DetectionEvent) => event.components.operation === 'c:C',
];

test('finds sequences as by hand, late events included', () => {
  let whole = 0;
  fc.assert(
    fc.property(
      calls(40),
      fc.integer({min: 0, max: 15}),
      fc.integer({min: 2, max: 3}),
      (all, w, n) => {
        const events = eventsOf(lately(all));
        const hits = found({sequence: STEPS.slice(0, n), withinMs: w * MINUTE}, events);
        expect(hits).toEqual(sequencesByHand(events, STEPS_BY_HAND.slice(0, n), w * MINUTE));
        whole += hits.length;
      },
    ),
    {numRuns: 300},
  );
  expect(whole).toBeGreaterThan(100);
});

test('a flood between the steps of a sequence does not hide it', () => {
  const step = (i: number, operation: string, error = '-') =>
    testEvent({principal: 'p', operation, error, time: i * 1_000, id: `e${i}`});
  const flood = Array.from({length: 500}, (_, i) => step(i + 1, 'b:B', i % 2 ? '-' : 'Denied'));
  const events = [step(0, 'a:A'), ...flood, step(600, 'c:C')];
  const [hit, ...more] = hitsOf(evaluatorOf({sequence: STEPS, withinMs: 15 * MINUTE}), events);
  expect(more).toEqual([]);
  expect(hit?.evidence.map(({operation}) => operation)).toEqual(['a:A', 'b:B', 'c:C']);
  expect(hit?.facts).toEqual({count: '3', took: '10 min'});
});

const firsts = {
  condition: 'true',
  firstSeen: {by: ['principal', 'operation'], withinMs: 20 * MINUTE},
};

test('tells what was not seen within a time, once it has watched for as long', () => {
  fc.assert(
    fc.property(calls(90), (all) => {
      const events = eventsOf(all.toSorted((a, b) => a.minute - b.minute));
      const hits = hitsOf(evaluatorOf(firsts), events).map(({event}) => event?.id);
      const byHand = events.filter((event, i) => {
        const before = events
          .slice(0, i)
          .filter(
            ({components: {principal, operation}}) =>
              principal === event.components.principal && operation === event.components.operation,
          );
        const last = before.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
        const warm = event.time - (events[0] as DetectionEvent).time >= 20 * MINUTE;
        return warm && event.time - last > 20 * MINUTE;
      });
      expect(hits).toEqual(byHand.map(({id}) => id));
    }),
    {numRuns: 300},
  );
});

test('the stream warms it up, not its own events alone', () => {
  const evaluator = evaluatorOf({
    condition: 'event.operation == "ec2:RunInstances"',
    firstSeen: {by: ['principal'], withinMs: 30 * DAY},
  });
  const sink = new TestSink();
  evaluator.advance(0, sink);
  evaluator.take(testEvent({principal: 'p', operation: 'ec2:RunInstances', time: 6 * DAY}), sink);
  expect(sink.hits).toEqual([]);
  evaluator.take(testEvent({principal: 'q', operation: 'ec2:RunInstances', time: 8 * DAY}), sink);
  evaluator.take(testEvent({principal: 'p', operation: 'ec2:RunInstances', time: 9 * DAY}), sink);
  expect(sink.hits.map(({group, facts}) => [group, facts])).toEqual([
    [['q'], {new: 'q', last_seen: 'never'}],
  ]);
});

const KINDS: readonly ConditionOptions[] = [
  {condition: 'event.error != "-"'},
  {condition: 'true', count: {atLeast: 3, withinMs: 5 * MINUTE}},
  {condition: 'true', count: {atLeast: 3, withinMs: 9 * MINUTE, distinct: 'event.operation'}},
  {
    condition: 'true',
    share: {of: 'event.error != "-"', atLeast: 0.6, minEvents: 3, withinMs: 9 * MINUTE},
  },
  firsts,
  {sequence: STEPS, withinMs: 9 * MINUTE},
];

test('cut anywhere and gone on with, it finds the same', () => {
  fc.assert(
    fc.property(calls(60), fc.constantFrom(...KINDS), fc.nat(60), (all, options, cut) => {
      const events = eventsOf(lately(all));
      const whole = new TestSink();
      const parts = new TestSink();
      let evaluator = evaluatorOf(options);
      const other = evaluatorOf(options);
      for (const [i, event] of events.entries()) {
        other.take(event, whole);
        other.advance(event.time, whole);
        if (i === cut) {
          const state = JSON.parse(JSON.stringify(evaluator.state())) as Json;
          evaluator = evaluatorOf(options);
          evaluator.restore(state);
          expect(evaluator.state()).toEqual(state);
        }
        evaluator.take(event, parts);
        evaluator.advance(event.time, parts);
      }
      expect(parts.hits).toEqual(whole.hits);
      expect(evaluator.state()).toEqual(other.state());
    }),
    {numRuns: 300},
  );
});

test('a state that is none of its own is left', () => {
  for (const options of KINDS) {
    for (const state of [null, 5, 'x', [], {}, [[['p'], [1]]], [null, []]] as Json[]) {
      const evaluator = evaluatorOf(options);
      evaluator.restore(state);
      hitsOf(evaluator, eventsOf([{minute: 1, principal: 'p', operation: 'a:A', error: 'x'}]));
    }
  }
});

test('remembers a bounded number of groups, the least recently seen go first', () => {
  const evaluator = evaluatorOf({condition: 'true', count: {atLeast: 2, withinMs: DAY}});
  const from = (principal: string, time: number) => testEvent({principal, time});
  const many = Array.from({length: MAX_GROUPS}, (_, i) => from(`p${i}`, i));
  expect(hitsOf(evaluator, [from('first', 0), ...many])).toEqual([]);
  expect(
    hitsOf(evaluator, [from('first', 20_000), from(`p${MAX_GROUPS - 1}`, 20_001)]),
  ).toMatchObject([{group: [`p${MAX_GROUPS - 1}`]}]);
  expect((evaluator.state() as Json[]).length).toBe(MAX_GROUPS);
});

test('holds few events of a group that goes on and on', () => {
  const evaluator = evaluatorOf({
    condition: 'true',
    count: {atLeast: 10, withinMs: DAY, distinct: 'event.operation'},
  });
  const events = Array.from({length: 20_000}, (_, i) =>
    testEvent({principal: 'p', operation: `op:${i % 5}`, time: i}),
  );
  expect(hitsOf(evaluator, events)).toEqual([]);
  expect(JSON.stringify(evaluator.state()).length).toBeLessThan(5_000);
});

test('tells every fault, and in which part', () => {
  const built = conditionEvaluator({
    condition: 'event.x == 1',
    count: {atLeast: 1, withinMs: 1, distinct: '[1]'},
    groupBy: ['principal', 'none'],
  });
  expect(built.ok ? [] : built.faults.map(({path, index}) => [path.join('.'), index])).toEqual([
    ['condition', 6],
    ['group_by.1', 0],
    ['count.distinct', 0],
  ]);
  const sequence = conditionEvaluator({sequence: ['true', 'nope']});
  expect(sequence.ok ? [] : sequence.faults.map(({path}) => path.join('.'))).toEqual([
    'sequence.1.condition',
    'sequence',
  ]);
});
