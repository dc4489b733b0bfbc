const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  // Of the mean Gregorian year, as the public implementations have it.
  M: 2_629_746_000,
  y: 31_556_952_000,
};

/** Longest window: what it holds is remembered. */
export const MAX_TIMESPAN = 90 * 86_400_000;

/** Milliseconds of "30s", "15m", "1h", "7d", "2w", "1M"; or why that is none. */
export function timespanMs(value: unknown): number | string {
  const [, count, unit = ''] =
    (typeof value === 'string' && /^(\d{1,9})([smhdwMy])$/.exec(value)) || [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (Number.isNaN(ms) || ms === 0) return 'A time such as "30s", "15m", "1h" or "7d" is wanted';
  return ms > MAX_TIMESPAN ? 'Longer than 90 days' : ms;
}
