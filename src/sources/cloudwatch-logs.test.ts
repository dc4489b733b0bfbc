import {afterAll, expect, test} from 'vitest';
import {readUntil, recordOf, sourceContract} from '../../test/contract/source.ts';
import {type Moto, startMoto} from '../../test/peers/moto.ts';
import {startProxy} from '../../test/peers/proxy.ts';
import {importNamed} from './aws.ts';
import {type CloudWatchLogsOptions, cloudWatchLogsSource} from './cloudwatch-logs.ts';

const PACKAGE = '@aws-sdk/client-cloudwatch-logs';
const installed = await importNamed(PACKAGE).then(
  () => true,
  () => false,
);
if (!installed) process.stderr.write(`skipped: ${PACKAGE} is not installed\n`);
const moto: Moto | undefined = installed ? await startMoto() : undefined;
afterAll(() => moto?.stop());

/** Moto's API, called without the client, which is what is being tested. */
async function call(operation: string, input: unknown): Promise<void> {
  const answer = await fetch(moto?.endpoint ?? '', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `Logs_20140328.${operation}`,
      Authorization:
        'AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=x',
    },
    body: JSON.stringify(input),
  });
  expect([operation, answer.status, await answer.text()]).toEqual([
    operation,
    200,
    expect.anything(),
  ]);
}

let groups = 0;
async function newGroup(): Promise<string> {
  const logGroupName = `trail-${process.pid}-${groups++}`;
  await call('CreateLogGroup', {logGroupName});
  for (const region of ['us-east-1', 'eu-west-1']) {
    await call('CreateLogStream', {logGroupName, logStreamName: `111_CloudTrail_${region}`});
  }
  return logGroupName;
}

let count = 0;
function put(logGroupName: string, ids: readonly string[], timestamp = Date.now() - 30_000) {
  return call('PutLogEvents', {
    logGroupName,
    logStreamName: `111_CloudTrail_${count++ % 2 === 0 ? 'us-east-1' : 'eu-west-1'}`,
    logEvents: ids.map((id) => ({timestamp, message: JSON.stringify(recordOf(id))})),
  });
}

const open = (logGroup: string, options: Partial<CloudWatchLogsOptions> = {}) =>
  cloudWatchLogsSource('logs', {logGroup, endpoint: moto?.endpoint ?? '', pollMs: 50, ...options});

if (moto !== undefined) {
  sourceContract(
    'cloudwatch-logs',
    async () => {
      const group = await newGroup();
      const proxy = await startProxy(moto.endpoint);
      return {
        open: () => open(group, {endpoint: proxy.endpoint}),
        async deliver(ids) {
          for (const id of ids) await put(group, [id]);
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
    {survivesRestart: true, overlaps: true, timeoutMs: 30_000},
  );
}

test.skipIf(moto === undefined)('reads from as far back as told, in order of time', async () => {
  const group = await newGroup();
  const now = Date.now();
  for (let i = 0; i < 10; i++) await put(group, [`event-${i}`], now - (20 - 2 * i) * 3_600_000);
  const source = open(group, {sinceMs: 17 * 3_600_000});
  const {ids} = await readUntil(source, undefined, (reading) => reading.ids.length >= 8);
  expect(ids).toEqual(Array.from({length: 8}, (_, i) => `event-${i + 2}`));
  await source.close();
});

test.skipIf(installed)('says how to install the client', async () => {
  await expect(open('group').check()).rejects.toMatchObject({
    code: 'client_missing',
    message: expect.stringContaining(`npm install ${PACKAGE}`),
  });
});
