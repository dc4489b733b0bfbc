import type {Database} from './database.ts';
import type {Dictionary} from './dictionary.ts';
import {contains} from './filter.ts';
import {dictionaryTable, SEARCHED_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';

/** More ids than these are not written into a query but looked up by it. */
const IDS_WRITTEN = 20_000;
/** Searches remembered: people type, page and zoom within the same few. */
const REMEMBERED = 32;

/** What a search has found in a dictionary: ids, or how many there are. */
export type Hits = readonly number[] | 'many' | 'all';

interface Search {
  readonly hits: readonly Hits[];
  /** The greatest id of each dictionary that was looked at. */
  readonly upTo: readonly number[];
}

/**
 * Searches for a part of a text through the dictionaries of all columns. Going through them is most
 * of what a search costs, so what was found is kept: later, only the texts that are new are looked
 * at.
 */
export class TextSearches {
  readonly #known = new Map<string, Search>();
  #forgotten = 0;

  /** Hits by column, in the order of `SEARCHED_COLUMNS`. */
  async find(
    database: Database,
    dictionaries: ReadonlyMap<string, Dictionary>,
    text: string,
  ): Promise<readonly Hits[]> {
    const before = this.#known.get(text);
    const forgotten = this.#forgotten;
    const upTo = await greatestIds(database, dictionaries);
    const searches: Fragment[] = [];
    for (const [i, column] of SEARCHED_COLUMNS.entries()) {
      const from = before?.upTo[i] ?? 0;
      if (before?.hits[i] === 'many' || from === upTo[i]) continue;
      const table = raw(dictionaryTable(column));
      searches.push(sql`(SELECT ${i} AS part, id FROM ${table}
        WHERE id > ${from} AND id <= ${upTo[i] ?? 0} AND ${contains(text)}
        LIMIT ${IDS_WRITTEN + 1})`);
    }
    const added = SEARCHED_COLUMNS.map((): number[] => []);
    if (searches.length > 0) {
      const [parts = [], ids = []] = await database.columns(join(searches, ' UNION ALL '));
      parts.forEach((part, i) => {
        added[Number(part)]?.push(Number(ids[i]));
      });
    }
    const hits = added.map((more, i): Hits => {
      const some = before?.hits[i] ?? [];
      if (typeof some === 'string') return 'many';
      return some.length + more.length > IDS_WRITTEN ? 'many' : [...some, ...more];
    });
    this.#known.delete(text);
    if (forgotten === this.#forgotten) this.#known.set(text, {hits, upTo});
    if (this.#known.size > REMEMBERED) {
      const [oldest = ''] = this.#known.keys();
      this.#known.delete(oldest);
    }
    // Ids are given from 1 on, each once.
    return hits.map((some, i) => {
      const all = upTo[i] ?? 0;
      return typeof some !== 'string' && all > 0 && some.length >= all ? 'all' : some;
    });
  }

  /** To be called once texts were removed. */
  forget(): void {
    this.#known.clear();
    this.#forgotten++;
  }
}

/** Of a database that several processes share, another one may have added texts. */
async function greatestIds(
  database: Database,
  dictionaries: ReadonlyMap<string, Dictionary>,
): Promise<number[]> {
  if (database.kind === 'duckdb') {
    return SEARCHED_COLUMNS.map((column) => dictionaries.get(column)?.lastId ?? 0);
  }
  const ids = SEARCHED_COLUMNS.map(
    (column) => sql`(SELECT coalesce(max(id), 0) FROM ${raw(dictionaryTable(column))})`,
  );
  const [greatest = []] = await database.rows(sql`SELECT ${join(ids, ', ')}`);
  return greatest.map(Number);
}
