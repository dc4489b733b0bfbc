import {expect, test} from 'vitest';
import {Random} from '../../base/random.ts';
import {readShippedContexts} from '../context-file.ts';
import {Engine, type EngineResult, CLOUDTRAIL_STREAM as stream} from './engine.ts';
import type {DeclaredDetections, EngineSettings, Entry} from './entries.ts';

const START = Date.UTC(2026, 0, 31);
const MINUTE = 60_000;
const DECLARED: DeclaredDetections = {
  overrides: [],
  files: [
    {
      file: 'own.yml',
      text: `
detections:
  - id: root-used
    title: 'Root: {{operation}}'
    description: Root was used.
    severity: critical
    when:
      pattern: '{ $.userIdentity.type = "Root" }'
    dedup: 30m
    techniques: [T1078]
    runbook: [Ask who it was.]
  - id: refusals
    title: 'Refusals'
    description: Many refusals.
    severity: high
    when:
      alarm:
        pattern: '{ $.errorCode = "AccessDenied*" }'
        metric: {name: Refusals, namespace: Test, value: 1}
        statistic: Sum
        period: 5m
        evaluation_periods: 2
        threshold: 4
        comparison: '>='
        missing_data: notBreaching
    runbook: [Look.]
  - id: quiet-one
    title: '{{principal}} lists'
    description: Told to nobody.
    severity: critical
    mode: silent
    when:
      condition: 'event.operation == "s3:ListBuckets"'
      count: {at_least: 3, within: 10m}
    runbook: [Look.]
`,
    },
  ],
};
const SETTINGS: EngineSettings = {
  destinations: [{name: 'chat', minScore: 1, minSeverity: 'high'}],
  publicUrl: 'https://oddtrail.example',
  keep: {recordsFrom: 1, reasonsFrom: 1},
};

/** A trail with root, refusals in bursts and listings, in many small entries; some of it late. */
function entries(): {entry: Entry; payloads: Uint8Array[]}[] {
  const random = new Random(7);
  const made: {entry: Entry; payloads: Uint8Array[]}[] = [
    {
      entry: {
        kind: 'create-context',
        stream,
        setup: {contexts: readShippedContexts(), asnFingerprint: ''},
        at: START,
      },
      payloads: [],
    },
    {entry: {kind: 'settings', settings: SETTINGS, at: START}, payloads: []},
    {entry: {kind: 'detections', declared: DECLARED, at: START}, payloads: []},
  ];
  let number = 0;
  for (let i = 0; i < 60; i++) {
    const at = START + i * 2 * MINUTE;
    const burst = i % 17 < 5;
    const records = Array.from({length: 1 + random.below(4) + (burst ? 4 : 0)}, () => {
      number++;
      const root = random.chance(0.08);
      const late = random.chance(0.1) ? random.below(12) * MINUTE : 0;
      return {
        eventVersion: '1.08',
        eventID: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
        eventTime: new Date(at - late + random.below(100_000)).toISOString().replace(/\.\d+/, ''),
        eventSource: 's3.amazonaws.com',
        eventName: random.chance(0.5) ? 'ListBuckets' : 'GetBucketAcl',
        awsRegion: 'eu-west-1',
        sourceIPAddress: '203.0.113.9',
        userAgent: 'aws-cli/2',
        recipientAccountId: '111122223333',
        ...(burst && random.chance(0.8) && {errorCode: 'AccessDenied'}),
        userIdentity: root
          ? {type: 'Root', accountId: '111122223333', arn: 'arn:aws:iam::111122223333:root'}
          : {
              type: 'IAMUser',
              accountId: '111122223333',
              userName: random.pick(['raul', 'ana']),
              arn: 'arn:aws:iam::111122223333:user/x',
            },
      };
    });
    made.push({
      entry: {
        kind: 'batch',
        source: 's',
        stream,
        position: i,
        arrived: at + 3 * MINUTE,
        names: [`${i}.json`],
        poison: [],
      },
      payloads: [new TextEncoder().encode(JSON.stringify({Records: records}))],
    });
    if (i % 9 === 0) {
      made.push({entry: {kind: 'tick', eventTime: at - 15 * MINUTE, at}, payloads: []});
    }
  }
  made.push({
    entry: {kind: 'tick', eventTime: START + 4 * 60 * MINUTE, at: START + 5 * 60 * MINUTE},
    payloads: [],
  });
  return made;
}

function run(cutAt: (number: number) => boolean): EngineResult['commit'][] {
  let engine = new Engine({scanner: 'reference'});
  return entries().map(({entry, payloads}, i) => {
    const {commit} = engine.process(i + 1, entry, payloads);
    if (cutAt(i + 1)) {
      const snapshot = engine.snapshot();
      engine = Engine.restore(structuredClone(snapshot), {scanner: 'reference'});
    }
    return commit;
  });
}

test('what detections find is the same whenever the engine was saved and restored', () => {
  const whole = run(() => false);
  const matches = whole.flatMap(({detections}) => detections?.matches ?? []);
  const changes = whole.flatMap(({detections}) => detections?.alarmChanges ?? []);
  expect(new Set(matches.map(({detection}) => detection))).toEqual(
    new Set(['root-used', 'refusals', 'quiet-one']),
  );
  expect(changes.filter(({to}) => to === 'ALARM').length).toBeGreaterThan(1);
  expect(changes.at(-1)?.to).toBe('OK');
  const random = new Random(11);
  expect(run(() => true)).toEqual(whole);
  for (let i = 0; i < 5; i++) expect(run(() => random.chance(0.2))).toEqual(whole);
});

test('tells of live matches once and then as they double, and of silent ones nobody', () => {
  const commits = run(() => false);
  const told = commits.flatMap(({deliveries}) => deliveries.map(({delivery}) => delivery));
  const rows = commits.flatMap(({detections}) => detections?.matches ?? []);
  expect(told.length).toBeGreaterThan(2);
  expect(told.every(({alert}) => alert.detection?.id !== 'quiet-one')).toBe(true);
  expect(rows.some(({detection, mode}) => detection === 'quiet-one' && mode === 'silent')).toBe(
    true,
  );
  const byKey = new Map<string, number[]>();
  for (const {id, revision} of told) byKey.set(id, [...(byKey.get(id) ?? []), revision]);
  for (const revisions of byKey.values()) expect(revisions).toEqual(revisions.map((_, i) => i + 1));
  // A row for each match, whatever its revisions; ids ascend without a gap.
  const ids = [...new Set(rows.map(({id}) => id))];
  expect(ids).toEqual(ids.map((_, i) => i + 1));
  expect(new Set(rows.map(({key}) => key)).size).toBe(ids.length);
  const live = new Set(rows.filter(({mode}) => mode === 'live').map(({key}) => key));
  expect(byKey.size).toBe(live.size);
});

test('while learning, matches are kept and nobody is told', () => {
  const engine = new Engine({scanner: 'reference'});
  let number = 0;
  const all = entries();
  all.splice(1, 0, {entry: {kind: 'mode', learning: true, at: START}, payloads: []});
  const commits = all.map(({entry, payloads}) => engine.process(++number, entry, payloads).commit);
  const rows = commits.flatMap(({detections}) => detections?.matches ?? []);
  expect(rows.length).toBeGreaterThan(3);
  expect(new Set(rows.map(({mode}) => mode))).toEqual(new Set(['silent']));
  expect(commits.flatMap(({deliveries}) => deliveries)).toEqual([]);
});

/** An engine that runs detections, and a way to give it records of a user at a minute. */
function watching(text: string) {
  const engine = new Engine({scanner: 'reference'});
  let number = 0;
  let made = 0;
  const process = (entry: Entry, payloads: readonly Uint8Array[] = []) =>
    engine.process(++number, entry, payloads).commit;
  const setup = {contexts: readShippedContexts(), asnFingerprint: ''};
  const declare = (declared: string) =>
    process({
      kind: 'detections',
      declared: {overrides: [], files: [{file: 'own.yml', text: declared}]},
      at: START,
    });
  process({kind: 'create-context', stream, setup, at: START});
  process({kind: 'settings', settings: SETTINGS, at: START});
  declare(text);
  const give = (minute: number, userName: string, more: object = {}) => {
    const record = {
      eventVersion: '1.08',
      eventID: `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
      eventTime: new Date(START + minute * MINUTE).toISOString().replace(/\.\d+/, ''),
      eventSource: 's3.amazonaws.com',
      eventName: 'ListBuckets',
      awsRegion: 'eu-west-1',
      sourceIPAddress: '203.0.113.9',
      userAgent: 'aws-cli/2',
      recipientAccountId: '111122223333',
      userIdentity: {type: 'IAMUser', accountId: '111122223333', userName},
      ...more,
    };
    return process(
      {
        kind: 'batch',
        source: 's',
        stream,
        position: made,
        arrived: START + minute * MINUTE,
        names: ['x.json'],
        poison: [],
      },
      [new TextEncoder().encode(JSON.stringify({Records: [record]}))],
    );
  };
  return {engine, process, declare, give};
}

const alarmFrom = (threshold: number, mode = 'live') => `detections:
  - id: refusals
    title: Refusals
    mode: ${mode}
    when:
      alarm:
        pattern: '{ $.errorCode = "AccessDenied" }'
        metric: {name: refusals}
        period: 1m
        threshold: ${threshold}
`;

test('an alarm that is declared otherwise, or off, has no state of before', () => {
  const {engine, process, declare} = watching(alarmFrom(2));
  const set = () =>
    process({kind: 'alarm-state', detection: 'refusals', state: 'ALARM', reason: 'd', at: START});
  const state = () => engine.detections().refusals?.alarm?.state;
  set();
  expect(state()).toBe('ALARM');
  declare(alarmFrom(2).replace('title: Refusals', 'title: Many refusals'));
  expect(state()).toBe('ALARM');
  declare(alarmFrom(3));
  expect(state()).toBeUndefined();
  set();
  expect(state()).toBe('ALARM');
  declare(alarmFrom(3, 'off'));
  expect(state()).toBeUndefined();
});

test('a match names who completed it last, and does not go back in time', () => {
  const {give} = watching(`detections:
  - id: lists
    title: '{{principal}} lists'
    group_by: [account]
    dedup: 1d
    when: {condition: 'event.operation == "s3:ListBuckets"'}
`);
  const matchOf = (commit: EngineResult['commit']) => commit.detections?.matches[0];
  give(0, 'ana');
  const second = matchOf(give(30, 'ana'));
  const late = matchOf(give(10, 'ana'));
  expect(late).toMatchObject({hits: 3, revision: 3, lastTime: second?.lastTime});
  for (let minute = 31; minute < 60; minute++) give(minute, 'ana');
  expect(matchOf(give(60, 'raul'))).toMatchObject({
    hits: 33,
    title: '111122223333:user/raul lists',
    principal: '111122223333:user/raul',
    lastTime: START + 60 * MINUTE,
  });
});
