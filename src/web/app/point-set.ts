import type {Observation, Plot} from '../../api/types.ts';
import {heightOf} from '../report/scale.ts';

export type Colour = 'principal' | 'service' | 'account';

/** The points of the plot in order of time; each observation once, however often it is added. */
export class PointSet {
  #count = 0;
  #ids = new Float64Array(1024);
  #seconds = new Float64Array(1024);
  #scores = new Float64Array(1024);
  /** `heightOf` each score. */
  #heights = new Float32Array(1024);
  #group = new Uint16Array(1024);
  readonly #known = new Set<number>();
  readonly #groups: string[] = [];
  readonly #groupIndex = new Map<string, number>();
  readonly #colour: Colour;

  constructor(colour: Colour) {
    this.#colour = colour;
  }

  get count(): number {
    return this.#count;
  }
  get ids(): Float64Array {
    return this.#ids;
  }
  get seconds(): Float64Array {
    return this.#seconds;
  }
  get scores(): Float64Array {
    return this.#scores;
  }
  get heights(): Float32Array {
    return this.#heights;
  }
  /** Index into `groups`. */
  get group(): Uint16Array {
    return this.#group;
  }
  get groups(): readonly string[] {
    return this.#groups;
  }
  get colour(): Colour {
    return this.#colour;
  }

  has(id: number): boolean {
    return this.#known.has(id);
  }

  addPlot({ids, times, scores, group, groups}: Plot): void {
    const start = this.#count;
    for (let i = 0; i < ids.length; i++) {
      this.#add(ids[i] ?? 0, times[i] ?? 0, scores[i] ?? 0, groups[group[i] ?? 0] ?? '');
    }
    this.#order(start);
  }

  addRows(rows: readonly Observation[]): void {
    const start = this.#count;
    for (const {id, eventTime, score, dimensions} of rows) {
      this.#add(id, eventTime, score, dimensions[this.#colour]);
    }
    this.#order(start);
  }

  /** Where an id lies, or -1. */
  indexOf(id: number): number {
    return this.#known.has(id) ? this.#ids.subarray(0, this.#count).indexOf(id) : -1;
  }

  /** The first point at or after this second. */
  firstAtOrAfter(second: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seconds[middle] ?? 0) < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(id: number, time: number, score: number, group: string): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (this.#count === this.#ids.length) this.#grow();
    const at = this.#count++;
    this.#ids[at] = id;
    this.#seconds[at] = time / 1000;
    this.#scores[at] = score;
    this.#heights[at] = heightOf(score);
    let index = this.#groupIndex.get(group);
    if (index === undefined) {
      index = Math.min(this.#groups.length, 65_535);
      this.#groupIndex.set(group, index);
      this.#groups[index] = group;
    }
    this.#group[at] = index;
  }

  #grow(): void {
    const bigger = <A extends Float64Array | Float32Array | Uint16Array>(
      from: A,
      make: new (length: number) => A,
    ): A => {
      const to = new make(from.length * 2);
      to.set(from);
      return to;
    };
    this.#ids = bigger(this.#ids, Float64Array);
    this.#seconds = bigger(this.#seconds, Float64Array);
    this.#scores = bigger(this.#scores, Float64Array);
    this.#heights = bigger(this.#heights, Float32Array);
    this.#group = bigger(this.#group, Uint16Array);
  }

  /** Puts points from `start` on into the order of time: most come in it. */
  #order(start: number): void {
    let earliest = Number.POSITIVE_INFINITY;
    let ordered = true;
    let before = this.#seconds[start - 1] ?? Number.NEGATIVE_INFINITY;
    for (let i = start; i < this.#count; i++) {
      const second = this.#seconds[i] ?? 0;
      if (second < before) ordered = false;
      before = second;
      earliest = Math.min(earliest, second);
    }
    if (ordered) return;
    let from = start;
    while (from > 0 && (this.#seconds[from - 1] ?? 0) > earliest) from--;
    const order = Array.from({length: this.#count - from}, (_, i) => from + i);
    order.sort(
      (a, b) =>
        (this.#seconds[a] ?? 0) - (this.#seconds[b] ?? 0) ||
        (this.#ids[a] ?? 0) - (this.#ids[b] ?? 0),
    );
    for (const column of [this.#ids, this.#seconds, this.#scores, this.#heights, this.#group]) {
      const copy = column.slice(from, this.#count);
      order.forEach((at, i) => {
        column[from + i] = copy[at - from] ?? 0;
      });
    }
  }
}
