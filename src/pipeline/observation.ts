/** What every stored observation can be found by; texts, "-" where a stream has no such field. */
export const DIMENSIONS = [
  'principal',
  'kind',
  'account',
  'region',
  'service',
  'operation',
  'network',
  'userAgent',
  'error',
  'resource',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Texts of many rows, each distinct one once. */
export interface DictionaryColumn {
  readonly texts: readonly string[];
  /** Index into `texts`, by row. */
  readonly index: Int32Array;
}

/**
 * Observations of one context in the order in which they were scored, in columns, so that a batch
 * crosses threads by transfer. Rows are frozen: a score is never given again.
 */
export interface ObservationBatch {
  readonly context: string;
  /** Names of the facets, in the order of `bits`; at most 32. */
  readonly facets: readonly string[];
  readonly count: number;
  /** Ids ascend by one from here on. They are given once, in the order of scoring, from 1 on. */
  readonly firstId: number;
  /** Event time, epoch milliseconds; stores keep whole ones. */
  readonly times: Float64Array;
  /** When the batch arrived, epoch milliseconds. */
  readonly arrived: number;
  /** Four words a row, as in `EventBatch`; all zero when the event has no id. */
  readonly eventIds: Int32Array;
  /** Row and text of every event id that is not a canonical UUID, by row. */
  readonly eventIdTexts: readonly (readonly [row: number, text: string])[];
  /** In the order of `DIMENSIONS`. */
  readonly dimensions: readonly DictionaryColumn[];
  /** Novelty, in [0, 1]. */
  readonly scores: Float64Array;
  /** R: bits with the boost of recent evidence. */
  readonly raised: Float32Array;
  /** Bits of each facet, unsaturated; `count` × `facets.length`. */
  readonly bits: Float32Array;
  /** Facet that contributes most; -1 when nothing is surprising. */
  readonly mostNovel: Int8Array;
  /** Its value; "" when nothing is surprising. */
  readonly mostNovelValue: DictionaryColumn;
  /** Name of the configured source. */
  readonly source: string;
  /** File, object key or the like that held the record. */
  readonly object: DictionaryColumn;
  /** Index of the record within that object. */
  readonly indexes: Int32Array;
  /** Byte offset and length of the record in the decompressed object; two a row. */
  readonly places: Float64Array;
}

/** What is kept beside the row of an observation worth a look. */
export interface ObservationDetail {
  readonly id: number;
  /** Why, in one sentence. */
  readonly reason: string;
  /** The frozen `Explanation`, as JSON: counts, usual values, holders. */
  readonly explanation: string;
  /** The record as delivered, JSON; null when policy does not keep it. */
  readonly record: string | null;
}

/** A record or payload that was set aside, with its place. */
export interface DeadLetter {
  readonly at: number;
  readonly source: string;
  readonly object: string;
  /** A `RejectReason`, or `poison_message` for what a source could not hand over. */
  readonly reason: string;
  /** Record index within the object; -1 where unknown. */
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  readonly detail: string;
}
