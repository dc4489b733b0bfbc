import type {Method} from './method.ts';

/** Our own scorer, as the benchmarks hold it against the baselines. */
export interface OurMethod extends Method {
  /** Novelty score in [0, 1] of the event last observed, as calibrated before it was learnt. */
  lastScore(): number;
}

/**
 * The variants of our own method, each with a memory of its own that is empty. `observe` gives the
 * bits that order events: S for the event alone, R for the event in its campaign. Take the first
 * to be what the product alerts on; the calibration benchmark measures that one only.
 */
export async function ourMethods(): Promise<OurMethod[]> {
  // TODO: put the pipeline's model and scorer behind this, `src/model` and `src/score`.
  return [];
}
