import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Attributed, Attributes, FADE} from './attributes.ts';
import {TopValues} from './top-values.ts';

const one = fc.record({
  principal: fc.constantFrom('alice', 'bob'),
  userAgent: fc.constantFrom(...'abcdefghijklmn'),
  error: fc.constantFrom('-', 'AccessDenied'),
});
const few = fc.constant({principal: 'alice', userAgent: 'a', error: '-'});
const calls = fc.array(fc.oneof({weight: 3, arbitrary: few}, one), {maxLength: 30});
/** Calls of so many days, which are merged day by day. */
const days = fc.array(fc.oneof(calls, fc.array(few, {maxLength: 5})), {maxLength: 8});

function attributesOf(all: readonly Attributed[]): Attributes {
  const attributes = new Attributes();
  for (const call of all) attributes.add(call);
  return attributes;
}

function stateOf(attributes: Attributes): unknown {
  return attributes.state((text) => text as unknown as number);
}

test('agrees with counting each attribute by itself', () => {
  fc.assert(
    fc.property(days, (all) => {
      const attributes = new Attributes();
      const byHand = [new TopValues(10), new TopValues(10), new TopValues(10)] as const;
      for (const day of all) {
        const today = [new TopValues(10), new TopValues(10), new TopValues(10)] as const;
        for (const {principal, userAgent, error} of day) {
          today[0].add(principal);
          today[1].add(userAgent);
          today[2].add(error);
        }
        attributes.fade();
        attributes.merge(attributesOf(day));
        byHand.forEach((values, i) => {
          values.fade(FADE);
          values.merge(today[i as 0 | 1 | 2]);
        });
      }
      expect(stateOf(attributes)).toEqual(
        byHand.map((values) => values.state((text) => text as unknown as number)),
      );
    }),
  );
});

test('what is alike fades away', () => {
  const attributes = attributesOf([{principal: 'alice', userAgent: 'a', error: '-'}]);
  for (let day = 0; day < 29; day++) attributes.fade();
  expect(stateOf(attributes)).toEqual([
    ['alice', expect.closeTo(FADE ** 29)],
    ['a', expect.closeTo(FADE ** 29)],
    ['-', expect.closeTo(FADE ** 29)],
  ]);
  attributes.fade();
  expect(stateOf(attributes)).toEqual([[], [], []]);
});

test('goes on from its state', () => {
  fc.assert(
    fc.property(calls, calls, (before, after) => {
      const attributes = attributesOf(before);
      const other = attributesOf(after);
      const texts: string[] = [];
      other.restore(
        attributes.state((text) => texts.push(text) - 1),
        texts,
      );
      for (const each of [attributes, other]) each.merge(attributesOf(after));
      expect(stateOf(other)).toEqual(stateOf(attributes));
    }),
  );
});
