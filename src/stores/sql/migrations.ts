/**
 * Steps from an empty database to today's schema. A step that was released is frozen: a test holds
 * its checksum. To change the schema, add one.
 */
export interface Migration {
  readonly number: number;
  readonly statements: readonly string[];
}

const TEXTS = [
  'principal',
  'kind',
  'account',
  'region',
  'service',
  'operation',
  'network',
  'user_agent',
  'error',
  'resource',
  'most_novel_value',
  'source',
  'object',
];

// Ids of texts instead of texts: a text costs one native call each to write, and comparing ids is
// what makes scans of millions of rows fast. Keys are not declared: there is one writer, which
// gives every id once, and an index would have to be kept in memory and in step.
// DuckDB finds a way to compress each column; for numbers that hardly compress the way back costs
// more than it saves.
function first(uncompressed: string): readonly string[] {
  return [
    ...TEXTS.map(
      (column) => `CREATE TABLE text_${column} (id INTEGER NOT NULL, text TEXT NOT NULL)`,
    ),
    ...TABLES,
    `CREATE TABLE observations (
    id BIGINT NOT NULL,
    event_time BIGINT NOT NULL,
    arrived BIGINT NOT NULL,
    layout INTEGER NOT NULL,
    event_0 INTEGER NOT NULL${uncompressed},
    event_1 INTEGER NOT NULL${uncompressed},
    event_2 INTEGER NOT NULL${uncompressed},
    event_3 INTEGER NOT NULL${uncompressed},
${TEXTS.slice(0, 10)
  .map((column) => `    ${column} INTEGER NOT NULL,`)
  .join('\n')}
    score DOUBLE PRECISION NOT NULL${uncompressed},
    level INTEGER NOT NULL,
    raised REAL NOT NULL${uncompressed},
    bits REAL[] NOT NULL${uncompressed},
    most_novel INTEGER NOT NULL,
    most_novel_value INTEGER NOT NULL,
    source INTEGER NOT NULL,
    object INTEGER NOT NULL,
    record_index INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    record_length BIGINT NOT NULL
  )`,
  ];
}

const TABLES = [
  `CREATE TABLE layouts (id INTEGER NOT NULL, context TEXT NOT NULL, facets TEXT NOT NULL)`,
  `CREATE TABLE event_texts (id BIGINT NOT NULL, text TEXT NOT NULL)`,
  `CREATE TABLE details (
    id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    explanation TEXT NOT NULL,
    record TEXT
  )`,
  `CREATE TABLE dead_letters (
    id BIGINT NOT NULL,
    noted_at DOUBLE PRECISION NOT NULL,
    source TEXT NOT NULL,
    object TEXT NOT NULL,
    reason TEXT NOT NULL,
    record_index INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    record_length BIGINT NOT NULL,
    detail TEXT NOT NULL
  )`,
  `CREATE TABLE outbox (
    number BIGINT NOT NULL,
    destination TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    delivery TEXT NOT NULL,
    news_since TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at DOUBLE PRECISION NOT NULL,
    sent_at DOUBLE PRECISION,
    last_error TEXT NOT NULL
  )`,
  `CREATE TABLE audit (
    id BIGINT NOT NULL,
    noted_at DOUBLE PRECISION NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
  )`,
  `CREATE TABLE tokens (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION,
    last_used_at DOUBLE PRECISION,
    revoked_at DOUBLE PRECISION
  )`,
  `CREATE TABLE settings (name TEXT NOT NULL, value TEXT NOT NULL)`,
  `CREATE TABLE head (
    entry BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    observations BIGINT NOT NULL,
    details BIGINT NOT NULL,
    dead_letters BIGINT NOT NULL,
    last_dead_letter BIGINT NOT NULL
  )`,
  `INSERT INTO head VALUES (0, 0, 0, 0, 0, 0)`,
];

// Alarms and episodes are few beside observations: texts as they are, lists as JSON.
const DETECTIONS = [
  `CREATE TABLE matches (
    id BIGINT NOT NULL,
    match_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    detection TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity INTEGER NOT NULL,
    mode TEXT NOT NULL,
    title TEXT NOT NULL,
    first_time DOUBLE PRECISION NOT NULL,
    last_time DOUBLE PRECISION NOT NULL,
    hits BIGINT NOT NULL,
    events BIGINT NOT NULL,
    grouped_by TEXT NOT NULL,
    principal TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    operation TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    facts TEXT NOT NULL,
    evidence TEXT NOT NULL
  )`,
  `CREATE TABLE alarm_changes (
    id BIGINT NOT NULL,
    detection TEXT NOT NULL,
    changed_at DOUBLE PRECISION NOT NULL,
    state_before TEXT NOT NULL,
    state_after TEXT NOT NULL,
    reason TEXT NOT NULL,
    datapoints TEXT NOT NULL,
    events TEXT NOT NULL
  )`,
  `CREATE TABLE alarm_datapoints (
    detection TEXT NOT NULL,
    start_time DOUBLE PRECISION NOT NULL,
    period_ms DOUBLE PRECISION NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    samples BIGINT NOT NULL
  )`,
  `CREATE TABLE episodes (
    detection TEXT NOT NULL,
    id TEXT NOT NULL,
    start_time DOUBLE PRECISION NOT NULL,
    end_time DOUBLE PRECISION NOT NULL,
    principal TEXT NOT NULL,
    operation TEXT NOT NULL,
    body TEXT NOT NULL
  )`,
];

/**
 * Summaries: what principals did by days, and how many events there were by minutes. Each row counts
 * ids up to `last_id` that none before it counts; `head.summarized` says up to where all are.
 */
function summaries(div: string): readonly string[] {
  return [
    `CREATE TABLE principal_days (
    day INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    events BIGINT NOT NULL,
    over_95 BIGINT NOT NULL,
    over_99 BIGINT NOT NULL,
    max_score DOUBLE PRECISION NOT NULL,
    first_time BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    last_id BIGINT NOT NULL
  )`,
    `CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    events BIGINT NOT NULL,
    max_score DOUBLE PRECISION NOT NULL,
    last_id BIGINT NOT NULL
  )`,
    `INSERT INTO principal_days
    SELECT event_time ${div} 86400000, layout, principal, kind, count(*),
      count(CASE WHEN score >= 0.95 THEN 1 END), count(CASE WHEN score >= 0.99 THEN 1 END),
      max(score), min(event_time), max(event_time), (SELECT last_id FROM head)
    FROM observations GROUP BY 1, 2, 3, 4`,
    `INSERT INTO minutes
    SELECT event_time ${div} 60000, layout, count(*), max(score), (SELECT last_id FROM head)
    FROM observations GROUP BY 1, 2`,
    `ALTER TABLE head ADD COLUMN summarized BIGINT DEFAULT 0`,
    `UPDATE head SET summarized = last_id`,
  ];
}

/** A summary of how novel events were, by spans of ten minutes. */
function levelSpans(div: string): readonly string[] {
  return [
    `CREATE TABLE level_spans (
    span INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    level INTEGER NOT NULL,
    events BIGINT NOT NULL,
    last_id BIGINT NOT NULL
  )`,
    `INSERT INTO level_spans
    SELECT event_time ${div} 600000, layout, level, count(*), (SELECT summarized FROM head)
    FROM observations WHERE id <= (SELECT summarized FROM head) GROUP BY 1, 2, 3`,
  ];
}

export const DUCKDB_MIGRATIONS: readonly Migration[] = [
  {number: 1, statements: first(' USING COMPRESSION uncompressed')},
  {number: 2, statements: summaries('//')},
  {number: 3, statements: DETECTIONS},
  {number: 4, statements: levelSpans('//')},
];

// PostgreSQL reads row by row: what DuckDB scans, it must look up.
const POSTGRES_INDEXES = [
  ...TEXTS.map((column) => `CREATE UNIQUE INDEX ON text_${column} (id)`),
  ...TEXTS.map((column) => `CREATE INDEX ON text_${column} USING hash (text)`),
  `CREATE UNIQUE INDEX ON observations (id)`,
  `CREATE INDEX ON observations (event_time, id)`,
  `CREATE INDEX ON observations (level)`,
  `CREATE INDEX ON observations (score, id)`,
  `CREATE INDEX ON observations (principal, event_time)`,
  `CREATE INDEX ON observations (event_0, event_1)`,
  `CREATE UNIQUE INDEX ON details (id)`,
  `CREATE INDEX ON event_texts USING hash (text)`,
  `CREATE INDEX ON event_texts (id)`,
  `CREATE UNIQUE INDEX ON outbox (destination, id)`,
];

const POSTGRES_DETECTION_INDEXES = [
  `CREATE UNIQUE INDEX ON matches (id)`,
  `CREATE INDEX ON matches (last_time, id)`,
  `CREATE INDEX ON matches (detection, last_time)`,
  `CREATE UNIQUE INDEX ON alarm_changes (id)`,
  `CREATE INDEX ON alarm_datapoints (detection, start_time)`,
  `CREATE INDEX ON episodes (start_time)`,
];

export const POSTGRES_MIGRATIONS: readonly Migration[] = [
  {number: 1, statements: [...first(''), ...POSTGRES_INDEXES]},
  {
    number: 2,
    statements: [
      ...summaries('/'),
      `CREATE INDEX ON principal_days (day)`,
      `CREATE INDEX ON principal_days (principal, day)`,
      `CREATE INDEX ON minutes (minute)`,
    ],
  },
  {number: 3, statements: [...DETECTIONS, ...POSTGRES_DETECTION_INDEXES]},
  {
    number: 4,
    statements: [...levelSpans('/'), `CREATE INDEX ON level_spans (span)`],
  },
];
