import type {Json} from '../json.ts';

/** Counts are tested in bins of so long. */
export const BIN_MS = 5 * 60_000;
const HOUR = 3_600_000;
const BINS_PER_HOUR = HOUR / BIN_MS;

/** Hours kept: a week, and the hours around the one a week ago. */
const WEEK = 7 * 24;
const HOURS = WEEK + 24;
const DAYS = 8;

/** Weights of past hours, by how alike they are to the one that is judged. */
const SAME_WEEKDAY = 1;
const SAME_KIND_OF_DAY = 0.5;
const OTHER_KIND_OF_DAY = 0.1;
/** Of the hour before and the hour after, relative to the hour itself. */
const NEIGHBOUR = 0.25;

/** Hours of the overall mean that stand against what the same hours of other days say. */
const PRIOR_HOURS = 2;

/** Calls that stand against the dispersion measured. */
const PRIOR_CALLS = 20;

/** An hour is never expected to be quieter than this. */
const LEAST_PER_HOUR = 0.1;

export interface Expectation {
  /** Per bin. */
  readonly mean: number;
  readonly dispersion: number;
}

/**
 * What is usual of one series: its counts by hour over the last week, and how far bins strayed from
 * what was expected of them.
 *
 * The expectation of an hour is a weighted mean of the same hour and its neighbours on the last
 * seven days, the same weekday counting most and a working day little for a weekend, drawn towards
 * the mean of the whole week: strongly while little is known. The dispersion is that of a
 * quasi-Poisson model (Wedderburn 1974), the sum of squared residuals over the sum of
 * expectations, over a week as well.
 *
 * Bins must be added in ascending order; bins that are left out were empty.
 */
export class Baseline {
  /** The first hour of the stream: nothing is known of those before it. */
  readonly #firstHour: number;
  readonly #dispersion: number;
  readonly #counts = new Float32Array(HOURS);
  /** Squared residuals and expectations by day. */
  readonly #squares = new Float64Array(DAYS);
  readonly #means = new Float64Array(DAYS);
  /** The next bin to be accounted for, by number since the epoch. */
  #next: number;
  /** The last hour in which anything was counted. */
  #busy = Number.NEGATIVE_INFINITY;
  #expected = {hour: Number.NaN, mean: 0, average: 0};
  /** What was counted in the week before an hour; exact, since counts are sixteenths. */
  #week = {hour: Number.NaN, sum: 0};

  /** @param dispersion what is assumed before anything is known */
  constructor(firstHour: number, dispersion: number, bin: number) {
    this.#firstHour = firstHour;
    this.#dispersion = dispersion;
    // Whether known or not yet a series, it was empty since the stream began.
    this.#next = Math.max(firstHour * BINS_PER_HOUR, bin - HOURS * BINS_PER_HOUR);
  }

  /** What to expect of a bin; those before it are taken as empty if they were not added. */
  expect(bin: number): Expectation {
    this.#catchUp(bin);
    const {mean} = this.#expectedOf(Math.floor(bin / BINS_PER_HOUR));
    let squares = 0;
    let means = 0;
    for (let slot = 0; slot < DAYS; slot++) {
      squares += this.#squares[slot] ?? 0;
      means += this.#means[slot] ?? 0;
    }
    const dispersion = (squares + PRIOR_CALLS * this.#dispersion) / (means + PRIOR_CALLS);
    return {mean, dispersion: Math.max(1, dispersion)};
  }

  /** Calls per minute, over the last week or what is known of it. */
  average(bin: number): number {
    return this.#expectedOf(Math.floor(bin / BINS_PER_HOUR)).average / 60;
  }

  add(bin: number, count: number): void {
    this.#catchUp(bin);
    this.#account(bin, 1, Math.round(count * 16) / 16);
  }

  state(): Json {
    const sparse = (values: Iterable<number>) =>
      [...values].flatMap((value, i) => (value === 0 ? [] : [i, value]));
    return [
      this.#next,
      this.#busy === Number.NEGATIVE_INFINITY ? null : this.#busy,
      sparse(this.#counts),
      sparse(this.#squares),
      sparse(this.#means),
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
    this.#next = next;
    this.#busy = busy ?? Number.NEGATIVE_INFINITY;
    const fill = (values: Float32Array | Float64Array, sparse: readonly number[]) => {
      values.fill(0);
      for (let i = 0; i < sparse.length; i += 2) values[sparse[i] as number] = sparse[i + 1] ?? 0;
    };
    fill(this.#counts, counts);
    fill(this.#squares, squares);
    fill(this.#means, means);
    this.#expected = {hour: Number.NaN, mean: 0, average: 0};
    this.#week = {hour: Number.NaN, sum: 0};
  }

  /** Accounts for the empty bins before this one. */
  #catchUp(bin: number): void {
    const first = bin - HOURS * BINS_PER_HOUR;
    if (this.#next < first) {
      // All that is known is too old.
      this.#counts.fill(0);
      this.#squares.fill(0);
      this.#means.fill(0);
      this.#week = {hour: Number.NaN, sum: 0};
      this.#next = first;
    }
    while (this.#next < bin) {
      const hour = Math.floor(this.#next / BINS_PER_HOUR);
      const until = Math.min(bin, (hour + 1) * BINS_PER_HOUR);
      this.#account(this.#next, until - this.#next, 0);
    }
  }

  /** `bins` bins of one hour from `bin` on, with a count each. */
  #account(bin: number, bins: number, count: number): void {
    const hour = Math.floor(bin / BINS_PER_HOUR);
    const {mean} = this.#expectedOf(hour);
    const day = Math.floor(hour / 24);
    const slot = day % DAYS;
    if (bin % (24 * BINS_PER_HOUR) === 0) {
      this.#squares[slot] = 0;
      this.#means[slot] = 0;
    }
    if (bin % BINS_PER_HOUR === 0) this.#counts[hour % HOURS] = 0;
    this.#squares[slot] = (this.#squares[slot] ?? 0) + bins * (count - mean) ** 2;
    this.#means[slot] = (this.#means[slot] ?? 0) + bins * mean;
    this.#counts[hour % HOURS] = (this.#counts[hour % HOURS] ?? 0) + bins * count;
    if (count > 0) this.#busy = hour;
    this.#next = bin + bins;
  }

  /** From the hours before this one alone. */
  #expectedOf(hour: number): {readonly mean: number; readonly average: number} {
    if (this.#expected.hour === hour) return this.#expected;
    if (hour - this.#busy > HOURS) {
      this.#expected = {hour, mean: LEAST_PER_HOUR / BINS_PER_HOUR, average: 0};
      return this.#expected;
    }
    const known = Math.min(WEEK, hour - this.#firstHour);
    const average = known > 0 ? this.#weekBefore(hour) / known : 0;
    let weights = PRIOR_HOURS;
    let weighted = PRIOR_HOURS * average;
    for (let days = 1; days <= 7; days++) {
      const kind = isWeekend(hour) === isWeekend(hour - days * 24);
      const alike = days === 7 ? SAME_WEEKDAY : kind ? SAME_KIND_OF_DAY : OTHER_KIND_OF_DAY;
      for (let off = -1; off <= 1; off++) {
        const past = hour - days * 24 + off;
        if (past < this.#firstHour) continue;
        const weight = off === 0 ? alike : alike * NEIGHBOUR;
        weights += weight;
        weighted += weight * this.#at(past);
      }
    }
    const perHour = Math.max(LEAST_PER_HOUR, weighted / weights);
    this.#expected = {hour, mean: perHour / BINS_PER_HOUR, average};
    return this.#expected;
  }

  /** Hours are asked for in ascending order, each once all before it are accounted for. */
  #weekBefore(hour: number): number {
    const week = this.#week;
    if (!(hour - week.hour <= WEEK)) {
      week.sum = 0;
      for (let back = 1; back <= WEEK; back++) week.sum += this.#at(hour - back);
      week.hour = hour;
    }
    for (; week.hour < hour; week.hour++) {
      week.sum += this.#at(week.hour) - this.#at(week.hour - WEEK);
    }
    return week.sum;
  }

  /** The count of a past hour; those not accounted for were empty. */
  #at(hour: number): number {
    const bin = hour * BINS_PER_HOUR;
    if (bin >= this.#next || bin < this.#next - HOURS * BINS_PER_HOUR) return 0;
    return this.#counts[hour % HOURS] ?? 0;
  }
}

/** In UTC. 1970-01-01 was a Thursday. */
function isWeekend(hour: number): boolean {
  const weekday = (Math.floor(hour / 24) + 4) % 7;
  return weekday === 0 || weekday === 6;
}
