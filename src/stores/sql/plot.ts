import type {Dimension} from '../../pipeline/observation.ts';
import type {ObservationFilter, PlotPoints} from '../../pipeline/store.ts';
import {placesInAscendingOrder} from './ascending.ts';
import {type FilterContext, toCondition} from './filter.ts';
import {timeRange} from './find.ts';
import {type Head, readHead} from './head.ts';
import {type Choice, LevelCounts, placesOfHighest} from './most-novel.ts';
import {DIMENSION_COLUMNS} from './schema.ts';
import {type Fragment, join, raw, sql} from './statement.ts';
import {levelSums, SPAN_MS} from './summaries.ts';

/** Stretches of time of each of which the most novel points are kept. */
const MAX_STRETCHES = 300;
const POINTS_PER_STRETCH = 10;
/** From so many spans on, stretches are made of whole ones, whose points are counted already. */
const LEAST_SPANS = 100;
/** Of equal scores there may be any number: from so many times those wanted on, the database picks. */
const READ_AT_MOST = 2;

/** Equal stretches of time; numbered from 0. */
interface Stretches {
  readonly first: number;
  readonly width: number;
  readonly count: number;
}

/** Rows as read: columns in any order, `colours` being ids of texts, and places in order of id. */
interface Points {
  readonly ids: Float64Array;
  readonly times: Float64Array;
  readonly scores: Float64Array;
  readonly colours: Float64Array;
  readonly places: Int32Array;
}

/** Points of the plot for a filter: of what was committed before it is asked for. */
export async function readPlot(
  context: FilterContext,
  filter: ObservationFilter,
  colour: Dimension,
  limit: number,
): Promise<PlotPoints> {
  const head = await readHead(context.database);
  const condition = sql`id <= ${head.lastId} AND ${await toCondition(context, filter)}`;
  const column = DIMENSION_COLUMNS[colour];
  const stretches = await chooseStretches(context, filter, limit);
  const counts = await countLevels(context, filter, condition, stretches, head);
  const {total} = counts;
  const all = sql`SELECT id, event_time, score, ${raw(column)} AS colour
    FROM observations WHERE ${condition}`;
  const points =
    total <= limit
      ? await readPoints(context, all)
      : await readMostNovel(context, all, stretches, counts.choose(limit), limit);
  return {
    ids: pick(points.ids, points.places),
    times: pick(points.times, points.places),
    scores: pick(points.scores, points.places),
    ...(await toGroups(context, column, pick(points.colours, points.places))),
    total,
    truncated: points.places.length < total,
  };
}

async function chooseStretches(
  context: FilterContext,
  {from, to}: ObservationFilter,
  limit: number,
): Promise<Stretches> {
  const range = await timeRange(context);
  const first = Math.max(range?.first ?? 0, Math.ceil(from ?? 0));
  const last = Math.max(Math.min(range?.last ?? 0, to ?? Number.POSITIVE_INFINITY), first);
  const wanted = Math.min(MAX_STRETCHES, Math.ceil(limit / POINTS_PER_STRETCH));
  const unit = last - first >= LEAST_SPANS * SPAN_MS ? SPAN_MS : 1;
  const begin = Math.floor(first / unit) * unit;
  const width = Math.ceil((last - begin + 1) / unit / wanted) * unit;
  return {first: begin, width, count: Math.floor((last - begin) / width) + 1};
}

async function countLevels(
  context: FilterContext,
  filter: ObservationFilter,
  condition: Fragment,
  {first, width, count}: Stretches,
  head: Head,
): Promise<LevelCounts> {
  const {database} = context;
  // A stretch may be as long as some spans, and yet begin within one.
  const areWhole = first % SPAN_MS === 0 && width % SPAN_MS === 0;
  const sums = areWhole ? await levelSums(context, filter, head) : undefined;
  const [stretches = [], levels = [], events = []] = await database.numbers(
    sums === undefined
      ? sql`SELECT ${stretchOf(context, {first, width})}, level, count(*)
          FROM observations WHERE ${condition} GROUP BY 1, 2`
      : sql`SELECT (span - ${first / SPAN_MS}) ${database.div} ${width / SPAN_MS}, level, sum(events)
          FROM (${sums}) sums GROUP BY 1, 2`,
    3,
  );
  const counts = new LevelCounts(count);
  for (let i = 0; i < events.length; i++) {
    counts.add(stretches[i] ?? 0, levels[i] ?? 0, events[i] ?? 0);
  }
  return counts;
}

function stretchOf(
  {database}: FilterContext,
  {first, width}: Pick<Stretches, 'first' | 'width'>,
): Fragment {
  return sql`CAST((event_time - ${first}) ${database.div} ${width} AS INTEGER)`;
}

/** The most novel points of each stretch. */
async function readMostNovel(
  context: FilterContext,
  all: Fragment,
  stretches: Stretches,
  choice: Choice,
  limit: number,
): Promise<Points> {
  const {first, width, count} = stretches;
  const parts = choice.segments.map(
    (segment) => sql`${all} AND level >= ${segment.level}
      AND event_time >= ${first + segment.first * width}
      AND event_time < ${first + segment.end * width}`,
  );
  const levels = join(parts, ' UNION ALL ');
  const points = await readPoints(
    context,
    choice.points <= READ_AT_MOST * limit
      ? levels
      : sql`SELECT id, event_time, score, colour FROM (
          SELECT *, row_number() OVER (
            PARTITION BY ${stretchOf(context, stretches)} ORDER BY score DESC, id DESC
          ) AS place FROM (${levels}) levels
        ) ranked WHERE place <= ${choice.room}`,
  );
  const own = new Int32Array(points.times.length);
  for (let i = 0; i < own.length; i++) {
    own[i] = Math.floor(((points.times[i] as number) - first) / width);
  }
  const places = placesOfHighest(points.places, points.scores, own, count, choice.room);
  return {...points, places};
}

async function readPoints(context: FilterContext, rows: Fragment): Promise<Points> {
  const [ids, times, scores, colours] = await context.database.numbers(
    sql`SELECT CAST(id AS DOUBLE PRECISION), CAST(event_time AS DOUBLE PRECISION), score, colour
      FROM (${rows}) points`,
    4,
  );
  const none = new Float64Array();
  return {
    ids: ids ?? none,
    times: times ?? none,
    scores: scores ?? none,
    colours: colours ?? none,
    // Rows lie in this order, or nearly so: it is not asked of SQL, which would sort them.
    places: placesInAscendingOrder(ids ?? none),
  };
}

function pick(column: Float64Array, places: Int32Array): number[] {
  const picked = new Array<number>(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = column[places[i] as number] as number;
  return picked;
}

/** Groups by how many points they have, so that the first ones get the colours. */
async function toGroups(
  context: FilterContext,
  column: string,
  colours: readonly number[],
): Promise<{group: number[]; groups: string[]}> {
  let greatest = 0;
  for (const id of colours) greatest = Math.max(greatest, id);
  // By id of text, which are given from 1 on: several times faster than a map.
  const counts = new Uint32Array(greatest + 1);
  for (const id of colours) counts[id] = (counts[id] as number) + 1;
  const order: number[] = [];
  for (let id = 0; id <= greatest; id++) if (counts[id] !== 0) order.push(id);
  order.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const places = new Uint32Array(greatest + 1);
  for (const [place, id] of order.entries()) places[id] = place;
  const texts = await context.dictionaries.get(column)?.texts(order);
  return {
    group: colours.map((id) => places[id] as number),
    groups: order.map((id) => texts?.get(id) ?? ''),
  };
}
