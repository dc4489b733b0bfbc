import {parentPort, workerData} from 'node:worker_threads';
import {assert} from '../../base/assert.ts';
import {AppError} from '../../base/errors.ts';
import {Engine, type EngineResult, type EngineSnapshot} from './engine.ts';
import {
  buffersOf,
  type EngineAnswer,
  type EngineFailure,
  type EngineRequest,
  type EngineThreadData,
} from './engine-protocol.ts';
import {infoOf} from './local-engine.ts';

/** The body of the engine's thread: one answer for each request, in order. */
const port = parentPort;
assert(port !== null, 'this module is the body of a worker thread');
const {resources, snapshot, after, requests} = workerData as EngineThreadData;

let engine: Engine | undefined;
answer(0, () => {
  engine =
    snapshot === undefined ? new Engine(resources, after) : Engine.restore(snapshot, resources);
  return infoOf(engine);
});

requests.on('message', ({id, method, arguments: given}: EngineRequest) => {
  answer(id, () => {
    assert(engine !== undefined, 'the engine is open');
    if (method === 'info') return infoOf(engine);
    if (method === 'declared') return engine.declared;
    return (engine[method] as (...given: readonly unknown[]) => unknown).apply(engine, [...given]);
  });
});

function answer(id: number, work: () => unknown): void {
  let said: EngineAnswer;
  let buffers: ArrayBuffer[] = [];
  try {
    const value = work();
    said = {id, ok: true, value};
    buffers = transferOf(value);
  } catch (error) {
    said = {id, ok: false, error: failureOf(error)};
  }
  port?.postMessage(said, buffers);
}

function transferOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('commit' in value) return buffersOf((value as EngineResult).commit.observations);
  if ('streams' in value) {
    return (value as EngineSnapshot).streams.map(({bytes}) => bytes.buffer as ArrayBuffer);
  }
  return [];
}

function failureOf(error: unknown): EngineFailure {
  if (error instanceof AppError) {
    return {message: error.message, code: error.code, retryable: error.retryable};
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {message, code: null, retryable: false};
}
