import {createHash} from 'node:crypto';
import {gzipSync} from 'node:zlib';
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import {NodeHttpHandler} from '@smithy/node-http-handler';
import {afterAll, expect, test} from 'vitest';
import {documentOf, readUntil, recordOf, sourceContract} from '../../test/contract/source.ts';
import {clientSettings, type Moto, startMoto, stopMoto} from '../../test/peers/moto.ts';
import {startProxy} from '../../test/peers/proxy.ts';
import {type KinesisOptions, kinesisSource} from './kinesis.ts';
import {disaggregate} from './kinesis-aggregate.ts';

const moto: Moto | undefined = await startMoto();
const client = new KinesisClient({
  ...clientSettings(moto),
  requestHandler: new NodeHttpHandler(),
});
afterAll(() => stopMoto(moto, client));

let streams = 0;
async function newStream(ShardCount = 2): Promise<string> {
  const StreamName = `stream-${process.pid}-${streams++}`;
  await client.send(new CreateStreamCommand({StreamName, ShardCount}));
  for (;;) {
    const {StreamDescription} = await client.send(new DescribeStreamCommand({StreamName}));
    if (StreamDescription?.StreamStatus === 'ACTIVE') return StreamName;
  }
}

const put = (StreamName: string, Data: Uint8Array, PartitionKey: string) =>
  client.send(new PutRecordCommand({StreamName, Data, PartitionKey}));

/** As a subscription of CloudWatch Logs writes them. */
const subscription = (ids: readonly string[]) =>
  gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      logEvents: ids.map((id) => ({id, timestamp: 0, message: JSON.stringify(recordOf(id))})),
    }),
  );

const open = (stream: string, options: Partial<KinesisOptions> = {}) =>
  kinesisSource('stream', {
    stream,
    endpoint: moto?.endpoint ?? '',
    pollMs: 50,
    relookMs: 100,
    ...options,
  });

if (moto !== undefined) {
  sourceContract(
    'kinesis',
    async () => {
      const stream = await newStream(3);
      const proxy = await startProxy(moto.endpoint);
      return {
        open: () => open(stream, {endpoint: proxy.endpoint, limit: 3}),
        async deliver(ids) {
          for (const id of ids) await put(stream, subscription([id]), id);
        },
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

withMoto('follows shards that are split and merged, parents first', async () => {
  const stream = await newStream(2);
  const shards = async () =>
    (await client.send(new ListShardsCommand({StreamName: stream}))).Shards ?? [];
  for (let i = 0; i < 6; i++) await put(stream, subscription([`event-${i}`]), `key-${i}`);
  const source = open(stream);
  const first = await readUntil(source, undefined, ({ids}) => ids.length >= 6);
  const [one, two] = await shards();
  const begin = BigInt(one?.HashKeyRange?.StartingHashKey ?? 0);
  const end = BigInt(one?.HashKeyRange?.EndingHashKey ?? 0);
  await put(stream, subscription(['event-6']), 'key-6');
  await client.send(
    new SplitShardCommand({
      StreamName: stream,
      ShardToSplit: one?.ShardId ?? '',
      NewStartingHashKey: String(begin + (end - begin) / 2n),
    }),
  );
  for (let i = 7; i < 12; i++) await put(stream, subscription([`event-${i}`]), `key-${i}`);
  const second = await readUntil(source, first.position, ({ids}) => ids.length >= 6);
  expect([...first.ids, ...second.ids].sort()).toEqual(
    Array.from({length: 12}, (_, i) => `event-${i}`).sort(),
  );
  const halves = (await shards()).filter(({ParentShardId}) => ParentShardId === one?.ShardId);
  await client.send(
    new MergeShardsCommand({
      StreamName: stream,
      ShardToMerge: halves[0]?.ShardId ?? '',
      AdjacentShardToMerge: halves[1]?.ShardId ?? '',
    }),
  );
  expect(two).toBeDefined();
  for (let i = 12; i < 18; i++) await put(stream, subscription([`event-${i}`]), `key-${i}`);
  const third = await readUntil(source, second.position, ({ids}) => ids.length >= 6);
  expect(third.ids.length).toBe(6);
  const rest = await readUntil(open(stream), third.position, () => false, {timeoutMs: 1000});
  expect(rest.ids).toEqual([]);
  await source.close();
});

withMoto('begins with what comes from now on, when told to', async () => {
  const stream = await newStream(1);
  await put(stream, subscription(['event-0']), 'a');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const source = open(stream, {from: 'latest'});
  const reading = readUntil(source, undefined, ({ids}) => ids.length >= 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await put(stream, subscription(['event-1']), 'a');
  expect((await reading).ids).toEqual(['event-1']);
  await source.close();
});

withMoto('says which stream is not there', async () => {
  const source = open('no-such-stream');
  await expect(source.check()).rejects.toMatchObject({
    message: expect.stringMatching(
      /kinesis:ListShards on stream "no-such-stream": ResourceNotFound/,
    ),
  });
  await source.close();
});

/** One record of Kinesis as its Producer Library makes them. */
function aggregate(records: readonly Uint8Array[]): Uint8Array {
  const field = (number: number, bytes: Uint8Array) => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest >>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
  };
  const body = Buffer.concat([
    field(1, Buffer.from('key')),
    ...records.map((data) => field(3, Buffer.concat([Buffer.from([8, 0]), field(3, data)]))),
  ]);
  const digest = createHash('md5').update(body).digest();
  return Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), body, digest]);
}

test('takes apart what the Producer Library packed together', () => {
  const records = [Buffer.from(documentOf(['event-0'])), subscription(['event-1'])];
  const packed = aggregate(records);
  expect(disaggregate(packed).map((part) => Buffer.from(part))).toEqual(records);
  const damaged = new Uint8Array(packed);
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  expect(disaggregate(damaged)).toEqual([damaged]);
  const plain = Buffer.from(documentOf(['event-0']));
  expect(disaggregate(plain)).toEqual([plain]);
});

withMoto('hands over each record of a packed one', async () => {
  const stream = await newStream(1);
  await put(stream, aggregate([subscription(['event-0']), subscription(['event-1'])]), 'a');
  const source = open(stream);
  expect((await readUntil(source, undefined, ({ids}) => ids.length >= 2)).ids).toEqual([
    'event-0',
    'event-1',
  ]);
  await source.close();
});
