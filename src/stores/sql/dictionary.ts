import {randomInt} from 'node:crypto';
import {assert} from '../../base/assert.ts';
import type {Database} from './database.ts';
import {dictionaryTable} from './schema.ts';
import {join, raw, sql} from './statement.ts';
import {TextIndex} from './text-index.ts';

/** Texts kept in memory in each of two generations; the generation used least recently leaves. */
const GENERATION_TEXTS = 40_000;
const GENERATION_CHARACTERS = 3_000_000;
const READ_AT_ONCE = 5_000;
const LOADED_AT_ONCE = 200_000;

/** Texts given an id in a commit that is not yet done. */
export interface NewTexts {
  readonly ids: Map<string, number>;
}

/**
 * Ids of the texts of one column, from 1 in the order in which texts are first met. All of them are
 * in a table; in memory are the hash of each, 12 bytes, and those used lately. So a text that is
 * new is known to be new without a query, and one that was forgotten is read again by its id.
 */
export class Dictionary {
  readonly table: string;
  readonly #database: Database;
  readonly #seed = randomInt(2 ** 32);
  #index = new TextIndex(this.#seed);
  #ids = new Map<string, number>();
  #texts = new Map<number, string>();
  #olderIds = new Map<string, number>();
  #olderTexts = new Map<number, string>();
  #characters = 0;
  #next = 1;
  /** Counts how often texts were forgotten; what was read before is not to be remembered. */
  #forgotten = 0;

  constructor(database: Database, column: string) {
    this.#database = database;
    this.table = dictionaryTable(column);
  }

  /** How many texts there are. */
  get size(): number {
    return this.#index.size;
  }

  /** The greatest id that this process knows to be stored. */
  get lastId(): number {
    return this.#next - 1;
  }

  async load(): Promise<void> {
    const index = new TextIndex(this.#seed);
    let last = 0;
    while (true) {
      const [ids = [], texts = []] = await this.#database.columns(
        sql`SELECT id, text FROM ${raw(this.table)} WHERE id > ${last}
          ORDER BY id LIMIT ${LOADED_AT_ONCE}`,
      );
      ids.forEach((id, i) => {
        index.add(String(texts[i]), Number(id));
      });
      if (ids.length > 0) last = Number(ids.at(-1));
      if (ids.length < LOADED_AT_ONCE) break;
    }
    this.#index = index;
    this.#next = last + 1;
    this.forget();
  }

  /** To be called once texts were removed from the table. */
  forget(): void {
    this.#ids = new Map();
    this.#texts = new Map();
    this.#olderIds = new Map();
    this.#olderTexts = new Map();
    this.#characters = 0;
    this.#forgotten++;
  }

  /** The id of each text; those that have none yet are given one, for `keep` to be told of. */
  async assign(texts: readonly string[], added: NewTexts): Promise<Int32Array> {
    const ids = new Int32Array(texts.length);
    const unknown: number[] = [];
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] as string;
      const id = this.#recall(text) ?? added.ids.get(text);
      if (id === undefined) unknown.push(i);
      else ids[i] = id;
    }
    if (unknown.length === 0) return ids;
    const stored = await this.#lookUp(unknown.map((i) => texts[i] ?? ''));
    for (const i of unknown) {
      const text = texts[i] ?? '';
      let id = stored.get(text) ?? added.ids.get(text);
      if (id === undefined) {
        id = this.#next + added.ids.size;
        assert(id <= 0x7fffffff, 'ids of texts are 32 bits wide');
        added.ids.set(text, id);
      }
      ids[i] = id;
    }
    return ids;
  }

  /** The commit that added these is done. */
  keep(added: NewTexts): void {
    this.#next += added.ids.size;
    for (const [text, id] of added.ids) {
      this.#index.add(text, id);
      this.#remember(text, id);
    }
  }

  /** The id of a text, if it has one. */
  async find(text: string): Promise<number | undefined> {
    return this.#recall(text) ?? (await this.#lookUp([text])).get(text);
  }

  /** Texts of ids. */
  async texts(ids: Iterable<number>): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    const unknown: number[] = [];
    for (const id of new Set(ids)) {
      const text = this.#texts.get(id) ?? this.#olderTexts.get(id);
      if (text === undefined) unknown.push(id);
      else found.set(id, text);
    }
    const forgotten = this.#forgotten;
    for (const [id, text] of await this.#read(unknown)) {
      found.set(id, text);
      if (forgotten === this.#forgotten) this.#remember(text, id);
    }
    return found;
  }

  async #lookUp(texts: readonly string[]): Promise<Map<string, number>> {
    const wanted = new Set(texts);
    const found = new Map<string, number>();
    const forgotten = this.#forgotten;
    for (const [id, text] of await this.#read(texts.flatMap((text) => this.#index.find(text)))) {
      // Another text may have the same hash.
      if (!wanted.has(text)) continue;
      found.set(text, id);
      if (forgotten === this.#forgotten) this.#remember(text, id);
    }
    return found;
  }

  async #read(ids: readonly number[]): Promise<[number, string][]> {
    const found: [number, string][] = [];
    for (let i = 0; i < ids.length; i += READ_AT_ONCE) {
      const some = join(ids.slice(i, i + READ_AT_ONCE), ', ');
      const rows = await this.#database.rows(
        sql`SELECT id, text FROM ${raw(this.table)} WHERE id IN (${some})`,
      );
      for (const [id, text] of rows) found.push([Number(id), String(text)]);
    }
    return found;
  }

  #recall(text: string): number | undefined {
    const id = this.#ids.get(text);
    if (id !== undefined) return id;
    const older = this.#olderIds.get(text);
    if (older !== undefined) this.#remember(text, older);
    return older;
  }

  #remember(text: string, id: number): void {
    if (this.#ids.size >= GENERATION_TEXTS || this.#characters >= GENERATION_CHARACTERS) {
      this.#olderIds = this.#ids;
      this.#olderTexts = this.#texts;
      this.#ids = new Map();
      this.#texts = new Map();
      this.#characters = 0;
    }
    this.#ids.set(text, id);
    this.#texts.set(id, text);
    this.#characters += text.length;
  }
}
