import {statSync} from 'node:fs';
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
  FLOAT,
  INTEGER,
  LIST,
  VARCHAR,
} from '@duckdb/node-api';
import {AppError, messageOf} from '../../base/errors.ts';
import {Queue} from '../queue.ts';
import type {BulkColumn, BulkRows, Database, Numbers, Session, Value} from '../sql/database.ts';
import {type Fragment, raw, sql, toStatement} from '../sql/statement.ts';
import {fromStored, toStored} from '../stored-text.ts';

const READERS = 3;
const CHUNK_ROWS = 2048;
const LISTED = 8;
const DEFAULT_MEMORY = '1GB';
// A checkpoint compresses all tables' last row groups anew; at the default of 16 MB that is two
// thirds of the work of writing. After a crash, this much is read again: about a second.
const CHECKPOINT_AFTER = '128MB';

const FAULTS_OF_THE_WORLD =
  /^(IO|Out of Memory|Connection|Interrupt|Serialization) Error|Could not write file|No space left/;

const TYPES: Readonly<Record<BulkColumn['type'], DuckDBType>> = {
  integer: INTEGER,
  bigint: BIGINT,
  real: FLOAT,
  double: DOUBLE,
  text: VARCHAR,
  reals: LIST(FLOAT),
};

export interface DuckDbOptions {
  readonly path: string;
  /** As DuckDB writes it, "512MB"; 1 GB when not given. */
  readonly memoryLimit?: string | undefined;
  readonly threads?: number | undefined;
  /** Observations that come before the summaries are brought up to date. */
  readonly summarizedAtOnce?: number | undefined;
}

interface Open {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly readers: Queue<DuckDBConnection>;
  readonly connections: readonly DuckDBConnection[];
  readonly inode: number;
}

/** One DuckDB file: one connection that writes, some that read what was committed. */
export class DuckDbDatabase implements Database {
  readonly kind = 'duckdb';
  readonly div = raw('//');
  readonly #options: DuckDbOptions;
  readonly #writing = new Queue<null>([null]);
  #open: Open | undefined;
  /** Has given up after a failure; to be closed before the file is opened anew. */
  #broken: Open | undefined;
  #opening: Promise<Open> | undefined;
  #closed = false;

  constructor(options: DuckDbOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#ensureOpen(true);
  }

  async rows(query: Fragment): Promise<Value[][]> {
    return await this.#read(async (connection) => {
      const {text, values} = toStatement(query);
      const reader = await connection.runAndReadAll(text, bound(values));
      return reader.getRows().map((row) => row.map(toValue));
    });
  }

  async columns(query: Fragment): Promise<Value[][]> {
    return await this.#read(async (connection) => {
      const {text, values} = toStatement(query);
      const reader = await connection.runAndReadAll(text, bound(values));
      return reader.getColumns().map((column) => {
        // Most columns hold numbers already; they need no pass of their own.
        return typeof column[0] === 'number' ? (column as Value[]) : column.map(toValue);
      });
    });
  }

  async numbers(query: Fragment, columns: number): Promise<Float64Array[]> {
    return await this.#read(async (connection) => {
      const {text, values} = toStatement(query);
      const result = await connection.run(text, bound(values));
      const read = Array.from({length: columns}, () => new Float64Array(result.rowCount));
      let at = 0;
      for await (const chunk of result) {
        for (const [c, column] of read.entries()) {
          copyNumbers(chunk.getColumnVector(c), column.subarray(at, at + chunk.rowCount));
        }
        at += chunk.rowCount;
      }
      return read;
    });
  }

  async transaction<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return await this.#writing.use(async () => {
      const {writer, inode} = await this.#ensureOpen(false);
      try {
        this.#checkFile(inode);
        await writer.run('BEGIN');
        const result = await body(new DuckDbSession(writer));
        await writer.run('COMMIT');
        return result;
      } catch (error) {
        try {
          await writer.run('ROLLBACK');
        } catch {
          // A transaction that never began, or a database that has given up: there is none to undo.
        }
        throw this.#translate(error);
      }
    });
  }

  any(column: string): Fragment {
    return raw(`any_value(${column})`);
  }

  /** A list is compared one by one, for each row; a query is hashed. */
  oneOf(column: string, list: Fragment, count: number): Fragment {
    if (count <= LISTED) return sql`${raw(column)} IN (${list})`;
    return sql`${raw(column)} IN (SELECT unnest([${list}]))`;
  }

  /** Opening the file has locked it. */
  async claim(): Promise<boolean> {
    return false;
  }

  async bytes(): Promise<number> {
    const [[blockSize, blocks] = []] = await this.rows(
      sql`SELECT block_size, used_blocks FROM pragma_database_size()`,
    );
    let log = 0;
    try {
      log = statSync(`${this.#options.path}.wal`).size;
    } catch {
      // There is no log after a checkpoint.
    }
    return Number(blockSize) * Number(blocks) + log;
  }

  async compact(): Promise<void> {
    await this.#writing.use(async () => {
      const {writer} = await this.#ensureOpen(false);
      try {
        // What the first one no longer needs is free after the second.
        await writer.run('CHECKPOINT');
        await writer.run('CHECKPOINT');
      } catch (error) {
        // Readers may stand in the way of a checkpoint; the next one will do.
        if (!/TransactionContext Error/.test(String(error))) throw this.#translate(error);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing.use(async () => {
      await shut(this.#broken);
      await shut(this.#open);
      this.#broken = undefined;
      this.#open = undefined;
    });
  }

  async #read<T>(body: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const {readers} = await this.#ensureOpen(false);
    return await readers.use(async (connection) => {
      try {
        return await body(connection);
      } catch (error) {
        throw this.#translate(error);
      }
    });
  }

  async #ensureOpen(create: boolean): Promise<Open> {
    if (this.#closed) throw new AppError('store_unavailable', `Store "${this.#path}" is closed`);
    if (this.#open !== undefined) return this.#open;
    this.#opening ??= this.#connect(create).finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  async #connect(create: boolean): Promise<Open> {
    const {path, memoryLimit, threads} = this.#options;
    try {
      await shut(this.#broken);
      this.#broken = undefined;
      // A file that was there and is gone is not to be replaced by an empty one.
      if (!create) statSync(path);
      const instance = await DuckDBInstance.create(path, {
        memory_limit: memoryLimit ?? DEFAULT_MEMORY,
        ...(threads === undefined ? {} : {threads: String(threads)}),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        enable_external_access: 'false',
        checkpoint_threshold: CHECKPOINT_AFTER,
      });
      const connections = [];
      for (let i = 0; i <= READERS; i++) connections.push(await instance.connect());
      const [writer, ...readers] = connections as [DuckDBConnection, ...DuckDBConnection[]];
      const inode = statSync(path).ino;
      this.#open = {instance, writer, connections, readers: new Queue(readers), inode};
      return this.#open;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  get #path(): string {
    return this.#options.path;
  }

  #checkFile(inode: number): void {
    const found = statSync(this.#path, {throwIfNoEntry: false})?.ino;
    if (found === inode) return;
    throw new AppError(
      'store_unavailable',
      `Cannot write store "${this.#path}": the file was ${found === undefined ? 'removed' : 'replaced'} while open`,
      {retryable: true},
    );
  }

  /** @returns the error to throw: ours, or what it was if the fault is in the query. */
  #translate(error: unknown): unknown {
    if (error instanceof AppError) return error;
    const message = messageOf(error);
    const system = error instanceof Error && 'syscall' in error;
    if (/FATAL|has been invalidated/.test(message)) {
      this.#broken ??= this.#open;
      this.#open = undefined;
    } else if (!system && !FAULTS_OF_THE_WORLD.test(message)) {
      return error;
    }
    const why = message.split('\n', 1)[0] ?? '';
    if (/Could not set lock/.test(message)) {
      return new AppError(
        'store_unavailable',
        `Cannot open store "${this.#path}": another process has it open`,
        {cause: error, retryable: true},
      );
    }
    return new AppError('store_unavailable', `Cannot use store "${this.#path}": ${why}`, {
      cause: error,
      retryable: !/not a valid DuckDB|version number|serialized/.test(message),
    });
  }
}

/** Closes once no reader is in use. */
async function shut(open: Open | undefined): Promise<void> {
  if (open === undefined) return;
  await open.readers.drain();
  for (const connection of open.connections) connection.closeSync();
  open.instance.closeSync();
}

class DuckDbSession implements Session {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async rows(query: Fragment): Promise<Value[][]> {
    const {text, values} = toStatement(query);
    const reader = await this.#connection.runAndReadAll(text, bound(values));
    return reader.getRows().map((row) => row.map(toValue));
  }

  async run(statement: Fragment): Promise<number> {
    const {text, values} = toStatement(statement);
    return (await this.#connection.run(text, bound(values))).rowsChanged;
  }

  /** Room is freed by row groups of 122,880 rows, once all of one are gone: so the rest moves. */
  async rewrite(table: string): Promise<void> {
    const [[definition] = []] = await this.rows(
      sql`SELECT sql FROM duckdb_tables() WHERE table_name = ${table}`,
    );
    const moved = `${table}_moved`;
    await this.run(
      raw(String(definition).replace(`CREATE TABLE ${table}`, `CREATE TABLE ${moved}`)),
    );
    await this.run(raw(`INSERT INTO ${moved} SELECT * FROM ${table}`));
    await this.run(raw(`DROP TABLE ${table}`));
    await this.run(raw(`ALTER TABLE ${moved} RENAME TO ${table}`));
  }

  async append(table: string, parts: readonly BulkRows[]): Promise<void> {
    const [first] = parts;
    if (first === undefined) return;
    const appender = await this.#connection.createAppender(table);
    const chunk = DuckDBDataChunk.create(first.columns.map(({type}) => TYPES[type]));
    for (const part of parts) {
      for (let from = 0; from < part.count; from += CHUNK_ROWS) {
        fill(chunk, part, from, Math.min(CHUNK_ROWS, part.count - from));
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
  }
}

function fill(chunk: DuckDBDataChunk, part: BulkRows, from: number, count: number): void {
  chunk.rowCount = count;
  part.columns.forEach((column, c) => {
    const vector = chunk.getColumnVector(c);
    // Where a vector shows its numbers, they are written as they are: `setItem` checks each anew.
    const {items} = vector as unknown as {readonly items?: unknown};
    if (column.type === 'text' || column.type === 'reals') {
      for (let i = 0; i < count; i++) vector.setItem(i, toDuckDb(column, from + i));
    } else if (items instanceof BigInt64Array && column.type === 'bigint') {
      const words = new Int32Array(items.buffer, items.byteOffset, 2 * count);
      for (let i = 0; i < count; i++) {
        const value = column.at(from + i);
        words[2 * i] = value | 0;
        words[2 * i + 1] = Math.floor(value / 0x1_0000_0000);
      }
    } else if (
      items instanceof Int32Array ||
      items instanceof Float32Array ||
      items instanceof Float64Array
    ) {
      if (column.lie === undefined) {
        for (let i = 0; i < count; i++) items[i] = column.at(from + i);
      } else copy(column.lie, from, items, count);
    } else {
      for (let i = 0; i < count; i++) vector.setItem(i, toDuckDb(column, from + i));
    }
    vector.flush();
  });
}

/**
 * Nothing where there is nothing to bind: a statement is then planned and run in one transaction.
 * One that is prepared is planned by what was stored before it runs, and DuckDB may fail when a
 * commit in between has put values beyond that into the table.
 */
function bound(values: readonly string[]): string[] | undefined {
  return values.length === 0 ? undefined : values.map(toStored);
}

function copy(
  {values, stride, offset, through}: Numbers,
  from: number,
  to: Int32Array | Float32Array | Float64Array,
  count: number,
): void {
  let at = offset + from * stride;
  if (through !== undefined) {
    for (let i = 0; i < count; i++, at += stride) to[i] = through[values[at] as number] as number;
  } else if (stride === 1) {
    to.set(values.subarray(at, at + count));
  } else {
    for (let i = 0; i < count; i++, at += stride) to[i] = values[at] as number;
  }
}

/** Several times faster than reading the values one by one, each checked for null. */
function copyNumbers(vector: DuckDBVector, to: Float64Array): void {
  const {items} = vector as unknown as {readonly items?: unknown};
  if (
    items instanceof Float64Array ||
    items instanceof Float32Array ||
    items instanceof Int32Array
  ) {
    to.set(items.subarray(0, to.length));
  } else {
    for (let i = 0; i < to.length; i++) to[i] = Number(vector.getItem(i));
  }
}

function toDuckDb(column: BulkColumn, row: number): DuckDBValue {
  switch (column.type) {
    case 'bigint':
      return BigInt(column.at(row));
    case 'text': {
      const text = column.at(row);
      return text === null ? null : toStored(text);
    }
    case 'reals':
      return new DuckDBListValue(column.at(row));
    default:
      return column.at(row);
  }
}

function toValue(value: DuckDBValue): Value {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return fromStored(value);
  if (value instanceof DuckDBListValue) return value.items as readonly number[];
  return value as Value;
}
