/**
 * The part of a file that is at hand. Indexes into `view` plus `base` are file offsets.
 *
 * Invariant: after `keep`, `view` lies in memory of its own.
 */
export class ByteWindow {
  #store = new Uint8Array(64 * 1024);
  #from = 0;
  #own = true;
  view: Uint8Array = new Uint8Array(0);
  base = 0;

  get end(): number {
    return this.base + this.view.length;
  }

  reset(): void {
    // A store that one huge record has grown is not kept for the files to come.
    if (this.#store.length > 8 * 1024 * 1024) this.#store = new Uint8Array(64 * 1024);
    this.#from = this.base = 0;
    this.#own = true;
    this.view = this.#store.subarray(0, 0);
  }

  /** Adds bytes at the end; borrowed until `keep`. */
  append(bytes: Uint8Array): void {
    if (this.view.length === 0) {
      this.view = bytes;
      this.#own = false;
      return;
    }
    const length = this.view.length;
    if (this.#from + length + bytes.length > this.#store.length) {
      const needed = length + bytes.length;
      const store = needed * 2 > this.#store.length ? new Uint8Array(needed * 2) : this.#store;
      store.set(this.view);
      this.#store = store;
      this.#from = 0;
    }
    this.#store.set(bytes, this.#from + length);
    this.view = this.#store.subarray(this.#from, this.#from + length + bytes.length);
  }

  /** Forgets what is before a file offset. */
  discard(before: number): void {
    const count = before - this.base;
    if (count <= 0) return;
    this.view = this.view.subarray(count);
    if (this.#own) this.#from += count;
    this.base = before;
  }

  /** Copies what was borrowed. */
  keep(): void {
    if (this.#own) return;
    const rest = this.view;
    this.#own = true;
    this.#from = 0;
    if (rest.length > this.#store.length) this.#store = new Uint8Array(rest.length * 2);
    this.#store.set(rest);
    this.view = this.#store.subarray(0, rest.length);
  }
}
