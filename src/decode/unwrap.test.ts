import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {DEFAULT_LIMITS} from './limits.ts';
import {unwrap} from './unwrap.ts';

const RECORD = {
  eventVersion: '1.08',
  eventTime: '2026-01-05T08:00:00Z',
  eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances',
  awsRegion: 'eu-central-1',
};

const zip = (value: unknown) => gzipSync(JSON.stringify(value)).toString('base64');
const kinds = (value: unknown) =>
  unwrap(value, DEFAULT_LIMITS).map((item) => (item.kind === 'reject' ? item.reason : item.kind));

test('finds records through base64 and gzip, again and again', () => {
  expect(kinds({data: zip(RECORD)})).toEqual(['record']);
  expect(kinds({data: zip({data: zip(RECORD)})})).toEqual(['record']);
  const many = Array.from({length: 500}, () => ({data: zip(RECORD)}));
  expect(kinds({Records: many})).toEqual(many.map(() => 'record'));
});

test('refuses what inflates far beyond its size, once and for all its strings', () => {
  const bomb = zip({...RECORD, padding: ' '.repeat(5_000_000)});
  expect(kinds({data: bomb})).toEqual(['gzip_expansion']);
  // Repeated strings within gzip cost nothing; they must not each be inflated anew.
  const inner = {data: zip({x: ' '.repeat(250_000)})};
  const layer = {Records: Array.from({length: 2_000}, () => inner)};
  const nested = {data: zip(layer)};
  expect(JSON.stringify(nested).length).toBeLessThan(100_000);
  const cpu = process.cpuUsage();
  const found = kinds(nested);
  expect(process.cpuUsage(cpu).user).toBeLessThan(2_000_000);
  expect(found.filter((kind) => kind === 'gzip_expansion').length).toBeGreaterThan(1_500);
});

test('damaged gzip uses the budget up too', () => {
  const damaged = gzipSync(JSON.stringify({x: ' '.repeat(250_000)}));
  damaged[damaged.length - 8]! ^= 1;
  const data = damaged.toString('base64');
  const layer = {Records: Array.from({length: 500}, () => ({data}))};
  const found = kinds({data: zip(layer)});
  expect(found).toContain('gzip_damaged');
  expect(found).toContain('gzip_expansion');
});
