import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import {assert} from '../../base/assert.ts';
import {transferables} from '../../pipeline/decode-protocol.ts';
import type {DecodeThreadData, EngineRequest, ProcessArguments} from './engine-protocol.ts';
import {EntryDecoder} from './entry-decoder.ts';

/** The body of the thread before the engine's: passes every request on, payloads decoded. */
const port = parentPort;
assert(port !== null, 'this module is the body of a worker thread');
const {resources, setups, engine, current} = workerData as DecodeThreadData;
const decoder = new EntryDecoder(resources, setups);

port.on('message', (request: EngineRequest) => {
  if (request.method !== 'process') {
    engine.postMessage(request);
    return;
  }
  Atomics.store(current, 0, request.id);
  pass(engine, request, request.arguments as ProcessArguments);
  Atomics.store(current, 0, 0);
});

function pass(
  to: MessagePort,
  request: EngineRequest,
  [number, entry, payloads, skip]: ProcessArguments,
): void {
  const decoded = skip === undefined ? decoder.take(entry, payloads) : undefined;
  const given: ProcessArguments = [number, entry, payloads, skip, decoded];
  to.postMessage({...request, arguments: given}, [
    ...payloads.map(({buffer}) => buffer as ArrayBuffer),
    ...(decoded ?? []).flatMap(({batches}) => transferables(batches)),
    ...(decoded ?? []).flatMap(({object}) => object?.buffer ?? []),
  ]);
}
