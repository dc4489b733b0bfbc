import {expect, test} from 'vitest';
import {Detector} from './detector.ts';
import {normalOf, principalsLike} from './inspect-model.ts';

const columns = ['user', 'host', 'port', 'city'];
const declarations = [
  {
    name: 'logins',
    entity: 'user',
    facets: [
      {name: 'city', of: 'city', given: [['user'], []], weight: 1, evidence: true},
      {name: 'deep', of: 'city', given: [['user', 'host', 'port'], []], weight: 1, evidence: true},
      {name: 'who', of: 'user', given: [['city'], []], weight: 1, evidence: true},
    ],
  },
];

function detectorOf(rows: readonly (readonly string[])[]): Detector {
  const detector = new Detector(columns, declarations);
  rows.forEach((row, i) => {
    const ids = Int32Array.from(row, (text, c) => detector.id(c, text));
    detector.observe(ids, Date.UTC(2026, 0, 5) + i * 60_000);
  });
  return detector;
}

test('finds principals by name, by its end, and by any part of it', () => {
  const detector = detectorOf(
    ['1:user/ann', '2:user/ann', '1:user/joanna', 'bob'].map((user) => [user, 'h', 'p', 'c']),
  );
  expect(principalsLike(detector, 'bob')).toEqual(['bob']);
  expect(principalsLike(detector, 'ann')).toEqual(['1:user/ann', '2:user/ann']);
  expect(principalsLike(detector, 'JOAN')).toEqual(['1:user/joanna']);
  expect(principalsLike(detector, 'eve')).toEqual([]);
});

test('tells the commonest values of each history of its own', () => {
  const detector = detectorOf([
    ['ann', 'a', '1', 'Oslo'],
    ['ann', 'a', '1', 'Oslo'],
    ['ann', 'b', '2', 'Rome'],
    ['bob', 'b', '2', 'Lima'],
  ]);
  const facets = normalOf(detector, 'ann', 5);
  expect(facets.map(({facet, given, times, distinct}) => [facet, given, times, distinct])).toEqual([
    ['city', '', 3, 2],
    ['deep', 'a 1', 2, 1],
    ['deep', 'b 2', 1, 1],
  ]);
  expect(facets[0]?.values.map(({value, times}) => [value, times])).toEqual([
    ['Oslo', 2],
    ['Rome', 1],
  ]);
  expect(normalOf(detector, 'eve', 5)).toEqual([]);
});

test('does not try every combination of large vocabularies', () => {
  const rows = Array.from({length: 3000}, (_, i) => ['ann', `h${i}`, `p${i}`, 'Oslo']);
  const started = performance.now();
  expect(normalOf(detectorOf(rows), 'ann', 1).length).toBeGreaterThan(0);
  expect(performance.now() - started).toBeLessThan(20_000);
});
