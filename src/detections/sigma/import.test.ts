import {expect, test} from 'vitest';
import {writeYaml} from '../../config/write.ts';
import {loadDetections} from '../load.ts';
import {runTests} from '../test-runner.ts';
import {importSigma} from './import.ts';

const HEAD = 'logsource:\n  product: aws\n  service: cloudtrail\n';

function imported(text: string) {
  const given = importSigma([{file: 'rules.yml', text}]);
  return {...given, became: given.outcomes.map(({became}) => became)};
}

/** The file made of it, read again; with a test for its first detection. */
function loadedOf(text: string, events: readonly object[], expect_: unknown = 'match') {
  const {detections, outcomes} = imported(text);
  expect(outcomes.flatMap(({problems}) => problems)).toEqual([]);
  const tests = [{name: 'it', events, expect: expect_}];
  const [first, ...rest] = detections;
  const file = writeYaml({detections: [{...first, tests}, ...rest]}, 'Two\nlines');
  const loaded = loadDetections([{file: 'made.yml', text: file}]);
  expect(loaded.problems).toEqual([]);
  expect(runTests(loaded.detections).filter(({passed}) => !passed)).toEqual([]);
  return loaded.detections;
}

const RULE = `
title: Trail stopped {{by}} someone
id: 11111111-2222-4333-8444-555555555555
status: experimental
description: |
  A trail no longer records.
references: [https://example.com/a, a book]
author: A. Person
tags: [attack.defense_evasion, attack.t1562.008, attack.stealth, cve.2024-1]
${HEAD}detection:
  selection:
    eventSource: cloudtrail.amazonaws.com
    eventName: [StopLogging, DeleteTrail]
  filter_tool:
    userAgent|contains: 'deploy-tool'
  condition: selection and not 1 of filter_*
falsepositives: [Rebuilding the trail, Unknown]
level: high
`;

test('makes a detection that loads, and does what the rule does', () => {
  const record = {eventSource: 'cloudtrail.amazonaws.com', eventName: 'StopLogging'};
  const harmless = {...record, userAgent: 'deploy-tool/1'};
  const [detection] = loadedOf(RULE, [record, harmless], 1);
  expect(detection).toMatchObject({
    id: 'sigma-trail-stopped-by-someone',
    kind: 'sigma',
    severity: 'high',
    mode: 'silent',
    techniques: ['T1562.008'],
    tactics: ['defense-evasion'],
    references: ['https://example.com/a'],
    runbook: ['May be harmless: Rebuilding the trail'],
    groupBy: ['principal'],
  });
  expect(detection?.description).toBe(
    'A trail no longer records.\nSigma rule 11111111-2222-4333-8444-555555555555, by A. Person, ' +
      'status experimental.\nSee a book',
  );
  expect(detection?.needs.operation?.('cloudtrail:StopLogging')).toBe(true);
  expect(detection?.needs.operation?.('cloudtrail:StartLogging')).toBe(false);
  expect(detection?.condition).toContain('condition: selection and not 1 of filter_*');
});

test('keeps a correlation together with its rules', () => {
  const text = `title: A denied call
name: denied
${HEAD}detection:
  s: {errorCode: AccessDenied}
  condition: s
---
title: Many denied calls
correlation:
  type: event_count
  rules: [denied]
  group-by: [userIdentity.arn]
  timespan: 5m
  condition: {gte: 2}
level: medium
`;
  const denied = {errorCode: 'AccessDenied', userIdentity: {arn: 'arn:x'}};
  const [only, ...others] = loadedOf(text, [denied, denied, denied], {
    matches: 1,
    group: ['arn:x'],
  });
  expect(only?.id).toBe('sigma-many-denied-calls');
  expect(others).toEqual([]);
  expect(imported(text).became).toEqual(['part', 'runs']);
  const both = imported(text.replace('  type:', '  generate: true\n  type:'));
  expect(both.became).toEqual(['runs', 'runs']);
});

test('asks for the values of placeholders', () => {
  const text = `title: t\n${HEAD}detection:\n  s:\n    a|expand: '%Our-Users%'\n  condition: not s\n`;
  const [detection] = loadedOf(text, [{a: 'x'}]);
  expect(detection?.parameters).toEqual({our_users: []});
});

test('gives each rule an id of its own', () => {
  const two = `${RULE}---${RULE}---${RULE}`;
  expect(imported(two).detections.map(({id}) => id)).toEqual([
    'sigma-trail-stopped-by-someone',
    'sigma-trail-stopped-by-someone-11111111',
    'sigma-trail-stopped-by-someone-2',
  ]);
});

test('tells what cannot be run, and where', () => {
  const {outcomes, became} = imported(`${RULE}---
title: Of Windows
logsource: {product: windows}
detection: {s: {a: 1}, condition: s}
---
title: Wrong
${HEAD}detection:
  s:
    a: 1
    b|nonsense: 2
    c|re: 'ab(?=c)'
  condition: s and t
--- 
- 5
`);
  expect(became).toEqual(['runs', 'other', 'cannot', 'cannot']);
  const places = outcomes.flatMap(({problems}) =>
    problems.map(({line, column, message}) => `${line}:${column} ${message.slice(0, 30)}`),
  );
  expect(places).toEqual([
    '34:5 The modifier "nonsense" is not',
    '35:14 Bad regular expression: invali',
    '36:20 There is no search "t"; there ',
    '38:1 No rule: settings such as `tit',
  ]);
});

test('tells what of the rules that a correlation refers to is wrong, where it stands', () => {
  const correlation = (name: string, rules: string) => `---
title: C
name: ${name}
correlation:
  type: temporal
  rules: [${rules}]
  timespan: 5m
`;
  const {outcomes} = imported(
    `title: W
name: w
logsource: {product: windows}
detection: {s: {a: 1}, condition: s}
${correlation('c', 'w, none')}${correlation('self', 'self')}`,
  );
  const places = outcomes.flatMap(({problems}) =>
    problems.map(({line, column, path, message}) => `${line}:${column} ${path}: ${message}`),
  );
  expect(places).toEqual([
    '10:11 correlation.rules.0: The rule "w" is not for CloudTrail',
    '10:14 correlation.rules.1: There is no rule "none"',
    '17:11 correlation.rules.0: It goes round in a circle: "self" leads here',
  ]);
});

test('takes no harm from hostile files', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh']
    .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[i]}`).join(',')}]`)
    .join('\n')}\ntitle: *h\n`;
  expect(imported(bomb).became).toEqual(['cannot']);
  expect(imported('['.repeat(100_000)).became).toEqual(['cannot']);
  expect(imported('a: 1\na: 2').became).toEqual(['cannot']);
  expect(imported(`${'---\n'.repeat(5000)}`).became).toEqual([]);
  const rule = (item: string) =>
    imported(`title: t\n${HEAD}detection:\n  s: ${item}\n  condition: s\n`);
  expect(rule(`{a|re: '${'(a*)*'.repeat(2000)}'}`).became).toEqual(['cannot']);
  expect(rule(`{__proto__: {x: 1}}`).became).toEqual(['cannot']);
  expect(rule(`{constructor: x}`).became).toEqual(['runs']);
  const start = Date.now();
  const deep = rule(`{a: '${'*a'.repeat(4000)}b'}`);
  const loaded = loadDetections([{file: 'x', text: writeYaml({detections: deep.detections})}]);
  const [detection] = loaded.detections;
  const evaluator = detection?.evaluator();
  const event = {time: 0, id: '', origin: '', score: 0, bits: {}, record: {a: 'a'.repeat(100_000)}};
  evaluator?.take({...event, components: {} as never}, {} as never);
  expect(Date.now() - start).toBeLessThan(5_000);
});
