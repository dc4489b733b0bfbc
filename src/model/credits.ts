/**
 * Values credited to entities: for each (entity, facet, value) the time and the bits of its latest
 * credit, in the order in which an entity's were given.
 *
 * A hash table of chains over one pool of entries, which are asked for several times an event, and
 * so lie flat in memory. An entry is named by its offset in the pool, for as long as it is there;
 * 0 is none. An entry has ten words:
 *
 * | word | what |
 * |---|---|
 * | 0, 1 | time, Float64 |
 * | 2, 3 | bits, Float64 |
 * | 4, 5, 6 | entity + 1 (0: a free entry), facet, value |
 * | 7 | next entry of its chain, or of the free ones |
 * | 8, 9 | the entity's entry before and after it |
 */
export class Credits {
  #words = new Int32Array(ENTRY * 64);
  #doubles = new Float64Array(this.#words.buffer);
  #used = ENTRY;
  #free = 0;
  #size = 0;
  /** First entry of each chain; a power of two of them. */
  #chains = new Int32Array(64);
  /** By entity, `HEAD` words: oldest and newest entry, number, nothing; a Bloom filter of values. */
  #heads = new Int32Array(HEAD * 64);

  /** The entry of a value; 0 if it is not credited. */
  find(entity: number, facet: number, value: number): number {
    const hash = hashOf(entity, facet, value);
    // Most values are not credited, which the filter mostly tells.
    const filter = entity * HEAD + filterWord(hash);
    if (filter >= this.#heads.length || (this.#heads[filter]! & (1 << (hash >>> 27))) === 0)
      return 0;
    const words = this.#words;
    let at = this.#chains[hash & (this.#chains.length - 1)]!;
    while (at !== 0) {
      if (
        words[at + VALUE] === value &&
        words[at + OF] === entity + 1 &&
        words[at + FACET] === facet
      )
        return at;
      at = words[at + NEXT]!;
    }
    return 0;
  }

  timeOf(entry: number): number {
    return this.#doubles[entry >> 1]!;
  }

  bitsOf(entry: number): number {
    return this.#doubles[(entry >> 1) + 1]!;
  }

  /** Number of values credited to the entity. */
  count(entity: number): number {
    return this.#heads[entity * HEAD + COUNT] ?? 0;
  }

  /** Credits a value anew, which makes it the entity's newest. */
  set(entity: number, facet: number, value: number, time: number, bits: number): void {
    let at = this.find(entity, facet, value);
    if (at !== 0) this.#unlink(at, entity);
    else at = this.#add(entity, facet, value);
    this.#doubles[at >> 1] = time;
    this.#doubles[(at >> 1) + 1] = bits;
    this.#link(at, entity);
  }

  /** Takes the entity's oldest credit, which there must be, away. */
  removeOldest(entity: number): void {
    this.#remove(this.#heads[entity * HEAD + OLDEST]!);
  }

  removeAll(entity: number): void {
    while (this.count(entity) > 0) this.removeOldest(entity);
  }

  /** Takes the credits away that are not later than a time. */
  removeUntil(time: number): void {
    for (let at = ENTRY; at < this.#used; at += ENTRY) {
      if (this.#words[at + OF] !== 0 && this.timeOf(at) <= time) this.#remove(at);
    }
  }

  clear(): void {
    this.#words.fill(0);
    this.#chains.fill(0);
    this.#heads.fill(0);
    this.#used = ENTRY;
    this.#free = 0;
    this.#size = 0;
  }

  /** Calls back for every credit: entity by entity, the oldest of each first. */
  each(
    visit: (entity: number, facet: number, value: number, time: number, bits: number) => void,
  ): void {
    const words = this.#words;
    for (let head = 0; head < this.#heads.length; head += HEAD) {
      for (let at = this.#heads[head + OLDEST]!; at !== 0; at = words[at + NEWER]!) {
        const entity = words[at + OF]! - 1;
        visit(entity, words[at + FACET]!, words[at + VALUE]!, this.timeOf(at), this.bitsOf(at));
      }
    }
  }

  #add(entity: number, facet: number, value: number): number {
    let at = this.#free;
    if (at !== 0) {
      this.#free = this.#words[at + NEXT]!;
    } else {
      at = this.#used;
      if (at + ENTRY > this.#words.length) {
        this.#words = longer(this.#words, this.#words.length * 2);
        this.#doubles = new Float64Array(this.#words.buffer);
      }
      this.#used = at + ENTRY;
    }
    if (++this.#size > this.#chains.length) this.#rehash();
    const words = this.#words;
    words[at + OF] = entity + 1;
    words[at + FACET] = facet;
    words[at + VALUE] = value;
    this.#enchain(at);
    return at;
  }

  #remove(at: number): void {
    const words = this.#words;
    const entity = words[at + OF]! - 1;
    this.#unlink(at, entity);
    const chain = this.#chainOf(at);
    const next = words[at + NEXT]!;
    let before = this.#chains[chain]!;
    if (before === at) {
      this.#chains[chain] = next;
    } else {
      while (words[before + NEXT] !== at) before = words[before + NEXT]!;
      words[before + NEXT] = next;
    }
    words[at + OF] = 0;
    words[at + NEXT] = this.#free;
    this.#free = at;
    this.#size--;
  }

  /** Puts an entry at the end of its entity's. */
  #link(at: number, entity: number): void {
    const head = entity * HEAD;
    if (head >= this.#heads.length) {
      this.#heads = longer(this.#heads, Math.max(head + HEAD, this.#heads.length * 2));
    }
    const heads = this.#heads;
    const words = this.#words;
    const newest = heads[head + NEWEST]!;
    words[at + OLDER] = newest;
    words[at + NEWER] = 0;
    if (newest === 0) heads[head + OLDEST] = at;
    else words[newest + NEWER] = at;
    heads[head + NEWEST] = at;
    heads[head + COUNT]!++;
    const hash = hashOf(entity, words[at + FACET]!, words[at + VALUE]!);
    heads[head + filterWord(hash)]! |= 1 << (hash >>> 27);
  }

  #unlink(at: number, entity: number): void {
    const head = entity * HEAD;
    const heads = this.#heads;
    const words = this.#words;
    const older = words[at + OLDER]!;
    const newer = words[at + NEWER]!;
    if (older === 0) heads[head + OLDEST] = newer;
    else words[older + NEWER] = newer;
    if (newer === 0) heads[head + NEWEST] = older;
    else words[newer + OLDER] = older;
    // What was taken away stays in the filter until nothing is left: it need not be exact.
    if (--heads[head + COUNT]! === 0) heads.fill(0, head + FILTER, head + HEAD);
  }

  #chainOf(at: number): number {
    const words = this.#words;
    const hash = hashOf(words[at + OF]! - 1, words[at + FACET]!, words[at + VALUE]!);
    return hash & (this.#chains.length - 1);
  }

  #enchain(at: number): void {
    const chain = this.#chainOf(at);
    this.#words[at + NEXT] = this.#chains[chain]!;
    this.#chains[chain] = at;
  }

  #rehash(): void {
    const words = this.#words;
    const old = this.#chains;
    this.#chains = new Int32Array(old.length * 2);
    for (const first of old) {
      for (let at = first; at !== 0; ) {
        const next = words[at + NEXT]!;
        this.#enchain(at);
        at = next;
      }
    }
  }
}

function longer(words: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(words);
  return grown;
}

function hashOf(entity: number, facet: number, value: number): number {
  const hash = Math.imul(Math.imul(value, HASH) ^ ((entity << 6) + facet), HASH);
  return hash ^ (hash >>> 15);
}

/** Word of an entity's filter that a value's bit is in; which bit, the hash's highest five say. */
function filterWord(hash: number): number {
  return FILTER + ((hash >>> 25) & 3);
}

const ENTRY = 10;
const OF = 4;
const FACET = 5;
const VALUE = 6;
const NEXT = 7;
const OLDER = 8;
const NEWER = 9;

const HEAD = 8;
const OLDEST = 0;
const NEWEST = 1;
const COUNT = 2;
/** First of four words. */
const FILTER = 4;

/** 2³² / golden ratio (Knuth, TAOCP 3, 6.4). */
const HASH = 0x9e3779b1 | 0;
