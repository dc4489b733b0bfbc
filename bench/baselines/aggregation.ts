import type {Components, Method} from '../method.ts';

const HALF_LIFE_MS = 6 * 3_600_000;
/** Share of the evidence that is added to the event's own score. */
const SHARE = 0.3;
/** What counts as evidence, and where it saturates, in standard deviations of the scores so far. */
const EVIDENCE_DEVIATIONS = 2;
const SATURATION_DEVIATIONS = 10;

/**
 * Adds to a method's score a decayed, saturating sum of what its principal did lately that scored
 * well above average, so that no rival is denied the aggregation that our own score has. Scales
 * itself by the running mean and deviation (Welford, Technometrics 1962), as rivals' scales differ.
 */
export function withAggregation(method: Method): Method {
  const evidence = new Map<string, {sum: number; timeMs: number}>();
  let n = 0;
  let mean = 0;
  let squares = 0;
  return {
    name: `${method.name} + aggregation`,
    observe(event: Components, timeMs: number): number {
      const score = method.observe(event, timeMs);
      const deviation = n > 1 ? Math.sqrt(squares / (n - 1)) : 0;

      let own = evidence.get(event.principal);
      if (own === undefined) {
        own = {sum: 0, timeMs};
        evidence.set(event.principal, own);
      }
      own.sum *= 2 ** (-Math.max(0, timeMs - own.timeMs) / HALF_LIFE_MS);
      own.timeMs = Math.max(own.timeMs, timeMs);
      const ceiling = SATURATION_DEVIATIONS * deviation;
      const boost = ceiling > 0 ? SHARE * ceiling * (1 - Math.exp(-own.sum / ceiling)) : 0;
      if (n > 1) own.sum += Math.max(0, score - mean - EVIDENCE_DEVIATIONS * deviation);

      n++;
      const difference = score - mean;
      mean += difference / n;
      squares += difference * (score - mean);
      return score + boost;
    },
  };
}
