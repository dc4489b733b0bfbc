import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {Evaluator, Hit} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {MAX_GROUPS} from './evaluator.ts';
import {compileFilter} from './filter.ts';
import {PATTERN_KIND} from './kind.ts';

const derivation = prepareDerivation();

function eventOf(record: Record<string, Json>, time = 0): DetectionEvent {
  const components = eventOfRecord(record, time, derivation);
  return {time, id: 'e', components, origin: components.principal, score: 0, bits: {}, record};
}

// What is added to a metric.

test('a match adds one, a number, or the number at a field', () => {
  const event = eventOf({latency: 50, text: '7.5', word: 'x', list: [1], none: null});
  const value = (spec: number | string | undefined) => {
    const compiled = compileFilter('{ $.latency = * }', spec === undefined ? {} : {value: spec});
    return compiled.ok ? compiled.filter.value(event) : compiled.problems;
  };
  expect(value(undefined)).toBe(1);
  expect(value(2.5)).toBe(2.5);
  expect(value('$.latency')).toBe(50);
  expect(value('$.text')).toBe(7.5);
  expect(value('$.word')).toBeUndefined();
  expect(value('$.list')).toBeUndefined();
  expect(value('$.list[0]')).toBe(1);
  expect(value('$.none')).toBeUndefined();
  expect(value('$.missing')).toBeUndefined();
  expect(value('latency')).toMatchObject([{setting: ['value'], index: 0}]);
  expect(value(Number.NaN)).toMatchObject([{setting: ['value']}]);
});

test('a field of a text is named by the pattern', () => {
  const pattern = '[..., request=*html*, status_code=4*, bytes]';
  const compiled = compileFilter(pattern, {value: '$bytes', dimensions: {Status: '$status_code'}});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const line = {log: 'GET index.html 404 1534'};
  const text = eventOf(line);
  // The text of a record ends in the quotes and brackets of JSON.
  expect(compiled.filter.value(text)).toBeUndefined();
  expect(compiled.filter.dimensions(text)).toEqual({Status: '404'});
  expect(compileFilter(pattern, {value: '$size'})).toMatchObject({
    ok: false,
    problems: [{setting: ['value']}],
  });
});

test('dimensions are texts or numbers, and all of them are wanted', () => {
  const compiled = compileFilter('{ $.a = * }', {dimensions: {A: '$.a', B: "$['b c'].d"}});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const {filter} = compiled;
  expect(filter.dimensions(eventOf({a: 1, 'b c': {d: 'x'}}))).toEqual({A: '1', B: 'x'});
  expect(filter.dimensions(eventOf({a: 1}))).toBeUndefined();
  expect(filter.dimensions(eventOf({a: 1, 'b c': {d: {}}}))).toBeUndefined();
});

test('tells of everything that is wrong with a transformation', () => {
  const compiled = compileFilter('{ $.a = %[% }', {
    value: 'x',
    default: 0,
    unit: 'Parsecs',
    dimensions: {A: '$.a', B: '$.b', C: '$.c', ':D': 'd'},
  });
  expect(compiled).toMatchObject({
    ok: false,
    problems: [
      {index: 9},
      {setting: ['value']},
      {setting: ['default']},
      {setting: ['unit']},
      {setting: ['dimensions']},
      {setting: ['dimensions', ':D']},
      {setting: ['dimensions', ':D']},
    ],
  });
  expect(compileFilter('ERROR', {value: '$.a'})).toMatchObject({ok: false});
});

// The kind `pattern`.

function build(when: Record<string, unknown>, groupBy?: readonly string[]) {
  return PATTERN_KIND.build(when, {id: 'x', groupBy, parameters: {}});
}

function evaluatorOf(when: Record<string, unknown>, groupBy?: readonly string[]): Evaluator {
  const built = build(when, groupBy);
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  return built.evaluator();
}

function take(evaluator: Evaluator, ...events: readonly DetectionEvent[]): Hit[] {
  const hits: Hit[] = [];
  const nothing = () => {};
  const sink = {
    hit: (hit: Hit) => hits.push(hit),
    alarm: nothing,
    datapoint: nothing,
    episode: nothing,
    failed: nothing,
  };
  for (const event of events) evaluator.take(event, sink);
  return hits;
}

const refused = (time: number, userName = 'raul') =>
  eventOf(
    {
      errorCode: 'AccessDenied',
      userIdentity: {type: 'IAMUser', accountId: '111111111111', userName},
      requestParameters: {bucketName: 'b'},
    },
    time,
  );

test('every match is a hit', () => {
  const evaluator = evaluatorOf({pattern: '{ $.errorCode = AccessDenied }'});
  const hits = take(evaluator, refused(1), eventOf({errorCode: 'Throttling'}), refused(2));
  expect(hits).toMatchObject([
    {time: 1, group: ['111111111111:user/raul'], facts: {}, count: 1},
    {time: 2, evidence: [{principal: '111111111111:user/raul', error: 'AccessDenied'}]},
  ]);
  expect(evaluator.needs.failed).toBe(true);
});

test('groups by components, the origin and fields', () => {
  const when = {pattern: '{ $.errorCode = AccessDenied }'};
  const groupBy = ['error', 'origin', '$.requestParameters.bucketName', '$.none'];
  expect(take(evaluatorOf(when, groupBy), refused(1))[0]?.group).toEqual([
    'AccessDenied',
    '111111111111:user/raul',
    'b',
    '-',
  ]);
});

test('counts within a window, by group, late events in their place', () => {
  const when = {
    pattern: '{ $.errorCode = AccessDenied }',
    count: {at_least: 3, within: '1m'},
  };
  const minute = 60_000;
  const hits = (...times: readonly number[]) =>
    take(evaluatorOf(when), ...times.map((time) => refused(time))).map(({count}) => count);
  expect(hits(0, 1, 2)).toEqual([3]);
  expect(hits(0, 1, 2, 3)).toEqual([3, 4]);
  expect(hits(0, 1, minute + 1)).toEqual([]);
  expect(hits(0, 30_000, minute - 1)).toEqual([3]);
  expect(hits(2, 0, 1)).toEqual([3]);
  expect(hits(2 * minute, 2 * minute, minute, minute - 1)).toEqual([]);
  const mixed = evaluatorOf(when);
  expect(take(mixed, refused(0), refused(1, 'mia'), refused(2), refused(3, 'mia'))).toEqual([]);
  expect(take(mixed, refused(4))).toMatchObject([{count: 3, facts: {count: '3'}}]);
});

test('goes on where its state left off', () => {
  const when = {pattern: '{ $.errorCode = AccessDenied }', count: {at_least: 3, within: '1m'}};
  const whole = evaluatorOf(when);
  const before = evaluatorOf(when);
  take(whole, refused(0), refused(1));
  take(before, refused(0), refused(1));
  const after = evaluatorOf(when);
  after.restore(JSON.parse(JSON.stringify(before.state())));
  expect(take(after, refused(2), refused(3))).toEqual(take(whole, refused(2), refused(3)));
  expect(after.state()).toEqual(whole.state());
  after.restore({version: 99});
  expect(take(after, refused(4), refused(5))).toEqual([]);
});

test('forgets what is over, and groups beyond its bound', () => {
  const when = {pattern: '{ $.errorCode = AccessDenied }', count: {at_least: 2, within: '1m'}};
  const evaluator = evaluatorOf(when);
  const size = () => (evaluator.state() as {windows: unknown[]}).windows.length;
  const sink = {hit() {}, alarm() {}, datapoint() {}, episode() {}, failed() {}};
  for (let i = 0; i < MAX_GROUPS + 10; i++) take(evaluator, refused(i, `user-${i}`));
  expect(size()).toBe(MAX_GROUPS);
  evaluator.advance(59_000, sink);
  expect(size()).toBe(MAX_GROUPS);
  evaluator.advance(120_000, sink);
  expect(size()).toBe(0);
});

test('tells what is wrong with a detection, in place', () => {
  expect(
    build({pattern: '{ $.a == b }', count: {at_least: 1_000_000, within: '1m', distinct: 'x'}}, [
      'principal',
      '$.a[',
    ]),
  ).toMatchObject({
    ok: false,
    faults: [
      {path: ['pattern'], index: 6},
      {path: [], message: expect.stringContaining('group_by 2')},
      {path: ['count', 'distinct']},
      {path: ['count', 'at_least']},
    ],
  });
  expect(build({pattern: '{ $.userAgent != x }'})).toMatchObject({
    ok: true,
    condition: '{ $.userAgent != x }',
    warnings: [{path: ['pattern'], index: 2}],
  });
});
