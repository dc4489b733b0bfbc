/** Why a record or file was set aside or left out; a closed set, since they are counted by it. */
export const REJECT_REASONS = [
  'malformed_json',
  'truncated',
  'record_too_large',
  'nesting_too_deep',
  'gzip_damaged',
  'gzip_expansion',
  'unknown_record_shape',
  'missing_event_time',
  'invalid_event_time',
  'not_json',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** What is left out on purpose: nothing is wrong with it, it is no event. */
export const DROP_REASONS = [
  'digest',
  'control_message',
  'duplicate',
  'outside_time_range',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A record or stretch of a file that was set aside, with its place. */
export interface Reject {
  readonly reason: RejectReason;
  /** Record index within the file, counted from 0, where known; else -1. */
  readonly index: number;
  /** Byte offset in the file as decompressed, where the faulty stretch begins. */
  readonly offset: number;
  /** Length of the faulty stretch in bytes. */
  readonly length: number;
  /** For people; never the record's contents. */
  readonly detail?: string | undefined;
}
