import {isObject, listOf} from '../../event/json.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import type {DecoyKind, Trap} from './decoy.ts';
import {decoded, MAX_TEXT, type Mention, Mentions} from './mention.ts';

/** Where a record names the decoy, and how. */
export interface Touch {
  /** Path in the record: "requestParameters.bucketName"; "origin" for whom a role chain began with. */
  readonly where: string;
  /** As written there, its beginning. */
  readonly text: string;
  readonly spelling: Mention['spelling'];
}

type JsonMap = Readonly<Record<string, Json>>;

/** Values of a record that are looked at; what comes after is not. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 32;
/** JSON within a text, such as a policy, is looked into up to this length. */
const MAX_EMBEDDED = 65_536;
const MAX_SHOWN = 256;

/**
 * Services whose calls may name a decoy, by its kind: its own; those that are told of it by ARN
 * (encryption contexts of KMS, tags, settings of the trail, access analysis); and those that pass
 * it on. What an identity does itself is looked at in every service.
 */
const GENERAL = [
  'iam',
  'sts',
  'tagging',
  'resource-groups',
  'config',
  'access-analyzer',
  'backup',
  'cloudtrail',
  'cloudcontrolapi',
];
const SERVICES: Readonly<Record<DecoyKind, ReadonlySet<string>>> = {
  user: new Set([...GENERAL, 'signin']),
  role: new Set([
    ...GENERAL,
    'signin',
    'lambda',
    'ecs',
    'eks',
    'batch',
    'cloudformation',
    'codebuild',
    'codepipeline',
    'states',
    'glue',
    'sagemaker',
    'datapipeline',
    'apprunner',
    'bedrock',
    'bedrock-agent',
    'scheduler',
  ]),
  access_key: new Set(['iam', 'sts', 'signin']),
  bucket: new Set([
    ...GENERAL,
    's3',
    's3-control',
    's3control',
    'kms',
    'athena',
    'glue',
    'datasync',
    'macie2',
    'lambda',
    'ssm',
    'redshift-data',
    'rds',
    'dynamodb',
    'transfer',
  ]),
  table: new Set([...GENERAL, 'dynamodb', 'kms', 'application-autoscaling', 'glue', 'lambda']),
  secret: new Set([...GENERAL, 'secretsmanager', 'ssm', 'kms', 'rds-data', 'rdsdata']),
  parameter: new Set([...GENERAL, 'ssm', 'kms']),
  queue: new Set([...GENERAL, 'sqs', 'kms', 'lambda', 'sns', 'events', 'scheduler']),
  function: new Set([
    ...GENERAL,
    'lambda',
    'kms',
    'sns',
    'events',
    'scheduler',
    'apigateway',
    'states',
  ]),
};

/** Services whose answers are looked into as well. */
const ANSWERING: Readonly<Record<DecoyKind, ReadonlySet<string>>> = {
  user: new Set(['sts', 'iam']),
  role: new Set(['sts', 'iam']),
  access_key: new Set(['sts', 'iam']),
  bucket: new Set(['s3']),
  table: new Set(['dynamodb']),
  secret: new Set(['secretsmanager']),
  parameter: new Set(['ssm']),
  queue: new Set(['sqs']),
  function: new Set(['lambda']),
};

/** As AWS Config and Cloud Control write the type of a resource. */
const TYPES: Readonly<Record<DecoyKind, string>> = {
  user: 'AWS::IAM::User',
  role: 'AWS::IAM::Role',
  access_key: '',
  bucket: 'AWS::S3::Bucket',
  table: 'AWS::DynamoDB::Table',
  secret: 'AWS::SecretsManager::Secret',
  parameter: 'AWS::SSM::Parameter',
  queue: 'AWS::SQS::Queue',
  function: 'AWS::Lambda::Function',
};

/** What stands beside the bare name of an identity: kinds of callers that may be it after all. */
const UNCLEAR_KINDS: ReadonlySet<string> = new Set(['federated', 'account', 'unknown', '-']);
/** Those who may use the long-lived key of a user. */
const KEY_KINDS: ReadonlySet<string> = new Set(['user', 'root', 'account', 'unknown', '-']);

/** Finds the first place where an event names the decoy. */
export class TouchFinder {
  readonly #trap: Trap;
  readonly #mentions: Mentions;
  /** The decoy's part of the component `principal`, after the account or the person. */
  readonly #ends: readonly string[];
  /** Letters of other alphabets change with what stands beside them. */
  readonly #isPlain: boolean;

  constructor(trap: Trap) {
    const {kind, name} = trap.decoy;
    this.#trap = trap;
    this.#mentions = new Mentions(trap.decoy);
    this.#isPlain = /^[ -~]+$/.test(this.#mentions.needle);
    const folded = name.toLowerCase();
    const permissionSet = /^awsreservedsso_(.+)_[^_]*$/.exec(folded)?.[1];
    this.#ends =
      kind === 'user'
        ? [`:user/${folded}`]
        : kind === 'role'
          ? [`:role/${folded}`, `/${permissionSet ?? folded}`]
          : [];
  }

  /** Whether calls of this service may name it, by whomever they are made. */
  isNamedIn(service: string): boolean {
    return SERVICES[this.#trap.decoy.kind].has(service);
  }

  /** Whether it may be touched in calls of every service: identities act. */
  get acts(): boolean {
    return this.#ends.length > 0 || this.#trap.decoy.kind === 'access_key';
  }

  /** Whether the record need be looked at, told from what is there without it. */
  mayTouch({components, origin}: DetectionEvent): boolean {
    const {service, principal, kind} = components;
    return (
      this.isNamedIn(service) ||
      this.isCaller(principal, kind) ||
      (origin !== principal && this.isCaller(origin, ''))
    );
  }

  /** Whether a caller may be the decoy; of whom roles go back to the kind is "". */
  isCaller(principal: string, kind: string): boolean {
    if (!this.acts) return false;
    const {decoy} = this.#trap;
    if (decoy.kind === 'access_key') return !decoy.name.startsWith('AKIA') || KEY_KINDS.has(kind);
    return UNCLEAR_KINDS.has(kind) || this.#isPrincipal(principal);
  }

  find(event: DetectionEvent): Touch | undefined {
    return this.mayTouch(event) ? this.findAnywhere(event) : undefined;
  }

  /** The same without the quick look before. */
  findAnywhere(event: DetectionEvent): Touch | undefined {
    return this.#inRecord(event) ?? this.#ofOrigin(event);
  }

  #inRecord(event: DetectionEvent): Touch | undefined {
    // Most records need not be parsed to see that the name is not in them.
    if (this.#isPlain && event.mayHold?.(this.#mentions.needle) === false) return undefined;
    const {components} = event;
    const own = this.#identity(event);
    if (own !== undefined) return own;
    if (this.isNamedIn(components.service)) {
      const walk = new Walk(this.#trap, this.#mentions, event);
      const named =
        walk.in('requestParameters') ??
        walk.in('resources') ??
        (ANSWERING[this.#trap.decoy.kind].has(components.service)
          ? walk.in('responseElements')
          : undefined) ??
        walk.in('additionalEventData') ??
        walk.in('serviceEventDetails') ??
        walk.host() ??
        walk.refusal();
      if (named !== undefined) return named;
    }
    return undefined;
  }

  /** Of whom its credentials go back to. */
  #ofOrigin({components, origin}: DetectionEvent): Touch | undefined {
    if (origin === components.principal || !this.#isPrincipal(origin)) return undefined;
    const account = /^(\d{12}):/.exec(origin)?.[1] ?? '';
    if (!this.#isIn(account === '' ? [components.account] : [account])) return undefined;
    return {where: 'origin', text: origin.slice(0, MAX_SHOWN), spelling: 'name'};
  }

  /** What the decoy does itself. */
  #identity({record, components}: DetectionEvent): Touch | undefined {
    const {userIdentity} = record;
    const {principal, kind: callerKind} = components;
    if (!this.isCaller(principal, callerKind) || !isObject(userIdentity)) return undefined;
    const identity = userIdentity as JsonMap;
    const {kind} = this.#trap.decoy;
    const context = mapOf(identity.sessionContext);
    const issuer = mapOf(context?.sessionIssuer);
    const accounts = texts([identity.accountId]);
    const found = (where: string, text: unknown, said?: string) => {
      if (typeof text !== 'string' || text === '') return undefined;
      const mention = said === undefined ? this.#mentions.ofText(text) : undefined;
      if (mention === undefined && (said === undefined || !this.#mentions.isName(text))) {
        return undefined;
      }
      const account = mention?.account || said || '';
      if (!this.#isIn(account === '' ? accounts : [account])) return undefined;
      const spelling = mention?.spelling ?? 'name';
      return {where: `userIdentity.${where}`, text: text.slice(0, MAX_SHOWN), spelling};
    };
    if (kind === 'access_key') return found('accessKeyId', identity.accessKeyId, '');

    const type = typeof identity.type === 'string' ? identity.type.toLowerCase() : '';
    const isUser = ['', 'iamuser', 'user', 'unknown'].includes(type);
    const issuerType = typeof issuer?.type === 'string' ? issuer.type.toLowerCase() : '';
    const isIssuer =
      kind === 'user' ? issuerType.includes('user') : ['', 'role'].includes(issuerType);
    const issued = 'sessionContext.sessionIssuer';
    return (
      found('arn', identity.arn) ??
      (kind === 'user' && isUser ? found('userName', identity.userName, '') : undefined) ??
      found(`${issued}.arn`, issuer?.arn) ??
      (isIssuer
        ? found(`${issued}.userName`, issuer?.userName, texts([issuer?.accountId])[0] ?? '')
        : undefined)
    );
  }

  #isPrincipal(text: string): boolean {
    if (this.#ends.length === 0) return false;
    const folded = text.toLowerCase();
    return this.#ends.some((end) => folded.endsWith(end));
  }

  #isIn(accounts: readonly string[]): boolean {
    return isIn(this.#trap, accounts);
  }
}

function isIn({accounts}: Trap, named: readonly string[]): boolean {
  return accounts.length === 0 || named.some((account) => accounts.includes(account));
}

/** A look through parts of one record, bounded as a whole. */
class Walk {
  readonly #trap: Trap;
  readonly #mentions: Mentions;
  readonly #record: JsonMap;
  readonly #service: string;
  readonly #operation: string;
  readonly #accounts: readonly string[];
  #left = MAX_VALUES;

  constructor(trap: Trap, mentions: Mentions, {record, components}: DetectionEvent) {
    this.#trap = trap;
    this.#mentions = mentions;
    this.#record = record;
    this.#service = components.service;
    this.#operation = components.operation.slice(components.service.length + 1);
    const parameters = mapOf(record.requestParameters);
    const owner = texts([parameters?.queueOwnerAWSAccountId, parameters?.registryId]);
    // Whose the thing is, as far as the record says it; else it is the caller's own account's.
    const resources = listOf(record.resources).map((each) => mapOf(each)?.accountId);
    const said = [...owner, ...texts(resources as Json[])];
    this.#accounts =
      said.length > 0 ? said : texts([components.account, record.recipientAccountId]);
  }

  in(area: string): Touch | undefined {
    const value = this.#record[area];
    return value === undefined ? undefined : this.#value(value, area, '', undefined, 0);
  }

  /** The host that was asked, which is a bucket's own often. */
  host(): Touch | undefined {
    const tls = mapOf(this.#record.tlsDetails);
    const host = tls?.clientProvidedHostHeader;
    if (typeof host !== 'string' || this.#service !== 's3') return undefined;
    return this.#told(this.#mentions.ofHost(host), host, 'tlsDetails.clientProvidedHostHeader');
  }

  /** Of calls that were refused the parameters are often left out; the message says on what. */
  refusal(): Touch | undefined {
    const {errorMessage} = this.#record;
    if (typeof errorMessage !== 'string' || !this.#mentions.mayBeIn(errorMessage)) return undefined;
    // Who was refused stands in there as well, and is no touch: the caller is looked at by itself.
    const message = errorMessage
      .slice(0, MAX_TEXT)
      .replace(/^User: \S+|\bUser: arn:\S+ is not authorized/g, '');
    for (const word of message.split(/[\s"'`(),;]+/)) {
      const text = word.replace(/[.:]+$/, '');
      if (!text.startsWith('arn:')) continue;
      const touch = this.#told(this.#mentions.ofText(text), text, 'errorMessage');
      if (touch !== undefined) return touch;
    }
    return undefined;
  }

  #value(
    value: Json,
    where: string,
    key: string,
    beside: JsonMap | undefined,
    depth: number,
  ): Touch | undefined {
    if (this.#left-- <= 0 || depth > MAX_DEPTH) return undefined;
    if (typeof value === 'string') return this.#text(value, where, key, beside, depth);
    if (Array.isArray(value)) {
      for (const [i, each] of (value as readonly Json[]).entries()) {
        const touch = this.#value(each, `${where}[${i}]`, key, beside, depth + 1);
        if (touch !== undefined) return touch;
      }
      return undefined;
    }
    const map = mapOf(value);
    if (map === undefined) return undefined;
    for (const name of Object.keys(map)) {
      // Batches of DynamoDB have the tables as keys.
      if (key.toLowerCase() === 'requestitems' || name.startsWith('arn:')) {
        const mention =
          this.#mentions.ofText(name) ??
          (this.#trap.decoy.kind === 'table' ? this.#mentions.ofName(name) : undefined);
        const touch = this.#told(mention, name, where);
        if (touch !== undefined) return touch;
      }
      const touch = this.#value(map[name] as Json, `${where}.${name}`, name, map, depth + 1);
      if (touch !== undefined) return touch;
    }
    return undefined;
  }

  #text(
    text: string,
    where: string,
    key: string,
    beside: JsonMap | undefined,
    depth: number,
  ): Touch | undefined {
    if (text.length > MAX_EMBEDDED || !this.#mentions.mayBeIn(decoded(text))) return undefined;
    const first = text.trimStart()[0];
    if (first === '{' || first === '[') {
      const inner = parsed(text);
      if (inner !== undefined) return this.#value(inner, where, key, beside, depth + 1);
    }
    const mention = this.#mentions.ofText(text) ?? this.#ofName(text, key.toLowerCase(), beside);
    return this.#told(mention, text, where, beside);
  }

  /** A bare name, where the setting it stands in means such a thing. */
  #ofName(text: string, key: string, beside: JsonMap | undefined): Mention | undefined {
    const mentions = this.#mentions;
    const {kind} = this.#trap.decoy;
    const service = this.#service;
    const ofName = () => mentions.ofName(text);
    if ((key === 'resourceid' || key === 'resourcename' || key === 'identifier') && beside) {
      const type = beside.resourceType ?? beside.typeName;
      if (type === TYPES[kind]) return ofName();
    }
    switch (kind) {
      case 'user':
        return service === 'iam' && (key === 'username' || key === 'newusername')
          ? ofName()
          : undefined;
      case 'role': {
        if (service === 'iam') return key === 'rolename' ? ofName() : undefined;
        return /role(?:arn|name)?$/.test(key) ? ofName() : undefined;
      }
      case 'access_key':
        return ofName();
      case 'bucket':
        if (key === 'host') return mentions.ofHost(text);
        if (key === 'x-amz-copy-source' || key === 'copysource') return mentions.ofCopySource(text);
        return /bucket(?:name)?$/.test(key) ? ofName() : undefined;
      case 'table':
        if (service === 'application-autoscaling') {
          return key === 'resourceid' ? mentions.ofName(text.split('/')[1] ?? '') : undefined;
        }
        if (service === 'dynamodb' && key === 'statement') return mentions.ofStatement(text);
        if (key === 'aws:dynamodb:tablename') return ofName();
        return service === 'dynamodb' && /table(?:name)?$/.test(key) ? ofName() : undefined;
      case 'secret':
        if (service === 'ssm') return key === 'name' || key === 'names' ? ofName() : undefined;
        return service === 'secretsmanager' && SECRET_KEYS.has(key) ? ofName() : undefined;
      case 'parameter': {
        if (service !== 'ssm') return undefined;
        if (key === 'resourceid')
          return beside?.resourceType === 'Parameter' ? ofName() : undefined;
        // A document, an association, a maintenance window: each has its own names.
        const about = this.#operation.includes('Parameter');
        return about && PARAMETER_KEYS.has(key) ? ofName() : undefined;
      }
      case 'queue':
        return service === 'sqs' && key === 'queuename' ? ofName() : undefined;
      case 'function':
        return service === 'lambda' && /^function(?:name|arn)$/.test(key) ? ofName() : undefined;
    }
  }

  #told(
    mention: Mention | undefined,
    text: string,
    where: string,
    beside?: JsonMap,
  ): Touch | undefined {
    if (mention === undefined || !this.#isObject(mention, beside)) return undefined;
    if (!isIn(this.#trap, mention.account === '' ? this.#accounts : [mention.account])) {
      return undefined;
    }
    return {where, text: text.slice(0, MAX_SHOWN), spelling: mention.spelling};
  }

  /** Of a bucket with `key` or `prefix`: whether it is that object which is named. */
  #isObject({object}: Mention, beside: JsonMap | undefined): boolean {
    const {key, prefix} = this.#trap.decoy;
    if (key === undefined && prefix === undefined) return true;
    const objects = [
      ...(object === undefined ? [] : [object]),
      ...texts([beside?.key, beside?.Key, beside?.objectKey, beside?.prefix].flat() as Json[]),
    ];
    return objects.some((text) =>
      [text, decoded(text)].some((each) =>
        key === undefined ? each.startsWith(prefix as string) : each === key,
      ),
    );
  }
}

const SECRET_KEYS: ReadonlySet<string> = new Set([
  'secretid',
  'secretidlist',
  'arnlist',
  'name',
  'values',
]);
const PARAMETER_KEYS: ReadonlySet<string> = new Set(['name', 'names', 'values']);

function mapOf(value: unknown): JsonMap | undefined {
  return isObject(value) ? (value as JsonMap) : undefined;
}

function texts(values: readonly (Json | undefined)[]): string[] {
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
