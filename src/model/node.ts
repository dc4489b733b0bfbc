/**
 * A node is what one facet counts in one context. The nodes of a context lie side by side in one
 * block of the arena.
 *
 * | word | what |
 * |---|---|
 * | 0, 1 | n, Float64: sum of its records' counts |
 * | 2 | K: number of records |
 * | 3, 4 | table of the records and its shift |
 * | 5 | times counted |
 * | 6 | second last seen (of the block, in its first node) |
 * | 7 | highest bucket that ever held a record |
 * | 8 … 31 | Float32, by bucket b up to that one: mass of the records in buckets below b |
 *
 * A record's bucket is the power of two of its count. Sums of all lower buckets, rather than each
 * bucket's own mass, make a look at the tail two reads; and the head and the commonest buckets lie
 * in one cache line, since the learner is bound by memory.
 */
export const NODE = 32;
export const DISTINCT = 2;
export const TABLE = 3;
export const SHIFT = 4;
export const NODE_TIMES = 5;
export const SEEN = 6;
export const TOP = 7;
export const BELOW = 8;
export const BUCKETS = 24;

/** Counts below 1/2 share the first bucket, those from 2^21 on the last. */
const LOWEST_EXPONENT = 127 - 2;

/** Bucket of a count given as the bits of a Float32: its exponent. */
export function bucketOf(bits: number): number {
  const bucket = (bits >>> 23) - LOWEST_EXPONENT;
  return Math.max(0, Math.min(bucket, BUCKETS - 1));
}
