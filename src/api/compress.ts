import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import type {MiddlewareHandler} from 'hono';
import type {Environment} from './environment.ts';

/** Below this, the head of an answer outweighs what is saved. */
const COMPRESSED_FROM = 1_024;
/** The higher levels take several times as long for a tenth less. */
const LEVEL = 3;
const COMPRESSIBLE =
  /^(application\/(json|problem\+json|javascript)|text\/(plain|html|css|csv|javascript)|image\/svg\+xml)\b/;
/** Names the token for changes: beside a text from outside, its length could tell of it. */
const NEVER: ReadonlySet<string> = new Set(['/api/v1/me']);

const gzipped = promisify(gzip);

/**
 * Answers to GET as gzip for clients that take it, by a thread of zlib's own. Never the live stream,
 * whose events must not wait for more of them, nor what changes answer: that may hold secrets.
 */
export function compressed(): MiddlewareHandler<Environment> {
  return async (c, next) => {
    await next();
    const {res} = c;
    const type = res.headers.get('content-type') ?? '';
    if (c.req.method !== 'GET' || res.status !== 200 || res.body === null) return;
    if (!COMPRESSIBLE.test(type) || res.headers.has('content-encoding')) return;
    if (NEVER.has(c.req.path)) return;
    res.headers.append('vary', 'Accept-Encoding');
    if (!takesGzip(c.req.header('accept-encoding'))) return;
    const headers = new Headers(res.headers);
    if (type.startsWith('text/csv')) {
      // Of any length: it goes out as it comes.
      headers.set('content-encoding', 'gzip');
      const body = res.body.pipeThrough(new CompressionStream('gzip'));
      c.res = undefined;
      c.res = new Response(body, {status: 200, headers});
      return;
    }
    const plain = Buffer.from(await res.arrayBuffer());
    const small = plain.length < COMPRESSED_FROM;
    if (!small) {
      headers.set('content-encoding', 'gzip');
      headers.delete('content-length');
      const etag = headers.get('etag');
      if (etag?.startsWith('"') === true) headers.set('etag', `W/${etag}`);
    }
    const body = small ? plain : await gzipped(plain, {level: LEVEL});
    // Else the headers of the answer before would be put together with these.
    c.res = undefined;
    c.res = new Response(body, {status: 200, headers});
  };
}

/** Whether an `Accept-Encoding` takes gzip; that it is refused with `q=0` counts. */
export function takesGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  let any = false;
  for (const part of header.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const refused = parameters.some((text) => /^q=0(\.0*)?$/.test(text));
    if (name === 'gzip' || name === 'x-gzip') return !refused;
    if (name === '*') any = !refused;
  }
  return any;
}
