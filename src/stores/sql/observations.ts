import {DIMENSIONS, type Dimension} from '../../pipeline/observation.ts';
import type {StoredObservation} from '../../pipeline/store.ts';
import type {Value} from './database.ts';
import {uuidText} from './event-id.ts';
import type {FilterContext} from './filter.ts';
import {DIMENSION_COLUMNS, TEXT_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';

const COLUMNS = [
  'id',
  'event_time',
  'arrived',
  'layout',
  'event_0',
  'event_1',
  'event_2',
  'event_3',
  'score',
  'raised',
  'bits',
  'most_novel',
  'record_index',
  'record_offset',
  'record_length',
  ...TEXT_COLUMNS,
] as const;

/**
 * Rows by their ids, in the order of these, with all that hangs on them. `within` is a condition
 * that holds for all of them, of plain comparisons: a list of ids alone would have every row read.
 */
export async function readObservations(
  context: FilterContext,
  wanted: readonly number[],
  within: Fragment = raw('true'),
): Promise<StoredObservation[]> {
  if (wanted.length === 0) return [];
  const {database} = context;
  const ids = join(wanted, ', ');
  const [found, reasons, eventTexts] = await Promise.all([
    database.rows(
      sql`SELECT ${raw(COLUMNS.join(', '))} FROM observations WHERE id IN (${ids}) AND ${within}`,
    ),
    database.rows(sql`SELECT id, reason FROM details WHERE id IN (${ids})`),
    database.rows(sql`SELECT id, text FROM event_texts WHERE id IN (${ids})`),
  ]);
  const texts = await readTexts(context, found);
  const byId = new Map(found.map((row) => [Number(row[0]), row]));
  // Retention may have removed some between the two queries.
  const rows = wanted.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined ? [] : [row];
  });
  const reasonOf = new Map(reasons.map(([id, reason]) => [Number(id), String(reason)]));
  const eventTextOf = new Map(eventTexts.map(([id, text]) => [Number(id), String(text)]));
  return rows.map((row) => {
    const at = (column: (typeof COLUMNS)[number]): number => Number(row[COLUMNS.indexOf(column)]);
    const text = (column: (typeof TEXT_COLUMNS)[number]): string =>
      texts.get(column)?.get(at(column)) ?? '';
    const id = at('id');
    const layout = context.layouts.get(at('layout'));
    const facets = layout?.facets ?? [];
    const bits = row[COLUMNS.indexOf('bits')] as readonly number[];
    const mostNovel = at('most_novel');
    const facet = facets[mostNovel];
    return {
      id,
      context: layout?.context ?? '',
      eventId:
        eventTextOf.get(id) ??
        uuidText([at('event_0'), at('event_1'), at('event_2'), at('event_3')]),
      eventTime: at('event_time'),
      arrived: at('arrived'),
      dimensions: Object.fromEntries(
        DIMENSIONS.map((dimension) => [dimension, text(DIMENSION_COLUMNS[dimension])]),
      ) as Record<Dimension, string>,
      score: at('score'),
      raised: Math.fround(at('raised')),
      bits: Object.fromEntries(facets.map((name, i) => [name, Math.fround(bits[i] ?? 0)])),
      mostNovel:
        facet === undefined
          ? null
          : {facet, value: text('most_novel_value'), bits: Math.fround(bits[mostNovel] ?? 0)},
      source: text('source'),
      object: text('object'),
      index: at('record_index'),
      offset: at('record_offset'),
      length: at('record_length'),
      reason: reasonOf.get(id) ?? null,
    };
  });
}

async function readTexts(
  context: FilterContext,
  rows: readonly (readonly Value[])[],
): Promise<Map<string, Map<number, string>>> {
  const first = COLUMNS.length - TEXT_COLUMNS.length;
  const texts = await Promise.all(
    TEXT_COLUMNS.map(async (column, i) => {
      const ids = rows.map((row) => Number(row[first + i]));
      return [column, await context.dictionaries.get(column)?.texts(ids)] as const;
    }),
  );
  return new Map(texts.map(([column, of]) => [column, of ?? new Map()]));
}
