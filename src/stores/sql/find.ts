import type {ObservationFilter} from '../../pipeline/store.ts';
import type {FilterContext} from './filter.ts';
import {readHead} from './head.ts';
import {levelOf} from './level.ts';
import {type Fragment, raw, sql} from './statement.ts';
import {daysRange, eventsByDay, levelSums} from './summaries.ts';

// A page needs some hundred rows of millions. Sorting is not what costs; reading is. So the first
// stretch of time, or the highest levels of novelty, that hold enough rows are looked at alone.

/** The first stretch has about this many rows for each that is wanted. */
const ROWS_PER_WANTED = 50;
/** Where there were too few, the next stretch is that much longer. */
const GROWTH = 16;
const SPARE = 1.5;
const SHORTEST_MS = 1_000;

/** The place of a row in the order of event time. */
export interface Place {
  readonly time: number;
  readonly id: number;
}

/** Rows of a page, in its order. */
export interface Found {
  readonly ids: number[];
  /** Holds for all of them: what lets the rest of each row be read without going through all. */
  readonly within: Fragment;
  /** Event time of the last one, where they are in order of time. */
  readonly last?: number | undefined;
}

interface TimeRange {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

type DayOfEvents = Awaited<ReturnType<typeof eventsByDay>>[number];

/** Times of the first and last event, and how many there are; undefined when there is none. */
export async function timeRange(context: FilterContext): Promise<TimeRange | undefined> {
  const [[first = null, last, count] = []] = await context.database.rows(
    sql`SELECT min(event_time), max(event_time), (SELECT observations FROM head)
      FROM observations`,
  );
  if (first === null) return undefined;
  return {first: Number(first), last: Number(last), count: Number(count)};
}

/**
 * Ids of rows next to a place in time, nearest first: earlier ones, or later ones. `own` is what the
 * condition says of principal and layout, where it says something of the principal.
 */
export async function findByTime(
  context: FilterContext,
  condition: Fragment,
  bounds: Pick<ObservationFilter, 'from' | 'to'>,
  direction: 'earlier' | 'later',
  after: Place | undefined,
  limit: number,
  own?: Fragment,
): Promise<Found> {
  if (limit <= 0) return {ids: [], within: raw('false')};
  // Where a principal has few events, stretches end where its own events do.
  const days = own === undefined ? undefined : await eventsByDay(context, own);
  const range = days === undefined ? await timeRange(context) : rangeOf(days);
  if (range === undefined) return {ids: [], within: raw('false')};
  const lowest = Math.max(range.first, Math.ceil(bounds.from ?? range.first));
  const highest = Math.min(range.last, Math.ceil(bounds.to ?? range.last + 1) - 1);
  const beyond = after === undefined ? raw('true') : afterPlace(after, direction);
  const perRow = (range.last - range.first) / range.count;
  let width = Math.max(SHORTEST_MS, Math.ceil(perRow * limit * ROWS_PER_WANTED));
  const ids: number[] = [];
  const times: number[] = [];
  const earlier = direction === 'earlier';
  let from = earlier ? Math.min(highest, after?.time ?? highest) : lowest;
  if (!earlier && after !== undefined) from = Math.max(lowest, after.time);
  let wanted = limit;
  while (earlier ? from >= lowest : from <= highest) {
    const far = days === undefined ? undefined : endOfStretch(days, from, direction, wanted);
    wanted *= GROWTH;
    const to = earlier
      ? Math.max(lowest, far ?? from - width)
      : Math.min(highest, far ?? from + width);
    const order = raw(earlier ? 'event_time DESC, id DESC' : 'event_time, id');
    const rows = await context.database.rows(
      sql`SELECT id, event_time FROM observations
        WHERE event_time >= ${Math.min(from, to)} AND event_time <= ${Math.max(from, to)}
          AND ${beyond} AND ${condition}
        ORDER BY ${order} LIMIT ${limit - ids.length}`,
    );
    for (const [id, time] of rows) {
      ids.push(Number(id));
      times.push(Number(time));
    }
    if (ids.length >= limit) break;
    from = earlier ? to - 1 : to + 1;
    // As many more as it takes at the pace of this stretch, and some to spare.
    const more = rows.length === 0 ? GROWTH : (SPARE * (limit - ids.length)) / rows.length;
    width *= Math.min(Math.max(more, 1), GROWTH);
    width = Math.ceil(width);
  }
  const [first = 0] = times;
  const last = times.at(-1) ?? first;
  const within = sql`event_time >= ${Math.min(first, last)} AND event_time <= ${Math.max(first, last)}`;
  return {ids, within, last: times.at(-1)};
}

function rangeOf(days: readonly DayOfEvents[]): TimeRange | undefined {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const {from, to} = daysRange(first.day, last.day);
  return {first: from, last: to, count: days.reduce((sum, {events}) => sum + events, 0)};
}

/** Where so many events have come, not counting those of the day it begins in. */
function endOfStretch(
  days: readonly DayOfEvents[],
  from: number,
  direction: 'earlier' | 'later',
  wanted: number,
): number {
  const earlier = direction === 'earlier';
  let left = wanted;
  let end = earlier ? daysRange(0, 0).from : Number.MAX_SAFE_INTEGER;
  for (const {day, events} of earlier ? days.toReversed() : days) {
    const range = daysRange(day, day);
    if (earlier ? range.from > from : range.to < from) continue;
    end = earlier ? range.from : range.to;
    if (earlier ? range.to < from : range.from > from) left -= events;
    if (left <= 0) break;
  }
  return end;
}

function afterPlace({time, id}: Place, direction: 'earlier' | 'later'): Fragment {
  if (direction === 'earlier') return sql`(event_time < ${time} OR id < ${id})`;
  return sql`(event_time > ${time} OR id > ${id})`;
}

/** Ids of the rows with the highest scores. */
export async function findByScore(
  context: FilterContext,
  filter: ObservationFilter,
  condition: Fragment,
  after: {readonly score: number; readonly id: number} | undefined,
  limit: number,
): Promise<Found> {
  const highest = after === undefined ? undefined : levelOf(after.score);
  const below = highest === undefined ? raw('true') : sql`level <= ${highest}`;
  // DuckDB scans the levels of a few days as fast as it adds up what is known of them.
  const isSummed = context.database.kind === 'postgres' || filter.from === undefined;
  const head = await readHead(context.database);
  const sums = isSummed ? await levelSums(context, filter, head) : undefined;
  const counts = await context.database.rows(
    sums === undefined
      ? sql`SELECT level, count(*) FROM observations WHERE ${below} AND ${condition} GROUP BY level`
      : sql`SELECT level, sum(events) FROM (${sums}) sums WHERE ${below} GROUP BY level`,
  );
  let lowest = 0;
  let rows = 0;
  for (const [level, count] of counts.map((row) => row.map(Number)).sort(byFirstDescending)) {
    // Of the level a page ended in, any number may be on pages before.
    if (level !== highest) rows += count ?? 0;
    lowest = level ?? 0;
    if (rows >= limit) break;
  }
  const beyond =
    after === undefined
      ? raw('true')
      : sql`(score < ${after.score} OR (score = ${after.score} AND id < ${after.id}))`;
  const found = await context.database.rows(
    sql`SELECT id FROM observations WHERE level >= ${lowest} AND ${below} AND ${beyond}
      AND ${condition} ORDER BY score DESC, id DESC LIMIT ${limit}`,
  );
  const within = sql`level >= ${lowest} AND ${below}`;
  return {ids: found.map(([id]) => Number(id)), within};
}

function byFirstDescending(a: readonly number[], b: readonly number[]): number {
  return (b[0] ?? 0) - (a[0] ?? 0);
}

/** Ids of rows in the order in which they were scored. */
export async function findById(
  context: FilterContext,
  condition: Fragment,
  after: number,
  limit: number,
): Promise<Found> {
  const rows = await context.database.rows(
    sql`SELECT id FROM observations WHERE id > ${after} AND ${condition} ORDER BY id LIMIT ${limit}`,
  );
  const ids = rows.map(([id]) => Number(id));
  return {ids, within: sql`id <= ${ids.at(-1) ?? 0} AND id >= ${ids[0] ?? 0}`};
}
