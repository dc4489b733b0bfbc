import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {CreateQueueCommand, GetQueueAttributesCommand, SQSClient} from '@aws-sdk/client-sqs';
import {expect, onTestFinished, test} from 'vitest';
import {startMoto} from '../peers/moto.ts';
import {sharedData} from '../shared-data.ts';

const ROOT = join(import.meta.dirname, '../..');
const shared = sharedData();
const trail = shared === undefined ? undefined : join(shared, 'invictus/AWSLogs');
const moto = trail === undefined ? undefined : await startMoto();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  server.close();
  return port;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

test.skipIf(moto === undefined)(
  'a queue fed while it is read, with the process killed in between: every record is stored once',
  {timeout: 300_000},
  async () => {
    const {endpoint, stop} = moto as NonNullable<typeof moto>;
    onTestFinished(stop);
    const folder = mkdtempSync(join(tmpdir(), 'oddtrail-sqs-'));
    onTestFinished(() => rmSync(folder, {recursive: true, force: true}));
    const credentials = {accessKeyId: 'testing', secretAccessKey: 'testing'};
    const settings = {endpoint, region: 'us-east-1', credentials};
    const s3 = new S3Client({...settings, forcePathStyle: true});
    const sqs = new SQSClient(settings);
    const Bucket = `trail-${process.pid}`;
    const {QueueUrl = ''} = await sqs.send(new CreateQueueCommand({QueueName: Bucket}));
    const {Attributes} = await sqs.send(
      new GetQueueAttributesCommand({QueueUrl, AttributeNames: ['QueueArn']}),
    );
    await s3.send(new CreateBucketCommand({Bucket}));
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          QueueConfigurations: [
            {QueueArn: Attributes?.QueueArn ?? '', Events: ['s3:ObjectCreated:*']},
          ],
        },
      }),
    );

    const port = await freePort();
    writeFileSync(
      join(folder, 'oddtrail.yml'),
      `sources: [{name: queue, type: sqs, queue_url: "${QueueUrl}", region: us-east-1, endpoint: "${endpoint}"}]
server: {listen: "127.0.0.1:${port}"}
checkpoint: {every: 2s}
`,
    );
    const api = `http://127.0.0.1:${port}/api/v1`;
    let running: ChildProcess | undefined;
    const start = () => {
      running = spawn(
        process.execPath,
        [join(ROOT, 'bin/oddtrail.js'), 'run', '-c', 'oddtrail.yml'],
        {
          cwd: folder,
          stdio: 'ignore',
          env: {...process.env, AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing'},
        },
      );
    };
    onTestFinished(() => {
      running?.kill('SIGKILL');
    });
    const killed = async () => {
      running?.kill('SIGKILL');
      await once(running as ChildProcess, 'exit');
    };
    const stored = async (): Promise<number> => {
      const answer = await fetch(`${api}/status`).catch(() => undefined);
      if (answer?.ok !== true) return -1;
      return ((await answer.json()) as {observations: number}).observations;
    };

    start();
    await expect.poll(stored, {timeout: 60_000}).toBe(0);
    const files = filesOf(trail as string);
    expect(files.length).toBeGreaterThan(50);
    for (const [i, path] of files.entries()) {
      const Key = `AWSLogs/${relative(trail as string, path)}`;
      await s3.send(new PutObjectCommand({Bucket, Key, Body: readFileSync(path)}));
      if (i !== 20 && i !== 40) continue;
      // Some of it is stored, some on its way, some not asked for yet.
      await expect.poll(stored, {timeout: 60_000}).toBeGreaterThan(i === 20 ? 0 : 300);
      await killed();
      start();
    }
    await expect.poll(stored, {timeout: 180_000, interval: 500}).toBe(2_900);
    // What was delivered again while this was waited for has changed nothing.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const ids = new Set<string>();
    let cursor = '';
    do {
      const answer = await fetch(`${api}/observations?order=id&limit=500${cursor}`);
      const {rows, next} = (await answer.json()) as {
        rows: {eventId: string}[];
        next: string | null;
      };
      for (const {eventId} of rows) {
        expect(ids).not.toContain(eventId);
        ids.add(eventId);
      }
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
    expect(ids.size).toBe(2_900);
    running?.kill('SIGTERM');
    const [code] = (await once(running as ChildProcess, 'exit')) as [number];
    expect(code).toBe(0);
    s3.destroy();
    sqs.destroy();
  },
);
