import fc from 'fast-check';
import {RE2JS} from 're2js';
import {expect, test} from 'vitest';
import {compileRegex, MAX_REGEX_LENGTH} from './regex.ts';

function matches(
  source: string,
  text: string,
  options: {ignoreCase?: boolean; whole?: boolean} = {},
) {
  const {ignoreCase = false, whole = false} = options;
  const compiled = compileRegex(source, {ignoreCase, unanchored: !whole});
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.regex.test(text);
}

test('looks anywhere, or at the whole text', () => {
  expect(matches('b+', 'abbc')).toBe(true);
  expect(matches('b+', 'abbc', {whole: true})).toBe(false);
  expect(matches('ab+c', 'abbc', {whole: true})).toBe(true);
  expect(matches('RAUL', 'raul')).toBe(false);
  expect(matches('RAUL', 'raul', {ignoreCase: true})).toBe(true);
});

test('expressions of plain text decide as the automaton does', () => {
  const source = fc
    .array(fc.constantFrom('a', 'b', '-', '^', '$', '|', '\\.', '\\\\', '\\-', '/'), {maxLength: 8})
    .map((parts) => parts.join(''));
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '.', '\\', '-', '/', '\n'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(source, text, fc.boolean(), (regex, subject, whole) => {
      const oracle = RE2JS.compile(regex);
      const expected = whole ? oracle.testExact(subject) : oracle.test(subject);
      expect(matches(regex, subject, {whole})).toBe(expected);
    }),
    {numRuns: 3000},
  );
});

test('expressions that hold a text decide as the automaton does', () => {
  const source = fc
    .array(
      fc.constantFrom(
        'aba',
        'bbb',
        'a',
        '.',
        '[ab]',
        '[^a]',
        '\\d',
        '*',
        '+',
        '?',
        '{2}',
        '{0,1}',
        '\\.',
        '^',
        '$',
      ),
      {maxLength: 6},
    )
    .map((parts) => parts.join(''))
    .filter((regex) => compileRegex(regex, {unanchored: true}).ok);
  const text = fc.string({unit: fc.constantFrom('a', 'b', '.', '1'), maxLength: 12});
  fc.assert(
    fc.property(source, fc.array(text, {minLength: 5, maxLength: 5}), (regex, subjects) => {
      const oracle = RE2JS.compile(regex);
      for (const subject of subjects) {
        expect([regex, subject, matches(regex, subject)]).toEqual([
          regex,
          subject,
          oracle.test(subject),
        ]);
      }
    }),
    {numRuns: 2000},
  );
});

test.each([
  ['a(b', 1, 'missing closing )'],
  ['ab)', 0, 'unexpected )'],
  ['x[z-a]', 2, 'invalid character class range'],
  ['ab**', 2, 'invalid nested repetition operator'],
  ['a(?=b)', 1, 'unsupported Perl syntax'],
  ['(a)\\1', 3, 'invalid escape sequence'],
  ['a{2000}', 1, 'invalid repeat count'],
  ['x'.repeat(MAX_REGEX_LENGTH + 1), MAX_REGEX_LENGTH, 'characters, more than'],
  ['x'.repeat(2_000), 0, 'steps, more than'],
  ['('.repeat(2_000) + ')'.repeat(2_000), 0, 'nests too deeply'],
])('tells what is wrong, and where: %s', (source, index, message) => {
  const compiled = compileRegex(source, {unanchored: true});
  expect(compiled).toMatchObject({ok: false, index});
  if (!compiled.ok) expect(compiled.message).toContain(message);
});

test('takes time linear in the text', () => {
  const time = (length: number) => {
    const text = `${'a'.repeat(length)}!`;
    const started = performance.now();
    expect(matches('^(([a-z])+.)+[A-Z]([a-z])+$', text)).toBe(false);
    return performance.now() - started;
  };
  time(10_000);
  expect(time(400_000)).toBeLessThan(5_000);
});
