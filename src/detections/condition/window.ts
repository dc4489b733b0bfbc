import {assert} from '../../base/assert.ts';
import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {MAX_LATENESS, type Memory} from './groups.ts';

/** Events that a hit tells of, at most, the completing one included. */
export const MAX_EVIDENCE = 20;

/** Values of a text that are told apart are kept so long; see `component`. */
interface Entry {
  readonly time: number;
  /** What is counted: a value, or "1" and "0" for what counts in a share and what does not. */
  readonly value: string;
  readonly note: EventNote | null;
}

/** What a window came to. */
export interface Filled {
  readonly end: number;
  readonly events: number;
  /** Different values, or how many have the value "1". */
  readonly count: number;
  readonly notes: readonly EventNote[];
}

export interface WindowOptions {
  readonly withinMs: number;
  /** Most entries; then the oldest go. */
  readonly maxEntries: number;
  /** How entries of a window are judged. */
  readonly judge: 'events' | 'distinct' | 'share';
  /** Whether so many events, so many of them different or "1", are enough. */
  readonly enough: (events: number, count: number) => boolean;
}

/**
 * The events of one group in a window that slides over event time: (end − within, end], where the
 * end is the time of an event in it. A late event counts in every window that it falls into, up to
 * `MAX_LATENESS`. Once a window is full, it and all before it are used up, and the next ends at
 * the earliest `within` later.
 */
export class Window implements Memory {
  newest = Number.NEGATIVE_INFINITY;
  readonly #options: WindowOptions;
  /** By time; those of the same time in the order of their arrival. */
  #entries: Entry[] = [];
  #notes = 0;
  /** End of the last full window. */
  #filled = Number.NEGATIVE_INFINITY;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Takes an event in; gives the window that it fills. `note` is asked if it is to be told of. */
  add(time: number, value: string, note: () => EventNote): Filled | undefined {
    const {withinMs} = this.#options;
    if (time > this.newest) this.newest = time;
    this.#forget();
    if (time <= this.newest - withinMs - MAX_LATENESS) return undefined;
    const at = this.#after(time);
    const own = this.#notes < MAX_EVIDENCE - 1 ? note() : null;
    this.#entries.splice(at, 0, {time, value, note: own});
    if (own !== null) this.#notes++;
    const found = this.#fullAround(at, time);
    if (found === undefined) {
      this.#thin(at);
      return undefined;
    }
    const {from, to, events, count} = found;
    const end = (this.#entries[to] as Entry).time;
    const known = this.#entries.slice(from, to + 1).flatMap(({note: one}) => one ?? []);
    const notes = own === null ? [...known, note()] : known;
    this.#filled = end;
    this.#drop(this.#after(end));
    return {end, events, count, notes: notes.slice(-MAX_EVIDENCE)};
  }

  state(): Json {
    return [
      finite(this.newest),
      finite(this.#filled),
      this.#entries.map(({time, value, note}) => [time, value, note as unknown as Json]),
    ];
  }

  static restore(options: WindowOptions, state: Json): Window | undefined {
    if (!Array.isArray(state) || !Array.isArray(state[2])) return undefined;
    const [newest, filled, entries] = state as [number | null, number | null, Json[]];
    const window = new Window(options);
    window.newest = newest ?? Number.NEGATIVE_INFINITY;
    window.#filled = filled ?? Number.NEGATIVE_INFINITY;
    window.#entries = (entries as unknown as [number, string, EventNote | null][]).map(
      ([time, value, note]) => ({time, value, note}),
    );
    window.#notes = window.#entries.filter(({note}) => note !== null).length;
    return window;
  }

  /** The first full window whose end is at or behind the entry at `at`, and that holds it. */
  #fullAround(
    at: number,
    time: number,
  ): {from: number; to: number; events: number; count: number} | undefined {
    const {withinMs, enough} = this.#options;
    const entries = this.#entries;
    for (let to = at; to < entries.length; to++) {
      const end = (entries[to] as Entry).time;
      if (end >= time + withinMs) break;
      // All of the same time belong to the same windows.
      if (entries[to + 1]?.time === end) continue;
      if (end - this.#filled < withinMs) continue;
      const from = this.#after(end - withinMs);
      const events = to + 1 - from;
      if (!enough(events, events)) continue;
      const count = this.#count(from, to);
      if (enough(events, count)) return {from, to, events, count};
    }
    return undefined;
  }

  #count(from: number, to: number): number {
    const {judge} = this.#options;
    if (judge === 'events') return to + 1 - from;
    if (judge === 'share') {
      let count = 0;
      for (let i = from; i <= to; i++) if ((this.#entries[i] as Entry).value === '1') count++;
      return count;
    }
    const values = new Set<string>();
    for (let i = from; i <= to; i++) values.add((this.#entries[i] as Entry).value);
    return values.size;
  }

  /** Index of the first entry later than `time`. */
  #after(time: number): number {
    const entries = this.#entries;
    // Mostly it is the end.
    if ((entries.at(-1)?.time ?? Number.NEGATIVE_INFINITY) <= time) return entries.length;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle] as Entry).time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(): void {
    const old = this.#after(this.newest - this.#options.withinMs - MAX_LATENESS);
    this.#drop(Math.max(old, this.#entries.length - this.#options.maxEntries + 1));
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const {note} of this.#entries.splice(0, count)) if (note !== null) this.#notes--;
    assert(this.#notes >= 0, 'more notes were dropped than there were');
  }

  /**
   * Of three entries of a value within one window the middle one changes nothing: each window that
   * has it has one of the others, or is no fuller than one that does.
   */
  #thin(at: number): void {
    const {judge, withinMs} = this.#options;
    if (judge !== 'distinct') return;
    const entries = this.#entries;
    const {value} = entries[at] as Entry;
    const same: number[] = [];
    const {time} = entries[at] as Entry;
    for (let i = at; i >= 0 && same.length < 3; i--) {
      if ((entries[i] as Entry).time < time - withinMs) break;
      if ((entries[i] as Entry).value === value) same.unshift(i);
    }
    for (let i = at + 1; i < entries.length; i++) {
      if ((entries[i] as Entry).time > time + withinMs) break;
      if ((entries[i] as Entry).value !== value) continue;
      same.push(i);
      break;
    }
    for (let i = same.length - 2; i > 0; i--) {
      const first = entries[same[i - 1] as number] as Entry;
      const last = entries[same[i + 1] as number] as Entry;
      if (last.time - first.time > withinMs) continue;
      const [gone] = entries.splice(same[i] as number, 1);
      if (gone?.note != null) this.#notes--;
      return;
    }
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
