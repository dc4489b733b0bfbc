import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {AppError} from '../base/errors.ts';
import {
  type Decoded,
  type DecodeInput,
  type DecodePoolOptions,
  decodeFiles,
} from './decode-pool.ts';
import type {PieceRequest} from './decode-protocol.ts';

/** A thread that answers each piece with a batch that says which it was, after a while. */
const ECHO = `
  let turn = Promise.resolve();
  let piece = 0;
  parentPort.on('message', ({file, bytes, first, last}) => {
    if (first) piece = 0;
    const index = piece++;
    turn = turn.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, (file * 7 + index * 3) % 11));
      parentPort.postMessage({file, last, read: 0, batches: [{file, count: index, bytes: bytes.length}]});
    });
  });`;

function thread(body: string): URL {
  const source = `import {parentPort, workerData} from 'node:worker_threads';${body}`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function options(workers: number, body = ECHO): DecodePoolOptions {
  return {
    workers,
    threadUrl: thread(body),
    threadData: {},
    session: () => {
      let piece = 0;
      return {
        handle({file, bytes, first}: PieceRequest) {
          if (first) piece = 0;
          return Promise.resolve([{file, count: piece++, bytes: bytes.length} as never]);
        },
      };
    },
  };
}

function input(
  file: number,
  pieces: readonly (number | Error)[],
  onOpen?: () => void,
): DecodeInput {
  return {
    file,
    size: 4096,
    async *pieces() {
      onOpen?.();
      for (const piece of pieces) {
        if (piece instanceof Error) throw piece;
        yield new Uint8Array(piece);
        await sleep(0);
      }
    },
  };
}

async function all(decoded: AsyncIterable<Decoded>): Promise<string[]> {
  const out: string[] = [];
  for await (const each of decoded) {
    if (each.kind === 'batch') out.push(`${each.file}.${each.batch.count}`);
    else out.push(`${each.file} ${each.bytes}${each.error ? ` ${each.error.code}` : ''}`);
  }
  return out;
}

const files = () => Array.from({length: 24}, (_, i) => input(i, Array(1 + (i % 4)).fill(10 + i)));

test('gives out the files in their order, whatever the number of threads', async () => {
  const wanted = await all(decodeFiles(files(), options(0)));
  expect(wanted.slice(0, 5)).toEqual(['0.0', '0 10', '1.0', '1.1', '1 22']);
  for (const workers of [1, 2, 3]) {
    expect(await all(decodeFiles(files(), options(workers)))).toEqual(wanted);
  }
});

test('a source that fails is a fault of its file alone, and what it gave before counts', async () => {
  const fault = new AppError('source_unreadable', 'gone');
  const inputs = () => [input(0, [5]), input(1, [fault]), input(2, [5, 5, fault]), input(3, [5])];
  const wanted = await all(decodeFiles(inputs(), options(0)));
  expect(wanted.filter((each) => each.includes(' '))).toEqual([
    '0 5',
    '1 0 source_unreadable',
    '2 10 source_unreadable',
    '3 5',
  ]);
  const threads = await all(decodeFiles(inputs(), options(2)));
  expect(threads.filter((each) => each.includes(' '))).toEqual(
    wanted.filter((each) => each.includes(' ')),
  );
});

test.each([
  [
    'says so',
    `parentPort.on('message', ({file}) => parentPort.postMessage({file, batches: [], read: 0, last: true, failure: 'so'}));`,
    'failed: so',
  ],
  ['throws', `parentPort.on('message', () => { throw new Error('thrown'); });`, 'failed: thrown'],
  ['leaves', `parentPort.on('message', () => process.exit(0));`, 'ended unasked'],
  ['cannot start', `throw new Error('no start');`, 'failed: no start'],
])('a thread that %s ends the run with worker_failed', async (_, body, message) => {
  const run = all(decodeFiles(files(), options(2, body)));
  await expect(run).rejects.toMatchObject({code: 'worker_failed'});
  await expect(run).rejects.toThrow(message);
});

test('a fault of the program in a source is not taken for one of the world silently', async () => {
  const inputs = () => [input(0, [5]), input(1, [new TypeError('ours')])];
  await expect(all(decodeFiles(inputs(), options(0)))).rejects.toThrow('ours');
  await expect(all(decodeFiles(inputs(), options(1)))).rejects.toThrow('ours');
});

test('reads no further ahead than it may', async () => {
  let opened = 0;
  const inputs = Array.from({length: 100}, (_, i) => input(i, [8], () => opened++));
  const decoded = decodeFiles(inputs, {...options(2), maxAheadBytes: 10 * 4096});
  await decoded.next();
  await sleep(200);
  expect(opened).toBeGreaterThan(1);
  expect(opened).toBeLessThanOrEqual(11);
  await decoded.return();
});

test('a large file waits for its thread', async () => {
  let given = 0;
  const large: DecodeInput = {
    file: 0,
    size: -1,
    async *pieces() {
      for (; given < 1000; given++) yield new Uint8Array(8);
    },
  };
  const silent = `parentPort.on('message', () => {});`;
  const decoded = decodeFiles([large], options(1, silent));
  const first = decoded.next();
  await sleep(200);
  expect(given).toBeLessThan(10);
  void first;
  void decoded.return();
});

test('closing early ends the threads', async () => {
  const alive = new Int32Array(new SharedArrayBuffer(4));
  const body = `${ECHO} setInterval(() => Atomics.add(workerData, 0, 1), 1);`;
  const decoded = decodeFiles(files(), {...options(2, body), threadData: alive});
  await decoded.next();
  await decoded.return();
  const then = Atomics.load(alive, 0);
  await sleep(50);
  expect(then).toBeGreaterThan(0);
  expect(Atomics.load(alive, 0)).toBe(then);
});
