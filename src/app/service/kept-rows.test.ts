import {expect, test} from 'vitest';
import {trailBatches} from '../../../test/service/trail.ts';
import {readShippedContexts} from '../context-file.ts';
import {Engine} from './engine.ts';
import type {EngineSettings} from './entries.ts';

/** Scores and ids of all rows that a trail leads to. */
function rowsOf(keep: EngineSettings['keep']): {id: number; score: number}[] {
  const engine = new Engine({scanner: 'reference'});
  const contexts = readShippedContexts();
  let entry = 1;
  const setup = {contexts, asnFingerprint: ''};
  engine.process(entry++, {kind: 'create-context', stream: 'cloudtrail', setup, at: 0}, []);
  const settings = {destinations: [], publicUrl: '', keep};
  engine.process(entry++, {kind: 'settings', settings, at: 0}, []);
  const rows: {id: number; score: number}[] = [];
  for (const payloads of trailBatches({seed: 3, days: 1, eventsPerDay: 300}, 40)) {
    const {commit} = engine.process(
      entry++,
      {
        kind: 'batch',
        source: 'files',
        stream: 'cloudtrail',
        position: null,
        arrived: 0,
        names: payloads.map(({name}) => name),
        poison: [],
      },
      payloads.map(({bytes}) => bytes),
    );
    for (const {firstId, count, scores} of commit.observations) {
      for (let i = 0; i < count; i++) rows.push({id: firstId + i, score: scores[i] as number});
    }
  }
  return rows;
}

test('rows below a score are left out, and nothing else changes', () => {
  const all = rowsOf({recordsFrom: 0.9, reasonsFrom: 0.8});
  const some = rowsOf({recordsFrom: 0.9, reasonsFrom: 0.8, observationsFrom: 0.5});
  const high = all.map(({score}) => score).filter((score) => score >= 0.5);
  expect(high.length).toBeGreaterThan(10);
  expect(high.length).toBeLessThan(all.length);
  expect(some.map(({score}) => score)).toEqual(high);
  expect(some.map(({id}) => id)).toEqual(some.map((_, i) => i + 1));
  // What more than the row is kept of is kept.
  const reasons = rowsOf({recordsFrom: 0.9, reasonsFrom: 0.3, observationsFrom: 0.5});
  expect(reasons.map(({score}) => score)).toEqual(
    all.map(({score}) => score).filter((score) => score >= 0.3),
  );
});
