import {join} from 'node:path';
import {expect, test} from 'vitest';
import {sharedData} from '../test/shared-data.ts';
import {event} from './baselines/event-for-tests.ts';
import {invictusDataset, quietDataset, simulatedDataset, stratusDataset} from './datasets.ts';
import type {Project, RawRecord} from './project.ts';
import {runMethod} from './run.ts';

const DAY = 86_400_000;
const START = Date.UTC(2024, 2, 4);

/** A record of a crude simulation; what the test derives from it is as crude. */
function record(id: string, timeMs: number, given: RawRecord = {}): RawRecord {
  return {
    eventID: id,
    eventTime: new Date(timeMs).toISOString(),
    userIdentity: {type: 'IAMUser', arn: 'ann'},
    eventName: 'ListBuckets',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: 'aws-cli',
    recipientAccountId: '1',
    ...given,
  };
}

const PROJECT: Project = {
  simulate: ({days, attacks}) => ({
    files: Array.from({length: days}, (_, day) => ({
      records: [
        record(`late${day}`, START + day * DAY + 7_200_000),
        record(`early${day}`, START + day * DAY),
        record(`early${day}`, START + day * DAY),
        {eventName: 'a digest'},
        ...(attacks && day === 8
          ? [record('bad', START + day * DAY + 60_000, {eventName: 'DeleteTrail'})]
          : []),
      ],
    })),
    truth: () => new Map(attacks ? [['bad', {campaign: 'c', scenario: 's'}]] : []),
  }),
  derive: (raw) => {
    if (raw.eventID === undefined) return undefined;
    const identity = raw.userIdentity as {type?: string; arn?: string};
    return {
      eventId: String(raw.eventID),
      timeMs: Date.parse(String(raw.eventTime)),
      components: event({
        principal: identity.arn ?? 'unknown',
        kind: identity.type === 'AssumedRole' ? 'role' : 'user',
        operation: String(raw.eventName),
        region: String(raw.awsRegion),
        network: String(raw.sourceIPAddress),
        userAgent: String(raw.userAgent),
        account: String(raw.recipientAccountId),
      }),
    };
  },
};

const OPTIONS = {seed: 1, days: 10, eventsPerDay: 2, judgeFrom: 6};

const byOperation = () => {
  const seen = new Set<string>();
  return {
    name: 'new operation',
    observe: ({operation}: {operation: string}) => Number(seen.size < seen.add(operation).size),
  };
};

test('gives events in order and once', () => {
  const {events} = simulatedDataset(PROJECT, OPTIONS);
  expect(events.length).toBe(21);
  const times = events.map(({timeMs}) => timeMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(quietDataset(PROJECT, OPTIONS).events.length).toBe(20);
});

test('runs a method and measures it', () => {
  const result = runMethod(byOperation(), simulatedDataset(PROJECT, OPTIONS));
  expect(result.rocAuc).toBe(1);
  expect(result.recallAt['1']).toBe(1);
  expect(result.counts).toMatchObject({warmUp: 12, benign: 8, attack: 1, days: 4});
});

const data = sharedData();

test.skipIf(data === undefined)('judges attacks of the real account and nothing doubtful', () => {
  const dataset = invictusDataset(PROJECT, join(data!, 'invictus'));
  expect(dataset.events.length).toBeGreaterThan(2_800);
  const {counts} = runMethod(byOperation(), dataset);
  expect(counts.attack).toBe(158);
  expect(counts.benign).toBeLessThan(200);
  expect(counts.campaigns).toBeGreaterThan(20);
  expect(counts.truthNotSeen).toBe(0);
});

test.skipIf(data === undefined)('injects recorded attacks under an existing identity', () => {
  const options = {...OPTIONS, repeats: 2, userAgent: 'kept'} as const;
  const dataset = stratusDataset(PROJECT, join(data!, 'stratus'), options);
  const injected = dataset.events.filter(({eventId}) => dataset.truth.has(eventId));
  expect(injected.length).toBe(dataset.truth.size);
  expect(injected.length).toBeGreaterThan(20);
  for (const {components, timeMs} of injected) {
    expect(components).toMatchObject({
      principal: 'ann',
      region: 'eu-west-1',
      network: '203.0.113.7',
      account: '1',
    });
    expect(components.userAgent).not.toBe('aws-cli');
    expect(timeMs).toBeGreaterThanOrEqual(START + OPTIONS.judgeFrom * DAY);
    expect(timeMs).toBeLessThan(START + OPTIONS.days * DAY);
  }
  expect(new Set(injected.map(({components}) => components.operation)).size).toBeGreaterThan(5);

  const disguised = stratusDataset(PROJECT, join(data!, 'stratus'), {
    ...options,
    userAgent: 'victim',
  });
  expect(disguised.events.every(({components}) => components.userAgent === 'aws-cli')).toBe(true);
});
