import {assert} from '../base/assert.ts';

export interface CalibratorParameters {
  readonly halfLifeDays: number;
  /** Expectation before there is data: P(R > r) = e^(−r/scale), worth so many events. */
  readonly priorScale: number;
  readonly priorWeight: number;
  /** Events from which on the data speak alone, and the far tail is extrapolated. */
  readonly enough: number;
  /**
   * Hours for which the tail events of one entity are one cluster, and are held back; 0 counts
   * every event at once (the plain calibrator, exact for streams without attacks).
   */
  readonly clusterHours: number;
  /** Events rarer than this are tail events. */
  readonly tail: number;
  /** Part of all clusters, the largest ones, whose size is not believed. */
  readonly trimmed: number;
}

export const DEFAULT_CALIBRATION: CalibratorParameters = {
  halfLifeDays: 30,
  priorScale: 6,
  priorWeight: 200,
  enough: 2_000,
  clusterHours: 24,
  tail: 0.02,
  trimmed: 0.01,
};

interface Cluster {
  readonly start: number;
  size: number;
  /** The highest values; all of them up to a limit. */
  values: number[];
}

/**
 * Turns R into the share of events that are at least as surprising, from a decayed histogram, and
 * that into a score: 1 − √p, so that 0.95 is one event in 400, 0.99 one in 10⁴, 0.999 one in 10⁶.
 *
 * An attack is a burst of hundreds of the most surprising events there are; counted like others
 * they would soon call each other usual. So tail events are gathered by entity for a day, and
 * counted only when that day is over; of a cluster larger than (nearly) all others only the highest
 * events count, as many as the size that a hundredth of all clusters exceed. Ordinary bursts are
 * thus counted in full, which keeps the shares of a quiet stream what they claim to be.
 *
 * Beyond the last ten events the tail is taken to be exponential (Pickands, Ann. Stat. 1975, with
 * shape 0), with the mean excess of the highest 0.2 %.
 *
 * Bounded: a histogram and at most `OPEN` clusters of `KEPT` values.
 */
export class Calibrator {
  readonly #parameters: CalibratorParameters;
  readonly #bins = new Float64Array(BINS);
  /** Sums of `BLOCK` bins each, so that a query adds up 40 numbers instead of 400. */
  readonly #blocks = new Float64Array(BINS / BLOCK);
  /** All events, those of a cluster that were not believed included. */
  #total = 0;
  readonly #sizes = new Float64Array(SIZES);
  #clusters = new Map<number, Cluster>();
  #landmark = Number.NaN;
  /** Added since the tail was fitted. */
  #sinceFit = Number.POSITIVE_INFINITY;
  /** Value that ten events exceed, and the mean excess of the tail. */
  #fitFrom = 0;
  #fitScale = 6;

  constructor(parameters: CalibratorParameters = DEFAULT_CALIBRATION) {
    assert(parameters.halfLifeDays > 0, `half-life is ${parameters.halfLifeDays}`);
    assert(parameters.priorWeight > 0, `prior weight is ${parameters.priorWeight}`);
    this.#parameters = parameters;
  }

  /** Share of events whose R is at least this; in (0, 1]. */
  share(raised: number, time: number): number {
    const {priorScale, priorWeight, enough} = this.#parameters;
    const fade = 1 / this.#weightAt(time);
    const total = this.#total * fade;
    const above = this.#above(raised) * fade;
    if (total <= enough) {
      return Math.min(
        1,
        (above + priorWeight * Math.exp(-raised / priorScale)) / (priorWeight + total),
      );
    }
    if (above >= FEW) return Math.min(1, above / total);
    const excess = Math.max(0, raised - this.#fitFrom);
    return (FEW / total) * Math.exp(-excess / this.#fitScale);
  }

  /** 1 − √share; in [0, 1). */
  score(raised: number, time: number): number {
    return 1 - Math.sqrt(this.share(raised, time));
  }

  /** Counts an event; `share` is what it was judged to be before. */
  learn(raised: number, time: number, entity: number, share: number): void {
    if (Number.isNaN(this.#landmark)) this.#landmark = time;
    if (this.#weightAt(time) > REBASE_AT) this.#rebase(time);
    const {clusterHours, tail, enough} = this.#parameters;
    const fade = 1 / this.#weightAt(time);
    if (clusterHours === 0 || share >= tail || this.#total * fade <= enough) {
      this.#add(raised, this.#weightAt(time));
    } else {
      this.#gather(raised, time, entity);
    }
    for (const [of, cluster] of this.#clusters) {
      const over = time - cluster.start >= clusterHours * HOUR_MS;
      if (!over && this.#clusters.size <= OPEN) break;
      this.#clusters.delete(of);
      this.#close(cluster, time);
    }
    this.#sinceFit++;
    if (this.#sinceFit >= FIT_EVERY && this.#total * fade > enough) this.#fit(fade);
  }

  #gather(raised: number, time: number, entity: number): void {
    let cluster = this.#clusters.get(entity);
    if (cluster === undefined) {
      cluster = {start: time, size: 0, values: []};
      this.#clusters.set(entity, cluster);
    }
    cluster.size++;
    cluster.values.push(raised);
    if (cluster.values.length >= 2 * KEPT) {
      cluster.values.sort((a, b) => b - a);
      cluster.values.length = KEPT;
    }
  }

  #close({size, values}: Cluster, time: number): void {
    const weight = this.#weightAt(time);
    const believed = Math.min(size, this.#largestBelieved(weight), KEPT);
    values.sort((a, b) => b - a);
    for (let i = 0; i < believed; i++) this.#add(values[i]!, weight);
    this.#total += (size - believed) * weight;
    this.#sizes[Math.min(SIZES - 1, Math.floor(4 * Math.log2(size)))]! += weight;
  }

  /** Size that only the trimmed part of all clusters, and three at least, exceed. */
  #largestBelieved(weight: number): number {
    let clusters = 0;
    for (const count of this.#sizes) clusters += count;
    const beyond = Math.max(3 * weight, this.#parameters.trimmed * clusters);
    let sum = 0;
    for (let i = SIZES - 1; i >= 0; i--) {
      sum += this.#sizes[i]!;
      if (sum > beyond) return Math.max(BELIEVED, Math.ceil(2 ** ((i + 1) / 4)));
    }
    return BELIEVED;
  }

  #add(raised: number, weight: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(raised / WIDTH)));
    this.#bins[bin]! += weight;
    this.#blocks[Math.floor(bin / BLOCK)]! += weight;
    this.#total += weight;
  }

  /** Weight of the events above a value, linear inside its bin. */
  #above(raised: number): number {
    const at = Math.max(0, raised) / WIDTH;
    const bin = Math.min(BINS - 1, Math.floor(at));
    let sum = this.#bins[bin]! * Math.max(0, 1 - (at - bin));
    const block = Math.floor(bin / BLOCK);
    for (let b = block + 1; b < BINS / BLOCK; b++) sum += this.#blocks[b]!;
    for (let b = bin + 1; b < (block + 1) * BLOCK; b++) sum += this.#bins[b]!;
    return sum;
  }

  #fit(fade: number): void {
    this.#sinceFit = 0;
    const total = this.#total * fade;
    const wanted = Math.max(2 * FEW, 0.002 * total);
    let mass = 0;
    let moment = 0;
    let bin = BINS - 1;
    let from = 0;
    for (; bin > 0 && mass < wanted; bin--) {
      const count = this.#bins[bin]! * fade;
      if (mass < FEW && mass + count >= FEW) from = (bin + 1 - (FEW - mass) / count) * WIDTH;
      mass += count;
      moment += count * (bin + 0.5) * WIDTH;
    }
    const start = (bin + 1) * WIDTH;
    if (mass === 0) return;
    this.#fitFrom = from;
    // A few events' worth of the prior steadies a small sample.
    const {priorScale} = this.#parameters;
    this.#fitScale = (moment - mass * start + 5 * priorScale) / (mass + 5);
  }

  #weightAt(time: number): number {
    if (Number.isNaN(this.#landmark)) return 1;
    return 2 ** ((time - this.#landmark) / (this.#parameters.halfLifeDays * DAY_MS));
  }

  #rebase(time: number): void {
    const factor = 1 / this.#weightAt(time);
    for (const counts of [this.#bins, this.#blocks, this.#sizes]) {
      for (let i = 0; i < counts.length; i++) counts[i]! *= factor;
    }
    this.#total *= factor;
    this.#landmark = time;
  }

  /** Everything as numbers. */
  state(): Float64Array {
    const clusters: number[] = [];
    for (const [entity, {start, size, values}] of this.#clusters) {
      clusters.push(entity, start, size, values.length, ...values);
    }
    const head = [this.#total, this.#landmark, this.#sinceFit, this.#fitFrom, this.#fitScale];
    return Float64Array.from([
      ...head,
      ...this.#bins,
      ...this.#blocks,
      ...this.#sizes,
      ...clusters,
    ]);
  }

  restore(state: Float64Array): void {
    let at = 0;
    const next = () => state[at++]!;
    this.#total = next();
    this.#landmark = next();
    this.#sinceFit = next();
    this.#fitFrom = next();
    this.#fitScale = next();
    for (const counts of [this.#bins, this.#blocks, this.#sizes]) {
      counts.set(state.subarray(at, at + counts.length));
      at += counts.length;
    }
    this.#clusters = new Map();
    while (at < state.length) {
      const [entity, start, size, length] = [next(), next(), next(), next()];
      const values = [...state.subarray(at, at + length)];
      assert(values.length === length, 'a cluster has all its values');
      at += length;
      this.#clusters.set(entity, {start, size, values});
    }
  }
}

const WIDTH = 0.5;
const BINS = 400;
const BLOCK = 20;
/** Quarters of a power of two, up to a million events. */
const SIZES = 81;
const OPEN = 20_000;
const KEPT = 512;
/** Cluster size that is always believed. */
const BELIEVED = 4;
/** Exceedances below which the tail is extrapolated. */
const FEW = 10;
const FIT_EVERY = 256;
const REBASE_AT = 2 ** 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
