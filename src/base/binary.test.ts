import {expect, test} from 'vitest';
import {BinaryError, SectionReader, SectionWriter} from './binary.ts';

function written(): Uint8Array {
  const writer = new SectionWriter();
  writer.text('name', 'öd');
  writer.numbers('numbers', [0.5, -1, Number.POSITIVE_INFINITY]);
  writer.write('ids', Int32Array.of(7, -8));
  return writer.bytes();
}

function expectAll(bytes: Uint8Array): void {
  const reader = new SectionReader(bytes);
  expect(reader.text('name')).toBe('öd');
  expect([...reader.float64('numbers')]).toEqual([0.5, -1, Number.POSITIVE_INFINITY]);
  expect([...reader.int32('ids')]).toEqual([7, -8]);
}

test('reads back what was written', () => {
  expectAll(written());
});

// What `readFile` gives is a Buffer, whose `slice` shares its memory.
test('reads from a Buffer, wherever in its memory it begins', () => {
  expectAll(Buffer.from(written()));
  expectAll(Buffer.concat([Buffer.from('odd'), written()]).subarray(3));
});

test('what was read stays when the bytes are overwritten', () => {
  const bytes = Buffer.from(written());
  const reader = new SectionReader(bytes);
  bytes.fill(0);
  expect([...reader.int32('ids')]).toEqual([7, -8]);
});

test('refuses bytes that end early', () => {
  const bytes = written();
  expect(() => new SectionReader(bytes.subarray(0, bytes.length - 1))).toThrow(BinaryError);
});
