import {expect, test} from 'vitest';
import {prepareDerivation} from '../event/derive.ts';
import {streamPlan} from './deriver.ts';
import {flattener, type JsonStream} from './json-stream.ts';

const derivation = prepareDerivation({});
const stream: JsonStream = {
  type: 'json',
  timeZone: 'UTC',
  workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'],
  peerGroups: [],
  organisationAccounts: [],
  time: {path: 'at.time', unit: 'iso'},
  id: 'id',
  fields: {
    user: {path: 'user.name', as: 'lower'},
    network: {path: 'ip', as: 'network'},
    agent: {path: 'agent', as: 'user-agent'},
    bytes: {path: 'bytes', as: 'text', bucket: 'log2'},
    hour: {as: 'hour'},
  },
};
const at = {time: '2026-01-05T08:15:30.250Z'};

test('makes a flat record of the declared fields', () => {
  expect(
    flattener(
      stream,
      derivation,
    )({
      at,
      id: 17,
      user: {name: 'Ann'},
      ip: '203.0.113.9',
      bytes: 700,
      other: 'left out',
    }),
  ).toEqual({
    ok: true,
    milliseconds: 250,
    record: {
      eventTime: '2026-01-05T08:15:30Z',
      eventSource: 'stream',
      eventName: 'record',
      eventID: '17',
      'field:user': 'ann',
      'field:network': '203.0.113.0/24',
      'field:bytes': '512–1024',
    },
  });
});

test('says what is wrong with what is no record', () => {
  const flatten = flattener(stream, derivation);
  const cases: readonly [unknown, string][] = [
    ['text', 'unknown_record_shape'],
    [null, 'unknown_record_shape'],
    [[], 'unknown_record_shape'],
    [{}, 'missing_event_time'],
    [{at: {time: null}}, 'missing_event_time'],
    [{at: {time: ''}}, 'missing_event_time'],
    [{at: {time: 'noon'}}, 'invalid_event_time'],
    [{at: {time: 12}}, 'invalid_event_time'],
  ];
  for (const [value, reason] of cases) expect(flatten(value)).toEqual({ok: false, reason});
});

test('takes time in seconds or milliseconds, as number or text, of plausible years', () => {
  const timeOf = (unit: 's' | 'ms', value: unknown) => {
    const flat = flattener({...stream, time: {path: 't', unit}}, derivation)({t: value});
    return flat.ok ? `${flat.record.eventTime}+${flat.milliseconds}` : flat.reason;
  };
  expect(timeOf('s', 1_767_600_930.25)).toBe('2026-01-05T08:15:30Z+250');
  expect(timeOf('s', '1767600930')).toBe('2026-01-05T08:15:30Z+0');
  expect(timeOf('ms', 1_767_600_930_250)).toBe('2026-01-05T08:15:30Z+250');
  expect(timeOf('ms', 1_767_600_930)).toBe('invalid_event_time');
  expect(timeOf('s', 'NaN')).toBe('invalid_event_time');
  expect(timeOf('s', {})).toBe('invalid_event_time');
});

test('no field of a record can pose as another', () => {
  const flat = flattener(
    stream,
    derivation,
  )({
    at,
    'field:user': 'eve',
    eventName: 'x',
    ['__proto__']: {user: {name: 'eve'}},
  });
  expect(flat.ok && Object.keys(flat.record)).toEqual(['eventTime', 'eventSource', 'eventName']);
});

test('the plan of a stream names its columns, and derives each from its own field', () => {
  const plan = streamPlan(stream, derivation);
  expect(plan.columns).toEqual(['user', 'network', 'agent', 'bytes', 'hour']);
  expect(plan.hourColumn).toBe(4);
  expect(plan.hour(Date.UTC(2026, 0, 5, 9))).toBe('h2');
  expect(plan.groups.map(({name}) => name)).toEqual([
    'field:user',
    'field:network',
    'field:agent',
    'field:bytes',
  ]);
  expect(plan.derive('field:user', {'field:user': 'ann'})).toEqual(['ann']);
  expect(plan.derive('field:user', {})).toEqual(['-']);
  expect(plan.needsParameters({})).toBe(false);
});

test('a CloudTrail stream may declare fields of its own, beside those built in', () => {
  const {time: _, id: __, ...common} = stream;
  const plan = streamPlan(
    {...common, type: 'cloudtrail', fields: {tls: {path: 'tlsDetails.tlsVersion', as: 'lower'}}},
    derivation,
  );
  expect(plan.columns.at(-1)).toBe('tls');
  expect(plan.columns).toContain('principal');
  expect(plan.spec.fields.at(-1)).toEqual({
    name: 'field:tls',
    path: ['tlsDetails', 'tlsVersion'],
    mode: 'text',
  });
  expect(plan.derive('field:tls', {'field:tls': 'TLSv1.3'})).toEqual(['tlsv1.3']);
});
