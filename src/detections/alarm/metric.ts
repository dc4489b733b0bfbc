import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';
import type {Statistic} from './settings.ts';

/** Events remembered with a bucket, and with the past as a whole: the newest. */
export const MAX_NOTES = 20;

/** Distinct values of a bucket before they are rounded, for percentiles. */
export const MAX_VALUES = 1000;

/** What was measured in one step of time, a minute or ten seconds. */
interface Bucket {
  readonly start: number;
  /** Values, the default among them. */
  samples: number;
  sum: number;
  minimum: number;
  maximum: number;
  /** Events that matched; 0 where the default alone stands. */
  matched: number;
  /** Count of each value, for percentiles alone; see `#digits`. */
  values: Map<number, number> | undefined;
  /** Significant digits that `values` are rounded to; 17 is all of them. */
  digits: number;
  /** The newest events, oldest first. */
  notes: EventNote[];
}

/** What one datapoint is made of. */
export interface Window {
  readonly samples: number;
  readonly matched: number;
  /** Of the statistic; null without samples. */
  readonly value: number | null;
}

/**
 * One series of a metric: samples in buckets of a step, of which datapoints of any period that is a
 * multiple of it are made, at any step: windows slide.
 *
 * Datapoints do not depend on the order in which samples come, nor do the events remembered.
 * Percentiles are by nearest rank; exact up to `MAX_VALUES` distinct values a bucket, then of
 * values rounded to 3 significant digits (half a percent) and, should that not do, to fewer.
 *
 * Invariant: buckets ascend by start, and each holds a sample.
 */
export class MetricSeries {
  readonly #stepMs: number;
  readonly #statistic: Statistic;
  #buckets: Bucket[] = [];
  /** The newest events of buckets whose own were given up, oldest first; see `settle`. */
  #past: EventNote[] = [];

  constructor(stepMs: number, statistic: Statistic) {
    this.#stepMs = stepMs;
    this.#statistic = statistic;
  }

  get size(): number {
    return this.#buckets.length;
  }

  /** Start of the newest bucket; -Infinity when there is none. */
  get last(): number {
    return this.#buckets.at(-1)?.start ?? Number.NEGATIVE_INFINITY;
  }

  /** Start of the oldest bucket from `time` on; Infinity when there is none. */
  next(time: number): number {
    return this.#buckets[this.#indexFrom(time)]?.start ?? Number.POSITIVE_INFINITY;
  }

  /** A matching event, and the value it stands for. Did it take a new bucket? */
  add(time: number, value: number, note: EventNote): boolean {
    const {length} = this.#buckets;
    const bucket = this.#bucketAt(time);
    if (bucket.matched === 0) clear(bucket);
    bucket.matched++;
    this.#sample(bucket, value);
    insertNote(bucket.notes, note);
    return this.#buckets.length > length;
  }

  /**
   * An event came and did not match: the default stands for its minute, unless one did. Did it take
   * a new bucket?
   */
  addDefault(time: number, value: number): boolean {
    const {length} = this.#buckets;
    const bucket = this.#bucketAt(time);
    if (bucket.samples === 0) this.#sample(bucket, value);
    return this.#buckets.length > length;
  }

  /** The datapoint of [from, to). */
  window(from: number, to: number): Window {
    let samples = 0;
    let matched = 0;
    let sum = 0;
    let minimum = Number.POSITIVE_INFINITY;
    let maximum = Number.NEGATIVE_INFINITY;
    const first = this.#indexFrom(from);
    let end = first;
    for (; end < this.#buckets.length; end++) {
      const bucket = this.#buckets[end] as Bucket;
      if (bucket.start >= to) break;
      samples += bucket.samples;
      matched += bucket.matched;
      sum += bucket.sum;
      minimum = Math.min(minimum, bucket.minimum);
      maximum = Math.max(maximum, bucket.maximum);
    }
    if (samples === 0) return {samples, matched, value: null};
    const value = () => {
      switch (this.#statistic) {
        case 'SampleCount':
          return samples;
        case 'Sum':
          return sum;
        case 'Average':
          return sum / samples;
        case 'Minimum':
          return minimum;
        case 'Maximum':
          return maximum;
        default:
          return percentile(this.#buckets.slice(first, end), samples, this.#statistic.percentile);
      }
    };
    return {samples, matched, value: value()};
  }

  /** The newest events of [from, to), oldest first; `to` not before what was settled. */
  notes(from: number, to: number): EventNote[] {
    const notes = [...this.#past];
    for (const bucket of this.#buckets) if (bucket.start < to) notes.push(...bucket.notes);
    return notes.filter(({time}) => time >= from && time < to).slice(-MAX_NOTES);
  }

  /** Nothing before `oldest` will be asked for again, and no window will end before `settled`. */
  settle(oldest: number, settled: number): void {
    let kept = 0;
    while (kept < this.#buckets.length && (this.#buckets[kept] as Bucket).start < oldest) kept++;
    if (kept > 0) this.#buckets.splice(0, kept);
    for (const bucket of this.#buckets) {
      if (bucket.start >= settled) break;
      if (bucket.notes.length === 0) continue;
      for (const note of bucket.notes) insertNote(this.#past, note);
      bucket.notes = [];
    }
    const stale = this.#past.findIndex(({time}) => time >= oldest);
    this.#past.splice(0, stale < 0 ? this.#past.length : stale);
  }

  /** Gives up the newest bucket. */
  dropLast(): void {
    this.#buckets.pop();
  }

  state(): Json {
    return {
      buckets: this.#buckets.map((bucket) => [
        bucket.start,
        bucket.samples,
        bucket.sum,
        bucket.minimum,
        bucket.maximum,
        bucket.matched,
        bucket.digits,
        bucket.values === undefined ? null : [...bucket.values].flat(),
        bucket.notes.map(noteState),
      ]),
      past: this.#past.map(noteState),
    };
  }

  restore(state: Json): void {
    const {buckets, past} = state as unknown as {
      buckets: [number, number, number, number, number, number, number, number[] | null, Json[]][];
      past: Json[];
    };
    this.#buckets = buckets.map(
      ([start, samples, sum, minimum, maximum, matched, digits, flat, notes]) => {
        const values = flat === null ? undefined : new Map<number, number>();
        for (let i = 0; flat !== null && i < flat.length; i += 2) {
          values?.set(flat[i] as number, flat[i + 1] as number);
        }
        const own = notes.map(noteFrom);
        return {start, samples, sum, minimum, maximum, matched, digits, values, notes: own};
      },
    );
    this.#past = past.map(noteFrom);
  }

  #sample(bucket: Bucket, value: number): void {
    bucket.samples++;
    bucket.sum += value;
    bucket.minimum = Math.min(bucket.minimum, value);
    bucket.maximum = Math.max(bucket.maximum, value);
    if (bucket.values === undefined) return;
    count(bucket.values, rounded(value, bucket.digits), 1);
    while (bucket.values.size > MAX_VALUES && bucket.digits > 1) {
      bucket.digits = bucket.digits > 3 ? 3 : bucket.digits - 1;
      const values = new Map<number, number>();
      for (const [old, times] of bucket.values) count(values, rounded(old, bucket.digits), times);
      bucket.values = values;
    }
  }

  /** The bucket of a time; a new one is empty, and must be given a sample. */
  #bucketAt(time: number): Bucket {
    const start = Math.floor(time / this.#stepMs) * this.#stepMs;
    const index = this.#indexFrom(start);
    const found = this.#buckets[index];
    if (found?.start === start) return found;
    const bucket: Bucket = {
      start,
      samples: 0,
      sum: 0,
      minimum: Number.MAX_VALUE,
      maximum: -Number.MAX_VALUE,
      matched: 0,
      values: typeof this.#statistic === 'object' ? new Map() : undefined,
      digits: 17,
      notes: [],
    };
    this.#buckets.splice(index, 0, bucket);
    return bucket;
  }

  /** Index of the first bucket that starts at `time` or later. */
  #indexFrom(time: number): number {
    let low = 0;
    let high = this.#buckets.length;
    // Most of what is asked for is at the end.
    if (high > 0 && (this.#buckets[high - 1] as Bucket).start < time) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#buckets[middle] as Bucket).start < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function clear(bucket: Bucket): void {
  bucket.samples = 0;
  bucket.sum = 0;
  bucket.minimum = Number.MAX_VALUE;
  bucket.maximum = -Number.MAX_VALUE;
  bucket.values?.clear();
}

function count(values: Map<number, number>, value: number, times: number): void {
  values.set(value, (values.get(value) ?? 0) + times);
}

function rounded(value: number, digits: number): number {
  return digits >= 17 ? value : Number(value.toPrecision(digits));
}

/** The least value that so many percent of all samples do not exceed. */
function percentile(buckets: readonly Bucket[], samples: number, percent: number): number {
  const values = new Map<number, number>();
  for (const bucket of buckets) {
    for (const [value, times] of bucket.values ?? []) count(values, value, times);
  }
  const rank = Math.max(1, Math.ceil((percent / 100) * samples - 1e-9));
  const ascending = [...values].sort(([a], [b]) => a - b);
  let seen = 0;
  for (const [value, times] of ascending) {
    seen += times;
    if (seen >= rank) return value;
  }
  return ascending.at(-1)?.[0] ?? 0;
}

/** Keeps the newest, by time and then by id, so that the order of arrival does not matter. */
function insertNote(notes: EventNote[], note: EventNote): void {
  let index = notes.length;
  while (index > 0 && later(notes[index - 1] as EventNote, note)) index--;
  if (index === 0 && notes.length === MAX_NOTES) return;
  notes.splice(index, 0, note);
  if (notes.length > MAX_NOTES) notes.shift();
}

function later(a: EventNote, b: EventNote): boolean {
  return a.time === b.time ? a.eventId > b.eventId : a.time > b.time;
}

/** A note as a list, half as long as an object. */
export function noteState(note: EventNote): Json {
  return [
    note.eventId,
    note.time,
    note.principal,
    note.operation,
    note.account,
    note.region,
    note.sourceIp,
    note.userAgent,
    note.error,
    note.resource,
    note.score,
  ];
}

export function noteFrom(state: Json): EventNote {
  const [
    eventId,
    time,
    principal,
    operation,
    account,
    region,
    sourceIp,
    userAgent,
    error,
    resource,
    score,
  ] = state as [
    string,
    number,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    number,
  ];
  return {
    eventId,
    time,
    principal,
    operation,
    account,
    region,
    sourceIp,
    userAgent,
    error,
    resource,
    score,
  };
}
