import {expect, test} from 'vitest';
import {touchedBy} from './touched.ts';

test('names what resources, parameters and answer name, once', () => {
  const record = {
    eventSource: 's3.amazonaws.com',
    requestParameters: {bucketName: 'logs', key: 'a/b.gz'},
    resources: [
      {type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::logs/a/b.gz'},
      {type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::logs', accountId: '111122223333'},
    ],
  };
  expect(touchedBy(record)).toEqual([
    {kind: 'object', id: 'logs/a/b.gz'},
    {kind: 'bucket', id: 'logs', account: '111122223333'},
  ]);
});

test('knows the lists of EC2 and what a call made', () => {
  const record = {
    eventSource: 'ec2.amazonaws.com',
    requestParameters: {volumeId: 'vol-1', instancesSet: {items: [{instanceId: 'i-1'}]}},
    responseElements: {snapshotId: 'snap-1'},
  };
  expect(touchedBy(record)).toEqual([
    {kind: 'volume', id: 'vol-1'},
    {kind: 'instance', id: 'i-1'},
    {kind: 'snapshot', id: 'snap-1'},
  ]);
});

test('a secret is one, by name or by ARN', () => {
  const record = {
    eventSource: 'secretsmanager.amazonaws.com',
    requestParameters: {secretId: 'prod/db'},
    resources: [{ARN: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf'}],
  };
  expect(touchedBy(record)).toEqual([{kind: 'secret', id: 'prod/db', account: '111122223333'}]);
});

test('a parameter is one, by name or by ARN', () => {
  const record = {
    eventSource: 'ssm.amazonaws.com',
    requestParameters: {name: '/prod/db'},
    resources: [{ARN: 'arn:aws:ssm:us-east-1:111122223333:parameter/prod/db'}],
  };
  expect(touchedBy(record)).toEqual([{kind: 'parameter', id: '/prod/db', account: '111122223333'}]);
});

test('finds nothing in nothing', () => {
  for (const record of [null, {}, [], {requestParameters: 'null', resources: 'x'}]) {
    expect(touchedBy(record)).toEqual([]);
  }
});

test('stops at a hundred', () => {
  const items = Array.from({length: 500}, (_, i) => ({instanceId: `i-${i}`}));
  expect(touchedBy({requestParameters: {instancesSet: {items}}})).toHaveLength(100);
});
