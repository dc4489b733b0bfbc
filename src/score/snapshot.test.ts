import fc from 'fast-check';
import {expect, test} from 'vitest';
import {SMALL_PLAN, streams} from '../../test/contract/streams.ts';
import {SectionReader} from '../base/binary.ts';
import {AppError} from '../base/errors.ts';
import {Vocabulary} from '../model/vocabulary.ts';
import {AlertBudget} from './budget.ts';
import {ContextScorer} from './scorer.ts';
import {readSnapshot, readSnapshotExtra, writeSnapshot} from './snapshot.ts';

function parts(plan = SMALL_PLAN) {
  const vocabularies = Array.from({length: SMALL_PLAN.columnCount}, () => new Vocabulary());
  vocabularies[0]!.id('raul');
  const scorer = new ContextScorer(plan);
  const budget = new AlertBudget();
  const contexts = [{name: 'small', scorer, budget}];
  return {scorer, budget, contexts, vocabularies, extra: '{"at":3}'};
}

function refusal(bytes: Uint8Array): string {
  try {
    readSnapshot(bytes, 'm.bin', parts().contexts);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'was read';
}

test('a restored scorer goes on bit for bit like an uninterrupted one', () => {
  fc.assert(
    fc.property(streams(), streams(), (past, next) => {
      const one = parts();
      const out = one.scorer.scored();
      for (const {ids, time} of past) {
        one.scorer.observe(ids, time, out);
        one.budget.learn(out.raised, time, ids[0]!);
      }
      const two = parts();
      const {vocabularies, extra} = readSnapshot(writeSnapshot(one), 'm.bin', two.contexts);
      expect(extra).toBe('{"at":3}');
      expect(vocabularies[0]!.text(0)).toBe('raul');
      const again = two.scorer.scored();
      for (const {ids, time} of next) {
        one.scorer.observe(ids, time, out);
        two.scorer.observe(ids, time, again);
        expect(again).toEqual(out);
        one.budget.learn(out.raised, time, ids[0]!);
        two.budget.learn(again.raised, time, ids[0]!);
        expect(two.budget.threshold).toBe(one.budget.threshold);
      }
      expect(writeSnapshot({...two, vocabularies})).toEqual(writeSnapshot(one));
    }),
    {numRuns: 30},
  );
});

test('writes large vocabularies in parts, and reads them back as they were', () => {
  const one = parts();
  const large = one.vocabularies[1]!;
  for (let i = 0; i < 250_001; i++) large.id(`text ${i}`);
  large.sweep(new Uint8Array(250_001).fill(1, 0, 240_000));
  large.id('again');
  const bytes = writeSnapshot(one);
  const sections = new SectionReader(bytes.subarray(24));
  for (const from of [0, 100_000, 200_000]) {
    const part = JSON.parse(sections.text(`vocabulary 1 from ${from}`)) as unknown[];
    expect(part.length).toBeLessThanOrEqual(100_000);
  }
  const {vocabularies} = readSnapshot(bytes, 'm.bin', parts().contexts);
  expect(vocabularies.map((v) => v.state())).toEqual(one.vocabularies.map((v) => v.state()));
  expect(vocabularies[1]!.id('another')).toBe(240_001);
});

test('refuses what is no snapshot, cut short, damaged or newer, and says so', () => {
  const bytes = writeSnapshot(parts());
  expect(readSnapshotExtra(bytes, 'm.bin')).toBe('{"at":3}');
  const start = 'snapshot_unreadable: Cannot read snapshot "m.bin": ';
  expect(refusal(new Uint8Array(0))).toBe(`${start}it is not a snapshot of this program`);
  expect(refusal(new Uint8Array(100))).toBe(`${start}it is not a snapshot of this program`);
  expect(refusal(bytes.subarray(0, 12))).toBe(`${start}it ends after 12 bytes, within its head`);
  expect(refusal(bytes.subarray(0, 99))).toBe(
    `${start}it has 99 bytes, ${bytes.length} were written`,
  );
  const newer = bytes.slice();
  newer[8] = 3;
  expect(refusal(newer)).toBe(`${start}version is 3, this build reads 1 to 1`);
  const damaged = bytes.slice();
  damaged[500]! ^= 4;
  expect(refusal(damaged)).toBe(`${start}its checksum differs: it is damaged`);
});

test('refuses a snapshot of another plan', () => {
  const other = {...SMALL_PLAN, parameters: {...SMALL_PLAN.parameters, strength: 1}};
  const bytes = writeSnapshot(parts(other));
  expect(refusal(bytes)).toContain('it was made with other facets or parameters');
});

test('reads no damaged bytes as anything but an error it knows', () => {
  const bytes = writeSnapshot(parts());
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({min: 1, max: 255}), (at, flip) => {
      const damaged = bytes.slice();
      damaged[at]! ^= flip;
      expect(refusal(damaged)).toContain('snapshot_unreadable');
    }),
  );
});
