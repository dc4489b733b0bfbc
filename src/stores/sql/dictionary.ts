import {assert} from '../../base/assert.ts';
import type {Database} from './database.ts';
import {dictionaryTable} from './schema.ts';
import {join, raw, sql} from './statement.ts';

/** Texts kept in memory in each of two generations; the generation used least recently leaves. */
const GENERATION_TEXTS = 50_000;
const GENERATION_CHARACTERS = 4_000_000;
const LOOKED_UP_AT_ONCE = 500;

/** Texts given an id in a commit that is not yet done. */
export interface NewTexts {
  readonly ids: Map<string, number>;
}

/**
 * Ids of the texts of one column, kept in a table and, for those used lately, in memory. Ids
 * ascend from 1 in the order in which texts are first met.
 */
export class Dictionary {
  readonly table: string;
  readonly #database: Database;
  #ids = new Map<string, number>();
  #texts = new Map<number, string>();
  #olderIds = new Map<string, number>();
  #olderTexts = new Map<number, string>();
  #characters = 0;
  #next = 1;
  /** Memory holds all there is, so that what is not in it is new. */
  #complete = true;

  constructor(database: Database, column: string) {
    this.#database = database;
    this.table = dictionaryTable(column);
  }

  async load(): Promise<void> {
    const table = raw(this.table);
    const [[last, count] = []] = await this.#database.rows(
      sql`SELECT max(id), count(*) FROM ${table}`,
    );
    const rows = await this.#database.rows(
      sql`SELECT id, text FROM ${table} ORDER BY id DESC LIMIT ${GENERATION_TEXTS}`,
    );
    this.#ids = new Map();
    this.#texts = new Map();
    this.#olderIds = new Map();
    this.#olderTexts = new Map();
    this.#characters = 0;
    this.#next = Number(last ?? 0) + 1;
    this.#complete = Number(count) <= GENERATION_TEXTS;
    for (const [id, text] of rows.reverse()) this.#remember(String(text), Number(id));
  }

  /** The id of each text; those that have none yet are given one, for `keep` to be told of. */
  async assign(texts: readonly string[], added: NewTexts): Promise<Int32Array> {
    const ids = new Int32Array(texts.length);
    const unknown: number[] = [];
    texts.forEach((text, i) => {
      const id = this.#recall(text) ?? added.ids.get(text);
      if (id === undefined) unknown.push(i);
      else ids[i] = id;
    });
    const stored = this.#complete
      ? new Map<string, number>()
      : await this.#lookUp(unknown.map((i) => texts[i] ?? ''));
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
    for (const [text, id] of added.ids) this.#remember(text, id);
  }

  /** The id of a text, if it has one. */
  async find(text: string): Promise<number | undefined> {
    const id = this.#recall(text);
    if (id !== undefined || this.#complete) return id;
    return (await this.#lookUp([text])).get(text);
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
    for (let i = 0; i < unknown.length; i += 10_000) {
      const some = join(unknown.slice(i, i + 10_000), ', ');
      const rows = await this.#database.rows(
        sql`SELECT id, text FROM ${raw(this.table)} WHERE id IN (${some})`,
      );
      for (const [id, text] of rows) found.set(Number(id), String(text));
    }
    return found;
  }

  async #lookUp(texts: readonly string[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (let i = 0; i < texts.length; i += LOOKED_UP_AT_ONCE) {
      const some = join(texts.slice(i, i + LOOKED_UP_AT_ONCE), ', ');
      const rows = await this.#database.rows(
        sql`SELECT id, text FROM ${raw(this.table)} WHERE text IN (${some})`,
      );
      for (const [id, text] of rows) {
        found.set(String(text), Number(id));
        this.#remember(String(text), Number(id));
      }
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
      if (this.#olderIds.size > 0) this.#complete = false;
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
