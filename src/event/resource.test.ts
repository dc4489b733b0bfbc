import {expect, test} from 'vitest';
import {errorOf} from './error.ts';
import {operationOf, serviceOf} from './operation.ts';
import {resourceOf} from './resource.ts';

test.each([
  ['s3', 'GetBucketAcl', {'parameter.bucketName': 'payroll'}, 'bucket:payroll'],
  [
    'secretsmanager',
    'GetSecretValue',
    {'parameter.secretId': 'arn:aws:secretsmanager:us-east-1:1:secret:prod/db-AbCdEf'},
    'secret:prod/db',
  ],
  [
    'sts',
    'AssumeRole',
    {'parameter.roleArn': 'arn:aws:iam::123456789012:role/x/Admin'},
    'role:123456789012/Admin',
  ],
  ['ec2', 'RunInstances', {'parameter.instanceType': 'p4d.24xlarge'}, 'instance-type:p4d.24xlarge'],
  ['ec2', 'CreateSnapshot', {}, 'snapshot'],
  ['ec2', 'DescribeSnapshots', {}, '-'],
  ['ec2', 'DescribeInstanceAttribute', {'parameter.attribute': 'userData'}, 'instance:userData'],
  [
    'kms',
    'Decrypt',
    {resourceArn: 'arn:aws:kms:us-east-1:123456789012:key/', resourceType: 'AWS::KMS::Key'},
    'key:in/123456789012',
  ],
  ['kms', 'Encrypt', {'parameter.keyId': 'arn:aws:kms:us-east-1:1:alias/app'}, 'key:alias/app'],
  [
    'lambda',
    'Invoke',
    {'parameter.functionName': 'arn:aws:lambda:us-east-1:1:function:pay:3'},
    'function:pay',
  ],
  [
    'sqs',
    'SendMessage',
    {'parameter.queueUrl': 'https://sqs.us-east-1.amazonaws.com/1/jobs'},
    'queue:jobs',
  ],
  [
    'iam',
    'AttachUserPolicy',
    {
      'parameter.userName': 'eve',
      'parameter.policyArn': 'arn:aws:iam::aws:policy/AdministratorAccess',
    },
    'policy:AdministratorAccess',
  ],
  ['ssm', 'GetParameter', {'parameter.name': '/prod/db'}, 'parameter:/prod/db'],
  ['ssm', 'GetDocument', {'parameter.name': 'Run'}, 'document:Run'],
  ['signin', 'ConsoleLogin', {mfaUsed: 'No'}, 'mfa:no'],
  ['signin', 'ConsoleLogin', {}, '-'],
  ['s3', 'GetObject', {resourceArn: 'arn:aws:s3:::logs/'}, 'bucket:logs'],
])('%s:%s %j touches %s', (service, eventName, texts, resource) => {
  expect(resourceOf({eventSource: `${service}.amazonaws.com`, eventName, ...texts})).toBe(resource);
});

test('services have one name, however they are written', () => {
  expect(serviceOf('EC2.amazonaws.com')).toBe('ec2');
  expect(serviceOf('s3.amazonaws.com.cn')).toBe('s3');
  expect(serviceOf('dynamodb')).toBe('dynamodb');
  expect(serviceOf('s3.us-east-1.amazonaws.com')).toBe('s3');
  expect(serviceOf('')).toBe('-');
});

test('an Insight is an operation of its own kind', () => {
  expect(
    operationOf({eventType: 'AwsCloudTrailInsight', insightType: 'ApiCallRateInsight'}),
  ).toEqual({
    service: 'insight',
    operation: 'insight:ApiCallRateInsight',
  });
  expect(resourceOf({insightSource: 'ssm.amazonaws.com', insightName: 'GetParameter'})).toBe(
    'ssm:GetParameter',
  );
});

test.each([
  [{}, '-'],
  [{errorCode: 'Client.UnauthorizedOperation'}, 'AccessDenied'],
  [{errorCode: 'AccessDeniedException'}, 'AccessDenied'],
  [{errorCode: 'AccessDenied'}, 'AccessDenied'],
  [{errorCode: 'Client.InvalidVpcID.NotFound'}, 'InvalidVpcID.NotFound'],
  [{consoleLogin: 'Failure'}, 'Failure'],
  [{consoleLogin: 'Success'}, '-'],
])('the error of %j is %s', (texts, error) => {
  expect(errorOf(texts)).toBe(error);
});

test('what a call creates is only its kind', () => {
  const table = {'parameter.tableName': 'orders', eventSource: 'dynamodb.amazonaws.com'};
  expect(resourceOf({...table, eventName: 'CreateTable'})).toBe('table');
  expect(resourceOf({...table, eventName: 'DeleteTable'})).toBe('table:orders');
  const user = {'parameter.userName': 'ann', eventSource: 'iam.amazonaws.com'};
  expect(resourceOf({...user, eventName: 'CreateUser'})).toBe('user');
  expect(resourceOf({...user, eventName: 'CreateAccessKey'})).toBe('user:ann');
  const code = {'parameter.functionName': 'api', eventSource: 'lambda.amazonaws.com'};
  expect(resourceOf({...code, eventName: 'CreateFunction20150331'})).toBe('function');
  const group = {'parameter.groupId': 'sg-0506da002f2824367', eventSource: 'ec2.amazonaws.com'};
  expect(resourceOf({...group, eventName: 'AuthorizeSecurityGroupIngress'})).toBe('security-group');
});
