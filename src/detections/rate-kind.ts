import {z} from 'zod';
import type {KindPart} from './kind.ts';
import {DEFAULT_LEAST, DEFAULT_LEVEL, type RateSettings, Rates} from './rate/rates.ts';
import {RATE_FIELDS} from './rate/series.ts';

const schema = z.strictObject({
  measure: z.enum(['calls', 'errors']),
  per: z
    .array(z.enum(RATE_FIELDS))
    .min(1)
    .max(RATE_FIELDS.length)
    .refine((fields) => new Set(fields).size === fields.length, 'Each field once')
    .default(['account', 'region', 'operation'])
    .describe('A series for each combination; CloudTrail Insights has account, region, operation.'),
  writes_only: z
    .boolean()
    .optional()
    .describe('Calls that write alone. Default: for `calls`, not for `errors`, as Insights does.'),
  management_only: z.boolean().default(true).describe('Management events alone.'),
  least: z
    .number()
    .int()
    .min(2)
    .max(1_000_000)
    .default(DEFAULT_LEAST)
    .describe('An unusual count of five minutes is at least this.'),
  level: z
    .number()
    .gt(0)
    .max(0.01)
    .default(DEFAULT_LEVEL)
    .describe('How improbable a count must be.'),
  insights: z
    .boolean()
    .optional()
    .describe('Tell what CloudTrail Insights tells too. Default: unless `per` has `principal`.'),
});

type Spec = z.output<typeof schema>;

/** `rate: {…}`: calls or errors beyond what is usual; a hit at the start of each episode. */
export const rateKind: KindPart<Spec> = {
  schema,
  build(when, {groupBy = [], test = false}) {
    if (groupBy.length > 0) {
      const message = 'A rate is grouped by what its series are told apart by: see `per`';
      return {ok: false, faults: [{path: ['group_by'], message}]};
    }
    const spec = when.rate as Spec;
    const settings: RateSettings = {
      measure: spec.measure,
      per: spec.per,
      writesOnly: spec.writes_only,
      managementOnly: spec.management_only,
      least: spec.least,
      level: spec.level,
      insights: spec.insights,
    };
    const make = () => new Rates(settings, test ? {latenessMs: 0} : {});
    return {
      ok: true,
      evaluator: make,
      needs: make().needs,
      condition: `${spec.measure} per ${spec.per.join(', ')}: at least ${spec.least} in five minutes, p < ${spec.level}`,
      groupBy: spec.per,
      facts: [
        'measure',
        'origin',
        'operation',
        'account',
        'region',
        'principal',
        'error',
        'average',
        'baseline',
        'episode',
      ],
      warnings: [],
    };
  },
};
