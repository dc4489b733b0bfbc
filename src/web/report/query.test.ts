import {expect, test} from 'vitest';
import {fakeReport} from '../../../test/report-fixture.ts';
import {packPoints} from '../../app/report.ts';
import type {PageData} from './data.ts';
import {peaksOf, unpackPoints} from './points.ts';
import {matchPoints, type Query, searchText, wordsOf} from './query.ts';
import {heightOf} from './scale.ts';

const report = fakeReport(400);
const data: PageData = {...report, points: packPoints(report)};
const points = unpackPoints(data);
const texts = data.top.map((event) => searchText(data, event));
const all: Query = {words: [], principal: -1, range: {from: 0, to: Number.MAX_VALUE}};

function matchCount(query: Query): number {
  return matchPoints(data, points, texts, query)?.reduce((sum, one) => sum + one, 0) ?? -1;
}

test('unpacks what was packed, in order of time', () => {
  const order = [...points.seconds];
  expect(order).toEqual(
    Array.from(report.points.time, (time) => time / 1000).sort((a, b) => a - b),
  );
  const explained = points.explanation.indexOf(0);
  expect(points.score[explained]).toBeCloseTo(report.top[0]!.score, 6);
  expect(points.seconds[explained]).toBe(report.top[0]!.time / 1000);
});

test('matches everything when nothing is asked', () => {
  expect(matchPoints(data, points, texts, all)).toBeUndefined();
});

test('matches the points of one principal', () => {
  expect(matchCount({...all, principal: 0})).toBe(report.principals[0]!.events);
});

test('matches every word, in any field', () => {
  expect(matchCount({...all, words: wordsOf(' RAUL  ModifySnapshot ')})).toBe(1);
  expect(matchCount({...all, words: ['external:999988887777']})).toBe(1);
  expect(matchCount({...all, words: ['no such thing']})).toBe(0);
});

test('finds the highest score of each principal', () => {
  const peaks = peaksOf(points, data.principals.length, 4);
  for (const [i, {maxScore}] of data.principals.entries()) {
    expect(Math.max(...peaks.slice(i * 4, i * 4 + 4))).toBeCloseTo(heightOf(maxScore), 2);
  }
});
