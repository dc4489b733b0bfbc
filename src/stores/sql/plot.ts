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

/** Points of the plot in columns, in order of id; `colours` are ids of texts. */
interface Points {
  readonly ids: Float64Array;
  readonly times: Float64Array;
  readonly scores: Float64Array;
  readonly colours: Float64Array;
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
    ids: toPlain(points.ids),
    times: toPlain(points.times),
    scores: toPlain(points.scores),
    ...(await toGroups(context, column, points.colours)),
    total,
    truncated: points.ids.length < total,
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
  const sums = width % SPAN_MS === 0 ? await levelSums(context, filter, head) : undefined;
  const [stretches = [], levels = [], events = []] = await database.numbers(
    sums === undefined
      ? sql`SELECT ${stretchOf(context, {first, width})}, level, count(*)
          FROM observations WHERE ${condition} GROUP BY 1, 2`
      : sql`SELECT (span - ${first / SPAN_MS}) ${database.div} ${width / SPAN_MS}, level, sum(events)
          FROM (${sums}) sums GROUP BY 1, 2`,
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
  return pick(points, placesOfHighest(points.scores, own, count, choice.room));
}

async function readPoints(context: FilterContext, rows: Fragment): Promise<Points> {
  const [ids, times, scores, colours] = await context.database.numbers(
    sql`SELECT CAST(id AS DOUBLE PRECISION), CAST(event_time AS DOUBLE PRECISION), score, colour
      FROM (${rows}) points`,
  );
  const none = new Float64Array();
  return inOrder({
    ids: ids ?? none,
    times: times ?? none,
    scores: scores ?? none,
    colours: colours ?? none,
  });
}

/** In order of id, as rows lie: most often nothing is to be done, so it is not asked of SQL. */
function inOrder(points: Points): Points {
  const {ids} = points;
  let i = 1;
  while (i < ids.length && (ids[i] as number) > (ids[i - 1] as number)) i++;
  return i >= ids.length ? points : pick(points, placesInAscendingOrder(ids));
}

/** Those at some places. */
function pick({ids, times, scores, colours}: Points, places: Int32Array): Points {
  const of = (column: Float64Array): Float64Array => {
    const picked = new Float64Array(places.length);
    for (let i = 0; i < places.length; i++) picked[i] = column[places[i] as number] as number;
    return picked;
  };
  return {ids: of(ids), times: of(times), scores: of(scores), colours: of(colours)};
}

/** Groups by how many points they have, so that the first ones get the colours. */
async function toGroups(
  context: FilterContext,
  column: string,
  colours: Float64Array,
): Promise<{group: number[]; groups: string[]}> {
  const counts = new Uint32Array(colours.reduce((most, id) => Math.max(most, id), 0) + 1);
  for (let i = 0; i < colours.length; i++) {
    const id = colours[i] as number;
    counts[id] = (counts[id] as number) + 1;
  }
  const found: {id: number; count: number}[] = [];
  for (let id = 0; id < counts.length; id++) {
    const count = counts[id] as number;
    if (count > 0) found.push({id, count});
  }
  found.sort((a, b) => b.count - a.count || a.id - b.id);
  const places = new Uint32Array(counts.length);
  for (const [place, {id}] of found.entries()) places[id] = place;
  const group = toPlain(colours);
  for (let i = 0; i < group.length; i++) group[i] = places[group[i] as number] as number;
  const texts = await context.dictionaries.get(column)?.texts(found.map(({id}) => id));
  return {group, groups: found.map(({id}) => texts?.get(id) ?? '')};
}

/** What `Array.from` gives, at a tenth of its cost. */
function toPlain(numbers: Float64Array): number[] {
  const plain = new Array<number>(numbers.length);
  for (let i = 0; i < numbers.length; i++) plain[i] = numbers[i] as number;
  return plain;
}
