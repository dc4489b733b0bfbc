import {expect, test} from 'vitest';
import type {AppError} from '../../base/errors.ts';
import {openEngine} from './engine-client.ts';
import type {EngineClient} from './engine-protocol.ts';
import type {Entry} from './entries.ts';

function opened(onFailure: (error: AppError) => void = () => {}): Promise<EngineClient> {
  return openEngine({
    resources: {},
    snapshot: undefined,
    after: 0,
    threaded: true,
    onFailure,
  });
}

test('tells the declared detections when they are asked for, and not with all it says', async () => {
  const engine = await opened();
  const text = "detections: [{id: a, title: a, when: {condition: 'score > 0.5'}}]";
  const declared = {files: [{file: 'own.yml', text}], overrides: []};
  await engine.process(1, {kind: 'detections', declared, at: 0}, []);
  expect(await engine.declared()).toEqual(declared);
  expect(JSON.stringify(await engine.info())).not.toContain('own.yml');
  await engine.close();
});

test('blames the entry that is being decoded, though the engine is not there yet', async () => {
  const engine = await opened();
  const sound: Entry = {kind: 'mode', learning: true, at: 0};
  await engine.process(1, sound, []);
  const ends = await Promise.allSettled(
    [null as unknown as Entry, sound].map((entry, i) => engine.process(2 + i, entry, [])),
  );
  expect(ends).toMatchObject([{reason: {code: 'worker_failed'}}, {reason: {code: 'interrupted'}}]);
  await engine.close();
});

test('blames the entry that the engine failed at, and none that waited behind it', async () => {
  const failures: AppError[] = [];
  const engine = await opened((error) => failures.push(error));
  const sound: Entry = {kind: 'mode', learning: true, at: 0};
  const poisonous = {kind: 'create-context', stream: 'x', setup: null, at: 0} as unknown as Entry;
  const entries = [sound, poisonous, sound, sound];
  const told: string[] = [];
  await Promise.allSettled(
    entries.map((entry, i) =>
      engine.process(i + 1, entry, []).then(
        () => told.push(`${i + 1} done`),
        (error: AppError) => told.push(`${i + 1} ${error.code}`),
      ),
    ),
  );
  expect(told).toEqual(['1 done', '2 worker_failed', '3 interrupted', '4 interrupted']);
  expect(failures.map(({code}) => code)).toEqual(['worker_failed']);
  await engine.close();
});
