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
 * A late event counts for the day that is open. Bounded: one number an entity, and a list of those
 * active that day.
 */
export class AlertBudget {
  readonly #parameters: BudgetParameters;
  readonly #bins = new Float64Array(BINS);
  /** Decayed number of days. */
  #days = 0;
  #seenDays = 0;
  #day = Number.NaN;
  /** Highest R of the open day by entity, NaN if it was not active; and those that were. */
  #maxima = new Float64Array(64).fill(Number.NaN);
  #active: number[] = [];
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
    this.#raise(entity, raised);
  }

  #raise(entity: number, raised: number): void {
    if (entity >= this.#maxima.length) {
      const grown = new Float64Array(Math.max(entity + 1, this.#maxima.length * 2));
      grown.set(this.#maxima);
      grown.fill(Number.NaN, this.#maxima.length);
      this.#maxima = grown;
    }
    const highest = this.#maxima[entity] as number;
    if (raised <= highest) return;
    if (Number.isNaN(highest)) this.#active.push(entity);
    this.#maxima[entity] = raised;
  }

  /** Counts the days of entities that are not marked as they are: their ids may be given again. */
  sweep(marked: Uint8Array): void {
    this.#active = this.#active.filter((entity) => {
      if (marked[entity] === 1) return true;
      this.#add(this.#maxima[entity] as number);
      this.#maxima[entity] = Number.NaN;
      return false;
    });
  }

  #add(raised: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(raised / WIDTH)));
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
  }

  #endDay(next: number): void {
    const elapsed = next - this.#day;
    this.#day = next;
    for (const entity of this.#active) {
      this.#add(this.#maxima[entity] as number);
      this.#maxima[entity] = Number.NaN;
    }
    this.#active = [];
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
    to.numbers(
      'budget.maxima',
      this.#active.flatMap((entity) => [entity, this.#maxima[entity] as number]),
    );
  }

  restore(from: SectionReader): void {
    const [days, seenDays, day, threshold, ...bins] = from.float64('budget');
    if (bins.length !== BINS) throw new BinaryError('the alert budget lacks bins');
    this.#days = days as number;
    this.#seenDays = seenDays as number;
    this.#day = day as number;
    this.#threshold = threshold as number;
    this.#bins.set(bins);
    this.#maxima.fill(Number.NaN);
    this.#active = [];
    const maxima = from.float64('budget.maxima');
    for (let i = 0; i + 1 < maxima.length; i += 2) {
      this.#raise(maxima[i] as number, maxima[i + 1] as number);
    }
  }
}

const WIDTH = 0.25;
const BINS = 800;
const DAY_MS = 86_400_000;
