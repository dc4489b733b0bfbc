import {expect, test} from 'vitest';
import {AppError} from '../base/errors.ts';
import {simulate} from '../simulate/simulate.ts';
import {type CloudTrailRecord, createDetector, loadContexts, restoreDetector} from './library.ts';

const contexts = [
  {
    name: 'logins',
    entity: 'user',
    facets: [
      {name: 'city', of: 'city', given: [['user'], ['team'], []], weight: 1, evidence: true},
      {name: 'device', of: 'device', given: [['user'], []], weight: 1, evidence: true},
    ],
  },
];
const login = (user: string, city: string, minute: number) => ({
  time: Date.UTC(2026, 0, 5) + minute * 60_000,
  fields: {user, city, team: 'sales', device: 'laptop'},
});

function records(): CloudTrailRecord[] {
  const files = [...simulate({seed: 3, days: 1, eventsPerDay: 200, scenarios: []})];
  return files.flatMap((file) => file.records as unknown as CloudTrailRecord[]).slice(0, 400);
}

test('scores what it has never seen higher than what it knows, and says why', () => {
  const detector = createDetector({contexts});
  for (let i = 0; i < 300; i++) detector.observe(login(i % 2 ? 'ann' : 'bob', 'Oslo', i));
  const usual = detector.score(login('ann', 'Oslo', 301));
  const odd = detector.score(login('ann', 'Lima', 301));
  expect(odd.surprise).toBeGreaterThan(usual.surprise + 3);
  expect(odd.score).toBeGreaterThan(usual.score);
  expect(odd.mostNovel?.facet).toBe('city');
  expect(odd.mostNovel?.value).toBe('Lima');
  expect(odd.reason).toContain('Lima');
  expect(odd.context).toBe('logins');
});

test('score changes nothing, not even by texts it has never met', () => {
  const detector = createDetector();
  const all = records();
  detector.observeAll(all.slice(0, 200));
  const before = detector.snapshot();
  const scores = detector.scoreAll(all.slice(200));
  expect(scores.some(({facets}) => facets.some(({knownTo}) => knownTo === 'never'))).toBe(true);
  expect(Buffer.from(detector.snapshot()).equals(Buffer.from(before))).toBe(true);
  // Nor what comes next: one that never looked goes on the same way.
  const other = restoreDetector(before);
  expect(detector.observeAll(all.slice(200))).toEqual(other.observeAll(all.slice(200)));
});

test('score is what observe would say', () => {
  const detector = createDetector();
  for (const record of records()) {
    const looked = detector.score(record);
    expect(detector.observe(record)).toEqual(looked);
  }
});

test('several unknown texts in one observation keep apart', () => {
  const detector = createDetector({contexts});
  detector.observe(login('ann', 'Oslo', 0));
  const {facets, reason} = detector.score({
    time: '2026-01-06T00:00:00Z',
    fields: {user: 'eve', city: 'Lima', team: 'red', device: 'tablet'},
  });
  expect(facets.map(({value}) => value)).toEqual(['Lima', 'tablet']);
  expect(reason).toContain('eve');
});

test('carries on from a snapshot, whoever holds its bytes', () => {
  const detector = createDetector();
  const all = records();
  detector.observeAll(all.slice(0, 200));
  const bytes = detector.snapshot();
  const rest = all.slice(200);
  const wanted = detector.observeAll(rest);
  // A `Buffer` out of the pool, as from a file, begins anywhere in the memory it shares.
  const pooled = Buffer.concat([Buffer.from('abc'), bytes]).subarray(3);
  expect(restoreDetector(bytes).observeAll(rest)).toEqual(wanted);
  expect(restoreDetector(pooled).observeAll(rest)).toEqual(wanted);
});

test('refuses what it cannot work with', async () => {
  expect(() => createDetector({contexts: []})).toThrow('needs a context');
  expect(() => createDetector({contexts: [{...contexts[0]!, facets: []}]})).toThrow('has no facet');
  const detector = createDetector({contexts});
  expect(() => detector.observe({time: 'soon', fields: {}})).toThrow('needs a time, got "soon"');
  expect(() => detector.score({})).toThrow(AppError);
  expect(() => restoreDetector(new Uint8Array(3))).toThrow('it is not a snapshot');
  await expect(loadContexts('/no/such/file.yml')).rejects.toThrow('Cannot read contexts');
  expect((await loadContexts())[0]?.name).toBe('cloudtrail');
});
