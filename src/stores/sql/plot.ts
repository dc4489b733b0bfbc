import type {Dimension} from '../../pipeline/observation.ts';
import type {ObservationFilter, PlotPoints} from '../../pipeline/store.ts';
import type {Value} from './database.ts';
import type {FilterContext} from './filter.ts';
import {timeRange} from './find.ts';
import {MAX_LEVEL} from './level.ts';
import {DIMENSION_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';

/** Stretches of time of each of which the most novel points are kept. */
const MAX_STRETCHES = 300;
const POINTS_PER_STRETCH = 10;

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
  const counts = await database.columns(
    sql`SELECT ${stretch}, level, count(*) FROM observations WHERE ${condition} GROUP BY 1, 2`,
  );
  const total = (counts[2] ?? []).reduce<number>((sum, count) => sum + Number(count), 0);
  const column = DIMENSION_COLUMNS[colour];
  const points = sql`SELECT id, event_time, score, ${raw(column)} AS colour`;
  const kept =
    total <= limit
      ? sql`${points} FROM observations WHERE ${condition}`
      : sql`${points}, level, ${stretch} AS stretch FROM observations WHERE ${condition}`;
  const rows = total <= limit ? kept : mostNovel(kept, counts, limit);
  const [ids = [], times = [], scores = [], texts = []] = await database.columns(
    sql`SELECT CAST(id AS DOUBLE PRECISION), CAST(event_time AS DOUBLE PRECISION), score, colour
      FROM (${rows}) points ORDER BY id`,
  );
  const {group, groups} = await toGroups(context, column, texts);
  return {
    ids: ids as number[],
    times: times as number[],
    scores: scores as number[],
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
  ids: readonly Value[],
): Promise<{group: number[]; groups: string[]}> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id]) => id);
  const texts = await context.dictionaries.get(column)?.texts(order);
  const place = new Map(order.map((id, i) => [id, i]));
  return {
    group: ids.map((id) => place.get(Number(id)) ?? 0),
    groups: order.map((id) => texts?.get(id) ?? ''),
  };
}

/**
 * At most `limit` of some points: the most novel of each stretch. It is known how many there are at
 * each level of novelty; a stretch that has few leaves room to the others.
 */
function mostNovel(
  points: Fragment,
  [stretches = [], levels = [], counts = []]: readonly (readonly Value[])[],
  limit: number,
): Fragment {
  const byStretch = new Map<number, {level: number; count: number}[]>();
  stretches.forEach((s, i) => {
    const own = byStretch.get(Number(s)) ?? [];
    own.push({level: Number(levels[i]), count: Number(counts[i])});
    byStretch.set(Number(s), own);
  });
  const sizes = [...byStretch.values()].map((own) => own.reduce((sum, {count}) => sum + count, 0));
  const room = roomForEach(sizes, limit);
  // Levels that fit are kept as a whole; of the first that does not, as many as there is room for.
  const plan: Fragment[] = [];
  let lowest = MAX_LEVEL + 1;
  for (const [s, own] of byStretch) {
    own.sort((a, b) => b.level - a.level);
    let left = room;
    let fits = MAX_LEVEL + 1;
    for (const {level, count} of own) {
      if (count > left) break;
      left -= count;
      fits = level;
    }
    const partly = own.find(({level}) => level < fits)?.level ?? -1;
    plan.push(sql`(${s}, ${fits}, ${partly}, ${left})`);
    lowest = Math.min(lowest, partly < 0 ? fits : partly);
  }
  return sql`
    WITH o AS (${points} AND level >= ${lowest}),
      p(stretch, fits, partly, room) AS (VALUES ${join(plan, ', ')})
    SELECT id, event_time, score, colour FROM o JOIN p ON p.stretch = o.stretch WHERE level >= fits
    UNION ALL
    SELECT id, event_time, score, colour FROM (
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
