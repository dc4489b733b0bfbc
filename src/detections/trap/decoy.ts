import {z} from 'zod';

/** What a decoy may be. */
export const DECOY_KINDS = [
  'user',
  'role',
  'access_key',
  'bucket',
  'table',
  'secret',
  'parameter',
  'queue',
  'function',
] as const;
export type DecoyKind = (typeof DECOY_KINDS)[number];

/** A thing that nobody has a reason to touch. */
export interface Decoy {
  readonly kind: DecoyKind;
  /** Without path, ARN or address around it. */
  readonly name: string;
  /** Of a bucket: this object alone. */
  readonly key?: string;
  /** Of a bucket: the objects whose keys begin so. */
  readonly prefix?: string;
}

/** Who may touch it and is not told of. */
export interface Allowed {
  /** One of these three; a "*" in the first two stands for any characters. */
  readonly principal?: string;
  readonly user_agent?: string;
  /** CEL over the event. */
  readonly condition?: string;
  readonly owner: string;
  readonly reason: string;
}

/** A decoy, where it lies and who may touch it. */
export interface Trap {
  readonly decoy: Decoy;
  /** Accounts the decoy is in; empty for whichever. */
  readonly accounts: readonly string[];
  readonly allow: readonly Allowed[];
}

/** "bucket PasswordBackup", "access key AKIA…", "object PasswordBackup/all.kdbx". */
export function decoyText({kind, name, key, prefix}: Decoy): string {
  if (key !== undefined) return `object ${name}/${key}`;
  if (prefix !== undefined) return `objects ${name}/${prefix}*`;
  return `${kind.replace('_', ' ')} ${name}`;
}

interface NameRule {
  readonly form: RegExp;
  readonly wanted: string;
  /** ARN of it, and how the name and the account are found in there. */
  readonly arn?: RegExp;
}

const ARN = `^arn:aws[a-z-]*`;

const NAMES: Readonly<Record<DecoyKind, NameRule>> = {
  user: {
    form: /^[\w+=,.@-]{1,64}$/,
    wanted: 'The name of an IAM user, or its ARN',
    arn: new RegExp(String.raw`${ARN}:iam::(\d{12}):user/(?:.*/)?([^/]+)$`),
  },
  role: {
    form: /^[\w+=,.@-]{1,64}$/,
    wanted: 'The name of a role, or its ARN',
    arn: new RegExp(String.raw`${ARN}:iam::(\d{12}):role/(?:.*/)?([^/]+)$`),
  },
  access_key: {
    form: /^A(?:KIA|SIA)[A-Z0-9]{12,28}$/,
    wanted: 'The id of an access key, such as AKIAIOSFODNN7EXAMPLE',
  },
  bucket: {
    form: /^[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9]$/,
    wanted: 'The name of a bucket, or its ARN',
    arn: new RegExp(`${ARN}:s3::()([^/:]+)$`),
  },
  table: {
    form: /^[\w.-]{3,255}$/,
    wanted: 'The name of a DynamoDB table, or its ARN',
    arn: new RegExp(String.raw`${ARN}:dynamodb:[a-z0-9-]+:(\d{12}):table/([^/]+)$`),
  },
  secret: {
    form: /^[\w/+=.@!-]{1,512}$/,
    wanted: 'The name of a secret, or its ARN',
    arn: new RegExp(
      String.raw`${ARN}:secretsmanager:[a-z0-9-]+:(\d{12}):secret:(.+?)(?:-[A-Za-z0-9]{6})?$`,
    ),
  },
  parameter: {
    form: /^[\w./-]{1,2048}$/,
    wanted: 'The name of a parameter of Systems Manager, or its ARN',
    arn: new RegExp(String.raw`${ARN}:ssm:[a-z0-9-]+:(\d{12}):parameter(/.+)$`),
  },
  queue: {
    form: /^[\w-]{1,80}(?:\.fifo)?$/,
    wanted: 'The name of a queue, its URL, or its ARN',
    arn: new RegExp(String.raw`(?:${ARN}:sqs:[a-z0-9-]+:|^https?://[^/]+/)(\d{12})[:/]([\w.-]+)$`),
  },
  function: {
    form: /^[\w-]{1,140}$/,
    wanted: 'The name of a Lambda function, or its ARN',
    arn: new RegExp(String.raw`${ARN}:lambda:[a-z0-9-]+:(\d{12}):function:([\w-]+)$`),
  },
};

/** The name in what a person wrote for a decoy, and the account that it says; "" if none. */
function readName(kind: DecoyKind, text: string): {name: string; account: string} | undefined {
  const {form, arn} = NAMES[kind];
  const [, account = '', name] = arn?.exec(text) ?? [];
  const read = name === undefined ? {name: text, account: ''} : {name, account};
  return form.test(read.name) ? read : undefined;
}

const name = (what: string) => z.string().min(1).max(2048).optional().describe(what);
const who = z.string().min(1).max(512);

const allowed = z
  .strictObject({
    principal: who
      .optional()
      .describe('As in the component `principal`; "*" stands for any characters.'),
    user_agent: who.optional().describe('As in the record, "*" for any characters. Can be forged.'),
    condition: z.string().min(1).max(8192).optional().describe('CEL over the event.'),
    owner: z.string().min(1).max(200).describe('Who answers for it.'),
    reason: z.string().min(1).max(2000),
  })
  .superRefine((given, check) => {
    const ways = (['principal', 'user_agent', 'condition'] as const).filter(
      (way) => given[way] !== undefined,
    );
    if (ways.length === 1) return;
    const message = 'Exactly one of principal, user_agent or condition is wanted';
    check.addIssue({code: 'custom', path: ways.slice(1, 2), message});
  });

export const trapSchema = z
  .strictObject({
    user: name('An IAM user.'),
    role: name('A role.'),
    access_key: name('The id of an access key.'),
    bucket: name('An S3 bucket: the bucket and whatever is in it.'),
    key: z.string().min(1).max(1024).optional().describe('With `bucket`: this object alone.'),
    prefix: z.string().min(1).max(1024).optional().describe('With `bucket`: objects under it.'),
    table: name('A DynamoDB table.'),
    secret: name('A secret of Secrets Manager.'),
    parameter: name('A parameter of Systems Manager.'),
    queue: name('An SQS queue.'),
    function: name('A Lambda function.'),
    accounts: z
      .array(z.string().regex(/^\d{12}$/, 'Twelve digits, in quotes'))
      .max(1000)
      .optional()
      .describe('Accounts that the decoy is in; in whichever it is named unless given.'),
    allow: z
      .array(allowed)
      .max(200)
      .default([])
      .describe('Who may touch it: the owner’s own checks, scanners that look at everything.'),
  })
  .superRefine((given, check) => {
    const problem = (path: PropertyKey[], message: string) =>
      check.addIssue({code: 'custom', path, message});
    const kinds = DECOY_KINDS.filter((kind) => given[kind] !== undefined);
    if (kinds.length === 0) problem([], `A decoy is wanted: one of ${DECOY_KINDS.join(', ')}`);
    for (const kind of kinds.slice(1)) {
      problem([kind], `There is "${kinds[0]}" already: one decoy a trap`);
    }
    for (const kind of kinds) {
      const read = readName(kind, given[kind] ?? '');
      if (read === undefined) problem([kind], NAMES[kind].wanted);
      else if (
        read.account !== '' &&
        given.accounts !== undefined &&
        !given.accounts.includes(read.account)
      ) {
        problem([kind], `Its account ${read.account} is not among \`accounts\``);
      }
    }
    for (const part of ['key', 'prefix'] as const) {
      if (given[part] !== undefined && given.bucket === undefined) {
        problem([part], 'Only a `bucket` has it');
      }
    }
    if (given.key !== undefined && given.prefix !== undefined) {
      problem(['prefix'], 'It does not go with `key`');
    }
  });

export type DeclaredTrap = z.output<typeof trapSchema>;

/** What was declared, in one form. To be called with what the schema has passed. */
export function trapOf(declared: DeclaredTrap): Trap {
  const kind = DECOY_KINDS.find((each) => declared[each] !== undefined) ?? 'user';
  const text = declared[kind] ?? '';
  const {name, account} = readName(kind, text) ?? {name: text, account: ''};
  const {key, prefix, accounts, allow} = declared;
  return {
    decoy: {
      kind,
      name,
      ...(key === undefined ? {} : {key}),
      ...(prefix === undefined ? {} : {prefix}),
    },
    accounts: accounts ?? (account === '' ? [] : [account]),
    allow: allow as readonly Allowed[],
  };
}
