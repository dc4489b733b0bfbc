/** A score is cut, not rounded: what reads 0.99 is never below 0.99, and 1.000 is never less than 1. */
export function cutScore(score: number, digits: number): string {
  const scale = 10 ** digits;
  // 0.29 × 100 is a hair below 29.
  const cut = Math.min(Math.floor(score * scale + 1e-6), score < 1 ? scale - 1 : scale);
  return (cut / scale).toFixed(digits);
}

/** A score for people, with three to six digits: enough to tell it from 1. */
export function scoreText(score: number): string {
  const nines = -Math.log10(Math.max(1 - score, 1e-7));
  return cutScore(score, Math.min(6, Math.max(3, Math.ceil(nines - 1e-9) + 1)));
}
