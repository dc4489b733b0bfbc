import {expect, test} from 'vitest';
import {parseContexts} from './contexts.ts';

const CONTEXT = `
contexts:
  - name: one
    entity: user
    facets: [{name: f, of: user, given: [everyone]}]
`;

function problems(text: string): string[] {
  const parsed = parseContexts('c.yml', text);
  if (parsed.ok) return [];
  return parsed.problems.map(({line, column, message}) => `${line}:${column} ${message}`);
}

function json(fields: string, contexts = CONTEXT): string {
  return `stream:
  type: json
  time: {path: t}
  fields:
    user: {path: user}
${fields}${contexts}`;
}

test('refuses patterns that may take forever, where they stand', () => {
  expect(problems(json('    x: {path: x, pattern: "^(a+)+$"}\n'))).toEqual([
    '6:27 The group (a+) is repeated and holds a repetition, which may take forever',
  ]);
  expect(problems(json('    x: {path: x, pattern: "^(a+)$"}\n'))).toEqual([]);
  expect(problems(json('    x: {path: x, pattern: "("}\n'))).toEqual([
    '6:27 Not a regular expression',
  ]);
});

test('has one hour at most, and none beside that of CloudTrail', () => {
  expect(problems(json('    h: {as: hour}\n'))).toEqual([]);
  expect(problems(json('    h: {as: hour}\n    i: {as: hour}\n'))).toEqual([
    '7:13 One field can be the hour',
  ]);
  const cloudtrail = `stream:
  type: cloudtrail
  fields:
    user: {path: user}
    h: {as: hour}
${CONTEXT}`;
  expect(problems(cloudtrail)).toEqual(['5:13 Use the field "hour"']);
});

test('reports unknown fields of a group and a condition at their own places', () => {
  const contexts = `
contexts:
  - name: one
    entity: user
    group: nobody
    when: {nothing: [a]}
    facets: [{name: f, of: user, given: [everyone]}]
`;
  expect(problems(json('', contexts))).toEqual([
    '10:12 No such field: "nobody"',
    '11:21 No such field: "nothing"',
  ]);
});

test('a half-life is a day at least', () => {
  const contexts = CONTEXT.replace(
    'entity: user',
    'entity: user\n    parameters: {half_life_days: 0.01}',
  );
  expect(problems(json('', contexts))).toHaveLength(1);
});
