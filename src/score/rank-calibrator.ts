import {assert} from '../base/assert.ts';

const MAX_VALUES = 1 << 24;

/**
 * Shares of a stream that is known to its end: how much of it is at least as surprising as a value.
 * The counterpart of `Calibrator` for looking back, where there is no before and after.
 *
 * Add every value, then `finish`, then ask. Bounded: beyond 2²⁴ values every other one is kept.
 */
export class RankCalibrator {
  #values = new Float32Array(1024);
  #count = 0;
  /** Of so many values one is kept. */
  #every = 1;
  #passed = 0;
  #finished = false;
  readonly #most: number;

  constructor(most = MAX_VALUES) {
    assert(most >= 2, `a rank needs two values at least, is given ${most}`);
    this.#most = most;
  }

  add(value: number): void {
    assert(!this.#finished, 'values come before the ranks are asked for');
    if (this.#passed++ % this.#every !== 0) return;
    if (this.#count === this.#most) {
      const kept = this.#most >> 1;
      for (let i = 0; i < kept; i++) this.#values[i] = this.#values[2 * i] as number;
      this.#count = kept;
      this.#every *= 2;
    }
    if (this.#count === this.#values.length) {
      const grown = new Float32Array(Math.min(this.#most, this.#count * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  /** Ranks may be asked for from now on. */
  finish(): void {
    this.#values = this.#values.slice(0, this.#count).sort();
    this.#finished = true;
  }

  /** Share of values above this one, of equal ones a half; 1 if there were none at all. */
  share(value: number): number {
    assert(this.#finished, 'ranks are asked for before all values came');
    if (this.#count === 0) return 1;
    const rounded = Math.fround(value);
    const from = this.#firstFrom((other) => other >= rounded);
    const to = this.#firstFrom((other) => other > rounded);
    const above = this.#count - to;
    const equal = Math.max(1, to - from);
    return Math.min(1, (above + equal / 2) / this.#count);
  }

  /** Index of the first value that satisfies a condition which later ones satisfy as well. */
  #firstFrom(holds: (value: number) => boolean): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.#values[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
