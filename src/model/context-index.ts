import {assert} from '../base/assert.ts';

/**
 * Where the block of a context lies, for all contexts over one tuple of columns. One column is
 * looked up in an array by id; more go through an open-addressing table whose slots hold the ids
 * and the offset side by side; none (everyone) is one block.
 *
 * Offset 0 is "no such context".
 */
export class ContextIndex {
  readonly columns: readonly number[];
  /** Contexts there are. */
  size = 0;
  readonly #first: number;
  readonly #second: number;
  /** One column: offset by id. More: slots of offset and ids. None: the offset. */
  #table: Int32Array;
  #mask = 63;

  constructor(columns: readonly number[]) {
    this.columns = columns;
    this.#first = columns[0] ?? 0;
    this.#second = columns[1] ?? 0;
    this.#table = new Int32Array(64 * (columns.length > 1 ? columns.length + 1 : 1));
  }

  get byteLength(): number {
    return this.#table.byteLength;
  }

  /** Offset of the block of the event's context, or 0. */
  find(ids: Int32Array): number {
    const arity = this.columns.length;
    const table = this.#table;
    if (arity === 1) {
      const id = ids[this.#first]!;
      return id < table.length ? table[id]! : 0;
    }
    if (arity === 0) return table[0]!;
    if (arity !== 2) return table[this.#slotOf(ids)]!;
    const first = ids[this.#first]!;
    const second = ids[this.#second]!;
    const mask = this.#mask;
    let slot = finish(mix(mix(0, first), second)) & mask;
    for (;;) {
      const at = slot * 3;
      const offset = table[at]!;
      if (offset === 0 || (table[at + 1] === first && table[at + 2] === second)) return offset;
      slot = (slot + 1) & mask;
    }
  }

  /** Adds the event's context, which must be new. */
  add(ids: Int32Array, offset: number): void {
    const arity = this.columns.length;
    this.size++;
    if (arity === 0) {
      this.#table[0] = offset;
    } else if (arity === 1) {
      const id = ids[this.#first]!;
      if (id >= this.#table.length) {
        const grown = new Int32Array(Math.max(id + 1, this.#table.length * 2));
        grown.set(this.#table);
        this.#table = grown;
      }
      this.#table[id] = offset;
    } else {
      if (this.size * 2 > this.#mask + 1) this.#rehash((this.#mask + 1) * 2, () => false);
      const at = this.#slotOf(ids);
      this.#table[at] = offset;
      for (let i = 0; i < arity; i++) this.#table[at + 1 + i] = ids[this.columns[i]!]!;
    }
  }

  /** Forgets the contexts whose blocks these are. */
  remove(offsets: ReadonlySet<number>): void {
    assert(this.columns.length > 0, 'everyone cannot be forgotten');
    if (this.columns.length === 1) {
      const table = this.#table;
      for (let id = 0; id < table.length; id++) {
        if (offsets.has(table[id]!)) table[id] = 0;
      }
    } else {
      this.#rehash(this.#mask + 1, (offset) => offsets.has(offset));
    }
    this.size -= offsets.size;
  }

  /** Calls back for every context: the offset of its block and its ids, which are valid only then. */
  each(visit: (offset: number, ids: Int32Array) => void): void {
    const table = this.#table;
    const arity = this.columns.length;
    const stride = arity > 1 ? arity + 1 : 1;
    const id = new Int32Array(1);
    for (let at = 0; at < table.length; at += stride) {
      const offset = table[at]!;
      if (offset === 0) continue;
      if (arity === 1) id[0] = at;
      visit(offset, arity > 1 ? table.subarray(at + 1, at + stride) : id.subarray(0, arity));
    }
  }

  state(): Int32Array {
    return this.#table.slice();
  }

  /** Takes over a state; size follows from it. */
  restore(table: Int32Array): void {
    this.#table = table.slice();
    this.size = 0;
    this.each(() => this.size++);
    if (this.columns.length > 1) this.#mask = table.length / (this.columns.length + 1) - 1;
  }

  #rehash(slots: number, without: (offset: number) => boolean): void {
    const old = this.#table;
    const stride = this.columns.length + 1;
    const mask = slots - 1;
    const table = new Int32Array(slots * stride);
    for (let from = 0; from < old.length; from += stride) {
      if (old[from] === 0 || without(old[from]!)) continue;
      let hash = 0;
      for (let i = 1; i < stride; i++) hash = mix(hash, old[from + i]!);
      let slot = finish(hash) & mask;
      while (table[slot * stride] !== 0) slot = (slot + 1) & mask;
      for (let i = 0; i < stride; i++) table[slot * stride + i] = old[from + i]!;
    }
    this.#table = table;
    this.#mask = mask;
  }

  /** Place of the event's slot, or of the free one where it belongs. */
  #slotOf(ids: Int32Array): number {
    const columns = this.columns;
    const table = this.#table;
    const stride = columns.length + 1;
    let hash = 0;
    for (let i = 0; i < columns.length; i++) hash = mix(hash, ids[columns[i]!]!);
    let slot = finish(hash) & this.#mask;
    for (;;) {
      const at = slot * stride;
      if (table[at] === 0) return at;
      let same = true;
      for (let i = 0; i < columns.length; i++) {
        if (table[at + 1 + i] !== ids[columns[i]!]) same = false;
      }
      if (same) return at;
      slot = (slot + 1) & this.#mask;
    }
  }
}

function mix(hash: number, id: number): number {
  return Math.imul((hash << 15) ^ (hash >>> 17) ^ id, 0x9e3779b1);
}

function finish(hash: number): number {
  return hash ^ (hash >>> 15);
}
