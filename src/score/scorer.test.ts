import {expect, test, vi} from 'vitest';
import {Numbering, referenceVectors, VECTOR_PLAN} from '../../test/vectors/read.ts';
import {Calibrator, DEFAULT_CALIBRATION} from './calibrator.ts';
import {ContextScorer} from './scorer.ts';

test('gives S, A, R and p of the reference implementation, end to end', () => {
  const scorer = new ContextScorer(VECTOR_PLAN, {...DEFAULT_CALIBRATION, clusterHours: 0});
  const out = scorer.scored();
  const numbering = new Numbering();
  for (const {event, S, A, R, p} of referenceVectors()) {
    scorer.observe(numbering.ids(event), Number(event.ts) * 1_000, out);
    expect(Math.abs(out.surprise - S)).toBeLessThan(1e-4);
    expect(Math.abs(out.evidence - A)).toBeLessThan(1e-4);
    expect(Math.abs(out.raised - R)).toBeLessThan(1e-4);
    expect(Math.abs(out.share - p)).toBeLessThan(1e-4);
  }
});

test('scoring twice gives the same, and learning in two steps equals observing', () => {
  const one = new ContextScorer(VECTOR_PLAN);
  const two = new ContextScorer(VECTOR_PLAN);
  const [a, b] = [one.scored(), two.scored()];
  const numbering = new Numbering();
  for (const {event} of referenceVectors()) {
    const ids = numbering.ids(event);
    const time = Number(event.ts) * 1_000;
    one.observe(ids, time, a);
    two.score(ids, time, b);
    two.score(ids, time, b);
    expect(b).toEqual(a);
    two.learn(ids, time, b);
  }
});

test('marking lets go of entities that no count refers to any more', () => {
  const scorer = new ContextScorer(VECTOR_PLAN);
  const out = scorer.scored();
  const numbering = new Numbering();
  for (const {event} of referenceVectors()) {
    scorer.observe(numbering.ids(event), Number(event.ts) * 1_000, out);
  }
  const swept = vi.spyOn(Calibrator.prototype, 'sweep');
  const used = Array.from({length: VECTOR_PLAN.columnCount}, () => new Uint8Array(5_000));
  scorer.mark(used);
  expect(swept).toHaveBeenCalledExactlyOnceWith(used[VECTOR_PLAN.entity]);
  swept.mockRestore();
});
