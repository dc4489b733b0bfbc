import {assert} from '../base/assert.ts';

/**
 * Texts of one column and their dense ids, in both directions. An id that nothing refers to any
 * more can be taken back by `sweep`, and is then given to another text; the lowest first, so that
 * ids stay dense and restoring does not change what comes next.
 */
export class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  /** Ids to give again, highest first. */
  #freed: number[] = [];

  /** Texts it holds. */
  get size(): number {
    return this.#ids.size;
  }

  /** All ids are below this. */
  get limit(): number {
    return this.#texts.length;
  }

  /** Id of a text, given now if need be. */
  id(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#freed.pop() ?? this.#texts.length;
    this.#texts[id] = text;
    this.#ids.set(text, id);
    return id;
  }

  /** Id of a text, or undefined. */
  find(text: string): number | undefined {
    return this.#ids.get(text);
  }

  text(id: number): string {
    const text = this.#texts[id];
    assert(text !== undefined, `no text has the id ${id}`);
    return text;
  }

  /** Frees every id that is not marked (`used[id] === 1`); returns how many. */
  sweep(used: Uint8Array): number {
    let count = 0;
    for (let id = 0; id < this.#texts.length; id++) {
      const text = this.#texts[id];
      if (text === undefined || used[id] === 1) continue;
      this.#texts[id] = undefined;
      this.#ids.delete(text);
      count++;
    }
    this.#freed = [];
    for (let id = this.#texts.length - 1; id >= 0; id--) {
      if (this.#texts[id] === undefined) this.#freed.push(id);
    }
    return count;
  }

  /** Texts by id; null where an id is free. */
  state(): (string | null)[] {
    return Array.from(this.#texts, (text) => text ?? null);
  }

  static restore(texts: readonly (string | null)[]): Vocabulary {
    const vocabulary = new Vocabulary();
    for (const [id, text] of texts.entries()) {
      vocabulary.#texts.push(text ?? undefined);
      if (text !== null) vocabulary.#ids.set(text, id);
    }
    for (let id = texts.length - 1; id >= 0; id--) {
      if (texts[id] === null) vocabulary.#freed.push(id);
    }
    return vocabulary;
  }
}
