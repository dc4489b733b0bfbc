import {request as httpRequest} from 'node:http';
import {request as httpsRequest} from 'node:https';
import {AppError} from '../base/errors.ts';
import type {DeliveryResult} from '../pipeline/alert.ts';
import {oneLine} from './text.ts';

export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The beginning of the body. */
  readonly body: string;
}

export type Posted =
  | {readonly ok: true; readonly answer: HttpAnswer}
  | {readonly ok: false; readonly reason: string};

/** How much of an answer is looked at; the rest is not waited for. */
const MAX_ANSWER_BYTES = 4096;
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * One POST, without following redirects: an alert goes where it was configured to go and nowhere
 * else. The reason of a failure names the kind of failure, never the address, which may be secret.
 */
export function post({url, headers, body, timeoutMs, signal}: HttpPost): Promise<Posted> {
  const payload = Buffer.from(body, 'utf8');
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    let settled = false;
    const settle = (posted: Posted) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(posted);
      request.destroy();
    };
    const onAbort = () => settle({ok: false, reason: 'stopped'});
    const request = send(
      url,
      {
        method: 'POST',
        // No connection is kept: alerts are few, and a stale one would cost an attempt.
        agent: false,
        headers: {
          'user-agent': 'oddtrail',
          'content-type': 'application/json',
          ...headers,
          'content-length': payload.length,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        const done = () =>
          settle({
            ok: true,
            answer: {
              status: response.statusCode ?? 0,
              retryAfterMs: retryAfterOf(response.headers['retry-after']),
              body: Buffer.concat(parts).toString('utf8').slice(0, MAX_ANSWER_BYTES),
            },
          });
        response.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size >= MAX_ANSWER_BYTES) done();
        });
        response.on('end', done);
        // The status has arrived, and it is the status that counts.
        response.on('error', done);
        response.on('aborted', done);
      },
    );
    const timer = setTimeout(
      () => settle({ok: false, reason: `no answer within ${timeoutMs / 1000} s`}),
      timeoutMs,
    );
    request.on('error', (error: NodeJS.ErrnoException) =>
      settle({ok: false, reason: error.code ?? 'connection failed'}),
    );
    signal.addEventListener('abort', onAbort, {once: true});
    if (signal.aborted) onAbort();
    else request.end(payload);
  });
}

/**
 * What an answer means: 2xx taken; 408, 425, 429 and 5xx may be taken later; the rest, redirects
 * among them, never. `said` is what the destination said of itself.
 */
export function resultOf(posted: Posted): DeliveryResult {
  if (!posted.ok) return {ok: false, retry: true, reason: posted.reason};
  const {status, retryAfterMs, body} = posted.answer;
  if (status >= 200 && status < 300) return {ok: true, status: `${status}`};
  const said = oneLine(body).slice(0, 200);
  const reason = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500 || status === 0) {
    return {
      ok: false,
      retry: true,
      reason,
      ...(retryAfterMs !== undefined && {afterMs: retryAfterMs}),
    };
  }
  return {ok: false, retry: false, reason};
}

/** Seconds or a date (RFC 9110, 10.2.3); an hour at most. */
export function retryAfterOf(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms)) : undefined;
}

/**
 * An address to post to: https, or http to this machine.
 * @throws AppError `usage`, without the address, which may be secret.
 */
export function destinationUrl(name: string, text: string): URL {
  const fail = (why: string) => new AppError('usage', `Destination "${name}": ${why}`);
  if (!URL.canParse(text)) throw fail('its url is not a URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw fail('put credentials into a header, not into the url');
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) {
    return url;
  }
  throw fail(`its url must begin with https:// (http:// only for this machine)`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
