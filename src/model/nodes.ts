/**
 * Nodes of all contexts over one column tuple: a node holds what one facet counts in one context.
 * A context's nodes lie in one block of `stride` words; block 0 stays empty and stands for contexts
 * not seen yet.
 *
 * | word of a node | what |
 * |---|---|
 * | 0, 1 | n, Float64: sum of its records' counts |
 * | 2 | K: number of records |
 * | 3, 4 | table of the records and its shift |
 * | 5 | times counted |
 * | 6 | second last seen (of the block, in its first node) |
 * | 8 … 39 | histogram, Float32: mass of the records by the power of two of their count |
 */
export class Nodes {
  readonly stride: number;
  words: Int32Array;
  floats: Float32Array;
  doubles: Float64Array;
  /** Words in use. */
  end: number;

  constructor(perContext: number) {
    this.stride = perContext * NODE;
    this.end = this.stride;
    this.words = new Int32Array(this.stride * 2);
    this.floats = new Float32Array(this.words.buffer);
    this.doubles = new Float64Array(this.words.buffer);
  }

  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Makes room for this context's block. */
  reserve(number: number): void {
    this.end = Math.max(this.end, (number + 1) * this.stride);
    if (this.end <= this.words.length) return;
    const blocks = Math.ceil((this.end / this.stride) * 1.5);
    const grown = new Int32Array(blocks * this.stride);
    grown.set(this.words);
    this.words = grown;
    this.floats = new Float32Array(grown.buffer);
    this.doubles = new Float64Array(grown.buffer);
  }

  state(): Int32Array {
    return this.words.slice(0, this.end);
  }

  restore(words: Int32Array): void {
    this.end = words.length;
    this.words = words.slice();
    this.floats = new Float32Array(this.words.buffer);
    this.doubles = new Float64Array(this.words.buffer);
  }
}

export const NODE = 40;
export const HISTOGRAM = 8;
export const BUCKETS = 32;

/** Counts below 2^−6 share the first bucket, those from 2^25 on the last. */
const LOWEST_EXPONENT = 127 - 6;

/** Bucket of a count given as the bits of a Float32: its exponent. */
export function bucketOf(bits: number): number {
  const bucket = (bits >>> 23) - LOWEST_EXPONENT;
  return bucket < 0 ? 0 : bucket > 31 ? 31 : bucket;
}
