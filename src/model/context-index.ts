import {assert} from '../base/assert.ts';

/**
 * Where the block of a context lies, for all contexts over one tuple of columns. One column is
 * looked up in an array, more go through a hash table, none (everyone) is one block.
 *
 * The index hands out numbers 1, 2, …; 0 is "no such context". Freed numbers are given again.
 */
export class ContextIndex {
  readonly columns: readonly number[];
  /** Contexts there are. */
  size = 0;
  /** Numbers given so far, freed ones included. */
  #highest = 0;
  /** By id for one column; else hash slots. */
  #table: Int32Array;
  /** Column ids of each number, `columns.length` each; freed ones hold −1. */
  #keys: Int32Array;
  #freed: number[] = [];

  constructor(columns: readonly number[]) {
    this.columns = columns;
    this.#table = new Int32Array(64);
    this.#keys = new Int32Array(64 * columns.length);
  }

  get highest(): number {
    return this.#highest;
  }

  get byteLength(): number {
    return this.#table.byteLength + this.#keys.byteLength;
  }

  /** Number of the event's context, or 0. */
  find(ids: Int32Array): number {
    const columns = this.columns;
    if (columns.length === 1) return this.#table[ids[columns[0]!]!] ?? 0;
    if (columns.length === 0) return this.size;
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#hash(ids) & mask;
    for (;;) {
      const number = table[slot]!;
      if (number === 0 || this.#matches(number, ids)) return number;
      slot = (slot + 1) & mask;
    }
  }

  /** Gives the event's context, which must be new, a number. */
  add(ids: Int32Array): number {
    const columns = this.columns;
    const number = this.#freed.pop() ?? ++this.#highest;
    this.size++;
    if (columns.length === 0) return number;

    if ((number + 1) * columns.length > this.#keys.length) {
      const grown = new Int32Array(this.#keys.length * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    for (let i = 0; i < columns.length; i++) {
      this.#keys[number * columns.length + i] = ids[columns[i]!]!;
    }
    if (columns.length === 1) {
      const id = ids[columns[0]!]!;
      if (id >= this.#table.length) {
        const grown = new Int32Array(Math.max(id + 1, this.#table.length * 2));
        grown.set(this.#table);
        this.#table = grown;
      }
      this.#table[id] = number;
    } else if (this.size * 2 > this.#table.length) {
      this.#rehash(this.#table.length * 2);
    } else {
      this.#place(number);
    }
    return number;
  }

  /** Forgets these numbers. */
  remove(numbers: readonly number[]): void {
    const arity = this.columns.length;
    assert(arity > 0, 'everyone cannot be forgotten');
    for (const number of numbers) {
      if (arity === 1) this.#table[this.#keys[number]!] = 0;
      this.#keys.fill(-1, number * arity, (number + 1) * arity);
      this.#freed.push(number);
    }
    this.size -= numbers.length;
    if (arity > 1) this.#rehash(this.#table.length);
  }

  /** Id of the `i`-th column of a context; −1 for a freed number. */
  key(number: number, i: number): number {
    return this.#keys[number * this.columns.length + i]!;
  }

  isFreed(number: number): boolean {
    return this.columns.length > 0 && this.key(number, 0) < 0;
  }

  state(): ContextIndexState {
    const arity = this.columns.length;
    return {
      keys: this.#keys.slice(0, (this.#highest + 1) * arity),
      freed: Int32Array.from(this.#freed),
      highest: this.#highest,
    };
  }

  static restore(columns: readonly number[], state: ContextIndexState): ContextIndex {
    const index = new ContextIndex(columns);
    const arity = columns.length;
    index.#highest = state.highest;
    index.#freed = [...state.freed];
    index.size = state.highest - state.freed.length;
    if (state.keys.length > index.#keys.length) {
      index.#keys = new Int32Array(state.keys.length * 2);
    }
    index.#keys.set(state.keys);
    if (arity === 1) {
      let largest = 0;
      for (const id of state.keys) largest = Math.max(largest, id);
      index.#table = new Int32Array(Math.max(64, largest + 1));
      for (let number = 1; number <= state.highest; number++) {
        const id = index.#keys[number]!;
        if (id >= 0) index.#table[id] = number;
      }
    } else if (arity > 1) {
      let slots = 64;
      while (index.size * 2 > slots) slots *= 2;
      index.#rehash(slots);
    }
    return index;
  }

  #rehash(slots: number): void {
    this.#table = new Int32Array(slots);
    for (let number = 1; number <= this.#highest; number++) {
      if (!this.isFreed(number)) this.#place(number);
    }
  }

  #place(number: number): void {
    const arity = this.columns.length;
    let hash = 0;
    for (let i = 0; i < arity; i++) hash = mix(hash, this.#keys[number * arity + i]!);
    const mask = this.#table.length - 1;
    let slot = finish(hash) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = number;
  }

  #hash(ids: Int32Array): number {
    const columns = this.columns;
    let hash = 0;
    for (let i = 0; i < columns.length; i++) hash = mix(hash, ids[columns[i]!]!);
    return finish(hash);
  }

  #matches(number: number, ids: Int32Array): boolean {
    const columns = this.columns;
    const keys = this.#keys;
    const start = number * columns.length;
    for (let i = 0; i < columns.length; i++) {
      if (keys[start + i] !== ids[columns[i]!]) return false;
    }
    return true;
  }
}

export interface ContextIndexState {
  readonly keys: Int32Array;
  readonly freed: Int32Array;
  readonly highest: number;
}

function mix(hash: number, id: number): number {
  return Math.imul((hash << 15) ^ (hash >>> 17) ^ id, 0x9e3779b1);
}

function finish(hash: number): number {
  return hash ^ (hash >>> 15);
}
