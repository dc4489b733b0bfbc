import {expect, test} from 'vitest';
import {loadDetections, MAX_FILE_LENGTH} from './load.ts';
import type {Override} from './schema.ts';

function load(text: string, options: Parameters<typeof loadDetections>[1] = {}) {
  return loadDetections([{file: 'a.yml', text}], options);
}

function places(text: string): string[] {
  return load(text).problems.map(
    ({line, column, path, message}) => `${line}:${column} ${path} ${message}`,
  );
}

const SOUND = `detections:
  - id: one
    title: '{{principal}} did it'
    when: {pattern: '{ $.eventName = "A" }'}
    tests:
      - {name: a, events: [{eventName: A}], expect: match}
`;

test('a sound file gives detections with all answers', () => {
  const {detections, problems, warnings} = load(SOUND);
  expect([problems, warnings]).toEqual([[], []]);
  expect(detections).toMatchObject([
    {
      id: 'one',
      kind: 'pattern',
      severity: 'medium',
      mode: 'live',
      dedupMs: 3_600_000,
      groupBy: ['principal'],
      from: 'a.yml',
      line: 2,
    },
  ]);
  expect(detections[0]?.source.split('\n')[1]).toBe("title: '{{principal}} did it'");
});

test('every problem of a file is told, down to the character', () => {
  const text = `detections:
  - id: bad-one
    title: x
    severty: high
    when:
      pattern: >-
        { $.eventName = "A" &&
          $.eventSource == "x" }
  - id: bad-two
    title: x
    when:
      condition: |
        event.principal == "a" &&
          event.nope == "b"
    exclusions:
      - {id: e, condition: 'event.x', owner: o, reason: r, expires: 2020-01-01}
  - id: bad-two
    title: x
    when: {composite: 'ALARM("none") AND ALARM("bad-two")'}
  - id: UPPER
    title: x
    when: {pattern: '{ $.a = 1 }', count: {at_least: 0, within: soon}}
`;
  expect(places(text)).toEqual([
    '4:5 detections.0.severty Unknown setting',
    '8:25 detections.0.when.pattern Equality is a single "="',
    '14:17 detections.1.when.condition There is no field nope',
    '16:35 detections.1.exclusions.0.condition There is no field x',
    '19:31 detections.2.when.composite There is no alarm "none"',
    '19:49 detections.2.when.composite It goes round in a circle: "bad-two" asks for this one',
    '20:9 detections.3.id Lower-case letters, digits, "." and "-", at most 128',
    '22:54 detections.3.when.count.at_least Too small: expected number to be >=1',
    '22:65 detections.3.when.count.within A duration such as "30s", "15m", "6h" or "90d"',
  ]);
});

test('an id that another file has is a problem', () => {
  const {problems} = loadDetections([
    {file: 'a.yml', text: SOUND},
    {file: 'b.yml', text: SOUND},
  ]);
  expect(problems).toMatchObject([
    {file: 'b.yml', line: 2, column: 9, message: 'Used twice: it is that of a.yml:2 already'},
  ]);
});

test('what is no list of detections, or too large, is a problem', () => {
  expect(places('')).toHaveLength(1);
  expect(places('detections: 3\n')).toHaveLength(1);
  expect(places('detections: [\n')).not.toEqual([]);
  expect(places(`${SOUND}#${'x'.repeat(MAX_FILE_LENGTH)}`)).toEqual(['1:1  Larger than 5 MiB']);
});

test('composites that ask for one another in a circle are told once', () => {
  const text = `detections:
  - {id: a, title: x, when: {composite: 'ALARM("b")'}}
  - {id: b, title: x, when: {composite: 'ALARM("c")'}}
  - {id: c, title: x, when: {composite: 'ALARM("a")'}}
`;
  expect(places(text)).toEqual([
    '4:49 detections.2.when.composite It goes round in a circle: "a" asks for this one',
  ]);
});

test('the configuration may change mode, severity and parameters', () => {
  const text = `detections:
  - id: one
    title: x
    when: {condition: 'event.account in params.accounts'}
    parameters: {accounts: {default: []}}
`;
  const override: Override = {
    id: 'one',
    mode: 'off',
    severity: 'low',
    parameters: {accounts: ['1']},
  };
  const {detections, overrideFaults} = load(text, {overrides: [override]});
  expect(overrideFaults).toEqual([]);
  expect(detections).toMatchObject([{mode: 'off', severity: 'low', parameters: {accounts: ['1']}}]);
  expect(detections[0]?.fingerprint).not.toBe(load(text).detections[0]?.fingerprint);
  const wrong = [
    {id: 'two'},
    {id: 'one', parameters: {accounts: 'x'}},
    {id: 'one', parameters: {nope: 1}},
  ];
  expect(load(text, {overrides: wrong}).overrideFaults).toEqual([
    {path: [0, 'id'], message: 'No detection "two"'},
    {
      path: [1, 'parameters', 'accounts'],
      message: 'The parameter "accounts" is a list, found a text',
    },
    {path: [2, 'id'], message: 'Used twice'},
  ]);
});

test('what is not wrong, but not meant either, is a warning', () => {
  const text = `detections:
  - id: one
    title: x
    techniques: [T9999]
    when: {pattern: '{ $.eventName = "A" }'}
    exclusions:
      - {id: e, condition: 'true', owner: o, reason: r, expires: 2020-01-01}
`;
  const {problems, warnings} = load(text, {now: Date.UTC(2026, 0, 1)});
  expect(problems).toEqual([]);
  expect(warnings.map(({line, message}) => `${line} ${message}`)).toEqual([
    '7 The exclusion has expired: it does nothing',
    '4 Not a technique against clouds that is known here',
    '2 There is no test',
  ]);
});
