import fc from 'fast-check';
import {DEFAULT_PARAMETERS, type ModelPlan} from '../../src/model/plan.ts';

/** A small plan with every kind of context: own, shared, pair, everyone, and the actor given a target. */
export const SMALL_PLAN: ModelPlan = {
  columnCount: 4,
  entity: 0,
  facets: [
    {name: 'operation', target: 2, levels: [[0], [1], []], weight: 1, evidence: true},
    {name: 'network', target: 3, levels: [[0, 2], [1, 2], [2], []], weight: 1, evidence: true},
    {name: 'actor', target: 0, levels: [[2], []], weight: 0.5, evidence: false},
  ],
  parameters: DEFAULT_PARAMETERS,
};

export interface Observed {
  readonly ids: Int32Array;
  readonly time: number;
}

const START = Date.UTC(2026, 0, 5);

/** Streams of rows for `SMALL_PLAN`; mostly in order, with late events now and then. */
export function streams(maxLength = 150): fc.Arbitrary<readonly Observed[]> {
  const step = fc.oneof(
    {weight: 8, arbitrary: fc.integer({min: 0, max: 40 * 60_000})},
    {weight: 2, arbitrary: fc.integer({min: 0, max: 3 * 86_400_000})},
    {weight: 1, arbitrary: fc.integer({min: -5 * 3_600_000, max: 0})},
  );
  const row = fc.tuple(fc.nat(5), fc.nat(2), fc.nat(12), fc.nat(30), step);
  return fc.array(row, {minLength: 1, maxLength}).map((rows) => {
    let now = START;
    return rows.map(([entity, peer, operation, network, passed]) => {
      now += passed;
      return {ids: Int32Array.of(entity, peer, operation, network), time: now};
    });
  });
}
