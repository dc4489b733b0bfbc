import type {DropReason, Reject} from '../base/outcome.ts';
import type {Scanner} from './scanner.ts';

/** Rows `from` to `to` of the scanner, all good records with consecutive indexes. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
  /** Record index in the file of row `from`. */
  readonly firstIndex: number;
  /** Added to a row's word 8, gives the byte offset in the file as decompressed. */
  readonly baseOffset: number;
}

/** Takes what a decoder finds. Within a file nothing is promised about order: the index tells it. */
export interface RecordSink {
  /**
   * Rows are ready. The sink must have taken what it needs when it returns, since the rows are then
   * cleared; it must not call `clear` itself. Other rows of the scanner are not for it.
   */
  rows(scanner: Scanner, range: RowRange): void;
  reject(reject: Reject): void;
  drop(reason: DropReason, count: number): void;
  /** The scanner holds no rows: a good moment to `reset` it. */
  idle?(scanner: Scanner): void;
}
