/**
 * Where a source stands: JSON of its own, small. It says what has been handed over, so that
 * reading from it on gives what comes after: nothing left out, and as little twice as the source
 * can know (duplicates by event id are dropped later).
 */
export type Position = unknown;

/** One delivered object: a file, an S3 object, a message, the body of a request. */
export interface Payload {
  /** How people find it again: path, `s3://bucket/key`, message id. */
  readonly name: string;
  /** As delivered; gzip and every wrapper are the decoder's business. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SourceBatch {
  /** What belongs together in time comes together: a batch's events are put into event-time order. */
  readonly payloads: readonly Payload[];
  /** Where to resume once this batch is safe. */
  readonly position: Position;
  /**
   * Called once the batch is durable. Only now may a message be deleted or a request answered. A
   * failure here is retried by the source itself or left: the batch then comes again.
   */
  ack(): Promise<void>;
  /** Called instead when the batch could not be made durable; the source hands it over again. */
  nack?(error: unknown): Promise<void>;
  /** What could not even be handed over, for the dead letters; acknowledged with the batch. */
  readonly poison?: readonly {readonly name: string; readonly detail: string}[];
}

export interface SourceStatus {
  readonly state: 'starting' | 'reading' | 'waiting' | 'retrying' | 'finished' | 'failed';
  /** For people: what it is waiting for, or the last failure. */
  readonly detail: string;
  /** Objects known to wait; undefined where a source cannot know. */
  readonly backlog?: number;
}

/**
 * Where records come from; one file per kind in `src/sources`. A source knows nothing of
 * CloudTrail's records: it hands over bytes. One reader at a time pulls batches; that is the
 * back-pressure: nothing is read ahead beyond a few objects.
 */
export interface Source {
  readonly name: string;
  readonly kind: string;
  /**
   * What it reads, for people: a folder, a bucket, a queue. Positions belong to it: a source of the
   * same name with another identity begins anew. Undefined where there is nothing to go back to.
   */
  readonly identity?: string;
  /**
   * Batches after `position`, from the beginning without one. Ends when the source is exhausted
   * (standard input, a folder that is not watched) or `signal` aborts. Throws `AppError`; a
   * retryable one makes the caller ask again, with back-off, from the last position.
   */
  read(position: Position | undefined, signal: AbortSignal): AsyncIterable<SourceBatch>;
  status(): SourceStatus;
  /** An object that was handed over before, by name, to look at a record again; undefined if gone. */
  fetch?(name: string): Promise<Uint8Array | undefined>;
  /** Finds out whether the world is as configured; throws `AppError` saying what is not. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What a pushed body came to: taken and durable, or not now. */
export type PushResult =
  | {
      readonly ok: true;
      /** Deliveries taken: the parts of the body, not the events in them. */
      readonly records: number;
      /** The JSON body that the sender's protocol wants; else whatever the API answers. */
      readonly response?: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ok: false;
      readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 503;
      readonly detail: string;
      /** For `Retry-After`. */
      readonly afterMs?: number;
      readonly response?: Readonly<Record<string, string | number>>;
    };

/** A source that is given its payloads by HTTP requests. */
export interface PushSource extends Source {
  /** Why a body need not even be read, going by the headers alone; undefined if it must be. */
  refuses(headers: Headers): PushResult | undefined;
  /** Resolves when the body is durable, or cannot be taken; never rejects for what was sent. */
  push(headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<PushResult>;
}
