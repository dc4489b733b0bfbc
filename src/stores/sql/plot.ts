import type {Dimension} from '../../pipeline/observation.ts';
import type {ObservationFilter, PlotPoints} from '../../pipeline/store.ts';
import type {FilterContext} from './filter.ts';
import {timeRange} from './find.ts';
import {MAX_LEVEL} from './level.ts';
import {DIMENSION_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';

/** Stretches of time of each of which the most novel points are kept. */
const MAX_STRETCHES = 300;
const POINTS_PER_STRETCH = 10;
const LEVELS = MAX_LEVEL + 1;
const CANDIDATES_PER_POINT = 2.5;

/** Points of the plot for a condition on `observations`. */
export async function readPlot(
  context: FilterContext,
  condition: Fragment,
  bounds: Pick<ObservationFilter, 'from' | 'to'>,
  colour: Dimension,
  limit: number,
): Promise<PlotPoints> {
  const {database} = context;
  const range = await timeRange(context);
  const first = Math.max(range?.first ?? 0, Math.ceil(bounds.from ?? 0));
  const last = Math.min(range?.last ?? 0, bounds.to ?? Number.POSITIVE_INFINITY);
  const stretches = Math.min(MAX_STRETCHES, Math.ceil(limit / POINTS_PER_STRETCH));
  const width = Math.max(Math.ceil((last - first + 1) / stretches), 1);
  const stretch = sql`((event_time - ${first}) ${database.div} ${width})`;
  const counts = await database.doubles(
    sql`SELECT CAST(place AS DOUBLE PRECISION), CAST(count(*) AS DOUBLE PRECISION) FROM (
        SELECT CAST(${stretch} AS INTEGER) * ${LEVELS} + level AS place
        FROM observations WHERE ${condition}
      ) places GROUP BY place`,
  );
  const total = (counts[1] ?? []).reduce((sum, count) => sum + count, 0);
  const column = DIMENSION_COLUMNS[colour];
  const plan = total > limit ? planFor(counts, limit) : undefined;
  // Picking from what a query brings costs less than a query that picks, unless it brings far more.
  const pick = plan !== undefined && plan.candidates <= CANDIDATES_PER_POINT * limit;
  const points = sql`SELECT id, event_time, score, ${raw(column)} AS colour, level`;
  const from = sql`FROM observations WHERE ${condition}`;
  const rows =
    plan === undefined
      ? sql`${points} ${from}`
      : pick
        ? sql`${points} ${from} AND level >= ${plan.lowest}`
        : mostNovel(sql`${points}, ${stretch} AS stretch ${from}`, plan);
  const columns = await database.doubles(
    sql`SELECT CAST(id AS DOUBLE PRECISION), CAST(event_time AS DOUBLE PRECISION), score,
        CAST(colour AS DOUBLE PRECISION), CAST(level AS DOUBLE PRECISION)
      FROM (${rows}) points ORDER BY id`,
  );
  const kept = pick ? picked(columns, plan, first, width) : columns;
  const [ids = [], times = [], scores = [], texts = []] = kept;
  const {group, groups} = await toGroups(context, column, texts);
  return {
    ids,
    times,
    scores,
    group,
    groups,
    total,
    truncated: ids.length < total,
  };
}

/** Groups by how many points they have, so that the first ones get the colours. */
async function toGroups(
  context: FilterContext,
  column: string,
  ids: readonly number[],
): Promise<{group: number[]; groups: string[]}> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id]) => id);
  const texts = await context.dictionaries.get(column)?.texts(order);
  const place = new Map(order.map((id, i) => [id, i]));
  return {
    group: ids.map((id) => place.get(id) ?? 0),
    groups: order.map((id) => texts?.get(id) ?? ''),
  };
}

/** What is kept of a stretch: levels from `fits` on, and `room` points of the level `partly`. */
interface Share {
  readonly fits: number;
  readonly partly: number;
  readonly room: number;
}

interface Plan {
  readonly shares: ReadonlyMap<number, Share>;
  /** No point below this level is kept. */
  readonly lowest: number;
  /** Points of that level or above. */
  readonly candidates: number;
}

/**
 * At most `limit` points: the most novel of each stretch. It is known how many there are at each
 * level of novelty; a stretch that has few leaves room to the others.
 */
function planFor([places = [], counts = []]: readonly number[][], limit: number): Plan {
  const byStretch = new Map<number, {level: number; count: number}[]>();
  places.forEach((place, i) => {
    const s = Math.floor(place / LEVELS);
    const own = byStretch.get(s) ?? [];
    own.push({level: place - s * LEVELS, count: counts[i] ?? 0});
    byStretch.set(s, own);
  });
  const sizes = [...byStretch.values()].map((own) => own.reduce((sum, {count}) => sum + count, 0));
  const room = roomForEach(sizes, limit);
  // Levels that fit are kept as a whole; of the first that does not, as many as there is room for.
  const shares = new Map<number, Share>();
  let lowest = LEVELS;
  for (const [s, own] of byStretch) {
    own.sort((a, b) => b.level - a.level);
    let left = room;
    let fits = LEVELS;
    for (const {level, count} of own) {
      if (count > left) break;
      left -= count;
      fits = level;
    }
    const partly = own.find(({level}) => level < fits)?.level ?? -1;
    shares.set(s, {fits, partly, room: left});
    lowest = Math.min(lowest, partly < 0 ? fits : partly);
  }
  let candidates = 0;
  places.forEach((place, i) => {
    if (place % LEVELS >= lowest) candidates += counts[i] ?? 0;
  });
  return {shares, lowest, candidates};
}

/** The points to keep of those of the lowest level or above, which are in the order of their ids. */
function picked(
  columns: readonly number[][],
  {shares}: Plan,
  first: number,
  width: number,
): number[][] {
  const [ids = [], times = [], scores = [], , levels = []] = columns;
  const keeps = new Uint8Array(ids.length);
  const ranked = new Map<number, number[]>();
  for (let i = 0; i < ids.length; i++) {
    const s = Math.trunc(((times[i] ?? 0) - first) / width);
    const share = shares.get(s);
    // A stretch that had no event when they were counted has no share.
    if (share === undefined) continue;
    const level = levels[i] ?? 0;
    if (level >= share.fits) keeps[i] = 1;
    else if (level === share.partly && share.room > 0) {
      const some = ranked.get(s);
      if (some === undefined) ranked.set(s, [i]);
      else some.push(i);
    }
  }
  for (const [s, some] of ranked) {
    some.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a);
    for (const i of some.slice(0, shares.get(s)?.room)) keeps[i] = 1;
  }
  return columns.map((column) => column.filter((_, i) => keeps[i] === 1));
}

/** The same, where there is far more of the lowest level or above than is kept. */
function mostNovel(points: Fragment, {shares, lowest}: Plan): Fragment {
  const plan = [...shares].map(
    ([s, {fits, partly, room}]) => sql`(${s}, ${fits}, ${partly}, ${room})`,
  );
  return sql`
    WITH o AS (${points} AND level >= ${lowest}),
      p(stretch, fits, partly, room) AS (VALUES ${join(plan, ', ')})
    SELECT id, event_time, score, colour, level FROM o JOIN p ON p.stretch = o.stretch
      WHERE level >= fits
    UNION ALL
    SELECT id, event_time, score, colour, level FROM (
      SELECT o.*, room,
        row_number() OVER (PARTITION BY o.stretch ORDER BY score DESC, id DESC) AS place
      FROM o JOIN p ON p.stretch = o.stretch WHERE level = partly
    ) ranked WHERE place <= room`;
}

/** The most that each may have so that all together have at most `limit`. */
function roomForEach(sizes: readonly number[], limit: number): number {
  const ascending = [...sizes].sort((a, b) => a - b);
  let left = limit;
  for (const [i, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (size > share) return share;
    left -= size;
  }
  return limit;
}
