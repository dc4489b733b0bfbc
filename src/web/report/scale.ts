/** Scores closer to 1 than this are drawn as if they were not. */
const NEAREST_TO_ONE = 1e-7;

/**
 * Height of a score on the plot: −log₁₀(1 − score), so that 0.9, 0.99 and 0.999 are as far from each
 * other as 0 is from 0.9, and the few events that matter have most of the room.
 */
export function heightOf(score: number): number {
  return -Math.log10(Math.max(1 - score, NEAREST_TO_ONE));
}

/** Scores that deserve a line on the axis, up to this height; the thresholds are among them. */
export function scoreTicks(maxHeight: number, thresholds: readonly number[]): number[] {
  const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
  const all = [...new Set([...ticks, ...thresholds])].sort((a, b) => a - b);
  return all.filter((score) => heightOf(score) <= maxHeight);
}

export type Level = 'low' | 'high' | 'top';

/** Which of the two thresholds a score reaches. */
export function levelOf(score: number, thresholds: readonly [number, number]): Level {
  if (score >= thresholds[1]) return 'top';
  return score >= thresholds[0] ? 'high' : 'low';
}
