import type {
  AlarmChangeRow,
  DatapointRow,
  DetectionRows,
  EpisodeRow,
  MatchRow,
} from '../../src/pipeline/detections.ts';

export const T0 = Date.UTC(2026, 10, 1);

export function match(id: number, rest: Partial<MatchRow> = {}): MatchRow {
  return {
    id,
    key: `k${id}`,
    revision: 1,
    detection: 'shared-outside',
    kind: 'condition',
    severity: 'high',
    mode: 'live',
    title: 'raul shared a snapshot',
    firstTime: T0 + id,
    lastTime: T0 + id,
    hits: 1,
    events: 1,
    group: ['111122223333:user/raul'],
    principal: '111122223333:user/raul',
    account: '111122223333',
    region: 'eu-west-1',
    operation: 'ec2:ModifySnapshotAttribute',
    score: 0.9971234567,
    facts: {outside: '999988887777'},
    evidence: [
      {
        eventId: 'e1',
        time: T0 + id,
        principal: '111122223333:user/raul',
        operation: 'ec2:ModifySnapshotAttribute',
        account: '111122223333',
        region: 'eu-west-1',
        sourceIp: '203.0.113.9',
        userAgent: 'aws-cli',
        error: '-',
        resource: 'snap-0abc',
        score: 0.9971234567,
      },
    ],
    ...rest,
  };
}

export function change(time: number, rest: Partial<AlarmChangeRow> = {}): AlarmChangeRow {
  return {
    detection: 'root-alarm',
    time,
    from: 'OK',
    to: 'ALARM',
    reason: '1 of 1 datapoints reached the threshold',
    datapoints: [
      {start: time - 600_000, value: null},
      {start: time - 300_000, value: 2.5},
    ],
    events: [],
    ...rest,
  };
}

export function datapoint(start: number, value: number, detection = 'root-alarm'): DatapointRow {
  return {detection, start, periodMs: 300_000, value, samples: 3};
}

export function episode(id: string, rest: Partial<EpisodeRow> = {}): EpisodeRow {
  return {
    detection: 'call-rate',
    id,
    state: 'start',
    measure: 'calls',
    origin: 'measured',
    account: '111122223333',
    region: 'eu-west-1',
    operation: 'ec2:CreateNetworkInterface',
    principal: '',
    errorCode: '',
    start: T0,
    end: null,
    baselineAverage: 0.0125,
    episodeAverage: 41.5,
    baselineMinutes: 10_080,
    attributions: [{attribute: 'principal', episode: [{value: 'x', average: 40}], baseline: []}],
    ...rest,
  };
}

export function rows(rest: Partial<DetectionRows>): DetectionRows {
  return {matches: [], alarmChanges: [], datapoints: [], episodes: [], ...rest};
}
