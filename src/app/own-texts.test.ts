import fc from 'fast-check';
import {expect, test} from 'vitest';
import {OWN_TEXTS, ownTextsIn} from './own-texts.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function plainly(bytes: Uint8Array): Record<string, string> {
  const record = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const texts = OWN_TEXTS.map((key) => [key, typeof record[key] === 'string' ? record[key] : '']);
  return Object.fromEntries(texts) as Record<string, string>;
}

const TIME = '"eventTime":"2026-01-01T00:00:00Z"';
const key = fc.oneof(
  fc.constantFrom(...OWN_TEXTS, 'eventTime', 'userAgents', 'user', '__proto__', ''),
  fc.string({unit: 'grapheme'}),
);
const scalar = fc.oneof(
  fc.string({unit: 'grapheme'}),
  fc.constantFrom('\\', '"', '":{', '\u2028', '\ufeffx', '{"userAgent":"x"}'),
  fc.double({noNaN: true, noDefaultInfinity: true}),
  fc.constantFrom(true, false, null),
);
const json = fc.letrec<{any: string}>((tie) => ({
  any: fc.oneof(
    {maxDepth: 3},
    scalar.map((value) => JSON.stringify(value)),
    fc.array(tie('any'), {maxLength: 3}).map((all) => `[${all.join(',')}]`),
    members(tie('any')).map((all) => `{${all.join(', ')}}`),
  ),
})).any;

/** Members of an object; keys may come twice. */
function members(value: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const member = fc
    .tuple(key, value, fc.constantFrom('', ' ', '\n\t'))
    .map(([name, text, blank]) => `${JSON.stringify(name)}${blank}:${blank}${text}${blank}`);
  return fc.array(member, {maxLength: 8});
}

test('reads what JSON.parse would give, the last of equal keys', () => {
  let read = 0;
  fc.assert(
    fc.property(members(json), fc.nat(8), (all, at) => {
      const bytes = bytesOf(`{${all.toSpliced(at, 0, TIME).join(',')}}`);
      const texts = ownTextsIn(bytes);
      if (texts === undefined) return;
      read++;
      expect(texts).toEqual(plainly(bytes));
    }),
    {numRuns: 1_000},
  );
  expect(read).toBeGreaterThan(500);
});

test('reads texts with escapes, and bytes that are no UTF-8, as reading the whole does', () => {
  const written = bytesOf(`{${TIME},"sourceIPAddress":"a\\u00e9\\"\\\\","userAgent":"x€y"}`);
  expect(ownTextsIn(written)).toEqual({sourceIPAddress: 'aé"\\', userAgent: 'x€y'});
  const cut = written.slice();
  // The last byte of the sign before it.
  cut[cut.indexOf(0x79) - 1] = 0x78;
  expect(ownTextsIn(cut)).toEqual(plainly(cut));
});

test('leaves to others what is no record, and keys with escapes', () => {
  for (const text of [
    '',
    '[]',
    '{}',
    '"eventTime"',
    '{"Username":"x","CloudTrailEvent":"{\\"eventTime\\":\\"x\\",\\"userAgent\\":\\"y\\"}"}',
    '{"detail":{"eventTime":"x","userAgent":"y"}}',
    `{${TIME},"user\\u0041gent":"x"}`,
  ]) {
    expect(ownTextsIn(bytesOf(text))).toBeUndefined();
  }
});

test('ends whatever the bytes are', () => {
  fc.assert(
    fc.property(members(json), fc.nat(200), (all, length) => {
      const bytes = bytesOf(`{${TIME}${all.map((one) => `,${one}`).join('')}}`);
      expect(() => ownTextsIn(bytes.subarray(0, length))).not.toThrow(TypeError);
    }),
  );
});
