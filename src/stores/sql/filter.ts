import {DIMENSIONS} from '../../pipeline/observation.ts';
import type {ObservationFilter} from '../../pipeline/store.ts';
import type {Database} from './database.ts';
import type {Dictionary} from './dictionary.ts';
import {uuidWords} from './event-id.ts';
import type {Layouts} from './layouts.ts';
import {levelOf} from './level.ts';
import {DIMENSION_COLUMNS, dictionaryTable, SEARCHED_COLUMNS} from './schema.ts';
import {allOf, type Fragment, join, raw, sql} from './statement.ts';
import type {TextSearches} from './text-searches.ts';

export interface FilterContext {
  readonly database: Database;
  readonly layouts: Layouts;
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  readonly searches: TextSearches;
}

/** The condition on `observations` that a filter stands for. */
export async function toCondition(
  context: FilterContext,
  filter: ObservationFilter,
): Promise<Fragment> {
  const conditions: Fragment[] = [];
  const add = (value: number | undefined, condition: (value: number) => Fragment): void => {
    if (value !== undefined) conditions.push(condition(value));
  };
  add(filter.from, (v) => sql`event_time >= ${v}`);
  add(filter.to, (v) => sql`event_time < ${v}`);
  add(filter.minScore, (v) => sql`score >= ${v}`);
  // A byte is scanned much faster than a score; PostgreSQL has an index for scores.
  if (context.database.kind === 'duckdb') {
    add(filter.minScore, (v) => sql`level >= ${levelOf(v)}`);
  }
  add(filter.maxScore, (v) => sql`score <= ${v}`);
  add(filter.afterId, (v) => sql`id > ${v}`);
  if (filter.context !== undefined) {
    const ids = context.layouts.of(filter.context);
    if (ids.length === 0) return raw('false');
    conditions.push(sql`layout IN (${join(ids, ', ')})`);
  }
  for (const dimension of DIMENSIONS) {
    const text = filter.dimensions?.[dimension];
    if (text === undefined) continue;
    const column = DIMENSION_COLUMNS[dimension];
    const id = await context.dictionaries.get(column)?.find(text);
    if (id === undefined) return raw('false');
    conditions.push(sql`${raw(column)} = ${id}`);
  }
  if (filter.text !== undefined && filter.text !== '') {
    conditions.push(await textCondition(context, filter.text));
  }
  return allOf(conditions);
}

async function textCondition(context: FilterContext, text: string): Promise<Fragment> {
  const {database, dictionaries} = context;
  const alternatives: Fragment[] = [];
  const found = await Promise.all([
    context.searches.find(database, dictionaries, text),
    database.rows(
      sql`SELECT id FROM event_texts WHERE lower(text) = lower(${text}) ORDER BY id DESC LIMIT 1000`,
    ),
  ]);
  const [byColumn, named] = found;
  for (const [i, column] of SEARCHED_COLUMNS.entries()) {
    const some = byColumn[i] ?? [];
    if (some === 'all') return raw('true');
    if (some === 'many') {
      const table = raw(dictionaryTable(column));
      alternatives.push(sql`${raw(column)} IN (SELECT id FROM ${table} WHERE ${contains(text)})`);
    } else if (some.length > 0) {
      alternatives.push(database.oneOf(column, join(some, ', '), some.length));
    }
  }
  const words = uuidWords(text.toLowerCase());
  if (words !== undefined) alternatives.push(eventIdCondition(words));
  if (named.length > 0) {
    const list = named.map(([id]) => Number(id));
    alternatives.push(database.oneOf('id', join(list, ', '), list.length));
  }
  return alternatives.length === 0 ? raw('false') : sql`(${join(alternatives, ' OR ')})`;
}

export function contains(text: string): Fragment {
  return sql`strpos(lower(text), lower(${text})) > 0`;
}

export function eventIdCondition(words: readonly number[]): Fragment {
  return sql`(${allOf(words.map((word, i) => sql`${raw(`event_${i}`)} = ${word}`))})`;
}
