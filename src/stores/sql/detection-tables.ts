import type {
  AlarmChangeRow,
  DatapointRow,
  DetectionRows,
  DetectionStore,
  EpisodeRow,
  MatchFilter,
  MatchRow,
} from '../../pipeline/detections.ts';
import {decodeCursor, encodeCursor} from '../cursor.ts';
import {rowsOf} from './bulk-rows.ts';
import type {BulkRows, Database, Session, Value} from './database.ts';
import {allOf, type Fragment, join, raw, sql} from './statement.ts';

const DAY_MS = 86_400_000;
const MAX_DATAPOINTS = 20_000;
const MAX_EPISODES = 1_000;
/** Stands for the end of what goes on: later than any event. */
const GOING_ON = Number.MAX_SAFE_INTEGER;
/** As in `SEVERITIES`: stored by rank, so that "at least" is a comparison. */
const RANKS: readonly MatchRow['severity'][] = [
  'informational',
  'low',
  'medium',
  'high',
  'critical',
];

const MATCH_COLUMNS = raw(`id, match_key, revision, detection, kind, severity, mode, title,
  first_time, last_time, hits, events, grouped_by, principal, account, region, operation, score,
  facts, evidence`);

/** What declared detections gave, in tables of its own. */
export class DetectionTables implements DetectionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  matches: DetectionStore['matches'] = async (filter, {limit, cursor}) => {
    const conditions = conditionsOf(filter);
    if (cursor !== undefined) {
      const [time = 0, id = 0] = decodeCursor(cursor, 'matches', 2);
      conditions.push(sql`(last_time < ${time} OR (last_time = ${time} AND id < ${id}))`);
    }
    const rows = (
      await this.#database.rows(sql`SELECT ${MATCH_COLUMNS} FROM matches WHERE ${allOf(conditions)}
        ORDER BY last_time DESC, id DESC LIMIT ${limit + 1}`)
    ).map(toMatch);
    const kept = rows.slice(0, limit);
    const last = kept.at(-1);
    const more = rows.length > limit && last !== undefined;
    return {rows: kept, next: more ? encodeCursor('matches', [last.lastTime, last.id]) : null};
  };

  async match(id: number): Promise<MatchRow | undefined> {
    if (!Number.isSafeInteger(id)) return undefined;
    const [row] = await this.#database.rows(
      sql`SELECT ${MATCH_COLUMNS} FROM matches WHERE id = ${id}`,
    );
    return row === undefined ? undefined : toMatch(row);
  }

  async nextMatchId(): Promise<number> {
    const [[last] = []] = await this.#database.rows(sql`SELECT max(id) FROM matches`);
    return Number(last ?? 0) + 1;
  }

  matchDays: DetectionStore['matchDays'] = async (from, to) => {
    const rows = await this.#database.rows(sql`SELECT detection, floor(last_time / ${DAY_MS}),
        count(*), sum(CASE WHEN mode = 'live' THEN 1 ELSE 0 END)
      FROM matches WHERE last_time >= ${from} AND last_time < ${to}
      GROUP BY 1, 2 ORDER BY 1, 2`);
    return rows.map(([detection, day, all, live]) => ({
      detection: String(detection),
      day: Number(day) * DAY_MS,
      live: Number(live),
      silent: Number(all) - Number(live),
    }));
  };

  async lastMatches(): ReturnType<DetectionStore['lastMatches']> {
    const rows = await this.#database.rows(sql`SELECT detection, id, last_time, title FROM (
      SELECT detection, id, last_time, title,
        row_number() OVER (PARTITION BY detection ORDER BY last_time DESC, id DESC) AS place
      FROM matches) AS placed WHERE place = 1 ORDER BY detection`);
    return rows.map(([detection, id, time, title]) => ({
      detection: String(detection),
      id: Number(id),
      time: Number(time),
      title: String(title),
    }));
  }

  alarmChanges: DetectionStore['alarmChanges'] = async (detection, {limit, cursor}) => {
    const conditions: Fragment[] = [];
    if (detection !== undefined) conditions.push(sql`detection = ${detection}`);
    if (cursor !== undefined) {
      const [id = 0] = decodeCursor(cursor, 'alarm-changes', 1);
      conditions.push(sql`id < ${id}`);
    }
    const rows = await this.#database.rows(sql`SELECT id, detection, changed_at, state_before,
        state_after, reason, datapoints, events
      FROM alarm_changes WHERE ${allOf(conditions)} ORDER BY id DESC LIMIT ${limit + 1}`);
    const kept = rows.slice(0, limit);
    const last = kept.at(-1);
    const more = rows.length > limit && last !== undefined;
    return {
      rows: kept.map(toAlarmChange),
      next: more ? encodeCursor('alarm-changes', [Number(last[0])]) : null,
    };
  };

  datapoints: DetectionStore['datapoints'] = async (detection, from, to) => {
    const rows = await this.#database.rows(sql`SELECT start_time, period_ms, value, samples
      FROM alarm_datapoints
      WHERE detection = ${detection} AND start_time >= ${from} AND start_time < ${to}
      ORDER BY start_time DESC LIMIT ${MAX_DATAPOINTS}`);
    return rows.reverse().map(([start, periodMs, value, samples]) => ({
      detection,
      start: Number(start),
      periodMs: Number(periodMs),
      value: Number(value),
      samples: Number(samples),
    }));
  };

  episodes: DetectionStore['episodes'] = async ({from, to, principal, operation}) => {
    const conditions = [sql`start_time < ${to} AND end_time >= ${from}`];
    if (principal !== undefined) conditions.push(sql`principal = ${principal}`);
    if (operation !== undefined) conditions.push(sql`operation = ${operation}`);
    const rows = await this.#database.rows(sql`SELECT body FROM episodes
      WHERE ${allOf(conditions)} ORDER BY start_time DESC, id LIMIT ${MAX_EPISODES}`);
    return rows.map(([body]) => JSON.parse(String(body)) as EpisodeRow);
  };
}

/** Adds the rows of a commit, within its transaction. */
export async function writeDetections(session: Session, rows: DetectionRows): Promise<void> {
  const matches = lastOf(rows.matches, ({id}) => id);
  if (matches.length > 0) {
    const ids = join(
      matches.map(({id}) => id),
      ', ',
    );
    await session.run(sql`DELETE FROM matches WHERE id IN (${ids})`);
    await session.append('matches', [matchRows(matches)]);
  }
  if (rows.alarmChanges.length > 0) {
    const [[last] = []] = await session.rows(sql`SELECT max(id) FROM alarm_changes`);
    await session.append('alarm_changes', [changeRows(rows.alarmChanges, Number(last ?? 0) + 1)]);
  }
  const points = lastOf(rows.datapoints, ({detection, start}) =>
    JSON.stringify([start, detection]),
  );
  for (const detection of new Set(points.map((point) => point.detection))) {
    const own = points.filter((point) => point.detection === detection);
    const starts = join(
      own.map(({start}) => start),
      ', ',
    );
    await session.run(sql`DELETE FROM alarm_datapoints
      WHERE detection = ${detection} AND start_time IN (${starts})`);
  }
  if (points.length > 0) await session.append('alarm_datapoints', [pointRows(points)]);
  const episodes = lastOf(rows.episodes, ({detection, id}) => JSON.stringify([detection, id]));
  for (const {detection, id} of episodes) {
    await session.run(sql`DELETE FROM episodes WHERE detection = ${detection} AND id = ${id}`);
  }
  if (episodes.length > 0) await session.append('episodes', [episodeRows(episodes)]);
}

/** Tables, and the time by which their rows are old. */
const BY_AGE: readonly (readonly [table: string, time: string])[] = [
  ['matches', 'last_time'],
  ['alarm_changes', 'changed_at'],
  ['alarm_datapoints', 'start_time'],
  ['episodes', 'end_time'],
];

/** Removes what ended before a time; rows removed. */
export async function removeDetections(session: Session, before: number): Promise<number> {
  let removed = 0;
  for (const [table, time] of BY_AGE) {
    removed += await session.run(sql`DELETE FROM ${raw(table)} WHERE ${raw(time)} < ${before}`);
  }
  return removed;
}

/**
 * Removes a share of each table: what ended first, and nothing that goes on. A table is written
 * anew once so great a share of it is gone. Rows removed.
 */
export async function removeShareOfDetections(
  session: Session,
  share: number,
  rewriteFrom: number,
): Promise<number> {
  let removed = 0;
  for (const [table, time] of BY_AGE) {
    const [name, at] = [raw(table), raw(time)];
    const [[all] = []] = await session.rows(sql`SELECT count(*) FROM ${name}`);
    const count = Number(all ?? 0);
    if (count === 0) continue;
    const [[cut] = []] = await session.rows(
      sql`SELECT ${at} FROM ${name} ORDER BY ${at} LIMIT 1 OFFSET ${Math.ceil(count * share)}`,
    );
    const gone = await session.run(
      sql`DELETE FROM ${name} WHERE ${at} < ${cut === undefined ? GOING_ON : Number(cut)}`,
    );
    if (gone >= count * rewriteFrom && gone > 0) await session.rewrite(table);
    removed += gone;
  }
  return removed;
}

/** The last of each key, in the order in which keys first came. */
function lastOf<Row>(rows: readonly Row[], keyOf: (row: Row) => unknown): Row[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

function conditionsOf(filter: MatchFilter): Fragment[] {
  const {from, to, detection, mode, minSeverity, principal, text} = filter;
  const conditions: Fragment[] = [];
  if (from !== undefined) conditions.push(sql`last_time >= ${from}`);
  if (to !== undefined) conditions.push(sql`last_time < ${to}`);
  if (detection !== undefined) conditions.push(sql`detection = ${detection}`);
  if (mode !== undefined) conditions.push(sql`mode = ${mode}`);
  if (minSeverity !== undefined) {
    conditions.push(sql`severity >= ${RANKS.indexOf(minSeverity)}`);
  }
  if (principal !== undefined) conditions.push(sql`principal = ${principal}`);
  if (text !== undefined && text !== '') {
    const places = ['title', 'principal', 'operation'].map(
      (column) => sql`strpos(lower(${raw(column)}), lower(${text})) > 0`,
    );
    conditions.push(sql`(${join(places, ' OR ')})`);
  }
  return conditions;
}

function matchRows(rows: readonly MatchRow[]): BulkRows {
  return rowsOf(rows, [
    {type: 'bigint', of: (row) => row.id},
    {type: 'text', of: (row) => row.key},
    {type: 'integer', of: (row) => row.revision},
    {type: 'text', of: (row) => row.detection},
    {type: 'text', of: (row) => row.kind},
    {type: 'integer', of: (row) => RANKS.indexOf(row.severity)},
    {type: 'text', of: (row) => row.mode},
    {type: 'text', of: (row) => row.title},
    {type: 'double', of: (row) => row.firstTime},
    {type: 'double', of: (row) => row.lastTime},
    {type: 'bigint', of: (row) => row.hits},
    {type: 'bigint', of: (row) => row.events},
    {type: 'text', of: (row) => JSON.stringify(row.group)},
    {type: 'text', of: (row) => row.principal},
    {type: 'text', of: (row) => row.account},
    {type: 'text', of: (row) => row.region},
    {type: 'text', of: (row) => row.operation},
    {type: 'double', of: (row) => row.score},
    {type: 'text', of: (row) => JSON.stringify(row.facts)},
    {type: 'text', of: (row) => JSON.stringify(row.evidence)},
  ]);
}

function changeRows(rows: readonly AlarmChangeRow[], firstId: number): BulkRows {
  const numbered = rows.map((row, i) => ({...row, id: firstId + i}));
  return rowsOf(numbered, [
    {type: 'bigint', of: (row) => row.id},
    {type: 'text', of: (row) => row.detection},
    {type: 'double', of: (row) => row.time},
    {type: 'text', of: (row) => row.from},
    {type: 'text', of: (row) => row.to},
    {type: 'text', of: (row) => row.reason},
    {type: 'text', of: (row) => JSON.stringify(row.datapoints)},
    {type: 'text', of: (row) => JSON.stringify(row.events)},
  ]);
}

function pointRows(rows: readonly DatapointRow[]): BulkRows {
  return rowsOf(rows, [
    {type: 'text', of: (row) => row.detection},
    {type: 'double', of: (row) => row.start},
    {type: 'double', of: (row) => row.periodMs},
    {type: 'double', of: (row) => row.value},
    {type: 'bigint', of: (row) => row.samples},
  ]);
}

function episodeRows(rows: readonly EpisodeRow[]): BulkRows {
  return rowsOf(rows, [
    {type: 'text', of: (row) => row.detection},
    {type: 'text', of: (row) => row.id},
    {type: 'double', of: (row) => row.start},
    {type: 'double', of: (row) => row.end ?? GOING_ON},
    {type: 'text', of: (row) => row.principal},
    {type: 'text', of: (row) => row.operation},
    {type: 'text', of: (row) => JSON.stringify(row)},
  ]);
}

function toMatch(values: readonly Value[]): MatchRow {
  const [id, key, revision, detection, kind, severity, mode, title, firstTime, lastTime, ...rest] =
    values;
  const [hits, events, group, principal, account, region, operation, score, facts, evidence] = rest;
  return {
    id: Number(id),
    key: String(key),
    revision: Number(revision),
    detection: String(detection),
    kind: String(kind) as MatchRow['kind'],
    severity: RANKS[Number(severity)] ?? 'informational',
    mode: String(mode) as MatchRow['mode'],
    title: String(title),
    firstTime: Number(firstTime),
    lastTime: Number(lastTime),
    hits: Number(hits),
    events: Number(events),
    group: JSON.parse(String(group)),
    principal: String(principal),
    account: String(account),
    region: String(region),
    operation: String(operation),
    score: Number(score),
    facts: JSON.parse(String(facts)),
    evidence: JSON.parse(String(evidence)),
  };
}

function toAlarmChange(values: readonly Value[]): AlarmChangeRow {
  const [, detection, time, from, to, reason, datapoints, events] = values;
  return {
    detection: String(detection),
    time: Number(time),
    from: String(from) as AlarmChangeRow['from'],
    to: String(to) as AlarmChangeRow['to'],
    reason: String(reason),
    datapoints: JSON.parse(String(datapoints)),
    events: JSON.parse(String(events)),
  };
}
