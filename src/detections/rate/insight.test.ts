import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {Kept} from '../test-event.ts';
import {insightEpisode} from './insight.ts';
import {Rates} from './rates.ts';

const TIME = Date.parse('2026-03-02T10:30:00Z');
const DERIVATION = prepareDerivation();

/** As an event of the stream: components from the record, by the same code. */
function eventOf(record: Readonly<Record<string, Json>>, time = TIME): DetectionEvent {
  return {
    time,
    id: String(record.eventID ?? ''),
    components: eventOfRecord(record, time, DERIVATION),
    origin: '-',
    score: 0,
    bits: {},
    record,
  };
}

/** In the newer shape, with attributions; made up after the fields that CloudTrail documents. */
function insight(state: string, more: Readonly<Record<string, Json>> = {}) {
  return {
    eventVersion: '1.08',
    eventTime: '2026-03-02T10:30:00Z',
    awsRegion: 'eu-west-1',
    eventID: `insight-${state}`,
    eventType: 'AwsCloudTrailInsight',
    recipientAccountId: '111111111111',
    sharedEventID: 'shared-1',
    eventCategory: 'Insight',
    insightDetails: {
      state,
      eventSource: 'autoscaling.amazonaws.com',
      eventName: 'CompleteLifecycleAction',
      insightType: 'ApiCallRateInsight',
      insightContext: {
        statistics: {
          baseline: {average: 0.0000882145},
          insight: {average: 0.6},
          insightDuration: 5,
          baselineDuration: 11336,
        },
        attributions: [
          {
            attribute: 'userIdentityArn',
            insight: [{value: 'arn:aws:iam::111111111111:role/scaling', average: 0.6}],
            baseline: [{value: 'arn:aws:iam::111111111111:role/scaling', average: 0.0000882145}],
          },
          {attribute: 'userAgent', insight: [{value: 'autoscaling', average: 0.6}], baseline: []},
          {
            attribute: 'errorCode',
            insight: [{value: 'null', average: 0.6}],
            baseline: [{value: 'null', average: 0.0000882145}],
          },
        ],
      },
      ...more,
    },
  };
}

test('an Insight record is an episode', () => {
  expect(insightEpisode(eventOf(insight('End')))).toEqual({
    id: 'shared-1',
    state: 'end',
    measure: 'calls',
    origin: 'insight',
    account: '111111111111',
    region: 'eu-west-1',
    operation: 'autoscaling:CompleteLifecycleAction',
    principal: '',
    errorCode: '',
    start: TIME - 5 * 60_000,
    end: TIME,
    baselineAverage: 0.0000882145,
    episodeAverage: 0.6,
    baselineMinutes: 11336,
    attributions: [
      {
        attribute: 'principal',
        episode: [{value: 'arn:aws:iam::111111111111:role/scaling', average: 0.6}],
        baseline: [{value: 'arn:aws:iam::111111111111:role/scaling', average: 0.0000882145}],
      },
      {attribute: 'userAgent', episode: [{value: 'autoscaling', average: 0.6}], baseline: []},
      {
        attribute: 'errorCode',
        episode: [{value: '-', average: 0.6}],
        baseline: [{value: '-', average: 0.0000882145}],
      },
    ],
  });
});

test('the older shape has averages alone', () => {
  const details = {
    eventSource: 'ssm.amazonaws.com',
    eventName: 'UpdateInstanceInformation',
    insightContext: {
      statistics: {baseline: {average: 85.4202380952}, insight: {average: 664}},
    },
  };
  expect(insightEpisode(eventOf(insight('Start', details)))).toMatchObject({
    state: 'start',
    operation: 'ssm:UpdateInstanceInformation',
    start: TIME,
    end: null,
    baselineAverage: 85.4202380952,
    episodeAverage: 664,
    baselineMinutes: 0,
    attributions: [],
  });
});

test('an error rate names its error', () => {
  const details = {insightType: 'ApiErrorRateInsight', errorCode: 'AccessDenied'};
  expect(insightEpisode(eventOf(insight('Start', details)))).toMatchObject({
    measure: 'errors',
    errorCode: 'AccessDenied',
  });
});

test.each<[string, Record<string, Json>]>([
  ['another type', {insightType: 'Something'}],
  ['another state', {state: 'Middle'}],
  ['a state that is no text', {state: 3}],
])('leaves %s', (_, details) => {
  expect(insightEpisode(eventOf(insight('Start', details)))).toBeUndefined();
});

test('makes nothing of wrong types', () => {
  for (const context of [null, 'x', 7, [], {statistics: []}, {attributions: {}}]) {
    const episode = insightEpisode(eventOf(insight('Start', {insightContext: context})));
    expect(episode).toMatchObject({baselineAverage: 0, episodeAverage: 0, attributions: []});
  }
  const odd = {
    statistics: {baseline: {average: '7'}, insight: {average: -1}, insightDuration: null},
    attributions: [null, 7, {attribute: 'other'}, {attribute: 'userAgent', insight: [null, 3, {}]}],
  };
  expect(insightEpisode(eventOf(insight('End', {insightContext: odd})))).toMatchObject({
    episodeAverage: 0,
    start: TIME,
    attributions: [{attribute: 'userAgent', episode: [{value: '-', average: 0}], baseline: []}],
  });
});

test('a rate tells what Insights tells of its measure, once', () => {
  const per = ['account', 'region', 'operation'] as const;
  const calls = new Rates({measure: 'calls', per});
  const errors = new Rates({measure: 'errors', per});
  const principals = new Rates({measure: 'calls', per: [...per, 'principal']});
  const kept = [new Kept(), new Kept(), new Kept()] as const;
  for (const state of ['Start', 'End']) {
    [calls, errors, principals].forEach((rates, i) => {
      rates.take(eventOf(insight(state)), kept[i]!);
    });
  }
  expect(kept.map(({episodes}) => episodes.length)).toEqual([2, 0, 0]);
  expect(new Set(kept[0].episodes.map(({id}) => id)).size).toBe(1);
  expect(kept[0].hits).toMatchObject([
    {
      group: ['111111111111', 'eu-west-1', 'autoscaling:CompleteLifecycleAction'],
      facts: {origin: 'insight', average: '0.6', baseline: '0.0000882'},
    },
  ]);
});
