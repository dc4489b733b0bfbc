import {declaredPeer, type PeerGroup} from './peer-groups.ts';
import {roleStem} from './role-stem.ts';
import {isPersonName, isWorkloadName, personOf} from './session-name.ts';
import {accountOfArn, component, first, lastSegment, NONE, type Texts} from './text.ts';

export const PRINCIPAL_KINDS = [
  'user',
  'role',
  'person',
  'root',
  'federated',
  'saml',
  'web-identity',
  'identity-center',
  'service',
  'account',
  'unknown',
] as const;

export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** Who did it. `principal` is the key of everything; the session is an attribute, never a key. */
export interface Identity {
  /** Stable from session to session: "123456789012:role/app-web", "person/alice@example.com/Admin". */
  readonly principal: string;
  readonly kind: PrincipalKind;
  /** Whose habits stand in for its own while it is new. */
  readonly peer: string;
  /** Account the identity belongs to, or "-". */
  readonly account: string;
  /** Short, for people: "alice@example.com (Admin)". */
  readonly displayName: string;
  /** Name of this session of a role, or "". */
  readonly sessionName: string;
}

interface Found {
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly peer?: string;
  readonly account?: string;
  readonly displayName: string;
  readonly sessionName?: string;
}

/** What CloudTrail writes for a sign-in under a name that does not exist. */
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const ASSUMED_ROLE = /assumed-role\/([^/]+)(?:\/(.*))?$/s;
const PERMISSION_SET = /^AWSReservedSSO_(.+)_[^_]*$/s;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Reads the texts of the group "identity". Never fails: what cannot be told is "unknown". */
export function identityOf(texts: Texts, peerGroups: readonly PeerGroup[] = []): Identity {
  const found = find(texts);
  const principal = component(found.principal);
  const peer = declaredPeer(peerGroups, principal) ?? found.peer ?? found.kind;
  return {
    principal,
    kind: found.kind,
    peer: component(peer),
    account: component(found.account ?? '', 64),
    displayName: component(found.displayName),
    sessionName: found.sessionName ?? '',
  };
}

function find(texts: Texts): Found {
  switch (typeOf(texts)) {
    case 'iamuser':
      return user(texts);
    case 'assumedrole':
      return assumedRole(texts);
    case 'root': {
      const account = accountOf(texts);
      return {principal: `${account}:root`, kind: 'root', account, displayName: 'root'};
    }
    case 'federateduser':
      return named(texts, 'federated', 'federated', federatedName(texts));
    case 'samluser': {
      const name = first(texts.identityUserName, afterColon(texts.identityPrincipalId));
      return named(texts, 'saml', 'saml', personOf(name));
    }
    case 'webidentityuser':
      return webIdentity(texts);
    case 'identitycenteruser':
      return identityCenterUser(texts);
    case 'awsservice':
      return service(texts.invokedBy);
    case 'awsaccount':
      return otherAccount(texts);
    case 'directory':
      return named(texts, 'unknown', 'directory', texts.identityUserName ?? '');
    default:
      return unknown(texts);
  }
}

/** The identity's type in one spelling; from the ARN, and the rest, where there is none. */
function typeOf(texts: Texts): string {
  const type = (texts.identityType ?? '').toLowerCase().replace(/[^a-z]/g, '');
  if (type === 'user') return 'iamuser';
  if (type === 'role') return 'assumedrole';
  if (KNOWN_TYPES.has(type)) return type;

  const {identityArn = '', invokedBy = ''} = texts;
  if (identityArn.includes('assumed-role/')) return 'assumedrole';
  if (identityArn.includes(':federated-user/')) return 'federateduser';
  if (/:iam:.*:user\//s.test(identityArn)) return 'iamuser';
  if (/:iam:.*:root$/s.test(identityArn)) return 'root';
  if (first(texts.onBehalfOf, texts.identityUserId) !== '') return 'identitycenteruser';
  if (invokedBy !== '') return 'awsservice';
  if (texts.eventType === 'AwsServiceEvent') return 'awsservice';
  return 'unknown';
}

const KNOWN_TYPES = new Set([
  'iamuser',
  'assumedrole',
  'root',
  'federateduser',
  'samluser',
  'webidentityuser',
  'identitycenteruser',
  'awsservice',
  'awsaccount',
  'directory',
]);

function user(texts: Texts): Found {
  const {identityArn = '', identityUserName = ''} = texts;
  const account = accountOf(texts);
  const path = /:user\/(.+)$/s.exec(identityArn)?.[1] ?? '';
  const name = first(identityUserName, lastSegment(path), texts.identityPrincipalId);
  if (name === HIDDEN || name === '') {
    const principal = account === NONE ? 'unknown' : `${account}:unknown`;
    return {principal, kind: 'unknown', account, displayName: 'unknown user'};
  }
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const principal = `${account}:user/${name}`;
  return {principal, kind: 'user', peer: `user:${folder}`, account, displayName: name};
}

function assumedRole(texts: Texts): Found {
  const {identityArn = '', issuerArn = '', identityPrincipalId} = texts;
  const parts = ASSUMED_ROLE.exec(identityArn);
  const rolePath = /:role\/(.+)$/s.exec(issuerArn)?.[1] ?? '';
  const role = first(texts.issuerUserName, lastSegment(rolePath), parts?.[1]);
  const sessionName = first(parts?.[2], afterColon(identityPrincipalId));
  const account = component(
    first(texts.issuerAccount, accountOfArn(identityArn), texts.identityAccount),
    64,
  );
  if (role === '') {
    // An old or cut record: the role's unique id is as stable as its name.
    const id = (identityPrincipalId ?? '').split(':')[0] ?? '';
    if (id === '') return {principal: 'unknown', kind: 'unknown', account, displayName: 'unknown'};
    return {
      principal: `${account}:role/${id}`,
      kind: 'role',
      account,
      displayName: id,
      sessionName,
    };
  }

  const permissionSet = PERMISSION_SET.exec(role)?.[1];
  const peer = permissionSet === undefined ? rolePeer(role, rolePath) : `sso:${permissionSet}`;
  const shortRole = permissionSet ?? role;
  const person = personBehind(texts.sourceIdentity ?? '', sessionName, permissionSet !== undefined);
  if (person !== undefined) {
    const principal = `person/${person}/${shortRole}`;
    const displayName = `${person} (${shortRole})`;
    return {principal, kind: 'person', peer, account, displayName, sessionName};
  }
  const principal = `${account}:role/${role}`;
  return {principal, kind: 'role', peer, account, displayName: shortRole, sessionName};
}

/** In order of trust: what the identity provider asserted, SSO's user name, a telling name. */
function personBehind(source: string, session: string, sso: boolean): string | undefined {
  if (!isWorkloadName(source)) return personOf(source);
  if (sso && session !== '') return personOf(session);
  return isPersonName(session) ? personOf(session) : undefined;
}

/** The role's path where it was chosen with care, else the stem of its name. */
function rolePeer(role: string, rolePath: string): string {
  const folder = rolePath.includes('/') ? rolePath.slice(0, rolePath.lastIndexOf('/')) : '';
  // All service-linked roles have a folder of their own; the console puts the rest in "service-role".
  if (folder.startsWith('aws-service-role')) return 'role:aws-service-role';
  if (folder !== '' && folder !== 'service-role') return `role:${folder}`;
  return `role:${roleStem(role)}`;
}

function federatedName(texts: Texts): string {
  const arn = /:federated-user\/(.+)$/s.exec(texts.identityArn ?? '')?.[1];
  const name = first(arn, afterColon(texts.identityPrincipalId), texts.identityUserName);
  if (!isWorkloadName(name)) return name;
  // A name made up for the session; the user whose keys asked for it stays.
  return texts.issuerUserName ? `by-${texts.issuerUserName}` : name.replace(/\d{4,}/g, '*');
}

function webIdentity(texts: Texts): Found {
  const source = first(
    texts.identityProvider,
    texts.federatedProvider,
    beforeColon(texts.identityPrincipalId),
  );
  const provider = lastSegment(source.replace(/^.*:(?:oidc-provider|saml-provider)\//s, ''), '//');
  const subject = first(texts.identityUserName, afterColon(texts.identityPrincipalId));
  // Branches and pull requests come and go; Cognito makes an id for each visitor.
  const name = subject.replace(/^(repo:[^:]+):(?:ref:|pull_request).*$/s, '$1').replace(UUID, '*');
  return named(texts, 'web-identity', `web/${provider === '' ? NONE : provider}`, name);
}

function identityCenterUser(texts: Texts): Found {
  const {onBehalfOf, identityUserId, identityUserName, identityPrincipalId} = texts;
  const id = first(onBehalfOf, identityUserId, identityPrincipalId, identityUserName);
  const principal = `identity-center/${id === '' ? NONE : id}`;
  const displayName = first(identityUserName, id, 'Identity Center user');
  return {principal, kind: 'identity-center', account: accountOf(texts), displayName};
}

function service(invokedBy: string | undefined): Found {
  const name = first(invokedBy?.trim().toLowerCase().replace(/\s+/g, '-'), 'aws');
  return {principal: `service/${name}`, kind: 'service', displayName: name};
}

function otherAccount(texts: Texts): Found {
  const id = first(texts.identityAccount, beforeColon(texts.identityPrincipalId));
  if (/^anonymous/i.test(id) || /^anonymous/i.test(texts.identityPrincipalId ?? '')) {
    return {principal: 'anonymous', kind: 'unknown', displayName: 'anonymous'};
  }
  const account = component(
    first(texts.identityAccount, accountOfArn(texts.identityArn ?? '')),
    64,
  );
  if (account === NONE) {
    if (texts.invokedBy) return service(texts.invokedBy);
    return {principal: 'unknown', kind: 'unknown', displayName: 'unknown'};
  }
  const displayName = `account ${account}`;
  return {principal: `${account}:account`, kind: 'account', account, displayName};
}

function unknown(texts: Texts): Found {
  const name = texts.identityUserName ?? '';
  if (name === '' || name === HIDDEN) {
    return {principal: 'unknown', kind: 'unknown', displayName: 'unknown'};
  }
  return named(texts, 'unknown', 'unknown', personOf(name));
}

function named(texts: Texts, kind: PrincipalKind, label: string, name: string): Found {
  const account = accountOf(texts);
  const displayName = name === '' ? kind : name;
  return {
    principal: `${account}:${label}/${name === '' ? NONE : name}`,
    kind,
    account,
    displayName,
  };
}

/** The identity's account; where it has none, the one whose trail this is. */
function accountOf(texts: Texts): string {
  const {identityAccount, identityArn = '', recipientAccountId} = texts;
  return component(first(identityAccount, accountOfArn(identityArn), recipientAccountId), 64);
}

function afterColon(text = ''): string {
  const colon = text.indexOf(':');
  return colon < 0 ? '' : text.slice(colon + 1);
}

function beforeColon(text = ''): string {
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(0, colon);
}
