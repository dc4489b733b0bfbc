import fc from 'fast-check';
import {expect, test} from 'vitest';
import {TopValues} from './top-values.ts';

const PLACES = 4;
const value = fc.constantFrom(...'abcdefgh');
const step = fc.oneof(
  {weight: 8, arbitrary: fc.tuple(value, fc.integer({min: 1, max: 5}))},
  fc.constantFrom(0.5, 0.004),
);
const steps = fc.array(step, {maxLength: 60});

type Step = readonly [value: string, count: number] | number;

function counted(all: readonly Step[]): TopValues {
  const values = new TopValues(PLACES);
  for (const one of all) {
    if (typeof one === 'number') values.fade(one);
    else values.add(...one);
  }
  return values;
}

/** The definition, with everything sorted each time. */
function byHand(all: readonly Step[]): [string, number][] {
  let kept: [string, number][] = [];
  for (const one of all) {
    if (typeof one === 'number') {
      kept = kept
        .map(([value, count]): [string, number] => [value, count * one])
        .filter(([, count]) => count >= 0.01);
      continue;
    }
    const [value, count] = one;
    const own = kept.find(([other]) => other === value);
    if (own !== undefined) own[1] += count;
    else {
      kept.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      const inherited = kept.length < PLACES ? 0 : (kept.pop()?.[1] ?? 0);
      kept.push([value, inherited + count]);
    }
  }
  return kept.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

test('agrees with sorting everything each time', () => {
  fc.assert(
    fc.property(steps, (all) => {
      expect(counted(all).entries()).toEqual(byHand(all));
    }),
  );
});

test('goes on from its state', () => {
  fc.assert(
    fc.property(steps, steps, (before, after) => {
      const one = counted(before);
      const other = new TopValues(PLACES);
      const texts: string[] = [];
      const state = one.state((text) => texts.push(text) - 1);
      other.restore(state, texts);
      for (const values of [one, other]) {
        values.merge(counted(after));
      }
      expect(other.entries()).toEqual(one.entries());
    }),
  );
});
