import {assert} from '../base/assert.ts';
import type {SectionReader, SectionWriter} from '../base/binary.ts';

/**
 * The one buffer of a learner, seen as integers and floats. It holds blocks of nodes (see
 * `node.ts`) and many small hash tables, each from a value's id to a record of six words:
 *
 * | word | what |
 * |---|---|
 * | 0 | value id + 1; 0 marks a free slot, whose other words are 0 as well |
 * | 1 | count, Float32, forward-decayed (inflated by the weight of its time) |
 * | 2 | second last seen |
 * | 3 | occurrences within the hour last seen |
 * | 4 | second first seen |
 * | 5 | times seen |
 *
 * A table is 2^k slots in a row, probed linearly from a Fibonacci hash, so that one probe is one
 * cache line mostly, a table can be listed without an index of its own, and growing touches one
 * table only. Tables fill up to five eighths, but the smallest, of two
 * slots, wholly.
 *
 * Who owns a table keeps its offset, its `shift` (32 − k) and its number of records; offset 0 is
 * no table. Offsets survive growth of the buffer, not that of their table.
 */
export class Arena {
  /** The buffer; replaced when it grows, so never keep these. */
  words: Int32Array;
  floats: Float32Array;
  doubles: Float64Array;
  #used: number;
  /** Words of free tables. */
  #idle = 0;
  readonly #limit: number;
  /** First free table of 2^k slots, by k; word 0 of a free table is the next one. */
  readonly #free: Int32Array;

  /**
   * @param reserved words from offset 0 on that stay zero.
   * @param limit words there may be; offsets must fit an Int32.
   */
  constructor(reserved: number, limit = MAX_WORDS) {
    assert(limit <= MAX_WORDS, 'offsets are 32 bits wide');
    this.#limit = limit;
    assert(reserved > 0 && reserved % 2 === 0, 'blocks hold doubles, so they begin at even words');
    this.words = new Int32Array(Math.max(1 << 14, reserved));
    this.floats = new Float32Array(this.words.buffer);
    this.doubles = new Float64Array(this.words.buffer);
    this.#used = reserved;
    this.#free = new Int32Array(32);
  }

  /** Bytes in use or free for reuse. */
  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Words of blocks and of tables in use. */
  get live(): number {
    return this.#used - this.#idle;
  }

  /** Offset of the record of `value`, or 0. */
  find(table: number, shift: number, value: number): number {
    if (table === 0) return 0;
    const words = this.words;
    const key = value + 1;
    const mask = (1 << (32 - shift)) - 1;
    // A shift by 32 would be one by 0: tables have 2 slots at least.
    let slot = Math.imul(value, HASH) >>> shift;
    for (let probes = mask; probes >= 0; probes--) {
      const record = table + slot * RECORD;
      const found = words[record]!;
      if (found === key) return record;
      if (found === 0) return 0;
      slot = (slot + 1) & mask;
    }
    return 0;
  }

  /** An empty table. */
  allocate(shift: number): number {
    const k = 32 - shift;
    const size = RECORD << k;
    const reused = this.#free[k]!;
    if (reused !== 0) {
      this.#free[k] = this.words[reused]!;
      this.words.fill(0, reused, reused + size);
      this.#idle -= size;
      return reused;
    }
    return this.block(size);
  }

  /** Offset of so many new words, zero; an even number. They are never given back. */
  block(size: number): number {
    // The allocator's own head of 16 bytes comes first, so this is where a cache line begins.
    const block = size % 16 === 0 ? ((this.#used + 3) & ~15) + 12 : this.#used;
    if (block + size > this.words.length) this.#grow(block + size);
    this.#used = block + size;
    return block;
  }

  release(table: number, shift: number): void {
    const k = 32 - shift;
    this.words[table] = this.#free[k]!;
    this.#free[k] = table;
    this.#idle += RECORD << k;
  }

  /** True when one more record would overfill a table of this shift. */
  isFull(shift: number, records: number): boolean {
    const slots = 1 << (32 - shift);
    return slots === 2 ? records >= 2 : records * 8 >= slots * 5;
  }

  /** Offset of a new record of `value`, zero but for the value; it must be absent and fit. */
  insert(table: number, shift: number, value: number): number {
    const words = this.words;
    const mask = (1 << (32 - shift)) - 1;
    let slot = Math.imul(value, HASH) >>> shift;
    let record = table + slot * RECORD;
    while (words[record] !== 0) {
      assert(words[record] !== value + 1, 'no value has two records in one table');
      slot = (slot + 1) & mask;
      record = table + slot * RECORD;
    }
    words[record] = value + 1;
    return record;
  }

  /** Moves all records to a table of another size, which is returned; the old one is released. */
  resize(table: number, shift: number, newShift: number): number {
    const grown = this.allocate(newShift);
    const end = table + (RECORD << (32 - shift));
    const words = this.words;
    for (let record = table; record < end; record += RECORD) {
      const key = words[record]!;
      if (key === 0) continue;
      const moved = this.insert(grown, newShift, key - 1);
      for (let i = 1; i < RECORD; i++) words[moved + i] = words[record + i]!;
    }
    this.release(table, shift);
    return grown;
  }

  /** Takes a record out, closing the gap in its run (Knuth, TAOCP 3, 6.4 R). */
  remove(table: number, shift: number, record: number): void {
    const words = this.words;
    const mask = (1 << (32 - shift)) - 1;
    let gap = (record - table) / RECORD;
    let slot = gap;
    for (let probes = mask; probes > 0; probes--) {
      slot = (slot + 1) & mask;
      const from = table + slot * RECORD;
      const key = words[from]!;
      if (key === 0) break;
      const home = Math.imul(key - 1, HASH) >>> shift;
      // Only a record whose way from home leads over the gap may fill it.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      words.copyWithin(table + gap * RECORD, from, from + RECORD);
      gap = slot;
    }
    words.fill(0, table + gap * RECORD, table + gap * RECORD + RECORD);
  }

  save(to: SectionWriter): void {
    to.write('arena.words', this.words.subarray(0, this.#used));
    to.write('arena.free', this.#free);
  }

  restore(from: SectionReader): void {
    const words = from.int32('arena.words');
    this.#used = words.length;
    this.#replace(words, words.length);
    this.#free.set(from.int32('arena.free').subarray(0, this.#free.length));
    this.#idle = 0;
    for (const [k, first] of this.#free.entries()) {
      for (let table = first; table !== 0; table = this.words[table]!) this.#idle += RECORD << k;
    }
  }

  #grow(needed: number): void {
    assert(needed <= this.#limit, `the counts of one model must fit ${this.#limit} words`);
    // Half as much again: doubling would leave up to half of a large buffer unused.
    const length = Math.max(needed, Math.ceil(this.words.length * 0.75) * 2);
    this.#replace(this.words, Math.min(length, this.#limit));
  }

  #replace(from: Int32Array, length: number): void {
    this.words = new Int32Array(length + (length & 1));
    this.words.set(from);
    this.floats = new Float32Array(this.words.buffer);
    this.doubles = new Float64Array(this.words.buffer);
  }
}

/** Where the search for a value begins; some place within the buffer if there is no table. */
export function homeOf(table: number, shift: number, value: number): number {
  return table === 0 ? 0 : table + (Math.imul(value, HASH) >>> shift) * RECORD;
}

/** 8 GiB; even, and all offsets and `offset + size` below 2^31. */
const MAX_WORDS = 2 ** 31 - 2;

/** Words of a record. */
export const RECORD = 6;
export const COUNT = 1;
export const LAST = 2;
export const REPEATS = 3;
export const FIRST = 4;
export const TIMES = 5;

/** 2³² / golden ratio: spreads dense ids evenly (Knuth, TAOCP 3, 6.4). */
const HASH = 0x9e3779b1 | 0;
