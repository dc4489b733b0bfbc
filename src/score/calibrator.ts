import {assert} from '../base/assert.ts';
import {BinaryError, type SectionReader, type SectionWriter} from '../base/binary.ts';

export interface CalibratorParameters {
  readonly halfLifeDays: number;
  /** Expectation before there is data: P(R > r) = e^(−r/scale), worth so many events, for ever. */
  readonly priorScale: number;
  readonly priorWeight: number;
  /** Events from which on clusters are held back, and the far tail is extrapolated. */
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
  trimmed: 0.002,
};

interface Cluster {
  readonly start: number;
  size: number;
  /** The highest values; all of them up to a limit. */
  values: number[];
  /** The `BELIEVED` highest, highest first. */
  highest: number[];
}

/**
 * Turns R into the share of events that are at least as surprising, from a decayed histogram, and
 * that into a score: 1 − √p, so that 0.95 is one event in 400, 0.99 one in 10⁴, 0.999 one in 10⁶.
 *
 * An attack is a burst of hundreds of the most surprising events there are; counted like others
 * they would soon call each other usual. So tail events are gathered by entity for a day, and
 * counted only when that day is over; and in each layer of the tail (each a tenth as rare as the
 * one before) a cluster counts for as many events as nearly all others have there, its rest for
 * events just below the layer. Ordinary bursts are thus counted in full, which keeps the shares of
 * a quiet stream what they claim to be, but a burst like no other is not believed. The few highest
 * of a cluster, which are believed in any case, count for others while it is open: on the first
 * days all of the tail is open.
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
  /** Clusters by size, for each layer of the tail. */
  readonly #sizes = new Float64Array(LAYERS * SIZES);
  /** Where each layer of the tail begins. */
  readonly #layers = new Float64Array(LAYERS).fill(Number.POSITIVE_INFINITY);
  /** As `#bins` and `#blocks`: what counts of the clusters that are open. */
  readonly #openBins = new Float64Array(BINS);
  readonly #openBlocks = new Float64Array(BINS / BLOCK);
  /** No block above this one has ever counted anything. */
  #top = 0;
  /** In the order in which they began to be gathered. */
  #clusters = new Map<number, Cluster>();
  /** When the first of them began. */
  #oldest = 0;
  /** Counts were last faded at this time; once a day is often enough. */
  #faded = Number.NaN;
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

  /** Share of events whose R is at least this, the open cluster of `entity` left out; in (0, 1]. */
  share(raised: number, entity: number): number {
    const {priorScale, priorWeight, enough, tail} = this.#parameters;
    const total = this.#total;
    let above = this.#above(raised);
    if (above < tail * total && this.#clusters.size > 0) above -= this.#ownAbove(raised, entity);
    if (above < FEW && total > enough) {
      above = FEW * Math.exp(-Math.max(0, raised - this.#fitFrom) / this.#fitScale);
    }
    const prior = priorWeight * Math.exp(-raised / priorScale);
    return Math.min(1, (above + prior) / (total + priorWeight));
  }

  /** Counts an event; `share` is what it was judged to be before. */
  learn(raised: number, time: number, entity: number, share: number): void {
    this.#fade(time);
    const {clusterHours, tail, enough} = this.#parameters;
    if (clusterHours === 0 || share >= tail || this.#total <= enough) this.#add(raised);
    else this.#gather(raised, time, entity);
    const {size} = this.#clusters;
    if (size > 0 && (time - this.#oldest >= clusterHours * HOUR_MS || size > OPEN)) {
      this.#closeOld(time);
    }
    if (++this.#sinceFit >= FIT_EVERY && this.#total > enough) this.#fit();
  }

  /** Closes the clusters that are over, and the oldest of too many. */
  #closeOld(time: number): void {
    for (const [of, cluster] of this.#clusters) {
      this.#oldest = cluster.start;
      const over = time - cluster.start >= this.#parameters.clusterHours * HOUR_MS;
      if (!over && this.#clusters.size <= OPEN) break;
      this.#clusters.delete(of);
      this.#close(cluster);
    }
  }

  /** Closes the clusters of entities that are not marked, whose ids may be given again. */
  sweep(marked: Uint8Array): void {
    for (const [of, cluster] of this.#clusters) {
      if (marked[of] === 1) continue;
      this.#clusters.delete(of);
      this.#close(cluster);
    }
  }

  #gather(raised: number, time: number, entity: number): void {
    let cluster = this.#clusters.get(entity);
    if (cluster === undefined) {
      cluster = {start: time, size: 0, values: [], highest: []};
      if (this.#clusters.size === 0) this.#oldest = time;
      this.#clusters.set(entity, cluster);
    }
    cluster.size++;
    this.#countOpen(cluster, raised);
    cluster.values.push(raised);
    if (cluster.values.length >= 2 * KEPT) {
      cluster.values.sort((a, b) => b - a);
      cluster.values.length = KEPT;
    }
  }

  /** Counts a value of an open cluster while it is one of the highest there. */
  #countOpen({highest}: Cluster, raised: number): void {
    const at = highest.findIndex((value) => value < raised);
    if (at < 0 && highest.length === BELIEVED) return;
    highest.splice(at < 0 ? highest.length : at, 0, raised);
    this.#open(raised, 1);
    if (highest.length > BELIEVED) this.#open(highest.pop() as number, -1);
  }

  #open(raised: number, by: number): void {
    const bin = binOf(raised);
    this.#openBins[bin] = (this.#openBins[bin] as number) + by;
    const block = Math.floor(bin / BLOCK);
    this.#openBlocks[block] = (this.#openBlocks[block] as number) + by;
    if (block > this.#top) this.#top = block;
  }

  /**
   * Counts the events of a cluster. Of its events in a layer or beyond, as many are believed as in
   * nearly all other clusters; the rest count as lying just below the layer.
   */
  #close({size, values, highest}: Cluster): void {
    for (const value of highest) this.#open(value, -1);
    values.sort((a, b) => b - a);
    const limits = new Float64Array(LAYERS);
    for (let l = 0; l < LAYERS; l++) {
      limits[l] = Math.min(this.#largestBelieved(l), l > 0 ? (limits[l - 1] as number) : KEPT);
    }
    for (let i = 0; i < values.length; i++) {
      let value = values[i] as number;
      for (let l = LAYERS - 1; l >= 0; l--) {
        const from = this.#layers[l] as number;
        if (value >= from && i >= (limits[l] as number)) value = from - WIDTH / 100;
      }
      this.#add(value);
    }
    this.#total += size - values.length;
    for (let l = 0; l < LAYERS; l++) {
      const from = this.#layers[l] as number;
      const within = values.findLastIndex((value) => value >= from) + 1;
      if (within === 0) break;
      const bin = Math.min(SIZES - 1, Math.floor(4 * Math.log2(within)));
      this.#count(this.#sizes, l * SIZES + bin);
    }
  }

  /** Size that only the trimmed part of all clusters in a layer, and `AT_LEAST`, exceed. */
  #largestBelieved(layer: number): number {
    const sizes = this.#sizes.subarray(layer * SIZES, (layer + 1) * SIZES);
    let clusters = 0;
    for (const count of sizes) clusters += count;
    const beyond = Math.max(AT_LEAST, this.#parameters.trimmed * clusters);
    let sum = 0;
    for (let i = SIZES - 1; i >= 0; i--) {
      sum += sizes[i] as number;
      if (sum > beyond) return Math.max(BELIEVED, Math.ceil(2 ** ((i + 1) / 4)) - 1);
    }
    return BELIEVED;
  }

  #add(raised: number): void {
    const bin = binOf(raised);
    this.#count(this.#bins, bin);
    const block = Math.floor(bin / BLOCK);
    this.#count(this.#blocks, block);
    if (block > this.#top) this.#top = block;
    this.#total++;
  }

  #count(counts: Float64Array, at: number): void {
    counts[at] = (counts[at] as number) + 1;
  }

  /** Weight of the events above a value, those of open clusters too; linear inside its bin. */
  #above(raised: number): number {
    const at = Math.max(0, raised) / WIDTH;
    const bin = Math.min(BINS - 1, Math.floor(at));
    const within = (this.#bins[bin] as number) + (this.#openBins[bin] as number);
    let sum = within * Math.max(0, 1 - (at - bin));
    const block = Math.floor(bin / BLOCK);
    for (let b = block + 1; b <= this.#top; b++) {
      sum += (this.#blocks[b] as number) + (this.#openBlocks[b] as number);
    }
    for (let b = bin + 1; b < (block + 1) * BLOCK; b++) {
      sum += (this.#bins[b] as number) + (this.#openBins[b] as number);
    }
    return sum;
  }

  /** What of that its own open cluster is: nobody calls himself usual. */
  #ownAbove(raised: number, entity: number): number {
    const cluster = this.#clusters.get(entity);
    if (cluster === undefined) return 0;
    const at = Math.max(0, raised) / WIDTH;
    const bin = binOf(raised);
    let sum = 0;
    for (const value of cluster.highest) {
      const of = binOf(value);
      if (of < bin) break;
      sum += of > bin ? 1 : Math.max(0, 1 - (at - bin));
    }
    return sum;
  }

  #fit(): void {
    this.#sinceFit = 0;
    this.#layers.fill(Number.POSITIVE_INFINITY);
    let layer = 0;
    for (let bin = 0, above = this.#total; bin < BINS && layer < LAYERS; bin++) {
      const wanted = this.#parameters.tail * 10 ** -layer * this.#total;
      above -= this.#bins[bin] as number;
      if (wanted < FEW) break;
      // Whole bins, so that a layer's events are counted in its bins.
      if (above <= wanted) this.#layers[layer++] = (bin + 1) * WIDTH;
    }
    const wanted = Math.max(2 * FEW, 0.002 * this.#total);
    let mass = 0;
    let moment = 0;
    let bin = BINS - 1;
    let from = 0;
    for (; bin > 0 && mass < wanted; bin--) {
      const count = this.#bins[bin] as number;
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

  #fade(time: number): void {
    if (Number.isNaN(this.#faded)) this.#faded = time;
    const age = time - this.#faded;
    if (age < DAY_MS) return;
    this.#faded = time;
    const factor = 2 ** (-age / (this.#parameters.halfLifeDays * DAY_MS));
    for (const counts of [this.#bins, this.#blocks, this.#sizes]) {
      for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] as number) * factor;
    }
    this.#total *= factor;
  }

  save(to: SectionWriter): void {
    const clusters: number[] = [];
    for (const [entity, {start, size, values}] of this.#clusters) {
      clusters.push(entity, start, size, values.length);
      for (const value of values) clusters.push(value);
    }
    const head = [this.#total, this.#faded, this.#sinceFit, this.#fitFrom, this.#fitScale];
    to.numbers(
      'calibrator',
      [...head, ...this.#bins, ...this.#blocks, ...this.#sizes, ...this.#layers].concat(clusters),
    );
  }

  restore(from: SectionReader): void {
    const state = from.float64('calibrator');
    let at = 0;
    const next = () => state[at++] as number;
    this.#total = next();
    this.#faded = next();
    this.#sinceFit = next();
    this.#fitFrom = next();
    this.#fitScale = next();
    for (const counts of [this.#bins, this.#blocks, this.#sizes, this.#layers]) {
      counts.set(state.subarray(at, at + counts.length));
      at += counts.length;
    }
    this.#top = this.#blocks.findLastIndex((count) => count > 0);
    this.#clusters = new Map();
    this.#openBins.fill(0);
    this.#openBlocks.fill(0);
    while (at < state.length) {
      const entity = next();
      const start = next();
      const size = next();
      const length = next();
      const values = [...state.subarray(at, at + length)];
      if (values.length !== length) throw new BinaryError('a cluster lacks values');
      at += length;
      if (this.#clusters.size === 0) this.#oldest = start;
      const cluster: Cluster = {start, size, values, highest: []};
      for (const value of values) this.#countOpen(cluster, value);
      this.#clusters.set(entity, cluster);
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
/** Layers of the tail, each a tenth of the one before. */
const LAYERS = 4;
/** Clusters of a layer that are never believed to the full, as attacks. */
const AT_LEAST = 2;
/** Cluster size that is always believed. */
const BELIEVED = 8;
/** Exceedances below which the tail is extrapolated. */
const FEW = 10;
const FIT_EVERY = 256;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function binOf(raised: number): number {
  return Math.max(0, Math.min(BINS - 1, Math.floor(raised / WIDTH)));
}

/** Novelty score of a share: 0.95 is one event in 400, 0.99 one in 10⁴, 0.999 one in 10⁶. */
export function scoreOf(share: number): number {
  return 1 - Math.sqrt(share);
}
