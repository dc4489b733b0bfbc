/** Waiting between attempts doubles from the first of these to the second, milliseconds. */
export const FIRST_DELAY_MS = 100;
export const MAX_DELAY_MS = 30_000;

/** Half to all of it, so that many who wait do not come back together. */
export function jitter(delay: number): number {
  return delay * (0.5 + Math.random() / 2);
}
