import {constants, deflateRawSync, gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {decodeBase64, ExpansionBudget, GzipReader, gunzipAtOnce} from './gzip.ts';
import {Inflater} from './inflate.ts';
import {DEFAULT_LIMITS} from './limits.ts';

function read(bytes: Uint8Array, chunk = bytes.length || 1, limits = DEFAULT_LIMITS) {
  const parts: Uint8Array[] = [];
  const reader = new GzipReader(limits, (part) => parts.push(Uint8Array.from(part)));
  for (let at = 0; at < bytes.length; at += chunk) {
    const piece = Uint8Array.from(bytes.subarray(at, at + chunk));
    reader.push(piece);
    piece.fill(0);
  }
  reader.end();
  return {bytes: Buffer.concat(parts), fault: reader.fault};
}

test('inflates whatever zlib deflates, however it is cut', () => {
  const content = fc.oneof(
    fc.uint8Array({maxLength: 2000}),
    fc
      .array(fc.constantFrom('{"eventName":', '"Describe"', 'abc', '\n', 'é'), {maxLength: 800})
      .map((words) => new TextEncoder().encode(words.join(''))),
  );
  const strategies = [
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
  ];
  const options = fc.record({
    level: fc.integer({min: 0, max: 9}),
    strategy: fc.constantFrom(...strategies),
    memLevel: fc.integer({min: 1, max: 9}),
  });
  fc.assert(
    fc.property(content, options, fc.integer({min: 1, max: 700}), (bytes, how, chunk) => {
      const result = read(gzipSync(bytes, how), chunk);
      expect(result.fault).toBeUndefined();
      expect(result.bytes.equals(bytes)).toBe(true);
    }),
    {numRuns: 60},
  );
});

test('inflates more than a window, with long codes and far distances', () => {
  const bytes = new Uint8Array(1_500_000);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    // Skewed bytes give long codes; stretches of copies give far distances.
    bytes[i] = i > 40_000 && i % 3000 < 1000 ? bytes[i - 32_000]! : (Math.clz32(state) ** 2) & 255;
  }
  for (const level of [1, 6, 9]) {
    for (const chunk of [1 << 20, 4099]) {
      const result = read(gzipSync(bytes, {level}), chunk);
      expect(result.fault).toBeUndefined();
      expect(result.bytes.equals(bytes)).toBe(true);
    }
  }
});

test('reads members one after the other, names in headers, and zero padding', () => {
  const named = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 8 | 4, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9]),
    Buffer.from('name.json\0'),
    gzipSync('three').subarray(10),
  ]);
  const file = Buffer.concat([
    gzipSync('one'),
    gzipSync(''),
    gzipSync('two'),
    named,
    Buffer.alloc(5),
  ]);
  for (const chunk of [1, 3, 1000]) {
    expect(read(file, chunk)).toEqual({bytes: Buffer.from('onetwothree'), fault: undefined});
  }
  expect(Buffer.from(gunzipAtOnce(file, DEFAULT_LIMITS)!).toString()).toBe('onetwothree');
});

test.each([
  ['cut off', (gz: Buffer) => gz.subarray(0, gz.length - 9)],
  ['cut off within the trailer', (gz: Buffer) => gz.subarray(0, gz.length - 3)],
  ['followed by garbage', (gz: Buffer) => Buffer.concat([gz, Buffer.from('garbage')])],
  ['followed by garbage after zeros', (gz: Buffer) => Buffer.concat([gz, Buffer.from('\0\0x')])],
  ['followed by half a header', (gz: Buffer) => Buffer.concat([gz, Buffer.from([0x1f, 0x8b, 8])])],
  ['of a wrong checksum', (gz: Buffer) => flip(gz, gz.length - 6)],
  ['of a wrong size', (gz: Buffer) => flip(gz, gz.length - 2)],
  ['only a header', (gz: Buffer) => gz.subarray(0, 7)],
])('finds a file that is %s damaged, and keeps what comes before', (_, damage) => {
  const text = Array.from({length: 3000}, (_unused, i) => `line ${i * 7919}`).join('\n');
  const file = damage(gzipSync(text));
  expect(gunzipAtOnce(file, DEFAULT_LIMITS)).toBeUndefined();
  const whole = read(file);
  expect(whole.fault).toBe('gzip_damaged');
  expect(text.startsWith(whole.bytes.toString())).toBe(true);
  if (file.length > 100) expect(whole.bytes.length).toBeGreaterThan(text.length - 100);
  expect(read(file, 1)).toEqual(whole);
});

test('never throws on damage, and yields the same however it is cut', () => {
  const gz = gzipSync(Array.from({length: 300}, (_, i) => `line ${i * 7919}`).join('\n'));
  const at = fc.integer({min: 2, max: gz.length - 1});
  fc.assert(
    fc.property(at, fc.integer({min: 1, max: 255}), (place, bits) => {
      const file = Buffer.from(gz);
      file[place]! ^= bits;
      const whole = read(file);
      expect(read(file, 5)).toEqual(whole);
    }),
    {numRuns: 60},
  );
});

test('refuses a bomb while it streams', () => {
  const limits = {...DEFAULT_LIMITS, expansionBytes: 1 << 20, expansionRatio: 250};
  const bomb = gzipSync(new Uint8Array(16 << 20));
  const result = read(bomb, 100, limits);
  expect(result.fault).toBe('gzip_expansion');
  expect(result.bytes.length).toBeLessThan(2 << 20);
  expect(read(bomb, bomb.length, limits).bytes.length).toBe(result.bytes.length);
  expect(gunzipAtOnce(bomb, limits)).toBeUndefined();
  expect(new ExpansionBudget(limits).gunzip(bomb, true)).toEqual({
    ok: false,
    reason: 'gzip_expansion',
  });
});

test('refuses a stream that copies from before its beginning', () => {
  const primed = deflateRawSync('hello hello', {dictionary: Buffer.from('hello hello')});
  const parts: string[] = [];
  const inflater = new Inflater((part) => parts.push(String(part)) > 0);
  expect(inflater.push(primed, true)).toBe('damaged');
});

test('decodes base64 of both alphabets, and nothing else', () => {
  expect(Buffer.from(decodeBase64('eyJhIjoxfQ==')!).toString()).toBe('{"a":1}');
  expect(Buffer.from(decodeBase64('eyJh\nIjoxfQ')!).toString()).toBe('{"a":1}');
  expect(decodeBase64('eyJhIjox!')).toBeUndefined();
});

function flip(gz: Buffer, at: number): Buffer {
  const copy = Buffer.from(gz);
  copy[at]! ^= 0x55;
  return copy;
}
