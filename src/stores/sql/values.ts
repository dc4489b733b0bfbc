import type {Dimension} from '../../pipeline/observation.ts';
import type {FilterContext} from './filter.ts';
import {readHead} from './head.ts';
import {DIMENSION_COLUMNS, dictionaryTable} from './schema.ts';
import {raw, sql} from './statement.ts';

/** Values are counted in the latest so many rows; those that are not among them come last. */
const COUNTED_ROWS = {duckdb: 500_000, postgres: 100_000};

/** Values of a dimension that start with a prefix, in either case: the commonest of late first. */
export async function commonestValues(
  context: FilterContext,
  dimension: Dimension,
  prefix: string,
  limit: number,
): Promise<string[]> {
  const column = raw(DIMENSION_COLUMNS[dimension]);
  const table = raw(dictionaryTable(DIMENSION_COLUMNS[dimension]));
  const {lastId} = await readHead(context.database);
  const rows = await context.database.rows(
    sql`SELECT t.text FROM ${table} t LEFT JOIN (
        SELECT ${column} AS id, count(*) AS events FROM observations
        WHERE id > ${lastId - COUNTED_ROWS[context.database.kind]} GROUP BY 1
      ) o ON o.id = t.id
      WHERE ${prefix === '' ? raw('true') : sql`starts_with(lower(t.text), lower(${prefix}))`}
      ORDER BY coalesce(o.events, 0) DESC, t.id LIMIT ${limit}`,
  );
  return rows.map(([text]) => String(text));
}
