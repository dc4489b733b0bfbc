import type {DropReason, Reject} from '../base/outcome.ts';

/**
 * Events on their way from a decoding thread to the model: typed columns of interned ids, never
 * objects, so that a batch crosses threads by transfer.
 *
 * Ids in `columns` are local to one decoder and one epoch of it; `strings` says what the ids that
 * are new since the previous batch of that epoch stand for. Id 0 is the empty string: absent.
 */
export interface EventBatch {
  /** Which file, as numbered by whoever fed the decoder. */
  readonly file: number;
  readonly count: number;
  /** Event times, epoch milliseconds; length `count`. */
  readonly times: Float64Array;
  /**
   * Four words an event: the `eventID`'s 128 bits if it is a canonical UUID, else a 128-bit hash
   * of its text; all zero when absent.
   */
  readonly eventIds: Int32Array;
  /** Row and text of every event id that is not a canonical UUID, by row. */
  readonly eventIdTexts: readonly (readonly [row: number, text: string])[];
  /** Component ids, row-major: `count` × `fields.length` of the decoder. */
  readonly columns: Int32Array;
  /** Four words an event: 64-bit hashes of the access key used and of the one issued; 0 0 if none. */
  readonly keys: Int32Array;
  /** Record index within its file; length `count`. */
  readonly indexes: Int32Array;
  /** Byte offset and length of the record in the decompressed file; 2 per event. */
  readonly places: Float64Array;
  readonly epoch: number;
  readonly firstNewString: number;
  readonly strings: readonly string[];
  readonly rejects: readonly Reject[];
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}
