import {type Decoy, type DecoyKind, decoyText, type Trap} from './decoy.ts';
import {
  type AdvancedSelector,
  type Probe,
  selectorJson,
  selects,
  type TrailSelectors,
} from './selectors.ts';

export type EventClass = 'management' | 'data';

/** A call by which the decoy is touched, and how CloudTrail has it. */
export interface TouchingCall {
  readonly operation: string;
  readonly class: EventClass;
  readonly readOnly: boolean;
  /** What a toucher does most likely, and what the decoy lies there for. */
  readonly main: boolean;
}

/** What is seen in files of a trail. */
export interface SeenEvents {
  readonly events: number;
  /** Management events by service: "iam", "signin". */
  readonly management: Readonly<Record<string, number>>;
  /** Data events by type of resource: "AWS::S3::Object". */
  readonly data: Readonly<
    Record<string, {readonly count: number; readonly names: readonly string[]}>
  >;
}

export interface Evidence {
  readonly selectors?: TrailSelectors;
  readonly seen?: SeenEvents;
}

export interface Coverage {
  readonly logged: 'yes' | 'no' | 'unknown';
  readonly why: string;
  /** The selector or the set-up that is needed; "" for none. */
  readonly needed: string;
}

interface Facts {
  readonly calls: readonly TouchingCall[];
  /** Of data events, the type of the resource. */
  readonly type?: string;
  /** What else decides whether a touch is seen. */
  readonly notes: readonly string[];
}

const management = (operations: string, main = false): TouchingCall[] =>
  operations.split(' ').map((operation) => ({
    operation,
    class: 'management',
    readOnly: /:(?:Get|List|Describe|Batch|Head|Lookup)/.test(operation),
    main,
  }));
const data = (reads: string, writes = ''): TouchingCall[] => [
  ...reads
    .split(' ')
    .map((operation) => ({operation, class: 'data', readOnly: true, main: true}) as const),
  ...writes
    .split(' ')
    .filter((operation) => operation !== '')
    .map((operation) => ({operation, class: 'data', readOnly: false, main: false}) as const),
];

const GLOBAL_NOTE =
  'IAM is of no region: its calls are logged in us-east-1 (us-gov-west-1 and cn-north-1 in those ' +
  'partitions), so the trail must take in that region and global services.';
const STS_NOTE =
  'STS is logged in the region whose endpoint is asked; the global endpoint in us-east-1.';
const KMS_NOTE =
  'If it is encrypted by a key of KMS, reading it makes a Decrypt event as well, which names it in ' +
  'its encryption context: a management event, unless the trail leaves out kms.amazonaws.com.';

const FACTS: Readonly<Record<DecoyKind, Facts>> = {
  user: {
    calls: [
      ...management('signin:ConsoleLogin', true),
      ...management(
        'iam:CreateLoginProfile iam:CreateAccessKey iam:GetUser iam:UpdateLoginProfile',
      ),
      ...management('sts:GetCallerIdentity'),
    ],
    notes: [
      'The user must exist: of a failed sign-in under a name that does not, CloudTrail writes ' +
        'HIDDEN_DUE_TO_SECURITY_REASONS for the name. It needs a password to be signed in with.',
      'A sign-in is logged in the region of the sign-in page, us-east-1 for the global one, so the ' +
        'trail must take in all regions.',
      GLOBAL_NOTE,
    ],
  },
  role: {
    calls: [
      ...management('sts:AssumeRole', true),
      ...management('signin:SwitchRole iam:GetRole iam:UpdateAssumeRolePolicy'),
    ],
    notes: [
      STS_NOTE,
      GLOBAL_NOTE,
      'The role must exist, and who may assume it must be in the account: attempts on a role that ' +
        'does not exist, or from outside, are logged where they come from, if at all.',
    ],
  },
  access_key: {
    calls: [
      ...management('sts:GetCallerIdentity', true),
      ...management('iam:GetAccessKeyLastUsed iam:UpdateAccessKey sts:GetAccessKeyInfo'),
    ],
    notes: [
      'The key must be of a user of an account whose trail this is. A call with it is logged where it ' +
        'is made, denied or not; one of a service without a trail event (data events left out) is not.',
      'A key that was deleted or is inactive fails before its account is known, and is not logged.',
      STS_NOTE,
    ],
  },
  bucket: {
    calls: [
      ...data(
        's3:GetObject s3:ListObjects s3:HeadObject',
        's3:PutObject s3:DeleteObject s3:CopyObject',
      ),
      ...management('s3:GetBucketAcl s3:GetBucketPolicy s3:PutBucketPolicy s3:DeleteBucket'),
    ],
    type: 'AWS::S3::Object',
    notes: [
      'ListBuckets names no bucket and is no touch.',
      KMS_NOTE,
      'A caller of another account is logged in that account’s trail too; in this one as the owner’s.',
    ],
  },
  table: {
    calls: [
      ...data(
        'dynamodb:GetItem dynamodb:BatchGetItem dynamodb:Query dynamodb:Scan dynamodb:TransactGetItems',
        'dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:ExecuteStatement',
      ),
      ...management('dynamodb:DescribeTable dynamodb:CreateBackup dynamodb:DeleteTable'),
      ...management('dynamodb:ExportTableToPointInTime'),
    ],
    type: 'AWS::DynamoDB::Table',
    notes: [
      'ListTables names no table and is no touch.',
      'Reads of a stream of the table are data events of AWS::DynamoDB::Stream.',
      KMS_NOTE,
    ],
  },
  secret: {
    calls: [
      ...management('secretsmanager:GetSecretValue', true),
      ...management('secretsmanager:BatchGetSecretValue', true),
      ...management('secretsmanager:DescribeSecret secretsmanager:PutSecretValue'),
      ...management('secretsmanager:UpdateSecret secretsmanager:DeleteSecret'),
    ],
    notes: [
      'BatchGetSecretValue by filters names no secret; each secret it gives has a GetSecretValue of ' +
        'its own in the trail.',
      'ListSecrets names none and is no touch.',
      KMS_NOTE,
    ],
  },
  parameter: {
    calls: [
      ...management('ssm:GetParameter ssm:GetParameters', true),
      ...management('ssm:GetParameterHistory ssm:PutParameter ssm:DeleteParameter'),
    ],
    notes: [
      'GetParametersByPath names the path alone and is no touch, though it reads what is below: lay ' +
        'the decoy where nobody reads a whole path. Of a SecureString the Decrypt event names it.',
      KMS_NOTE,
    ],
  },
  queue: {
    calls: [
      ...data(
        'sqs:ReceiveMessage',
        'sqs:SendMessage sqs:DeleteMessage sqs:ChangeMessageVisibility',
      ),
      ...management('sqs:GetQueueUrl sqs:GetQueueAttributes sqs:SetQueueAttributes sqs:PurgeQueue'),
    ],
    type: 'AWS::SQS::Queue',
    notes: ['ListQueues names none and is no touch.', KMS_NOTE],
  },
  function: {
    calls: [
      ...data('lambda:Invoke'),
      ...management('lambda:GetFunction20150331v2 lambda:GetFunctionConfiguration20150331v2'),
      ...management('lambda:UpdateFunctionCode20150331v2 lambda:AddPermission20150331v2'),
    ],
    type: 'AWS::Lambda::Function',
    notes: [
      'ListFunctions names none and is no touch.',
      'A call through a function URL is a data event of the function as well.',
      KMS_NOTE,
    ],
  },
};

/** Where the decoy is, as far as it is known: selectors can be exact then. */
export interface Place {
  readonly partition?: string;
  readonly account?: string;
  readonly region?: string;
}

/** The calls by which such a decoy is touched. */
export function touchingCalls(decoy: Decoy): readonly TouchingCall[] {
  return FACTS[decoy.kind].calls;
}

/** What else decides whether a touch is seen. */
export function coverageNotes(decoy: Decoy): readonly string[] {
  return FACTS[decoy.kind].notes;
}

/** Whether what the decoy lies there for is a data event, which trails leave out unless told. */
export function needsDataEvents(decoy: Decoy): boolean {
  return FACTS[decoy.kind].type !== undefined;
}

/** Selectors of a trail for touches of just this decoy; none where management events do. */
export function selectorsFor({decoy, accounts}: Trap, place: Place = {}): AdvancedSelector[] {
  const {type} = FACTS[decoy.kind];
  if (type === undefined) return [];
  const {partition = 'aws', region} = place;
  const account = place.account ?? accounts[0];
  const arn = arnOf(decoy, partition, account, region);
  const field =
    decoy.kind === 'bucket'
      ? decoy.key === undefined
        ? {StartsWith: [`${arn}/${decoy.prefix ?? ''}`]}
        : {Equals: [`${arn}/${decoy.key}`]}
      : arn === undefined
        ? {EndsWith: [`${ENDS[decoy.kind] ?? ':'}${decoy.name}`]}
        : // The ARN of a function goes on with its version.
          decoy.kind === 'function'
          ? {StartsWith: [arn]}
          : {Equals: [arn]};
  return [
    {
      Name: `Decoy: ${decoyText(decoy)}`.slice(0, 1000),
      FieldSelectors: [
        {Field: 'eventCategory', Equals: ['Data']},
        {Field: 'resources.type', Equals: [type]},
        {Field: 'resources.ARN', ...field},
      ],
    },
  ];
}

const ENDS: Partial<Readonly<Record<DecoyKind, string>>> = {
  table: ':table/',
  queue: ':',
  function: ':function:',
};

const MANAGEMENT: AdvancedSelector = {
  Name: 'Management events',
  FieldSelectors: [{Field: 'eventCategory', Equals: ['Management']}],
};

function arnOf(
  {kind, name}: Decoy,
  partition: string,
  account: string | undefined,
  region: string | undefined,
): string | undefined {
  if (kind === 'bucket') return `arn:${partition}:s3:::${name.toLowerCase()}`;
  if (account === undefined || region === undefined) return undefined;
  const end = {table: `table/${name}`, queue: name, function: `function:${name}`};
  const service = {table: 'dynamodb', queue: 'sqs', function: 'lambda'};
  if (kind !== 'table' && kind !== 'queue' && kind !== 'function') return undefined;
  return `arn:${partition}:${service[kind]}:${region}:${account}:${end[kind]}`;
}

/**
 * Whether a touch of the decoy would be in the trail: from what the trail's selectors say, else
 * from what was seen of it, else from what every trail does.
 */
export function coverageOf(trap: Trap, evidence: Evidence = {}, place: Place = {}): Coverage {
  const {decoy} = trap;
  const {type} = FACTS[decoy.kind];
  const needed =
    type === undefined
      ? selectorJson([MANAGEMENT])
      : selectorJson([MANAGEMENT, ...selectorsFor(trap, place)]);
  if (evidence.selectors !== undefined) return bySelectors(trap, evidence.selectors, place, needed);
  if (evidence.seen !== undefined) return bySeen(decoy, evidence.seen, needed);
  if (type !== undefined) {
    return {
      logged: 'unknown',
      why:
        `What it lies there for (${mainCalls(decoy)}) are data events of ${type}, which a trail ` +
        'leaves out unless it is told to log them; nothing is known of this one.',
      needed,
    };
  }
  return {
    logged: 'yes',
    why:
      `${mainCalls(decoy)}: management events, which every trail logs unless it was told not to. ` +
      (FACTS[decoy.kind].notes[0] ?? ''),
    needed: '',
  };
}

function mainCalls(decoy: Decoy): string {
  return FACTS[decoy.kind].calls
    .filter(({main}) => main)
    .map(({operation}) => operation)
    .join(', ');
}

function bySelectors(trap: Trap, trail: TrailSelectors, place: Place, needed: string): Coverage {
  const {decoy} = trap;
  const {calls, type} = FACTS[decoy.kind];
  const no = (why: string) =>
    ({logged: 'no', why: `${why} (trail ${trail.name})`, needed}) as const;
  if (!trail.logging) return no('The trail is switched off');
  const services = new Set(calls.map(({operation}) => operation.split(':')[0] ?? ''));
  if (['iam', 'sts', 'signin'].some((service) => services.has(service)) && !trail.globalServices) {
    return no('The trail leaves out global services, which IAM and STS are');
  }
  if (!trail.multiRegion && ['user', 'role', 'access_key'].includes(decoy.kind)) {
    return no(`The trail is of ${trail.region} alone, and identities can be used in any region`);
  }
  if (!trail.multiRegion && place.region !== undefined && place.region !== trail.region) {
    return no(`The trail is of ${trail.region} alone, and the decoy is in ${place.region}`);
  }
  const region = place.region ?? trail.region;
  const account = place.account ?? trap.accounts[0] ?? '000000000000';
  const arn = arnOf(decoy, place.partition ?? 'aws', account, region) ?? '';
  const object = decoy.kind === 'bucket' ? `/${decoy.key ?? decoy.prefix ?? ''}` : '';
  const probe = ({operation, readOnly, class: of}: TouchingCall): Probe => {
    const [service, name = ''] = operation.split(':');
    return {
      source: `${service}.amazonaws.com`,
      name,
      readOnly,
      ...(of === 'data' && type !== undefined ? {data: {type, arn: `${arn}${object}`}} : {}),
    };
  };
  const missing = calls.filter((call) => !selects(trail, probe(call)));
  const names = (list: readonly TouchingCall[]) => list.map(({operation}) => operation).join(', ');
  const lost = missing.filter(({main}) => main);
  if (lost.length > 0) {
    const seen = calls.filter((call) => !missing.includes(call));
    const rest = seen.length > 0 ? `; it logs ${names(seen)}` : '';
    return no(`The trail does not log ${names(lost)}${rest}`);
  }
  const rest = missing.length > 0 ? `, though not ${names(missing)}` : '';
  return {
    logged: 'yes',
    why: `The trail logs ${mainCalls(decoy)}${rest} (trail ${trail.name})`,
    needed: '',
  };
}

/** So many records without one of a kind tell that the trail leaves that kind out. */
const TELLING = 10_000;

function bySeen(decoy: Decoy, seen: SeenEvents, needed: string): Coverage {
  const {type} = FACTS[decoy.kind];
  if (type === undefined) {
    const service = {user: 'signin', role: 'sts', access_key: 'sts', secret: 'secretsmanager'}[
      decoy.kind as 'user' | 'role' | 'access_key' | 'secret'
    ];
    const of = service ?? 'ssm';
    const count = seen.management[of] ?? 0;
    if (count > 0) {
      return {
        logged: 'yes',
        why: `The files hold ${count} management events of ${of}, as touches would be`,
        needed: '',
      };
    }
    const any = Object.values(seen.management).reduce((sum, each) => sum + each, 0);
    return any > 0
      ? {
          logged: 'unknown',
          why: `The files hold ${any} management events, though none of ${of}: nobody called it, or it is left out`,
          needed,
        }
      : {logged: 'no', why: `No management event among ${seen.events} records`, needed};
  }
  const found = seen.data[type];
  if (found === undefined) {
    return seen.events >= TELLING
      ? {logged: 'no', why: `No data event of ${type} among ${seen.events} records`, needed}
      : {
          logged: 'unknown',
          why: `No data event of ${type} among ${seen.events} records, which are few`,
          needed,
        };
  }
  const fold = (text: string) => (decoy.kind === 'bucket' ? text.toLowerCase() : text);
  if (found.names.some((name) => fold(name) === fold(decoy.name))) {
    return {logged: 'yes', why: `Data events of ${decoyText(decoy)} are in the files`, needed: ''};
  }
  return {
    logged: 'unknown',
    why:
      `The files hold ${found.count} data events of ${type}, of ${found.names.length} others: ` +
      'whether the trail logs those of all cannot be told from them',
    needed,
  };
}
