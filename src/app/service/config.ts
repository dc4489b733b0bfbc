import {z} from 'zod';
import {duration as durationOf} from '../../config/duration.ts';
import {SEVERITIES} from '../../detections/detection.ts';
import {overrideSchema} from '../../detections/schema.ts';

const SECRET = 'secret';

/** A text that never appears in logs, errors or the API. */
function secret(description: string) {
  return z
    .string()
    .min(1)
    .meta({[SECRET]: true, description});
}

/** "250ms", "60s", "15m", "6h", "90d"; as milliseconds. */
function duration(
  description: string,
  leastMs: number,
  mostMs: number,
  fallback: string,
): z.ZodDefault<z.ZodString>;
function duration(description: string, leastMs: number, mostMs: number): z.ZodOptional<z.ZodString>;
function duration(description: string, leastMs: number, mostMs: number, fallback?: string) {
  const schema = durationOf(leastMs, mostMs).describe(description);
  return fallback === undefined ? schema.optional() : schema.default(fallback);
}

const DAY = 86_400_000;
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'Lower-case letters, digits, "-" and "_", a letter first');
const score = z.number().min(0).max(1);
const account = z.string().regex(/^\d{12}$/, 'Twelve digits, in quotes');
const region = z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'A region, such as "eu-central-1"');

const aws = {
  region: region.optional().describe('Region of the service; else as the AWS environment says.'),
  endpoint: z.url().optional().describe('Another address than that of AWS, as of an emulator.'),
  role_arn: z
    .string()
    .startsWith('arn:')
    .optional()
    .describe('Role to assume; else the standard credential chain is used as it is.'),
  external_id: z.string().min(1).optional().describe('That the role asks for.'),
};

const source = z.discriminatedUnion('type', [
  z
    .strictObject({
      name,
      type: z.literal('directory'),
      path: z.string().min(1).describe('Folder, read to any depth.'),
      follow: z.boolean().default(true).describe('Watch for new files; else end when all is read.'),
      poll: duration('How often the folder is looked at.', 100, DAY, '2s'),
      pace: z
        .number()
        .positive()
        .optional()
        .describe('Replay: hand files over so many times faster than they were delivered.'),
      events_per_second: z
        .number()
        .positive()
        .optional()
        .describe('Replay: hand over about so many events a second at most.'),
      since: duration(
        'How far back a first run reads, by the delivery time in a file’s name, else by its last change; older files are left out for good.',
        0,
        3650 * DAY,
      ),
      clock_slack: duration(
        'How far the clock of the file system may be behind; more for a network file system.',
        0,
        3_600_000,
        '1500ms',
      ),
    })
    .describe('A folder that files are delivered to.'),
  z
    .strictObject({name, type: z.literal('stdin')})
    .describe('Standard input: JSON lines or whole documents.'),
  z
    .strictObject({
      name,
      type: z.literal('s3'),
      bucket: z.string().min(3).max(63),
      prefix: z
        .string()
        .default('')
        .describe('What comes before "AWSLogs/" in the keys; "" mostly.'),
      since: duration('How far back a first run reads.', 0, 3650 * DAY, '1d'),
      poll: duration('How often new objects are listed.', 1000, DAY, '60s'),
      late_days: z
        .number()
        .int()
        .min(0)
        .max(90)
        .default(2)
        .describe('Days before the latest that are listed again: CloudTrail may deliver late.'),
      accounts: z.array(account).optional().describe('Only these; else all there are.'),
      regions: z.array(region).optional().describe('Only these; else all there are.'),
      ...aws,
    })
    .describe("A trail's bucket, by listing it."),
  z
    .strictObject({
      name,
      type: z.literal('sqs'),
      queue_url: z.url(),
      s3_endpoint: z
        .url()
        .optional()
        .describe('Another address of S3, where it is not that of the queue.'),
      max_receives: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe('After so many a message that cannot be read is set aside.'),
      ...aws,
    })
    .describe('A queue of notifications of new objects, or of events themselves.'),
  z
    .strictObject({
      name,
      type: z.literal('lookup-events'),
      regions: z.array(region).min(1).describe('Each is asked on its own.'),
      since: duration('How far back a first run reads.', 0, 90 * DAY, '90d'),
      poll: duration('How often new events are asked for.', 5000, DAY, '60s'),
      endpoint: aws.endpoint,
      role_arn: aws.role_arn,
      external_id: aws.external_id,
    })
    .describe("CloudTrail's own history of 90 days: nothing to set up."),
  z
    .strictObject({
      name,
      type: z.literal('cloudwatch-logs'),
      log_group: z.string().min(1),
      since: duration('How far back a first run reads.', 0, 3650 * DAY, '1d'),
      poll: duration('How often new events are asked for.', 1000, DAY, '30s'),
      ...aws,
    })
    .describe('A log group that a trail writes to.'),
  z
    .strictObject({
      name,
      type: z.literal('kinesis'),
      stream: z.string().min(1),
      from: z.enum(['oldest', 'latest']).default('oldest').describe('Where a first run begins.'),
      ...aws,
    })
    .describe('A stream of subscription payloads or records.'),
  z
    .strictObject({
      name,
      type: z.literal('http'),
      token: secret('Wanted as bearer token or API key.').optional(),
      firehose_access_key: secret('Access key of a Firehose HTTP endpoint.').optional(),
      signature_secret: secret('Key of an HMAC-SHA256 signature.').optional(),
      max_body_bytes: z
        .number()
        .int()
        .min(1024)
        .max(256 * 1024 * 1024)
        .default(64 * 1024 * 1024),
    })
    .describe('Pushed to /push/NAME: EventBridge API destinations, Firehose, JSON lines.'),
]);

function minSeverity(fallback: 'critical' | 'high' | 'medium') {
  return z
    .enum([...SEVERITIES, 'none'])
    .default(fallback)
    .describe(
      'Lowest severity of matches of declared detections that is told; `none` for no match.',
    );
}

const destination = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('pagerduty'),
    min_score: score.default(0.99).describe('Lowest score that is told.'),
    min_severity: minSeverity('critical'),
    routing_key: secret('Integration key of Events API v2.'),
    url: z.url().optional().describe("Another address than PagerDuty's."),
  }),
  z.strictObject({
    name,
    type: z.literal('slack'),
    min_score: score.default(0.95).describe('Lowest score that is told.'),
    min_severity: minSeverity('high'),
    url: secret('Address of the incoming webhook.'),
  }),
  z.strictObject({
    name,
    type: z.literal('webhook'),
    min_score: score.default(0.95).describe('Lowest score that is told.'),
    min_severity: minSeverity('medium'),
    url: secret('Address; may hold a secret.'),
    secret: secret('Key of the signature.'),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'A header name'), secret('Value of a header.'))
      .default({}),
  }),
  z.strictObject({
    name,
    type: z.literal('console'),
    min_score: score.default(0.95).describe('Lowest score that is told.'),
    min_severity: minSeverity('medium'),
  }),
  z.strictObject({
    name,
    type: z.literal('file'),
    min_score: score.default(0.95).describe('Lowest score that is told.'),
    min_severity: minSeverity('medium'),
    path: z.string().min(1).describe('JSON lines are appended to it.'),
    max_bytes: z
      .number()
      .int()
      .min(4096)
      .default(64 * 1024 * 1024),
    keep: z.number().int().min(1).max(1000).default(5).describe('Rotated files kept.'),
  }),
]);

/** Run unless the configuration names others. */
export const DEFAULT_PACKS: readonly string[] = [
  'questions',
  'rates',
  'root-and-mfa',
  'sensitive',
  'traps',
];

const detections = z
  .strictObject({
    packs: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'The name of a pack'))
      .max(64)
      .default([...DEFAULT_PACKS])
      .describe('Shipped packs to run; `oddtrail detections list` tells all there are.'),
    files: z
      .array(z.string().min(1))
      .max(256)
      .default([])
      .describe('Files of detections, and folders of them, read to any depth.'),
    folder: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The one folder that the pages and the API may write files of detections to; made when ' +
          'needed. Default: `detections` in `data_dir`.',
      ),
    overrides: z
      .array(overrideSchema)
      .max(10_000)
      .default([])
      .describe('What is to be otherwise in detections of packs and files, by id.'),
    delivery_delay: duration(
      'While nothing comes, it is this long before now for alarms: what happened since may still be on its way.',
      0,
      DAY,
      '15m',
    ),
  })
  .prefault({});

const role = z.enum(['viewer', 'analyst', 'admin']);

const oidc = z.strictObject({
  issuer: z.url(),
  client_id: z.string().min(1),
  client_secret: secret('Of the client.'),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']),
  role_claim: z.string().min(1).default('groups').describe('Claim that tells the role.'),
  roles: z
    .record(z.string(), role)
    .default({})
    .describe('Role by value of the claim; the highest counts.'),
  default_role: role.optional().describe('Of whom no value of the claim names; else refused.'),
});

/** The whole configuration of the service; `docs/configuration.md` is made of it. */
export const configSchema = z
  .strictObject({
    data_dir: z
      .string()
      .min(1)
      .default('oddtrail-data')
      .describe('Folder of journal, snapshots and the embedded store; for one process alone.'),
    contexts: z
      .string()
      .min(1)
      .optional()
      .describe('File of contexts; else the shipped CloudTrail set.'),
    time_zone: z.string().optional().describe('Of hours and working days, whatever contexts say.'),
    organisation_accounts: z
      .array(account)
      .optional()
      .describe('Accounts that are not outside, whatever contexts say.'),
    asn_table: z.string().min(1).optional().describe('CSV of networks and AS numbers (cidr,asn).'),
    sources: z.array(source).max(64).default([]),
    store: z
      .discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('duckdb'),
          memory_mb: z.number().int().min(128).max(65_536).default(512),
        }),
        z.strictObject({type: z.literal('postgres'), url: secret('postgres://…')}),
      ])
      .prefault({type: 'duckdb'}),
    keep: z
      .strictObject({
        observations_from: score
          .default(0)
          .describe('Rows of lower scores are not stored, unless an alert tells of them.'),
        reasons_from: score.default(0.9).describe('Sentence and counts are kept from here on.'),
        records_from: score.default(0.9).describe('The record itself is kept from here on.'),
        observations: duration(
          'How long rows are kept, counted from the newest event.',
          DAY,
          3650 * DAY,
          '365d',
        ),
        records: duration(
          'How long reasons and records are kept, counted likewise.',
          DAY,
          3650 * DAY,
          '365d',
        ),
        max_mb: z
          .number()
          .int()
          .min(64)
          .optional()
          .describe('Size of the store beyond which the oldest rows leave.'),
      })
      .prefault({}),
    server: z
      .strictObject({
        listen: z
          .string()
          .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'ADDRESS:PORT')
          .default('127.0.0.1:7433')
          .describe('Any address but this machine’s own needs `auth`.'),
        public_url: z
          .url()
          .optional()
          .describe('Where people reach it; for the links in alerts and for logging in.'),
        tls: z.strictObject({cert: z.string().min(1), key: z.string().min(1)}).optional(),
        auth: z
          .strictObject({
            tokens: z
              .boolean()
              .default(true)
              .describe(
                'Bearer tokens (`oddtrail token`) are taken from everywhere. `false`: people log in by `oidc`, `oddtrail token create` refuses, and tokens work from this machine alone, for its own commands; `/push` keeps its own keys.',
              ),
            oidc: oidc.optional(),
          })
          .optional()
          .describe('Who may ask. Left out: whoever is on this machine.'),
        max_requests_per_second: z.number().positive().default(200).describe('Of one client.'),
      })
      .prefault({}),
    alerts: z
      .strictObject({
        destinations: z.array(destination).max(32).default([]),
        update_every: duration(
          'An alert is updated at one destination at most this often.',
          1000,
          DAY,
          '60s',
        ),
        give_up_after: duration(
          'A delivery that fails for so long is a dead letter.',
          60_000,
          30 * DAY,
          '3d',
        ),
      })
      .prefault({}),
    detections,
    checkpoint: z
      .strictObject({every: duration('Between snapshots of the model.', 1000, DAY, '60s')})
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
        format: z.enum(['auto', 'json', 'text']).default('auto'),
      })
      .prefault({}),
  })
  .superRefine((config, check) => {
    const problem = (path: PropertyKey[], message: string) =>
      check.addIssue({code: 'custom', path, message});
    const unique = (rows: readonly {readonly name: string}[], path: PropertyKey[]) => {
      const names = new Set<string>();
      rows.forEach((row, i) => {
        if (names.has(row.name)) problem([...path, i, 'name'], 'Used twice');
        names.add(row.name);
      });
    };
    unique(config.sources, ['sources']);
    unique(config.alerts.destinations, ['alerts', 'destinations']);
    const stdins = config.sources.flatMap(({type}, i) => (type === 'stdin' ? [i] : []));
    for (const i of stdins.slice(1)) problem(['sources', i, 'type'], 'There is one standard input');
    const {listen, auth, tls, public_url} = config.server;
    const local = isLoopback(listen);
    if (!local && auth === undefined) {
      problem(['server', 'listen'], 'An address that others reach needs `auth`');
    }
    if (auth !== undefined && !auth.tokens && auth.oidc === undefined) {
      problem(['server', 'auth'], 'Nobody could come in: allow tokens or name an issuer');
    }
    if (auth?.oidc !== undefined && public_url === undefined) {
      problem(['server', 'auth', 'oidc'], 'Logging in needs `server.public_url`');
    }
    if (!local && tls === undefined && public_url?.startsWith('https://') !== true) {
      problem(
        ['server', 'listen'],
        'An address that others reach needs `tls`, or a `public_url` with https of a proxy',
      );
    }
    if (Number(listen.slice(listen.lastIndexOf(':') + 1)) > 65_535) {
      problem(['server', 'listen'], 'No such port');
    }
    config.sources.forEach((declared, i) => {
      if (declared.type !== 'http') return;
      const {token, firehose_access_key: key, signature_secret: signature} = declared;
      if (token === undefined && key === undefined && signature === undefined && !local) {
        problem(['sources', i], 'Whoever pushes must say who they are: set `token` or the like');
      }
    });
    config.alerts.destinations.forEach((declared, i) => {
      if (declared.type !== 'slack' && declared.type !== 'webhook') return;
      if (!isSendable(declared.url)) {
        problem(
          ['alerts', 'destinations', i, 'url'],
          'Begins with https:// (http:// only for this machine)',
        );
      }
    });
    if (config.time_zone !== undefined) {
      try {
        new Intl.DateTimeFormat('en', {timeZone: config.time_zone});
      } catch {
        problem(['time_zone'], 'Not a time zone');
      }
    }
  });

export type Config = z.output<typeof configSchema>;
export type SourceConfig = Config['sources'][number];
export type DestinationConfig = Config['alerts']['destinations'][number];

/** Whether ADDRESS:PORT is reached from this machine alone. */
export function isLoopback(listen: string): boolean {
  const host = listen.slice(0, listen.lastIndexOf(':'));
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isSendable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(`${url.hostname}:0`));
}

/** Whether a schema is one of `secret`. */
export function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.[SECRET] === true;
}
