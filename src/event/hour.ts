import {assert} from '../base/assert.ts';

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const CACHED_QUARTERS = 8_192;

/** The twelve values of the component "hour": six blocks of four hours, working days and others. */
export const HOURS = [
  'h0',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'w0',
  'w1',
  'w2',
  'w3',
  'w4',
  'w5',
] as const;

export interface HourOptions {
  /** IANA name; must be one that `isTimeZone` accepts. */
  readonly timeZone?: string;
  /** Days of work, 0 (Sunday) to 6; Monday to Friday if absent. */
  readonly workingDays?: readonly number[];
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', {timeZone: name});
    return true;
  } catch {
    return false; // RangeError is how Intl says no
  }
}

/**
 * The local hour of an event. Offsets are cached per quarter of an hour, since that is the grain
 * of all zones of today and all their changes; the cache is emptied when full.
 */
export class HourClock {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #working: readonly boolean[];
  readonly #offsets = new Map<number, number>();
  #lastQuarter = Number.NaN;
  #lastOffset = 0;

  constructor({timeZone = 'UTC', workingDays = [1, 2, 3, 4, 5]}: HourOptions = {}) {
    assert(isTimeZone(timeZone), `time zone must be an IANA name, is ${timeZone}`);
    this.#working = [0, 1, 2, 3, 4, 5, 6].map((day) => workingDays.includes(day));
    if (timeZone === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Index into `HOURS`. @param time epoch milliseconds */
  index(time: number): number {
    assert(Number.isFinite(time), `time must be finite, is ${time}`);
    const local = time + this.#offsetAt(time);
    const day = Math.floor(local / DAY_MS);
    const block = Math.floor((local - day * DAY_MS) / (4 * 3_600_000));
    // The first of January 1970 was a Thursday.
    const weekday = (((day + 4) % 7) + 7) % 7;
    return (this.#working[weekday] ? 0 : 6) + block;
  }

  hour(time: number): string {
    return HOURS[this.index(time)] ?? '-';
  }

  #offsetAt(time: number): number {
    if (this.#format === undefined) return 0;
    const quarter = Math.floor(time / QUARTER_MS);
    if (quarter === this.#lastQuarter) return this.#lastOffset;
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      offset = offsetOf(this.#format, quarter * QUARTER_MS);
      if (this.#offsets.size >= CACHED_QUARTERS) this.#offsets.clear();
      this.#offsets.set(quarter, offset);
    }
    this.#lastQuarter = quarter;
    this.#lastOffset = offset;
    return offset;
  }
}

function offsetOf(format: Intl.DateTimeFormat, time: number): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const {type, value} of format.formatToParts(time)) parts[type] = Number(value);
  const {year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0} = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - time;
}
