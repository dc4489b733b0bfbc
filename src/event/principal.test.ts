import {expect, test} from 'vitest';
import {globMatches} from './peer-groups.ts';
import {identityOf} from './principal.ts';
import {roleStem} from './role-stem.ts';
import type {Texts} from './text.ts';

const A = '123456789012';

function role(name: string, session: string, more: Texts = {}): Texts {
  return {
    identityType: 'AssumedRole',
    identityArn: `arn:aws:sts::${A}:assumed-role/${name}/${session}`,
    identityAccount: A,
    issuerArn: `arn:aws:iam::${A}:role/${name}`,
    issuerAccount: A,
    issuerUserName: name,
    ...more,
  };
}

const TABLE: readonly (readonly [Texts, principal: string, kind: string, peer: string])[] = [
  [
    {
      identityType: 'IAMUser',
      identityArn: `arn:aws:iam::${A}:user/raul`,
      identityUserName: 'raul',
      identityAccount: A,
    },
    `${A}:user/raul`,
    'user',
    'user:',
  ],
  [
    {
      identityType: 'IAMUser',
      identityArn: `arn:aws:iam::${A}:user/staff/dev/mia`,
      identityAccount: A,
    },
    `${A}:user/mia`,
    'user',
    'user:staff/dev',
  ],
  [
    {
      identityType: 'IAMUser',
      identityUserName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      identityAccount: A,
    },
    `${A}:unknown`,
    'unknown',
    'unknown',
  ],
  [role('app-web-prod', 'i-0dbc91f429e48eeed'), `${A}:role/app-web-prod`, 'role', 'role:app'],
  [role('deploy', 'botocore-session-1690000000'), `${A}:role/deploy`, 'role', 'role:deploy'],
  [role('deploy', 'GitHubActions'), `${A}:role/deploy`, 'role', 'role:deploy'],
  [role('resize', 'resize-images'), `${A}:role/resize`, 'role', 'role:resize'],
  [role('worker', 'index.handler'), `${A}:role/worker`, 'role', 'role:worker'],
  [role('Admin', 'Alice@Example.com'), 'person/alice@example.com/Admin', 'person', 'role:admin'],
  [role('Admin', 'ariel.ropek'), 'person/ariel.ropek/Admin', 'person', 'role:admin'],
  [
    role('AWSReservedSSO_PowerUserAccess_1b74cd717d47002b', 'bob'),
    'person/bob/PowerUserAccess',
    'person',
    'sso:PowerUserAccess',
  ],
  [
    role('AWSReservedSSO_Admin_Access_c2**************', 'x@y.org'),
    'person/x@y.org/Admin_Access',
    'person',
    'sso:Admin_Access',
  ],
  [role('Break', 'cli', {sourceIdentity: 'raul'}), 'person/raul/Break', 'person', 'role:break'],
  [
    role('AWSServiceRoleForRDS', 'SLRManagement', {
      issuerArn: `arn:aws:iam::${A}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`,
    }),
    `${A}:role/AWSServiceRoleForRDS`,
    'role',
    'role:aws-service-role',
  ],
  [
    {
      identityType: 'AssumedRole',
      identityArn: 'arn***/assumed-role/Audit/Palisade',
      identityAccount: '700***',
    },
    '700***:role/Audit',
    'role',
    'role:audit',
  ],
  [
    {identityType: 'Root', identityAccount: A, identityArn: `arn:aws:iam::${A}:root`},
    `${A}:root`,
    'root',
    'root',
  ],
  [
    {
      identityType: 'FederatedUser',
      identityArn: `arn:aws:sts::${A}:federated-user/mia`,
      identityAccount: A,
    },
    `${A}:federated/mia`,
    'federated',
    'federated',
  ],
  [
    {identityType: 'SAMLUser', identityPrincipalId: 'Zx=:mia@corp.example', recipientAccountId: A},
    `${A}:saml/mia@corp.example`,
    'saml',
    'saml',
  ],
  [
    {
      identityType: 'WebIdentityUser',
      identityProvider: `arn:aws:iam::${A}:oidc-provider/token.actions.githubusercontent.com`,
      identityUserName: 'repo:acme/shop:ref:refs/heads/fix-1',
      identityAccount: A,
    },
    `${A}:web/token.actions.githubusercontent.com/repo:acme/shop`,
    'web-identity',
    'web-identity',
  ],
  [
    {identityType: 'IdentityCenterUser', onBehalfOf: '544894e8', identityAccount: A},
    'identity-center/544894e8',
    'identity-center',
    'identity-center',
  ],
  [
    {identityType: 'AWSService', invokedBy: 'ec2.amazonaws.com'},
    'service/ec2.amazonaws.com',
    'service',
    'service',
  ],
  [
    {identityAccount: A, invokedBy: 'rds.amazonaws.com'},
    'service/rds.amazonaws.com',
    'service',
    'service',
  ],
  [{eventType: 'AwsServiceEvent', identityAccount: A}, 'service/aws', 'service', 'service'],
  [
    {identityType: 'AWSAccount', identityAccount: '999988887777'},
    '999988887777:account',
    'account',
    'account',
  ],
  [
    {identityType: 'AWSAccount', identityAccount: 'ANONYMOUS_PRINCIPAL'},
    'anonymous',
    'unknown',
    'unknown',
  ],
  [
    {
      identityType: 'Unknown',
      identityArn: `arn:aws:sts::${A}:assumed-role/AWSReservedSSO_RO_1b74/zoe`,
    },
    'person/zoe/RO',
    'person',
    'sso:RO',
  ],
  [{}, 'unknown', 'unknown', 'unknown'],
];

test.each(TABLE)('%j is %s', (texts, principal, kind, peer) => {
  expect(identityOf(texts)).toMatchObject({principal, kind, peer});
});

test('the session is an attribute', () => {
  expect(identityOf(role('app', 'i-0123456789abcdef0')).sessionName).toBe('i-0123456789abcdef0');
});

test('a declared group comes before every rule, and the first match wins', () => {
  const groups = [
    {peer: 'robots', match: '*:role/ci-*'},
    {peer: 'all', match: '*'},
  ];
  expect(identityOf(role('ci-build', 'x'), groups).peer).toBe('robots');
  expect(identityOf(role('build', 'x'), groups).peer).toBe('all');
});

test('globs match whole texts, in time that no pattern can blow up', () => {
  expect(globMatches('a*c?', 'abbcd')).toBe(true);
  expect(globMatches('a*c', 'abcd')).toBe(false);
  expect(globMatches('*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(256))).toBe(false);
});

test.each([
  ['app-web-prod', 'app'],
  ['prod-app-web', 'app'],
  ['MyStack-AppRole-1ABCD2EFGH', 'mystack'],
  ['shop-us-east-1-123456789012', 'shop'],
  ['LogHub-Pipe-bfe64-S3toOpenSearchStackSenderLambdaR-UNR6O2WK9FTV', 'loghub'],
  ['production', 'production'],
])('the stem of %s is %s', (name, stem) => {
  expect(roleStem(name)).toBe(stem);
});
