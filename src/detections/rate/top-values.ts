import type {Json} from '../json.ts';

/**
 * Counts of the commonest values, in a fixed number of places (Space-Saving; Metwally, Agrawal and
 * El Abbadi, ICDT 2005): a value without a place takes that of the rarest and goes on from its
 * count, so a count is never too low, and too high by the count of the rarest at most.
 */
export class TopValues {
  readonly #places: number;
  readonly #counts = new Map<string, number>();

  constructor(places: number) {
    this.#places = places;
  }

  add(value: string, count = 1): void {
    const own = this.#counts.get(value);
    if (own !== undefined || this.#counts.size < this.#places) {
      this.#counts.set(value, (own ?? 0) + count);
      return;
    }
    let rarest = '';
    let least = Number.POSITIVE_INFINITY;
    for (const [other, times] of this.#counts) {
      if (times < least || (times === least && other > rarest)) {
        rarest = other;
        least = times;
      }
    }
    this.#counts.delete(rarest);
    this.#counts.set(value, least + count);
  }

  /** Lets all counts fade; what is worth next to nothing gives up its place. */
  fade(factor: number): void {
    for (const [value, count] of this.#counts) {
      if (count * factor < 0.01) this.#counts.delete(value);
      else this.#counts.set(value, count * factor);
    }
  }

  merge(other: TopValues): void {
    for (const [value, count] of other.entries()) this.add(value, count);
  }

  /** The commonest first; equal ones by their text. */
  entries(): [string, number][] {
    return [...this.#counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }

  /** With numbers for texts. */
  state(numberOf: (text: string) => number): Json {
    return [...this.#counts].flatMap(([value, count]) => [numberOf(value), count]);
  }

  restore(state: Json, texts: readonly string[]): void {
    const flat = state as readonly number[];
    this.#counts.clear();
    for (let i = 0; i < flat.length; i += 2) {
      this.#counts.set(texts[flat[i] as number] ?? '', flat[i + 1] as number);
    }
  }
}
