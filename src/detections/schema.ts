import {z} from 'zod';
import {duration} from '../config/duration.ts';
import {EVENT_FIELDS} from '../event/fields.ts';
import {TACTICS} from './attack.ts';
import {KINDS, MODES, SEVERITIES} from './detection.ts';
import {KIND_PARTS} from './kinds.ts';

/** Detections of a file; and of all files together, a hundred times that. */
export const MAX_DETECTIONS = 10_000;

const DAY = 86_400_000;

export const ID = /^[a-z0-9][a-z0-9.-]{0,127}$/;

const id = z.string().regex(ID, 'Lower-case letters, digits, "." and "-", at most 128');

const line = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/[\r\n]/.test(text), {message: 'One line'});

/** A day or a moment; of a day its beginning, UTC. */
const moment = z.string().refine((text) => !Number.isNaN(momentMs(text)), {
  message: 'A day such as 2026-12-01, or a moment such as 2026-12-01T08:00:00Z',
});

/** Epoch milliseconds of a day or a moment; NaN if it is none. */
export function momentMs(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) {
    return Number.NaN;
  }
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  // The runtime takes 30 February for 2 March.
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(text.slice(0, 10))) {
    return Number.NaN;
  }
  return Date.parse(text);
}

const COMPONENTS: ReadonlySet<string> = new Set(EVENT_FIELDS);

const selector = z
  .string()
  .max(256)
  .refine((text) => COMPONENTS.has(text) || text === 'origin' || /^\$\../.test(text), {
    message: `A component (${EVENT_FIELDS.join(', ')}, origin), or a path into the record such as "$.requestParameters.bucketName"`,
  });

const exclusion = z
  .strictObject({
    id,
    condition: z
      .string()
      .min(1)
      .max(8192)
      .describe('CEL over the event; where true, it is left out.'),
    owner: z.string().min(1).max(200).describe('Who answers for it.'),
    reason: z.string().min(1).max(2000),
    expires: moment.describe('From then on, by event time, it counts no more.'),
  })
  .describe('Events that are left out before the condition sees them.');

const parameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'Lower-case letters, digits and "_", a letter first');

const parameter = z.strictObject({
  description: z.string().max(2000).default(''),
  default: z.json().describe('Its value unless the configuration gives another.'),
});

const testDuration = duration(0, 400 * DAY);

const wrappedEvent = z.strictObject({
  record: z.record(z.string(), z.json()).optional(),
  score: z.number().min(0).max(1).optional(),
  bits: z.record(z.string(), z.number()).optional(),
  after: testDuration.optional(),
  origin: z.string().min(1).optional(),
  repeat: z.number().int().min(1).max(100_000).optional(),
});

const WRAPPING = new Set(Object.keys(wrappedEvent.shape));

/** Whether an event of a test is `{record: …, score: …}` rather than a record itself. */
export function isWrapped(event: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(event);
  return keys.length > 0 && (keys.includes('record') || keys.every((key) => WRAPPING.has(key)));
}

const testEvent = z
  .record(z.string(), z.json())
  .superRefine((event, check) => {
    if (!isWrapped(event)) return;
    const parsed = wrappedEvent.safeParse(event);
    for (const issue of parsed.error?.issues ?? []) check.addIssue({...issue} as never);
  })
  .describe(
    'A record, or part of one; or `record` with `score`, `bits`, `origin`, `after` (time since the ' +
      'event before), `repeat`.',
  );

const expectation = z
  .union(
    [
      z.enum(['match', 'none']),
      z.number().int().min(0),
      z.strictObject({
        matches: z.number().int().min(0).optional(),
        title: z.string().optional().describe('Of the last match.'),
        alarm: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']).optional().describe('At the end.'),
        group: z.array(z.string()).optional().describe('Of the last match.'),
      }),
    ],
    {error: '`match`, `none`, a number of matches, or {matches, title, alarm, group}'},
  )
  .describe('`match` is one or more, `none` is 0.');

const testCase = z.strictObject({
  name: z.string().min(1).max(200),
  events: z.array(testEvent).max(10_000),
  expect: expectation,
  parameters: z.record(parameterName, z.json()).optional().describe('Other values for this test.'),
  organisation_accounts: z
    .array(z.string().regex(/^\d{12}$/, 'Twelve digits, in quotes'))
    .optional()
    .describe('Accounts that are not outside, in this test.'),
});

const atLeast = z.number().int().min(1).max(1_000_000);
const window = duration(1000, 90 * DAY);
const cel = z.string().min(1).max(65_536);

const when = z
  .strictObject({
    pattern: z
      .string()
      .min(1)
      .optional()
      .describe('A CloudWatch metric-filter pattern; each event that it matches is a hit.'),
    condition: cel.optional().describe('CEL over the event; each event for which it is true.'),
    alarm: KIND_PARTS.alarm.schema
      .optional()
      .describe('A metric over a filter, and an alarm on it.'),
    composite: z
      .string()
      .min(1)
      .max(10_240)
      .optional()
      .describe('ALARM("id"), OK("id"), INSUFFICIENT_DATA("id") with AND, OR, NOT, TRUE, FALSE.'),
    trap: KIND_PARTS.trap.schema.optional().describe('A decoy; whoever touches it is a hit.'),
    rate: KIND_PARTS.rate.schema.optional().describe('Calls or errors beyond what is usual.'),
    sigma: KIND_PARTS.sigma.schema.optional().describe('A rule that the importer has converted.'),
    count: z
      .strictObject({
        at_least: atLeast,
        within: window,
        distinct: cel.optional().describe('CEL of a text: so many different ones.'),
      })
      .optional()
      .describe('So many in a window, by group.'),
    share: z
      .strictObject({
        of: cel.describe('CEL: what is counted among the events of `condition`.'),
        at_least: z.number().gt(0).max(1),
        min_events: z.number().int().min(1).max(1_000_000).default(20),
        within: window,
      })
      .optional()
      .describe('Such a share of the events in a window, by group.'),
    first_seen: z
      .strictObject({
        by: z.array(selector).min(1).max(8),
        within: duration(60_000, 400 * DAY).describe('Not seen for so long.'),
        warm_up: duration(0, 400 * DAY)
          .optional()
          .describe('Nothing is new before so much was seen. Default: `within`, 7 days at most.'),
      })
      .optional()
      .describe('Values that were not seen together before.'),
    sequence: z
      .array(z.strictObject({condition: cel}))
      .min(2)
      .max(16)
      .optional()
      .describe('One after the other, by group, within `within`.'),
    within: window.optional().describe('Of a sequence.'),
  })
  .superRefine((given, check) => {
    const problem = (path: PropertyKey[], message: string) =>
      check.addIssue({code: 'custom', path, message});
    const kinds = KINDS.filter((kind) => given[kind] !== undefined);
    const sequence = given.sequence !== undefined;
    if (kinds.length === 0 && !sequence) {
      problem([], `Exactly one of ${KINDS.join(', ')} or sequence is wanted`);
    }
    for (const kind of kinds.slice(1)) {
      problem([kind], `There is "${String(kinds[0])}" already: exactly one kind is wanted`);
    }
    const [kind] = kinds;
    const ways = (['count', 'share', 'first_seen', 'sequence'] as const).filter(
      (way) => given[way] !== undefined,
    );
    for (const way of ways.slice(1)) problem([way], `It does not go with "${String(ways[0])}"`);
    for (const way of ways) {
      if (kind === undefined || kind === 'condition') continue;
      if (kind === 'pattern' && way === 'count') continue;
      problem([way], `It does not go with "${kind}"`);
    }
    if (sequence && given.within === undefined) problem(['sequence'], 'It needs `within`');
    if (!sequence && given.within !== undefined) problem(['within'], 'Only a sequence has it here');
  });

export const detectionSchema = z
  .strictObject({
    id: id.describe('Unique over all files that are loaded.'),
    title: line
      .optional()
      .describe(
        'Template of one line: {{name}} is a component, a fact of the hit or a `$.path` of the ' +
          'record. Traps have one unless it is given; all others need it.',
      ),
    description: z.string().max(10_000).default(''),
    severity: z
      .enum(SEVERITIES)
      .optional()
      .describe('Default: `medium`; of a trap `critical`, of a rate `informational`.'),
    mode: z
      .enum(MODES)
      .optional()
      .describe(
        '`live` tells people, `silent` keeps what it would have told, `off` is not run. ' +
          'Default: `live`; of a rate `silent`.',
      ),
    silent_until: moment
      .optional()
      .describe('Silent before, by event time, and live from then on.'),
    when: when.describe('The condition: exactly one kind.'),
    group_by: z
      .array(selector)
      .max(8)
      .optional()
      .describe('Hits with the same values belong together. Default: as the kind has it.'),
    dedup: duration(0, 30 * DAY)
      .default('1h')
      .describe('Hits of a group within so long, from the first, are one match.'),
    techniques: z
      .array(z.string().regex(/^T\d{4}(\.\d{3})?$/, 'An ATT&CK technique such as "T1078.004"'))
      .max(32)
      .default([])
      .describe('ATT&CK techniques.'),
    tactics: z.array(z.enum(TACTICS)).max(14).default([]).describe('ATT&CK tactics.'),
    references: z
      .array(z.string().regex(/^https?:\/\/\S+$/, 'Begins with https://'))
      .max(64)
      .default([]),
    runbook: z
      .array(z.string().min(1).max(4000))
      .max(64)
      .default([])
      .describe('What to do about it, step by step.'),
    parameters: z
      .record(parameterName, parameter)
      .default({})
      .describe('Values for `params.NAME` in conditions, which the configuration may replace.'),
    exclusions: z.array(exclusion).max(1000).default([]),
    tests: z.array(testCase).max(1000).default([]),
  })
  .superRefine((given, check) => {
    if (given.title === undefined && given.when.trap === undefined) {
      check.addIssue({code: 'custom', path: ['title'], message: 'A title is wanted'});
    }
    const unique = (rows: readonly string[], path: string, key: string) => {
      const seen = new Set<string>();
      rows.forEach((row, i) => {
        if (seen.has(row)) {
          check.addIssue({code: 'custom', path: [path, i, key], message: 'Used twice'});
        }
        seen.add(row);
      });
    };
    unique(
      given.exclusions.map((each) => each.id),
      'exclusions',
      'id',
    );
    unique(
      given.tests.map((each) => each.name),
      'tests',
      'name',
    );
  });

export type DeclaredDetection = z.output<typeof detectionSchema>;
export type DeclaredWhen = z.output<typeof when>;
export type DeclaredTest = z.output<typeof testCase>;

/** A file of detections. */
export const fileSchema = z.strictObject({
  detections: z.array(detectionSchema).max(MAX_DETECTIONS),
});

/** The file with its detections still to be looked at, one by one. */
export const outlineSchema = z.strictObject({
  detections: z.array(z.unknown()).max(MAX_DETECTIONS),
});

/** `when` alone, for problems inside of it when something else of the detection is wrong. */
export const whenSchema = when;

/** What the configuration may say of a detection that is loaded. */
export const overrideSchema = z.strictObject({
  id,
  mode: z.enum(MODES).optional(),
  severity: z.enum(SEVERITIES).optional(),
  silent_until: moment.optional(),
  parameters: z.record(parameterName, z.json()).optional(),
});

export type Override = z.output<typeof overrideSchema>;

/** JSON Schema of a file of detections, for editors. */
export function detectionsJsonSchema(): object {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  });
  return {...schema, title: 'Oddtrail detections'};
}
