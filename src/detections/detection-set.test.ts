import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Detection} from './detection.ts';
import {DetectionSet} from './detection-set.ts';
import type {DetectionEvent} from './event.ts';
import {loadDetections} from './load.ts';
import {testEvent} from './test-event.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);

function detections(text: string): readonly Detection[] {
  const loaded = loadDetections([{file: 'a.yml', text}]);
  expect(loaded.problems).toEqual([]);
  return loaded.detections;
}

const A = `detections:
  - id: a
    title: '{{principal}}'
    when: {condition: 'event.operation == "s3:A"'}
`;

function event(minutes: number, operation: string, principal = 'p'): DetectionEvent {
  const id = `${minutes} ${operation} ${principal}`;
  return testEvent(START + minutes * 60_000, id, {operation, principal});
}

test('hits of a group are one match, told whole with each drain', () => {
  const set = new DetectionSet(detections(A));
  set.take(event(0, 's3:A'));
  set.take(event(1, 's3:A'));
  set.take(event(2, 's3:A', 'q'));
  set.take(event(2, 's3:B'));
  const [first, other, ...rest] = set.drain().matches;
  expect(rest).toEqual([]);
  expect(first).toMatchObject({title: 'p', revision: 1, mode: 'live', hit: {count: 2}});
  expect(other).toMatchObject({title: 'q', revision: 1, hit: {count: 1}});
  set.take(event(59, 's3:A'));
  expect(set.drain().matches).toMatchObject([{key: first?.key, revision: 2, hit: {count: 3}}]);
  expect(set.drain().matches).toEqual([]);
  set.take(event(60, 's3:A'));
  const [next] = set.drain().matches;
  expect(next).toMatchObject({revision: 1, hit: {count: 1}});
  expect(next?.key).not.toBe(first?.key);
});

test('without dedup each event is a match of its own, those of the same second too', () => {
  const set = new DetectionSet(detections(`${A}    dedup: 0s\n`));
  const {operation, time} = {operation: 's3:A', time: START};
  for (const id of ['x', 'y']) set.take(testEvent(time, id, {operation, principal: 'p'}));
  const keys = set.drain().matches.map(({key}) => key);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(2);
});

test('what is excluded is not seen, until the exclusion expires', () => {
  const set = new DetectionSet(
    detections(`${A}    exclusions:
      - {id: e, condition: 'event.principal == "p"', owner: o, reason: r, expires: '2026-01-05T01:00:00Z'}
`),
  );
  set.take(event(59, 's3:A'));
  expect(set.drain()).toMatchObject({matches: [], excluded: {a: {e: 1}}});
  set.take(event(60, 's3:A'));
  expect(set.drain()).toMatchObject({matches: [{revision: 1}], excluded: {}});
});

test('is silent until its time, and while it learns', () => {
  const set = new DetectionSet(detections(`${A}    silent_until: '2026-01-05T01:00:00Z'\n`));
  set.take(event(30, 's3:A'));
  set.take(event(60, 's3:A'));
  expect(set.drain().matches.map(({mode}) => mode)).toEqual(['silent', 'live']);
  const learning = new DetectionSet(detections(A), {learning: true});
  learning.take(event(0, 's3:A'));
  learning.learning = false;
  learning.take(event(1, 's3:A'));
  expect(learning.drain().matches.map(({mode}) => mode)).toEqual(['silent', 'live']);
});

test('a condition that cannot be decided is counted, never thrown', () => {
  const set = new DetectionSet(
    detections(A.replace('event.operation == "s3:A"', 'record.x.y == "z"')),
  );
  set.take(event(0, 's3:A'));
  set.take(event(1, 's3:A'));
  const {matches, failed} = set.drain();
  expect(matches).toEqual([]);
  expect(failed.a).toMatchObject({count: 2});
});

test('asks for what may matter alone', () => {
  const set = new DetectionSet(detections(A));
  expect(set.wants({operation: 's3:A', kind: 'user', error: '-'}, 0)).toBe(true);
  expect(set.wants({operation: 's3:B', kind: 'user', error: '-'}, 1)).toBe(false);
  expect(set.candidates({operation: 's3:A', kind: 'user', error: '-'})).toEqual(['a']);
});

const WAYS = `detections:
  - id: plain
    title: '{{resource}}'
    when: {condition: 'event.error == "-" && event.resource.startsWith("b") && event.kind != "role"'}
  - id: count
    title: '{{count}}'
    when:
      condition: 'event.operation.startsWith("s3:") && event.principal != "q"'
      count: {at_least: 2, within: 10m, distinct: event.operation}
  - id: first
    title: '{{new}}'
    when:
      condition: 'event.operation == "s3:A" && !glob(event.principal, "q*")'
      first_seen: {by: [principal, resource], within: 1h, warm_up: 5m}
  - id: sequence
    title: '{{count}}'
    group_by: [principal]
    when:
      condition: 'event.error != "-" && event.network == "n"'
      sequence: [{condition: score >= 0.5}, {condition: 'true'}, {condition: 'event.kind == "user"'}]
      within: 15m
`;

test('what an event must have changes nothing but who sees it', () => {
  const given = fc.record({
    operation: fc.constantFrom('s3:A', 's3:B', 'ec2:C'),
    kind: fc.constantFrom('user', 'role'),
    error: fc.constantFrom('-', 'Denied'),
    principal: fc.constantFrom('p', 'q', 'qq'),
    resource: fc.constantFrom('-', 'a', 'b'),
    network: fc.constantFrom('n', 'm'),
    score: fc.constantFrom(0, 0.5),
  });
  const told = new Map<string, number>();
  let seen = 0;
  let shown = 0;
  fc.assert(
    fc.property(fc.array(given, {minLength: 20, maxLength: 60}), (all) => {
      const quick = new DetectionSet(detections(WAYS));
      const plain = new DetectionSet(
        detections(WAYS).map((detection) => ({
          ...detection,
          evaluator: () => Object.assign(detection.evaluator(), {needs: {}}),
        })),
      );
      all.forEach(({score, ...components}, minute) => {
        const time = START + minute * 60_000;
        const each = {...testEvent(time, `e${minute}`, components), score};
        quick.offer(each.components, score, undefined, () => {
          seen++;
          return each;
        });
        plain.take(each);
        shown++;
        for (const set of [quick, plain]) set.advance(time);
        const {matches, ...rest} = quick.drain();
        expect({matches, ...rest}).toEqual(plain.drain());
        for (const {detection} of matches) told.set(detection, (told.get(detection) ?? 0) + 1);
      });
      expect(quick.state()).toEqual(plain.state());
    }),
    {numRuns: 50},
  );
  expect([...told.keys()].sort()).toEqual(['count', 'first', 'plain', 'sequence']);
  expect(seen).toBeLessThan(shown);
});

const COUNT = `detections:
  - id: count
    title: '{{count}}'
    when: {condition: 'event.operation == "s3:A"', count: {at_least: 3, within: 1h}}
`;

test('a reload keeps what an unchanged condition has seen', () => {
  const set = new DetectionSet(detections(COUNT));
  set.take(event(0, 's3:A'));
  set.take(event(1, 's3:A'));
  set.replace(detections(COUNT.replace("title: '", "severity: low\n    title: 'x ")));
  set.take(event(2, 's3:A'));
  expect(set.drain().matches).toMatchObject([{title: 'x 3', severity: 'low'}]);
  set.take(event(10, 's3:A'));
  set.take(event(11, 's3:A'));
  set.replace(detections(COUNT.replace('within: 1h', 'within: 2h')));
  set.take(event(12, 's3:A'));
  expect(set.drain().matches).toEqual([]);
  set.replace([]);
  expect(set.size).toBe(0);
});

test('goes on from its state as if it had not stopped', () => {
  const both = () => detections(`${A}${COUNT.replace('detections:\n', '')}`);
  const steps = fc.array(
    fc.record({
      minutes: fc.integer({min: 0, max: 300}),
      operation: fc.constantFrom('s3:A', 's3:B'),
      principal: fc.constantFrom('p', 'q'),
    }),
    {maxLength: 40},
  );
  fc.assert(
    fc.property(steps, fc.nat(40), (given, stop) => {
      const whole = new DetectionSet(both());
      let cut = new DetectionSet(both());
      given.forEach(({minutes, operation, principal}, i) => {
        if (i === stop) {
          const state = JSON.parse(JSON.stringify(cut.state()));
          cut = new DetectionSet(both());
          cut.restore(state);
        }
        for (const set of [whole, cut]) {
          set.take(event(minutes, operation, principal));
          set.advance(START + minutes * 60_000 - HOUR);
        }
        expect(cut.drain()).toEqual(whole.drain());
      });
    }),
    {numRuns: 50},
  );
});

test('an alarm moves the composites that name it, and can be set by hand', () => {
  const set = new DetectionSet(
    detections(`detections:
  - id: over
    title: both
    when: {composite: 'ALARM("low")'}
  - id: low
    title: many
    when:
      alarm: {pattern: '{ $.eventName = "A" }', metric: {name: a}, period: 1m, threshold: 1}
`),
  );
  set.advance(START);
  set.drain();
  expect(set.setAlarm('low', 'ALARM', 'drill', START + 60_000)).toBe(true);
  expect(set.setAlarm('nope', 'ALARM', 'drill', START + 60_000)).toBe(false);
  const {alarms, matches} = set.drain();
  expect(alarms.map(({detection, change}) => [detection, change.to])).toEqual([
    ['low', 'ALARM'],
    ['over', 'ALARM'],
  ]);
  expect(matches.map(({detection}) => detection)).toEqual(['low', 'over']);
});

const LOW = `  - id: low
    title: many
    when:
      alarm: {pattern: '{ $.eventName = "A" }', metric: {name: a}, period: 1m, threshold: 1, missing_data: ignore}
`;
const over = (rule: string) => `detections:
  - id: over
    title: both
    when: {composite: '${rule}'}
${LOW}`;

test('a composite that is new or changed knows where its alarms stand', () => {
  const alone = `detections:\n${LOW}`;
  const changes = (set: DetectionSet) =>
    set.drain().alarms.map(({detection, change}) => [detection, change.to]);
  const start = () => {
    const set = new DetectionSet(detections(alone));
    set.advance(START);
    set.setAlarm('low', 'ALARM', 'drill', START + 60_000);
    set.drain();
    return set;
  };
  const set = start();
  set.replace(detections(over('NOT OK("low") AND NOT INSUFFICIENT_DATA("low")')));
  set.advance(START + HOUR);
  expect(changes(set)).toEqual([['over', 'ALARM']]);
  set.replace(detections(over('NOT ALARM("low")')));
  set.advance(START + 2 * HOUR);
  expect(changes(set)).toEqual([['over', 'OK']]);
  // An alarm that begins anew is no longer in ALARM.
  set.replace(detections(over('NOT ALARM("low")').replace('threshold: 1', 'threshold: 2')));
  set.advance(START + 3 * HOUR);
  expect(changes(set)).toEqual([['over', 'ALARM']]);
  const restarted = new DetectionSet(detections(over('ALARM("low")')));
  restarted.restore(JSON.parse(JSON.stringify(start().state())));
  restarted.advance(START + HOUR);
  expect(changes(restarted)).toEqual([['over', 'ALARM']]);
});
