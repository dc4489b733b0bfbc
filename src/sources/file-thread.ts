import {parentPort, workerData} from 'node:worker_threads';
import {assert} from '../base/assert.ts';
import {AppError} from '../base/errors.ts';
import type {DecodeAnswer, DecodeRequest} from '../pipeline/decode-protocol.ts';
import {transferables} from '../pipeline/decode-protocol.ts';
import {type DecodeSettings, openDecodeSession} from '../pipeline/decode-session.ts';
import {readWhole} from './files.ts';

/** The body of a decoding thread: requests in, batches out, one answer for each, in order. */
const port = parentPort;
assert(port !== null, 'this module is the body of a worker thread');
const session = openDecodeSession(workerData as DecodeSettings);
let turn: Promise<void> = Promise.resolve();

port.on('message', (request: DecodeRequest) => {
  turn = turn.then(async () => {
    let answer: DecodeAnswer;
    try {
      answer = await answered(request);
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      answer = {file: request.file, batches: [], read: 0, last: true, failure};
    }
    port.postMessage(answer, transferables(answer.batches));
  });
});

async function answered(request: DecodeRequest): Promise<DecodeAnswer> {
  const {file} = request;
  if (request.bytes !== undefined) {
    const batches = await session.handle(request);
    return {file, batches, read: 0, last: request.last};
  }
  let bytes = new Uint8Array(0);
  let fault: string | undefined;
  try {
    bytes = readWhole(request.path);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    fault = error.message;
  }
  const batches = await session.handle({file, bytes, first: true, last: true});
  return {file, batches, read: bytes.length, last: true, ...(fault !== undefined && {fault})};
}
