import {assert} from '../base/assert.ts';

export interface RoleChainState {
  readonly limit: number;
  /** Key, identity, key, identity …, oldest first. */
  readonly old: readonly number[];
  readonly young: readonly number[];
}

/**
 * Follows chains of roles: the answer to `AssumeRole*` carries a new access key, which ties what
 * is done with it to whoever asked. A chain keeps the identity that began it.
 *
 * Keys are known by 53 of the 64 bits of their hash: among 200,000 the chance that any two are
 * mistaken is about 2 in a million. Keeps between half of `limit` and `limit` keys, by two
 * generations: when the young one is full, it becomes the old one, and what was old and unused is
 * forgotten. Credentials live at most 36 hours, so what is forgotten has mostly expired.
 */
export class RoleChain {
  readonly #limit: number;
  #young = new Map<number, number>();
  #old = new Map<number, number>();

  constructor(limit = 200_000) {
    assert(Number.isInteger(limit) && limit >= 2, `limit must be at least 2, is ${limit}`);
    this.#limit = limit;
  }

  static restore({limit, old, young}: RoleChainState): RoleChain {
    const chain = new RoleChain(limit);
    chain.#old = unpack(old);
    chain.#young = unpack(young);
    return chain;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The key was issued to this identity (the first of its chain, if it is one). */
  issued(keyHi: number, keyLo: number, identity: number): void {
    if (keyHi === 0 && keyLo === 0) return;
    const key = keyOf(keyHi, keyLo);
    this.#old.delete(key);
    this.#keep(key, identity);
  }

  /** The identity that the key goes back to; undefined if it was not seen being issued. */
  originOf(keyHi: number, keyLo: number): number | undefined {
    if (keyHi === 0 && keyLo === 0) return undefined;
    const key = keyOf(keyHi, keyLo);
    const young = this.#young.get(key);
    if (young !== undefined || this.#old.size === 0) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#keep(key, old);
    return old;
  }

  /**
   * One event: `keys` are the words of the key used and of the one issued, 0 0 for none. Returns
   * the identity that began the chain, which is `identity` itself where none is known.
   */
  follow(keys: readonly [number, number, number, number], identity: number): number {
    const origin = this.originOf(keys[0], keys[1]) ?? identity;
    this.issued(keys[2], keys[3], origin);
    return origin;
  }

  state(): RoleChainState {
    return {limit: this.#limit, old: [...this.#old].flat(), young: [...this.#young].flat()};
  }

  #keep(key: number, identity: number): void {
    if (this.#young.size >= this.#limit >>> 1 && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, identity);
  }
}

function keyOf(hi: number, lo: number): number {
  return (hi >>> 0) * 2 ** 21 + (lo & 0x1f_ffff);
}

function unpack(pairs: readonly number[]): Map<number, number> {
  const map = new Map<number, number>();
  for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i] ?? 0, pairs[i + 1] ?? 0);
  return map;
}
