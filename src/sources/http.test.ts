import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {documentOf, idsOf, idsUpTo, recordOf, sourceContract} from '../../test/contract/source.ts';
import type {PushSource} from '../pipeline/source.ts';
import {type HttpOptions, httpSource} from './http.ts';
import {signatureOf} from './http-auth.ts';

const bytesOf = (text: string | Buffer) => new Uint8Array(Buffer.from(text as string));
const bearer = (token = 'right') => new Headers({authorization: `Bearer ${token}`});

sourceContract(
  'http',
  async () => {
    const waiting: string[][] = [];
    let source: PushSource | undefined;
    const push = async (ids: readonly string[]) => {
      // As senders do: again and again until it is taken.
      for (;;) {
        const result = await source?.push(bearer(), bytesOf(documentOf(ids)));
        if (result?.ok === true) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return {
      open() {
        source = httpSource('push', {auth: {tokens: ['right']}});
        for (const ids of waiting.splice(0)) push(ids).catch(() => {});
        return source;
      },
      async deliver(ids) {
        if (source === undefined) waiting.push([...ids]);
        else push(ids).catch(() => {});
      },
      async close() {},
    };
  },
  {survivesRestart: false},
);

/** A source that is read, and what it handed over; batches are acknowledged by hand. */
function reading(options: Partial<HttpOptions> = {}) {
  const source = httpSource('push', {auth: {tokens: ['right']}, gatherMs: 1, ...options});
  const stop = new AbortController();
  const batches = source.read(undefined, stop.signal)[Symbol.asyncIterator]();
  const next = batches.next();
  return {
    source,
    stop,
    async take() {
      const result = await next;
      if (result.done === true) throw new Error('no batch');
      return result.value;
    },
  };
}

test('answers only once the batch is durable', async () => {
  const {source, take, stop} = reading();
  let answered = false;
  const push = source.push(bearer(), bytesOf(documentOf(idsUpTo(2)))).then((result) => {
    answered = true;
    return result;
  });
  const batch = await take();
  expect(idsOf(batch)).toEqual(idsUpTo(2));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(answered).toBe(false);
  await batch.ack();
  expect(await push).toEqual({ok: true, records: 1});
  stop.abort();
});

test('what was handed over before the end of reading is answered by its batch', async () => {
  const {source, take, stop} = reading();
  const push = source.push(bearer(), bytesOf(documentOf(['event-0'])));
  const batch = await take();
  stop.abort();
  await source.close();
  expect(await source.push(bearer(), bytesOf('{}'))).toMatchObject({status: 503});
  await batch.ack();
  expect(await push).toMatchObject({ok: true});
});

test('says 503 with a time when it is not read, behind, not durable, or too slow', async () => {
  const idle = httpSource('push', {auth: {open: true}});
  const busy = {ok: false, status: 503, afterMs: 5000};
  const body = bytesOf(documentOf(['event-0']));
  expect(await idle.push(new Headers(), body)).toMatchObject(busy);

  const full = reading({maxPendingBytes: body.length + 1});
  const first = full.source.push(bearer(), body);
  expect(await full.source.push(bearer(), body)).toMatchObject(busy);
  const batch = await full.take();
  await batch.nack?.(new Error('disk full'));
  expect(await first).toMatchObject(busy);
  full.stop.abort();

  const slow = reading({timeoutMs: 30});
  expect(await slow.source.push(bearer(), body)).toMatchObject(busy);
  slow.stop.abort();
});

test('a token is taken from the three headers that senders use, a wrong one from none', async () => {
  for (const header of ['authorization', 'x-api-key', 'x-amz-firehose-access-key']) {
    const {source, take, stop} = reading();
    const value = (token: string) => (header === 'authorization' ? `Bearer ${token}` : token);
    const body = bytesOf(JSON.stringify({detail: recordOf('event-0')}));
    const pushed = (token: string) => source.push(new Headers({[header]: value(token)}), body);
    expect(await pushed('wrong')).toMatchObject({ok: false, status: 401});
    const right = pushed('right');
    await (await take()).ack();
    expect(await right).toMatchObject({ok: true});
    stop.abort();
  }
  const {source, stop} = reading();
  expect(await source.push(new Headers(), bytesOf('{}'))).toMatchObject({status: 401});
  stop.abort();
});

test('a signature holds for one body and for a while', async () => {
  const {source, take, stop} = reading({auth: {secrets: ['old', 'new']}});
  const body = bytesOf(documentOf(['event-0']));
  const now = Math.floor(Date.now() / 1000);
  const push = (signature: string, of = body) =>
    source.push(new Headers({'x-oddtrail-signature': signature}), of);
  expect(await push(signatureOf('other', body, now))).toMatchObject({status: 401});
  expect(await push(signatureOf('new', body, now - 301))).toMatchObject({status: 401});
  expect(await push(signatureOf('new', body, now + 301))).toMatchObject({status: 401});
  expect(await push(signatureOf('new', body, now), bytesOf('{}'))).toMatchObject({status: 401});
  expect(await push('t=1,v1=')).toMatchObject({status: 401});
  expect(await push('nonsense')).toMatchObject({status: 401});
  const right = push(signatureOf('new', body, now - 100));
  await (await take()).ack();
  expect(await right).toMatchObject({ok: true});
  stop.abort();
});

test('speaks the delivery protocol of Firehose', async () => {
  const {source, take, stop} = reading();
  const headers = new Headers({
    'x-amz-firehose-protocol-version': '1.0',
    'x-amz-firehose-request-id': 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f',
    'x-amz-firehose-access-key': 'right',
  });
  const data = [gzipSync(documentOf(['event-0'])), Buffer.from(documentOf(['event-1']))];
  const body = JSON.stringify({
    requestId: 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f',
    timestamp: 1578090901599,
    records: data.map((bytes) => ({data: bytes.toString('base64')})),
  });
  const push = source.push(headers, bytesOf(gzipSync(body)));
  const batch = await take();
  expect(idsOf(batch)).toEqual(idsUpTo(2));
  await batch.ack();
  const result = await push;
  expect(result).toMatchObject({ok: true, records: 2});
  expect(Object.keys(result.ok ? (result.response ?? {}) : {})).toEqual(['requestId', 'timestamp']);
  headers.set('x-amz-firehose-access-key', 'wrong');
  expect(await source.push(headers, bytesOf(body))).toMatchObject({
    status: 401,
    response: {
      requestId: 'ed4acda5-034f-9f42-bba1-f29aea6d7d8f',
      timestamp: expect.any(Number),
      errorMessage: 'the token is not known',
    },
  });
  headers.set('x-amz-firehose-access-key', 'right');
  for (const wrong of ['{"records":5}', 'null', '[', '{"records":[{}]}']) {
    expect(await source.push(headers, bytesOf(wrong))).toMatchObject({status: 400});
  }
  stop.abort();
});

test('refuses what is too large, empty, or no JSON', async () => {
  const {source, stop} = reading({maxBodyBytes: 100});
  expect(await source.push(bearer(), new Uint8Array(101))).toMatchObject({status: 413});
  expect(await source.push(bearer(), bytesOf(' \n'))).toMatchObject({status: 400});
  expect(await source.push(bearer(), bytesOf('hello'))).toMatchObject({status: 400});
  stop.abort();
});

test('without a token or a secret it is not set up', async () => {
  await expect(httpSource('push', {auth: {}}).check()).rejects.toMatchObject({code: 'usage'});
  await httpSource('push', {auth: {open: true}}).check();
});

test('refuses by the headers alone whom it does not know, before a body is read', () => {
  const source = httpSource('push', {auth: {tokens: ['sesame'], secrets: ['s3cret']}});
  const of = (headers: Record<string, string>) => source.refuses(new Headers(headers));
  expect(of({})).toMatchObject({ok: false, status: 401});
  expect(of({authorization: 'Bearer wrong'})).toMatchObject({ok: false, status: 401});
  // Known, but nobody reads the source yet.
  expect(of({authorization: 'Bearer sesame'})).toMatchObject({ok: false, status: 503});
  expect(of({'x-oddtrail-signature': 't=1,v1=00'})).toMatchObject({ok: false, status: 503});
  expect(of({'x-amz-firehose-request-id': 'r-1'})).toMatchObject({
    status: 401,
    response: {requestId: 'r-1', errorMessage: 'no token and no signature was presented'},
  });
});
