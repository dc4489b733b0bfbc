import {noteFrom, noteState} from '../alarm/metric.ts';
import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {type Attributed, Attributes, type KeptAttributes} from './attributes.ts';
import type {Series} from './series.ts';

/** Counts waiting for late events, of all series; the one dated furthest ahead makes room. */
export const MAX_OPEN = 100_000;

export type KeptOpenBin = readonly [
  names: readonly number[],
  count: number,
  attributes: KeptAttributes,
  notes: readonly Json[],
];
export type KeptOpenBins = readonly (readonly [bin: number, entries: readonly KeptOpenBin[]])[];

/** Five minutes of one series that are not over, or may still get late events. */
export class OpenBin {
  readonly series: Series;
  #notes: EventNote[] | undefined;
  readonly attributes = new Attributes();
  #count = 0;

  constructor(series: Series) {
    this.series = series;
  }

  get count(): number {
    return this.#count;
  }

  /** Of events, as far as they were told. */
  get notes(): readonly EventNote[] {
    return this.#notes ?? [];
  }

  note(event: EventNote): void {
    this.#notes ??= [];
    this.#notes.push(event);
  }

  add(one: Attributed): void {
    this.attributes.add(one);
    this.#count++;
  }

  state(numberOf: (text: string) => number): KeptOpenBin {
    const names = this.series.names.map(numberOf);
    return [names, this.#count, this.attributes.state(numberOf), this.notes.map(noteState)];
  }

  restore([, count, attributes, notes]: KeptOpenBin, texts: readonly string[]): void {
    this.#count = count;
    this.attributes.restore(attributes, texts);
    for (const note of notes) this.note(noteFrom(note));
  }
}

/** Counts by bin and series. What waits is bounded: see `MAX_OPEN`. */
export class OpenBins {
  readonly #bins = new Map<number, Map<Series, OpenBin>>();
  readonly #giveUp: (open: OpenBin) => void;
  #size = 0;

  /** @param giveUp told of each that had to make room; its series no longer waits for it */
  constructor(giveUp: (open: OpenBin) => void) {
    this.#giveUp = giveUp;
  }

  has(bin: number): boolean {
    return this.#bins.has(bin);
  }

  /** The earliest bin in which anything waits; infinity if there is none. */
  earliest(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const bin of this.#bins.keys()) earliest = Math.min(earliest, bin);
    return earliest;
  }

  /** The count of a series; undefined if there is no room for one so far ahead. */
  at(bin: number, series: Series): OpenBin | undefined {
    let entries = this.#bins.get(bin);
    if (entries === undefined) {
      entries = new Map();
      this.#bins.set(bin, entries);
    }
    let open = entries.get(series);
    if (open !== undefined) return open;
    open = new OpenBin(series);
    entries.set(series, open);
    series.waiting++;
    if (++this.#size <= MAX_OPEN) return open;
    // Dates are what is wrong: nothing else waits for so long.
    let furthest = bin;
    for (const other of this.#bins.keys()) furthest = Math.max(furthest, other);
    for (const given of this.takeOut(furthest)) this.#giveUp(given);
    return furthest === bin ? undefined : open;
  }

  /** The counts of a bin, which no longer wait. */
  takeOut(bin: number): OpenBin[] {
    const entries = this.#bins.get(bin);
    if (entries === undefined) return [];
    this.#bins.delete(bin);
    this.#size -= entries.size;
    for (const series of entries.keys()) series.waiting--;
    return [...entries.values()];
  }

  clear(): void {
    this.#bins.clear();
    this.#size = 0;
  }

  state(numberOf: (text: string) => number): KeptOpenBins {
    return [...this.#bins].map(([bin, entries]) => [
      bin,
      [...entries.values()].map((open) => open.state(numberOf)),
    ]);
  }
}
