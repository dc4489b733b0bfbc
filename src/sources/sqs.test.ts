import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {gzipSync} from 'node:zlib';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {afterAll, expect, test} from 'vitest';
import {
  documentOf,
  idsUpTo,
  readUntil,
  recordOf,
  sourceContract,
} from '../../test/contract/source.ts';
import {clientSettings, type Moto, startMoto, stopMoto} from '../../test/peers/moto.ts';
import {startProxy} from '../../test/peers/proxy.ts';
import {type SqsOptions, sqsSource} from './sqs.ts';

const moto: Moto | undefined = await startMoto();
const settings = clientSettings(moto);
const s3 = new S3Client({...settings, forcePathStyle: true});
const sqs = new SQSClient(settings);
afterAll(() => stopMoto(moto, s3, sqs));

let count = 0;

/** A bucket that notifies a queue, as people set it up. */
async function newWorld({notify = true} = {}) {
  const name = `world-${process.pid}-${count++}`;
  const {QueueUrl = ''} = await sqs.send(new CreateQueueCommand({QueueName: name}));
  const {Attributes} = await sqs.send(
    new GetQueueAttributesCommand({QueueUrl, AttributeNames: ['QueueArn']}),
  );
  const arn = Attributes?.QueueArn ?? '';
  await s3.send(new CreateBucketCommand({Bucket: name}));
  if (notify) {
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: name,
        NotificationConfiguration: {
          QueueConfigurations: [{QueueArn: arn, Events: ['s3:ObjectCreated:*']}],
        },
      }),
    );
  }
  return {name, queueUrl: QueueUrl, arn};
}

async function put(Bucket: string, ids: readonly string[], key = `logs/a+b ${count++}.json.gz`) {
  await s3.send(new PutObjectCommand({Bucket, Key: key, Body: gzipSync(documentOf(ids))}));
  return `s3://${Bucket}/${key}`;
}

async function say(queueUrl: string, message: unknown): Promise<void> {
  const MessageBody = typeof message === 'string' ? message : JSON.stringify(message);
  await sqs.send(new SendMessageCommand({QueueUrl: queueUrl, MessageBody}));
}

/** How many messages there are, in sight and hidden. */
async function left(QueueUrl: string): Promise<[number, number]> {
  const {Attributes} = await sqs.send(
    new GetQueueAttributesCommand({QueueUrl, AttributeNames: ['All']}),
  );
  return [
    Number(Attributes?.ApproximateNumberOfMessages),
    Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  ];
}

const open = (queueUrl: string, options: Partial<SqsOptions> = {}) =>
  sqsSource('queue', {
    queueUrl,
    endpoint: moto?.endpoint ?? '',
    waitSeconds: 1,
    visibilitySeconds: 2,
    retrySeconds: 0,
    ...options,
  });

/** Moto's APIs of services whose clients are not installed. */
async function query(service: string, fields: Record<string, string>): Promise<string> {
  const answer = await fetch(moto?.endpoint ?? '', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x`,
    },
    body: new URLSearchParams(fields),
  });
  return answer.text();
}

if (moto !== undefined) {
  sourceContract(
    'sqs',
    async () => {
      const {name, queueUrl} = await newWorld();
      const proxy = await startProxy(moto.endpoint);
      const onProxy = queueUrl.replace(/^https?:\/\/[^/]+/, proxy.endpoint);
      return {
        open: () => open(onProxy, {endpoint: proxy.endpoint, batchBytes: 2000}),
        async deliver(ids) {
          for (const id of ids) await put(name, [id]);
        },
        fetched: () => proxy.requests.filter((r) => r.startsWith('GET')).length,
        async breakIt() {
          proxy.broken = true;
        },
        async mendIt() {
          proxy.broken = false;
        },
        close: () => proxy.stop(),
      };
    },
    {survivesRestart: true, redelivers: true, timeoutMs: 30_000},
  );
}

const withMoto = test.skipIf(moto === undefined);

withMoto('a message is deleted after the acknowledgement and not before', async () => {
  const {name, queueUrl} = await newWorld();
  await put(name, idsUpTo(2));
  const source = open(queueUrl);
  const stop = new AbortController();
  for await (const batch of source.read(undefined, stop.signal)) {
    // With the one by which S3 tries whether the queue is there.
    expect(await left(queueUrl)).toEqual([0, 2]);
    // Longer than it is hidden for: it is extended.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(await left(queueUrl)).toEqual([0, 2]);
    await batch.ack();
    expect(await left(queueUrl)).toEqual([0, 0]);
    stop.abort();
  }
  await source.close();
});

withMoto(
  'an object that may never be read is set aside in the end, and holds up nobody',
  async () => {
    const {name, queueUrl} = await newWorld();
    // The bucket as it is, but for one object.
    const guard = createServer((request, response) => {
      const url = request.url ?? '';
      if (url.includes('secret')) {
        response.writeHead(403, {'content-type': 'application/xml'});
        response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
        return;
      }
      fetch(`${moto?.endpoint}${url}`, {
        headers: {Authorization: request.headers.authorization ?? ''},
      })
        .then(async (answer) => {
          const body = Buffer.from(await answer.arrayBuffer());
          response.writeHead(answer.status, {'content-length': body.length});
          response.end(body);
        })
        .catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => guard.listen(0, '127.0.0.1', resolve));
    const {port} = guard.address() as AddressInfo;
    const secret = await put(name, idsUpTo(1), 'secret.json.gz');
    const fine = await put(name, idsUpTo(1), 'fine.json.gz');
    const source = open(queueUrl, {s3Endpoint: `http://127.0.0.1:${port}`, maxReceives: 3});
    const stop = new AbortController();
    const names: string[] = [];
    const poison: {name: string; detail: string}[] = [];
    let faults = 0;
    for (let reading = 0; reading < 20 && poison.length === 0; reading++) {
      try {
        for await (const batch of source.read(undefined, stop.signal)) {
          names.push(...batch.payloads.map((each) => each.name));
          poison.push(...(batch.poison ?? []));
          await batch.ack();
          if (poison.length > 0) stop.abort();
        }
      } catch (error) {
        expect(error).toMatchObject({code: 'source_forbidden', retryable: true});
        faults++;
      }
    }
    expect(names).toEqual([fine]);
    expect(faults).toBe(2);
    expect(poison).toEqual([
      {name: secret, detail: expect.stringMatching(/s3:GetObject.*AccessDenied/)},
    ]);
    expect(await left(queueUrl)).toEqual([0, 0]);
    await source.close();
    guard.close();
    guard.closeAllConnections();
  },
  60_000,
);

withMoto('a batch that could not be made durable comes again at once', async () => {
  const {name, queueUrl} = await newWorld();
  await put(name, idsUpTo(2));
  const source = open(queueUrl, {visibilitySeconds: 600});
  const stop = new AbortController();
  let seen = 0;
  for await (const batch of source.read(undefined, stop.signal)) {
    if (seen++ === 0) await batch.nack?.(new Error('disk full'));
    else {
      await batch.ack();
      stop.abort();
    }
  }
  expect(seen).toBe(2);
  await source.close();
});

withMoto('understands SNS, raw or not, EventBridge, and records themselves', async () => {
  const {name, queueUrl, arn} = await newWorld({notify: false});
  for (const raw of ['true', 'false']) {
    const topic = /<TopicArn>(.*?)</.exec(
      await query('sns', {Action: 'CreateTopic', Name: `${name}-${raw}`, Version: '2010-03-31'}),
    )?.[1];
    await query('sns', {
      Action: 'Subscribe',
      TopicArn: topic ?? '',
      Protocol: 'sqs',
      Endpoint: arn,
      'Attributes.entry.1.key': 'RawMessageDelivery',
      'Attributes.entry.1.value': raw,
      Version: '2010-03-31',
    });
    const key = `sns ${raw}.json.gz`;
    await put(name, [`event-${raw}`], key);
    const record = {eventSource: 'aws:s3', eventName: 'ObjectCreated:Put'};
    const object = {key: encodeURIComponent(key), size: 10};
    await query('sns', {
      Action: 'Publish',
      TopicArn: topic ?? '',
      Message: JSON.stringify({Records: [{...record, s3: {bucket: {name}, object}}]}),
      Version: '2010-03-31',
    });
  }
  await put(name, ['event-bridge'], 'bridge+1.json.gz');
  await say(queueUrl, {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: {bucket: {name}, object: {key: 'bridge+1.json.gz'}},
  });
  await say(queueUrl, {source: 'aws.iam', detail: recordOf('event-itself')});
  await say(queueUrl, {Service: 'Amazon S3', Event: 's3:TestEvent'});
  const source = open(queueUrl);
  const {ids} = await readUntil(source, undefined, ({ids}) => ids.length >= 4);
  expect(ids.sort()).toEqual(['event-bridge', 'event-false', 'event-itself', 'event-true']);
  expect(await left(queueUrl)).toEqual([0, 0]);
  await source.close();
});

withMoto('a message that nothing can be made of is poison after so many times', async () => {
  const {name, queueUrl} = await newWorld({notify: false});
  await say(queueUrl, 'hello');
  await say(queueUrl, {
    Records: [
      {
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: {
          bucket: {name},
          object: {key: 'gone.json.gz'},
        },
      },
    ],
  });
  await say(queueUrl, {source: 'aws.iam', detail: recordOf('event-0')});
  const source = open(queueUrl, {maxReceives: 3});
  const {ids, batches} = await readUntil(
    source,
    undefined,
    ({batches}) => batches.flatMap(({poison}) => poison ?? []).length >= 2,
  );
  expect(ids).toEqual(['event-0']);
  expect(
    batches
      .flatMap(({poison}) => poison ?? [])
      .map(({detail}) => detail)
      .sort(),
  ).toEqual(['the message is no JSON', 'there is no such object (NoSuchKey)']);
  expect(await left(queueUrl)).toEqual([0, 0]);
  await source.close();
});

withMoto('a bucket that is not there is a fault of the world, and the others go on', async () => {
  const {name, queueUrl} = await newWorld();
  const object = {key: 'a.json.gz'};
  const record = {eventSource: 'aws:s3', eventName: 'ObjectCreated:Put'};
  await say(queueUrl, {Records: [{...record, s3: {bucket: {name: 'no-such-bucket'}, object}}]});
  await put(name, ['event-0']);
  const source = open(queueUrl, {maxReceives: 1});
  const ids: string[] = [];
  await expect(
    readUntil(source, undefined, (reading) => {
      ids.push(...reading.ids);
      return false;
    }),
  ).rejects.toMatchObject({
    code: 'source_unreadable',
    retryable: true,
    message: expect.stringMatching(
      /s3:GetObject on "s3:\/\/no-such-bucket\/a.json.gz".*NoSuchBucket/,
    ),
  });
  expect(ids.every((id) => id === 'event-0')).toBe(true);
  const [visible, hidden] = await left(queueUrl);
  expect(visible + hidden).toBeGreaterThan(0);
  await source.close();
});

withMoto('says which queue is not there', async () => {
  const source = open(`${moto?.endpoint}/123456789012/no-such-queue`);
  await expect(source.check()).rejects.toMatchObject({
    message: expect.stringMatching(
      /sqs:GetQueueAttributes on queue ".*no-such-queue": .*NonExistent/,
    ),
  });
  await source.close();
});
