import fc from 'fast-check';
import {expect, test} from 'vitest';
import {addressOf, type Query, queryOf, rangeOf} from './query.ts';

const text = fc.string();
const query: fc.Arbitrary<Query> = fc.record({
  last: fc.constantFrom('', '1h', '24h', '7d', '30d'),
  from: fc.option(fc.integer({min: 1e11, max: 4e12}), {nil: undefined}),
  to: fc.option(fc.integer({min: 1e11, max: 4e12}), {nil: undefined}),
  minScore: fc.option(fc.constantFrom(0.5, 0.95, 0.999), {nil: undefined}),
  context: text,
  principal: text,
  account: text,
  service: text,
  operation: text,
  text,
  colour: fc.constantFrom('principal', 'service', 'account'),
  scale: fc.constantFrom('log', 'linear'),
  order: fc.constantFrom('time', 'score'),
  selected: fc.option(fc.integer({min: 1, max: 1e9}), {nil: undefined}),
});

test('an address holds all of a query', () => {
  fc.assert(
    fc.property(query, (asked) => {
      const address = addressOf(asked);
      const at = address.indexOf('?');
      expect(queryOf(at < 0 ? '' : address.slice(at))).toEqual(asked);
    }),
  );
});

test('what is as usual is left out, and what is no query is as usual', () => {
  expect(addressOf(queryOf(''))).toBe('/');
  const odd = '?last=never&from=x&minScore=7&colour=red&scale=3&order=&sel=-4';
  expect(queryOf(odd)).toEqual(queryOf(''));
});

test('a stretch of its own goes before the latest hours', () => {
  const latest = 1e12;
  expect(rangeOf(queryOf('?last=1h'), latest)).toEqual({from: 1e12 - 3_600_000, to: undefined});
  expect(rangeOf(queryOf('?last=1h&from=1000000000000'), latest).from).toBe(1e12);
  expect(rangeOf(queryOf('?last=1h'), undefined)).toEqual({from: undefined, to: undefined});
});
