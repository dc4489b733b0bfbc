import {expect, test} from 'vitest';
import {operation, SERVICES} from './operations.ts';

const all = [...SERVICES.values()].flat();

test('knows some fifty services and hundreds of operations, each once', () => {
  expect(SERVICES.size).toBeGreaterThan(50);
  expect(all.length).toBeGreaterThan(700);
  expect(new Set(all.map(({key}) => key)).size).toBe(all.length);
});

test('tells reading from writing, and data from management', () => {
  expect(operation('ec2:DescribeInstances')).toMatchObject({readOnly: true, kind: 'instance'});
  expect(operation('ec2:RunInstances').readOnly).toBe(false);
  expect(operation('kms:Decrypt').readOnly).toBe(true);
  expect(operation('s3:GetObject').data).toBe(true);
  expect(operation('s3:ListBuckets')).toMatchObject({data: false, kind: ''});
});

test('has names as CloudTrail prints them', () => {
  expect(all.filter(({name}) => !/^[A-Z][A-Za-z0-9_]+$/.test(name))).toEqual([]);
});
