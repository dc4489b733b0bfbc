import type {BulkColumn, BulkRows} from './database.ts';

/** A column of rows that are objects. */
export type ColumnOf<Row> =
  | {readonly type: 'integer' | 'bigint' | 'double'; readonly of: (row: Row) => number}
  | {readonly type: 'text'; readonly of: (row: Row) => string | null};

/** Rows that are objects, to be added in bulk. */
export function rowsOf<Row>(rows: readonly Row[], columns: readonly ColumnOf<Row>[]): BulkRows {
  return {
    count: rows.length,
    columns: columns.map((column): BulkColumn => {
      if (column.type === 'text') return {type: 'text', at: (i) => column.of(rows[i] as Row)};
      return {type: column.type, at: (i) => column.of(rows[i] as Row)};
    }),
  };
}
