import type {Fragment} from './statement.ts';

export type Value = number | string | boolean | null | readonly number[];

/** One column of rows to be added, read row by row. */
export type BulkColumn =
  | {
      readonly type: 'integer' | 'bigint' | 'real' | 'double';
      readonly at: (row: number) => number;
      /** The same numbers where they lie, for an adapter that can take them many at a time. */
      readonly lie?: Numbers | undefined;
    }
  | {readonly type: 'text'; readonly at: (row: number) => string | null}
  | {readonly type: 'reals'; readonly at: (row: number) => readonly number[]};

/** The number of a row is at `offset + row * stride`, or what `through` has at that place. */
export interface Numbers {
  readonly values: Int8Array | Int32Array | Float32Array | Float64Array;
  readonly stride: number;
  readonly offset: number;
  readonly through?: Int32Array | undefined;
}

export interface BulkRows {
  readonly count: number;
  /** In the order of the table's columns, all of them. */
  readonly columns: readonly BulkColumn[];
}

/** One connection within one transaction. */
export interface Session {
  rows(query: Fragment): Promise<Value[][]>;
  /** Rows changed. */
  run(statement: Fragment): Promise<number>;
  /** Makes the room of rows that were removed from a table free, where it else would not be. */
  rewrite(table: string): Promise<void>;
  /** Adds rows in bulk. */
  append(table: string, rows: readonly BulkRows[]): Promise<void>;
}

/**
 * A database that speaks the SQL common to DuckDB and PostgreSQL, so that queries are written once.
 * Adapters translate every failure of the world to `AppError` `store_unavailable`, and texts by
 * `toStored` and `fromStored`.
 */
export interface Database {
  readonly kind: 'duckdb' | 'postgres';
  /** Division of integers, rounded towards zero. */
  readonly div: Fragment;
  /** An aggregate: any of the values, of which there should be one. */
  any(column: string): Fragment;
  /** The column is one of these numbers, which may be thousands. */
  oneOf(column: string, list: Fragment, count: number): Fragment;
  /** Reads what was committed; any number at once. */
  rows(query: Fragment): Promise<Value[][]>;
  /** The same by columns: for many rows. */
  columns(query: Fragment): Promise<Value[][]>;
  /** So many columns that hold numbers alone, none of them null: for very many rows. */
  numbers(query: Fragment, columns: number): Promise<Float64Array[]>;
  /** One after the other. All of `body` is done, or nothing. */
  transaction<T>(body: (session: Session) => Promise<T>): Promise<T>;
  /**
   * The right to commit; fails when another process has it. True when it is new: others may have
   * committed in between.
   */
  claim(): Promise<boolean>;
  /** Bytes in use. */
  bytes(): Promise<number>;
  /** Gives back the room of rows that were removed. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
