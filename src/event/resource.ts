import {serviceOf} from './operation.ts';
import {component, first, lastSegment, NONE, resourceOfArn, type Texts} from './text.ts';

interface Rule {
  readonly parameter: string;
  readonly kind: string;
  /** Services that mean this by the parameter; all if absent. */
  readonly services?: readonly string[];
  readonly name?: (text: string) => string;
}

/**
 * The main resource of a call: the first rule that applies. Choices that are not obvious:
 *
 * - IAM: an attached policy tells more than whom it is attached to; an inline policy's name does not.
 * - EC2: short-lived ids are only their kind ("snapshot"), see `ec2Kind`.
 * - What a call creates is only its kind too: its name is new whoever creates it, and no news.
 * - `name` and `path` mean something only together with the service.
 */
const RULES: readonly Rule[] = [
  {parameter: 'bucketName', kind: 'bucket'},
  {parameter: 'secretId', kind: 'secret', name: secretName},
  {parameter: 'roleArn', kind: 'role', services: ['sts'], name: roleName},
  {parameter: 'policyArn', kind: 'policy', name: arnTail},
  {parameter: 'roleName', kind: 'role'},
  {parameter: 'userName', kind: 'user'},
  {parameter: 'groupName', kind: 'group', services: ['iam', 'identitystore']},
  {parameter: 'groupName', kind: 'security-group', services: ['ec2']},
  {parameter: 'groupId', kind: 'security-group', services: ['ec2']},
  {parameter: 'instanceType', kind: 'instance-type', services: ['ec2']},
  {parameter: 'keyName', kind: 'key-pair', services: ['ec2']},
  {parameter: 'instanceProfileName', kind: 'instance-profile'},
  {parameter: 'policyName', kind: 'policy', services: ['iam']},
  {parameter: 'keyId', kind: 'key', services: ['kms'], name: keyName},
  {parameter: 'functionName', kind: 'function', name: functionName},
  {parameter: 'tableName', kind: 'table', name: arnTail},
  {parameter: 'queueUrl', kind: 'queue', name: (text) => lastSegment(text)},
  {parameter: 'queueName', kind: 'queue'},
  {parameter: 'topicArn', kind: 'topic', name: afterLastColon},
  {parameter: 'logGroupName', kind: 'log-group'},
  {parameter: 'stackName', kind: 'stack', name: stackName},
  {parameter: 'repositoryName', kind: 'repository'},
  {parameter: 'clusterName', kind: 'cluster', name: arnTail},
  {parameter: 'cluster', kind: 'cluster', name: arnTail},
  {parameter: 'dBInstanceIdentifier', kind: 'db', name: afterLastColon},
  {parameter: 'dBClusterIdentifier', kind: 'db-cluster', name: afterLastColon},
  {parameter: 'clusterIdentifier', kind: 'cluster'},
  {parameter: 'trailName', kind: 'trail', name: arnTail},
  {parameter: 'rule', kind: 'rule'},
  {parameter: 'documentName', kind: 'document', name: arnTail},
  {parameter: 'projectName', kind: 'project'},
  {parameter: 'stateMachineArn', kind: 'state-machine', name: afterLastColon},
  {parameter: 'streamName', kind: 'stream'},
  {parameter: 'deliveryStreamName', kind: 'delivery-stream'},
  {parameter: 'domainName', kind: 'domain'},
  {parameter: 'modelId', kind: 'model', name: arnTail},
  {parameter: 'workGroup', kind: 'work-group'},
  {parameter: 'databaseName', kind: 'database'},
  {parameter: 'userPoolId', kind: 'user-pool'},
  {parameter: 'hostedZoneId', kind: 'zone'},
  {parameter: 'autoScalingGroupName', kind: 'auto-scaling-group'},
  {parameter: 'detectorId', kind: 'detector'},
  {parameter: 'serverId', kind: 'server'},
  {parameter: 'vaultName', kind: 'vault'},
  {parameter: 'name', kind: 'parameter', services: ['ssm']},
  {parameter: 'names', kind: 'parameter', services: ['ssm']},
  {parameter: 'path', kind: 'parameter', services: ['ssm']},
  {parameter: 'name', kind: 'secret', services: ['secretsmanager']},
  {parameter: 'name', kind: 'trail', services: ['cloudtrail'], name: arnTail},
  {parameter: 'name', kind: 'rule', services: ['events']},
  {parameter: 'name', kind: 'topic', services: ['sns']},
  {parameter: 'name', kind: 'cluster', services: ['eks']},
  {parameter: 'name', kind: 'federated', services: ['sts']},
  {parameter: 'name', kind: 'provider', services: ['iam']},
  {parameter: 'name', kind: 'state-machine', services: ['states']},
  {parameter: 'name', kind: 'database', services: ['glue', 'athena']},
];

/** By field; a record has few parameters, and there are many rules. */
const FIELD_RULES = new Map<string, (Rule & {readonly order: number})[]>();
for (const [order, rule] of RULES.entries()) {
  const field = `parameter.${rule.parameter}`;
  FIELD_RULES.set(field, [...(FIELD_RULES.get(field) ?? []), {...rule, order}]);
}

const EC2_KINDS: readonly (readonly [RegExp, string])[] = [
  [/Snapshot/, 'snapshot'],
  [/Image/, 'image'],
  [/Volume/, 'volume'],
  [/SecurityGroup/, 'security-group'],
  [/NetworkInterface/, 'network-interface'],
  [/NetworkAcl/, 'network-acl'],
  [/KeyPair/, 'key-pair'],
  [/Route/, 'route-table'],
  [/Subnet/, 'subnet'],
  [/Endpoint/, 'vpc-endpoint'],
  [/FlowLogs/, 'flow-log'],
  [/Gateway/, 'gateway'],
  [/Address/, 'address'],
  [/Instance|PasswordData|ConsoleScreenshot|ConsoleOutput/, 'instance'],
  [/Vpc/, 'vpc'],
];

/**
 * The main resource of a call as "kind:name", "mfa:yes" or "mfa:no" for a sign-in to the console,
 * the call an Insight is about, or "-".
 */
export function resourceOf(texts: Texts): string {
  const {eventName = '', mfaUsed = '', insightName = '', insightSource = ''} = texts;
  if (insightName !== '') return component(`${serviceOf(insightSource)}:${insightName}`);
  if (eventName === 'ConsoleLogin') return mfaOf(mfaUsed);
  const service = serviceOf(texts.eventSource ?? '');
  return component(
    (service === 'ec2' ? attributeOf(texts, eventName) : '') ||
      byRule(texts, service, eventName) ||
      (service === 'ec2' ? ec2Kind(eventName) : '') ||
      fromResources(texts, service),
  );
}

function mfaOf(mfaUsed: string): string {
  return mfaUsed === '' ? NONE : `mfa:${/^(?:yes|true)$/i.test(mfaUsed) ? 'yes' : 'no'}`;
}

function byRule(texts: Texts, service: string, eventName: string): string {
  let rule: (Rule & {readonly order: number}) | undefined;
  let text = '';
  for (const field of Object.keys(texts)) {
    const own = FIELD_RULES.get(field);
    const value = own === undefined ? '' : (texts[field] ?? '');
    if (own === undefined || value === '') continue;
    const found = own.find(({services}) => services === undefined || services.includes(service));
    if (found === undefined || (rule !== undefined && rule.order < found.order)) continue;
    rule = found;
    text = value;
  }
  if (rule === undefined) return '';
  const {kind, name} = rule;
  if (creates(eventName, kind) || (kind === 'security-group' && SECURITY_GROUP_ID.test(text))) {
    return kind;
  }
  const isDocument = service === 'ssm' && kind === 'parameter' && eventName.includes('Document');
  return `${isDocument ? 'document' : kind}:${name === undefined ? text : name(text)}`;
}

const SECURITY_GROUP_ID = /^sg-[0-9a-f]{8,}$/;

/** True for "CreateTable" and "table", not for "CreateAccessKey" and "user". */
function creates(eventName: string, kind: string): boolean {
  if (!eventName.startsWith('Create') && !eventName.startsWith('Import')) return false;
  const noun = /^(?:Create|Import)([A-Za-z]+)/.exec(eventName)?.[1]?.toLowerCase();
  return noun !== undefined && (noun === kind.replace('-', '') || noun === CREATED_AS[kind]);
}

const CREATED_AS: Readonly<Record<string, string>> = {db: 'dbinstance', 'db-cluster': 'dbcluster'};

/** Which attribute of an instance is read or changed: "userData" is quite another thing than "ebsOptimized". */
function attributeOf(texts: Texts, eventName: string): string {
  const attribute = texts['parameter.attribute'] ?? '';
  return attribute === ''
    ? ''
    : `${ec2Kind(eventName.replace('Describe', '')) || 'attribute'}:${attribute}`;
}

function ec2Kind(eventName: string): string {
  // Looking around names no resource; the operation says it all.
  if (eventName.startsWith('Describe')) return '';
  return EC2_KINDS.find(([pattern]) => pattern.test(eventName))?.[1] ?? '';
}

/** From the beginning of the first ARN in `resources`, cut before its second "/" segment. */
function fromResources(texts: Texts, service: string): string {
  const arn = texts.resourceArn ?? '';
  if (arn === '') return '';
  if (/^arn:[^:]*:s3:::/.test(arn)) return `bucket:${resourceOfArn(arn).replace(/\/$/, '')}`;
  if (service === 'secretsmanager') return `secret:${secretName(arn)}`;
  // The name is beyond the cut; whose it is, is not.
  const kind = first((texts.resourceType ?? '').split('::').at(-1), service).toLowerCase();
  if (arn.endsWith('/'))
    return `${kind}:in/${first(texts.resourceAccount, arn.split(':')[4], NONE)}`;
  return `${kind}:${resourceOfArn(arn)}`;
}

/** "arn:…:secret:prod/db-AbCdEf" is the secret "prod/db". */
export function secretName(text: string): string {
  if (!text.startsWith('arn:')) return text;
  return resourceOfArn(text)
    .replace(/^secret:/, '')
    .replace(/-[A-Za-z0-9]{6}$/, '');
}

/** A role in the words of its account: "123456789012/app-web". */
function roleName(arn: string): string {
  const parts = /^arn:[^:]*:iam::([^:]*):role\/(.+)$/s.exec(arn);
  return parts === null ? arn : `${parts[1]}/${lastSegment(parts[2] ?? '')}`;
}

function keyName(text: string): string {
  return resourceOfArn(text).replace(/^key\//, '');
}

/** From a name, a partial or a full ARN, without version or alias. */
function functionName(text: string): string {
  const parts = /(?:^|:)function:([^:]+)/.exec(text);
  return parts?.[1] ?? text.split(':')[0] ?? text;
}

function stackName(text: string): string {
  return text.startsWith('arn:') ? (resourceOfArn(text).split('/')[1] ?? text) : text;
}

function arnTail(text: string): string {
  return text.startsWith('arn:') ? lastSegment(resourceOfArn(text)) : text;
}

function afterLastColon(text: string): string {
  return text.startsWith('arn:') ? lastSegment(text, ':') : text;
}
