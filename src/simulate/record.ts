import type {Random} from '../base/random.ts';
import type {Call} from './call.ts';
import {base32, hex, uuid} from './draw.ts';
import {errorMessage} from './errors.ts';
import {requestParameters, responseElements} from './parameters.ts';

const EVENT_SOURCES: Readonly<Record<string, string>> = {sso: 'sso.amazonaws.com'};

/** Services whose calls are always logged in one region, whatever the caller's. */
const GLOBAL = new Set([
  'iam',
  'organizations',
  'cloudfront',
  'route53',
  'ce',
  'support',
  'budgets',
  'cur',
  'health',
  'trustedadvisor',
]);

export function regionOf(service: string, region: string): string {
  return GLOBAL.has(service) ? 'us-east-1' : region;
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  lambda: '2015-03-31',
  elasticloadbalancing: '2015-12-01',
  logs: '20140328',
  route53: '2013-04-01',
  cloudfront: '2020-05-31',
  dynamodb: '2012-08-10',
};

const SIGNED_CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
] as const;

/** Browsers call through each console's own back end: the user agent depends on the service. */
function consoleAgent(service: string, browser: string): string {
  switch (service) {
    case 's3':
      return '[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.220-187.867.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.372-b08 java/1.8.0_372 vendor/Oracle_Corporation cfg/retry-mode/standard]';
    case 'rds':
      return 'RDS Console, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.220 OpenJDK_64-Bit_Server_VM';
    case 'iam':
    case 'kms':
    case 'health':
    case 'organizations':
      return 'AWS Internal';
    default:
      return browser;
  }
}

/** Extra content so that records reach a wanted mean size; 0 adds nothing. */
export interface RecordOptions {
  readonly extraBytes: number;
}

/**
 * The record that CloudTrail would deliver for a call, with the fields in its order. Draws the
 * ids from `random`; parts that belong to the session are shared between its records.
 */
export function toRecord(
  call: Call,
  random: Random,
  options: RecordOptions,
): Record<string, unknown> {
  const {session, operation, error} = call;
  const {service} = operation;
  const region = regionOf(service, call.region);
  const failed = error !== '';
  const isService = call.invokedBy !== undefined || session.address.endsWith('.amazonaws.com');
  const record: Record<string, unknown> = {
    eventVersion: versionOf(call),
    userIdentity:
      call.invokedBy === undefined
        ? session.identity
        : {...session.identity, invokedBy: call.invokedBy},
    eventTime: eventTime(call.time),
    eventSource: EVENT_SOURCES[service] ?? `${service}.amazonaws.com`,
    eventName: operation.name,
    awsRegion: region,
    sourceIPAddress: call.invokedBy ?? session.address,
    userAgent:
      call.invokedBy ??
      (session.console ? consoleAgent(service, session.userAgent) : session.userAgent),
  };
  if (failed) {
    record.errorCode = error;
    record.errorMessage = errorMessage(call);
  }
  const denied =
    failed && (error.startsWith('AccessDenied') || error.endsWith('UnauthorizedOperation'));
  let request = call.request === undefined ? requestParameters(call, random) : call.request;
  // Many services do not log the parameters of what they refused.
  if (
    denied &&
    service !== 's3' &&
    service !== 'ec2' &&
    service !== 'sts' &&
    call.request === undefined
  )
    request = null;
  let response = failed
    ? null
    : call.response === undefined
      ? responseElements(call, random)
      : call.response;
  if (failed && call.response !== undefined && call.eventType === 'AwsConsoleSignIn')
    response = call.response;
  if (options.extraBytes > 0) request = padded(request, options.extraBytes, random);
  record.requestParameters = request;
  record.responseElements = response;
  if (call.additional !== undefined) record.additionalEventData = call.additional;
  else if (service === 's3') record.additionalEventData = s3Additional(call, random);
  record.requestID = service === 's3' ? base32(random, 16) : uuid(random);
  record.eventID = uuid(random);
  record.readOnly = operation.readOnly;
  const resources = resourcesOf(call);
  if (resources !== undefined && !failed) record.resources = resources;
  record.eventType = call.eventType ?? 'AwsApiCall';
  const apiVersion = API_VERSIONS[service];
  if (apiVersion !== undefined) record.apiVersion = apiVersion;
  record.managementEvent = !operation.data;
  record.recipientAccountId = call.account;
  if (call.sharedEventId !== undefined) record.sharedEventID = call.sharedEventId;
  if (session.vpcEndpoint !== undefined && !isService) record.vpcEndpointId = session.vpcEndpoint;
  record.eventCategory = operation.data ? 'Data' : 'Management';
  if (session.tls && !isService && service !== 'signin') {
    record.tlsDetails = {
      tlsVersion: 'TLSv1.3',
      cipherSuite: SIGNED_CIPHERS[0],
      clientProvidedHostHeader:
        service === 's3' && call.resource !== ''
          ? `${call.resource}.s3.${region}.amazonaws.com`
          : `${service}.${region}.amazonaws.com`,
    };
  }
  if (session.console && service !== 'signin' && service !== 'sso')
    record.sessionCredentialFromConsole = 'true';
  return record;
}

function versionOf(call: Call): string {
  const {service} = call.operation;
  if (service === 'sts' || service === 'signin') return '1.08';
  if (service === 's3' || service === 'kms' || service === 'dynamodb') return '1.11';
  if (service === 'ec2') return '1.10';
  return '1.09';
}

/** `2026-01-05T09:03:00Z`: CloudTrail knows whole seconds. */
export function eventTime(time: number): string {
  const day = Math.floor(time / 86_400_000);
  if (day !== lastDay) {
    lastDay = day;
    lastDate = new Date(day * 86_400_000).toISOString().slice(0, 11);
  }
  const second = Math.floor(time / 1000) - day * 86_400;
  return `${lastDate}${TWO[Math.floor(second / 3600)]}:${TWO[Math.floor(second / 60) % 60]}:${TWO[second % 60]}Z`;
}

// Formatting a date is a tenth of the whole cost, so its day is kept.
const TWO = Array.from({length: 60}, (_, i) => String(i).padStart(2, '0'));
let lastDay = Number.NaN;
let lastDate = '';

function s3Additional(call: Call, random: Random): object {
  return {
    SignatureVersion: 'SigV4',
    CipherSuite: 'TLS_AES_128_GCM_SHA256',
    bytesTransferredIn: call.operation.name.startsWith('Put') ? random.below(90_000) : 0,
    AuthenticationMethod: 'AuthHeader',
    'x-amz-id-2': `${hex(random, 32)}=`,
    bytesTransferredOut: call.error === '' ? random.below(20_000) : 243,
  };
}

function resourcesOf(call: Call): object[] | undefined {
  const {operation, resource, account} = call;
  if (resource === '') return undefined;
  switch (operation.service) {
    case 's3':
      return [{accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${resource}`}];
    case 'kms':
      return [{accountId: account, type: 'AWS::KMS::Key', ARN: resource}];
    case 'sts':
      return operation.name.startsWith('AssumeRole')
        ? [{accountId: resource.split(':')[4] ?? account, type: 'AWS::IAM::Role', ARN: resource}]
        : undefined;
    case 'dynamodb':
      return [
        {
          accountId: account,
          type: 'AWS::DynamoDB::Table',
          ARN: `arn:aws:dynamodb:${call.region}:${account}:table/${resource}`,
        },
      ];
    default:
      return undefined;
  }
}

const TAGS = [
  'CostCentre',
  'Environment',
  'Owner',
  'Project',
  'Compliance',
  'DataClassification',
  'ManagedBy',
  'Repository',
] as const;

/** Adds tags such as a thorough platform team attaches to everything. */
function padded(request: object | null, bytes: number, random: Random): object {
  const items: object[] = [];
  let size = Math.round(random.exponential(bytes * 0.5) + bytes * 0.5);
  while (size > 0) {
    items.push({
      key: random.pick(TAGS),
      value: `${hex(random, 8)}-northwind-platform-${hex(random, 4)}`,
    });
    size -= 64;
  }
  return {...request, tagSet: {items}};
}
