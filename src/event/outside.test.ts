import {expect, test} from 'vitest';
import {needsParameters, outsideComponent, outsidePrincipals} from './outside.ts';

const OWN = {account: '111122223333', organisationAccounts: new Set(['444455556666'])};

function trust(principal: unknown, condition?: unknown): string {
  const statement = {Effect: 'Allow', Principal: principal, Action: '*', Condition: condition};
  return JSON.stringify({Version: '2012-10-17', Statement: [statement]});
}

const EVE = '999988887777';
const TABLE: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['ec2:ModifySnapshotAttribute', {createVolumePermission: {add: {items: [{userId: EVE}]}}}, [EVE]],
  [
    'ec2:ModifySnapshotAttribute',
    {createVolumePermission: {add: {items: [{group: 'all'}]}}},
    ['*'],
  ],
  ['ec2:ModifySnapshotAttribute', {createVolumePermission: {remove: {items: [{userId: EVE}]}}}, []],
  ['ec2:ModifyImageAttribute', {launchPermission: {add: {items: [{userId: '444455556666'}]}}}, []],
  ['rds:ModifyDBSnapshotAttribute', {valuesToAdd: [EVE, '111122223333']}, [EVE]],
  ['s3:PutBucketPolicy', {bucketPolicy: JSON.parse(trust('*'))}, ['*']],
  [
    's3:PutBucketPolicy',
    {bucketPolicy: JSON.parse(trust({Service: 'cloudtrail.amazonaws.com'}))},
    [],
  ],
  [
    's3:PutBucketPolicy',
    {bucketPolicy: JSON.parse(trust('*', {StringEquals: {'aws:PrincipalOrgID': 'o-1'}}))},
    [],
  ],
  [
    'kms:PutKeyPolicy',
    {policy: trust({AWS: '*'}, {StringEquals: {'kms:CallerAccount': EVE}})},
    [EVE],
  ],
  [
    'iam:UpdateAssumeRolePolicy',
    {policyDocument: trust({AWS: [`arn:aws:iam::${EVE}:root`]})},
    [EVE],
  ],
  [
    'iam:CreateRole',
    {assumeRolePolicyDocument: trust({Federated: 'accounts.google.com'})},
    ['accounts.google.com'],
  ],
  ['lambda:AddPermission20150331v2', {principal: '*'}, ['*']],
  [
    'lambda:AddPermission20150331v2',
    {principal: 's3.amazonaws.com', sourceAccount: '111122223333'},
    [],
  ],
  ['sns:SetTopicAttributes', {attributeName: 'Policy', attributeValue: trust({AWS: EVE})}, [EVE]],
  ['sqs:SetQueueAttributes', {attributes: {Policy: trust('*')}}, ['*']],
  ['s3:PutBucketAcl', {'x-amz-acl': ['public-read']}, ['*']],
  [
    'ec2:AuthorizeSecurityGroupIngress',
    {ipPermissions: {items: [{ipRanges: {items: [{cidrIp: '0.0.0.0/0'}]}}]}},
    ['internet'],
  ],
  [
    'ec2:AuthorizeSecurityGroupIngress',
    {ipPermissions: {items: [{ipRanges: {items: [{cidrIp: '10.0.0.0/8'}]}}]}},
    [],
  ],
  ['ram:CreateResourceShare', {principals: [EVE]}, [EVE]],
  ['kms:CreateGrant', {granteePrincipal: `arn:aws:iam::${EVE}:role/x`}, [EVE]],
  ['iam:CreateRole', {assumeRolePolicyDocument: '{"Statement":[{"Eff'}, []],
  ['iam:CreateRole', null, []],
];

test.each(TABLE)('%s %j opens to %j', (operation, parameters, outside) => {
  expect(needsParameters(operation)).toBe(true);
  expect(outsidePrincipals(operation, parameters, OWN)).toEqual(outside);
});

test('most calls need no parameters', () => {
  expect(needsParameters('ec2:DescribeInstances')).toBe(false);
  expect(needsParameters('constructor')).toBe(false);
});

test('the component names few and counts the rest', () => {
  expect(outsideComponent([])).toBeUndefined();
  expect(outsideComponent([EVE])).toBe(`external:${EVE}`);
  const many = Array.from({length: 10}, (_, i) => String(i));
  expect(outsideComponent(many)).toBe('external:0,1,2,3,4,5,6,7,+2');
});
