import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Random} from '../base/random.ts';
import {SeenEvents} from './seen-events.ts';

const words = fc.tuple(...Array.from({length: 4}, () => fc.integer({min: -3, max: 3})));

test('agrees with a set while nothing is forgotten', () => {
  fc.assert(
    fc.property(fc.array(words, {maxLength: 60}), (ids) => {
      const seen = new SeenEvents(1000);
      const oracle = new Set<string>();
      for (const id of ids) {
        // Ids whose words are all zero stand for the absence of one.
        if (id.every((word) => word === 0)) continue;
        // Folding may merge tiny artificial ids, never real ones; compare those that stay apart.
        const known = seen.seen(Int32Array.from(id), 0);
        if (oracle.has(id.join())) expect(known).toBe(true);
        oracle.add(id.join());
      }
    }),
  );
});

test('an absent id is never a duplicate', () => {
  const seen = new SeenEvents(16);
  const none = new Int32Array(4);
  expect(seen.seen(none, 0)).toBe(false);
  expect(seen.seen(none, 0)).toBe(false);
});

test('remembers at least its capacity, forgets beyond twice that, and never mistakes a new id', () => {
  const random = new Random(1);
  const id = () => Int32Array.from({length: 4}, () => random.uint32() | 0);
  const seen = new SeenEvents(1000);
  const ids = Array.from({length: 5000}, id);
  for (const each of ids) expect(seen.seen(each, 0)).toBe(false);
  for (const each of ids.slice(-1000)) expect(seen.seen(each, 0)).toBe(true);
  expect(seen.seen(ids[0]!, 0)).toBe(false);
});

test('goes on from its own state, and looking changes nothing', () => {
  const random = new Random(2);
  const ids = Array.from({length: 300}, () =>
    Int32Array.from({length: 4}, () => random.uint32() | 0),
  );
  const seen = new SeenEvents(1000);
  for (const each of ids.slice(0, 200)) seen.seen(each, 0);
  const restored = SeenEvents.restore(seen.state(), seen.young, 1000);
  for (const [i, each] of ids.entries()) {
    expect(restored.has(each, 0)).toBe(i < 200);
    expect(restored.has(each, 0)).toBe(i < 200);
  }
  expect(restored.state()).toEqual(seen.state());
});
