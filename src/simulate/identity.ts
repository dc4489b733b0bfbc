import type {Session} from './call.ts';
import {roleId, stableId} from './parameters.ts';
import {eventTime} from './record.ts';

/** How a session reaches AWS. */
export interface Access {
  readonly address: string;
  readonly userAgent: string;
  readonly tls?: boolean;
  readonly console?: boolean;
  readonly vpcEndpoint?: string | undefined;
}

function session(identity: object, arn: string, account: string, access: Access): Session {
  return {
    identity,
    arn,
    account,
    address: access.address,
    userAgent: access.userAgent,
    tls: access.tls ?? false,
    console: access.console ?? false,
    vpcEndpoint: access.vpcEndpoint,
  };
}

/** An IAM user with an access key, or with a console session begun at `since`. */
export function iamUser(
  user: {account: string; name: string; accessKeyId: string; since?: number; mfa?: boolean},
  access: Access,
): Session {
  const arn = `arn:aws:iam::${user.account}:user/${user.name}`;
  const identity: Record<string, unknown> = {
    type: 'IAMUser',
    principalId: `AIDA${stableId(arn, 17)}`,
    arn,
    accountId: user.account,
    accessKeyId: user.accessKeyId,
    userName: user.name,
  };
  if (user.since !== undefined) {
    identity.sessionContext = {
      attributes: {creationDate: eventTime(user.since), mfaAuthenticated: String(user.mfa ?? true)},
    };
  }
  return session(identity, arn, user.account, access);
}

export interface RoleSession {
  /** ARN of the role, path included. */
  readonly roleArn: string;
  readonly name: string;
  readonly accessKeyId: string;
  readonly since: number;
  readonly mfa?: boolean;
  /** ARN of the OIDC provider, for roles assumed with a web identity. */
  readonly provider?: string;
  readonly ec2?: boolean;
  readonly sourceIdentity?: string;
}

/** A session of a role. */
export function assumedRole(role: RoleSession, access: Access): Session {
  const account = role.roleArn.split(':')[4] ?? '';
  const roleName = role.roleArn.slice(role.roleArn.lastIndexOf('/') + 1);
  const id = roleId(role.roleArn);
  const arn = `arn:aws:sts::${account}:assumed-role/${roleName}/${role.name}`;
  const context: Record<string, unknown> = {
    sessionIssuer: {
      type: 'Role',
      principalId: id,
      arn: role.roleArn,
      accountId: account,
      userName: roleName,
    },
  };
  if (role.provider !== undefined) {
    context.webIdFederationData = {federatedProvider: role.provider, attributes: {}};
  }
  context.attributes = {
    creationDate: eventTime(role.since),
    mfaAuthenticated: String(role.mfa ?? false),
  };
  if (role.ec2) context.ec2RoleDelivery = '2.0';
  if (role.sourceIdentity !== undefined) context.sourceIdentity = role.sourceIdentity;
  const identity = {
    type: 'AssumedRole',
    principalId: `${id}:${role.name}`,
    arn,
    accountId: account,
    accessKeyId: role.accessKeyId,
    sessionContext: context,
  };
  return session(identity, arn, account, access);
}

/** An AWS service acting by itself. */
export function awsService(host: string): Session {
  return session({type: 'AWSService', invokedBy: host}, host, '', {address: host, userAgent: host});
}

/** A caller from an account of somebody else, as the owner of the resource sees it. */
export function foreignAccount(account: string, principal: string, access: Access): Session {
  const identity = {type: 'AWSAccount', principalId: principal, accountId: account};
  return session(identity, `arn:aws:sts::${account}:assumed-role`, account, access);
}

/** The one who presents an OIDC token to `AssumeRoleWithWebIdentity`. */
export function webIdentity(provider: string, user: string, access: Access): Session {
  const identity = {
    type: 'WebIdentityUser',
    principalId: `${provider}:sts.amazonaws.com:${user}`,
    userName: user,
    identityProvider: provider,
  };
  return session(identity, user, '', access);
}

/** The one who presents a SAML assertion to `AssumeRoleWithSAML`. */
export function samlUser(provider: string, user: string, access: Access): Session {
  const identity = {
    type: 'SAMLUser',
    principalId: `${stableId(provider, 27)}=:${user}`,
    userName: user,
    identityProvider: `${stableId(provider, 27)}=`,
  };
  return session(identity, user, '', access);
}

/** A person in the access portal, before any role. */
export function identityCenterUser(account: string, user: string, access: Access): Session {
  const id = stableId(user, 32).toLowerCase();
  const identity = {
    type: 'IdentityCenterUser',
    accountId: account,
    onBehalfOf: {
      userId: id,
      identityStoreArn: `arn:aws:identitystore::${account}:identitystore/d-9067a1b2c3`,
    },
    credentialId: stableId(`${user}/portal`, 36).toLowerCase(),
  };
  return session(identity, user, account, access);
}

export function root(account: string, since: number, access: Access): Session {
  const arn = `arn:aws:iam::${account}:root`;
  const identity = {
    type: 'Root',
    principalId: account,
    arn,
    accountId: account,
    accessKeyId: '',
    sessionContext: {attributes: {creationDate: eventTime(since), mfaAuthenticated: 'true'}},
  };
  return session(identity, arn, account, access);
}
