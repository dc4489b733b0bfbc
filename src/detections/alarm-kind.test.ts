import {expect, test} from 'vitest';
import {alarmKind} from './alarm-kind.ts';
import {Kept, testEvent} from './test-event.ts';

function build(alarm: Record<string, unknown>) {
  const spec = alarmKind.schema.parse({threshold: 1, ...alarm});
  return alarmKind.build({alarm: spec}, {id: 'a', groupBy: undefined, parameters: {}});
}

test('takes value and dimension from the fields that a pattern of fields names', () => {
  const built = build({
    pattern: '[..., word, bytes, end]',
    metric: {name: 'Bytes', value: '$bytes', dimensions: {Word: '$word'}},
    statistic: 'Maximum',
    threshold: 100,
  });
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  const kept = new Kept();
  const alarm = built.evaluator();
  for (const bytes of [99, 1534]) {
    alarm.take(testEvent(60_000, `${bytes}`, {}, {log: `GET index ${bytes} .`}), kept);
  }
  expect(kept.hits).toMatchObject([{group: ['index'], facts: {value: '1534'}}]);
});

test('tells of fields that the pattern does not have, at their place', () => {
  const pattern = '[word, bytes]';
  const metric = {name: 'Bytes', value: '$size', dimensions: {Word: '$.word'}};
  const built = build({pattern, metric});
  expect(built).toMatchObject({
    ok: false,
    faults: [
      {path: ['alarm', 'metric', 'value']},
      {path: ['alarm', 'metric', 'dimensions', 'Word']},
    ],
  });
  expect(build({pattern: '{ $.a = * }', metric: {name: 'A', value: '$bytes'}}).ok).toBe(false);
});
