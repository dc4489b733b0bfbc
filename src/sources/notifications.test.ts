import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {sharedData} from '../../test/shared-data.ts';
import {parseNotification} from './notifications.ts';

const s3 = (key: string, eventName = 'ObjectCreated:Put', object = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName,
  s3: {bucket: {name: 'logs'}, object: {key, size: 12, ...object}},
});
const parse = (value: unknown) => parseNotification(JSON.stringify(value));
const tells = (key: string, more = {}) => ({
  kind: 'objects',
  objects: [{bucket: 'logs', key, ...more}],
});

test('reads events of S3, keys encoded as in a form', () => {
  expect(parse({Records: [s3('AWSLogs/a+b%2Bc%C3%A9.json.gz')]})).toEqual(
    tells('AWSLogs/a b+cé.json.gz', {size: 12}),
  );
  expect(parse({Records: [s3('100%.json', 's3:ObjectCreated:Copy', {versionId: 'v1'})]})).toEqual(
    tells('100%.json', {size: 12, version: 'v1'}),
  );
});

test('reads them through SNS, once or more', () => {
  const raw = JSON.stringify({Records: [s3('a.json.gz')]});
  const once = JSON.stringify({Type: 'Notification', Message: raw});
  expect(parseNotification(once)).toEqual(tells('a.json.gz', {size: 12}));
  let many = raw;
  for (let i = 0; i < 6; i++) many = JSON.stringify({Type: 'Notification', Message: many});
  expect(parseNotification(many).kind).toBe('unknown');
});

test("reads CloudTrail's own notification", () => {
  expect(parse({s3Bucket: 'logs', s3ObjectKey: ['a b.json.gz']})).toEqual(tells('a b.json.gz'));
});

test('reads events of EventBridge, keys as they are', () => {
  const event = {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: {bucket: {name: 'logs'}, object: {key: 'a+b%20c.json.gz', size: 5, 'version-id': 'v'}},
  };
  expect(parse(event)).toEqual(tells('a+b%20c.json.gz', {size: 5, version: 'v'}));
  expect(parse({...event, 'detail-type': 'Object Deleted'})).toEqual({kind: 'nothing'});
  const record = {source: 'aws.iam', detail: {eventVersion: '1.08', eventID: 'x'}};
  expect(parse(record)).toEqual({kind: 'records', text: JSON.stringify(record)});
});

test('what needs nothing done is told from what is not known', () => {
  const nothing = [
    {Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs'},
    {Records: [s3('a.json.gz', 'ObjectRemoved:Delete')]},
    {Records: [s3('AWSLogs/1/CloudTrail-Digest/us-east-1/a.json.gz')]},
  ];
  for (const value of nothing) expect(parse(value)).toEqual({kind: 'nothing'});
  const unknown = [{}, [], null, 5, 'x', {Type: 'SubscriptionConfirmation', Message: 'x'}];
  for (const value of unknown) expect(parse(value).kind).toBe('unknown');
  expect(parseNotification('{').kind).toBe('unknown');
});

test('records in a message are records', () => {
  const data = sharedData();
  if (data === undefined) return;
  const text = readFileSync(join(data, 'wrappers/eventbridge_detail.json'), 'utf8');
  expect(parseNotification(text)).toEqual({kind: 'records', text});
  expect(parse({Records: [{eventVersion: '1.08', eventSource: 's3.amazonaws.com'}]}).kind).toBe(
    'records',
  );
});
