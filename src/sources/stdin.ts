import {Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {AppError} from '../base/errors.ts';
import type {Payload, Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {completePrefix} from './complete-prefix.ts';
import {wait} from './wait.ts';

export interface StdinOptions {
  /** Standard input unless given. */
  readonly stream?: Readable;
  /** What came within so long comes together. Default 100 ms. */
  readonly gatherMs?: number;
  readonly batchBytes?: number;
  /** A document that grows beyond this is handed over in pieces, for what they are worth. */
  readonly maxObjectBytes?: number;
}

/**
 * JSON lines or whole documents from a pipe, cut between records. A pipe cannot be read twice: what
 * was read and not acknowledged when the process ends is lost.
 */
export function stdinSource(name: string, options: StdinOptions = {}): Source {
  return new StdinSource(name, options);
}

class StdinSource implements Source {
  readonly name: string;
  readonly kind = 'stdin';
  readonly #stream: Readable;
  readonly #gatherMs: number;
  readonly #batchBytes: number;
  readonly #maxObjectBytes: number;
  #pieces: AsyncGenerator<Buffer, void, void> | undefined;
  #coming: Promise<IteratorResult<Buffer, void>> | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** So much must be there before it is looked at without a pause. */
  #wanted: number;
  #ended = false;
  #offset = 0;
  /** Handed over and not acknowledged: handed over again when reading begins anew. */
  #unsafe = new Map<number, Payload>();
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  constructor(name: string, options: StdinOptions) {
    this.name = name;
    this.#stream = options.stream ?? process.stdin;
    this.#gatherMs = options.gatherMs ?? 100;
    this.#batchBytes = options.batchBytes ?? 4 * 1024 * 1024;
    this.#wanted = this.#batchBytes;
    this.#maxObjectBytes = options.maxObjectBytes ?? 256 * 1024 * 1024;
  }

  async *read(_position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    for (const [offset, payload] of [...this.#unsafe]) yield this.#batch(offset, payload);
    while (!signal.aborted) {
      this.#status = {state: 'waiting', detail: 'waiting for more on standard input'};
      if (!(await this.#gather(signal))) return;
      const bytes = this.#take();
      if (bytes !== undefined) {
        this.#status = {state: 'reading', detail: `${this.#offset} bytes so far`};
        const from = this.#offset;
        this.#offset += bytes.length;
        const payload = {name: `-#bytes=${from}-${this.#offset}`, bytes};
        this.#unsafe.set(from, payload);
        yield this.#batch(from, payload);
      }
      if (this.#ended && this.#heldBytes === 0) {
        this.#status = {state: 'finished', detail: 'standard input ended'};
        return;
      }
    }
  }

  #batch(offset: number, payload: Payload): SourceBatch {
    return {
      payloads: [payload],
      position: {v: 1, offset: offset + payload.bytes.length},
      ack: async () => {
        this.#unsafe.delete(offset);
      },
    };
  }

  /** Reads until there is something to hand over; false when aborted. */
  async #gather(signal: AbortSignal): Promise<boolean> {
    this.#pieces ??= inflated(this.#stream);
    const pieces = this.#pieces;
    let until = Number.POSITIVE_INFINITY;
    while (!this.#ended && this.#heldBytes < this.#wanted) {
      this.#coming ??= pieces.next();
      const left = until === Number.POSITIVE_INFINITY ? 2 ** 30 : until - performance.now();
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      let piece: IteratorResult<Buffer, void> | undefined;
      try {
        piece = await Promise.race([this.#coming, wait(left, either).then(() => undefined)]);
      } catch (cause) {
        throw new AppError('source_unreadable', `Cannot read standard input: ${String(cause)}`, {
          cause,
        });
      } finally {
        stop.abort();
      }
      if (signal.aborted) return false;
      if (piece === undefined) return true;
      this.#coming = undefined;
      if (piece.done === true) {
        this.#ended = true;
        break;
      }
      this.#held.push(Buffer.from(piece.value));
      this.#heldBytes += piece.value.length;
      until = Math.min(until, performance.now() + this.#gatherMs);
    }
    return true;
  }

  /** What is complete of what was gathered; all of it at the end. */
  #take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#heldBytes === 0) return undefined;
    const held = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const piece of this.#held) {
      held.set(piece, at);
      at += piece.length;
    }
    const whole = this.#ended || held.length >= this.#maxObjectBytes;
    const complete = whole ? held.length : completePrefix(held);
    this.#wanted = complete === 0 ? 2 * held.length + this.#batchBytes : this.#batchBytes;
    const rest = held.subarray(complete);
    this.#held = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.#heldBytes = rest.length;
    return complete === 0 ? undefined : held.slice(0, complete);
  }

  status(): SourceStatus {
    return this.#status;
  }

  async check(): Promise<void> {
    if (this.#stream.destroyed) {
      throw new AppError('source_unreadable', 'Standard input is closed');
    }
  }

  async close(): Promise<void> {
    // Not waited for: it comes after the next piece, which may never come.
    this.#pieces?.return().catch(() => {});
    this.#stream.destroy();
  }
}

/** The pieces of a stream, inflated if it begins like gzip: compressed, it could not be cut. */
async function* inflated(stream: Readable): AsyncGenerator<Buffer, void, void> {
  const pieces = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done === true) return;
  const rest = (async function* () {
    yield Buffer.from(first.value);
    for (;;) {
      const piece = await pieces.next();
      if (piece.done === true) return;
      yield Buffer.from(piece.value);
    }
  })();
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* rest;
    return;
  }
  const gunzip = createGunzip();
  Readable.from(rest)
    .on('error', (cause) => gunzip.destroy(cause))
    .pipe(gunzip);
  yield* gunzip as AsyncIterable<Buffer>;
}
