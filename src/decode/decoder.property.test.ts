import {gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {decoded} from '../../test/decoded.ts';

const json = JSON.stringify;

function record(n: number): string {
  return json({
    eventVersion: '1.08',
    userIdentity: {type: 'IAMUser', arn: `arn:aws:iam::123456789012:user/é${n}`},
    eventTime: '2025-01-01T00:00:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: `Name${n}`,
    resources: [{a: '\\"}]'}, {}],
  });
}

const file = fc
  .tuple(
    fc.constantFrom(
      ['{"Records":[', ',', ']}'],
      ['{"a":{"b":[1]},"Records": [', ' ,\n', '],"z":"]}"}\n'],
      ['[', ',', ']'],
      ['', '\n', ''],
    ),
    fc.array(
      fc.constantFrom(
        record(0),
        record(1),
        json({detail: JSON.parse(record(2))}),
        json({Message: record(3)}),
        json({logEvents: [{message: record(4)}, {message: 'x'}]}),
        json({Records: [JSON.parse(record(5))]}),
        '{"other":[{"x":1}]}',
        '{}',
      ),
      {maxLength: 8},
    ),
  )
  .map(([[open, separator, close], parts]) => `${open}${parts.join(separator)}${close}`);

const edit = fc.tuple(
  fc.nat(),
  fc.nat(40),
  fc.constantFrom('', '', '"', '{', '}', '[', ']', ',', ':', '\\', '\n', 'x', '{"', '\0', '}]}'),
);

const how = fc.record({
  chunk: fc.integer({min: 1, max: 300}),
  understands: fc.boolean(),
  capacity: fc.integer({min: 200, max: 5000}),
  room: fc.integer({min: 1, max: 5}),
});

function edited(text: string, edits: readonly (readonly [number, number, string])[]): Uint8Array {
  let bytes = Buffer.from(text);
  for (const [place, cut, insert] of edits) {
    const at = place % (bytes.length + 1);
    const rest = bytes.subarray(at + (insert === '' ? cut : 0));
    bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), rest]);
  }
  return bytes;
}

test('gives the same however the bytes are cut and however much the scanner understands', () => {
  fc.assert(
    fc.property(file, fc.array(edit, {maxLength: 3}), how, (text, edits, options) => {
      const bytes = edited(text, edits);
      expect(decoded(bytes, options)).toEqual(decoded(bytes));
    }),
    {numRuns: 800},
  );
});

test('gives the same from gzip as from what it holds', () => {
  fc.assert(
    fc.property(file, fc.array(edit, {maxLength: 2}), how, (text, edits, options) => {
      const bytes = edited(text, edits);
      expect(decoded(gzipSync(bytes), options)).toEqual(decoded(bytes));
    }),
    {numRuns: 200},
  );
});

test('gives every record of a file that is in order, and loses none beside damage', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), {minLength: 3, maxLength: 9}), edit, (numbers, damage) => {
      const parts = numbers.map(record);
      const names = numbers.map((n) => `Name${n}`);
      expect(found(`{"Records":[${parts.join(',')}]}`)).toEqual(names);
      const hurt = Math.floor(parts.length / 2);
      const broken = Buffer.from(edited(parts[hurt]!, [damage])).toString();
      // A list that is left open may, in good order, take the records that follow into itself.
      fc.pre(broken.endsWith(',{}]}') && !/\[.*\[/.test(broken));
      const text = `{"Records":[${[...parts.slice(0, hurt), broken, ...parts.slice(hurt + 1)].join(',')}]}`;
      const all = found(text);
      for (const name of new Set(names.filter((_, i) => i !== hurt))) expect(all).toContain(name);
    }),
    {numRuns: 1000},
  );
});

test('places lie within the file, and indexes count without gaps', () => {
  fc.assert(
    fc.property(file, fc.array(edit, {maxLength: 3}), (text, edits) => {
      const bytes = edited(text, edits);
      const {records, rejects} = decoded(bytes);
      const indexes = [...records, ...rejects].map(({index}) => index).sort((a, b) => a - b);
      expect(indexes).toEqual(indexes.map((_, i) => i));
      for (const {offset, length} of [...records, ...rejects]) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
      }
    }),
    {numRuns: 500},
  );
});

function found(text: string): unknown[] {
  return decoded(text).records.map(({record: one}) => one.eventName);
}
