import type {EntityGroups} from '../score/explain.ts';

/**
 * Which group each entity was last seen in, and how many each group has. An entity whose id is
 * given to another counts for that one from its first event on.
 */
export class EntityGroupTable implements EntityGroups {
  readonly #entity: number;
  readonly #column: number;
  readonly #name: (group: number) => string;
  #groups: Int32Array;
  readonly #sizes = new Map<number, number>();

  /**
   * @param entity column of the entity
   * @param column column of its group
   * @param name of a group, in the plural
   */
  constructor(
    entity: number,
    column: number,
    name: (group: number) => string,
    state: readonly number[] = [],
  ) {
    this.#entity = entity;
    this.#column = column;
    this.#name = name;
    this.#groups = new Int32Array(Math.max(256, state.length * 2)).fill(-1);
    this.#groups.set(state);
    for (const group of state) if (group >= 0) this.#count(group, 1);
  }

  /** Takes the group of an event's entity into account. */
  note(ids: Int32Array): void {
    const entity = ids[this.#entity] as number;
    const group = ids[this.#column] as number;
    const before = this.of(entity);
    if (before === group) return;
    if (entity >= this.#groups.length) {
      const grown = new Int32Array(entity * 2).fill(-1);
      grown.set(this.#groups);
      this.#groups = grown;
    }
    if (before >= 0) this.#count(before, -1);
    this.#groups[entity] = group;
    this.#count(group, 1);
  }

  of(entity: number): number {
    return this.#groups[entity] ?? -1;
  }

  size(group: number): number {
    return this.#sizes.get(group) ?? 0;
  }

  name(group: number): string {
    return this.#name(group);
  }

  /** Marks the groups in use, and forgets entities that are not. */
  mark(used: readonly Uint8Array[]): void {
    const entities = used[this.#entity];
    const groups = used[this.#column];
    for (let entity = 0; entity < this.#groups.length; entity++) {
      const group = this.#groups[entity] as number;
      if (group < 0) continue;
      if (entities?.[entity] === 1) {
        if (groups !== undefined) groups[group] = 1;
      } else {
        this.#groups[entity] = -1;
        this.#count(group, -1);
      }
    }
  }

  /** Group by entity, -1 where there is none. */
  state(): number[] {
    let end = this.#groups.length;
    while (end > 0 && this.#groups[end - 1] === -1) end--;
    return [...this.#groups.subarray(0, end)];
  }

  #count(group: number, by: number): void {
    this.#sizes.set(group, this.size(group) + by);
  }
}
