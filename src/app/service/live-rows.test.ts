import {expect, test} from 'vitest';
import {DIMENSIONS, type ObservationBatch} from '../../pipeline/observation.ts';
import {liveRows} from './live-rows.ts';

test('a live row says what its batch says, field by field and as JSON', () => {
  const batch: ObservationBatch = {
    context: 'cloudtrail',
    facets: ['operation', 'network'],
    count: 2,
    firstId: 41,
    times: Float64Array.of(1_000, 2_000),
    arrived: 3_000,
    eventIds: Int32Array.of(0x01234567, -1, 0x10, 0x7fffffff, 0, 0, 0, 0),
    eventIdTexts: [[1, 'odd id']],
    dimensions: DIMENSIONS.map((name) => ({
      texts: [`${name} a`, `${name} b`],
      index: Int32Array.of(0, 1),
    })),
    scores: Float64Array.of(0.5, 0.99),
    raised: Float32Array.of(1.5, 7.25),
    bits: Float32Array.of(0.5, 0.25, 3, 4),
    mostNovel: Int8Array.of(-1, 1),
    mostNovelValue: {texts: ['', '203.0.113.0/24'], index: Int32Array.of(0, 1)},
    source: 'files',
    object: {texts: ['x.json.gz'], index: Int32Array.of(0, 0)},
    indexes: Int32Array.of(7, 8),
    places: Float64Array.of(100, 10, 110, 20),
  };
  const details = [{id: 42, reason: 'it is new', explanation: '{}', record: null}];
  const commit = {entry: 1, observations: [batch], details, deadLetters: [], deliveries: []};
  const rows = [...liveRows(commit, 1)].flat();
  const dimensions = (which: string) =>
    Object.fromEntries(DIMENSIONS.map((name) => [name, `${name} ${which}`]));
  expect(JSON.parse(JSON.stringify(rows))).toEqual([
    {
      id: 41,
      context: 'cloudtrail',
      eventId: '01234567-ffff-ffff-0000-00107fffffff',
      eventTime: 1_000,
      arrived: 3_000,
      dimensions: dimensions('a'),
      score: 0.5,
      raised: 1.5,
      mostNovel: null,
      source: 'files',
      object: 'x.json.gz',
      index: 7,
      offset: 100,
      length: 10,
      reason: null,
    },
    {
      id: 42,
      context: 'cloudtrail',
      eventId: 'odd id',
      eventTime: 2_000,
      arrived: 3_000,
      dimensions: dimensions('b'),
      score: 0.99,
      raised: 7.25,
      mostNovel: {facet: 'network', value: '203.0.113.0/24', bits: 4},
      source: 'files',
      object: 'x.json.gz',
      index: 8,
      offset: 110,
      length: 20,
      reason: 'it is new',
    },
  ]);
  expect(rows.map(({id, score, eventId}) => [id, score, eventId])).toEqual([
    [41, 0.5, '01234567-ffff-ffff-0000-00107fffffff'],
    [42, 0.99, 'odd id'],
  ]);
});
