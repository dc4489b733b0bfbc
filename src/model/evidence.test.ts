import {expect, test} from 'vitest';
import {Numbering, referenceVectors, VECTOR_PLAN} from '../../test/vectors/read.ts';
import {Evidence, type Surprise, saturate} from './evidence.ts';

test('gives S, A and R of the reference implementation', () => {
  const evidence = new Evidence(VECTOR_PLAN);
  const numbering = new Numbering();
  const out: Surprise = {surprise: 0, raised: 0, evidence: 0, fresh: 0};
  for (const {event, bits: named, S, A, R} of referenceVectors()) {
    const ids = numbering.ids(event);
    const time = Number(event.ts) * 1_000;
    const bits = Float64Array.from(VECTOR_PLAN.facets, ({name}) => named[name]!);
    evidence.judge(ids, time, bits, out);
    expect(Math.abs(out.surprise - S)).toBeLessThan(1e-4);
    expect(Math.abs(out.evidence - A)).toBeLessThan(1e-4);
    expect(Math.abs(out.raised - R)).toBeLessThan(1e-4);
    evidence.learn(ids, time, bits, out);
  }
});

test('saturation is continuous, and never above its limit', () => {
  expect(saturate(0.0999999, 10)).toBeCloseTo(saturate(0.1, 10), 6);
  expect(saturate(1_000, 10)).toBe(10);
  expect(saturate(0, 10)).toBe(0);
});
