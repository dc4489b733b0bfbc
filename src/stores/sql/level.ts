const LEVELS_PER_BIT = 8;
export const MAX_LEVEL = 255;

/**
 * How novel a score is, as a small integer: eighths of −log2(1 − score). It ascends with the score,
 * and is what is scanned to find the highest scores: a byte, where a score is eight.
 */
export function levelOf(score: number): number {
  const bits = -Math.log2(Math.max(1 - score, 0));
  return Math.min(Math.floor(bits * LEVELS_PER_BIT), MAX_LEVEL);
}
