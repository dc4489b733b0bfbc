/** Every way in which the world outside can fail us; `docs/errors.md` explains each. */
export const ERROR_CODES = [
  'source_unreadable',
  'source_forbidden',
  'client_missing',
  'output_unwritable',
  'snapshot_unreadable',
  'snapshot_unwritable',
  'model_in_use',
  'store_unavailable',
  'data_dir_in_use',
  'worker_failed',
  'journal_damaged',
  'journal_unwritable',
  'contexts_changed',
  'interrupted',
  'usage',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The world is at fault: a file that cannot be read, a disk that is full. The message names what
 * was attempted, what was found and what was wanted; the original error is the `cause`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** True when the same attempt may succeed later. */
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: {cause?: unknown; retryable?: boolean} = {},
  ) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** What something thrown says of itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
