import {MessageChannel, Worker} from 'node:worker_threads';
import {AppError} from '../../base/errors.ts';
import {Engine, type EngineResult, type EngineSnapshot, setupsOf} from './engine.ts';
import type {
  DecodeThreadData,
  EngineAnswer,
  EngineClient,
  EngineFailure,
  EngineInfo,
  EngineRequest,
  EngineThreadData,
} from './engine-protocol.ts';
import type {EngineResources} from './entry-decoder.ts';
import {LocalEngine} from './local-engine.ts';

export interface OpenEngineOptions {
  readonly resources: EngineResources;
  readonly snapshot: EngineSnapshot | undefined;
  /** Without a snapshot: the entry after which it begins. */
  readonly after: number;
  /** In a thread of its own, as it should be unless a test looks into it. */
  readonly threaded: boolean;
  /** Called once, when the thread has ended unasked or cannot be trusted any more. */
  readonly onFailure: (error: AppError) => void;
}

/**
 * Opens an engine.
 * @throws AppError what `Engine.restore` throws; `worker_failed`
 */
export async function openEngine(options: OpenEngineOptions): Promise<EngineClient> {
  const {resources, snapshot, threaded, after} = options;
  if (!threaded) {
    return new LocalEngine(
      snapshot === undefined ? new Engine(resources, after) : Engine.restore(snapshot, resources),
    );
  }
  return ThreadEngine.open(options);
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
}

class ThreadEngine implements EngineClient {
  /** Every request goes through this one, which decodes, to the engine's; answers come from there. */
  readonly #decoder: Worker;
  readonly #worker: Worker;
  /** Id of the request that is being decoded, or 0. */
  readonly #decoding = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending = new Map<number, Pending>();
  readonly #onFailure: (error: AppError) => void;
  #next = 1;
  #failure: AppError | undefined;
  #closing = false;

  private constructor({resources, snapshot, after, onFailure}: OpenEngineOptions) {
    this.#onFailure = onFailure;
    const {port1: engine, port2: requests} = new MessageChannel();
    const ahead: DecodeThreadData = {
      resources,
      setups: snapshot === undefined ? [] : setupsOf(snapshot),
      engine,
      current: this.#decoding,
    };
    this.#decoder = new Worker(urlOf('decode-thread'), {workerData: ahead, transferList: [engine]});
    const data: EngineThreadData = {resources, snapshot, after, requests};
    const bytes = snapshot?.streams.map((stream) => stream.bytes.buffer as ArrayBuffer) ?? [];
    this.#worker = new Worker(urlOf('engine-thread'), {
      workerData: data,
      transferList: [requests, ...bytes],
    });
    this.#worker.on('message', (answer: EngineAnswer) => this.#answered(answer));
    // Requests are answered in order: what the engine died of is the oldest.
    this.#watch(this.#worker, () => this.#oldest);
    // The decoder is further on.
    this.#watch(this.#decoder, () => Atomics.load(this.#decoding, 0) || undefined);
  }

  #watch(worker: Worker, culprit: () => number | undefined): void {
    worker.on('error', (cause) => this.#fail(culprit(), cause.message, cause));
    worker.on('exit', (code) => {
      if (!this.#closing) this.#fail(culprit(), `it ended with code ${code}`);
    });
  }

  static async open(options: OpenEngineOptions): Promise<ThreadEngine> {
    const engine = new ThreadEngine(options);
    try {
      await new Promise<unknown>((resolve, reject) => {
        engine.#pending.set(0, {resolve, reject});
      });
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  process(
    number: number,
    entry: unknown,
    payloads: readonly Uint8Array[],
    skip?: string,
  ): Promise<EngineResult> {
    // Copies: a buffer may be part of a larger one, or still be looked at by its source.
    const copies = payloads.map((payload) => new Uint8Array(payload));
    return this.#ask(
      'process',
      [number, entry, copies, skip],
      copies.map(({buffer}) => buffer),
    ) as Promise<EngineResult>;
  }

  info(): Promise<EngineInfo> {
    return this.#ask('info', []) as Promise<EngineInfo>;
  }

  snapshot(): Promise<EngineSnapshot> {
    return this.#ask('snapshot', []) as Promise<EngineSnapshot>;
  }

  score(...given: Parameters<Engine['score']>): Promise<ReturnType<Engine['score']>> {
    return this.#ask('score', given) as Promise<ReturnType<Engine['score']>>;
  }

  check(...given: Parameters<Engine['check']>): Promise<boolean> {
    return this.#ask('check', given) as Promise<boolean>;
  }

  profile(...given: Parameters<Engine['profile']>): Promise<ReturnType<Engine['profile']>> {
    return this.#ask('profile', given) as Promise<ReturnType<Engine['profile']>>;
  }

  contexts(): Promise<ReturnType<Engine['contexts']>> {
    return this.#ask('contexts', []) as Promise<ReturnType<Engine['contexts']>>;
  }

  declared(): Promise<Engine['declared']> {
    return this.#ask('declared', []) as Promise<Engine['declared']>;
  }

  detections(): Promise<ReturnType<Engine['detections']>> {
    return this.#ask('detections', []) as Promise<ReturnType<Engine['detections']>>;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#terminate();
    this.#rejectAll(new AppError('interrupted', 'The engine was closed'));
  }

  #ask(
    method: EngineRequest['method'],
    given: readonly unknown[],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#next++;
    const request: EngineRequest = {id, method, arguments: given};
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {resolve, reject});
      this.#decoder.postMessage(request, transfer);
    });
  }

  #answered(answer: EngineAnswer): void {
    if (!answer.ok && answer.error.code === null) {
      // What it was doing is half done: nothing it says from here on can be relied on.
      this.#fail(answer.id, answer.error.message);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.value);
    else if (answer.error.code !== null) {
      pending?.reject(appErrorOf(answer.error, answer.error.code));
    }
  }

  async #terminate(): Promise<void> {
    await Promise.all([this.#decoder.terminate(), this.#worker.terminate()]);
  }

  get #oldest(): number | undefined {
    for (const id of this.#pending.keys()) return id;
    return undefined;
  }

  /** @param culprit the request that it failed at: that one alone is told so. */
  #fail(culprit: number | undefined, why: string, cause?: unknown): void {
    if (this.#failure !== undefined || this.#closing) return;
    const failure = new AppError('worker_failed', `The engine's thread failed: ${why}`, {
      cause,
      retryable: true,
    });
    this.#failure = failure;
    const pending = culprit === undefined ? undefined : this.#pending.get(culprit);
    if (culprit !== undefined) this.#pending.delete(culprit);
    pending?.reject(failure);
    const lost = 'The engine failed at something else';
    this.#rejectAll(new AppError('interrupted', lost, {cause: failure, retryable: true}));
    void this.#terminate();
    this.#onFailure(failure);
  }

  #rejectAll(error: AppError): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const {reject} of pending) reject(error);
  }
}

function urlOf(thread: string): URL {
  const compiled = import.meta.url.endsWith('.ts') ? '../../../dist/app/service' : '.';
  return new URL(`${compiled}/${thread}.js`, import.meta.url);
}

function appErrorOf(
  {message, retryable}: EngineFailure,
  code: NonNullable<EngineFailure['code']>,
): AppError {
  return new AppError(code, message, {retryable});
}
