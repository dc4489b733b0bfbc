import {createHmac} from 'node:crypto';
import type {Alerter, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import {destinationUrl, post, resultOf} from './http-delivery.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly minScore: number;
  /** Key of the signature. Secret. */
  readonly secret: string;
  /** Sent with every request; may hold secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Any HTTP endpoint: JSON with a signature. `Oddtrail-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256
 * over `SECONDS.BODY`; `Idempotency-Key` is the same for every attempt at one revision.
 */
export function webhookAlerter(
  name: string,
  options: WebhookOptions,
  now: () => number = Date.now,
): Alerter {
  const url = destinationUrl(name, options.url);
  const timeoutMs = options.timeoutMs ?? 10_000;
  return {
    name,
    minScore: options.minScore,
    async deliver(delivery: Delivery, signal): Promise<DeliveryResult> {
      const body = webhookBody(delivery);
      const headers = {
        ...options.headers,
        'idempotency-key': idempotencyKey(delivery),
        'oddtrail-signature': signatureOf(options.secret, Math.floor(now() / 1000), body),
      };
      return resultOf(await post({url, headers, body, timeoutMs, signal}));
    },
    async close() {},
  };
}

export function webhookBody({id, revision, alert, news}: Delivery): string {
  return JSON.stringify({version: 1, id, revision, alert, news});
}

export function idempotencyKey({id, revision}: Pick<Delivery, 'id' | 'revision'>): string {
  // A header holds no line break and little beyond ASCII.
  return `${encodeURIComponent(id)}:${revision}`;
}

export function signatureOf(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
