import {Worker} from 'node:worker_threads';
import {assert} from '../base/assert.ts';
import {AppError, messageOf} from '../base/errors.ts';
import type {EventBatch} from '../event/batch.ts';
import type {DecodeAnswer, DecodeRequest, DecodeSession} from './decode-protocol.ts';

/** A file to decode: it is read once, when its turn comes. */
export interface DecodeInput {
  readonly file: number;
  /** Bytes as stored, for the bound on what is read ahead; -1 when unknown. */
  readonly size: number;
  /** Where a thread can read the file itself, whole; without it, or threads, `pieces` is called. */
  readonly whole?: string | undefined;
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** What comes out, in the order of the inputs. */
export type Decoded =
  | {
      readonly kind: 'batch';
      readonly file: number;
      readonly decoder: number;
      readonly batch: EventBatch;
    }
  | {
      readonly kind: 'end';
      readonly file: number;
      readonly bytes: number;
      readonly error?: AppError;
    };

export interface DecodePoolOptions {
  /** Threads that inflate and scan; 0 does it all in the calling thread. */
  readonly workers: number;
  /** The module a thread runs; see `sources/file-thread.ts`. */
  readonly threadUrl: URL;
  /** Handed to each thread as it starts. */
  readonly threadData: unknown;
  /** For `workers: 0`. */
  readonly session: () => DecodeSession;
  /** Bytes as stored that may be on their way at once. */
  readonly maxAheadBytes?: number;
}

const MAX_AHEAD_BYTES = 16 * 1024 * 1024;
/** Pieces of one file that may wait in a thread. */
const MAX_PIECES_AHEAD = 3;

/**
 * Decodes files on several threads and gives their batches out in the order of the files, whatever
 * thread was first: the outcome is the same with any number of threads. What is read ahead is
 * bounded in bytes, and a large file's pieces by acknowledgement.
 */
export async function* decodeFiles(
  inputs: Iterable<DecodeInput>,
  options: DecodePoolOptions,
): AsyncGenerator<Decoded, void, undefined> {
  if (options.workers === 0) yield* decodeHere(inputs, options.session());
  else yield* decodeOnThreads(inputs, options);
}

async function* decodeHere(
  inputs: Iterable<DecodeInput>,
  session: DecodeSession,
): AsyncGenerator<Decoded, void, undefined> {
  for (const input of inputs) {
    const {file} = input;
    let bytesRead = 0;
    let error: AppError | undefined;
    let first = true;
    const pieces = input.pieces()[Symbol.asyncIterator]();
    let next = await nextPiece(pieces);
    for (;;) {
      let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
      let last = true;
      if (next instanceof AppError) error = next;
      else if (next !== undefined) {
        bytes = next;
        bytesRead += bytes.length;
        next = await nextPiece(pieces);
        last = next === undefined;
      }
      for (const batch of await session.handle({file, bytes, first, last})) {
        yield {kind: 'batch', file, decoder: 0, batch};
      }
      if (last) break;
      first = false;
    }
    yield {kind: 'end', file, bytes: bytesRead, ...(error && {error})};
  }
}

async function nextPiece(
  pieces: AsyncIterator<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer> | AppError | undefined> {
  try {
    const result = await pieces.next();
    return result.done === true ? undefined : result.value;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** One file on its way through a thread; the consumer waits for its turn. */
interface Lane {
  readonly file: number;
  readonly decoder: number;
  readonly ready: EventBatch[];
  size: number;
  bytes: number;
  waiting: number;
  done: boolean;
  error?: AppError;
}

async function* decodeOnThreads(
  inputs: Iterable<DecodeInput>,
  options: DecodePoolOptions,
): AsyncGenerator<Decoded, void, undefined> {
  const maxAhead = options.maxAheadBytes ?? MAX_AHEAD_BYTES;
  const lanes: Lane[] = [];
  let ahead = 0;
  let failure: AppError | undefined;
  let closing = false;
  // One bell for everything: whoever waits looks again at what it waits for.
  let ring: () => void = () => {};
  let bell = new Promise<void>((resolve) => {
    ring = resolve;
  });
  const wake = () => {
    const old = ring;
    bell = new Promise<void>((resolve) => {
      ring = resolve;
    });
    old();
  };
  const fail = (error: AppError) => {
    failure ??= error;
    wake();
  };

  const threads = Array.from({length: options.workers}, (_, decoder) => {
    const worker = new Worker(options.threadUrl, {workerData: options.threadData});
    const byFile = new Map<number, Lane>();
    worker.on('message', (answer: DecodeAnswer) => {
      const lane = byFile.get(answer.file);
      assert(lane !== undefined, `answer for file ${answer.file}, which was not sent`);
      if (answer.failure !== undefined) {
        fail(new AppError('worker_failed', `A decoding thread failed: ${answer.failure}`));
        return;
      }
      lane.ready.push(...answer.batches);
      lane.waiting--;
      lane.bytes += answer.read;
      if (answer.fault !== undefined) lane.error = new AppError('source_unreadable', answer.fault);
      if (answer.last) {
        lane.done = true;
        byFile.delete(answer.file);
        thread.queued -= lane.size;
      }
      wake();
    });
    worker.on('error', (cause) =>
      fail(new AppError('worker_failed', `A decoding thread failed: ${cause.message}`, {cause})),
    );
    worker.on('exit', () => {
      if (!closing) fail(new AppError('worker_failed', 'A decoding thread ended unasked'));
    });
    const thread = {worker, byFile, decoder, queued: 0};
    return thread;
  });

  const reader = (async () => {
    for (const input of inputs) {
      while (ahead >= maxAhead && !closing && failure === undefined) await bell;
      if (closing || failure !== undefined) return;
      const thread = threads.reduce((a, b) => (b.queued < a.queued ? b : a));
      const size = Math.max(input.size, 4096);
      thread.queued += size;
      ahead += size;
      const lane: Lane = {
        file: input.file,
        decoder: thread.decoder,
        ready: [],
        size,
        bytes: 0,
        waiting: 0,
        done: false,
      };
      lanes.push(lane);
      thread.byFile.set(input.file, lane);
      if (input.whole !== undefined) {
        lane.waiting++;
        const request: DecodeRequest = {file: input.file, path: input.whole};
        thread.worker.postMessage(request);
        continue;
      }
      const send = (bytes: Uint8Array<ArrayBuffer>, first: boolean, last: boolean) => {
        lane.bytes += bytes.length;
        lane.waiting++;
        const request: DecodeRequest = {file: input.file, bytes, first, last};
        thread.worker.postMessage(request, [bytes.buffer]);
      };
      const pieces = input.pieces()[Symbol.asyncIterator]();
      let first = true;
      let next = await nextPiece(pieces);
      for (;;) {
        if (next instanceof AppError) {
          lane.error = next;
          send(new Uint8Array(0), first, true);
          break;
        }
        if (next === undefined) {
          send(new Uint8Array(0), first, true);
          break;
        }
        const bytes = next;
        next = await nextPiece(pieces);
        const last = next === undefined;
        while (
          (lane.waiting >= MAX_PIECES_AHEAD || lane.ready.length > 64) &&
          !closing &&
          failure === undefined
        ) {
          await bell;
        }
        if (closing || failure !== undefined) return;
        send(bytes, first, last);
        first = false;
        if (last) break;
      }
    }
  })();
  let readerDone = false;
  reader.then(
    () => {
      readerDone = true;
      wake();
    },
    (cause: unknown) => {
      const message = messageOf(cause);
      fail(new AppError('source_unreadable', `Cannot read the trail: ${message}`, {cause}));
    },
  );

  try {
    let at = 0;
    for (;;) {
      if (failure !== undefined) throw failure;
      const lane = lanes[at];
      if (lane === undefined) {
        if (readerDone) return;
        await bell;
        continue;
      }
      while (lane.ready.length > 0) {
        const taken = lane.ready.splice(0);
        wake();
        for (const batch of taken) {
          yield {kind: 'batch', file: lane.file, decoder: lane.decoder, batch};
        }
      }
      if (lane.done && lane.ready.length === 0) {
        ahead -= lane.size;
        delete lanes[at];
        at++;
        wake();
        yield {
          kind: 'end',
          file: lane.file,
          bytes: lane.bytes,
          ...(lane.error && {error: lane.error}),
        };
        continue;
      }
      if (failure === undefined) await bell;
    }
  } finally {
    closing = true;
    wake();
    await Promise.all(threads.map(({worker}) => worker.terminate()));
  }
}
