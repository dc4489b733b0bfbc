import {Worker} from 'node:worker_threads';
import {AppError} from '../../base/errors.ts';
import {Engine, type EngineResources, type EngineResult, type EngineSnapshot} from './engine.ts';
import type {
  EngineAnswer,
  EngineClient,
  EngineFailure,
  EngineInfo,
  EngineRequest,
  EngineThreadData,
} from './engine-protocol.ts';
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
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #onFailure: (error: AppError) => void;
  #next = 1;
  #failure: AppError | undefined;
  #closing = false;

  private constructor({resources, snapshot, after, onFailure}: OpenEngineOptions) {
    this.#onFailure = onFailure;
    const data: EngineThreadData = {resources, snapshot, after};
    const url = new URL(
      import.meta.url.endsWith('.ts')
        ? '../../../dist/app/service/engine-thread.js'
        : './engine-thread.js',
      import.meta.url,
    );
    this.#worker = new Worker(url, {
      workerData: data,
      transferList: snapshot?.streams.map(({bytes}) => bytes.buffer as ArrayBuffer) ?? [],
    });
    this.#worker.on('message', (answer: EngineAnswer) => this.#answered(answer));
    // Requests are answered in order: what it died of is the oldest.
    this.#worker.on('error', (cause) => this.#fail(this.#oldest, cause.message, cause));
    this.#worker.on('exit', (code) => {
      if (!this.#closing) this.#fail(this.#oldest, `it ended with code ${code}`);
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
    await this.#worker.terminate();
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
      this.#worker.postMessage(request, transfer);
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
    void this.#worker.terminate();
    this.#onFailure(failure);
  }

  #rejectAll(error: AppError): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const {reject} of pending) reject(error);
  }
}

function appErrorOf(
  {message, retryable}: EngineFailure,
  code: NonNullable<EngineFailure['code']>,
): AppError {
  return new AppError(code, message, {retryable});
}
