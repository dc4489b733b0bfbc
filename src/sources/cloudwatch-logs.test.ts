import {afterAll, expect, test} from 'vitest';
import {readUntil, recordOf, sourceContract} from '../../test/contract/source.ts';
import {type Moto, startMoto} from '../../test/peers/moto.ts';
import {startProxy} from '../../test/peers/proxy.ts';
import {importNamed} from './aws.ts';
import {
  type CloudWatchLogsOptions,
  cloudWatchLogsSource,
  type LogsModule,
} from './cloudwatch-logs.ts';

const PACKAGE = '@aws-sdk/client-cloudwatch-logs';
const installed = await importNamed(PACKAGE).then(
  () => true,
  () => false,
);
if (!installed) {
  process.stderr.write(`${PACKAGE} is not installed: plain requests stand in for it\n`);
}
const moto: Moto | undefined = await startMoto();
afterAll(() => moto?.stop());

/** Moto's API, called without the client. */
async function send(endpoint: string, operation: string, input: unknown, signal?: AbortSignal) {
  return fetch(endpoint, {
    method: 'POST',
    ...(signal === undefined ? {} : {signal}),
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `Logs_20140328.${operation}`,
      Authorization:
        'AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=x',
    },
    body: JSON.stringify(input),
  });
}

/** What the client does, as far as it is used. */
const plainModule: LogsModule = {
  FilterLogEventsCommand: class {
    readonly input: unknown;
    constructor(input: unknown) {
      this.input = input;
    }
  },
  CloudWatchLogsClient: class {
    readonly endpoint: string;
    constructor({endpoint = ''}: {endpoint?: string}) {
      this.endpoint = endpoint;
    }
    async send(command: unknown, {abortSignal}: {abortSignal?: AbortSignal}) {
      const {input} = command as {input: unknown};
      const answer = await send(this.endpoint, 'FilterLogEvents', input, abortSignal);
      const body = await answer.json();
      if (answer.ok) return body;
      throw Object.assign(new Error(body.message), {name: body.__type});
    }
    destroy() {}
  },
};

async function call(operation: string, input: unknown): Promise<void> {
  const answer = await send(moto?.endpoint ?? '', operation, input);
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
  cloudWatchLogsSource(
    'logs',
    {logGroup, endpoint: moto?.endpoint ?? '', pollMs: 50, ...options},
    ...(installed ? [] : [async () => plainModule]),
  );

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
  await expect(cloudWatchLogsSource('logs', {logGroup: 'group'}).check()).rejects.toMatchObject({
    code: 'client_missing',
    message: expect.stringContaining(`npm install ${PACKAGE}`),
  });
});

test.skipIf(moto === undefined)('says which log group is not there', async () => {
  await expect(open('no-such-group').check()).rejects.toMatchObject({
    message: expect.stringMatching(
      /logs:FilterLogEvents on log group "no-such-group": ResourceNotFound/,
    ),
  });
});
