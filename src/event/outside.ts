import {isObject, listOf, valueAt} from './json.ts';
import {addPrincipal, policyPrincipals} from './policy-principals.ts';
import {component} from './text.ts';

/** Anyone on the internet, by network address and not by identity. */
const INTERNET = 'internet';

type Extract = (parameters: unknown, into: Set<string>) => void;

/** A policy document at the path, as text or as an object. */
function policy(...path: readonly string[]): Extract {
  return (parameters, into) => {
    for (const one of policyPrincipals(valueAt(parameters, path))) into.add(one);
  };
}

/** Account ids, ARNs or "all" and "*", one or a list; texts or objects with `userId` or `group`. */
function principals(...path: readonly string[]): Extract {
  return (parameters, into) => {
    for (const one of listOf(valueAt(parameters, path))) {
      if (typeof one === 'string') addGrantee(one, into);
      if (!isObject(one)) continue;
      for (const key of ['userId', 'group', 'id', 'accountId', 'principal']) {
        if (typeof one[key] === 'string') addGrantee(one[key], into);
      }
    }
  };
}

function addGrantee(text: string, into: Set<string>): void {
  if (/^(?:all|public)$/i.test(text)) into.add('*');
  else addPrincipal(text, into);
}

/** The parameter has the value. */
function when(name: string, value: unknown, then: string): Extract {
  return (parameters, into) => {
    if (valueAt(parameters, [name]) === value) into.add(then);
  };
}

function openToInternet(parameters: unknown, into: Set<string>): void {
  const open = /^(?:0\.0\.0\.0|::)\/0$/;
  const ranges: unknown[] = [valueAt(parameters, ['cidrIp']), valueAt(parameters, ['cIDRIP'])];
  for (const permission of listOf(valueAt(parameters, ['ipPermissions']))) {
    for (const range of listOf(valueAt(permission, ['ipRanges'])))
      ranges.push(valueAt(range, ['cidrIp']));
    for (const range of listOf(valueAt(permission, ['ipv6Ranges'])))
      ranges.push(valueAt(range, ['cidrIpv6']));
    for (const group of listOf(valueAt(permission, ['groups'])))
      addText(valueAt(group, ['userId']), into);
  }
  const rules = valueAt(parameters, ['ModifySecurityGroupRulesRequest', 'SecurityGroupRule']);
  for (const rule of listOf(rules)) {
    ranges.push(
      valueAt(rule, ['SecurityGroupRule', 'CidrIpv4']),
      valueAt(rule, ['SecurityGroupRule', 'CidrIpv6']),
    );
  }
  if (ranges.some((range) => typeof range === 'string' && open.test(range))) into.add(INTERNET);
}

function addText(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') addPrincipal(value, into);
}

const PUBLIC_GROUPS = /\/groups\/global\/(?:AllUsers|AuthenticatedUsers)/;

/** Canned ACLs, grant headers and the XML of S3's access control lists. */
function accessControlList(parameters: unknown, into: Set<string>): void {
  const canned = listOf(valueAt(parameters, ['x-amz-acl']));
  if (canned.some((acl) => /^(?:public-|authenticated-read)/.test(String(acl)))) into.add('*');
  for (const right of ['read', 'write', 'read-acp', 'write-acp', 'full-control']) {
    for (const grant of listOf(valueAt(parameters, [`x-amz-grant-${right}`]))) {
      if (PUBLIC_GROUPS.test(String(grant))) into.add('*');
    }
  }
  const owner = valueAt(parameters, ['AccessControlPolicy', 'Owner', 'ID']);
  const list = valueAt(parameters, ['AccessControlPolicy', 'AccessControlList', 'Grant']);
  for (const grant of listOf(list)) {
    const uri = valueAt(grant, ['Grantee', 'URI']);
    const id = valueAt(grant, ['Grantee', 'ID']);
    if (typeof uri === 'string' && PUBLIC_GROUPS.test(uri)) into.add('*');
    if (typeof id === 'string' && id !== owner) into.add(`canonical:${id.slice(0, 16)}`);
  }
}

function replication(parameters: unknown, into: Set<string>): void {
  const rules = valueAt(parameters, ['ReplicationConfiguration', 'Rule']);
  for (const rule of listOf(rules)) addText(valueAt(rule, ['Destination', 'Account']), into);
}

/** Attributes of queues and topics, of which one may be a policy. */
function attributes(parameters: unknown, into: Set<string>): void {
  policy('attributes', 'Policy')(parameters, into);
  if (valueAt(parameters, ['attributeName']) === 'Policy')
    policy('attributeValue')(parameters, into);
}

function openFunction(parameters: unknown, into: Set<string>): void {
  // A function URL without authentication also needs this permission; an organisation narrows it.
  if (valueAt(parameters, ['principalOrgID']) || valueAt(parameters, ['organizationId'])) return;
  const source = valueAt(parameters, ['sourceAccount']);
  if (typeof source === 'string') addText(source, into);
  else principals('principal')(parameters, into);
}

/** By operation without the date of its interface ("20150331v2"). */
const EXTRACTS: ReadonlyMap<string, readonly Extract[]> = new Map(
  Object.entries({
    'ec2:ModifySnapshotAttribute': [principals('createVolumePermission', 'add')],
    'ec2:ModifyImageAttribute': [
      principals('launchPermission', 'add'),
      // Shares with organisations have ARNs of theirs.
      principals('launchPermission', 'add', 'items'),
    ],
    'ec2:ModifyFpgaImageAttribute': [principals('ModifyFpgaImageAttributeRequest', 'UserId')],
    'ec2:ModifyVpcEndpointServicePermissions': [
      principals('ModifyVpcEndpointServicePermissionsRequest', 'AddAllowedPrincipals', 'content'),
      principals('ModifyVpcEndpointServicePermissionsRequest', 'AddAllowedPrincipals'),
    ],
    'ec2:CreateVpcPeeringConnection': [principals('peerOwnerId')],
    'ec2:AuthorizeSecurityGroupIngress': [openToInternet],
    'ec2:ModifySecurityGroupRules': [openToInternet],
    'rds:ModifyDBSnapshotAttribute': [principals('valuesToAdd')],
    'rds:ModifyDBClusterSnapshotAttribute': [principals('valuesToAdd')],
    'rds:AuthorizeDBSecurityGroupIngress': [openToInternet],
    'rds:CreateDBInstance': [when('publiclyAccessible', true, INTERNET)],
    'rds:ModifyDBInstance': [when('publiclyAccessible', true, INTERNET)],
    'redshift:AuthorizeSnapshotAccess': [principals('accountWithRestoreAccess')],
    'redshift:AuthorizeClusterSecurityGroupIngress': [openToInternet],
    'redshift:AuthorizeDataShare': [principals('consumerIdentifier')],
    'redshift:ModifyCluster': [when('publiclyAccessible', true, INTERNET)],
    's3:PutBucketPolicy': [policy('bucketPolicy')],
    's3:PutAccessPointPolicy': [policy('policy'), policy('Policy')],
    's3:PutBucketAcl': [accessControlList],
    's3:PutObjectAcl': [accessControlList],
    's3:PutBucketReplication': [replication],
    'kms:PutKeyPolicy': [policy('policy')],
    'kms:CreateKey': [policy('policy')],
    'kms:CreateGrant': [principals('granteePrincipal')],
    'iam:CreateRole': [policy('assumeRolePolicyDocument')],
    'iam:UpdateAssumeRolePolicy': [policy('policyDocument')],
    'lambda:AddPermission': [openFunction],
    'lambda:AddLayerVersionPermission': [openFunction],
    'lambda:CreateFunctionUrlConfig': [when('authType', 'NONE', '*')],
    'lambda:UpdateFunctionUrlConfig': [when('authType', 'NONE', '*')],
    'sns:AddPermission': [principals('aWSAccountIds'), principals('aWSAccountId')],
    'sns:SetTopicAttributes': [attributes],
    'sns:CreateTopic': [attributes],
    'sqs:AddPermission': [principals('aWSAccountIds'), principals('accountIds')],
    'sqs:SetQueueAttributes': [attributes],
    'sqs:CreateQueue': [attributes],
    'ecr:SetRepositoryPolicy': [policy('policyText')],
    'ecr:PutRegistryPolicy': [policy('policyText')],
    'secretsmanager:PutResourcePolicy': [policy('resourcePolicy')],
    'dynamodb:PutResourcePolicy': [policy('policy')],
    'kinesis:PutResourcePolicy': [policy('policy')],
    'glue:PutResourcePolicy': [policy('policyInJson')],
    'logs:PutResourcePolicy': [policy('policyDocument')],
    'logs:PutDestinationPolicy': [policy('accessPolicy')],
    'events:PutPermission': [principals('principal'), policy('policy')],
    'backup:PutBackupVaultAccessPolicy': [policy('policy')],
    'glacier:SetVaultAccessPolicy': [policy('policy', 'policy'), policy('policy')],
    'elasticfilesystem:PutFileSystemPolicy': [policy('policy')],
    'codeartifact:PutDomainPermissionsPolicy': [policy('policyDocument')],
    'codeartifact:PutRepositoryPermissionsPolicy': [policy('policyDocument')],
    'es:CreateDomain': [policy('accessPolicies')],
    'es:UpdateDomainConfig': [policy('accessPolicies')],
    'es:UpdateElasticsearchDomainConfig': [policy('accessPolicies')],
    'cloudtrail:PutResourcePolicy': [policy('resourcePolicy')],
    'ds:ShareDirectory': [principals('shareTarget')],
    'ram:CreateResourceShare': [principals('principals')],
    'ram:AssociateResourceShare': [principals('principals')],
    'ssm:ModifyDocumentPermission': [principals('accountIdsToAdd')],
    'organizations:InviteAccountToOrganization': [principals('target')],
  } satisfies Record<string, readonly Extract[]>),
);

function extractsOf(operation: string): readonly Extract[] | undefined {
  return EXTRACTS.get(operation) ?? EXTRACTS.get(operation.replace(/\d{8}(?:v\d+)?$/, ''));
}

/**
 * True for the rare calls that may give someone outside access, for which the parsed
 * `requestParameters` are needed beside the texts.
 */
export function needsParameters(operation: string): boolean {
  return extractsOf(operation) !== undefined;
}

export interface OwnAccounts {
  /** The account the call was made in. */
  readonly account: string;
  readonly organisationAccounts: ReadonlySet<string>;
}

/**
 * Who outside the organisation the call gives access to, sorted: account ids, "*" (anyone),
 * "internet" (any address), "canonical:…" (S3), the name of an identity provider.
 */
export function outsidePrincipals(
  operation: string,
  parameters: unknown,
  own: OwnAccounts,
): string[] {
  const found = new Set<string>();
  for (const extract of extractsOf(operation) ?? []) extract(parameters, found);
  found.delete(own.account);
  return [...found].filter((one) => !own.organisationAccounts.has(one)).sort();
}

/** As a component: "external:999988887777"; undefined if nobody outside is named. */
export function outsideComponent(outside: readonly string[]): string | undefined {
  if (outside.length === 0) return undefined;
  const more = outside.length > 8 ? `,+${outside.length - 8}` : '';
  return component(`external:${outside.slice(0, 8).join(',')}${more}`);
}
