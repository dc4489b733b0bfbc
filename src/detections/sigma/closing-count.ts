import {MAX_LATENESS} from '../condition/groups.ts';
import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';

/** Groups that are counted at a time; then the one whose window began first is let go of. */
const MAX_GROUPS = 10_000;
/**
 * Events of a group that are remembered. A window with more of them has so many; of more in several
 * windows, the first is closed without waiting for late events.
 */
export const MAX_ENTRIES = 2_000;
/** Events that a hit tells of, at most. */
const MAX_EVIDENCE = 20;

type Entry = readonly [time: number, value: string, note: EventNote | null];

interface Group {
  readonly group: readonly string[];
  /** By time. */
  readonly entries: Entry[];
  /** Closed before their time, and not told yet. */
  readonly early: Closed[];
}

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
  readonly #groups = new Map<string, Group>();

  constructor(withinMs: number, distinct: boolean, late: boolean) {
    this.#withinMs = withinMs;
    this.#waitMs = late ? MAX_LATENESS : 0;
    this.#distinct = distinct;
  }

  add(group: readonly string[], time: number, value: string, note: () => EventNote): void {
    const key = JSON.stringify(group);
    const known = this.#groups.get(key);
    const {entries, early}: Group = known ?? {group, entries: [], early: []};
    if (known === undefined) {
      this.#groups.set(key, {group, entries, early});
      if (this.#groups.size > MAX_GROUPS) {
        const [oldest] = this.#groups.keys();
        this.#groups.delete(oldest as string);
      }
    }
    if (entries.length >= MAX_ENTRIES) {
      const [first] = entries as [Entry, ...Entry[]];
      if (time < first[0] + this.#withinMs) return;
      early.push(this.#close(group, entries));
    }
    let at = entries.length;
    while (at > 0 && (entries[at - 1] as Entry)[0] > time) at--;
    const told = entries.length < MAX_EVIDENCE;
    entries.splice(at, 0, [time, value, told ? note() : null]);
  }

  /** The windows that have closed by then, in the order of their ends. */
  advance(now: number): readonly Closed[] {
    const closed: Closed[] = [];
    for (const [key, {group, entries, early}] of this.#groups) {
      closed.push(...early.splice(0));
      for (;;) {
        const first = entries[0];
        if (first === undefined) {
          this.#groups.delete(key);
          break;
        }
        if (first[0] + this.#withinMs + this.#waitMs > now) break;
        closed.push(this.#close(group, entries));
      }
    }
    return closed.sort((a, b) => a.time - b.time);
  }

  /** Takes the first window out of entries, of which there are some. */
  #close(group: readonly string[], entries: Entry[]): Closed {
    const time = (entries[0] as Entry)[0] + this.#withinMs;
    const length = entries.findIndex((entry) => entry[0] >= time);
    const own = entries.splice(0, length < 0 ? entries.length : length);
    const count = this.#distinct ? new Set(own.map(([, value]) => value)).size : own.length;
    const notes = own.flatMap(([, , note]) => note ?? []).slice(-MAX_EVIDENCE);
    return {group, time, events: own.length, count, notes};
  }

  state(): Json {
    return [...this.#groups.values()].map(
      ({group, entries, early}) =>
        [group, entries.slice(), early.map(({group: _, ...rest}) => rest)] as unknown as Json,
    );
  }

  restore(state: Json): void {
    this.#groups.clear();
    if (!Array.isArray(state)) return;
    for (const one of state as Json[]) {
      if (!Array.isArray(one) || !Array.isArray(one[0]) || !Array.isArray(one[1])) continue;
      const [group, entries, early = []] = one as unknown as [
        string[],
        Entry[],
        Omit<Closed, 'group'>[] | undefined,
      ];
      this.#groups.set(JSON.stringify(group), {
        group,
        entries: entries.slice(),
        early: early.map((rest) => ({...rest, group})),
      });
    }
  }
}
