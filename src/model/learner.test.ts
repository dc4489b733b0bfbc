import fc from 'fast-check';
import {expect, test} from 'vitest';
import {OracleLearner} from '../../test/contract/oracle.ts';
import {SMALL_PLAN, streams} from '../../test/contract/streams.ts';
import {Numbering, referenceVectors, VECTOR_PLAN} from '../../test/vectors/read.ts';
import {SectionReader, SectionWriter} from '../base/binary.ts';
import {Random} from '../base/random.ts';
import {Learner} from './learner.ts';

const DAY = 86_400_000;

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

test('agrees with adding everything up by hand', () => {
  fc.assert(
    fc.property(streams(), (stream) => {
      const learner = new Learner(SMALL_PLAN);
      const oracle = new OracleLearner(SMALL_PLAN);
      const out = learner.judgement();
      for (const {ids, time} of stream) {
        learner.observe(ids, time, out);
        const byHand = oracle.score(ids, time);
        oracle.learn(ids, time);
        for (const [f, bits] of byHand.bits.entries()) {
          // A count within rounding of a power of two may fall on either side of it.
          expect(Math.abs(out.bits[f]! - bits)).toBeLessThan(2e-4);
        }
        expect([...out.level]).toEqual(byHand.level);
      }
    }),
    {numRuns: 60},
  );
});

test('observing is scoring, then learning', () => {
  fc.assert(
    fc.property(streams(), (stream) => {
      const one = new Learner(SMALL_PLAN);
      const two = new Learner(SMALL_PLAN);
      const [a, b] = [one.judgement(), two.judgement()];
      for (const {ids, time} of stream) {
        one.observe(ids, time, a);
        two.score(ids, time, b);
        two.learn(ids, time);
        expect(b).toEqual(a);
      }
      expect(saved(one)).toEqual(saved(two));
    }),
    {numRuns: 30},
  );
});

test('scoring changes nothing', () => {
  fc.assert(
    fc.property(streams(), (stream) => {
      const learner = new Learner(SMALL_PLAN);
      const out = learner.judgement();
      for (const {ids, time} of stream) learner.learn(ids, time);
      const before = saved(learner);
      for (const {ids, time} of stream) {
        learner.score(ids, time, out);
        learner.scoreWithout(ids, time, out);
        learner.counts(0, 0, ids, time);
        learner.usual(0, 0, ids, 3);
      }
      expect(saved(learner)).toEqual(before);
    }),
    {numRuns: 30},
  );
});

test('carries on bit for bit from what it saved', () => {
  fc.assert(
    fc.property(streams(), streams(), (past, next) => {
      const learner = new Learner(SMALL_PLAN);
      for (const {ids, time} of past) learner.learn(ids, time);
      const restored = new Learner(SMALL_PLAN);
      restored.restore(new SectionReader(saved(learner)));
      const [a, b] = [learner.judgement(), restored.judgement()];
      for (const {ids, time} of next) {
        learner.observe(ids, time, a);
        restored.observe(ids, time, b);
        expect(b).toEqual(a);
      }
      expect(saved(restored)).toEqual(saved(learner));
    }),
    {numRuns: 30},
  );
});

test('a repeat never becomes more novel', () => {
  const learner = new Learner(SMALL_PLAN);
  const out = learner.judgement();
  let before = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 40; i++) learner.learn(Int32Array.of(0, 0, i % 7, i % 5), i * 3_600_000);
  for (let day = 2; day < 30; day++) {
    learner.observe(Int32Array.of(0, 0, 11, 9), day * DAY, out);
    expect(out.bits[0]!).toBeLessThanOrEqual(before + 1e-3);
    before = out.bits[0]!;
  }
});

test('the unseen is at least as novel as the seen', () => {
  fc.assert(
    fc.property(streams(), (stream) => {
      const learner = new Learner(SMALL_PLAN);
      const out = learner.judgement();
      for (const {ids, time} of stream) learner.learn(ids, time);
      const {ids, time} = stream.at(-1)!;
      learner.score(ids, time, out);
      const seen = out.bits[0]!;
      learner.score(Int32Array.of(ids[0]!, ids[1]!, 1_000, ids[3]!), time, out);
      expect(out.bits[0]!).toBeGreaterThanOrEqual(seen - 1e-4);
      expect(out.level[0]).toBe(3);
    }),
  );
});

test('forgets the rarest values beyond the limit, and keeps n and K true', () => {
  const plan = {
    ...SMALL_PLAN,
    parameters: {...SMALL_PLAN.parameters, ownValues: 8, sharedValues: 64},
  };
  const learner = new Learner(plan);
  for (let i = 0; i < 500; i++) {
    learner.learn(Int32Array.of(0, 0, 0, 0), i * 3_600_000);
    learner.learn(Int32Array.of(0, 0, i, i), i * 3_600_000);
  }
  const ids = Int32Array.of(0, 0, 0, 0);
  const time = 500 * 3_600_000;
  expect(learner.counts(0, 0, ids, time).distinct).toBe(8);
  expect(learner.counts(0, 1, ids, time).distinct).toBeLessThanOrEqual(64);
  expect(learner.usual(0, 0, ids, 1)[0]!.value).toBe(0);
  const listed = learner.usual(0, 0, ids, 100);
  expect(listed.reduce((sum, {share}) => sum + share, 0)).toBeCloseTo(1, 4);
});

test('stays within its bound however many contexts come', () => {
  const parameters = {...SMALL_PLAN.parameters, contexts: 200, ownValues: 8, sharedValues: 256};
  const learner = new Learner({...SMALL_PLAN, parameters});
  const out = learner.judgement();
  const random = new Random(1);
  let bound = 0;
  for (let i = 0; i < 12_000; i++) {
    const ids = Int32Array.of(random.below(5_000), random.below(50), random.below(900), i % 400);
    learner.observe(ids, i * 60_000, out);
    if (i === 6_000) bound = learner.byteLength;
  }
  for (const {size} of learner.contexts()) expect(size).toBeLessThanOrEqual(200);
  expect(learner.byteLength).toBeLessThanOrEqual(bound * 1.5);
});

test('stays within its bytes however many values come, and goes on as if restored', () => {
  const plan = {...SMALL_PLAN, parameters: {...SMALL_PLAN.parameters, bytes: 2 ** 20}};
  let learner = new Learner(plan);
  const out = learner.judgement();
  const random = new Random(2);
  for (let i = 0; i < 40_000; i++) {
    const entity = random.below(400);
    const ids = Int32Array.of(entity, entity % 50, random.below(200), random.below(300));
    learner.observe(ids, i * 60_000, out);
    for (const bits of out.bits) expect(bits >= 0 && bits < 64).toBe(true);
    if (i === 30_000) {
      const restored = new Learner(plan);
      restored.restore(new SectionReader(saved(learner)));
      learner = restored;
    }
  }
  // The buffer grows by half, and some of what is free in it fits nothing.
  expect(learner.byteLength).toBeLessThan(3 * 2 ** 20);
  const everyone = learner.contexts().find(({columns}) => columns.length === 0);
  expect(everyone?.size).toBe(1);
  expect(Math.max(...learner.contexts().map(({size}) => size))).toBeGreaterThan(100);
});

test('late events are learnt and do no harm', () => {
  const learner = new Learner(SMALL_PLAN);
  const out = learner.judgement();
  const usual = Int32Array.of(0, 0, 1, 1);
  for (let day = 10; day < 40; day++) learner.learn(usual, day * DAY);
  learner.learn(Int32Array.of(0, 0, 2, 1), 3 * DAY);
  learner.learn(usual, 5 * DAY);
  learner.score(usual, 40 * DAY, out);
  expect(out.bits[0]!).toBeLessThan(0.1);
  const counts = learner.counts(0, 0, usual, 40 * DAY);
  expect(counts.firstSeen).toBe(5 * DAY);
  expect(counts.lastSeen).toBe(39 * DAY);
  expect(counts.times).toBe(31);
});

test('goes on over decades, when counts are rescaled many times', () => {
  const learner = new Learner(SMALL_PLAN);
  const out = learner.judgement();
  for (let day = 0; day < 20_000; day += 5) {
    learner.observe(Int32Array.of(0, 0, day % 3, 0), day * DAY, out);
    for (const bits of out.bits) expect(Number.isFinite(bits) && bits >= 0).toBe(true);
  }
  const {total, distinct} = learner.counts(0, 0, Int32Array.of(0, 0, 0, 0), 20_000 * DAY);
  expect(distinct).toBe(3);
  // One a visit, every five days, halving in 90: 1 / (1 − 2^(−5/90)) at the last visit.
  expect(total).toBeGreaterThan(20);
  expect(total).toBeLessThan(30);
});

test('keeps one record of a value, and sound bits, over a gap of 300 years and back', () => {
  for (const halfLifeDays of [1, 90]) {
    const learner = new Learner({
      ...SMALL_PLAN,
      parameters: {...SMALL_PLAN.parameters, halfLifeDays},
    });
    const out = learner.judgement();
    const ids = Int32Array.of(0, 0, 1, 2);
    const start = Date.UTC(1990, 0);
    const gap = 300 * 365 * DAY;
    const sound = () => {
      for (const bits of out.bits) expect(bits >= 0 && bits < 40).toBe(true);
      for (let facet = 0; facet < 3; facet++) {
        for (const {share} of learner.usual(facet, 0, ids, 5)) expect(share).toBeGreaterThan(0);
      }
    };
    let times = 0;
    for (const time of [start, start + DAY, start + gap, start + gap + DAY, start, start + gap]) {
      learner.observe(ids, time, out);
      learner.learn(ids, time);
      times += 2;
      sound();
      const counts = learner.counts(0, 0, ids, time);
      expect(counts.distinct).toBe(1);
      expect(counts.times).toBe(times);
      expect(Number.isFinite(counts.total)).toBe(true);
    }
    learner.score(ids, start + gap, out);
    expect(out.bits[0]!).toBeLessThan(1);
    learner.observe(Int32Array.of(0, 0, 5, 2), start, out);
    sound();
    learner.scoreWithout(ids, start, out);
    sound();
    expect(learner.counts(0, 0, ids, start + gap).distinct).toBe(2);
    expect(learner.usual(0, 0, ids, 1)[0]!.value).toBe(1);
  }
});

test('looking back at an only event judges it as if it had never been', () => {
  const learner = new Learner(SMALL_PLAN);
  const out = learner.judgement();
  for (let day = 0; day < 30; day++) learner.learn(Int32Array.of(1, 0, day % 4, 2), day * DAY);
  const odd = Int32Array.of(1, 0, 9, 2);
  learner.score(odd, 30 * DAY, out);
  const before = out.bits[0]!;
  learner.learn(odd, 30 * DAY);
  learner.score(odd, 30 * DAY, out);
  expect(out.bits[0]!).toBeLessThan(before - 1);
  learner.scoreWithout(odd, 30 * DAY, out);
  expect(out.bits[0]!).toBeCloseTo(before, 3);
  expect(out.level[0]).toBe(3);
});

test('ranks planted oddities above the rest', () => {
  const learner = new Learner(SMALL_PLAN);
  const out = learner.judgement();
  const random = new Random('planted');
  const odd: number[] = [];
  const ordinary: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const entity = random.below(20);
    const planted = i > 5_000 && random.chance(0.005);
    const operation = planted ? 100 + random.below(50) : entity * 3 + random.below(3);
    learner.observe(Int32Array.of(entity, entity % 4, operation, entity), i * 300_000, out);
    if (i > 5_000) (planted ? odd : ordinary).push(out.bits.reduce((sum, bits) => sum + bits, 0));
  }
  const wins = odd.map((bits) => ordinary.filter((other) => other < bits).length / ordinary.length);
  expect(wins.reduce((sum, win) => sum + win, 0) / wins.length).toBeGreaterThan(0.95);
});

test('marks exactly the ids that contexts and values use', () => {
  const learner = new Learner(SMALL_PLAN);
  learner.learn(Int32Array.of(1, 2, 3, 4), 0);
  learner.learn(Int32Array.of(5, 2, 3, 0), 0);
  const used = [8, 8, 8, 8].map((size) => new Uint8Array(size));
  learner.mark(used);
  const marked = used.map((marks) => [...marks.keys()].filter((id) => marks[id] === 1));
  expect(marked).toEqual([[1, 5], [2], [3], [0, 4]]);
});

function saved(learner: Learner): Uint8Array {
  const writer = new SectionWriter();
  learner.save(writer);
  return writer.bytes();
}

test('forgets the value of least mass, wherever it lies in its table', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), {minLength: 40, maxLength: 120}), (values) => {
      const own = 8;
      const plan = {...SMALL_PLAN, parameters: {...SMALL_PLAN.parameters, ownValues: own}};
      const learner = new Learner(plan);
      // A half-life apart, an occurrence outweighs all before it: the least is the longest unseen.
      const plain = new Set<number>();
      for (const [i, value] of values.entries()) {
        const ids = Int32Array.of(0, 0, value, 0);
        learner.learn(ids, i * plan.parameters.halfLifeDays * DAY);
        if (!plain.delete(value) && plain.size === own) {
          plain.delete(plain.values().next().value as number);
        }
        plain.add(value);
        expect(learner.values(0, 0, ids).toSorted((a, b) => a - b)).toEqual(
          [...plain].toSorted((a, b) => a - b),
        );
      }
    }),
    {numRuns: 30},
  );
});
