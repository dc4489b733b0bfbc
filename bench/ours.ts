import {readShippedContexts} from '../src/app/context-file.ts';
import type {Contexts} from '../src/app/contexts.ts';
import {Detector} from '../src/app/detector.ts';
import {fieldsOf} from '../src/features/context.ts';
import type {Components, Method} from './method.ts';

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
export function ourMethods(contexts: Contexts = readShippedContexts()): OurMethod[] {
  return [
    method('FBN', contexts, ({raised}) => raised),
    method('FBN, event alone (S)', contexts, ({surprise}) => surprise),
  ];
}

function method(
  name: string,
  {contexts}: Contexts,
  bits: (scored: {readonly raised: number; readonly surprise: number}) => number,
): OurMethod {
  const fields = fieldsOf(contexts);
  const detector = new Detector(fields, contexts);
  const ids = new Int32Array(fields.length);
  let score = 0;
  return {
    name,
    observe(event, timeMs) {
      for (const [column, field] of fields.entries()) {
        ids[column] = detector.id(column, event[field as keyof Components] ?? '-');
      }
      const verdict = detector.observe(ids, timeMs);
      score = verdict?.scored.score ?? 0;
      return verdict === undefined ? 0 : bits(verdict.scored);
    },
    lastScore: () => score,
  };
}
