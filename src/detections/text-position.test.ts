import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readYaml} from '../config/parse.ts';
import {textPosition} from './text-position.ts';

/** What stands in `text` at the place of each character of the value of `a`. */
function charactersOf(text: string): {value: string; found: string} {
  const read = readYaml('a.yml', text);
  if (!read.ok) throw new Error('not YAML');
  const written = read.value.written(['a']);
  if (written === undefined) throw new Error('no text');
  const {a: value} = read.value.value as {a: string};
  const found = Array.from(
    {length: value.length},
    (_, i) => text[textPosition(written, i)] ?? '',
  ).join('');
  return {value, found};
}

test('finds characters however they are written', () => {
  for (const text of [
    'a: one two\n',
    'a: one\n  two three\n\n  four\n',
    "a: 'one ''two'' three'\n",
    'a: "one two"\n',
    'a: |\n  one\n   two\n\n  three\n',
    'a: >- # folded\n  one\n  two\n\n  three\n',
    'b: 1\na: |2-\n    one\n  two\r\n',
  ]) {
    const {value, found} = charactersOf(text);
    expect(value.length).toBeGreaterThan(5);
    expect(found.replace(/\s/g, ' ')).toBe(value.replace(/\s/g, ' '));
  }
});

test('an escape is where its backslash is', () => {
  expect(charactersOf('a: "\\"x\\u0041\\x42\\U0001F600\\ty\\\n  z"\n')).toEqual({
    value: '"xAB😀\tyz',
    found: '\\x\\\\\\\\\\yz',
  });
});

test('the end of a text is after its last character', () => {
  const text = "a: 'x y'\n";
  const read = readYaml('a.yml', text);
  if (!read.ok) throw new Error('not YAML');
  const written = read.value.written(['a']);
  if (written === undefined) throw new Error('no text');
  expect(textPosition(written, 3)).toBe(7);
});

test('finds what is not white space in any quoted text', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), (value) => {
      const text = `a: ${JSON.stringify(value)}\n`;
      const read = readYaml('a.yml', text);
      if (!read.ok) return;
      const written = read.value.written(['a']);
      if (written === undefined) return;
      [...value].reduce((i, char) => {
        if (char.trim() !== '' && char !== '"' && char !== '\\' && char >= ' ') {
          const at = textPosition(written, i);
          expect(String.fromCodePoint(text.codePointAt(at) as number)).toBe(
            text[at] === '\\' ? '\\' : char,
          );
        }
        return i + char.length;
      }, 0);
    }),
  );
});
