import type {EventBatch} from '../event/batch.ts';

/** What a decoding thread is told. Pieces of one file go to one thread, in order. */
export interface DecodeRequest {
  readonly file: number;
  /** The next piece of the file's bytes as stored; compressed or not. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly first: boolean;
  readonly last: boolean;
}

/** The answer to one request: one for one, in order. */
export interface DecodeAnswer {
  readonly file: number;
  readonly batches: readonly EventBatch[];
  readonly last: boolean;
  /** A fault of the program in the thread; nothing more comes from it. */
  readonly failure?: string | undefined;
}

/** Decodes the pieces of files; one file at a time. */
export interface DecodeSession {
  handle(request: DecodeRequest): Promise<readonly EventBatch[]>;
}

/** The buffers that may be handed over instead of copied. */
export function transferables(batches: readonly EventBatch[]): ArrayBuffer[] {
  return batches.flatMap((batch) =>
    [batch.times, batch.eventIds, batch.columns, batch.keys, batch.indexes, batch.places].map(
      (array) => array.buffer as ArrayBuffer,
    ),
  );
}
