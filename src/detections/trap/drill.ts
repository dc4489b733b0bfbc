import type {Json} from '../json.ts';
import type {Decoy, Trap} from './decoy.ts';
import {DRILL_AGENT} from './trap.ts';

export interface DrillOptions {
  /** Event time, epoch milliseconds. */
  readonly time: number;
  /** `eventID`: a fresh one, by which the drill is found again. */
  readonly eventId: string;
  /** Version of Oddtrail, for the user agent. */
  readonly version?: string;
  /** Where the decoy is; else the first of the trap's accounts, or 123456789012. */
  readonly account?: string;
  readonly region?: string;
  readonly partition?: string;
}

/** The user that drills are done by, but for what only the decoy itself can do. */
export const DRILL_USER = 'oddtrail-drill';

interface Call {
  readonly service: string;
  readonly name: string;
  readonly region?: string;
  readonly parameters: Json;
  readonly readOnly: boolean;
  readonly data?: boolean;
  readonly resources?: readonly Json[];
  readonly more?: Readonly<Record<string, Json>>;
  readonly identity?: Readonly<Record<string, Json>>;
}

/**
 * The record that somebody would leave who touches the decoy, as CloudTrail writes it. Its user
 * agent says that it is a drill; it comes from an address of documentation.
 *
 * It is done by a user of its own, so that what is learnt from it is learnt of nobody else. A
 * sign-in and the use of a key are the decoy's own doing: they are done in its name.
 */
export function drillRecord(trap: Trap, options: DrillOptions): Record<string, Json> {
  const {time, eventId, version = '0', partition = 'aws', region = 'eu-central-1'} = options;
  const account = options.account ?? trap.accounts[0] ?? '123456789012';
  const call = callOf(trap.decoy, {account, region, partition});
  const source = `${call.service}.amazonaws.com`;
  const where = call.region ?? region;
  return {
    eventVersion: '1.11',
    userIdentity: call.identity ?? {
      type: 'IAMUser',
      principalId: 'AIDADRILLDRILLDRILLDR',
      arn: `arn:${partition}:iam::${account}:user/${DRILL_USER}`,
      accountId: account,
      accessKeyId: 'AKIADRILLDRILLDRILL2',
      userName: DRILL_USER,
    },
    eventTime: `${new Date(time).toISOString().slice(0, 19)}Z`,
    eventSource: source,
    eventName: call.name,
    awsRegion: where,
    sourceIPAddress: '192.0.2.66',
    userAgent: `${DRILL_AGENT}${version}`,
    requestParameters: call.parameters,
    responseElements: null,
    requestID: `drill-${eventId}`,
    eventID: eventId,
    readOnly: call.readOnly,
    ...(call.resources === undefined ? {} : {resources: call.resources}),
    eventType: 'AwsApiCall',
    managementEvent: call.data !== true,
    recipientAccountId: account,
    eventCategory: call.data === true ? 'Data' : 'Management',
    ...call.more,
  };
}

function callOf(
  {kind, name, key, prefix}: Decoy,
  {account, region, partition}: {account: string; region: string; partition: string},
): Call {
  const home = HOMES[partition] ?? 'us-east-1';
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  switch (kind) {
    case 'user':
      return {
        service: 'signin',
        name: 'ConsoleLogin',
        region: home,
        readOnly: false,
        parameters: null,
        identity: {
          type: 'IAMUser',
          principalId: 'AIDADRILLDRILLDRILLDR',
          accountId: account,
          accessKeyId: '',
          userName: name,
        },
        more: {
          eventType: 'AwsConsoleSignIn',
          errorMessage: 'Failed authentication',
          responseElements: {ConsoleLogin: 'Failure'},
          additionalEventData: {
            LoginTo: 'https://console.aws.amazon.com/console/home',
            MobileVersion: 'No',
            MFAUsed: 'No',
          },
        },
      };
    case 'role': {
      const roleArn = `arn:${partition}:iam::${account}:role/${name}`;
      return {
        service: 'sts',
        name: 'AssumeRole',
        region: home,
        readOnly: true,
        parameters: {roleArn, roleSessionName: DRILL_USER, durationSeconds: 900},
        resources: [{accountId: account, type: 'AWS::IAM::Role', ARN: roleArn}],
        more: {
          responseElements: {
            credentials: {
              accessKeyId: 'ASIADRILLDRILLDRILL2',
              expiration: 'Jan 1, 2026, 0:00:00 AM',
            },
            assumedRoleUser: {
              assumedRoleId: `AROADRILLDRILLDRILLDR:${DRILL_USER}`,
              arn: `arn:${partition}:sts::${account}:assumed-role/${name}/${DRILL_USER}`,
            },
          },
        },
      };
    }
    case 'access_key':
      return {
        service: 'sts',
        name: 'GetCallerIdentity',
        region: home,
        readOnly: true,
        parameters: null,
        identity: {
          type: 'IAMUser',
          principalId: 'AIDADRILLDRILLDRILLDR',
          arn: `arn:${partition}:iam::${account}:user/${DRILL_USER}`,
          accountId: account,
          accessKeyId: name,
          userName: DRILL_USER,
        },
      };
    case 'bucket': {
      const object = key ?? `${prefix ?? ''}drill.txt`;
      return {
        service: 's3',
        name: 'GetObject',
        readOnly: true,
        data: true,
        parameters: {
          bucketName: name,
          Host: `${name.toLowerCase()}.s3.${region}.amazonaws.com`,
          key: object,
        },
        resources: [
          {type: 'AWS::S3::Object', ARN: `arn:${partition}:s3:::${name}/${object}`},
          {accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:${partition}:s3:::${name}`},
        ],
        more: {
          additionalEventData: {
            SignatureVersion: 'SigV4',
            CipherSuite: 'TLS_AES_128_GCM_SHA256',
            bytesTransferredIn: 0,
            AuthenticationMethod: 'AuthHeader',
            bytesTransferredOut: 1024,
          },
        },
      };
    }
    case 'table':
      return {
        service: 'dynamodb',
        name: 'Scan',
        readOnly: true,
        data: true,
        parameters: {tableName: name, limit: 1},
        resources: [
          {accountId: account, type: 'AWS::DynamoDB::Table', ARN: arn('dynamodb', `table/${name}`)},
        ],
      };
    case 'secret':
      return {
        service: 'secretsmanager',
        name: 'GetSecretValue',
        readOnly: true,
        parameters: {secretId: name},
      };
    case 'parameter':
      return {
        service: 'ssm',
        name: 'GetParameter',
        readOnly: true,
        parameters: {name, withDecryption: true},
        resources: [{accountId: account, ARN: arn('ssm', `parameter/${name.replace(/^\//, '')}`)}],
      };
    case 'queue':
      return {
        service: 'sqs',
        name: 'ReceiveMessage',
        readOnly: false,
        data: true,
        parameters: {
          queueUrl: `https://sqs.${region}.amazonaws.com/${account}/${name}`,
          maxNumberOfMessages: 1,
        },
        resources: [{accountId: account, type: 'AWS::SQS::Queue', ARN: arn('sqs', name)}],
      };
    case 'function':
      return {
        service: 'lambda',
        name: 'Invoke',
        readOnly: false,
        data: true,
        parameters: {
          functionName: arn('lambda', `function:${name}`),
          invocationType: 'RequestResponse',
        },
        resources: [
          {
            accountId: account,
            type: 'AWS::Lambda::Function',
            ARN: arn('lambda', `function:${name}`),
          },
        ],
      };
  }
}

/** Where IAM, and sign-ins by the global page, are logged. */
const HOMES: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};
