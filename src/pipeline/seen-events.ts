import {assert} from '../base/assert.ts';

/**
 * Remembers which event ids came by, within bounded memory, so that an event delivered twice
 * counts once. Ids are kept as 64 of their 128 bits: with two million ids at hand, the chance that
 * any one new event is mistaken for a duplicate is about 10⁻¹³.
 *
 * Two generations of open-addressing tables: when the younger is full, the older is forgotten. At
 * least the last `capacity` ids are remembered, at most twice as many; 32 bytes per id.
 */
export class SeenEvents {
  readonly #capacity: number;
  readonly #mask: number;
  #young: Int32Array;
  #old: Int32Array;
  #count = 0;
  #oldEmpty = true;

  constructor(capacity = 1 << 20) {
    assert(capacity >= 16, `capacity must be at least 16, is ${capacity}`);
    let slots = 32;
    while (slots < capacity * 2) slots *= 2;
    this.#capacity = capacity;
    this.#mask = slots - 1;
    this.#young = new Int32Array(slots * 2);
    this.#old = new Int32Array(slots * 2);
  }

  /**
   * True when the id came by before; remembers it. `offset` is where its four words begin. An id
   * of all zeros is the absence of one, and never seen.
   */
  seen(words: Int32Array, offset: number): boolean {
    if (!this.#fold(words, offset)) return false;
    return this.#remember(this.#low, this.#high);
  }

  /** Whether the id came by before; remembers nothing. */
  has(words: Int32Array, offset: number): boolean {
    if (!this.#fold(words, offset)) return false;
    const home = this.#home(this.#low, this.#high);
    return (
      contains(this.#young, this.#low, this.#high, home, this.#mask) ||
      contains(this.#old, this.#low, this.#high, home, this.#mask)
    );
  }

  /** Ids of the younger generation. */
  get young(): number {
    return this.#count;
  }

  /** The ids remembered, two words each, the older generation first. */
  state(): Int32Array {
    const words = new Int32Array(2 * (size(this.#old) + this.#count));
    let to = 0;
    for (const table of [this.#old, this.#young]) {
      // From behind a gap on, since a run of full slots may go on at the beginning: put back in
      // this order, every id finds the slot that it had.
      const gap = firstGap(table);
      for (let i = 0; i < table.length; i += 2) {
        const at = (gap + i) % table.length;
        const low = table[at] as number;
        const high = table[at + 1] as number;
        if (low === 0 && high === 0) continue;
        words[to++] = low;
        words[to++] = high;
      }
    }
    return words;
  }

  /** @param young how many of the ids are of the younger generation; all, unless told. */
  static restore(state: Int32Array, young = state.length >> 1, capacity?: number): SeenEvents {
    const seen = new SeenEvents(capacity);
    const turn = state.length - 2 * young;
    for (let i = 0; i < turn; i += 2) {
      seen.#remember(state[i] as number, state[i + 1] as number);
    }
    if (turn > 0) {
      [seen.#young, seen.#old] = [seen.#old, seen.#young];
      seen.#oldEmpty = false;
      seen.#count = 0;
    }
    for (let i = turn; i + 1 < state.length; i += 2) {
      seen.#remember(state[i] as number, state[i + 1] as number);
    }
    return seen;
  }

  #low = 0;
  #high = 0;

  /** Folds 128 bits into 64, so that ids which differ in any word differ; false if there is no id. */
  #fold(words: Int32Array, offset: number): boolean {
    this.#low = (words[offset] as number) ^ Math.imul(words[offset + 2] as number, 0x9e3779b1);
    this.#high = (words[offset + 1] as number) ^ Math.imul(words[offset + 3] as number, 0x85ebca6b);
    if (this.#low !== 0 || this.#high !== 0) return true;
    this.#low = 1;
    this.#high = 1;
    return words[offset] !== 0 || words[offset + 1] !== 0;
  }

  #home(low: number, high: number): number {
    const start = Math.imul(low ^ (high >>> 15), 0x2c1b3c6d);
    return (start ^ (start >>> 16)) & this.#mask;
  }

  #remember(low: number, high: number): boolean {
    const home = this.#home(low, high);
    const young = this.#young;
    let slot = home;
    for (;;) {
      const at = slot * 2;
      const a = young[at] as number;
      const b = young[at + 1] as number;
      if (a === 0 && b === 0) break;
      if (a === low && b === high) return true;
      slot = (slot + 1) & this.#mask;
    }
    const known = !this.#oldEmpty && contains(this.#old, low, high, home, this.#mask);
    if (this.#count >= this.#capacity) {
      [this.#young, this.#old] = [this.#old.fill(0), this.#young];
      this.#oldEmpty = false;
      this.#count = 0;
      slot = home;
    }
    this.#young[slot * 2] = low;
    this.#young[slot * 2 + 1] = high;
    this.#count++;
    return known;
  }
}

function size(table: Int32Array): number {
  let count = 0;
  for (let at = 0; at < table.length; at += 2) {
    if (table[at] !== 0 || table[at + 1] !== 0) count++;
  }
  return count;
}

function firstGap(table: Int32Array): number {
  let at = 0;
  while (table[at] !== 0 || table[at + 1] !== 0) at += 2;
  return at;
}

function contains(
  table: Int32Array,
  low: number,
  high: number,
  home: number,
  mask: number,
): boolean {
  for (let slot = home; ; slot = (slot + 1) & mask) {
    const a = table[slot * 2] as number;
    const b = table[slot * 2 + 1] as number;
    if (a === 0 && b === 0) return false;
    if (a === low && b === high) return true;
  }
}
