import {parentPort, workerData} from 'node:worker_threads';
import {assert} from '../base/assert.ts';
import type {DecodeAnswer, DecodeRequest} from './decode-protocol.ts';
import {transferables} from './decode-protocol.ts';
import {type DecodeSettings, openDecodeSession} from './decode-session.ts';

/** The body of a decoding thread: requests in, batches out, one answer for each, in order. */
const port = parentPort;
assert(port !== null, 'this module is the body of a worker thread');
const session = openDecodeSession(workerData as DecodeSettings);
let turn: Promise<void> = Promise.resolve();

port.on('message', (request: DecodeRequest) => {
  turn = turn.then(async () => {
    let answer: DecodeAnswer;
    try {
      const batches = await session.handle(request);
      answer = {file: request.file, batches, last: request.last};
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      answer = {file: request.file, batches: [], last: true, failure};
    }
    port.postMessage(answer, transferables(answer.batches));
  });
});
