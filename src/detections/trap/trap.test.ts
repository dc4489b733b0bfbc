import fc from 'fast-check';
import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {Kept} from '../test-event.ts';
import {type DeclaredTrap, type DecoyKind, trapOf, trapSchema} from './decoy.ts';
import {TouchFinder} from './touch.ts';
import {exclusionsOfTrap, needsOfTrap, TrapEvaluator, wildcard} from './trap.ts';

type JsonMap = Readonly<Record<string, Json>>;

const ACCOUNT = '111111111111';
const OTHER = '222222222222';
const derivation = prepareDerivation();

function eventOf(record: JsonMap, origin?: string): DetectionEvent {
  const components = eventOfRecord(record, 0, derivation);
  return {
    time: 0,
    id: 'e',
    components,
    origin: origin ?? components.principal,
    score: 0,
    bits: {},
    record,
  };
}

/** A call by raul. */
function call(operation: string, requestParameters: Json = null, more: JsonMap = {}): JsonMap {
  const [service, eventName = ''] = operation.split(':');
  return {
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: 'eu-central-1',
    recipientAccountId: ACCOUNT,
    userIdentity: {
      type: 'IAMUser',
      accountId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:user/raul`,
      userName: 'raul',
    },
    requestParameters,
    ...more,
  };
}

function trap(declared: Partial<Record<string, unknown>>) {
  return trapOf(trapSchema.parse(declared) as DeclaredTrap);
}

function whereIs(declared: Partial<Record<string, unknown>>, record: JsonMap): string | undefined {
  return new TouchFinder(trap(declared)).find(eventOf(record))?.where;
}

const KEY = 'AKIAIOSFODNN7EXAMPLE';

const TOUCHES: readonly (readonly [string, Record<string, string>, JsonMap])[] = [
  ['user name', {user: 'Canary'}, call('iam:GetUser', {userName: 'Canary'})],
  ['user in another case', {user: 'Canary'}, call('iam:GetUser', {userName: 'canary'})],
  [
    'user ARN with a path',
    {user: 'Canary'},
    call('iam:SimulatePrincipalPolicy', {
      policySourceArn: `arn:aws:iam::${ACCOUNT}:user/a/b/Canary`,
    }),
  ],
  [
    'user in the policy of a trust, as JSON in a text',
    {user: 'Canary'},
    call('iam:UpdateAssumeRolePolicy', {
      roleName: 'x',
      policyDocument: JSON.stringify({
        Statement: [{Principal: {AWS: `arn:aws:iam::${ACCOUNT}:user/Canary`}}],
      }),
    }),
  ],
  [
    'user who asked for a federation token',
    {user: 'Canary'},
    call('s3:ListBuckets', null, {
      userIdentity: {
        type: 'FederatedUser',
        arn: `arn:aws:sts::${ACCOUNT}:federated-user/x`,
        accountId: ACCOUNT,
        sessionContext: {
          sessionIssuer: {
            type: 'IAMUser',
            arn: `arn:aws:iam::${ACCOUNT}:user/Canary`,
            accountId: ACCOUNT,
            userName: 'Canary',
          },
        },
      },
    }),
  ],
  ['role name', {role: 'Ops'}, call('iam:GetRole', {roleName: 'Ops'})],
  [
    'role ARN in China, with a path',
    {role: 'Ops'},
    call('sts:AssumeRole', {roleArn: `arn:aws-cn:iam::${ACCOUNT}:role/a/b/Ops`}),
  ],
  [
    'role in the answer alone',
    {role: 'Ops'},
    call('sts:AssumeRole', null, {
      responseElements: {
        assumedRoleUser: {arn: `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/Ops/session`},
      },
    }),
  ],
  [
    'role passed to a function',
    {role: 'Ops'},
    call('lambda:CreateFunction20150331', {role: `arn:aws:iam::${ACCOUNT}:role/Ops`}),
  ],
  [
    'role switched to in the console',
    {role: 'Ops'},
    call('signin:SwitchRole', null, {
      userIdentity: {type: 'AssumedRole', arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Ops/raul`},
      additionalEventData: {SwitchFrom: `arn:aws:iam::${ACCOUNT}:user/raul`},
    }),
  ],
  [
    'key of the caller',
    {access_key: KEY},
    call('ec2:RunInstances', null, {
      userIdentity: {type: 'IAMUser', accessKeyId: KEY, accountId: ACCOUNT, userName: 'x'},
    }),
  ],
  ['key asked about', {access_key: KEY}, call('sts:GetAccessKeyInfo', {accessKeyId: KEY})],
  [
    'key switched off',
    {access_key: KEY},
    call('iam:UpdateAccessKey', {accessKeyId: KEY, status: 'Inactive'}),
  ],
  ['bucket name', {bucket: 'bait'}, call('s3:GetBucketAcl', {bucketName: 'bait'})],
  [
    'bucket under another key',
    {bucket: 'bait'},
    call('cloudtrail:UpdateTrail', {s3BucketName: 'bait'}),
  ],
  [
    'bucket as a host',
    {bucket: 'bait'},
    call('s3:GetObject', {Host: 'bait.s3.eu-west-1.amazonaws.com'}),
  ],
  [
    'bucket as a host of old',
    {bucket: 'bait'},
    call('s3:GetObject', {Host: 'bait.s3-eu-west-1.amazonaws.com'}),
  ],
  [
    'bucket as a host of two stacks',
    {bucket: 'bait'},
    call('s3:GetObject', {Host: 'bait.s3.dualstack.eu-west-1.amazonaws.com'}),
  ],
  [
    'bucket as a host in China',
    {bucket: 'bait'},
    call('s3:GetObject', {Host: 'bait.s3.cn-north-1.amazonaws.com.cn'}),
  ],
  [
    'bucket as a host of a partition apart',
    {bucket: 'bait'},
    call('s3:GetObject', {Host: 'bait.s3.us-iso-east-1.c2s.ic.gov'}),
  ],
  [
    'bucket as a website',
    {bucket: 'bait'},
    call('s3:WebsiteGetObject', {Host: 'bait.s3-website-eu-west-1.amazonaws.com'}),
  ],
  [
    'bucket with dots as a host',
    {bucket: 'my.bait'},
    call('s3:GetObject', {Host: 'my.bait.s3.amazonaws.com'}),
  ],
  [
    'bucket as the host asked, of a refusal',
    {bucket: 'bait'},
    call('s3:ListObjects', null, {tlsDetails: {clientProvidedHostHeader: 'bait.s3.amazonaws.com'}}),
  ],
  [
    'bucket in an address by path',
    {bucket: 'bait'},
    call('athena:StartQueryExecution', {
      outputLocation: 'https://s3.eu-west-1.amazonaws.com/bait/out/',
    }),
  ],
  [
    'bucket in an address of its own',
    {bucket: 'bait'},
    call('athena:StartQueryExecution', {outputLocation: 'https://bait.s3.amazonaws.com/out/'}),
  ],
  [
    'bucket in an s3 address',
    {bucket: 'bait'},
    call('athena:StartQueryExecution', {resultConfiguration: {outputLocation: 's3://bait/out/'}}),
  ],
  [
    'bucket ARN in another service',
    {bucket: 'bait'},
    call('tagging:TagResources', {resourceARNList: ['arn:aws:s3:::bait']}),
  ],
  [
    'bucket by AWS Config',
    {bucket: 'bait'},
    call('config:GetResourceConfigHistory', {resourceType: 'AWS::S3::Bucket', resourceId: 'bait'}),
  ],
  [
    'object by its parts',
    {bucket: 'bait', key: 'a/b.txt'},
    call('s3:GetObject', {bucketName: 'bait', key: 'a/b.txt'}),
  ],
  [
    'object by its ARN',
    {bucket: 'bait', key: 'a/b.txt'},
    call('s3:GetObject', null, {resources: [{ARN: 'arn:aws:s3:::bait/a/b.txt'}]}),
  ],
  [
    'object as a source',
    {bucket: 'bait', key: 'a/b c.txt'},
    call('s3:CopyObject', {bucketName: 'x', 'x-amz-copy-source': '/bait/a/b%20c.txt?versionId=1'}),
  ],
  [
    'object below a prefix',
    {bucket: 'bait', prefix: 'a/'},
    call('s3:GetObject', {bucketName: 'bait', key: 'a/b.txt'}),
  ],
  [
    'a listing below a prefix',
    {bucket: 'bait', prefix: 'a/'},
    call('s3:ListObjects', {bucketName: 'bait', prefix: 'a/'}),
  ],
  ['table name', {table: 'Accounts'}, call('dynamodb:Query', {tableName: 'Accounts'})],
  [
    'table index by ARN',
    {table: 'Accounts'},
    call('dynamodb:Query', null, {
      resources: [{ARN: `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/Accounts/index/mail`}],
    }),
  ],
  [
    'table in a batch',
    {table: 'Accounts'},
    call('dynamodb:BatchWriteItem', {requestItems: {Accounts: []}}),
  ],
  [
    'table ARN in a batch',
    {table: 'Accounts'},
    call('dynamodb:BatchGetItem', {
      requestItems: {[`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/Accounts`]: {}},
    }),
  ],
  [
    'table in a transaction',
    {table: 'Accounts'},
    call('dynamodb:TransactGetItems', {
      transactItems: [{get: {tableName: 'Other'}}, {get: {tableName: 'Accounts'}}],
    }),
  ],
  [
    'table in a statement',
    {table: 'Accounts'},
    call('dynamodb:ExecuteStatement', {statement: 'SELECT * FROM "Accounts"."mail" WHERE a=1'}),
  ],
  [
    'table restored',
    {table: 'Accounts'},
    call('dynamodb:RestoreTableToPointInTime', {
      sourceTableName: 'Accounts',
      targetTableName: 'Copy',
    }),
  ],
  [
    'table backed up',
    {table: 'Accounts'},
    call('backup:StartBackupJob', {
      resourceArn: `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/Accounts`,
    }),
  ],
  [
    'secret name',
    {secret: 'prod/db'},
    call('secretsmanager:GetSecretValue', {secretId: 'prod/db'}),
  ],
  [
    'secret ARN',
    {secret: 'prod/db'},
    call('secretsmanager:GetSecretValue', {
      secretId: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:prod/db-a1B2c3`,
    }),
  ],
  [
    'secret ARN cut short',
    {secret: 'prod/db'},
    call('secretsmanager:GetSecretValue', {
      secretId: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:prod/db`,
    }),
  ],
  [
    'secret in a batch',
    {secret: 'prod/db'},
    call('secretsmanager:BatchGetSecretValue', {secretIdList: ['x', 'prod/db']}),
  ],
  [
    'secret by Parameter Store',
    {secret: 'prod/db'},
    call('ssm:GetParameter', {name: '/aws/reference/secretsmanager/prod/db'}),
  ],
  [
    'secret decrypted',
    {secret: 'prod/db'},
    call('kms:Decrypt', {
      encryptionContext: {
        SecretARN: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:prod/db-a1B2c3`,
      },
    }),
  ],
  [
    'parameter',
    {parameter: '/prod/db'},
    call('ssm:GetParameter', {name: '/prod/db', withDecryption: true}),
  ],
  ['parameter without the slash', {parameter: '/token'}, call('ssm:GetParameter', {name: 'token'})],
  ['parameter with the slash', {parameter: 'token'}, call('ssm:GetParameter', {name: '/token'})],
  [
    'parameter of a version',
    {parameter: '/prod/db'},
    call('ssm:GetParameter', {name: '/prod/db:3'}),
  ],
  [
    'parameter in a list',
    {parameter: '/prod/db'},
    call('ssm:GetParameters', {names: ['/a', '/prod/db']}),
  ],
  [
    'parameter ARN',
    {parameter: '/prod/db'},
    call('ssm:GetParameter', {name: `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/prod/db`}),
  ],
  [
    'parameter in the message of a refusal',
    {parameter: '/prod/db'},
    call('ssm:GetParameters', null, {
      errorCode: 'AccessDenied',
      errorMessage: `User: arn:aws:iam::${ACCOUNT}:user/raul is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/prod/db because no identity-based policy allows the ssm:GetParameters action`,
    }),
  ],
  [
    'queue URL',
    {queue: 'payments'},
    call('sqs:ReceiveMessage', {
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/payments`,
    }),
  ],
  [
    'queue URL of old',
    {queue: 'payments'},
    call('sqs:ReceiveMessage', {
      queueUrl: `https://eu-west-1.queue.amazonaws.com/${ACCOUNT}/payments`,
    }),
  ],
  [
    'queue URL in China',
    {queue: 'payments.fifo'},
    call('sqs:ReceiveMessage', {
      queueUrl: `https://sqs.cn-north-1.amazonaws.com.cn/${ACCOUNT}/payments.fifo`,
    }),
  ],
  ['queue name', {queue: 'payments'}, call('sqs:GetQueueUrl', {queueName: 'payments'})],
  [
    'queue ARN',
    {queue: 'payments'},
    call('lambda:CreateEventSourceMapping20150331', {
      eventSourceArn: `arn:aws:sqs:eu-west-1:${ACCOUNT}:payments`,
    }),
  ],
  ['function name', {function: 'payout'}, call('lambda:Invoke', {functionName: 'payout'})],
  [
    'function ARN with an alias',
    {function: 'payout'},
    call('lambda:Invoke', {
      functionName: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:payout:live`,
    }),
  ],
  [
    'function ARN cut short',
    {function: 'payout'},
    call('lambda:Invoke', {functionName: `${ACCOUNT}:function:payout:3`}),
  ],
  [
    'function name with a version',
    {function: 'payout'},
    call('lambda:Invoke', {functionName: 'payout:$LATEST'}),
  ],
  [
    'function of an API',
    {function: 'payout'},
    call('apigateway:PutIntegration', {
      uri: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:${ACCOUNT}:function:payout/invocations`,
    }),
  ],
];

test.each(TOUCHES)('finds a decoy: %s', (_, declared, record) => {
  expect(whereIs(declared, record)).toEqual(expect.any(String));
  // Also where the text of the record is looked at first.
  const finder = new TouchFinder(trap(declared));
  const event = eventOf(record);
  const text = JSON.stringify(record);
  const mayHold = (part: string) => /[\\%]/.test(text) || text.toLowerCase().includes(part);
  expect(finder.find({...event, mayHold})).toEqual(finder.find(event));
});

const MISSES: readonly (readonly [string, Record<string, string>, JsonMap])[] = [
  ['a longer user', {user: 'Canary'}, call('iam:GetUser', {userName: 'Canary-2'})],
  [
    'a user in a folder of its name',
    {user: 'Canary'},
    call('iam:GetUser', {arn: `arn:aws:iam::${ACCOUNT}:user/Canary/x`}),
  ],
  [
    'an MFA device of its name',
    {user: 'Canary'},
    call('iam:GetUser', {serialNumber: `arn:aws:iam::${ACCOUNT}:mfa/Canary`}),
  ],
  [
    'a user of another service',
    {user: 'Canary'},
    call('transfer:DescribeUser', {userName: 'Canary'}),
  ],
  [
    'a session of its name',
    {user: 'Canary'},
    call('sts:AssumeRole', {roleArn: `arn:aws:iam::${ACCOUNT}:role/x`, roleSessionName: 'Canary'}),
  ],
  [
    'a tag of its name',
    {user: 'Canary'},
    call('iam:TagUser', {userName: 'x', tags: [{key: 'a', value: 'Canary'}]}),
  ],
  [
    'a role session of its name',
    {role: 'Ops'},
    call(
      'sts:AssumeRole',
      {roleArn: `arn:aws:iam::${ACCOUNT}:role/x`},
      {responseElements: {assumedRoleUser: {arn: `arn:aws:sts::${ACCOUNT}:assumed-role/x/Ops`}}},
    ),
  ],
  [
    'a user named as the role',
    {role: 'Ops'},
    call('ec2:RunInstances', null, {
      userIdentity: {
        type: 'IAMUser',
        accountId: ACCOUNT,
        arn: `arn:aws:iam::${ACCOUNT}:user/Ops`,
        userName: 'Ops',
      },
    }),
  ],
  ['a list of roles', {role: 'Ops'}, call('iam:ListRoles')],
  [
    'who is told of a refusal',
    {user: 'raul2'},
    call('s3:ListBuckets', null, {
      errorMessage: `User: arn:aws:iam::${ACCOUNT}:user/raul2 is not authorized`,
    }),
  ],
  ['another key', {access_key: KEY}, call('iam:UpdateAccessKey', {accessKeyId: `${KEY}X`})],
  [
    'a longer bucket',
    {bucket: 'bait'},
    call('s3:GetObject', {bucketName: 'bait-old', Host: 'bait-old.s3.amazonaws.com'}),
  ],
  [
    'a bucket below it',
    {bucket: 'bait'},
    call('s3:GetObject', {bucketName: 'old.bait', Host: 'old.bait.s3.amazonaws.com'}),
  ],
  [
    'a bucket above it',
    {bucket: 'bait'},
    call('s3:GetObject', {bucketName: 'bait.old', Host: 'bait.old.s3.amazonaws.com'}),
  ],
  [
    'a key of its name',
    {bucket: 'bait'},
    call(
      's3:GetObject',
      {bucketName: 'x', key: 'bait'},
      {resources: [{ARN: 'arn:aws:s3:::x/bait'}]},
    ),
  ],
  [
    'another object',
    {bucket: 'bait', key: 'a'},
    call(
      's3:GetObject',
      {bucketName: 'bait', key: 'ab'},
      {resources: [{ARN: 'arn:aws:s3:::bait/ab'}, {ARN: 'arn:aws:s3:::bait'}]},
    ),
  ],
  [
    'beside the prefix',
    {bucket: 'bait', prefix: 'a/'},
    call('s3:GetObject', {bucketName: 'bait', key: 'b/a/'}),
  ],
  [
    'a list of tables',
    {table: 'Accounts'},
    call('dynamodb:ListTables', {exclusiveStartTableName: 'Acc'}),
  ],
  ['a longer table', {table: 'Accounts'}, call('dynamodb:Scan', {tableName: 'Accounts.old'})],
  [
    'an item of its name',
    {table: 'Accounts'},
    call('dynamodb:GetItem', {tableName: 'x', key: {id: 'Accounts'}}),
  ],
  [
    'a longer word in a statement',
    {table: 'Accounts'},
    call('dynamodb:ExecuteStatement', {statement: 'SELECT * FROM "Accounts-old"'}),
  ],
  [
    'a longer secret',
    {secret: 'prod/db'},
    call('secretsmanager:GetSecretValue', {
      secretId: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:prod/db-backup-a1B2c3`,
    }),
  ],
  [
    'a secret in a folder',
    {secret: 'db'},
    call('secretsmanager:GetSecretValue', {secretId: 'prod/db'}),
  ],
  ['a document of its name', {parameter: 'token'}, call('ssm:GetDocument', {name: 'token'})],
  [
    'a longer parameter',
    {parameter: '/prod/db'},
    call('ssm:GetParameter', {name: '/prod/db/host'}),
  ],
  [
    'a path above it',
    {parameter: '/prod/db'},
    call('ssm:GetParametersByPath', {path: '/prod', recursive: true}),
  ],
  [
    'a longer queue',
    {queue: 'payments'},
    call('sqs:ReceiveMessage', {
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/payments-dead`,
    }),
  ],
  [
    'a message of its name',
    {queue: 'payments'},
    call('sqs:SendMessage', {
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/x`,
      messageBody: 'payments',
    }),
  ],
  ['a longer function', {function: 'payout'}, call('lambda:Invoke', {functionName: 'payout-test'})],
  [
    'an alias of its name',
    {function: 'payout'},
    call('lambda:Invoke', {functionName: 'other:payout'}),
  ],
];

test.each(MISSES)('leaves alone: %s', (_, declared, record) => {
  expect(whereIs(declared, record)).toBeUndefined();
});

test('tells where it stood', () => {
  expect(
    whereIs({role: 'Ops'}, call('sts:AssumeRole', {roleArn: `arn:aws:iam::${ACCOUNT}:role/Ops`})),
  ).toBe('requestParameters.roleArn');
  expect(
    whereIs(
      {table: 'Accounts'},
      call('dynamodb:TransactGetItems', {transactItems: [{get: {tableName: 'Accounts'}}]}),
    ),
  ).toBe('requestParameters.transactItems[0].get.tableName');
  const inside = call('ec2:RunInstances', null, {
    userIdentity: {type: 'IAMUser', userName: 'Canary'},
  });
  expect(whereIs({user: 'Canary'}, inside)).toBe('userIdentity.userName');
});

test('keeps to its accounts: that of the ARN, of the thing, of the caller', () => {
  const mine = {role: 'Ops', accounts: [ACCOUNT]};
  expect(
    whereIs(mine, call('sts:AssumeRole', {roleArn: `arn:aws:iam::${ACCOUNT}:role/Ops`})),
  ).toBeDefined();
  expect(
    whereIs(mine, call('sts:AssumeRole', {roleArn: `arn:aws:iam::${OTHER}:role/Ops`})),
  ).toBeUndefined();
  const named = {bucket: 'bait', accounts: [OTHER]};
  const get = call('s3:GetObject', {bucketName: 'bait'});
  expect(whereIs(named, get)).toBeUndefined();
  expect(
    whereIs(named, {...get, resources: [{accountId: OTHER, ARN: 'arn:aws:s3:::bait'}]}),
  ).toBeDefined();
  const abroad = {queue: 'payments', accounts: [OTHER]};
  expect(
    whereIs(
      abroad,
      call('sqs:GetQueueUrl', {queueName: 'payments', queueOwnerAWSAccountId: OTHER}),
    ),
  ).toBeDefined();
});

test('follows a role chain back to the decoy', () => {
  const finder = new TouchFinder(trap({user: 'Canary'}));
  const record = call('ec2:RunInstances');
  expect(finder.find(eventOf(record, `${ACCOUNT}:user/Canary`))?.where).toBe('origin');
  expect(finder.find(eventOf(record, `${ACCOUNT}:user/Canary2`))).toBeUndefined();
});

test('survives records that are nothing like one', () => {
  const odd: Json[] = [null, [], 'null', 7, {a: [[[null]]]}, ['Canary'], {userName: {userName: 3}}];
  for (const declared of [{user: 'Canary'}, {bucket: 'bait'}, {table: 'Accounts'}, {secret: 's'}]) {
    for (const value of odd) {
      const record = call('iam:GetUser', value, {
        userIdentity: value,
        resources: value,
        tlsDetails: value,
      });
      expect(() => new TouchFinder(trap(declared)).findAnywhere(eventOf(record))).not.toThrow();
    }
  }
  let deep: Json = 'Canary';
  for (let i = 0; i < 5_000; i++) deep = {userName: deep};
  expect(whereIs({user: 'Canary'}, call('iam:GetUser', deep))).toBeUndefined();
});

const DECOYS: Readonly<Record<DecoyKind, string>> = {
  user: 'Canary',
  role: 'Canary',
  access_key: KEY,
  bucket: 'canary',
  table: 'Canary',
  secret: 'Canary',
  parameter: '/Canary',
  queue: 'Canary',
  function: 'Canary',
};

const spelling = fc.constantFrom(
  'Canary',
  'canary',
  '/Canary',
  KEY,
  'Canary-abcdef',
  'x',
  `arn:aws:iam::${ACCOUNT}:user/Canary`,
  `arn:aws:iam::${ACCOUNT}:role/a/Canary`,
  `arn:aws:sts::${ACCOUNT}:assumed-role/Canary/alice@example.com`,
  `arn:aws:sts::${ACCOUNT}:assumed-role/x/Canary`,
  'arn:aws:s3:::canary/x',
  'canary.s3.amazonaws.com',
  `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/Canary`,
  `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/Canary`,
  `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:Canary`,
  `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:Canary`,
);
const setting = fc.constantFrom('userName', 'roleName', 'bucketName', 'tableName', 'name', 'names');
const value = fc.oneof(
  fc.constant(null),
  fc.dictionary(setting, fc.oneof(spelling, fc.array(spelling, {maxLength: 3})), {maxKeys: 3}),
);
const identity = fc.record(
  {
    type: fc.constantFrom(
      'IAMUser',
      'AssumedRole',
      'FederatedUser',
      'AWSAccount',
      'Root',
      'AWSService',
      'SAMLUser',
      'Odd',
      '',
    ),
    arn: spelling,
    userName: spelling,
    accountId: fc.constantFrom(ACCOUNT, OTHER),
    accessKeyId: fc.constantFrom(KEY, 'ASIAXXXXXXXXXXXXXXXX'),
    sessionContext: fc.record(
      {
        sessionIssuer: fc.record(
          {type: fc.constantFrom('Role', 'IAMUser'), arn: spelling, userName: spelling},
          {requiredKeys: []},
        ),
      },
      {requiredKeys: []},
    ),
  },
  {requiredKeys: []},
);
const record = fc.record(
  {
    eventSource: fc.constantFrom(
      ...[
        'iam',
        'sts',
        's3',
        'kms',
        'dynamodb',
        'ec2',
        'secretsmanager',
        'ssm',
        'sqs',
        'lambda',
      ].map((service) => `${service}.amazonaws.com`),
    ),
    eventName: fc.constantFrom('GetParameter', 'AssumeRole', 'ListRoles', 'Invoke'),
    recipientAccountId: fc.constant(ACCOUNT),
    userIdentity: identity,
    requestParameters: value,
    responseElements: value,
    errorMessage: spelling,
  },
  {requiredKeys: ['eventSource', 'eventName']},
);

// What the quick look leaves out, the long look must not find.
test('an event outside its needs never hits', () => {
  let hits = 0;
  fc.assert(
    fc.property(
      record,
      fc.constantFrom(...(Object.keys(DECOYS) as DecoyKind[])),
      fc.constantFrom(
        undefined,
        `${ACCOUNT}:user/Canary`,
        `${ACCOUNT}:role/Canary`,
        'person/a/Canary',
      ),
      (given, kind, origin) => {
        const event = eventOf(given as JsonMap, origin);
        const one = trap({[kind]: DECOYS[kind]});
        const finder = new TouchFinder(one);
        const {operation, orCaller} = needsOfTrap(one);
        const long = finder.findAnywhere(event);
        if (long === undefined) return;
        hits++;
        const {operation: called, principal, kind: caller} = event.components;
        const wanted =
          operation?.(called) === true ||
          orCaller?.(principal, caller) === true ||
          orCaller?.(event.origin, '') === true;
        expect(wanted).toBe(true);
        expect(finder.find(event)).toEqual(long);
        const text = JSON.stringify(given).toLowerCase();
        const mayHold = (part: string) => /[\\%]/.test(text) || text.includes(part);
        expect(finder.find({...event, mayHold})).toEqual(long);
      },
    ),
    {numRuns: 3_000},
  );
  expect(hits).toBeGreaterThan(300);
});

test('a hit tells what was done, to what, and how it was spelt', () => {
  const kept = new Kept();
  const evaluator = new TrapEvaluator(trap({secret: 'prod/db'}), [
    ({components}) => components.principal,
  ]);
  const denied = {errorCode: 'AccessDenied', userAgent: 'oddtrail-drill/1 (x)'};
  evaluator.take(
    eventOf(call('secretsmanager:GetSecretValue', {secretId: 'prod/db'}, denied)),
    kept,
  );
  expect(kept.hits).toMatchObject([
    {
      group: [`${ACCOUNT}:user/raul`],
      facts: {
        decoy: 'secret prod/db',
        where: 'requestParameters.secretId',
        spelling: 'prod/db',
        deed: 'tried to read',
        outcome: 'failure: AccessDenied',
        drill: 'yes',
      },
      count: 1,
    },
  ]);
});

test('whom it allows is left out and counted, for touches alone', () => {
  const scanner = {principal: `*:user/ra*l`, owner: 'security', reason: 'inventory'};
  const one = trap({table: 'Accounts', allow: [scanner]});
  const made = exclusionsOfTrap(one, {});
  const [exclusion] = made.ok ? made.exclusions : [];
  expect(exclusion).toMatchObject({owner: 'security', reason: 'inventory', expires: null});
  const touch = eventOf(call('dynamodb:DescribeTable', {tableName: 'Accounts'}));
  expect(exclusion?.holds(touch)).toBe(true);
  expect(exclusion?.holds(eventOf(call('dynamodb:DescribeTable', {tableName: 'Other'})))).toBe(
    false,
  );
  const stranger = {userIdentity: {type: 'IAMUser', accountId: ACCOUNT, userName: 'mallory'}};
  const other = eventOf(call('dynamodb:DescribeTable', {tableName: 'Accounts'}, stranger));
  expect(exclusion?.holds(other)).toBe(false);
});

test('allows by a condition, and says where one is wrong', () => {
  const allow = (condition: string) =>
    exclusionsOfTrap(trap({table: 'Accounts', allow: [{condition, owner: 'a', reason: 'b'}]}), {});
  const sound = allow('event.operation == "dynamodb:DescribeTable"');
  const [exclusion] = sound.ok ? sound.exclusions : [];
  expect(exclusion?.holds(eventOf(call('dynamodb:DescribeTable', {tableName: 'Accounts'})))).toBe(
    true,
  );
  expect(exclusion?.holds(eventOf(call('dynamodb:Scan', {tableName: 'Accounts'})))).toBe(false);
  expect(allow('event.nothing == 1')).toMatchObject({ok: false, faults: [{at: 0}]});
});

test.each([
  [{}, 'A decoy is wanted'],
  [{user: 'a', role: 'b'}, 'one decoy a trap'],
  [{user: 'a b'}, 'The name of an IAM user'],
  [{table: 'x', key: 'y'}, 'Only a `bucket` has it'],
  [{bucket: 'bait', key: 'y', prefix: 'z'}, 'does not go with'],
  [{user: 'a', allow: [{owner: 'x', reason: 'y'}]}, 'Exactly one of principal'],
  [{user: `arn:aws:iam::${ACCOUNT}:user/a`, accounts: [OTHER]}, 'is not among'],
  [{access_key: 'secret'}, 'The id of an access key'],
])('refuses %j', (declared, message) => {
  const parsed = trapSchema.safeParse(declared);
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});

test('takes a decoy by its ARN, with the account that it says', () => {
  const {decoy, accounts} = trap({role: `arn:aws:iam::${ACCOUNT}:role/ops/DevOps_role`});
  expect(decoy).toEqual({kind: 'role', name: 'DevOps_role'});
  expect(accounts).toEqual([ACCOUNT]);
  expect(trap({queue: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/q`}).decoy.name).toBe('q');
});

test('a wildcard stands for any characters, and matches as splitting does', () => {
  const text = fc.string({unit: fc.constantFrom('a', 'b', '*'), maxLength: 8});
  const plain = fc.string({unit: fc.constantFrom('a', 'b'), maxLength: 10});
  fc.assert(
    fc.property(text, plain, (form, given) => {
      const oracle = new RegExp(`^${form.replaceAll('*', '.*')}$`, 's');
      expect(wildcard(form)(given)).toBe(oracle.test(given));
    }),
  );
});
