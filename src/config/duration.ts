import {z} from 'zod';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Milliseconds of "250ms", "60s", "15m", "6h" or "90d"; NaN if it is none. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = DURATION.exec(text) ?? [];
  return count === undefined ? Number.NaN : Number(count) * (UNITS[unit] as number);
}

/** The largest unit that gives a whole number: 90000 is "90s", 3600000 "1h". */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNITS[unit] as number;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** A duration as text in a file. */
export function duration(leastMs: number, mostMs: number) {
  return z
    .string()
    .regex(DURATION, 'A duration such as "30s", "15m", "6h" or "90d"')
    .refine(
      (text) => {
        const ms = durationMs(text);
        return Number.isNaN(ms) || (ms >= leastMs && ms <= mostMs);
      },
      {message: `Between ${durationText(leastMs)} and ${durationText(mostMs)}`},
    );
}
