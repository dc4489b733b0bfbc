import {expect, test} from 'vitest';
import {Numbering, referenceVectors, VECTOR_PLAN} from '../../test/vectors/read.ts';
import {Learner} from './learner.ts';

test('gives the bits and levels of the reference implementation', () => {
  const learner = new Learner(VECTOR_PLAN);
  const out = learner.judgement();
  const numbering = new Numbering();
  for (const {event, bits, knownAtLevel} of referenceVectors()) {
    learner.observe(numbering.ids(event), Number(event.ts) * 1_000, out);
    for (const [f, {name}] of VECTOR_PLAN.facets.entries()) {
      expect(Math.abs(out.bits[f]! - bits[name]!)).toBeLessThan(1e-4);
      expect(out.level[f]).toBe(knownAtLevel[name]);
    }
  }
});
