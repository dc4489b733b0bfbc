import type {ObservationFilter, PrincipalRow, Store} from '../../pipeline/store.ts';
import {decodeCursor, encodeCursor} from '../cursor.ts';
import {type FilterContext, toCondition} from './filter.ts';
import {levelOf} from './level.ts';
import {type Fragment, raw, sql} from './statement.ts';
import {principalSums} from './summaries.ts';

type Order = Parameters<Store['principals']>[1]['order'];

const KEYS: Readonly<Record<Order, string>> = {
  score: 'max_score',
  events: 'events',
  recent: 'last_time',
};

/** Principals of the rows that a filter holds. */
export async function readPrincipals(
  context: FilterContext,
  filter: ObservationFilter,
  page: Parameters<Store['principals']>[1],
): ReturnType<Store['principals']> {
  const {order, limit, cursor} = page;
  const key = raw(KEYS[order]);
  let after = raw('true');
  if (cursor !== undefined) {
    const [value = 0, principal = 0] = decodeCursor(cursor, `principals-${order}`, 2);
    after = sql`(${key} < ${value} OR (${key} = ${value} AND p.principal > ${principal}))`;
  }
  const {database} = context;
  const sums = await principalSums(context, filter);
  const counted =
    sums === undefined
      ? countAll(context, await toCondition(context, filter))
      : sql`SELECT principal, ${database.any('kind')} AS kind, sum(events) AS events,
          max(max_score) AS max_score, sum(over_95) AS over_95, sum(over_99) AS over_99,
          min(first_time) AS first_time, max(last_time) AS last_time
        FROM (${sums}) sums GROUP BY principal`;
  const found = await database.rows(
    sql`SELECT principal, kind, events, max_score, over_95, over_99, first_time, last_time
      FROM (${counted}) p WHERE ${after} ORDER BY ${key} DESC, p.principal LIMIT ${limit + 1}`,
  );
  const kept = found.slice(0, limit);
  const [principals, kinds] = await Promise.all([
    context.dictionaries.get('principal')?.texts(kept.map((row) => Number(row[0]))),
    context.dictionaries.get('kind')?.texts(kept.map((row) => Number(row[1]))),
  ]);
  const rows = kept.map((row): PrincipalRow => {
    const [principal, kind, events, maxScore, over95, over99, firstTime, lastTime] =
      row.map(Number);
    return {
      principal: principals?.get(principal ?? 0) ?? '',
      kind: kinds?.get(kind ?? 0) ?? '',
      events: events ?? 0,
      maxScore: maxScore ?? 0,
      over95: over95 ?? 0,
      over99: over99 ?? 0,
      firstTime: firstTime ?? 0,
      lastTime: lastTime ?? 0,
    };
  });
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return {rows, next: null};
  const value = {score: last.maxScore, events: last.events, recent: last.lastTime}[order];
  return {rows, next: encodeCursor(`principals-${order}`, [value, Number(kept.at(-1)?.[0])])};
}

/** Few rows score that high; counting them by themselves spares the others two comparisons. */
function countAll({database}: FilterContext, condition: Fragment): Fragment {
  return sql`SELECT a.principal, kind, events, max_score, coalesce(over_95, 0) AS over_95,
      coalesce(over_99, 0) AS over_99, first_time, last_time
    FROM (
      SELECT principal, ${database.any('kind')} AS kind, count(*) AS events,
        max(score) AS max_score, min(event_time) AS first_time, max(event_time) AS last_time
      FROM observations WHERE ${condition} GROUP BY principal
    ) a LEFT JOIN (
      SELECT principal, count(*) AS over_95, count(*) FILTER (WHERE score >= 0.99) AS over_99
      FROM observations WHERE level >= ${levelOf(0.95)} AND score >= 0.95 AND ${condition}
      GROUP BY principal
    ) h ON h.principal = a.principal`;
}
