import type {Json} from '../json.ts';

/** What fades to less gives up its place. */
export const LEAST_COUNT = 0.01;

/**
 * Counts of the commonest values, in a fixed number of places (Space-Saving; Metwally, Agrawal and
 * El Abbadi, ICDT 2005): a value without a place takes that of the rarest and goes on from its
 * count, so a count is never too low, and too high by the count of the rarest at most.
 */
export class TopValues {
  readonly #places: number;
  // Side by side, the newest last. So few are sooner looked through than looked up.
  #values: string[] = [];
  #counts: number[] = [];

  constructor(places: number) {
    this.#places = places;
  }

  add(value: string, count = 1): void {
    const at = this.#values.indexOf(value);
    if (at >= 0) {
      this.#counts[at] = (this.#counts[at] ?? 0) + count;
      return;
    }
    if (this.#values.length === 0) {
      // Most have one value for ever: an array that is pushed to makes room for many.
      this.#values = [value];
      this.#counts = [count];
      return;
    }
    const inherited = this.#values.length < this.#places ? 0 : this.#giveUp(this.#rarest());
    this.#values.push(value);
    this.#counts.push(inherited + count);
  }

  /** Lets all counts fade; what is worth next to nothing gives up its place. */
  fade(factor: number): void {
    for (let at = this.#counts.length - 1; at >= 0; at--) {
      const count = (this.#counts[at] ?? 0) * factor;
      if (count < LEAST_COUNT) this.#giveUp(at);
      else this.#counts[at] = count;
    }
  }

  merge(other: TopValues): void {
    for (const [value, count] of other.entries()) this.add(value, count);
  }

  /** The commonest first; equal ones by their text. */
  entries(): [string, number][] {
    return this.#values
      .map((value, i): [string, number] => [value, this.#counts[i] ?? 0])
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }

  /** With numbers for texts. */
  state(numberOf: (text: string) => number): Json {
    return this.#values.flatMap((value, i) => [numberOf(value), this.#counts[i] ?? 0]);
  }

  restore(state: Json, texts: readonly string[]): void {
    const flat = state as readonly number[];
    this.#values = [];
    this.#counts = [];
    for (let i = 0; i < flat.length; i += 2) {
      this.#values.push(texts[flat[i] as number] ?? '');
      this.#counts.push(flat[i + 1] as number);
    }
  }

  #rarest(): number {
    let rarest = 0;
    for (let at = 1; at < this.#counts.length; at++) {
      const count = this.#counts[at] ?? 0;
      const least = this.#counts[rarest] ?? 0;
      const isLater = (this.#values[at] ?? '') > (this.#values[rarest] ?? '');
      if (count < least || (count === least && isLater)) rarest = at;
    }
    return rarest;
  }

  /** @returns its count */
  #giveUp(at: number): number {
    this.#values.splice(at, 1);
    return this.#counts.splice(at, 1)[0] ?? 0;
  }
}
