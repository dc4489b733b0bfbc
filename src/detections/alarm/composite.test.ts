import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {AlarmChange, AlarmState} from '../evaluator.ts';
import {Kept} from '../test-event.ts';
import {CompositeAlarm} from './composite.ts';
import {
  type CompositeRule,
  compileComposite,
  compositeOrder,
  MAX_RULE_DEPTH,
} from './composite-expression.ts';

const STATES: readonly AlarmState[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

function rule(text: string): CompositeRule {
  const compiled = compileComposite(text);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.rule;
}

function holds(text: string, states: Readonly<Record<string, AlarmState>> = {}): boolean {
  return rule(text).evaluate((id) => states[id] ?? 'INSUFFICIENT_DATA');
}

test.each([
  ['TRUE', true],
  ['FALSE', false],
  ['NOT FALSE', true],
  ['NOT NOT TRUE', true],
  ['TRUE OR FALSE AND FALSE', true],
  ['(TRUE OR FALSE) AND FALSE', false],
  ['NOT FALSE AND FALSE', false],
  ['NOT (FALSE AND FALSE)', true],
  ['ALARM(a)', true],
  ['ALARM( "a" )', true],
  ["ALARM('a') AND OK(b)", true],
  ['ALARM(a)AND NOT(OK(b)OR OK(c))', false],
  ['INSUFFICIENT_DATA(c)', true],
  ['\n ALARM("a")\n AND\tNOT ALARM(b) ', true],
  ['OK("arn:aws:cloudwatch:eu-west-1:111111111111:alarm:x")', false],
])('%s is %s', (text, expected) => {
  expect(holds(text, {a: 'ALARM', b: 'OK'})).toBe(expected);
});

test('names each alarm once', () => {
  expect(rule('ALARM(b) AND (OK("a") OR NOT OK(b))').ids).toEqual(['b', 'a']);
});

test.each([
  ['', 0, 'found the end'],
  ['ALARM(a) ALARM(b)', 9, 'Expected AND or OR, found "ALARM"'],
  ['ALARM(a) and ALARM(b)', 9, 'Write AND in capital letters'],
  ['alarm(a)', 0, 'Write ALARM in capital letters'],
  ['ALARM', 5, 'Expected "(" and the id of an alarm after ALARM, found the end'],
  ['ALARM()', 6, 'The id of an alarm is missing'],
  ['ALARM("a', 6, 'The quote of this id is not closed'],
  ['ALARM(a, b)', 7, 'Expected ")" after the id of an alarm, found ","'],
  ['(ALARM(a)', 9, 'Expected ")", or AND or OR, found the end'],
  ['ALARM(a))', 8, 'No "(" for this ")"'],
  ['ALARM(a) AND', 12, 'found the end'],
  ['NOTALARM(a)', 0, 'found "NOTALARM"'],
  ['ALARM(a) & OK(b)', 9, 'found "&"'],
  ['\u{1F6A8}', 0, 'found "\u{1F6A8}"'],
])('refuses %j at %i', (text, offset, message) => {
  const compiled = compileComposite(text);
  expect(compiled).toMatchObject({
    ok: false,
    problems: [{offset, message: expect.stringContaining(message)}],
  });
});

test('refuses what is too deep, too long or names too many', () => {
  const deep = (depth: number) => `${'('.repeat(depth)}TRUE${')'.repeat(depth)}`;
  expect(compileComposite(deep(MAX_RULE_DEPTH)).ok).toBe(true);
  const problems = [
    compileComposite(deep(MAX_RULE_DEPTH + 1)),
    compileComposite('NOT '.repeat(MAX_RULE_DEPTH + 1).concat('TRUE')),
    compileComposite('('.repeat(10_000)),
    compileComposite('('.repeat(1_000_000)),
    compileComposite(Array.from({length: 101}, (_, i) => `OK(a${i})`).join(' OR ')),
  ].map((compiled) => (compiled.ok ? undefined : compiled.problems[0]));
  expect(problems.map((problem) => problem?.offset)).toEqual([50, 200, 50, 10_240, 1093]);
});

type Tree =
  | {readonly kind: 'state'; readonly state: AlarmState; readonly id: string}
  | {readonly kind: 'not'; readonly of: Tree}
  | {readonly kind: 'AND' | 'OR'; readonly of: readonly Tree[]};

const {tree} = fc.letrec<{tree: Tree}>((tie) => ({
  tree: fc.oneof(
    {depthSize: 'small'},
    fc.record({
      kind: fc.constant('state' as const),
      state: fc.constantFrom(...STATES),
      id: fc.constantFrom('a', 'b', 'c-1', 'AND', 'x y'),
    }),
    fc.record({kind: fc.constant('not' as const), of: tie('tree')}),
    fc.record({
      kind: fc.constantFrom('AND' as const, 'OR' as const),
      of: fc.array(tie('tree'), {minLength: 1, maxLength: 3}),
    }),
  ),
}));

function print(node: Tree): string {
  if (node.kind === 'state') return `${node.state}("${node.id}")`;
  if (node.kind === 'not') return `NOT (${print(node.of)})`;
  return node.of.map((one) => `(${print(one)})`).join(` ${node.kind} `);
}

function judge(node: Tree, states: Readonly<Record<string, AlarmState>>): boolean {
  if (node.kind === 'state') return states[node.id] === node.state;
  if (node.kind === 'not') return !judge(node.of, states);
  const all = node.of.map((one) => judge(one, states));
  return node.kind === 'AND' ? all.every(Boolean) : all.some(Boolean);
}

test('judges as the tree that was printed', () => {
  const states = fc.record(
    Object.fromEntries(
      ['a', 'b', 'c-1', 'AND', 'x y'].map((id) => [id, fc.constantFrom(...STATES)]),
    ),
  );
  fc.assert(
    fc.property(tree, states, (node, now) => {
      expect(holds(print(node), now)).toBe(judge(node, now));
    }),
  );
});

test('any text is read or refused at a place within it', () => {
  const piece = fc.constantFrom('ALARM', 'OK', '(', ')', ' ', '"', 'a', 'NOT', 'AND', 'OR', 'TRUE');
  fc.assert(
    fc.property(fc.array(piece, {maxLength: 30}), (pieces) => {
      const text = pieces.join('');
      const compiled = compileComposite(text);
      if (compiled.ok) return;
      expect(compiled.problems[0]!.offset).toBeGreaterThanOrEqual(0);
      expect(compiled.problems[0]!.offset).toBeLessThanOrEqual(text.length);
    }),
  );
});

test('orders composites after those they name, and finds a circle', () => {
  const named = (entries: Record<string, string[]>) =>
    compositeOrder(new Map(Object.entries(entries)));
  expect(named({top: ['mid', 'metric'], mid: ['low'], low: ['metric']})).toEqual({
    order: ['low', 'mid', 'top'],
  });
  expect(named({a: ['b'], b: ['metric', 'c'], c: ['a']})).toEqual({cycle: ['a', 'b', 'c', 'a']});
  expect(named({a: ['a']})).toEqual({cycle: ['a', 'a']});
  expect(named({x: ['a'], a: ['b'], b: ['a']})).toEqual({cycle: ['a', 'b', 'a']});
});

function change(time: number, to: AlarmState, ids: readonly string[] = []): AlarmChange {
  const events = ids.map((eventId, i) => ({
    eventId,
    time: time - ids.length + i,
    principal: '1:user/raul',
    operation: 's3:ListBuckets',
    account: '1',
    region: 'eu-west-1',
    sourceIp: '203.0.113.9',
    userAgent: 'aws-cli',
    error: '-',
    resource: '-',
    score: 0,
  }));
  return {time, from: 'OK', to, reason: '', datapoints: [], events};
}

test('is in ALARM while its rule holds, looked at in order of time', () => {
  const composite = new CompositeAlarm(rule('ALARM(a) AND NOT ALARM(b)'));
  const kept = new Kept();
  composite.advance(5, kept);
  composite.child('b', change(30, 'ALARM', ['x']));
  composite.child('a', change(10, 'ALARM', ['y', 'z']));
  composite.child('stranger', change(11, 'ALARM'));
  composite.child('b', change(40, 'OK'));
  composite.advance(50, kept);
  expect(kept.changes.map(({time, to, reason}) => [time, to, reason])).toEqual([
    [5, 'OK', 'First evaluation'],
    [10, 'ALARM', 'a went to ALARM'],
    [30, 'OK', 'b went to ALARM'],
    [40, 'ALARM', 'b went to OK'],
  ]);
  expect(kept.hits).toHaveLength(2);
  expect(kept.hits[0]).toMatchObject({facts: {alarms: 'a'}, count: 2, event: null});
  expect(kept.hits[0]?.evidence.map(({eventId}) => eventId)).toEqual(['y', 'z']);
});

test('changes at the same time count together', () => {
  const composite = new CompositeAlarm(rule('ALARM(a) AND NOT ALARM(b)'));
  const kept = new Kept();
  composite.child('a', change(10, 'ALARM'));
  composite.child('b', change(10, 'ALARM'));
  composite.advance(20, kept);
  expect(kept.changes.map(({to}) => to)).toEqual(['OK']);
});

test('a state set by hand holds until a child changes', () => {
  const composite = new CompositeAlarm(rule('ALARM(a)'));
  const kept = new Kept();
  composite.advance(1, kept);
  composite.setState('ALARM', 'Drill', 2, kept);
  composite.advance(100, kept);
  expect(composite.status.state).toBe('ALARM');
  expect(kept.hits).toMatchObject([{facts: {drill: 'yes', reason: 'Drill'}}]);
  composite.child('a', change(90, 'OK'));
  composite.advance(101, kept);
  expect(composite.status.state).toBe('OK');
});

test('goes on where its state left off, wherever that is', () => {
  const changes = fc.array(
    fc.tuple(fc.constantFrom('a', 'b'), fc.nat(50), fc.constantFrom(...STATES), fc.boolean()),
    {maxLength: 12},
  );
  fc.assert(
    fc.property(changes, fc.nat(12), (all, kill) => {
      const text = 'ALARM(a) OR (INSUFFICIENT_DATA(a) AND NOT OK(b))';
      const run = (kills: boolean) => {
        let composite = new CompositeAlarm(rule(text));
        const kept = new Kept();
        all.forEach(([id, time, to, advances], i) => {
          if (kills && i === kill) {
            const state = JSON.parse(JSON.stringify(composite.state()));
            composite = new CompositeAlarm(rule(text));
            composite.restore(state);
          }
          composite.child(id, change(time, to, [`e${i}`]));
          if (advances) composite.advance(100 + i, kept);
        });
        composite.advance(200, kept);
        return {...kept, state: composite.state()};
      };
      expect(run(true)).toEqual(run(false));
    }),
  );
});
