import {MAX_LEVEL} from './level.ts';

const LEVELS = MAX_LEVEL + 1;
/** Beginning another segment costs about as much as reading so many points. */
const SEGMENT_COST = 5_000;

/** How many points there are, by stretch of time and by level of novelty. */
export class LevelCounts {
  readonly stretches: number;
  readonly #counts: Float64Array;
  #total = 0;

  constructor(stretches: number) {
    this.stretches = stretches;
    this.#counts = new Float64Array(stretches * LEVELS);
  }

  get total(): number {
    return this.#total;
  }

  add(stretch: number, level: number, count: number): void {
    const at = stretch * LEVELS + level;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#total += count;
  }

  /** What to read to have the most novel points of each stretch, at most `limit` in all. */
  choose(limit: number): Choice {
    const sizes: number[] = [];
    for (let s = 0; s < this.stretches; s++) {
      const own = this.#counts.subarray(s * LEVELS, (s + 1) * LEVELS);
      sizes.push(own.reduce((sum, count) => sum + count, 0));
    }
    const room = roomForEach(sizes, limit);
    const lowest = sizes.map((size, s) => this.#lowest(s, Math.min(room, size)));
    const segments = toSegments(lowest, this.#pointsBefore());
    return {room, segments, points: segments.reduce((sum, {points}) => sum + points, 0)};
  }

  /** The level that those from it on have at least so many points of a stretch. */
  #lowest(stretch: number, wanted: number): number {
    let level = LEVELS;
    for (let found = 0; found < wanted; ) found += this.#count(stretch, --level);
    return level;
  }

  /** How many points of a level and those above it there are before a stretch. */
  #pointsBefore(): (level: number, stretch: number) => number {
    const row = this.stretches + 1;
    const sums = new Float64Array((LEVELS + 1) * row);
    for (let level = MAX_LEVEL; level >= 0; level--) {
      let own = 0;
      for (let s = 0; s < this.stretches; s++) {
        own += this.#count(s, level);
        sums[level * row + s + 1] = own + (sums[(level + 1) * row + s + 1] ?? 0);
      }
    }
    return (level, stretch) => sums[level * row + stretch] ?? 0;
  }

  #count(stretch: number, level: number): number {
    return this.#counts[stretch * LEVELS + level] ?? 0;
  }
}

/** Points to read. They hold those wanted, and others: at least those of the same level. */
export interface Choice {
  /** So many points of each stretch are kept, at most. */
  readonly room: number;
  readonly segments: readonly Segment[];
  readonly points: number;
}

/** Stretches next to each other, of which points are read from the same level on. */
export interface Segment {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  readonly level: number;
  readonly points: number;
}

/**
 * Segments that cost the least in all: a stretch that needs low levels, as one with few points does,
 * should not have those of all others read.
 */
function toSegments(
  lowest: readonly number[],
  pointsBefore: (level: number, stretch: number) => number,
): Segment[] {
  // The cheapest way to read the stretches before each, by which segment comes last.
  const costs = [0];
  const last: Segment[] = [];
  for (let end = 1; end <= lowest.length; end++) {
    let level = LEVELS;
    let least = Number.POSITIVE_INFINITY;
    for (let first = end - 1; first >= 0; first--) {
      level = Math.min(level, lowest[first] ?? LEVELS);
      const points = pointsBefore(level, end) - pointsBefore(level, first);
      const cost = (costs[first] ?? 0) + points + SEGMENT_COST;
      if (cost >= least) continue;
      least = cost;
      last[end] = {first, end, level, points};
    }
    costs[end] = least;
  }
  const segments: Segment[] = [];
  for (let end = lowest.length; end > 0; ) {
    const segment = last[end] as Segment;
    if (segment.points > 0) segments.unshift(segment);
    end = segment.first;
  }
  return segments;
}

/** The most that each may have so that all together have at most `limit`. */
function roomForEach(sizes: readonly number[], limit: number): number {
  const ascending = sizes.toSorted((a, b) => a - b);
  let left = limit;
  for (const [i, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (size > share) return share;
    left -= size;
  }
  return limit;
}

/**
 * Of places in some order, those of the `room` highest scores of each stretch, in the same order; of
 * equal scores the last.
 * @param stretchOf of each score, from 0 to below `stretches`.
 */
export function placesOfHighest(
  places: Int32Array,
  scores: Float64Array,
  stretchOf: Int32Array,
  stretches: number,
  room: number,
): Int32Array {
  const bounds = boundsByStretch(scores, stretchOf, stretches, room);
  const kept = new Int32Array(places.length);
  let first = places.length;
  for (let i = places.length - 1; i >= 0; i--) {
    const place = places[i] as number;
    const bound = bounds[stretchOf[place] as number] as Bound;
    const score = scores[place] as number;
    if (score < bound.score || (score === bound.score && bound.equal-- <= 0)) continue;
    kept[--first] = place;
  }
  return kept.subarray(first);
}

/** Scores above `score` are kept, and so many of those equal to it. */
interface Bound {
  readonly score: number;
  equal: number;
}

function boundsByStretch(
  scores: Float64Array,
  stretchOf: Int32Array,
  stretches: number,
  room: number,
): Bound[] {
  // Scores put together by stretch: `ends` is where the next one of each goes.
  const ends = new Int32Array(stretches + 1);
  for (let i = 0; i < scores.length; i++) {
    const next = (stretchOf[i] as number) + 1;
    ends[next] = (ends[next] as number) + 1;
  }
  for (let s = 0; s < stretches; s++) ends[s + 1] = (ends[s + 1] as number) + (ends[s] as number);
  const together = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    const stretch = stretchOf[i] as number;
    const end = ends[stretch] as number;
    together[end] = scores[i] as number;
    ends[stretch] = end + 1;
  }
  return Array.from({length: stretches}, (_, s) => {
    const own = together.subarray(s === 0 ? 0 : ends[s - 1], ends[s]);
    if (own.length <= room) return {score: Number.NEGATIVE_INFINITY, equal: 0};
    if (room === 0) return {score: Number.POSITIVE_INFINITY, equal: 0};
    const score = putInPlace(own, own.length - room);
    let above = 0;
    for (let i = own.length - room; i < own.length; i++) if ((own[i] as number) > score) above++;
    return {score, equal: room - above};
  });
}

/**
 * The value that would be at a place if all were sorted; those before it are no higher, those after
 * it no lower. Hoare's selection ("Algorithm 65: Find", 1961): a tenth of the cost of sorting.
 */
function putInPlace(values: Float64Array, place: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const value = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = value;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place] as number;
}
