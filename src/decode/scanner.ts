import type {ScanSpec} from '../event/scan-spec.ts';

/** Why a scan stopped. */
export type ScanStop =
  /**
   * The bytes ended inside a record, or between two. `next` is where the unfinished record begins;
   * between two it is the end of the bytes, or the comma if they end after one.
   */
  | 'need-more'
  /** At a byte that closes the enclosing array (`]`); `next` is that byte. Only between records. */
  | 'array-end'
  /**
   * The value at `next` is not one that the fast path fully understands: use the reference. It may
   * be no record, be malformed, lie behind a comma that is not due, or be cut off by the end of the
   * bytes; `objectEnd` tells the last case.
   */
  | 'not-understood'
  /** No room for another row: take the rows, `clear`, and go on at `next`. */
  | 'full';

export interface ScannerOptions {
  /** Rows before `scan` stops with "full". */
  readonly rowCapacity?: number;
  /** Largest number of bytes that `load` takes. */
  readonly capacity?: number;
}

export const DEFAULT_ROWS = 4096;
export const DEFAULT_CAPACITY = 64 * 1024 * 1024;

/**
 * Turns JSON objects into rows. A row is `stride` words of `rows`:
 *
 * | word | what |
 * |---|---|
 * | 0, 1 | event time, epoch seconds (low and high word of a signed 64-bit integer), and |
 * | 2 | its milliseconds; -1 when absent or not in the canonical form (see below) |
 * | 3 | 1 when words 4–7 hold the `eventID`'s 128 bits, 0 when it must be read as text |
 * | 4–7 | the 128 bits of a canonical lower-case UUID, in the order written, big-endian words |
 * | 8, 9 | byte offset and length of the record within the loaded bytes |
 * | 10 … | one word per field that is in the row: the id of its text (0 = absent), or two words: offset (-1 = absent) and length for `range` fields, high and low word of the hash (0 0 = absent) for `accessKey` fields |
 * | … | one word per group: the dense id (≥ 0) of the combination of its fields' ids |
 *
 * Time is the top-level key `eventTime` in the form `YYYY-MM-DDTHH:MM:SSZ`, a date that the calendar
 * has, hour ≤ 23, second ≤ 59; the id is the top-level key `eventID`. Their texts hardly ever repeat:
 * one that is in the words is not interned, and fields with the paths `eventTime` and `eventID` are
 * absent. Every other text is in such a field, if the specification has it.
 *
 * A text with half of a surrogate pair has U+FFFD in its place. Which objects are records at all is
 * in `scan-rules.ts`; the stride is a multiple of four.
 *
 * Invariant: whatever a scanner accepts without `not-understood`, the reference (`JSON.parse`, then
 * look-up by path, last duplicate wins) accepts with the same row, up to the numbering of ids.
 */
export interface Scanner {
  readonly spec: ScanSpec;
  readonly stride: number;
  /** Word of a row at which the field begins, by name; groups under the same rule. */
  fieldWord(name: string): number;
  groupWord(name: string): number;

  /** Largest number of bytes that `load` takes at once. */
  readonly capacity: number;
  /** Takes the bytes to scan (copied). Offsets count from their start. Clears the rows. */
  load(bytes: Uint8Array): void;
  /**
   * Scans objects from `from` on, separated by white space, and by exactly one comma each if
   * `separator` is "comma" (a comma before the first is tolerated only when `afterRecord` is true).
   * Rows are added to those there are.
   */
  scan(from: number, separator: 'comma' | 'space', afterRecord: boolean): ScanStop;
  /** Where the last `scan` stopped. */
  readonly next: number;
  /**
   * Adds the row of an already parsed record (the reference path). `offset` and `length` become
   * words 8 and 9; `range` fields are absent. False when there is no room: take the rows, clear, and add again.
   */
  addRecord(record: object, offset: number, length: number): boolean;

  /** The record that `addRecord` made this row of; undefined for a row that `scan` made. */
  recordOf(row: number): object | undefined;
  /** A stretch of the loaded bytes, as a row's ranges name it; valid as long as the rows. */
  bytes(offset: number, length: number): Uint8Array;

  /** Rows so far; valid until the next `scan`, `addRecord`, `load` or `clear`. */
  readonly rows: Int32Array;
  readonly count: number;
  /** Forgets the rows, keeps loaded bytes and interned ids. */
  clear(): void;

  /** Number of interned texts and, per group, of combinations; ids are dense below it. */
  readonly textCount: number;
  groupCount(name: string): number;
  text(id: number): string;
  /** The text ids of one combination, in the order of the group's fields. */
  combination(group: string, id: number): readonly number[];
  /** Interns a text that came from elsewhere. */
  intern(text: string): number;
  /** Bytes held by interned texts and combinations. */
  readonly internedBytes: number;
  /** Forgets all texts and combinations: ids start anew. Only when there are no rows. */
  reset(): void;
}
