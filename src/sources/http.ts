import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';
import {AppError} from '../base/errors.ts';
import type {
  Payload,
  PushResult,
  PushSource,
  SourceBatch,
  SourceStatus,
} from '../pipeline/source.ts';
import {type HttpAuth, refusal, SIGNATURE_HEADER} from './http-auth.ts';
import {wait} from './wait.ts';

export interface HttpOptions {
  readonly auth: HttpAuth;
  /** A larger body is refused. Default 64 MiB, the most that Firehose sends. */
  readonly maxBodyBytes?: number;
  /** Beyond so much that waits to be made durable, senders are told to come back. */
  readonly maxPendingBytes?: number;
  readonly maxPendingRequests?: number;
  /** What comes within so long is made durable together. Default 10 ms. */
  readonly gatherMs?: number;
  readonly batchBytes?: number;
  /** A sender waits no longer than this for its body to be durable. Default 25 s. */
  readonly timeoutMs?: number;
}

const RETRY_MS = 5000;
const MOST_FIREHOSE_RECORDS = 20_000;
const inflate = promisify(gunzip);

interface Pending {
  readonly payloads: readonly Payload[];
  readonly bytes: number;
  readonly settle: (result: PushResult) => void;
}

/**
 * Bodies that others push: EventBridge API destinations, Firehose, anything that posts JSON. A
 * request is answered once its body is durable, so that nothing is lost between us and a sender
 * that tries again.
 */
export function httpSource(name: string, options: HttpOptions): PushSource {
  return new HttpSource(name, options);
}

const FIREHOSE_REQUEST = 'x-amz-firehose-request-id';

/** A result with the answer that Firehose reads, if it was Firehose that asked. */
function answerTo(headers: Headers, result: PushResult): PushResult {
  const requestId = headers.get(FIREHOSE_REQUEST);
  if (requestId === null) return result;
  // As the protocol has it: the same id in header and body, else the delivery counts as failed.
  const response = {requestId, timestamp: Date.now()};
  return result.ok
    ? {...result, response}
    : {...result, response: {...response, errorMessage: result.detail}};
}

class HttpSource implements PushSource {
  readonly name: string;
  readonly kind = 'http';
  readonly #auth: HttpAuth;
  readonly #options: Required<Omit<HttpOptions, 'auth'>>;
  #queue: Pending[] = [];
  /** Handed over, and not yet acknowledged. */
  #inWork = new Set<Pending>();
  #bytes = 0;
  #count = 0;
  #reading = false;
  #wake: () => void = () => {};
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  constructor(name: string, options: HttpOptions) {
    this.name = name;
    this.#auth = options.auth;
    this.#options = {
      maxBodyBytes: options.maxBodyBytes ?? 64 * 1024 * 1024,
      maxPendingBytes: options.maxPendingBytes ?? 96 * 1024 * 1024,
      maxPendingRequests: options.maxPendingRequests ?? 2000,
      gatherMs: options.gatherMs ?? 10,
      batchBytes: options.batchBytes ?? 4 * 1024 * 1024,
      timeoutMs: options.timeoutMs ?? 25_000,
    };
  }

  refuses(headers: Headers): PushResult | undefined {
    // A signature is over the body, so it is looked at when that is here.
    const signed = headers.has(SIGNATURE_HEADER) && (this.#auth.secrets ?? []).length > 0;
    const why = signed ? undefined : refusal(this.#auth, headers, new Uint8Array(0), Date.now());
    if (why !== undefined) return answerTo(headers, {ok: false, status: 401, detail: why});
    if (this.#reading) return undefined;
    return answerTo(headers, busy('the source is not being read now'));
  }

  async push(headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<PushResult> {
    const firehose = headers.has(FIREHOSE_REQUEST);
    return answerTo(headers, await this.#take(headers, body, firehose));
  }

  async #take(
    headers: Headers,
    body: Uint8Array<ArrayBuffer>,
    firehose: boolean,
  ): Promise<PushResult> {
    const {maxBodyBytes, maxPendingBytes, maxPendingRequests} = this.#options;
    if (body.length > maxBodyBytes) {
      return {ok: false, status: 413, detail: `more than ${maxBodyBytes} bytes`};
    }
    const why = refusal(this.#auth, headers, body, Date.now());
    if (why !== undefined) return {ok: false, status: 401, detail: why};
    if (!this.#reading) return busy('the source is not being read now');
    if (
      this.#bytes + body.length > maxPendingBytes ||
      this.#inWork.size + this.#queue.length >= maxPendingRequests
    ) {
      return busy('too much waits to be made durable');
    }
    // Counted from here on: what is being inflated takes room as well.
    this.#bytes += body.length;
    try {
      const name = `${this.name}/${Date.now().toString(36)}-${(this.#count++).toString(36)}`;
      const payloads = firehose
        ? await firehoseRecords(name, body, maxBodyBytes)
        : plainBody(name, body);
      if (typeof payloads === 'string') return {ok: false, status: 400, detail: payloads};
      if (payloads.length === 0) return {ok: true, records: 0};
      if (!this.#reading) return busy('the source is not being read now');
      return await this.#untilDurable(payloads, body.length);
    } finally {
      this.#bytes -= body.length;
    }
  }

  #untilDurable(payloads: readonly Payload[], bytes: number): Promise<PushResult> {
    return new Promise((resolve) => {
      const settle = (result: PushResult) => {
        clearTimeout(timer);
        resolve(result);
      };
      const pending: Pending = {payloads, bytes, settle};
      const timer = setTimeout(() => {
        // What is on its way goes on, and comes twice if the sender sends it again.
        this.#queue = this.#queue.filter((other) => other !== pending);
        this.#inWork.delete(pending);
        resolve(busy('it took too long to make it durable'));
      }, this.#options.timeoutMs);
      this.#queue.push(pending);
      this.#wake();
    });
  }

  async *read(_position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    this.#reading = true;
    this.#status = {state: 'waiting', detail: 'waiting for requests'};
    try {
      while (!signal.aborted) {
        if (this.#queue.length === 0) {
          const came = this.#count === 0 ? '' : `; ${this.#count} so far`;
          this.#status = {state: 'waiting', detail: `waiting for requests${came}`};
          const woken = new AbortController();
          this.#wake = () => woken.abort();
          await wait(2 ** 30, AbortSignal.any([signal, woken.signal]));
          if (signal.aborted) return;
          await wait(this.#options.gatherMs, signal);
        }
        const batch = this.#next();
        if (batch !== undefined) yield batch;
      }
    } finally {
      this.#reading = false;
      this.#status = {state: 'waiting', detail: 'not being read'};
      // What was handed over is still answered by its batch, or by the clock.
      for (const pending of this.#queue.splice(0)) pending.settle(busy('the service is stopping'));
    }
  }

  #next(): SourceBatch | undefined {
    const taken: Pending[] = [];
    let bytes = 0;
    while (this.#queue.length > 0 && bytes < this.#options.batchBytes) {
      const pending = this.#queue.shift() as Pending;
      taken.push(pending);
      this.#inWork.add(pending);
      bytes += pending.bytes;
    }
    if (taken.length === 0) return undefined;
    this.#status = {
      state: 'reading',
      detail: `${this.#count} requests so far`,
      backlog: this.#queue.length,
    };
    const settle = (result: (pending: Pending) => PushResult) => {
      for (const pending of taken) {
        this.#inWork.delete(pending);
        pending.settle(result(pending));
      }
    };
    return {
      payloads: taken.flatMap(({payloads}) => payloads),
      position: {v: 1},
      ack: async () => settle(({payloads}) => ({ok: true, records: payloads.length})),
      nack: async () => settle(() => busy('it could not be made durable')),
    };
  }

  status(): SourceStatus {
    return this.#status;
  }

  async check(): Promise<void> {
    const {tokens = [], secrets = [], open} = this.#auth;
    if (open === true || tokens.length + secrets.length > 0) return;
    throw new AppError('usage', `Source "${this.name}" has neither a token nor a signing secret`);
  }

  async close(): Promise<void> {
    this.#reading = false;
    for (const pending of this.#queue.splice(0)) pending.settle(busy('the service is stopping'));
  }
}

function busy(detail: string): PushResult {
  return {ok: false, status: 503, detail, afterMs: RETRY_MS};
}

/** The body as it is, or why it cannot be one of ours. */
function plainBody(name: string, body: Uint8Array<ArrayBuffer>): Payload[] | string {
  const first = body.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  if (first === undefined) return 'the body is empty';
  if (first !== 0x7b && first !== 0x5b && !isGzip(body)) {
    return 'the body is neither JSON nor gzip';
  }
  return [{name, bytes: body}];
}

/** The records of a Firehose delivery request, or what is wrong with it. */
async function firehoseRecords(
  name: string,
  body: Uint8Array<ArrayBuffer>,
  most: number,
): Promise<Payload[] | string> {
  let request: unknown;
  try {
    const text = isGzip(body) ? await inflate(body, {maxOutputLength: 2 * most}) : body;
    request = JSON.parse(new TextDecoder().decode(text));
  } catch {
    // Whatever is wrong with it, the sender is to be told and no more.
    return 'the body is not a delivery request of Firehose';
  }
  const records = (request as {records?: unknown} | null)?.records;
  if (!Array.isArray(records) || records.length > MOST_FIREHOSE_RECORDS) {
    return 'the body has no list of records, or too long a one';
  }
  const payloads: Payload[] = [];
  for (const [index, record] of records.entries()) {
    const data: unknown = record?.data;
    if (typeof data !== 'string') return `record ${index} has no data`;
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > 0) payloads.push({name: `${name}-${index}`, bytes: new Uint8Array(bytes)});
  }
  return payloads;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
