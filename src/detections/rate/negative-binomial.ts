import {assert} from '../../base/assert.ts';

/** Dispersions below this are as good as a Poisson distribution, and are taken as this. */
const LEAST_DISPERSION = 1.01;

/**
 * P(X >= count) for a negative binomial X of this mean whose variance is `dispersion` times the
 * mean: what calls that come in clumps give (a Poisson number of clumps of logarithmic size). The
 * regularized incomplete beta function I_p(count, r), p = 1 - 1 / dispersion,
 * r = mean / (dispersion - 1); Johnson, Kemp and Kotz, Univariate Discrete Distributions, 5.6.
 */
export function upperTail(count: number, mean: number, dispersion: number): number {
  assert(mean > 0, `the mean must be above 0, is ${mean}`);
  if (count <= 0) return 1;
  const spread = Math.max(dispersion, LEAST_DISPERSION);
  return incompleteBeta(1 - 1 / spread, count, mean / (spread - 1));
}

/** The regularized incomplete beta function, by its continued fraction (Lentz; DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  // The fraction converges quickly on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) /
    a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonzero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d, tiny);
    c = nonzero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d, tiny);
    c = nonzero(1 + odd / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return Math.min(1, front * fraction);
}

function nonzero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0, by Lanczos' approximation (g = 7, n = 9). */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum = 0.9999999999998099;
  LANCZOS.forEach((coefficient, i) => {
    sum += coefficient / (z + i + 1);
  });
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}
