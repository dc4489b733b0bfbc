import type {ObservationFilter} from '../../pipeline/store.ts';
import type {Database, Session} from './database.ts';
import type {FilterContext} from './filter.ts';
import {toCondition} from './filter.ts';
import {type Head, readHead} from './head.ts';
import {levelOf} from './level.ts';
import {allOf, type Fragment, join, raw, sql} from './statement.ts';

// What is asked of all rows again and again is counted once: what each principal did by days, how
// many events there were by minutes, and how novel they were by spans of ten minutes. A commit does
// not touch the summaries row by row: once so many observations have come since the last time, they
// are summed up by one query within the commit's transaction. Questions add those that are not
// summed up yet, so answers are always true.

/** So many observations are read besides the summaries, at most and about. */
export const SUMMARIZED_AT_ONCE = 65_536;
const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
export const SPAN_MS = 600_000;

/** Sums up observations, those with ids after `from` up to `to`. */
export async function summarize(
  database: Pick<Database, 'div'>,
  session: Session,
  from: number,
  to: number,
): Promise<void> {
  if (to === from) return;
  await insert(database, session, sql`id > ${from} AND id <= ${to}`, to);
}

/** Makes the summaries true after observations were removed, `latest` being the last one's time. */
export async function resummarize(
  database: Pick<Database, 'div'>,
  session: Session,
  latest: number,
  summarized: number,
): Promise<void> {
  // Whole days up to then; what is left of them is counted anew.
  const day = Math.floor(latest / DAY_MS);
  const end = (day + 1) * DAY_MS;
  await session.run(sql`DELETE FROM principal_days WHERE day <= ${day}`);
  await session.run(sql`DELETE FROM minutes WHERE minute < ${end / MINUTE_MS}`);
  await session.run(sql`DELETE FROM level_spans WHERE span < ${end / SPAN_MS}`);
  await insert(database, session, sql`id <= ${summarized} AND event_time < ${end}`, summarized);
}

async function insert(
  {div}: Pick<Database, 'div'>,
  session: Session,
  condition: Fragment,
  lastId: number,
): Promise<void> {
  await session.run(sql`INSERT INTO principal_days
    SELECT event_time ${div} ${DAY_MS}, layout, principal, kind, ${SUMS}, min(event_time),
      max(event_time), ${lastId}
    FROM observations WHERE ${condition} GROUP BY 1, 2, 3, 4`);
  await session.run(sql`INSERT INTO minutes
    SELECT event_time ${div} ${MINUTE_MS}, layout, count(*), max(score), ${lastId}
    FROM observations WHERE ${condition} GROUP BY 1, 2`);
  await session.run(sql`INSERT INTO level_spans
    SELECT event_time ${div} ${SPAN_MS}, layout, level, count(*), ${lastId}
    FROM observations WHERE ${condition} GROUP BY 1, 2, 3`);
}

const SUMS = raw(`count(*), count(*) FILTER (WHERE score >= 0.95),
  count(*) FILTER (WHERE score >= 0.99), max(score)`);

/** Principals of what a filter holds, with columns as of `principal_days`, in several rows each. */
export async function principalSums(
  context: FilterContext,
  filter: ObservationFilter,
): Promise<Fragment | undefined> {
  const {from, to, context: _context, dimensions = {}, ...others} = filter;
  const {principal: _principal, kind: _kind, ...rest} = dimensions;
  if (!isEmpty(rest) || !isEmpty(others)) return undefined;
  const own = await toCondition(context, {...filter, from: undefined, to: undefined});
  const {summarized} = await readHead(context.database);
  const observed = (conditions: readonly Fragment[]): Fragment => sql`
    SELECT principal, ${context.database.any('kind')} AS kind, ${SUMS}, min(event_time),
      max(event_time)
    FROM observations WHERE ${allOf([...conditions, own])} GROUP BY principal`;
  const {within, parts} = split({from, to}, DAY_MS, 'day', summarized);
  return join(
    [
      sql`SELECT principal, kind, events, over_95, over_99, max_score, first_time, last_time
        FROM principal_days WHERE ${within} AND ${own}`,
      ...parts.map(observed),
    ],
    ' UNION ALL ',
  );
}

/** How many events each day has of what holds for a condition on principal and layout. */
export async function eventsByDay(
  {database}: Pick<FilterContext, 'database'>,
  own: Fragment,
): Promise<{readonly day: number; readonly events: number}[]> {
  const {summarized} = await readHead(database);
  const rows = await database.rows(sql`
    SELECT day, sum(events) FROM (
      SELECT day, events FROM principal_days WHERE last_id <= ${summarized} AND ${own}
      UNION ALL
      SELECT event_time ${database.div} ${DAY_MS}, 1 FROM observations
        WHERE id > ${summarized} AND ${own}
    ) days GROUP BY day ORDER BY day`);
  return rows.map(([day, events]) => ({day: Number(day), events: Number(events)}));
}

/** First and last millisecond of days. */
export function daysRange(first: number, last: number): {from: number; to: number} {
  return {from: first * DAY_MS, to: (last + 1) * DAY_MS - 1};
}

/**
 * Events by minute and by what is not summed up, as rows of minute, events, max_score; of the
 * minutes that the filter holds in part, only what it holds. Undefined where it asks for more than
 * is known by minute.
 */
export async function minuteSums(
  context: FilterContext,
  filter: ObservationFilter,
): Promise<Fragment | undefined> {
  const {from, to, context: _context, dimensions = {}, ...others} = filter;
  if (!isEmpty(dimensions) || !isEmpty(others)) return undefined;
  const own = await toCondition(context, {...filter, from: undefined, to: undefined});
  const {div} = context.database;
  const {summarized} = await readHead(context.database);
  const {within, parts} = split({from, to}, MINUTE_MS, 'minute', summarized);
  const observed = (conditions: readonly Fragment[]): Fragment => sql`
    SELECT event_time ${div} ${MINUTE_MS}, count(*), max(score)
    FROM observations WHERE ${allOf([...conditions, own])} GROUP BY 1`;
  return join(
    [
      sql`SELECT minute, events, max_score FROM minutes WHERE ${within} AND ${own}`,
      ...parts.map(observed),
    ],
    ' UNION ALL ',
  );
}

/**
 * Events by span and level, of rows up to `head.lastId`, as rows of span, level, events. Undefined
 * where the filter asks for more than is known by span.
 */
export async function levelSums(
  context: FilterContext,
  filter: ObservationFilter,
  head: Pick<Head, 'lastId' | 'summarized'>,
): Promise<Fragment | undefined> {
  const {from, to, minScore, maxScore, context: _context, dimensions = {}, ...others} = filter;
  if (!isEmpty(dimensions) || !isEmpty(others)) return undefined;
  const whole = await toCondition(context, {context: filter.context});
  const observed = (conditions: readonly Fragment[]): Fragment => sql`
    SELECT CAST(event_time ${context.database.div} ${SPAN_MS} AS INTEGER), level, count(*)
    FROM observations WHERE ${allOf([...conditions, sql`id <= ${head.lastId}`])} GROUP BY 1, 2`;
  // Levels that the filter may hold in part are counted anew.
  const least = minScore === undefined ? undefined : levelOf(minScore);
  const most = maxScore === undefined ? undefined : levelOf(maxScore);
  const inside: Fragment[] = [whole];
  if (least !== undefined) inside.push(sql`level > ${least}`);
  if (most !== undefined) inside.push(sql`level < ${most}`);
  const {within, parts} = split({from, to}, SPAN_MS, 'span', head.summarized);
  const sums = [
    sql`SELECT span, level, events FROM level_spans WHERE ${allOf([within, ...inside])}`,
    ...parts.map((part) => observed([...part, ...inside])),
  ];
  const edges = [least, most].filter((level) => level !== undefined);
  if (edges.length > 0) {
    const condition = await toCondition(context, filter);
    sums.push(observed([sql`level IN (${join(edges, ', ')})`, condition]));
  }
  return join(sums, ' UNION ALL ');
}

/**
 * A stretch of time in whole units, which a summary knows, and in the rest, in disjoint parts of
 * plain comparisons: what begins or ends it, and what is not summed up yet.
 */
function split(
  {from, to}: Pick<ObservationFilter, 'from' | 'to'>,
  unit: number,
  column: string,
  summarized: number,
): {within: Fragment; parts: Fragment[][]} {
  const bounds: Fragment[] = [];
  if (from !== undefined) bounds.push(sql`event_time >= ${from}`);
  if (to !== undefined) bounds.push(sql`event_time < ${to}`);
  const known = sql`id <= ${summarized}`;
  const parts = [[sql`id > ${summarized}`, ...bounds]];
  const first = Math.ceil((from ?? 0) / unit);
  const end = to === undefined ? undefined : Math.floor(to / unit);
  if (end !== undefined && first >= end) {
    parts.push([known, ...bounds]);
    return {within: raw('false'), parts};
  }
  const within = [sql`last_id <= ${summarized}`];
  if (from !== undefined) {
    within.push(sql`${raw(column)} >= ${first}`);
    if (first * unit > from) {
      parts.push([known, sql`event_time >= ${from}`, sql`event_time < ${first * unit}`]);
    }
  }
  if (to !== undefined && end !== undefined) {
    within.push(sql`${raw(column)} < ${end}`);
    if (end * unit < to) {
      parts.push([known, sql`event_time >= ${end * unit}`, sql`event_time < ${to}`]);
    }
  }
  return {within: allOf(within), parts};
}

function isEmpty(values: Readonly<Record<string, unknown>>): boolean {
  return Object.values(values).every((value) => value === undefined);
}
