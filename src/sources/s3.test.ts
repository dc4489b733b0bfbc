import {gzipSync} from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {afterAll, expect, test} from 'vitest';
import {documentOf, idsUpTo, readUntil, sourceContract} from '../../test/contract/source.ts';
import {clientSettings, type Moto, startMoto, stopMoto} from '../../test/peers/moto.ts';
import {startProxy} from '../../test/peers/proxy.ts';
import {type S3Options, s3Source} from './s3.ts';

const moto: Moto | undefined = await startMoto();
const client = new S3Client({...clientSettings(moto), forcePathStyle: true});
afterAll(() => stopMoto(moto, client));

let buckets = 0;
async function newBucket(): Promise<string> {
  const Bucket = `trail-${process.pid}-${buckets++}`;
  await client.send(new CreateBucketCommand({Bucket}));
  return Bucket;
}

let unique = 0;
function keyOf(time: number, account = '111111111111', region = 'us-east-1', home = 'AWSLogs') {
  const at = new Date(time).toISOString();
  const stamp = `${at.replace(/[-:]/g, '').slice(0, 13)}Z`;
  const file = `${account}_CloudTrail_${region}_${stamp}_${String(unique++).padStart(16, '0')}`;
  return `${home}/${account}/CloudTrail/${region}/${at.slice(0, 10).replaceAll('-', '/')}/${file}.json.gz`;
}

async function put(Bucket: string, Key: string, ids: readonly string[]): Promise<string> {
  await client.send(new PutObjectCommand({Bucket, Key, Body: gzipSync(documentOf(ids))}));
  return `s3://${Bucket}/${Key}`;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const open = (bucket: string, options: Partial<S3Options> = {}) =>
  s3Source('bucket', {
    bucket,
    endpoint: moto?.endpoint ?? '',
    pollMs: 50,
    relookMs: 100,
    ...options,
  });

if (moto !== undefined) {
  sourceContract(
    's3',
    async () => {
      const bucket = await newBucket();
      const proxy = await startProxy(moto.endpoint);
      const base = Date.now() - 60 * MINUTE;
      let count = 0;
      return {
        open: () => open(bucket, {endpoint: proxy.endpoint, batchBytes: 1000}),
        async deliver(ids) {
          for (const id of ids) {
            const account = `11111111111${count % 3}`;
            await put(bucket, keyOf(base + 5 * MINUTE * Math.floor(count++ / 4), account), [id]);
          }
        },
        fetched: () =>
          proxy.requests.filter((r) => r.startsWith('GET') && r.includes('.json.gz')).length,
        async breakIt() {
          proxy.broken = true;
        },
        async mendIt() {
          proxy.broken = false;
        },
        close: () => proxy.stop(),
      };
    },
    {survivesRestart: true, timeoutMs: 30_000},
  );
}

const withMoto = test.skipIf(moto === undefined);

withMoto('reads accounts, regions and organisations in order of delivery', async () => {
  const bucket = await newBucket();
  const now = Math.floor((Date.now() - 3 * DAY) / DAY) * DAY;
  const wanted = [
    await put(bucket, keyOf(now, '333333333333', 'eu-west-1'), ['event-0']),
    await put(bucket, keyOf(now + 5 * MINUTE, '222222222222', 'us-east-1', 'AWSLogs/o-abc123'), [
      'event-1',
    ]),
    await put(bucket, keyOf(now + 10 * MINUTE), ['event-2']),
    await put(bucket, keyOf(now + 2 * DAY), ['event-3']),
  ];
  const digest = keyOf(now).replaceAll('CloudTrail', 'CloudTrail-Digest');
  await put(bucket, digest, ['event-9']);
  await put(bucket, keyOf(now - 30 * DAY), ['event-8']);
  const source = open(bucket, {sinceMs: 5 * DAY, slackMs: -5000});
  const {batches, position} = await readUntil(source, undefined, ({ids}) => ids.length >= 4);
  expect(batches.flatMap(({payloads}) => payloads.map(({name}) => name))).toEqual(wanted);
  const again = await source.fetch?.(wanted[0] ?? '');
  expect(Buffer.from(again ?? [])).toEqual(gzipSync(documentOf(['event-0'])));
  expect(await source.fetch?.('s3://another/key.json')).toBeUndefined();
  await source.close();

  const narrow = open(bucket, {sinceMs: 5 * DAY, slackMs: -5000, regions: ['eu-west-1']});
  expect((await readUntil(narrow, undefined, ({ids}) => ids.length >= 1)).ids).toEqual(['event-0']);
  await narrow.close();

  // A new account, and an object that comes a day late, are found; nothing comes twice.
  await put(bucket, keyOf(Date.now() - DAY, '444444444444'), ['event-4']);
  await put(bucket, keyOf(Date.now() - DAY), ['event-5']);
  const later = open(bucket, {slackMs: 0, relookMs: 100});
  const more = await readUntil(later, position, ({ids}) => ids.length >= 2);
  expect(more.ids.sort()).toEqual(['event-4', 'event-5']);
  const rest = await readUntil(later, more.position, () => false, {timeoutMs: 1500});
  expect(rest.ids).toEqual([]);
  await later.close();
});

withMoto('an interrupted first run goes on where it was, of years as well', async () => {
  const bucket = await newBucket();
  const begin = Date.now() - 800 * DAY;
  for (let i = 0; i < 8; i++) await put(bucket, keyOf(begin + i * 90 * DAY), [`event-${i}`]);
  const options = {sinceMs: 900 * DAY, slackMs: -5000, batchBytes: 1};
  const first = open(bucket, options);
  const before = await readUntil(first, undefined, ({ids}) => ids.length >= 3);
  await first.close();
  expect(before.ids).toEqual(idsUpTo(3));
  const second = open(bucket, options);
  const after = await readUntil(second, before.position, ({ids}) => ids.length >= 5);
  await second.close();
  expect([...before.ids, ...after.ids]).toEqual(idsUpTo(8));
});

withMoto('what was put there a moment ago with an old name is not missed', async () => {
  const bucket = await newBucket();
  await put(bucket, keyOf(Date.now() - 20 * DAY), ['event-0']);
  const source = open(bucket, {sinceMs: 30 * DAY, slackMs: 2000});
  expect((await readUntil(source, undefined, ({ids}) => ids.length >= 1)).ids).toEqual(['event-0']);
  await source.close();
});

withMoto('says what is wrong with a bucket', async () => {
  const gone = open('no-such-bucket');
  await expect(gone.check()).rejects.toMatchObject({
    code: 'source_unreadable',
    message: expect.stringMatching(/s3:ListObjectsV2 on "s3:\/\/no-such-bucket\/.*NoSuchBucket/),
  });
  await gone.close();
  const empty = open(await newBucket());
  await expect(empty.check()).rejects.toMatchObject({
    message: expect.stringMatching(/No CloudTrail logs in/),
  });
  await empty.close();
});

withMoto('an object that goes away while it is read stops nothing', async () => {
  const bucket = await newBucket();
  const doomed = keyOf(Date.now() - 30 * MINUTE);
  await put(bucket, doomed, ['event-0']);
  await put(bucket, keyOf(Date.now() - 20 * MINUTE), ['event-1']);
  await put(bucket, keyOf(Date.now() - 10 * MINUTE), ['event-2']);
  const source = open(bucket, {batchBytes: 1});
  const reading = await readUntil(source, undefined, ({ids}) => {
    return ids.length >= 3;
  });
  expect(reading.ids).toEqual(idsUpTo(3));
  await client.send(new DeleteObjectCommand({Bucket: bucket, Key: doomed}));
  expect(await source.fetch?.(`s3://${bucket}/${doomed}`)).toBeUndefined();
  await source.close();
});

withMoto('takes on a role', async () => {
  const bucket = await newBucket();
  await put(bucket, keyOf(Date.now() - 30 * MINUTE), ['event-0']);
  const source = open(bucket, {roleArn: 'arn:aws:iam::123456789012:role/reader'});
  await source.check();
  await source.close();
});
