import {existsSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {Random} from '../src/base/random.ts';

const PER_FILE = 1_200;
const START = Date.UTC(2026, 0, 5);
const DAYS = 30;

const SERVICES: readonly (readonly [
  source: string,
  names: readonly string[],
  parameter: string,
])[] = [
  ['s3', ['GetObject', 'PutObject', 'ListObjects', 'HeadBucket', 'DeleteObject'], 'bucketName'],
  ['dynamodb', ['GetItem', 'PutItem', 'Query', 'Scan', 'UpdateItem'], 'tableName'],
  ['kms', ['Decrypt', 'Encrypt', 'GenerateDataKey', 'DescribeKey'], 'keyId'],
  ['lambda', ['Invoke', 'GetFunction20150331', 'ListFunctions20150331'], 'functionName'],
  ['logs', ['CreateLogStream', 'PutLogEvents', 'DescribeLogGroups'], 'logGroupName'],
  ['sqs', ['SendMessage', 'ReceiveMessage', 'DeleteMessage'], 'queueUrl'],
  ['ssm', ['GetParameter', 'GetParameters', 'DescribeParameters'], 'name'],
  ['secretsmanager', ['GetSecretValue', 'DescribeSecret', 'ListSecrets'], 'secretId'],
  ['ec2', ['DescribeInstances', 'DescribeVolumes', 'CreateTags', 'RunInstances'], 'instanceType'],
  ['ecr', ['BatchGetImage', 'GetAuthorizationToken', 'DescribeImages'], 'repositoryName'],
  ['sts', ['AssumeRole', 'GetCallerIdentity'], 'roleName'],
  ['iam', ['GetRole', 'ListRoles', 'PassRole', 'GetPolicy'], 'roleName'],
];
const REGIONS = ['eu-west-1', 'eu-central-1', 'us-east-1', 'us-west-2', 'ap-southeast-2'];
const AGENTS = [
  'Boto3/1.34.11 md/Botocore#1.34.11 os/linux lang/python#3.11.6',
  'aws-sdk-go-v2/1.24.0 os/linux lang/go#1.21.5',
  'aws-cli/2.15.0 Python/3.11.6 Linux/5.10.201 exe/x86_64',
  '[aws-sdk-java/2.20.160 Linux/5.10.199 OpenJDK_64-Bit_Server_VM/17.0.9]',
  'APN/1.0 HashiCorp/1.0 Terraform/1.6.4 aws-sdk-go-v2/1.24.0',
];

/** What one principal mostly does: ready-made pieces of its records. */
interface Habits {
  readonly identity: string;
  readonly calls: readonly string[];
  readonly places: readonly string[];
}

function habitsOf(random: Random, index: number): Habits {
  const account = String(100_000_000_000 + (index % 40) * 1_111_111);
  const role = `app-${index % 700}-${index}`;
  const session = `i-${(index * 7919).toString(16).padStart(9, '0')}`;
  const identity =
    `{"type":"AssumedRole","principalId":"AROA${index}:${session}",` +
    `"arn":"arn:aws:sts::${account}:assumed-role/${role}/${session}","accountId":"${account}",` +
    `"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA${index}",` +
    `"arn":"arn:aws:iam::${account}:role/${role}","accountId":"${account}","userName":"${role}"}}}`;
  const own = Array.from({length: 1 + random.below(5)}, () => random.pick(SERVICES));
  const calls = Array.from({length: 4 + random.below(60)}, () => {
    const [source, names, parameter] = random.pick(own);
    return (
      `"eventSource":"${source}.amazonaws.com","eventName":"${random.pick(names)}",` +
      `"requestParameters":{"${parameter}":"${source}-${random.below(9) === 0 ? random.below(4000) : index % 97}-${random.below(12)}"},"recipientAccountId":"${account}",`
    );
  });
  const places = Array.from({length: 1 + random.below(6)}, () => {
    const address = `54.${index % 200}.${random.below(20)}.${random.below(250)}`;
    return (
      `"awsRegion":"${random.pick(REGIONS)}","sourceIPAddress":"${address}",` +
      `"userAgent":"${random.pick(AGENTS)}",`
    );
  });
  return {identity, calls, places};
}

/** A trail of so many events over thirty days by so many principals, some far busier than others. */
export function writeScaleTrail(events: number, principals: number): string {
  const folder = join(tmpdir(), 'oddtrail-bench', `scale-${events}-${principals}`);
  if (existsSync(folder)) return folder;
  console.error(`writing ${folder} …`);
  const begun = `${folder}.begun`;
  rmSync(begun, {recursive: true, force: true});
  mkdirSync(begun, {recursive: true});
  const random = new Random('scale');
  const habits = Array.from({length: principals}, (_, i) => habitsOf(random, i));
  const step = (DAYS * 86_400_000) / events;
  for (let from = 0; from < events; from += PER_FILE) {
    const records: string[] = [];
    for (let i = from; i < Math.min(events, from + PER_FILE); i++) {
      // The square root of a tenth of the principals makes the most noise, as with real ones.
      const who = habits[Math.floor(principals * random.next() ** 2)] as Habits;
      const calls = random.next() < 0.003 ? random.pick(habits).calls : who.calls;
      const time = new Date(START + i * step).toISOString();
      const id = `${hex(random)}-${hex(random, 4)}-${hex(random, 4)}-${hex(random, 4)}-${hex(random)}${hex(random, 4)}`;
      records.push(
        `{"eventVersion":"1.09","userIdentity":${who.identity},"eventTime":"${time.slice(0, 19)}Z",` +
          `${random.pick(calls)}${random.pick(who.places)}` +
          `${random.next() < 0.02 ? '"errorCode":"AccessDenied",' : ''}` +
          `"responseElements":null,"eventID":"${id}","readOnly":true,"eventType":"AwsApiCall",` +
          `"managementEvent":true,"eventCategory":"Management"}`,
      );
    }
    const stamp = new Date(START + (from + PER_FILE) * step + 300_000).toISOString();
    const name = `100000000000_CloudTrail_eu-west-1_${stamp.replaceAll(/[-:]/g, '').slice(0, 13)}Z_`;
    const unique = String(from / PER_FILE).padStart(16, '0');
    const packed = gzipSync(`{"Records":[${records.join(',')}]}`, {level: 1});
    writeFileSync(join(begun, `${name}${unique}.json.gz`), packed);
  }
  renameSync(begun, folder);
  return folder;
}

function hex(random: Random, digits = 8): string {
  return random.uint32().toString(16).padStart(8, '0').slice(0, digits);
}
