import {expect, test} from 'vitest';
import {SCENARIO_NAMES, type ScenarioName} from './campaigns.ts';
import type {LogFile, Truth} from './delivery.ts';
import {type SimulationOptions, simulate} from './simulate.ts';

interface Json {
  readonly eventID: string;
  readonly eventTime: string;
  readonly eventName: string;
  readonly sourceIPAddress: string;
  readonly userIdentity: {
    readonly type: string;
    readonly arn: string;
    readonly userName: string;
    readonly accountId: string;
    readonly accessKeyId: string;
  };
  readonly requestParameters: {
    readonly createVolumePermission: {readonly add: {readonly items: readonly {userId: string}[]}};
  };
  readonly responseElements: {readonly credentials?: {readonly accessKeyId: string}} | null;
}

function run(options: SimulationOptions): {files: LogFile[]; records: Json[]; truth: Truth[]} {
  const files = [...simulate(options)];
  return {
    files,
    records: files.flatMap(({records}) => records as readonly Json[]),
    truth: files.flatMap((file) => file.truth),
  };
}

const QUIET = {seed: 5, days: 7, eventsPerDay: 1500, scenarios: []} as const;
const quiet = run(QUIET);

test('gives the same trail for the same seed, and another for another', () => {
  const options = {...QUIET, days: 2, eventsPerDay: 400};
  expect(JSON.stringify(run(options).files)).toBe(JSON.stringify(run(options).files));
  expect(JSON.stringify(run(options).files)).not.toBe(
    JSON.stringify(run({...options, seed: 6}).files),
  );
});

test('delivers in order, in the layout of a CloudTrail bucket', () => {
  const times = quiet.files.map(({time}) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const layout =
    /^AWSLogs\/o-[a-z0-9]{10}\/(\d{12})\/CloudTrail\/([a-z0-9-]+)\/\d{4}\/\d\d\/\d\d\/\1_CloudTrail_\2_\d{8}T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz$/;
  for (const {path, records} of quiet.files) {
    expect(path).toMatch(layout);
    expect(records.length).toBeGreaterThan(0);
  }
  expect(new Set(quiet.files.map(({path}) => path)).size).toBe(quiet.files.length);
});

test('makes about as many events as asked for, fewer at the weekend', () => {
  expect(quiet.records.length / 7).toBeGreaterThan(1000);
  expect(quiet.records.length / 7).toBeLessThan(2200);
  const on = (day: string) =>
    quiet.records.filter(({eventTime}) => eventTime.startsWith(day)).length;
  expect(on('2026-01-10')).toBeLessThan(on('2026-01-07'));
});

test('delivers a few records twice and a few late, and none before it happened', () => {
  const ids = quiet.records.map(({eventID}) => eventID);
  const doubles = 1 - new Set(ids).size / ids.length;
  expect(doubles).toBeGreaterThan(0.0003);
  expect(doubles).toBeLessThan(0.006);
  let late = 0;
  for (const {time, records} of quiet.files) {
    for (const record of records as Json[]) {
      const delay = time - Date.parse(record.eventTime);
      expect(delay).toBeGreaterThan(0);
      if (delay > 30 * 60_000) late++;
    }
  }
  expect(late / ids.length).toBeGreaterThan(0.001);
  expect(late / ids.length).toBeLessThan(0.02);
});

test('is free of attacks when asked to be', () => {
  expect(quiet.truth).toEqual([]);
});

test('hands the key of each AssumeRole to the session that follows', () => {
  const issued = new Set(
    quiet.records.map((record) => record.responseElements?.credentials?.accessKeyId),
  );
  const roles = quiet.records.filter(
    ({userIdentity}) =>
      userIdentity.type === 'AssumedRole' && !userIdentity.arn.includes('AWSServiceRole'),
  );
  expect(roles.length).toBeGreaterThan(1000);
  const tied = roles.filter(({userIdentity}) => issued.has(userIdentity.accessKeyId)).length;
  expect(tied / roles.length).toBeGreaterThan(0.9);
});

test('fills records up to a wanted mean size', () => {
  const {records} = run({...QUIET, days: 2, eventsPerDay: 800, recordBytes: 1600});
  const mean =
    records.reduce((sum, record) => sum + JSON.stringify(record).length, 0) / records.length;
  expect(mean).toBeGreaterThan(1400);
  expect(mean).toBeLessThan(1850);
});

test.each(SCENARIO_NAMES)('tells the story of %s, and labels it', (name: ScenarioName) => {
  const {records, truth} = run({seed: 3, days: 4, eventsPerDay: 500, scenarios: [name]});
  const labelled = truth.filter(({ignore}) => ignore !== true);
  expect(labelled.length).toBeGreaterThan(0);
  expect(new Set(truth.map(({scenario}) => scenario))).toEqual(new Set([name]));
  const known = new Set(records.map(({eventID}) => eventID));
  expect(truth.filter(({eventId}) => !known.has(eventId))).toEqual([]);
});

test('tells raul in order: looks, tries, copies, shares, removes', () => {
  const {records, truth} = run({seed: 1, days: 5, eventsPerDay: 1500, scenarios: ['raul']});
  const labels = new Map(truth.map((entry) => [entry.eventId, entry]));
  const story = new Map<string, Json>();
  for (const record of records) if (labels.has(record.eventID)) story.set(record.eventID, record);
  const ordered = [...story.values()].sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
  const names: string[] = ordered.map(({eventName}) => eventName);
  expect(names[0]).toBe('ListBuckets');
  expect(names.slice(3, 6)).toContain('ListServices');
  expect(names.slice(6)).toEqual([
    'GetCallerIdentity',
    'CreateSnapshot',
    'ModifySnapshotAttribute',
    'CopySnapshot',
    'DeleteSnapshot',
  ]);
  const attack = ordered.filter(({eventID}) => labels.get(eventID)?.ignore !== true);
  expect(attack).toHaveLength(10);
  expect(new Set(attack.map(({userIdentity}) => userIdentity.userName))).toEqual(new Set(['raul']));
  const pull = ordered.find(({eventName}) => eventName === 'CopySnapshot');
  expect(pull!.userIdentity.type).toBe('AWSAccount');
  expect(labels.get(pull!.eventID)?.ignore).toBe(true);
  const share = ordered.find(({eventName}) => eventName === 'ModifySnapshotAttribute');
  expect(share!.requestParameters.createVolumePermission.add.items[0]!.userId).toBe(
    pull!.userIdentity.accountId,
  );
  const before = records.filter(
    ({userIdentity, eventID}) => userIdentity.userName === 'raul' && !labels.has(eventID),
  );
  expect(before.length).toBeGreaterThan(20);
  const home = new Set(before.map(({sourceIPAddress}) => sourceIPAddress));
  expect(attack.some(({sourceIPAddress}) => home.has(sourceIPAddress))).toBe(false);
  const burst = records.filter(
    ({eventName, eventTime}) =>
      eventName === 'CreateNetworkInterface' && eventTime.startsWith('2026-01-09'),
  );
  expect(burst.length).toBeGreaterThan(40);
});

test('spreads many campaigns of many kinds after the first week', () => {
  const {truth, records} = run({seed: 2, days: 28, eventsPerDay: 400});
  expect(new Set(truth.map(({campaign}) => campaign)).size).toBeGreaterThanOrEqual(12);
  expect(new Set(truth.map(({scenario}) => scenario)).size).toBeGreaterThanOrEqual(12);
  const times = new Map(records.map(({eventID, eventTime}) => [eventID, eventTime]));
  expect(truth.filter(({eventId}) => times.get(eventId)! < '2026-01-12')).toEqual([]);
});
