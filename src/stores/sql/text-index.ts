/**
 * From the hash of a text to the ids that texts with that hash have: 12 bytes a text, open
 * addressing. The hash is seeded, so that nobody can make up texts that collide.
 */
export class TextIndex {
  readonly #seed: number;
  #hashes = new Int32Array(1024);
  /** 0 where the slot is free. */
  #ids = new Int32Array(1024);
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  add(text: string, id: number): void {
    if (3 * (this.#size + 1) > 2 * this.#ids.length) this.#grow();
    this.#insert(hashOf(text, this.#seed), id);
    this.#size++;
  }

  /** Ids of texts that have the hash of this one; most often none, or the one of this text. */
  find(text: string): number[] {
    const hash = hashOf(text, this.#seed);
    const mask = this.#ids.length - 1;
    const found: number[] = [];
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#ids[slot] ?? 0;
      if (id === 0) return found;
      if (this.#hashes[slot] === hash) found.push(id);
    }
  }

  #insert(hash: number, id: number): void {
    const mask = this.#ids.length - 1;
    let slot = hash & mask;
    while (this.#ids[slot] !== 0) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#ids[slot] = id;
  }

  #grow(): void {
    const hashes = this.#hashes;
    const ids = this.#ids;
    this.#hashes = new Int32Array(2 * ids.length);
    this.#ids = new Int32Array(2 * ids.length);
    ids.forEach((id, slot) => {
      if (id !== 0) this.#insert(hashes[slot] ?? 0, id);
    });
  }
}

/** MurmurHash3 (Appleby, public domain), 32 bits, over UTF-16 units two at a time. */
function hashOf(text: string, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < text.length; i += 2) {
    let k = text.charCodeAt(i) | (i + 1 < text.length ? text.charCodeAt(i + 1) << 16 : 0);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
