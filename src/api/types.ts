import {z} from 'zod';

// The JSON of the API, once: routes check by these schemas, OpenAPI is made of them, and the pages
// take their types from them (types alone: no schema reaches the browser).

export const dimensions = z.object({
  principal: z.string(),
  kind: z.string(),
  account: z.string(),
  region: z.string(),
  service: z.string(),
  operation: z.string(),
  network: z.string(),
  userAgent: z.string(),
  error: z.string(),
  resource: z.string(),
});

export const mostNovel = z.object({facet: z.string(), value: z.string(), bits: z.number()});

/** A row of the table, a point of the plot, an item of the live stream. */
export const observation = z
  .object({
    id: z.number().int(),
    context: z.string(),
    eventId: z.string(),
    eventTime: z.number().describe('Epoch milliseconds.'),
    arrived: z.number().describe('Epoch milliseconds.'),
    dimensions,
    score: z.number(),
    raised: z.number().describe('Bits, with the boost of recent evidence.'),
    bits: z.record(z.string(), z.number()).optional().describe('By facet; not in the live stream.'),
    mostNovel: mostNovel.nullable(),
    source: z.string(),
    object: z.string(),
    index: z.number().int(),
    offset: z.number(),
    length: z.number(),
    reason: z
      .string()
      .nullable()
      .describe('Why, in one sentence; null below the score from which reasons are kept.'),
  })
  .meta({id: 'Observation'});
export type Observation = z.infer<typeof observation>;

export const history = z
  .object({
    name: z.string().describe('"self", "everyone", or fields: "peer+service".'),
    total: z.number(),
    totalTimes: z.number(),
    distinct: z.number(),
    count: z.number(),
    times: z.number(),
    firstSeen: z.number().nullable(),
    lastSeen: z.number().nullable(),
  })
  .meta({id: 'History'});

export const facetExplanation = z
  .object({
    facet: z.string(),
    component: z.string(),
    value: z.string(),
    bits: z.number(),
    share: z.number(),
    knownTo: z.string(),
    levels: z.array(history),
    usual: z.array(z.object({value: z.string(), share: z.number()})),
    holders: z.unknown().optional(),
    sentence: z.string(),
  })
  .meta({id: 'FacetExplanation'});

/** The frozen explanation: the counts as they were when the score was given. */
export const explanation = z
  .object({
    entity: z.string(),
    sentence: z.string(),
    facets: z.array(facetExplanation),
  })
  .meta({id: 'Explanation'});
export type Explanation = z.infer<typeof explanation>;

export const observationDetail = z
  .object({
    observation,
    explanation: explanation.nullable(),
    record: z.string().nullable().describe('JSON as delivered; null when it was not kept.'),
    consoleUrl: z.string().describe('The event in the CloudTrail console; "" without an event id.'),
  })
  .meta({id: 'ObservationDetail'});
export type ObservationDetail = z.infer<typeof observationDetail>;

export const plot = z
  .object({
    ids: z.array(z.number()),
    times: z.array(z.number()),
    scores: z.array(z.number()),
    group: z.array(z.number()),
    groups: z.array(z.string()),
    total: z.number(),
    truncated: z.boolean(),
  })
  .meta({id: 'Plot'});
export type Plot = z.infer<typeof plot>;

export const timeline = z
  .object({
    from: z.number(),
    to: z.number(),
    events: z.array(z.number()),
    maxScore: z.array(z.number()),
  })
  .meta({id: 'Timeline'});
export type Timeline = z.infer<typeof timeline>;

export const principalRow = z
  .object({
    principal: z.string(),
    kind: z.string(),
    events: z.number(),
    maxScore: z.number(),
    over95: z.number(),
    over99: z.number(),
    firstTime: z.number(),
    lastTime: z.number(),
  })
  .meta({id: 'PrincipalRow'});
export type PrincipalRow = z.infer<typeof principalRow>;

/** What is normal for a principal, facet by facet, and since when. */
export const profile = z
  .object({
    context: z.string(),
    principal: z.string(),
    activeDays: z.number(),
    facets: z.array(
      z.object({
        facet: z.string(),
        component: z.string(),
        contexts: z.array(
          z.object({
            /** Of the histories that hold the principal: "" or, say, the service. */
            given: z.string(),
            total: z.number(),
            distinct: z.number(),
            values: z.array(
              z.object({
                value: z.string(),
                share: z.number(),
                times: z.number(),
                firstSeen: z.number().nullable(),
                lastSeen: z.number().nullable(),
              }),
            ),
          }),
        ),
      }),
    ),
  })
  .meta({id: 'Profile'});
export type Profile = z.infer<typeof profile>;

export const sourceStatus = z
  .object({
    name: z.string(),
    kind: z.string(),
    state: z.enum(['starting', 'reading', 'waiting', 'retrying', 'finished', 'failed', 'paused']),
    detail: z.string(),
    backlog: z.number().nullable(),
    records: z.number(),
    bytes: z.number(),
    /** Of the latest record, epoch milliseconds. */
    latestEventTime: z.number().nullable(),
    latestArrival: z.number().nullable(),
  })
  .meta({id: 'SourceStatus'});

export const ingestStatus = z
  .object({
    startedAt: z.number(),
    now: z.number(),
    mode: z.enum(['learning', 'live']).describe('While learning, no alert is sent.'),
    eventsPerSecond: z.number(),
    observations: z.number(),
    lastId: z.number(),
    /** Journal entries read but not yet stored. */
    waitingEntries: z.number(),
    /** Milliseconds from the latest event to now. */
    lagMs: z.number().nullable(),
    rejected: z.record(z.string(), z.number()),
    dropped: z.record(z.string(), z.number()),
    memory: z.object({rss: z.number(), model: z.number(), heap: z.number()}),
    snapshot: z.object({at: z.number().nullable(), bytes: z.number(), entry: z.number()}),
    store: z.object({
      kind: z.string(),
      bytes: z.number(),
      state: z.enum(['ok', 'unavailable']),
      detail: z.string(),
      failures: z.number().describe('Attempts to store that failed since the start.'),
    }),
    journal: z.object({bytes: z.number(), entries: z.number()}),
    sources: z.array(sourceStatus),
    warnings: z.array(z.string()),
  })
  .meta({id: 'IngestStatus'});
export type IngestStatus = z.infer<typeof ingestStatus>;

export const contextInfo = z
  .object({
    name: z.string(),
    stream: z.string(),
    entity: z.string(),
    facets: z.array(
      z.object({name: z.string(), of: z.string(), given: z.array(z.string()), weight: z.number()}),
    ),
    learnt: z.number(),
    bytes: z.number(),
  })
  .meta({id: 'ContextInfo'});
export type ContextInfo = z.infer<typeof contextInfo>;

/** Characters of a component told by hand, and of its name; what a model keeps is shorter still. */
const FIELD_LENGTH = 4_096;
const FIELD_NAME_LENGTH = 256;

export const observationInput = z
  .union([
    z
      .strictObject({
        time: z.union([z.number(), z.string()]),
        fields: z.record(z.string(), z.string()),
      })
      .describe(
        `Names have at most ${FIELD_NAME_LENGTH} characters, texts at most ${FIELD_LENGTH}.`,
      ),
    z.record(z.string(), z.unknown()).describe('A record of the stream, as delivered.'),
  ])
  // Not a limit of the first shape alone: what is too long for it would pass for the second.
  .superRefine((input, check) => {
    const {fields, time} = input as {fields?: unknown; time?: unknown};
    if (typeof fields !== 'object' || fields === null || time === undefined) return;
    for (const [name, text] of Object.entries(fields)) {
      const problem = (message: string) =>
        check.addIssue({code: 'custom', path: ['fields', name.slice(0, 64)], message});
      if (name.length > FIELD_NAME_LENGTH) {
        problem(`A name of ${name.length} characters; at most ${FIELD_NAME_LENGTH} are taken`);
      } else if (typeof text === 'string' && text.length > FIELD_LENGTH) {
        problem(`${text.length} characters; at most ${FIELD_LENGTH} are taken`);
      }
    }
  });
export type ObservationInput = z.infer<typeof observationInput>;

export const noveltyResult = z
  .object({
    score: z.number(),
    surprise: z.number(),
    raised: z.number(),
    context: z.string().nullable(),
    bits: z.record(z.string(), z.number()),
    mostNovel: mostNovel.nullable(),
    reason: z.string(),
  })
  .meta({id: 'NoveltyResult'});
export type NoveltyResult = z.infer<typeof noveltyResult>;

export const destinationInfo = z
  .object({
    name: z.string(),
    type: z.string(),
    minScore: z.number(),
    /** Host alone: the rest may be secret. */
    target: z.string(),
    waiting: z.number(),
    dead: z.number(),
    lastSentAt: z.number().nullable(),
    lastError: z.string(),
  })
  .meta({id: 'DestinationInfo'});
export type DestinationInfo = z.infer<typeof destinationInfo>;

export const deliveryRow = z
  .object({
    destination: z.string(),
    id: z.string(),
    revision: z.number(),
    key: z.string(),
    principal: z.string(),
    title: z.string(),
    score: z.number(),
    count: z.number(),
    state: z.enum(['waiting', 'sent', 'dead']),
    attempts: z.number(),
    createdAt: z.number(),
    nextAt: z.number(),
    sentAt: z.number().nullable(),
    lastError: z.string(),
  })
  .meta({id: 'DeliveryRow'});
export type DeliveryRow = z.infer<typeof deliveryRow>;

export const deadLetter = z
  .object({
    id: z.number(),
    at: z.number(),
    source: z.string(),
    object: z.string(),
    reason: z.string(),
    index: z.number(),
    offset: z.number(),
    length: z.number(),
    detail: z.string(),
  })
  .meta({id: 'DeadLetter'});
export type DeadLetter = z.infer<typeof deadLetter>;

export const problem = z
  .object({
    file: z.string(),
    line: z.number(),
    column: z.number(),
    path: z.string(),
    message: z.string(),
  })
  .meta({id: 'Problem'});
export type Problem = z.infer<typeof problem>;

export const me = z
  .object({
    name: z.string(),
    role: z.enum(['viewer', 'analyst', 'admin']),
    /** False on loopback without authentication. */
    authenticated: z.boolean(),
    login: z.enum(['none', 'token', 'oidc']),
    csrf: z.string().describe('To be sent back as X-CSRF-Token with every change.'),
  })
  .meta({id: 'Me'});
export type Me = z.infer<typeof me>;

/** What the pages need to know of the service before anything else. */
export const uiSettings = z
  .object({
    version: z.string(),
    /** Lines of the plot, such as 0.95 and 0.99. */
    thresholds: z.array(z.number()),
    contexts: z.array(z.string()),
  })
  .meta({id: 'UiSettings'});
export type UiSettings = z.infer<typeof uiSettings>;

export function page<Row extends z.ZodType>(row: Row) {
  return z.object({rows: z.array(row), next: z.string().nullable()});
}

/** A token as it is listed: never its secret. */
export const tokenInfo = z
  .object({
    id: z.string(),
    name: z.string(),
    scope: z.enum(['read', 'write', 'admin']),
    createdAt: z.number(),
    expiresAt: z.number().nullable(),
    lastUsedAt: z.number().nullable(),
    revokedAt: z.number().nullable(),
  })
  .meta({id: 'TokenInfo'});
export type TokenInfo = z.infer<typeof tokenInfo>;

export const auditRow = z
  .object({
    id: z.number(),
    at: z.number(),
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.string().describe('JSON.'),
  })
  .meta({id: 'AuditRow'});
export type AuditRow = z.infer<typeof auditRow>;

/** How one may log in; asked before anybody has. */
export const loginOptions = z
  .object({
    required: z.boolean(),
    token: z.boolean().describe('POST a token to /auth/token.'),
    oidc: z.boolean().describe('Go to /auth/login?return=/path.'),
  })
  .meta({id: 'LoginOptions'});
export type LoginOptions = z.infer<typeof loginOptions>;

/** Of every failure (RFC 9457). */
export const problemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: z.string().describe('Closed set; docs/errors.md explains each.'),
    problems: z.array(problem).optional(),
  })
  .meta({id: 'ProblemDetails'});
export type ProblemDetails = z.infer<typeof problemDetails>;
