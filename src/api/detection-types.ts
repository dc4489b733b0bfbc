import {z} from 'zod';
import {problem} from './types.ts';

// The JSON of declared detections; see `types.ts` for how these schemas are used.

const severity = z.enum(['informational', 'low', 'medium', 'high', 'critical']);
const mode = z.enum(['live', 'silent', 'off']);
const kind = z.enum(['pattern', 'alarm', 'composite', 'trap', 'rate', 'condition', 'sigma']);
const alarmState = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

export const eventNote = z
  .object({
    eventId: z.string(),
    time: z.number(),
    principal: z.string(),
    operation: z.string(),
    account: z.string(),
    region: z.string(),
    sourceIp: z.string(),
    userAgent: z.string(),
    error: z.string(),
    resource: z.string(),
    score: z.number(),
  })
  .meta({id: 'EventNote'});
export type EventNote = z.infer<typeof eventNote>;

export const detectionInfo = z
  .object({
    id: z.string(),
    kind,
    title: z.string().describe('Template.'),
    description: z.string(),
    severity,
    mode: mode.describe('As it is now: `live` is `silent` until `silentUntil`.'),
    silentUntil: z.number().nullable(),
    techniques: z.array(z.string()),
    tactics: z.array(z.string()),
    from: z.string().describe('Pack or file.'),
    lastMatch: z.object({id: z.number(), time: z.number(), title: z.string()}).nullable(),
    days: z.array(z.object({day: z.number(), live: z.number(), silent: z.number()})),
    excluded: z.number().describe('Events left out by exclusions since the start.'),
    failed: z.object({count: z.number(), message: z.string()}).nullable(),
    alarm: z.object({state: alarmState, since: z.number(), reason: z.string()}).nullable(),
    expiringExclusions: z.number().describe('Exclusions expired, or to expire within 14 days.'),
  })
  .meta({id: 'DetectionInfo'});
export type DetectionInfo = z.infer<typeof detectionInfo>;

export const exclusionInfo = z
  .object({
    id: z.string(),
    owner: z.string(),
    reason: z.string(),
    expires: z.number().nullable(),
    expired: z.boolean(),
    condition: z.string(),
    excluded: z.number(),
  })
  .meta({id: 'ExclusionInfo'});

export const detectionDetail = detectionInfo
  .extend({
    references: z.array(z.string()),
    runbook: z.array(z.string()),
    groupBy: z.array(z.string()),
    dedupMs: z.number(),
    exclusions: z.array(exclusionInfo),
    source: z.string().describe('YAML, as written.'),
    warnings: z.array(problem),
    tests: z.number(),
  })
  .meta({id: 'DetectionDetail'});
export type DetectionDetail = z.infer<typeof detectionDetail>;

export const matchRow = z
  .object({
    id: z.number().int(),
    key: z.string(),
    revision: z.number().int(),
    detection: z.string(),
    kind,
    severity,
    mode: z.enum(['live', 'silent']),
    title: z.string(),
    firstTime: z.number(),
    lastTime: z.number(),
    hits: z.number(),
    events: z.number(),
    group: z.array(z.string()),
    principal: z.string(),
    account: z.string(),
    region: z.string(),
    operation: z.string(),
    score: z.number(),
    facts: z.record(z.string(), z.string()),
    evidence: z.array(eventNote),
  })
  .meta({id: 'Match'});
export type MatchRow = z.infer<typeof matchRow>;

export const alarmChange = z
  .object({
    detection: z.string(),
    time: z.number(),
    from: alarmState,
    to: alarmState,
    reason: z.string(),
    datapoints: z.array(z.object({start: z.number(), value: z.number().nullable()})),
    events: z.array(eventNote),
  })
  .meta({id: 'AlarmChange'});
export type AlarmChange = z.infer<typeof alarmChange>;

/** What the plot of an alarm draws. */
export const alarmHistory = z
  .object({
    threshold: z.number().nullable().describe('Null for a composite.'),
    comparison: z.string(),
    statistic: z.string(),
    periodMs: z.number(),
    datapoints: z.array(z.object({start: z.number(), value: z.number(), samples: z.number()})),
    changes: z.array(alarmChange),
  })
  .meta({id: 'AlarmHistory'});
export type AlarmHistory = z.infer<typeof alarmHistory>;

export const trapInfo = z
  .object({
    detection: z.string(),
    mode,
    decoy: z.object({kind: z.string(), name: z.string(), accounts: z.array(z.string())}),
    coverage: z.object({
      logged: z.enum(['yes', 'no', 'unknown']),
      why: z.string(),
      needed: z.string().describe('The selector or the set-up that is needed; "" for none.'),
    }),
    allowed: z.array(z.object({who: z.string(), owner: z.string(), reason: z.string()})),
    lastTouch: z.number().nullable().describe('By others than the drills of this service.'),
    lastDrill: z
      .object({at: z.number(), ok: z.boolean(), detail: z.string(), by: z.string()})
      .nullable(),
  })
  .meta({id: 'TrapInfo'});
export type TrapInfo = z.infer<typeof trapInfo>;

const averages = z.array(z.object({value: z.string(), average: z.number()}));
export const episode = z
  .object({
    detection: z.string(),
    id: z.string(),
    state: z.enum(['start', 'end']),
    measure: z.enum(['calls', 'errors']),
    origin: z.enum(['measured', 'insight']),
    account: z.string(),
    region: z.string(),
    operation: z.string(),
    principal: z.string(),
    errorCode: z.string(),
    start: z.number(),
    end: z.number().nullable(),
    baselineAverage: z.number().describe('Per minute.'),
    episodeAverage: z.number().describe('Per minute.'),
    baselineMinutes: z.number(),
    attributions: z.array(
      z.object({
        attribute: z.enum(['principal', 'userAgent', 'errorCode']),
        episode: averages,
        baseline: averages,
      }),
    ),
  })
  .meta({id: 'Episode'});
export type Episode = z.infer<typeof episode>;

/** What is wrong with a text of detections, and what is in it. */
export const detectionCheck = z
  .object({
    ok: z.boolean(),
    problems: z.array(problem),
    warnings: z.array(problem),
    detections: z.array(z.object({id: z.string(), kind, severity, mode, line: z.number()})),
    tests: z.array(
      z.object({
        detection: z.string(),
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        line: z.number(),
      }),
    ),
  })
  .meta({id: 'DetectionCheck'});
export type DetectionCheck = z.infer<typeof detectionCheck>;

/** What detections would have done over stored history. */
export const detectionTrial = z
  .object({
    from: z.number(),
    to: z.number(),
    events: z.number().describe('Observations gone through.'),
    unread: z.number().describe('Candidates whose record could not be read any more.'),
    complete: z.boolean().describe('False when the limit of events or of time was reached.'),
    matches: z.number(),
    days: z.array(z.object({day: z.number(), matches: z.number()})),
    samples: z.array(matchRow).describe('The newest 50.'),
  })
  .meta({id: 'DetectionTrial'});
export type DetectionTrial = z.infer<typeof detectionTrial>;

/** A file of detections that the service may write. */
export const detectionFile = z
  .object({
    name: z.string(),
    text: z.string(),
    readOnly: z.boolean().describe('A pack, or a file outside of the folder of the service.'),
    revision: z.string().describe('To be sent back with a change: nobody overwrites another.'),
  })
  .meta({id: 'DetectionFile'});
export type DetectionFile = z.infer<typeof detectionFile>;
