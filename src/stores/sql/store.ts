import {assert} from '../../base/assert.ts';
import type {Dimension, ObservationDetail} from '../../pipeline/observation.ts';
import type {
  AuditRow,
  Commit,
  ObservationFilter,
  OutboxRow,
  Page,
  PlotPoints,
  Store,
  StoredObservation,
  StoreSize,
  TokenRow,
} from '../../pipeline/store.ts';
import {decodeCursor, encodeCursor} from '../cursor.ts';
import {settleAttempt} from '../outbox.ts';
import type {Database, Value} from './database.ts';
import {DetectionTables, writeDetections} from './detection-tables.ts';
import {Dictionary} from './dictionary.ts';
import {uuidWords} from './event-id.ts';
import {eventIdCondition, type FilterContext, toCondition} from './filter.ts';
import {type Found, findById, findByScore, findByTime} from './find.ts';
import {EMPTY_HEAD, type Head, readHead, writeHead} from './head.ts';
import {Layouts} from './layouts.ts';
import {readObservations} from './observations.ts';
import {findDelivery, mergeDeliveries, readOutbox, updateDelivery} from './outbox-table.ts';
import {readPlot} from './plot.ts';
import {readPrincipals} from './principals.ts';
import {retain} from './retain.ts';
import {TEXT_COLUMNS} from './schema.ts';
import {allOf, type Fragment, join, raw, sql} from './statement.ts';
import {levelSums, MINUTE_MS, minuteSums, SUMMARIZED_AT_ONCE, summarize} from './summaries.ts';
import {TextSearches} from './text-searches.ts';
import {commonestValues} from './values.ts';
import {prepareTexts, writeRows} from './write-commit.ts';

type Paged<Row> = {readonly rows: Row[]; readonly next: string | null};
type PageOf = {readonly limit: number; readonly cursor?: string | undefined};

const MAX_PLOT_POINTS = 200_000;
/** Of so long a stretch of a timeline, a minute is no matter. */
const LONG_STRETCH_MS = 3_600_000;

/** A store in a database that speaks SQL; the adapters bring the database. */
export class SqlStore implements Store {
  readonly kind: string;
  readonly detections: DetectionTables;
  readonly #database: Database;
  readonly #context: FilterContext;
  readonly #dictionaries: ReadonlyMap<string, Dictionary>;
  readonly #layouts = new Layouts();
  readonly #summarizedAtOnce: number;
  #head: Head = EMPTY_HEAD;
  /** What is in memory may not agree with the tables: a commit failed. */
  #stale = true;
  /** Texts removed since the dictionaries were read. */
  #textsGone = 0;
  /** The last of the changes that must come one after the other, ids included. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(database: Database, summarizedAtOnce = SUMMARIZED_AT_ONCE) {
    this.#summarizedAtOnce = summarizedAtOnce;
    this.kind = database.kind;
    this.#database = database;
    this.detections = new DetectionTables(database);
    this.#dictionaries = new Map(
      TEXT_COLUMNS.map((name) => [name, new Dictionary(database, name)]),
    );
    this.#context = {
      database,
      layouts: this.#layouts,
      dictionaries: this.#dictionaries,
      searches: new TextSearches(),
    };
  }

  /** To be called once before anything else. */
  async load(): Promise<void> {
    await this.#layouts.load(this.#database);
    for (const dictionary of this.#dictionaries.values()) await dictionary.load();
    this.#head = await readHead(this.#database);
    this.#textsGone = 0;
    this.#stale = false;
  }

  async head(): Promise<{readonly entry: number; readonly lastId: number}> {
    const {entry, lastId} = await readHead(this.#database);
    return {entry, lastId};
  }

  async commit(commit: Commit): Promise<void> {
    await this.#oneByOne(async () => {
      if (await this.#database.claim()) this.#stale = true;
      if (this.#stale) await this.load();
      const head = this.#head;
      if (commit.entry <= head.entry) return;
      const {added, prepared} = await prepareTexts(this.#dictionaries, commit.observations);
      this.#stale = true;
      this.#head = await this.#database.transaction(async (session) => {
        const due = head.lastId - head.summarized >= this.#summarizedAtOnce;
        const summarized = due ? head.lastId : head.summarized;
        await summarize(this.#database, session, head.summarized, summarized);
        const next = await writeRows(
          session,
          commit,
          prepared,
          added,
          this.#dictionaries,
          this.#layouts,
          {...head, summarized},
        );
        await mergeDeliveries(session, commit.deliveries);
        if (commit.detections !== undefined) await writeDetections(session, commit.detections);
        await writeHead(session, head, next);
        return next;
      });
      for (const [column, texts] of added.texts) this.#dictionaries.get(column)?.keep(texts);
      this.#layouts.keep(added.layouts);
      this.#stale = false;
    });
  }

  async observations(filter: ObservationFilter, page: Page): Promise<Paged<StoredObservation>> {
    const {order, limit, cursor} = page;
    checkLimit(limit);
    const condition = await toCondition(this.#context, filter);
    const {ids, within} = await this.#find(filter, condition, order, cursor, limit + 1);
    const plain = await toCondition(this.#context, {...filter, text: undefined});
    const rows = await readObservations(
      this.#context,
      ids.slice(0, limit),
      sql`${within} AND ${plain}`,
    );
    const last = rows.at(-1);
    if (ids.length <= limit || last === undefined) return {rows, next: null};
    return {rows, next: encodeCursor(order, keyOf(last, order))};
  }

  async #find(
    filter: ObservationFilter,
    condition: Fragment,
    order: Page['order'],
    cursor: string | undefined,
    limit: number,
  ): Promise<Found> {
    const key = cursor === undefined ? [] : decodeCursor(cursor, order, order === 'id' ? 1 : 2);
    const [value, id] = key;
    if (order === 'id') return await findById(this.#context, condition, value ?? 0, limit);
    if (order === 'time') {
      const after = value === undefined || id === undefined ? undefined : {time: value, id};
      const {context, dimensions: {principal} = {}} = filter;
      const own =
        principal === undefined
          ? undefined
          : await toCondition(this.#context, {context, dimensions: {principal}});
      return await findByTime(this.#context, condition, filter, 'earlier', after, limit, own);
    }
    const after = value === undefined || id === undefined ? undefined : {score: value, id};
    return await findByScore(this.#context, filter, condition, after, limit);
  }

  async count(filter: ObservationFilter): Promise<number> {
    // DuckDB counts rows faster than it adds up what is known of them.
    const isSummed = this.#database.kind === 'postgres';
    const head = await readHead(this.#database);
    const sums = isSummed ? await levelSums(this.#context, filter, head) : undefined;
    const [[count] = []] = await this.#database.rows(
      sums === undefined
        ? sql`SELECT count(*) FROM observations WHERE ${await toCondition(this.#context, filter)}`
        : sql`SELECT coalesce(sum(events), 0) FROM (${sums}) sums`,
    );
    return Number(count);
  }

  async observation(id: number): Promise<StoredObservation | undefined> {
    if (!Number.isSafeInteger(id)) return undefined;
    return (await readObservations(this.#context, [id], sql`id = ${id}`))[0];
  }

  async byEventId(eventId: string): Promise<StoredObservation[]> {
    const words = uuidWords(eventId);
    const found = await this.#database.rows(
      words === undefined
        ? sql`SELECT id FROM event_texts WHERE text = ${eventId} ORDER BY id LIMIT 100`
        : sql`SELECT id FROM observations WHERE ${eventIdCondition(words)} ORDER BY id LIMIT 100`,
    );
    const within = words === undefined ? raw('true') : eventIdCondition(words);
    return await readObservations(this.#context, found.map(first), within);
  }

  async detail(id: number): Promise<ObservationDetail | undefined> {
    if (!Number.isSafeInteger(id)) return undefined;
    const [row] = await this.#database.rows(
      sql`SELECT reason, explanation, record FROM details WHERE id = ${id}`,
    );
    if (row === undefined) return undefined;
    const [reason, explanation, record = null] = row;
    return {
      id,
      reason: String(reason),
      explanation: String(explanation),
      record: record === null ? null : String(record),
    };
  }

  async around(id: number, before: number, after: number): Promise<StoredObservation[]> {
    if (!Number.isSafeInteger(id)) return [];
    checkLimit(before + 1);
    checkLimit(after + 1);
    const [row] = await this.#database.rows(
      sql`SELECT event_time, principal, layout FROM observations WHERE id = ${id}`,
    );
    if (row === undefined) return [];
    const [time, principal, layout] = row.map(Number) as [number, number, number];
    const context = this.#layouts.get(layout)?.context ?? '';
    const own = sql`principal = ${principal} AND layout IN (${join(this.#layouts.of(context), ', ')})`;
    const here = {time, id};
    const [earlier, later] = await Promise.all([
      findByTime(this.#context, own, {}, 'earlier', here, before, own),
      findByTime(this.#context, own, {}, 'later', here, after, own),
    ]);
    const ids = [...earlier.ids.toReversed(), id, ...later.ids];
    const from = earlier.last ?? time;
    const to = later.last ?? time;
    const within = sql`event_time >= ${from} AND event_time <= ${to}`;
    return await readObservations(this.#context, ids, sql`${own} AND ${within}`);
  }

  async plot(filter: ObservationFilter, colour: Dimension, limit: number): Promise<PlotPoints> {
    assert(limit >= 1 && limit <= MAX_PLOT_POINTS, 'a plot has from 1 to 200,000 points');
    return await readPlot(this.#context, filter, colour, limit);
  }

  async timeline(
    filter: ObservationFilter,
    stretches: number,
  ): Promise<{from: number; to: number; events: number[]; maxScore: number[]}> {
    assert(stretches >= 1 && stretches <= 10_000, 'a timeline has from 1 to 10,000 stretches');
    const condition = await toCondition(this.#context, filter);
    let {from, to} = filter;
    if (from === undefined || to === undefined) {
      const [[least, most] = []] = await this.#database.rows(
        sql`SELECT min(event_time), max(event_time) FROM observations WHERE ${condition}`,
      );
      from ??= Number(least ?? to ?? 0);
      to ??= Math.max(Number(most ?? from), from) + 1;
    }
    const events = new Array<number>(stretches).fill(0);
    const maxScore = new Array<number>(stretches).fill(0);
    const first = Math.ceil(from);
    const span = Math.max(Math.ceil(to) - first, 1);
    // Where stretches are long, an event counts as of the beginning of its minute.
    const long = span >= stretches * LONG_STRETCH_MS;
    const minutes = long ? await minuteSums(this.#context, filter) : undefined;
    const {div} = this.#database;
    const rows = await this.#database.rows(
      minutes === undefined
        ? sql`SELECT (event_time - ${first}) * ${stretches} ${div} ${span}, count(*), max(score)
            FROM observations WHERE ${condition} GROUP BY 1`
        : sql`SELECT (CAST(minute AS BIGINT) * ${MINUTE_MS} - ${first}) * ${stretches} ${div} ${span},
              sum(events), max(max_score)
            FROM (${minutes}) sums GROUP BY 1`,
    );
    for (const [at, count, score] of rows) {
      const i = Math.min(Math.max(Number(at), 0), stretches - 1);
      events[i] = (events[i] ?? 0) + Number(count);
      maxScore[i] = Math.max(maxScore[i] ?? 0, Number(score));
    }
    return {from, to: Math.max(to, from), events, maxScore};
  }

  principals: Store['principals'] = async (filter, page) => {
    checkLimit(page.limit);
    return await readPrincipals(this.#context, filter, page);
  };

  async values(dimension: Dimension, prefix: string, limit: number): Promise<string[]> {
    checkLimit(limit);
    return await commonestValues(this.#context, dimension, prefix, limit);
  }

  deadLetters: Store['deadLetters'] = async ({limit, cursor}) => {
    const rows = await this.#newest(
      sql`SELECT id, noted_at, source, object, reason, record_index, record_offset, record_length, detail
        FROM dead_letters`,
      {limit, cursor},
      'dead-letters',
    );
    const letters = rows.map(([id, at, source, object, reason, index, offset, length, detail]) => ({
      id: Number(id),
      at: Number(at),
      source: String(source),
      object: String(object),
      reason: String(reason),
      index: Number(index),
      offset: Number(offset),
      length: Number(length),
      detail: String(detail),
    }));
    return cut(letters, limit, ({id}) => encodeCursor('dead-letters', [id]));
  };

  async deadLetterCounts(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#database.rows(
      sql`SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY reason`,
    );
    return Object.fromEntries(rows.map(([reason, count]) => [String(reason), Number(count)]));
  }

  async due(now: number, limit: number, destination?: string): Promise<OutboxRow[]> {
    checkLimit(limit);
    const of = destination === undefined ? raw('true') : sql`destination = ${destination}`;
    const states = await readOutbox(
      this.#database,
      sql`WHERE state = 'waiting' AND next_at <= ${now} AND ${of} ORDER BY number LIMIT ${limit}`,
    );
    return states.map(({row}) => row);
  }

  settle: Store['settle'] = async (destination, id, revision, outcome) => {
    await this.#oneByOne(() =>
      this.#database.transaction(async (session) => {
        const before = await findDelivery(session, destination, id);
        if (before === undefined) return;
        const after = settleAttempt(before, revision, outcome);
        if (after !== before) await updateDelivery(session, after);
      }),
    );
  };

  deliveries: Store['deliveries'] = async ({limit, cursor, destination, state}) => {
    checkLimit(limit);
    const conditions: Fragment[] = [];
    if (destination !== undefined) conditions.push(sql`destination = ${destination}`);
    if (state !== undefined) conditions.push(sql`state = ${state}`);
    if (cursor !== undefined) {
      const [number = 0] = decodeCursor(cursor, 'deliveries', 1);
      conditions.push(sql`number < ${number}`);
    }
    const rest = sql`WHERE ${allOf(conditions)} ORDER BY number DESC LIMIT ${limit + 1}`;
    const states = await readOutbox(this.#database, rest);
    const {rows, next} = cut(states, limit, ({number}) => encodeCursor('deliveries', [number]));
    return {rows: rows.map(({row}) => row), next};
  };

  async replayDead(destination: string | undefined, now: number): Promise<number> {
    const of = destination === undefined ? raw('true') : sql`destination = ${destination}`;
    return await this.#oneByOne(() =>
      this.#database.transaction((session) =>
        session.run(sql`UPDATE outbox SET state = 'waiting', attempts = 0, next_at = ${now}
          WHERE state = 'dead' AND ${of}`),
      ),
    );
  }

  async audit(entry: Omit<AuditRow, 'id'>): Promise<void> {
    const {at, actor, action, subject, detail} = entry;
    await this.#oneByOne(() =>
      this.#database.transaction(async (session) => {
        const [[last] = []] = await session.rows(sql`SELECT max(id) FROM audit`);
        const id = Number(last ?? 0) + 1;
        await session.run(
          sql`INSERT INTO audit VALUES (${id}, ${at}, ${actor}, ${action}, ${subject}, ${detail})`,
        );
      }),
    );
  }

  audited: Store['audited'] = async ({limit, cursor}) => {
    const rows = await this.#newest(
      sql`SELECT id, noted_at, actor, action, subject, detail FROM audit`,
      {limit, cursor},
      'audit',
    );
    const entries = rows.map(([id, at, actor, action, subject, detail]) => ({
      id: Number(id),
      at: Number(at),
      actor: String(actor),
      action: String(action),
      subject: String(subject),
      detail: String(detail),
    }));
    return cut(entries, limit, ({id}) => encodeCursor('audit', [id]));
  };

  async tokens(): Promise<TokenRow[]> {
    const rows = await this.#database.rows(
      sql`SELECT id, name, hash, scope, created_at, expires_at, last_used_at, revoked_at
        FROM tokens ORDER BY created_at, id`,
    );
    return rows.map(([id, name, hash, scope, createdAt, expiresAt, lastUsedAt, revokedAt]) => ({
      id: String(id),
      name: String(name),
      hash: String(hash),
      scope: String(scope) as TokenRow['scope'],
      createdAt: Number(createdAt),
      expiresAt: numberOrNull(expiresAt),
      lastUsedAt: numberOrNull(lastUsedAt),
      revokedAt: numberOrNull(revokedAt),
    }));
  }

  async putToken(token: TokenRow): Promise<void> {
    await this.#oneByOne(() =>
      this.#database.transaction(async (session) => {
        const [[known] = []] = await session.rows(
          sql`SELECT revoked_at FROM tokens WHERE id = ${token.id}`,
        );
        // Whoever notes its use may have read it before it was revoked.
        const revokedAt = numberOrNull(known) ?? token.revokedAt;
        await session.run(sql`DELETE FROM tokens WHERE id = ${token.id}`);
        await session.run(sql`INSERT INTO tokens VALUES (${token.id}, ${token.name}, ${token.hash},
          ${token.scope}, ${token.createdAt}, ${token.expiresAt}, ${token.lastUsedAt},
          ${revokedAt})`);
      }),
    );
  }

  async setting(key: string): Promise<string | undefined> {
    const [row] = await this.#database.rows(sql`SELECT value FROM settings WHERE name = ${key}`);
    return row === undefined ? undefined : String(row[0]);
  }

  async putSetting(key: string, value: string): Promise<void> {
    await this.#oneByOne(() =>
      this.#database.transaction(async (session) => {
        await session.run(sql`DELETE FROM settings WHERE name = ${key}`);
        await session.run(sql`INSERT INTO settings VALUES (${key}, ${value})`);
      }),
    );
  }

  retain: Store['retain'] = async (policy) => {
    return await this.#oneByOne(async () => {
      if (await this.#database.claim()) this.#stale = true;
      try {
        const removed = await retain(this.#database, policy);
        if (removed.rows > 0) this.#head = await readHead(this.#database);
        if (removed.observations > 0) {
          this.#textsGone += removed.texts;
          for (const dictionary of this.#dictionaries.values()) dictionary.forget();
          this.#context.searches.forget();
        }
        // Hashes of what is gone do no harm, until they are many.
        const known = [...this.#dictionaries.values()].reduce((sum, {size}) => sum + size, 0);
        if (2 * this.#textsGone > known) this.#stale = true;
        return removed.rows;
      } catch (error) {
        this.#stale = true;
        throw error;
      }
    });
  };

  async size(): Promise<StoreSize> {
    const [{observations, details, deadLetters}, bytes] = await Promise.all([
      readHead(this.#database),
      this.#database.bytes(),
    ]);
    return {bytes, observations, details, deadLetters};
  }

  async close(): Promise<void> {
    await this.#oneByOne(() => this.#database.close());
  }

  async #newest(select: Fragment, page: PageOf, order: string): Promise<Value[][]> {
    checkLimit(page.limit);
    const [id] = page.cursor === undefined ? [] : decodeCursor(page.cursor, order, 1);
    const condition = id === undefined ? raw('true') : sql`id < ${id}`;
    return await this.#database.rows(
      sql`${select} WHERE ${condition} ORDER BY id DESC LIMIT ${page.limit + 1}`,
    );
  }

  async #oneByOne<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(change, change);
    this.#changing = result.catch(() => undefined);
    return await result;
  }
}

function keyOf(row: StoredObservation, order: Page['order']): number[] {
  if (order === 'id') return [row.id];
  return [order === 'time' ? row.eventTime : row.score, row.id];
}

/** One row more than a page holds was read, to know whether there is a next one. */
function cut<Row>(rows: Row[], limit: number, cursorOf: (row: Row) => string): Paged<Row> {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return {rows: kept, next: rows.length > limit && last !== undefined ? cursorOf(last) : null};
}

function checkLimit(limit: number): void {
  assert(Number.isInteger(limit) && limit >= 1 && limit <= 100_000, 'a page has 1 to 100,000 rows');
}

function first(row: readonly Value[]): number {
  return Number(row[0]);
}

function numberOrNull(value: Value | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
