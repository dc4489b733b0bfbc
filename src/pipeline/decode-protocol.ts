import type {EventBatch} from '../event/batch.ts';

/** The next piece of a file. Pieces of one file go to one thread, in order. */
export interface PieceRequest {
  readonly file: number;
  /** Bytes as stored; compressed or not. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly first: boolean;
  readonly last: boolean;
}

/** What a decoding thread is told: a piece, or to read a file itself, whole. */
export type DecodeRequest =
  | PieceRequest
  | {readonly file: number; readonly path: string; readonly bytes?: undefined};

/** The answer to one request: one for one, in order. */
export interface DecodeAnswer {
  readonly file: number;
  readonly batches: readonly EventBatch[];
  /** Bytes that the thread has read itself. */
  readonly read: number;
  readonly last: boolean;
  /** Why the thread could not read the file. */
  readonly fault?: string | undefined;
  /** A fault of the program in the thread; nothing more comes from it. */
  readonly failure?: string | undefined;
}

/** Decodes the pieces of files; one file at a time. */
export interface DecodeSession {
  handle(request: PieceRequest): Promise<readonly EventBatch[]>;
}

/** The buffers that may be handed over instead of copied. */
export function transferables(batches: readonly EventBatch[]): ArrayBuffer[] {
  return batches.flatMap((batch) =>
    [batch.times, batch.eventIds, batch.columns, batch.keys, batch.indexes, batch.places].map(
      (array) => array.buffer as ArrayBuffer,
    ),
  );
}
