import {expect, test} from 'vitest';
import {z} from 'zod';
import {formatProblem, parseYaml} from './parse.ts';

const schema = z.strictObject({
  name: z.string(),
  limits: z.strictObject({days: z.number().positive()}).optional(),
  list: z.array(z.strictObject({id: z.number()})).default([]),
});

test('gives the value of a sound file', () => {
  expect(parseYaml('a.yml', 'name: x\nlist:\n  - id: 1\n', schema)).toEqual({
    ok: true,
    value: {name: 'x', list: [{id: 1}]},
  });
});

test('reports every problem, each at its line and column', () => {
  const text = 'name: 3\nlimits:\n  days: -1\n  weeks: 2\nlist:\n  - id: 1\n  - id: one\n';
  const parsed = parseYaml('a.yml', text, schema);
  expect(parsed.ok).toBe(false);
  if (parsed.ok) return;
  expect(parsed.problems.map(({line, column, path}) => [line, column, path])).toEqual([
    [1, 7, 'name'],
    [3, 9, 'limits.days'],
    [4, 3, 'limits.weeks'],
    [7, 9, 'list.1.id'],
  ]);
});

test('points at faulty YAML itself', () => {
  const parsed = parseYaml('a.yml', 'name: "x\nlimits: {\n', schema);
  expect(parsed.ok).toBe(false);
});

test('shows the line with a caret below the place', () => {
  const problem = {file: 'a.yml', line: 2, column: 7, path: 'b', message: 'Too small'};
  expect(formatProblem(problem, 'a: 1\n  b:  -1\n')).toBe(
    'a.yml:2:7: b: Too small\n    b:  -1\n        ^',
  );
});

test('puts variables into strings, after parsing', () => {
  const strings = z.strictObject({a: z.string(), b: z.string(), c: z.string().optional()});
  const text = 'a: "x-${TOKEN}"\nb: ${UNSET:-usual}\n';
  const variables = {TOKEN: 'y", b: [z]\n'};
  expect(parseYaml('a.yml', text, strings, {variables})).toEqual({
    ok: true,
    value: {a: 'x-y", b: [z]\n', b: 'usual'},
  });
  expect(parseYaml('a.yml', 'a: p\nb: ${NO_SUCH}\nc: 3\n', strings, {variables})).toMatchObject({
    ok: false,
    problems: [
      {line: 2, column: 4, message: 'The variable NO_SUCH is not set'},
      {line: 3, column: 4, path: 'c'},
    ],
  });
  expect(parseYaml('a.yml', 'a: ${TOKEN}\nb: c\n', strings)).toMatchObject({
    value: {a: '${TOKEN}'},
  });
});

test('what would use up the parser is a problem like any other', () => {
  const bomb = `a: &a [x, x]\n${[...'bcdefghij']
    .map(
      (name, i) => `${name}: &${name} [*${'abcdefghi'[i]}, *${'abcdefghi'[i]}, *${'abcdefghi'[i]}]`,
    )
    .join('\n')}\n`;
  expect(parseYaml('a.yml', bomb, z.unknown())).toMatchObject({
    ok: false,
    problems: [{message: 'More than 100 uses of aliases'}],
  });
  for (const [text, line, column] of [
    ['['.repeat(100_000), 1, 101],
    [`a: ${'{a: '.repeat(100_000)}`, 1, 404],
    ['- '.repeat(100_000), 1, 201],
    [Array.from({length: 1000}, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 202, 1],
  ] as const) {
    expect(parseYaml('a.yml', text, z.unknown())).toMatchObject({
      ok: false,
      problems: [{message: 'Nested too deeply', line, column}],
    });
  }
  const block = `a: |\n${`  ${' '.repeat(300)}[[[[ - - -\n`.repeat(100)}b: "${'['.repeat(200)}"\n`;
  expect(parseYaml('a.yml', block, z.unknown())).toMatchObject({ok: true});
});

test('a problem in a long line is shown with what is around it', () => {
  const text = `a: ${'x'.repeat(100_000)}\n`;
  const shown = formatProblem(
    {file: 'a.yml', line: 1, column: 50_000, path: '', message: 'No'},
    text,
  );
  expect(shown.length).toBeLessThan(500);
  expect(shown.split('\n')[2]).toHaveLength(2 + 99 + 1);
});
