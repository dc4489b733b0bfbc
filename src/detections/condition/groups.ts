import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import type {Selector} from './selector.ts';

/** Groups that a detection follows at a time; then the one unseen for longest is let go of. */
export const MAX_GROUPS = 10_000;

/** Events may be so late and still take their place in a window. */
export const MAX_LATENESS = 20 * 60_000;

/** What is remembered of one group. */
export interface Memory {
  /** Newest event time it has seen. */
  readonly newest: number;
  /** Events and values it holds, for the bound on all groups together. */
  readonly size: number;
  state(): Json;
}

export interface GroupsOptions<M extends Memory> {
  readonly selectors: readonly Selector[];
  readonly make: () => M;
  /** Makes it from `state`, or undefined where that is none. */
  readonly remake: (state: Json) => M | undefined;
  /** Milliseconds after its newest event, at which a group has nothing more to wait for. */
  readonly keepMs: number;
  /** Most that all groups together may hold. */
  readonly maxSize: number;
}

/** Memories by group, bounded; the least recently seen ones go first. */
export class Groups<M extends Memory> {
  readonly #options: GroupsOptions<M>;
  /** In the order in which they were last seen. */
  readonly #memories = new Map<string, {readonly values: readonly string[]; readonly memory: M}>();
  #size = 0;

  constructor(options: GroupsOptions<M>) {
    this.#options = options;
  }

  /** Lets `work` go on with the group of an event, and keeps what it leaves. */
  with<T>(event: DetectionEvent, work: (memory: M, values: readonly string[]) => T): T {
    const {selectors, make, maxSize} = this.#options;
    const values = selectors.map((select) => select(event));
    const key = values.length === 1 ? (values[0] as string) : JSON.stringify(values);
    const group = this.#memories.get(key) ?? {values, memory: make()};
    this.#memories.delete(key);
    this.#memories.set(key, group);
    const before = group.memory.size;
    const result = work(group.memory, group.values);
    this.#size += group.memory.size - before;
    while (this.#memories.size > MAX_GROUPS || (this.#size > maxSize && this.#memories.size > 1)) {
      const [oldest] = this.#memories.keys();
      this.#delete(oldest as string);
    }
    return result;
  }

  /** Lets go of groups that have seen nothing for so long that no window reaches back to it. */
  advance(time: number): void {
    for (const [key, {memory}] of this.#memories) {
      // Those behind it were seen later, if not always of later events.
      if (memory.newest + this.#options.keepMs >= time) break;
      this.#delete(key);
    }
  }

  state(): Json {
    return [...this.#memories.values()].map(({values, memory}) => [values, memory.state()]);
  }

  restore(state: Json): void {
    this.#memories.clear();
    this.#size = 0;
    if (!Array.isArray(state)) return;
    for (const one of state as Json[]) {
      if (!Array.isArray(one) || !Array.isArray(one[0])) continue;
      const [values, kept] = one as [string[], Json];
      const memory = this.#options.remake(kept);
      if (memory === undefined) continue;
      const key = values.length === 1 ? (values[0] as string) : JSON.stringify(values);
      this.#memories.set(key, {values, memory});
      this.#size += memory.size;
    }
  }

  #delete(key: string): void {
    this.#size -= this.#memories.get(key)?.memory.size ?? 0;
    this.#memories.delete(key);
  }
}
