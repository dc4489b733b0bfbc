import type {Dimension} from '../../pipeline/observation.ts';
import type {PlotPoints} from '../../pipeline/store.ts';
import type {Value} from './database.ts';
import type {FilterContext} from './filter.ts';
import {DIMENSION_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';

/** Stretches of time of each of which the most novel points are kept. */
const MAX_STRETCHES = 300;
const POINTS_PER_STRETCH = 10;
/** By −log2(1 − score), so that the scores near 1 that matter are told apart. */
const LEVELS_PER_BIT = 16;
const LEVELS = 32 * LEVELS_PER_BIT;

/** Points of the plot for a condition on `observations`. */
export async function readPlot(
  context: FilterContext,
  condition: Fragment,
  colour: Dimension,
  limit: number,
): Promise<PlotPoints> {
  const [[count, first, last] = []] = await context.database.rows(
    sql`SELECT count(*), min(event_time), max(event_time) FROM observations WHERE ${condition}`,
  );
  const total = Number(count);
  const kept =
    total <= limit
      ? condition
      : await mostNovel(context, condition, Number(first), Number(last), limit);
  const column = DIMENSION_COLUMNS[colour];
  const [ids = [], times = [], scores = [], texts = []] = await context.database.columns(
    sql`SELECT CAST(id AS DOUBLE PRECISION), event_time, score, ${raw(column)}
      FROM observations WHERE ${kept} ORDER BY id`,
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
 * A condition that at most `limit` rows hold for: the most novel of each stretch. How many there
 * are at each level of novelty is counted first; a stretch that has few leaves room to the others.
 */
async function mostNovel(
  context: FilterContext,
  condition: Fragment,
  first: number,
  last: number,
  limit: number,
): Promise<Fragment> {
  const stretches = Math.min(MAX_STRETCHES, Math.ceil(limit / POINTS_PER_STRETCH));
  const width = Math.max((last - first) / stretches, 1e-3);
  const stretch = sql`CAST(floor((event_time - ${first}) / ${width}) AS INTEGER)`;
  const level = sql`CAST(floor(least(-ln(greatest(1 - score, 1e-12)) * ${LEVELS_PER_BIT * Math.LOG2E}, ${LEVELS})) AS INTEGER)`;
  const [places = [], levels = [], counts = []] = await context.database.columns(
    sql`SELECT ${stretch}, ${level}, count(*) FROM observations WHERE ${condition} GROUP BY 1, 2`,
  );
  const byStretch = new Map<number, {level: number; count: number}[]>();
  places.forEach((s, i) => {
    const own = byStretch.get(Number(s)) ?? [];
    own.push({level: Number(levels[i]), count: Number(counts[i])});
    byStretch.set(Number(s), own);
  });
  const sizes = [...byStretch.values()].map((own) => own.reduce((sum, {count}) => sum + count, 0));
  const room = roomForEach(sizes, limit);
  // Levels that fit are kept as a whole; of the first that does not, as many as there is room for.
  const plan: Fragment[] = [];
  for (const [s, own] of byStretch) {
    own.sort((a, b) => b.level - a.level);
    let left = room;
    let fits = LEVELS + 1;
    for (const {level, count} of own) {
      if (count > left) break;
      left -= count;
      fits = level;
    }
    const partly = own.find(({level}) => level < fits)?.level ?? -1;
    plan.push(sql`(${s}, ${fits}, ${partly}, ${Math.min(left, limit)})`);
  }
  return sql`id IN (
    SELECT id FROM (
      SELECT o.id, o.level >= p.fits AS whole, p.room,
        row_number() OVER (PARTITION BY o.stretch, o.level >= p.fits ORDER BY o.score DESC, o.id DESC)
          AS place
      FROM (SELECT id, score, ${stretch} AS stretch, ${level} AS level
        FROM observations WHERE ${condition}) o
      JOIN (VALUES ${join(plan, ', ')}) p(stretch, fits, partly, room) ON p.stretch = o.stretch
      WHERE o.level >= p.fits OR o.level = p.partly
    ) s WHERE whole OR place <= room
  )`;
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
