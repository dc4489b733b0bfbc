import {Evaluation, type EvaluationResult} from '../src/app/evaluation.ts';
import {Random} from '../src/base/random.ts';
import type {Dataset} from './datasets.ts';
import type {Method} from './method.ts';

export interface RunResult extends EvaluationResult {
  readonly seconds: number;
}

/**
 * Runs one method over a data set from its beginning and measures it. Ties are broken by lot, with
 * the same lots for every method, so that a method of few distinct scores gets what it would get
 * on average from somebody who looks at as many of its alerts as the budget allows.
 */
export function runMethod(method: Method, dataset: Dataset): RunResult {
  const {events, truth, judgeFrom} = dataset;
  const scores = new Float64Array(events.length);
  const start = performance.now();
  for (const [i, event] of events.entries()) {
    scores[i] = method.observe(event.components, event.timeMs);
  }
  const seconds = (performance.now() - start) / 1_000;

  const lots = new Random('lots');
  const evaluation = new Evaluation(truth, {judgeFrom});
  for (const [i, {eventId, timeMs, components}] of events.entries()) {
    const {principal} = components;
    const score = scores[i] as number;
    evaluation.add({eventId, timeMs, principal, score, rank: lots.next()});
  }
  return {...evaluation.result(), seconds};
}
