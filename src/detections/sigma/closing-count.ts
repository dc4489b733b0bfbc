import {MAX_LATENESS} from '../condition/groups.ts';
import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';

/** Groups that are counted at a time; then the one whose window began first is let go of. */
const MAX_GROUPS = 10_000;
/** Events of a group that are remembered: a window with more of them has so many. */
export const MAX_ENTRIES = 2_000;
/** Events that a hit tells of, at most. */
const MAX_EVIDENCE = 20;

type Entry = readonly [time: number, value: string, note: EventNote | null];

export interface Closed {
  readonly group: readonly string[];
  /** End of the window. */
  readonly time: number;
  readonly events: number;
  readonly count: number;
  readonly notes: readonly EventNote[];
}

/**
 * Counts by group in windows that begin with the first event that no window before holds. What is
 * asked may be "fewer than", which only the end of a window can tell, so each is judged when event
 * time has passed its end, and late events have had their time to come.
 */
export class ClosingCount {
  readonly #withinMs: number;
  readonly #waitMs: number;
  readonly #distinct: boolean;
  readonly #groups = new Map<string, {readonly group: readonly string[]; entries: Entry[]}>();

  constructor(withinMs: number, distinct: boolean, late: boolean) {
    this.#withinMs = withinMs;
    this.#waitMs = late ? MAX_LATENESS : 0;
    this.#distinct = distinct;
  }

  add(group: readonly string[], time: number, value: string, note: () => EventNote): void {
    const key = JSON.stringify(group);
    const {entries} = this.#groups.get(key) ?? {entries: []};
    if (!this.#groups.has(key)) {
      this.#groups.set(key, {group, entries});
      if (this.#groups.size > MAX_GROUPS) {
        const [oldest] = this.#groups.keys();
        this.#groups.delete(oldest as string);
      }
    }
    if (entries.length >= MAX_ENTRIES) return;
    let at = entries.length;
    while (at > 0 && (entries[at - 1] as Entry)[0] > time) at--;
    const told = entries.length < MAX_EVIDENCE;
    entries.splice(at, 0, [time, value, told ? note() : null]);
  }

  /** The windows that have closed by then, in the order of their ends. */
  advance(now: number): readonly Closed[] {
    const closed: Closed[] = [];
    for (const [key, {group, entries}] of this.#groups) {
      for (;;) {
        const first = entries[0];
        if (first === undefined) {
          this.#groups.delete(key);
          break;
        }
        const time = first[0] + this.#withinMs;
        if (time + this.#waitMs > now) break;
        const length = entries.findIndex((entry) => entry[0] >= time);
        const own = entries.splice(0, length < 0 ? entries.length : length);
        const count = this.#distinct ? new Set(own.map(([, value]) => value)).size : own.length;
        const notes = own.flatMap(([, , note]) => note ?? []).slice(-MAX_EVIDENCE);
        closed.push({group, time, events: own.length, count, notes});
      }
    }
    return closed.sort((a, b) => a.time - b.time);
  }

  state(): Json {
    return [...this.#groups.values()].map(({group, entries}) => [
      group,
      entries.slice() as unknown as Json,
    ]);
  }

  restore(state: Json): void {
    this.#groups.clear();
    if (!Array.isArray(state)) return;
    for (const one of state as Json[]) {
      if (!Array.isArray(one) || !Array.isArray(one[0]) || !Array.isArray(one[1])) continue;
      const [group, entries] = one as unknown as [string[], Entry[]];
      this.#groups.set(JSON.stringify(group), {group, entries: entries.slice()});
    }
  }
}
