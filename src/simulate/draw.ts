import {assert} from '../base/assert.ts';
import type {Random} from '../base/random.ts';

/** Draws values in proportion to fixed weights, in O(log n). */
export class Weighted<T> {
  readonly values: readonly T[];
  readonly #sums: Float64Array;

  constructor(values: readonly T[], weightOf: (value: T, index: number) => number) {
    assert(values.length > 0, 'weighted draw from nothing');
    this.values = values;
    this.#sums = new Float64Array(values.length);
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      sum += weightOf(values[i] as T, i);
      this.#sums[i] = sum;
    }
  }

  draw(random: Random): T {
    const sums = this.#sums;
    const goal = random.next() * (sums[sums.length - 1] ?? 0);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > goal) high = middle;
      else low = middle + 1;
    }
    return this.values[low] as T;
  }
}

/** Log-normal with median 1: how much more or less than its fellows somebody does something. */
export function spread(random: Random, sigma: number): number {
  return Math.exp(sigma * random.normal());
}

const HEX = Array.from({length: 256}, (_, i) => i.toString(16).padStart(2, '0'));
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function hex8(value: number): string {
  return (
    (HEX[value >>> 24] as string) +
    (HEX[(value >>> 16) & 255] as string) +
    (HEX[(value >>> 8) & 255] as string) +
    (HEX[value & 255] as string)
  );
}

/** `length` hexadecimal digits. */
export function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += hex8(random.uint32());
  return text.slice(0, length);
}

/** A version 4 UUID. */
export function uuid(random: Random): string {
  const a = hex8(random.uint32());
  const b = hex8((random.uint32() & 0xffff0fff) | 0x4000);
  const c = hex8((random.uint32() & 0x3fffffff) | 0x80000000);
  const d = hex8(random.uint32());
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
}

function letters(random: Random, alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[random.below(alphabet.length)];
  return text;
}

/** Upper-case letters and digits, as in access keys and S3 request ids. */
export function base32(random: Random, length: number): string {
  return letters(random, BASE32, length);
}

export function alphanumeric(random: Random, length: number): string {
  return letters(random, ALPHANUMERIC, length);
}

/** A public IPv4 address outside the ranges that AWS or nobody has. */
export function publicAddress(random: Random): string {
  return `${publicNetwork(random)}.${random.between(2, 253)}`;
}

const FIRST_OCTETS = [
  5, 24, 31, 37, 46, 62, 67, 71, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92,
  93, 94, 95, 96, 98, 99, 101, 109, 113, 115, 118, 124, 151, 174, 176, 178, 185, 188, 193, 194, 195,
  212, 213, 217,
] as const;

/** The first three numbers of a public address: a /24. */
export function publicNetwork(random: Random): string {
  return `${random.pick(FIRST_OCTETS)}.${random.below(256)}.${random.below(256)}`;
}
