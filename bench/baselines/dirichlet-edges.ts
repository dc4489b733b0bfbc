import type {Components, Field, Method} from '../method.ts';

export const FIVE_EDGES: readonly Field[] = [
  'operation',
  'network',
  'userAgent',
  'region',
  'resource',
];

interface Process {
  total: number;
  readonly counts: Map<string, number>;
  /** How many values have been seen this many times. */
  readonly histogram: Map<number, number>;
}

/**
 * Edges from the principal to a value of each field, each principal a Dirichlet process over the
 * values with a uniform base measure: Heard and Rubin-Delanchy, "Network-wide anomaly detection via
 * the Dirichlet process" (IEEE ISI 2016). The predictive mass of a value seen c of n times among V
 * known ones is (c + α/V) / (n + α); its p-value is the mass of all values no likelier, the value's own level
 * counting one half (mid-p). Several fields are combined by Fisher's method (1932), whose statistic
 * −Σ ln p orders events just as its χ² tail does, the number of fields being the same for all.
 */
export function dirichletEdges(fields: readonly Field[], alpha = 1): Method {
  const processes = fields.map(() => new Map<string, Process>());
  const known = fields.map(() => new Set<string>());
  return {
    name: `Dirichlet-process edges (${fields.length})`,
    observe(event: Components): number {
      let statistic = 0;
      for (const [i, field] of fields.entries()) {
        const value = event[field];
        const values = (known[i] as Set<string>).add(value);
        const ofPrincipal = processes[i] as Map<string, Process>;
        let process = ofPrincipal.get(event.principal);
        if (process === undefined) {
          process = {total: 0, counts: new Map(), histogram: new Map()};
          ofPrincipal.set(event.principal, process);
        }
        statistic -= Math.log(pValue(process, value, values.size, alpha));
        learn(process, value);
      }
      return statistic;
    },
  };
}

function pValue(process: Process, value: string, size: number, alpha: number): number {
  const own = process.counts.get(value) ?? 0;
  const base = alpha / size;
  const unseen = (size - process.counts.size) * base;
  // Values never seen by this principal are the least likely; all are on one level.
  let mass = own === 0 ? unseen / 2 : unseen;
  for (const [count, values] of process.histogram) {
    if (count < own) mass += values * (count + base);
    else if (count === own) mass += (values * (count + base)) / 2;
  }
  return mass / (process.total + alpha);
}

function learn(process: Process, value: string): void {
  const count = process.counts.get(value) ?? 0;
  process.counts.set(value, count + 1);
  process.total++;
  if (count > 0) {
    const left = (process.histogram.get(count) ?? 0) - 1;
    if (left > 0) process.histogram.set(count, left);
    else process.histogram.delete(count);
  }
  process.histogram.set(count + 1, (process.histogram.get(count + 1) ?? 0) + 1);
}
