// Speed of gunzip alone and followed by each scanner, on generated CloudTrail files.
// Run with `npx tsx bench/scan.ts [repetitions]`.
import {cpus} from 'node:os';
import {gunzipSync, gzipSync} from 'node:zlib';
import {Random} from '../src/base/random.ts';
import {ReferenceScanner} from '../src/decode/reference-scanner.ts';
import type {Scanner} from '../src/decode/scanner.ts';
import {WasmScanner} from '../src/decode/wasm-scanner.ts';
import {SAMPLE_SPEC} from '../test/sample-scan-spec.ts';

const RECORDS_PER_FILE = 2000;
const FILES = 10;
const REPETITIONS = Number(process.argv[2] ?? 9);

const CALLS: readonly [source: string, name: string, parameters: (random: Random) => object][] = [
  [
    's3',
    'GetObject',
    (r) => ({
      bucketName: `bucket-${r.below(40)}`,
      Host: 's3.amazonaws.com',
      key: `logs/${r.below(1e6)}/part-${r.below(1e6)}.gz`,
    }),
  ],
  [
    's3',
    'PutObject',
    (r) => ({
      bucketName: `bucket-${r.below(40)}`,
      Host: 's3.amazonaws.com',
      key: `data/${hex(r, 16)}`,
      'x-amz-acl': 'bucket-owner-full-control',
    }),
  ],
  [
    'kms',
    'Decrypt',
    (r) => ({
      encryptionContext: {'aws:s3:arn': `arn:aws:s3:::bucket-${r.below(40)}`},
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    }),
  ],
  [
    'ec2',
    'DescribeInstances',
    (r) => ({
      maxResults: 1000,
      instancesSet: {items: [{instanceId: `i-${hex(r, 17)}`}]},
      filterSet: {},
    }),
  ],
  [
    'sts',
    'AssumeRole',
    (r) => ({
      roleArn: `arn:aws:iam::123456789012:role/app-${r.below(50)}`,
      roleSessionName: `s-${r.below(1e9)}`,
      durationSeconds: 3600,
    }),
  ],
  [
    'dynamodb',
    'GetItem',
    (r) => ({tableName: `table-${r.below(60)}`, key: {id: hex(r, 12)}, consistentRead: false}),
  ],
  [
    'lambda',
    'Invoke',
    (r) => ({
      functionName: `arn:aws:lambda:eu-west-1:123456789012:function:f-${r.below(80)}`,
      invocationType: 'RequestResponse',
    }),
  ],
  [
    'logs',
    'CreateLogStream',
    (r) => ({
      logGroupName: `/aws/lambda/f-${r.below(80)}`,
      logStreamName: `2024/01/01/[$LATEST]${hex(r, 32)}`,
    }),
  ],
];
const CLIENTS = [
  'aws-sdk-go-v2/1.24.0 os/linux lang/go#1.21.5 md/GOOS#linux md/GOARCH#amd64 api/s3#1.47.5',
  'Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#5.10.201 md/arch#x86_64 lang/python#3.11.6 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.11',
  '[aws-sdk-java/2.20.160 Linux/5.10.199-190.747.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.9 Java/17.0.9 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/standard]',
  'aws-internal/3 aws-sdk-java/1.12.600 Linux/5.10.199 OpenJDK_64-Bit_Server_VM/25.392-b09 java/1.8.0_392 vendor/Oracle_Corporation cfg/retry-mode/standard',
];

function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += random.uint32().toString(16).padStart(8, '0');
  return text.slice(0, length);
}

function uuid(random: Random): string {
  return hex(random, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** One record; long ones have what newer event versions and S3 data events add. */
function record(
  random: Random,
  sessions: readonly string[],
  second: number,
  long: boolean,
): object {
  const [source, name, parameters] = random.pick(CALLS);
  const role = `app-${random.below(50)}`;
  // A fifth of the sessions seen in a file are new with the record.
  const session = random.chance(0.2) ? hex(random, 17) : random.pick(sessions);
  const account = '123456789012';
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROAEXAMPLE${role}:${session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
      accountId: account,
      ...(long ? {accessKeyId: `ASIA${hex(random, 16).toUpperCase()}`} : {}),
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: `AROAEXAMPLE${role}`,
          arn: `arn:aws:iam::${account}:role/${role}`,
          accountId: account,
          userName: role,
        },
        ...(long
          ? {
              webIdFederationData: {},
              attributes: {creationDate: '2024-01-01T00:00:00Z', mfaAuthenticated: 'false'},
            }
          : {}),
      },
    },
    eventTime: new Date(1704067200000 + second * 1000).toISOString().replace('.000', ''),
    eventSource: `${source}.amazonaws.com`,
    eventName: name,
    awsRegion: 'eu-west-1',
    sourceIPAddress: `10.0.${random.below(4)}.${random.below(256)}`,
    userAgent: random.pick(CLIENTS),
    ...(random.chance(0.05)
      ? {errorCode: 'AccessDenied', errorMessage: 'User is not authorized'}
      : {}),
    requestParameters: parameters(random),
    responseElements: null,
    ...(long
      ? {
          additionalEventData: {
            SignatureVersion: 'SigV4',
            CipherSuite: 'ECDHE-RSA-AES128-GCM-SHA256',
            bytesTransferredIn: 0,
            AuthenticationMethod: 'AuthHeader',
            'x-amz-id-2': `${hex(random, 60)}=`,
            bytesTransferredOut: random.below(1e7),
          },
        }
      : {}),
    requestID: uuid(random),
    eventID: uuid(random),
    readOnly: true,
    ...(long
      ? {
          resources: [
            {type: 'AWS::S3::Object', ARN: `arn:aws:s3:::bucket-${random.below(40)}/x`},
            {
              accountId: account,
              type: 'AWS::S3::Bucket',
              ARN: `arn:aws:s3:::bucket-${random.below(40)}`,
            },
          ],
        }
      : {}),
    eventType: 'AwsApiCall',
    managementEvent: !long,
    recipientAccountId: account,
    ...(long
      ? {
          vpcEndpointId: 'vpce-0123456789abcdef0',
          vpcEndpointAccountId: account,
          eventCategory: 'Data',
          tlsDetails: {
            tlsVersion: 'TLSv1.3',
            cipherSuite: 'TLS_AES_128_GCM_SHA256',
            clientProvidedHostHeader: 'bucket.s3.eu-west-1.amazonaws.com',
          },
        }
      : {}),
  };
}

function scanFile(scanner: Scanner, raw: Uint8Array): number {
  scanner.load(raw);
  let from = raw.indexOf(0x5b) + 1;
  let count = 0;
  for (;;) {
    const stop = scanner.scan(from, 'comma', count > 0);
    count += scanner.count;
    from = scanner.next;
    if (stop === 'array-end') return count;
    if (stop !== 'full') throw new Error(`Unexpected stop at ${from}: ${stop}`);
    scanner.clear();
  }
}

/** Time of this process only: wall time on a shared machine tells of its neighbours. */
function cpuMilliseconds(): number {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function compare(title: string, long: boolean): void {
  const random = new Random(`scan ${title}`);
  const packed: Uint8Array[] = [];
  let rawBytes = 0;
  for (let file = 0; file < FILES; file++) {
    const sessions = Array.from({length: 200}, () => hex(random, 17));
    const records = Array.from({length: RECORDS_PER_FILE}, (_, i) =>
      record(random, sessions, i, long),
    );
    const raw = Buffer.from(JSON.stringify({Records: records}));
    rawBytes += raw.length;
    packed.push(gzipSync(raw));
  }
  const unpack = (bytes: Uint8Array) =>
    gunzipSync(bytes, {
      chunkSize:
        new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true) + 64,
    });
  const unpacked = packed.map(unpack);
  const fast = new WasmScanner(SAMPLE_SPEC);
  const slow = new ReferenceScanner(SAMPLE_SPEC);
  // Each repetition interns all texts anew.
  const candidates: Record<string, () => void> = {
    gunzip: () => packed.forEach((bytes) => void unpack(bytes)),
    'gunzip + wasm': () => {
      fast.reset();
      for (const bytes of packed) scanFile(fast, unpack(bytes));
    },
    'wasm alone': () => {
      fast.reset();
      for (const bytes of unpacked) scanFile(fast, bytes);
    },
    'wasm, texts known': () => {
      for (const bytes of unpacked) scanFile(fast, bytes);
    },
    'gunzip + reference': () => {
      slow.reset();
      for (const bytes of packed) scanFile(slow, unpack(bytes));
    },
  };
  const events = FILES * RECORDS_PER_FILE;
  const times = new Map(Object.keys(candidates).map((name) => [name, [] as number[]]));
  for (let i = -2; i < REPETITIONS; i++) {
    for (const [name, run] of Object.entries(candidates)) {
      if (name.includes('reference') && i > 2) continue;
      const start = cpuMilliseconds();
      run();
      if (i >= 0) times.get(name)?.push(cpuMilliseconds() - start);
    }
  }
  console.log(
    `\n${title}: ${events} records of ${Math.round(rawBytes / events)} bytes, ` +
      `${fast.textCount} texts, ${Math.round(fast.internedBytes / 1024)} KiB interned`,
  );
  const base = median(times.get('gunzip') ?? []);
  for (const [name, taken] of times) {
    const ms = median(taken);
    const spread = `${Math.min(...taken).toFixed(0)}–${Math.max(...taken).toFixed(0)}`;
    console.log(
      `  ${name.padEnd(20)} ${ms.toFixed(1).padStart(7)} ms (${spread})`.padEnd(48) +
        `${Math.round(events / ms)} kev/s  ${Math.round(rawBytes / ms / 1000)} MB/s  ` +
        `${(base / ms).toFixed(2)} of gunzip`,
    );
  }
}

console.log(
  `${cpus()[0]?.model}, Node ${process.versions.node}, medians of ${REPETITIONS}, CPU time`,
);
compare('short', false);
compare('long', true);
