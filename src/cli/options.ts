import {InvalidArgumentError} from 'commander';
import {AppError} from '../base/errors.ts';

/** A moment: ISO date or date-time (UTC unless it says otherwise), or an age such as "90d", "12h". */
export function parseMoment(text: string): number {
  const age = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  if (age?.[1] !== undefined && age[2] !== undefined) {
    const unit = {s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5}[age[2]] ?? Number.NaN;
    return Date.now() - Number(age[1]) * unit;
  }
  const dated = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text);
  const zoned = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T');
  const time = dated ? Date.parse(zoned ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(time) || !isDate(text.slice(0, 10))) {
    throw new InvalidArgumentError(
      'wanted: 2026-01-31, 2026-01-31T12:00:00Z or an age such as 90d',
    );
  }
  return time;
}

/** Whether there is such a day: the runtime takes 30 February for 2 March. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The first day of a simulation. */
export function parseDay(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('wanted: a day such as 2026-01-05');
  return text;
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('wanted: a whole number');
  return Number(text);
}

export function parsePositive(text: string): number {
  const value = parseCount(text);
  if (value === 0) throw new InvalidArgumentError('wanted: a whole number above 0');
  return value;
}

export function parsePort(text: string): number {
  const value = parseCount(text);
  if (value > 65_535) throw new InvalidArgumentError('wanted: 0 to 65535');
  return value;
}

export function parseScore(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$|^\d+\.$/.test(text) || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('wanted: a score between 0 and 1');
  }
  return value;
}

export function parseWorkers(text: string): number {
  const value = parseCount(text);
  if (value > 64) throw new InvalidArgumentError('wanted: 0 to 64');
  return value;
}

/** Collects a list option that may be given several times, with several values each. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** As `collect`, for names: several may stand in one value, with commas between. */
export function collectNames(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(',').filter((part) => part !== '')];
}

/** One of a few words, or a usage error that names them. */
export function oneOf<const T extends string>(
  option: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) {
    throw new AppError('usage', `${option} is "${value}"; wanted: ${allowed.join(', ')}`);
  }
  return found;
}
