import {z} from 'zod';
import {type Parsed, type Problem, parseYaml} from '../config/parse.ts';
import {EVENT_FIELDS} from '../event/fields.ts';
import {type ContextDeclaration, fieldsOf} from '../features/context.ts';
import {slowPattern} from '../features/pattern.ts';
import type {StreamDeclaration} from '../features/stream.ts';

const fieldName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'A field name: letters, digits, "_", "-" and "."');

/** One history: "everyone", a field, or several fields whose values together select it. */
const history = z
  .union([fieldName, z.array(fieldName).max(4)])
  .transform((given) => {
    if (given === 'everyone') return [];
    return typeof given === 'string' ? [given] : given;
  })
  .describe('A field, a list of fields, or `everyone`.');

const facet = z.strictObject({
  name: z.string().min(1).max(64).describe('How the facet is called in scores.'),
  of: fieldName.describe('The field whose value is judged.'),
  given: z
    .array(history)
    .min(1)
    .max(6)
    .describe('Histories to judge it by, from the narrowest to the widest.'),
  weight: z.number().positive().max(10).default(1).describe("Factor of this facet's bits."),
  evidence: z.boolean().default(true).describe('Whether it counts towards a campaign.'),
  says: z
    .strictObject({
      first: z.string().min(1).describe('Sentence for a value never seen in the first history.'),
      rare: z.string().min(1).describe('Sentence for a value seldom seen there.'),
      usual: z.string().min(1).exactOptional().describe('Added when something is usual there.'),
      holders: z
        .strictObject({none: z.string(), others: z.string(), some: z.string()})
        .exactOptional()
        .describe('Added when it is counted who ever had the value.'),
    })
    .optional()
    .describe('Sentences, with facts in braces: `{who}`, `{value}`, `{usual}`, …'),
});

const parameters = z.strictObject({
  discount: z.number().min(0).max(0.95).optional().describe('d of the back-off.'),
  strength: z.number().positive().optional().describe('θ of the back-off.'),
  half_life_days: z.number().min(1).optional().describe('How soon the normal is forgotten.'),
});

const context = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'Lower-case letters, digits and "-"'),
  entity: fieldName.describe('The field that names whose behaviour is learnt.'),
  group: fieldName
    .optional()
    .describe('The field that puts entities into groups, whose members are counted.'),
  when: z
    .record(fieldName, z.array(z.string()).min(1))
    .optional()
    .describe('Only events in which each field has one of these values.'),
  parameters: parameters.optional(),
  facets: z.array(facet).min(1).max(32),
});

const bucket = z.union([
  z.literal('log2').describe('Powers of two.'),
  z.strictObject({width: z.number().positive()}).describe('Intervals of equal width.'),
  z
    .strictObject({edges: z.array(z.number()).min(1).max(100)})
    .describe('Intervals between these edges.'),
]);

const streamField = z
  .strictObject({
    path: z.string().min(1).optional().describe('Keys from the root, joined by ".".'),
    bucket: bucket.optional().describe('Turns a number into an interval.'),
    as: z
      .enum(['text', 'network', 'user-agent', 'lower', 'hour'])
      .default('text')
      .describe('What to make of the value.'),
    pattern: z
      .string()
      .max(500)
      .optional()
      .describe('Keep the first group of this regular expression, where it matches.'),
    segments: z
      .number()
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe('Keep this many "/"-separated segments.'),
  })
  .refine((field) => field.path !== undefined || field.as === 'hour', {
    message: 'A path is wanted, unless the field is the hour of the event',
  });

const stream = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('cloudtrail'),
    fields: z
      .record(fieldName, streamField)
      .default({})
      .describe('Further fields, by path into the record.'),
  }),
  z.strictObject({
    type: z.literal('json'),
    time: z
      .strictObject({
        path: z.string().min(1),
        unit: z.enum(['iso', 's', 'ms']).default('iso'),
      })
      .describe('Where the time of a record is.'),
    id: z.string().min(1).optional().describe('Path of an id that makes duplicates known.'),
    fields: z.record(fieldName, streamField),
  }),
]);

/** A file of contexts: what stream it is about, and how to judge it. */
export const contextsSchema = z
  .strictObject({
    time_zone: z.string().default('UTC').describe('Of hours and working days.'),
    working_days: z
      .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
      .default(['mon', 'tue', 'wed', 'thu', 'fri']),
    peer_groups: z
      .array(z.strictObject({peer: z.string().min(1), match: z.string().min(1)}))
      .default([])
      .describe('Peer groups by pattern on the principal; the first that matches.'),
    organisation_accounts: z
      .array(z.string().regex(/^\d{12}$/, 'Twelve digits'))
      .default([])
      .describe('Accounts that are not outside.'),
    stream,
    contexts: z.array(context).min(1).max(8),
  })
  .superRefine((file, check) => {
    try {
      new Intl.DateTimeFormat('en', {timeZone: file.time_zone});
    } catch {
      check.addIssue({code: 'custom', path: ['time_zone'], message: 'Not a time zone'});
    }
    const known = new Set(Object.keys(file.stream.fields));
    if (file.stream.type === 'cloudtrail') for (const field of EVENT_FIELDS) known.add(field);
    const names = new Set<string>();
    file.contexts.forEach((declared, i) => {
      if (names.has(declared.name)) {
        check.addIssue({code: 'custom', path: ['contexts', i, 'name'], message: 'Used twice'});
      }
      names.add(declared.name);
      const facets = new Set<string>();
      declared.facets.forEach((f, j) => {
        if (facets.has(f.name)) {
          check.addIssue({
            code: 'custom',
            path: ['contexts', i, 'facets', j, 'name'],
            message: 'Used twice',
          });
        }
        facets.add(f.name);
        if (!known.has(f.of)) {
          check.addIssue({
            code: 'custom',
            path: ['contexts', i, 'facets', j, 'of'],
            message: `No such field; there are ${[...known].join(', ')}`,
          });
        }
        f.given.forEach((fields, k) => {
          for (const field of fields) {
            if (known.has(field)) continue;
            check.addIssue({
              code: 'custom',
              path: ['contexts', i, 'facets', j, 'given', k],
              message: `No such field: "${field}"`,
            });
          }
        });
      });
      const named: [string, string[]][] = [[declared.entity, ['entity']]];
      if (declared.group !== undefined) named.push([declared.group, ['group']]);
      for (const field of Object.keys(declared.when ?? {})) named.push([field, ['when', field]]);
      for (const [field, place] of named) {
        if (known.has(field)) continue;
        check.addIssue({
          code: 'custom',
          path: ['contexts', i, ...place],
          message: `No such field: "${field}"`,
        });
      }
    });
    // There is one clock: CloudTrail's is the built-in field.
    const hours = Object.entries(file.stream.fields).filter(([, field]) => field.as === 'hour');
    for (const [name] of file.stream.type === 'json' ? hours.slice(1) : hours) {
      check.addIssue({
        code: 'custom',
        path: ['stream', 'fields', name, 'as'],
        message: file.stream.type === 'json' ? 'One field can be the hour' : 'Use the field "hour"',
      });
    }
    for (const [name, field] of Object.entries(file.stream.fields)) {
      if (file.stream.type === 'cloudtrail' && /(?:^|\.)\d+(?:\.|$)/.test(field.path ?? '')) {
        check.addIssue({
          code: 'custom',
          path: ['stream', 'fields', name, 'path'],
          message: 'Of an array in CloudTrail only the first element can be taken, as "[]"',
        });
      }
      if (field.pattern === undefined) continue;
      try {
        new RegExp(field.pattern, 'u');
      } catch {
        check.addIssue({
          code: 'custom',
          path: ['stream', 'fields', name, 'pattern'],
          message: 'Not a regular expression',
        });
        continue;
      }
      const slow = slowPattern(field.pattern);
      if (slow !== undefined) {
        check.addIssue({
          code: 'custom',
          path: ['stream', 'fields', name, 'pattern'],
          message: slow,
        });
      }
    }
  });

/** A stream and its contexts, ready for use. */
export interface Contexts {
  readonly stream: StreamDeclaration;
  readonly contexts: readonly ContextDeclaration[];
}

/** Reads a file of contexts; every problem with its line and column. */
export function parseContexts(file: string, text: string): Parsed<Contexts> {
  const parsed = parseYaml(file, text, contextsSchema);
  if (!parsed.ok) return parsed;
  const {stream: declared, contexts, ...rest} = parsed.value;
  const common = {
    timeZone: rest.time_zone,
    workingDays: rest.working_days,
    peerGroups: rest.peer_groups,
    organisationAccounts: rest.organisation_accounts,
  };
  const value: Contexts = {
    stream: {...common, ...declared},
    contexts: contexts.map(({parameters: p, ...c}) => ({
      ...c,
      parameters: {
        ...(p?.discount !== undefined && {discount: p.discount}),
        ...(p?.strength !== undefined && {strength: p.strength}),
        ...(p?.half_life_days !== undefined && {halfLifeDays: p.half_life_days}),
      },
    })),
  };
  return {ok: true, value};
}

export type {Problem};
export {fieldsOf};
