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
    // Fold 128 bits into 64, so that ids which differ in any word differ here.
    let low = (words[offset] as number) ^ Math.imul(words[offset + 2] as number, 0x9e3779b1);
    let high = (words[offset + 1] as number) ^ Math.imul(words[offset + 3] as number, 0x85ebca6b);
    if (low === 0 && high === 0) {
      if (words[offset] === 0 && words[offset + 1] === 0) return false;
      low = 1;
      high = 1;
    }
    const start = Math.imul(low ^ (high >>> 15), 0x2c1b3c6d);
    const home = (start ^ (start >>> 16)) & this.#mask;
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
