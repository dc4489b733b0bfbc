import {once} from 'node:events';
import pg from 'pg';
import {from as copyFrom} from 'pg-copy-streams';
import {AppError} from '../../base/errors.ts';
import {Queue} from '../queue.ts';
import type {BulkColumn, BulkRows, Database, Session, Value} from '../sql/database.ts';
import {type Fragment, join, raw, sql, toStatement} from '../sql/statement.ts';
import {fromStored, toStored} from '../stored-text.ts';

const READERS = 4;
const CONNECT_WITHIN_MS = 10_000;
/** So much is gathered before it is handed to the connection. */
const COPY_BYTES = 1 << 18;

/**
 * Compiling a query of a second at most saves less than it takes. Said once connected: PgBouncer
 * refuses who says it as an option of the connection.
 */
const SESSION = 'SET jit = off';

const INT8 = 20;
const NUMERIC = 1700;

/** Integers come as numbers: none of ours is beyond 2^53. */
const TYPES = {
  getTypeParser(id: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (id === INT8 || id === NUMERIC) return Number;
    return pg.types.getTypeParser(id, format as 'text');
  },
};

export interface PostgresOptions {
  /** postgres://user:secret@host/database */
  readonly url: string;
  /** Observations that come before the summaries are brought up to date. */
  readonly summarizedAtOnce?: number | undefined;
}

/** One schema of a PostgreSQL server: a connection that writes, and some that read. */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly div = raw('/');
  readonly #url: string;
  /** Without the secret. */
  readonly #place: string;
  readonly #writing = new Queue<null>([null]);
  readonly #pool: pg.Pool;
  #writer: pg.Client | undefined;
  #claimed = false;
  #closed = false;

  constructor({url}: PostgresOptions) {
    this.#url = url;
    this.#place = placeOf(url);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: READERS,
      onConnect: (reader) => reader.query(SESSION),
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      types: TYPES,
    });
    // An idle connection that breaks is replaced when the next one is asked for.
    this.#pool.on('error', () => {});
  }

  get place(): string {
    return this.#place;
  }

  async rows(query: Fragment): Promise<Value[][]> {
    if (this.#closed) throw this.#closedError();
    try {
      return await select(this.#pool, query);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async columns(query: Fragment): Promise<Value[][]> {
    const rows = await this.rows(query);
    return (rows[0] ?? []).map((_, c) => rows.map((row) => row[c] ?? null));
  }

  /** As JSON, a text for each column: that is read several times faster than rows are. */
  async numbers(query: Fragment, columns: number): Promise<Float64Array[]> {
    const names = Array.from({length: columns}, (_, c) => raw(`c${c}`));
    const texts = names.map((name) => sql`CAST(json_agg(${name}) AS TEXT)`);
    const [found = []] = await this.rows(
      sql`SELECT ${join(texts, ', ')} FROM (${query}) AS q (${join(names, ', ')})`,
    );
    return found.map((text) => new Float64Array(text === null ? [] : JSON.parse(String(text))));
  }

  async transaction<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return await this.#writing.use(async () => {
      const writer = await this.#connected();
      try {
        await writer.query('BEGIN');
        const result = await body(new PostgresSession(writer));
        await writer.query('COMMIT');
        return result;
      } catch (error) {
        try {
          await writer.query('ROLLBACK');
        } catch {
          // The connection is lost, and the transaction with it.
          this.#forget(writer);
        }
        throw this.#translate(error);
      }
    });
  }

  any(column: string): Fragment {
    return raw(`min(${column})`);
  }

  oneOf(column: string, list: Fragment): Fragment {
    return sql`${raw(column)} IN (${list})`;
  }

  /** One process writes: it holds a lock for as long as its connection lasts. */
  async claim(): Promise<boolean> {
    return await this.#writing.use(async () => {
      const writer = await this.#connected();
      if (this.#claimed) return false;
      try {
        const [[claimed] = []] = await select(
          writer,
          sql`SELECT pg_try_advisory_lock(${0x6f64}, hashtext(current_schema()))`,
        );
        this.#claimed = claimed === true;
      } catch (error) {
        throw this.#translate(error);
      }
      if (!this.#claimed) {
        throw new AppError(
          'store_unavailable',
          `Cannot write store "${this.#place}": another process writes it`,
          {retryable: true},
        );
      }
      return true;
    });
  }

  /**
   * Bytes of what there is. Room of rows that were removed is used again but never given back, so
   * it is judged by how many rows there were when the tables were last as large as they are.
   */
  async bytes(): Promise<number> {
    const [[total, observations] = []] = await this.rows(
      sql`SELECT (SELECT sum(pg_total_relation_size(oid)) FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'),
        (SELECT observations FROM head)`,
    );
    const now = {bytes: Number(total), observations: Number(observations)};
    const [[stored] = []] = await this.rows(
      sql`SELECT value FROM settings WHERE name = ${LARGEST_SIZE}`,
    );
    const largest: typeof now = stored ? JSON.parse(String(stored)) : {bytes: 0, observations: 0};
    // Vacuuming itself makes tables grow a little.
    if (now.bytes > largest.bytes * 1.1 || now.observations > largest.observations) {
      await this.transaction(async (session) => {
        await session.run(sql`DELETE FROM settings WHERE name = ${LARGEST_SIZE}`);
        await session.run(
          sql`INSERT INTO settings VALUES (${LARGEST_SIZE}, ${JSON.stringify(now)})`,
        );
      });
      return now.bytes;
    }
    return Math.round(now.bytes * (now.observations / Math.max(largest.observations, 1)));
  }

  async compact(): Promise<void> {
    try {
      await this.#pool.query('VACUUM (ANALYZE)');
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing.use(async () => {
      await Promise.allSettled([this.#pool.end(), this.#writer?.end()]);
      this.#writer = undefined;
    });
  }

  async #connected(): Promise<pg.Client> {
    if (this.#closed) throw this.#closedError();
    if (this.#writer !== undefined) return this.#writer;
    const writer = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
      types: TYPES,
    });
    writer.on('error', () => this.#forget(writer));
    writer.on('end', () => this.#forget(writer));
    try {
      await writer.connect();
      await writer.query(SESSION);
    } catch (error) {
      throw this.#translate(error);
    }
    this.#writer = writer;
    this.#claimed = false;
    return writer;
  }

  #forget(writer: pg.Client): void {
    if (this.#writer !== writer) return;
    this.#writer = undefined;
    this.#claimed = false;
    // It is broken or ended already; nothing more is to be learnt from how it ends.
    writer.end().catch(() => {});
  }

  #closedError(): AppError {
    return new AppError('store_unavailable', `Store "${this.#place}" is closed`);
  }

  /** @returns the error to throw: ours, or what it was if the fault is in the query. */
  #translate(error: unknown): unknown {
    if (error instanceof AppError || !(error instanceof Error)) return error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (/^(22|23|42(?!501))/.test(code)) return error;
    return new AppError(
      'store_unavailable',
      `Cannot use store "${this.#place}": ${error.message}`,
      {
        cause: error,
        // Passwords, missing databases and rights do not mend themselves.
        retryable: !/^(28|3D|3F|42)/.test(code),
      },
    );
  }
}

const LARGEST_SIZE = 'store.largest_size';

function placeOf(url: string): string {
  try {
    const {host, pathname} = new URL(url);
    return `postgres://${host}${pathname}`;
  } catch {
    return 'postgres';
  }
}

async function select(client: pg.Pool | pg.Client, query: Fragment): Promise<Value[][]> {
  const {text, values} = toStatement(query);
  const {rows} = await client.query<Value[]>({
    text,
    values: values.map(toStored),
    rowMode: 'array',
  });
  for (const row of rows) {
    for (const [c, value] of row.entries()) {
      if (typeof value === 'string') row[c] = fromStored(value);
    }
  }
  return rows;
}

class PostgresSession implements Session {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async rows(query: Fragment): Promise<Value[][]> {
    return await select(this.#client, query);
  }

  async run(statement: Fragment): Promise<number> {
    const {text, values} = toStatement(statement);
    return (await this.#client.query(text, values.map(toStored))).rowCount ?? 0;
  }

  /** Vacuuming does. */
  async rewrite(): Promise<void> {}

  async append(table: string, parts: readonly BulkRows[]): Promise<void> {
    const stream = this.#client.query(copyFrom(`COPY ${table} FROM STDIN`));
    const done = once(stream, 'finish');
    // Errors of the stream reject `done`; awaited below, or sooner where writing waits.
    done.catch(() => {});
    for (const text of copyText(parts)) {
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), done]);
    }
    stream.end();
    await done;
  }
}

/** Rows in the text format of COPY, in pieces. */
function* copyText(parts: readonly BulkRows[]): Generator<string> {
  let text = '';
  for (const {count, columns} of parts) {
    for (let row = 0; row < count; row++) {
      for (const [c, column] of columns.entries()) {
        if (c > 0) text += '\t';
        text += copyValue(column, row);
      }
      text += '\n';
      if (text.length >= COPY_BYTES) {
        yield text;
        text = '';
      }
    }
  }
  if (text !== '') yield text;
}

function copyValue(column: BulkColumn, row: number): string {
  if (column.type === 'reals') return `{${column.at(row).join(',')}}`;
  if (column.type !== 'text') return String(column.at(row));
  const text = column.at(row);
  if (text === null) return '\\N';
  return toStored(text)
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
