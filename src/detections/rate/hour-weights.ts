const DAYS = 7;
export const WEEK_HOURS = DAYS * 24;

/** Weights of past hours, by how alike they are to the one that is judged. */
const SAME_WEEKDAY = 1;
const SAME_KIND_OF_DAY = 0.5;
const OTHER_KIND_OF_DAY = 0.1;
/** Of the hour before and the hour after, relative to the hour itself. */
const NEIGHBOUR = 0.25;

/** Hours of the overall mean that stand against what the same hours of other days say. */
export const PRIOR_HOURS = 2;

/** Of an hour of each weekday, the weight of the same hour one to seven days before; at 0 none. */
const ALIKE: readonly Float64Array[] = Array.from({length: DAYS}, (_, weekday) => {
  const day = weekday + DAYS;
  return Float64Array.from({length: DAYS + 1}, (_, days) => {
    if (days === 0) return 0;
    if (days === DAYS) return SAME_WEEKDAY;
    return isWeekend(day) === isWeekend(day - days) ? SAME_KIND_OF_DAY : OTHER_KIND_OF_DAY;
  });
});
const BESIDE = ALIKE.map((weights) => weights.map((weight) => weight * NEIGHBOUR));
const ALL = ALIKE.map((_, weekday) => sumOf(weekday * 24, Number.NEGATIVE_INFINITY));

/**
 * How much past hours say of an hour: the same hour and its neighbours on the last seven days, the
 * same weekday counting most and a working day little for a weekend. It is the same for all series.
 */
export class HourWeights {
  /** The first hour of the stream: nothing is known of those before it. */
  readonly firstHour: number;
  /** Sums for the first week and an hour, by hours since the first. */
  readonly #early: Float64Array;

  constructor(firstHour: number) {
    this.firstHour = firstHour;
    this.#early = Float64Array.from({length: WEEK_HOURS + 1}, (_, hours) =>
      sumOf(firstHour + hours, firstHour),
    );
  }

  /** By days, of the same hour so many days before. */
  alike(hour: number): Float64Array {
    return ALIKE[weekdayOf(hour)] as Float64Array;
  }

  /** By days, of each of the two hours beside that one. */
  beside(hour: number): Float64Array {
    return BESIDE[weekdayOf(hour)] as Float64Array;
  }

  /** Of all hours that are known, and the overall mean's. */
  sum(hour: number): number {
    return this.#early[hour - this.firstHour] ?? (ALL[weekdayOf(hour)] as number);
  }
}

function sumOf(hour: number, firstHour: number): number {
  const alike = ALIKE[weekdayOf(hour)] as Float64Array;
  const beside = BESIDE[weekdayOf(hour)] as Float64Array;
  let sum = PRIOR_HOURS;
  for (let days = 1; days <= DAYS; days++) {
    const past = hour - days * 24;
    if (past - 1 >= firstHour) sum += beside[days] as number;
    if (past >= firstHour) sum += alike[days] as number;
    if (past + 1 >= firstHour) sum += beside[days] as number;
  }
  return sum;
}

/** Thursday, with which time began, is 0. */
function weekdayOf(hour: number): number {
  return Math.floor(hour / 24) % DAYS;
}

/** Of days since Thursday, 1970-01-01, in UTC. */
function isWeekend(day: number): boolean {
  const weekday = (day + 4) % DAYS;
  return weekday === 0 || weekday === 6;
}
