import type {Components, Field, Method} from '../method.ts';

/** Rare values of `by`, separately for each value of `partition` if given. */
export interface RareJob {
  readonly by: Field;
  readonly partition?: Field;
}

/**
 * The jobs of Elastic's `security_cloudtrail` module (elastic/kibana, 2020–2026): a rare method for
 * a user name, for a city, for a country, and a rare error code. We have networks for cities
 * and regions for countries. Its count of distinct error messages is no per-event score.
 */
export const CLOUDTRAIL_JOBS: readonly RareJob[] = [
  {by: 'operation', partition: 'principal'},
  {by: 'operation', partition: 'network'},
  {by: 'operation', partition: 'region'},
  {by: 'error'},
];

const BUCKET_MS = 3_600_000;
/** Buckets a partition must have seen before anything in it can be rare. */
const MIN_BUCKETS = 20;

interface Partition {
  buckets: number;
  lastBucket: number;
  /** Occurrences summed over values, one a bucket at most. */
  mass: number;
  readonly values: Map<string, {buckets: number; lastBucket: number}>;
  /** How many values have occurred in this many buckets. */
  readonly histogram: Map<number, number>;
}

/**
 * Values that occur in few time buckets compared with the other values of their partition: bits of
 * the share of values no commoner than this one; with several jobs the largest. After the `rare`
 * function of Elastic's anomaly detection (documentation, "Rare functions"), with its bucket of an
 * hour and its twenty buckets of warm-up for each partition. Their seasonal and multi-bucket
 * modelling and renormalisation are not public in detail and left out; scores here come with the
 * event, theirs when the bucket closes.
 */
export function rare(jobs: readonly RareJob[]): Method {
  const partitions = jobs.map(() => new Map<string, Partition>());
  const label =
    jobs.length === 1
      ? `${jobs[0]?.by} by ${jobs[0]?.partition ?? 'everyone'}`
      : `${jobs.length} jobs`;
  return {
    name: `rare, ${label}`,
    observe(event: Components, timeMs: number): number {
      const bucket = Math.floor(timeMs / BUCKET_MS);
      let most = 0;
      for (const [i, {by, partition}] of jobs.entries()) {
        const key = partition === undefined ? '' : event[partition];
        const known = partitions[i] as Map<string, Partition>;
        let found = known.get(key);
        if (found === undefined) {
          found = {
            buckets: 0,
            lastBucket: -1,
            mass: 0,
            values: new Map(),
            histogram: new Map(),
          };
          known.set(key, found);
        }
        most = Math.max(most, rarity(found, event[by]));
        count(found, event[by], bucket);
      }
      return most;
    },
  };
}

function rarity(partition: Partition, value: string): number {
  if (partition.buckets < MIN_BUCKETS) return 0;
  const own = partition.values.get(value)?.buckets ?? 0;
  let tail = 1; // the occurrence being judged
  for (const [buckets, values] of partition.histogram) {
    if (buckets <= own) tail += buckets * values;
  }
  return Math.log2((partition.mass + 1) / tail);
}

function count(partition: Partition, value: string, bucket: number): void {
  if (partition.lastBucket !== bucket) {
    partition.lastBucket = bucket;
    partition.buckets++;
  }
  let seen = partition.values.get(value);
  if (seen === undefined) {
    seen = {buckets: 0, lastBucket: -1};
    partition.values.set(value, seen);
  }
  if (seen.lastBucket === bucket) return;
  seen.lastBucket = bucket;
  shift(partition.histogram, seen.buckets);
  seen.buckets++;
  partition.mass++;
}

/** Moves one value from this many occurrences to one more. */
function shift(histogram: Map<number, number>, from: number): void {
  const left = (histogram.get(from) ?? 0) - 1;
  if (left > 0) histogram.set(from, left);
  else histogram.delete(from);
  histogram.set(from + 1, (histogram.get(from + 1) ?? 0) + 1);
}
