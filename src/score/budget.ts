import {assert} from '../base/assert.ts';
import {BinaryError, type SectionReader, type SectionWriter} from '../base/binary.ts';

export interface BudgetParameters {
  /** Entities to report on an ordinary day. */
  readonly perDay: number;
  readonly halfLifeDays: number;
  /** Days of the stream before the first alert. */
  readonly warmUpDays: number;
}

export const DEFAULT_BUDGET: BudgetParameters = {perDay: 5, halfLifeDays: 21, warmUpDays: 3};

/**
 * The R that the highest event of an entity's day exceeds `perDay` times on an ordinary day: from
 * a decayed histogram of daily maxima, computed anew when a day ends. Until the warm-up is over it
 * is infinite.
 *
 * A late event counts for the day that is open. Bounded: one number an entity active that day.
 */
export class AlertBudget {
  readonly #parameters: BudgetParameters;
  readonly #bins = new Float64Array(BINS);
  /** Decayed number of days. */
  #days = 0;
  #seenDays = 0;
  #day = Number.NaN;
  #maxima = new Map<number, number>();
  #threshold = Number.POSITIVE_INFINITY;

  constructor(parameters: BudgetParameters = DEFAULT_BUDGET) {
    assert(parameters.perDay > 0, `budget is ${parameters.perDay}`);
    assert(parameters.halfLifeDays > 0, `half-life is ${parameters.halfLifeDays}`);
    this.#parameters = parameters;
  }

  /** R from which on an event is worth an alert today. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Takes an event into account; the threshold moves only when a day begins. */
  learn(raised: number, time: number, entity: number): void {
    const day = Math.floor(time / DAY_MS);
    if (Number.isNaN(this.#day)) this.#day = day;
    if (day > this.#day) this.#endDay(day);
    const highest = this.#maxima.get(entity);
    if (highest === undefined || raised > highest) this.#maxima.set(entity, raised);
  }

  /** Counts the days of entities that are not marked as they are: their ids may be given again. */
  sweep(marked: Uint8Array): void {
    for (const [entity, raised] of this.#maxima) {
      if (marked[entity] === 1) continue;
      this.#maxima.delete(entity);
      this.#add(raised);
    }
  }

  #add(raised: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(raised / WIDTH)));
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
  }

  #endDay(next: number): void {
    const elapsed = next - this.#day;
    this.#day = next;
    for (const raised of this.#maxima.values()) this.#add(raised);
    this.#maxima.clear();
    // Days without events are no days on which fewer were reported: only the open one counts.
    this.#days++;
    this.#seenDays++;
    const {perDay, halfLifeDays, warmUpDays} = this.#parameters;
    if (this.#seenDays >= warmUpDays) this.#threshold = this.#exceeded(perDay * this.#days);
    const factor = 2 ** (-elapsed / halfLifeDays);
    for (let bin = 0; bin < BINS; bin++) this.#bins[bin] = (this.#bins[bin] as number) * factor;
    this.#days *= factor;
  }

  /** Value that so many daily maxima exceed, linear inside its bin. */
  #exceeded(wanted: number): number {
    let sum = 0;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      const count = this.#bins[bin] as number;
      if (sum + count >= wanted) return (bin + 1 - (wanted - sum) / count) * WIDTH;
      sum += count;
    }
    return 0;
  }

  save(to: SectionWriter): void {
    to.numbers('budget', [this.#days, this.#seenDays, this.#day, this.#threshold, ...this.#bins]);
    to.numbers('budget.maxima', [...this.#maxima].flat());
  }

  restore(from: SectionReader): void {
    const [days, seenDays, day, threshold, ...bins] = from.float64('budget');
    if (bins.length !== BINS) throw new BinaryError('the alert budget lacks bins');
    this.#days = days as number;
    this.#seenDays = seenDays as number;
    this.#day = day as number;
    this.#threshold = threshold as number;
    this.#bins.set(bins);
    this.#maxima = new Map();
    const maxima = from.float64('budget.maxima');
    for (let i = 0; i + 1 < maxima.length; i += 2) {
      this.#maxima.set(maxima[i] as number, maxima[i + 1] as number);
    }
  }
}

const WIDTH = 0.25;
const BINS = 800;
const DAY_MS = 86_400_000;
