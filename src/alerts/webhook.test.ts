import {createHmac, timingSafeEqual} from 'node:crypto';
import {expect, test} from 'vitest';
import {deliveryOf, destination, testHttpAlerter} from '../../test/contract/alerter.ts';
import {webhookAlerter} from './webhook.ts';

testHttpAlerter('webhook', {
  make: (url, timeoutMs) =>
    webhookAlerter('hook', {url, timeoutMs, minScore: 0.5, secret: 's3cret'}),
});

test('a receiver can check who sent it, and that it is no repeat', async () => {
  const {url, received} = await destination((_, response) => response.end('ok'));
  const alerter = webhookAlerter(
    'hook',
    {url, minScore: 0.5, secret: 's3cret', headers: {authorization: 'Bearer x'}},
    () => 1_700_000_000_500,
  );
  await alerter.deliver(deliveryOf(), new AbortController().signal);
  await alerter.deliver(deliveryOf(), new AbortController().signal);
  const [one, two] = received;
  expect(one?.headers.authorization).toBe('Bearer x');
  expect(one?.headers['idempotency-key']).toBe(two?.headers['idempotency-key']);
  const [, seconds = '', mac = ''] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(one?.headers['oddtrail-signature'])) ?? [];
  expect(seconds).toBe('1700000000');
  const wanted = createHmac('sha256', 's3cret').update(`${seconds}.${one?.body}`).digest();
  expect(timingSafeEqual(wanted, Buffer.from(mac, 'hex'))).toBe(true);
});
