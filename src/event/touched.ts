import {isObject, listOf, parsed, valueAt} from './json.ts';
import {secretName} from './resource.ts';
import {accountOfArn, component, lastSegment, resourceOfArn} from './text.ts';

/** Something that a call named: for people who ask what was reached, not for the model. */
export interface Touched {
  /** "bucket", "snapshot", "role", …; for ARNs of other services the service. */
  readonly kind: string;
  readonly id: string;
  /** Where it is in another account, or where the record says so. */
  readonly account?: string;
}

/** At most so many per record; a record may name a thousand instances. */
const LIMIT = 100;

const PARAMETERS: Readonly<Record<string, string>> = {
  bucketName: 'bucket',
  snapshotId: 'snapshot',
  volumeId: 'volume',
  instanceId: 'instance',
  imageId: 'image',
  networkInterfaceId: 'network-interface',
  groupId: 'security-group',
  vpcId: 'vpc',
  subnetId: 'subnet',
  secretId: 'secret',
  roleName: 'role',
  roleArn: 'role',
  userName: 'user',
  groupName: 'group',
  policyArn: 'policy',
  policyName: 'policy',
  instanceProfileName: 'instance-profile',
  keyName: 'key-pair',
  keyId: 'key',
  accessKeyId: 'access-key',
  functionName: 'function',
  tableName: 'table',
  queueUrl: 'queue',
  topicArn: 'topic',
  logGroupName: 'log-group',
  stackName: 'stack',
  repositoryName: 'repository',
  clusterName: 'cluster',
  dBInstanceIdentifier: 'db',
  dBClusterIdentifier: 'db-cluster',
  dBSnapshotIdentifier: 'db-snapshot',
  dBClusterSnapshotIdentifier: 'db-cluster-snapshot',
  trailName: 'trail',
  documentName: 'document',
  modelId: 'model',
  detectorId: 'detector',
};

/** Lists of EC2: "instancesSet": {"items": [{"instanceId": …}]}; also several names of Systems Manager. */
const LISTS: readonly (readonly [list: string, key: string, kind: string])[] = [
  ['instancesSet', 'instanceId', 'instance'],
  ['snapshotSet', 'snapshotId', 'snapshot'],
  ['volumeSet', 'volumeId', 'volume'],
  ['imagesSet', 'imageId', 'image'],
  ['networkInterfaceIdSet', 'networkInterfaceId', 'network-interface'],
  ['securityGroupIdSet', 'groupId', 'security-group'],
  ['instanceIds', '', 'instance'],
  ['names', '', 'parameter'],
  ['secretIdList', '', 'secret'],
];

/** Services whose ARNs mean one kind of thing. */
const NAMES: Readonly<Record<string, string>> = {secretsmanager: 'secret', ssm: 'parameter'};

/** Ids that an answer brings into the world. */
const ANSWERS: readonly (readonly [path: readonly string[], kind: string])[] = [
  [['snapshotId'], 'snapshot'],
  [['volumeId'], 'volume'],
  [['imageId'], 'image'],
  [['networkInterface', 'networkInterfaceId'], 'network-interface'],
  [['groupId'], 'security-group'],
  [['accessKey', 'accessKeyId'], 'access-key'],
  [['user', 'userName'], 'user'],
  [['role', 'roleName'], 'role'],
  [['functionName'], 'function'],
];

/**
 * What a record names in `resources`, in its parameters and in its answer, without repeats, at
 * most 100. Objects of S3 give the bucket and "object" with bucket and key.
 */
export function touchedBy(record: unknown): Touched[] {
  const found = new Map<string, Touched>();
  const add = (kind: string, id: unknown, account?: unknown) => {
    if (typeof id !== 'string' || id === '' || found.size >= LIMIT) return;
    const touched = describe(kind, id, typeof account === 'string' ? account : '');
    const key = `${touched.kind} ${touched.id}`;
    // The one that knows the account is worth more.
    if (found.get(key)?.account === undefined) found.set(key, touched);
  };

  for (const resource of listOf(valueAt(record, ['resources']))) {
    const type = valueAt(resource, ['type']);
    const arn = valueAt(resource, ['ARN']) ?? valueAt(resource, ['arn']);
    add(kindOfType(type, arn), arn, valueAt(resource, ['accountId']));
  }
  const parameters = parsed(valueAt(record, ['requestParameters']));
  if (isObject(parameters)) {
    const source = valueAt(record, ['eventSource']);
    addParameters(parameters, typeof source === 'string' ? source : '', add);
  }
  const answer = parsed(valueAt(record, ['responseElements']));
  for (const [path, kind] of ANSWERS) add(kind, valueAt(answer, path));
  for (const instance of listOf(valueAt(answer, ['instancesSet']))) {
    add('instance', valueAt(instance, ['instanceId']));
  }
  return [...found.values()];
}

type Add = (kind: string, id: unknown, account?: unknown) => void;

function addParameters(
  parameters: Readonly<Record<string, unknown>>,
  source: string,
  add: Add,
): void {
  for (const [name, value] of Object.entries(parameters)) {
    const kind = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (kind !== undefined)
      add(kind === 'group' && source.startsWith('ec2.') ? 'security-group' : kind, value);
  }
  if (source.startsWith('ssm.')) add('parameter', parameters.name);
  if (source.startsWith('secretsmanager.')) add('secret', parameters.name);
  if (source.startsWith('cloudtrail.')) add('trail', parameters.name);
  if (typeof parameters.bucketName === 'string' && typeof parameters.key === 'string') {
    add('object', `${parameters.bucketName}/${parameters.key}`);
  }
  for (const [list, key, kind] of LISTS) {
    for (const item of listOf(parameters[list]))
      add(kind, key === '' ? item : valueAt(item, [key]));
  }
}

function kindOfType(type: unknown, arn: unknown): string {
  const text = typeof type === 'string' && type.includes('::') ? type : '';
  if (text !== '') return lastSegment(text, ':').toLowerCase();
  return typeof arn === 'string' && arn.startsWith('arn:')
    ? (arn.split(':')[2] ?? 'other')
    : 'other';
}

function describe(kind: string, text: string, account: string): Touched {
  const owner = /^\d{12}$/.test(account) ? account : accountOfArn(text);
  const id = component(idOf(kind, text), 1_024);
  // What an ARN names is to be the same thing as what a parameter of the call names.
  const named = Object.hasOwn(NAMES, kind) ? (NAMES[kind] ?? kind) : kind;
  return owner === '' ? {kind: named, id} : {kind: named, id, account: owner};
}

function idOf(kind: string, text: string): string {
  if (kind === 'queue') return lastSegment(text);
  if (!text.startsWith('arn:')) return text;
  if (kind === 'secret' || kind === 'secretsmanager') return secretName(text);
  const resource = resourceOfArn(text);
  if (kind === 'ssm') {
    const name = resource.replace(/^parameter\//, '');
    return name.includes('/') ? `/${name}` : name;
  }
  if (kind === 'bucket') return resource.replace(/\/.*$/s, '');
  return kind === 'object' ? resource : resource.replace(/^[a-z-]+[/:](?=.)/, '');
}
