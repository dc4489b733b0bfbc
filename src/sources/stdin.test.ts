import {PassThrough} from 'node:stream';
import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {
  documentOf,
  idsUpTo,
  readUntil,
  recordOf,
  sourceContract,
} from '../../test/contract/source.ts';
import {stdinSource} from './stdin.ts';

const line = (id: string) => `${JSON.stringify(recordOf(id))}\n`;

sourceContract(
  'stdin',
  async () => {
    const stream = new PassThrough();
    return {
      open: () => stdinSource('pipe', {stream, gatherMs: 10}),
      async deliver(ids) {
        for (const id of ids) stream.write(line(id));
      },
      async close() {
        stream.destroy();
      },
    };
  },
  {survivesRestart: false},
);

test('cuts between records, never within, and hands over the rest at the end', async () => {
  const stream = new PassThrough();
  const text = idsUpTo(50).map(line).join('');
  const source = stdinSource('pipe', {stream, gatherMs: 1});
  const writing = (async () => {
    for (let at = 0; at < text.length; at += 777) {
      stream.write(text.slice(at, at + 777));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    stream.end('{"eventI');
  })();
  const {ids, batches} = await readUntil(source, undefined, () => false);
  await writing;
  expect(ids).toEqual(idsUpTo(50));
  const last = batches.pop();
  for (const {payloads} of batches) {
    expect(Buffer.from(payloads[0]?.bytes ?? []).toString()).toMatch(/^\{.*\}\n$/s);
  }
  expect(Buffer.from(last?.payloads[0]?.bytes ?? []).toString()).toMatch(/\{"eventI$/);
  expect(source.status().state).toBe('finished');
});

test('takes whole documents and gzip', async () => {
  for (const bytes of [Buffer.from(documentOf(idsUpTo(5))), gzipSync(documentOf(idsUpTo(5)))]) {
    const stream = new PassThrough();
    const source = stdinSource('pipe', {stream, gatherMs: 1, batchBytes: 100});
    for (let at = 0; at < bytes.length; at += 100) stream.write(bytes.subarray(at, at + 100));
    stream.end();
    expect((await readUntil(source, undefined, () => false)).ids).toEqual(idsUpTo(5));
  }
});

test('what was read and not acknowledged comes again', async () => {
  const stream = new PassThrough();
  stream.write(line('event-0'));
  const source = stdinSource('pipe', {stream, gatherMs: 1});
  await readUntil(source, undefined, ({ids}) => ids.length > 0, {ack: false});
  stream.end(line('event-1'));
  expect((await readUntil(source, undefined, () => false)).ids).toEqual(idsUpTo(2));
});
