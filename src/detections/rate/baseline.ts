import type {Json} from '../json.ts';
import {type HourWeights, PRIOR_HOURS, WEEK_HOURS} from './hour-weights.ts';

/** Counts are tested in bins of so long. */
export const BIN_MS = 5 * 60_000;
const HOUR = 3_600_000;
const BINS_PER_HOUR = HOUR / BIN_MS;
export const BINS_PER_DAY = 24 * BINS_PER_HOUR;

/** Hours kept: a week, and the hours around the one a week ago. */
const DAYS = 8;
const HOURS = DAYS * 24;
const KEPT_BINS = HOURS * BINS_PER_HOUR;

/** Calls that stand against the dispersion measured. */
const PRIOR_CALLS = 20;

/** An hour is never expected to be quieter than this. */
const LEAST_PER_HOUR = 0.1;
const LEAST_MEAN = LEAST_PER_HOUR / BINS_PER_HOUR;

/** What a day adds up to, hour by hour, of which nothing was expected and which had nothing. */
const QUIET_DAY = Array.from({length: 24}).reduce(
  (sum: {square: number; mean: number}) => ({
    square: sum.square + BINS_PER_HOUR * (LEAST_MEAN * LEAST_MEAN),
    mean: sum.mean + BINS_PER_HOUR * LEAST_MEAN,
  }),
  {square: 0, mean: 0},
);

/**
 * What is usual of one series: its counts by hour over the last week, and how far bins strayed from
 * what was expected of them.
 *
 * The expectation of an hour is a weighted mean of the same hour and its neighbours on the last
 * seven days (`HourWeights`), drawn towards the mean of the whole week: strongly while little is
 * known. The dispersion is that of a quasi-Poisson model (Wedderburn 1974), the sum of squared
 * residuals over the sum of expectations, over a week as well.
 *
 * Bins must be added in ascending order; bins that are left out were empty.
 */
export class Baseline {
  readonly #weights: HourWeights;
  readonly #dispersion: number;
  /** By hour, modulo `HOURS`: a row of 24 for each of eight days. */
  readonly #counts = new Float32Array(HOURS);
  /** Of each hour of the day, a bit for each of those days on which anything was counted. */
  readonly #busyDays = new Uint8Array(24);
  /** Squared residuals by day, then expectations by day. */
  readonly #sums = new Float64Array(2 * DAYS);
  /** The next bin to be accounted for, by number since the epoch. */
  #next = 0;
  /** The last hour in which anything was counted. */
  #busy = Number.NEGATIVE_INFINITY;
  /** The hour of which the expectation is at hand, and what was counted in the week before it. */
  #hour = Number.NaN;
  #week = 0;
  #mean = LEAST_MEAN;

  /** @param dispersion what is assumed before anything is known */
  constructor(weights: HourWeights, dispersion: number, bin: number) {
    this.#weights = weights;
    this.#dispersion = dispersion;
    this.#begin(bin);
  }

  /** Forgets everything, to be that of another series. */
  reset(bin: number): void {
    this.#forget();
    this.#busy = Number.NEGATIVE_INFINITY;
    this.#begin(bin);
  }

  /** What to expect of a bin; those before it are taken as empty if they were not added. */
  expect(bin: number): number {
    this.#catchUp(bin);
    this.#turnTo(Math.floor(bin / BINS_PER_HOUR));
    return this.#mean;
  }

  /** The variance of what is counted, as a multiple of its mean; as of the bin looked at last. */
  get dispersion(): number {
    const sums = this.#sums;
    let squares = 0;
    let means = 0;
    for (let slot = 0; slot < DAYS; slot++) {
      squares += sums[slot] ?? 0;
      means += sums[DAYS + slot] ?? 0;
    }
    return Math.max(1, (squares + PRIOR_CALLS * this.#dispersion) / (means + PRIOR_CALLS));
  }

  /** Calls per minute, over the last week or what is known of it. */
  average(bin: number): number {
    this.expect(bin);
    return this.#perHour() / 60;
  }

  add(bin: number, count: number): void {
    this.#catchUp(bin);
    this.#account(1, Math.round(count * 16) / 16);
  }

  state(): Json {
    const sparse = (values: Iterable<number>) =>
      [...values].flatMap((value, i) => (value === 0 ? [] : [i, value]));
    return [
      this.#next,
      this.#busy === Number.NEGATIVE_INFINITY ? null : this.#busy,
      sparse(this.#counts),
      sparse(this.#sums.subarray(0, DAYS)),
      sparse(this.#sums.subarray(DAYS)),
    ];
  }

  restore(state: Json): void {
    const [next, busy, counts, squares, means] = state as unknown as [
      number,
      number | null,
      number[],
      number[],
      number[],
    ];
    this.#forget();
    this.#next = next;
    this.#busy = busy ?? Number.NEGATIVE_INFINITY;
    const pairs = (sparse: readonly number[], put: (at: number, value: number) => void) => {
      for (let i = 0; i < sparse.length; i += 2) put(sparse[i] as number, sparse[i + 1] ?? 0);
    };
    pairs(counts, (at, value) => {
      this.#counts[at] = value;
      this.#markBusy(at);
    });
    pairs(squares, (at, value) => {
      this.#sums[at] = value;
    });
    pairs(means, (at, value) => {
      this.#sums[DAYS + at] = value;
    });
  }

  #begin(bin: number): void {
    // Whether known or not yet a series, it was empty since the stream began.
    this.#next = Math.max(this.#weights.firstHour * BINS_PER_HOUR, bin - KEPT_BINS);
  }

  #forget(): void {
    for (let hourOfDay = 0; hourOfDay < 24; hourOfDay++) {
      if ((this.#busyDays[hourOfDay] ?? 0) === 0) continue;
      for (let at = hourOfDay; at < HOURS; at += 24) this.#counts[at] = 0;
      this.#busyDays[hourOfDay] = 0;
    }
    this.#sums.fill(0);
    this.#hour = Number.NaN;
  }

  /** Accounts for the empty bins before this one. */
  #catchUp(bin: number): void {
    const first = bin - KEPT_BINS;
    if (this.#next < first) {
      // All that is known is too old.
      this.#forget();
      this.#next = first;
    }
    while (this.#next < bin) {
      const hour = Math.floor(this.#next / BINS_PER_HOUR);
      if (hour - this.#busy > HOURS) {
        this.#passQuietly(bin);
        return;
      }
      this.#account(Math.min(bin, (hour + 1) * BINS_PER_HOUR) - this.#next, 0);
    }
  }

  /** What `#catchUp` comes to where nothing is known of any hour. */
  #passQuietly(bin: number): void {
    const sums = this.#sums;
    let next = this.#next;
    while (next < bin) {
      const day = Math.floor(next / BINS_PER_DAY);
      const slot = day % DAYS;
      const end = (day + 1) * BINS_PER_DAY;
      if (next + BINS_PER_DAY === end) {
        sums[slot] = 0;
        sums[DAYS + slot] = 0;
        if (end <= bin) {
          sums[slot] = QUIET_DAY.square;
          sums[DAYS + slot] = QUIET_DAY.mean;
          next = end;
          continue;
        }
      }
      let square = sums[slot] ?? 0;
      let mean = sums[DAYS + slot] ?? 0;
      for (const until = Math.min(bin, end); next < until; ) {
        const bins = Math.min(until - next, BINS_PER_HOUR - (next % BINS_PER_HOUR));
        square += bins * (LEAST_MEAN * LEAST_MEAN);
        mean += bins * LEAST_MEAN;
        next += bins;
      }
      sums[slot] = square;
      sums[DAYS + slot] = mean;
    }
    this.#next = next;
  }

  /** The next `bins` bins, which are of one hour, with a count each. */
  #account(bins: number, count: number): void {
    const bin = this.#next;
    const hour = Math.floor(bin / BINS_PER_HOUR);
    this.#turnTo(hour);
    const mean = this.#mean;
    const sums = this.#sums;
    const at = hour % HOURS;
    const slot = Math.floor(at / 24);
    if (bin % BINS_PER_HOUR === 0) {
      if (at % 24 === 0) {
        sums[slot] = 0;
        sums[DAYS + slot] = 0;
      }
      this.#clear(at);
    }
    const residual = count - mean;
    sums[slot] = (sums[slot] ?? 0) + bins * (residual * residual);
    sums[DAYS + slot] = (sums[DAYS + slot] ?? 0) + bins * mean;
    if (count > 0) {
      this.#counts[at] = (this.#counts[at] ?? 0) + bins * count;
      this.#markBusy(at);
      this.#busy = hour;
    }
    this.#next = bin + bins;
  }

  #clear(at: number): void {
    const hourOfDay = at % 24;
    const busyDays = this.#busyDays[hourOfDay] ?? 0;
    const day = 1 << Math.floor(at / 24);
    if ((busyDays & day) === 0) return;
    this.#busyDays[hourOfDay] = busyDays & ~day;
    this.#counts[at] = 0;
  }

  #markBusy(at: number): void {
    const hourOfDay = at % 24;
    this.#busyDays[hourOfDay] = (this.#busyDays[hourOfDay] ?? 0) | (1 << Math.floor(at / 24));
  }

  /**
   * Makes the expectation of an hour, from the hours before it alone; all of those must be accounted
   * for.
   */
  #turnTo(hour: number): void {
    if (this.#hour === hour) return;
    if (hour - this.#busy > HOURS) {
      this.#week = 0;
      this.#mean = LEAST_MEAN;
      this.#hour = hour;
      return;
    }
    const counts = this.#counts;
    const at = hour % HOURS;
    if (this.#hour === hour - 1) {
      // Exact in whatever order, since counts are sixteenths.
      const over = counts[(at + HOURS - 1) % HOURS] ?? 0;
      this.#week += over - (counts[(at + HOURS - 1 - WEEK_HOURS) % HOURS] ?? 0);
    } else {
      this.#week = 0;
      for (let back = 1; back <= WEEK_HOURS; back++) {
        this.#week += counts[(at + HOURS - back) % HOURS] ?? 0;
      }
    }
    this.#hour = hour;
    const weighted = this.#weighted(hour, PRIOR_HOURS * this.#perHour());
    this.#mean = Math.max(LEAST_PER_HOUR, weighted / this.#weights.sum(hour)) / BINS_PER_HOUR;
  }

  /** `start`, and the weighted counts of like hours. */
  #weighted(hour: number, start: number): number {
    const at = hour % HOURS;
    const busy = this.#busyDays;
    const hourOfDay = at % 24;
    const before = (hourOfDay + 23) % 24;
    const after = (hourOfDay + 1) % 24;
    // Most hours of most series have nothing to be counted.
    if (((busy[before] ?? 0) | (busy[hourOfDay] ?? 0) | (busy[after] ?? 0)) === 0) return start;
    const counts = this.#counts;
    const alike = this.#weights.alike(hour);
    const beside = this.#weights.beside(hour);
    let sum = start;
    for (let days = 1, past = at; days < DAYS; days++) {
      past = past < 24 ? past + HOURS - 24 : past - 24;
      const neighbour = beside[days] ?? 0;
      sum += neighbour * (counts[past === 0 ? HOURS - 1 : past - 1] ?? 0);
      sum += (alike[days] ?? 0) * (counts[past] ?? 0);
      sum += neighbour * (counts[past === HOURS - 1 ? 0 : past + 1] ?? 0);
    }
    return sum;
  }

  /** On average, over the week before the hour at hand or what is known of it. */
  #perHour(): number {
    const known = Math.min(WEEK_HOURS, this.#hour - this.#weights.firstHour);
    return known > 0 ? this.#week / known : 0;
  }
}
