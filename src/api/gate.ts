import {randomBytes, timingSafeEqual} from 'node:crypto';
import type {MiddlewareHandler} from 'hono';
import {getCookie} from 'hono/cookie';
import type {ApiContext, Caller, Environment} from './environment.ts';
import type {Buckets} from './limits.ts';
import {isLoopbackName} from './oidc.ts';
import {ApiProblem} from './problem.ts';
import type {Sessions} from './sessions.ts';
import {SCOPE_ROLES, type Tokens} from './tokens.ts';

export interface GateOptions {
  /** Whoever is on this machine may do everything, and nobody else anything. */
  readonly open: boolean;
  /** Undefined for an open service. */
  readonly tokens: Tokens | undefined;
  /** Tokens are taken from this machine alone: those of its own commands. */
  readonly tokensFromHere: boolean;
  readonly sessions: Sessions;
  /** Origin by which browsers know the service, such as `https://oddtrail.example.com`. */
  readonly publicOrigin: string | undefined;
  /** Host names, besides those of this machine, to which an open service answers. */
  readonly hosts: readonly string[];
  readonly cookie: string;
  readonly requests: Buckets | undefined;
  readonly logins: Buckets;
  /** Proxies in front of it that are believed when they say who asks. */
  readonly proxies: readonly string[];
  readonly now: () => number;
}

/** Pages and pushes that are asked for without login, and need no token to be looked at. */
function isPush(path: string): boolean {
  return path.startsWith('/push/') || path.startsWith('/api/v1/push/');
}

/**
 * What every request passes before its route: does it know the service by its name, does it come
 * too often, who is it from, and, if it changes something, does it come from our own pages?
 */
export function gate(options: GateOptions): MiddlewareHandler<Environment> {
  // Of an open service: whoever can read it can read everything here; a foreign page cannot.
  const openCsrf = randomBytes(32).toString('base64url');
  return async (c, next) => {
    const {open} = options;
    if (open) checkHost(c, options);
    const caller = open
      ? ({
          actor: {name: 'local', role: 'admin'},
          login: 'none',
          csrf: openCsrf,
        } satisfies Caller)
      : await callerOf(c, options);
    c.set('caller', caller);
    const address = addressOf(c, options.proxies);
    const client =
      caller === undefined || open ? `address ${address}` : `name ${caller.actor.name}`;
    limit(options.requests?.take(client, options.now()) ?? 0);
    if (!['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) checkOrigin(c, options, caller);
    return next();
  };
}

/** What an open page asks though nobody is there. */
const PASSIVE: ReadonlySet<string> = new Set(['/api/v1/stream', '/api/v1/status']);

/** Counts an attempt to log in; throws when there were too many from there. */
export function countLogin(
  c: ApiContext,
  {logins, proxies, now}: Pick<GateOptions, 'logins' | 'proxies' | 'now'>,
): void {
  limit(logins.take(addressOf(c, proxies), now()));
}

function limit(waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new ApiProblem('too_many_requests', `Try again in ${seconds} s`, {
    headers: {'retry-after': String(seconds)},
  });
}

/**
 * An open service answers to names of this machine alone. A foreign page whose own name was made to
 * lead here (DNS rebinding) asks by that name.
 */
function checkHost(c: ApiContext, {publicOrigin, hosts}: GateOptions): void {
  const known = new Set(hosts);
  if (publicOrigin !== undefined) known.add(new URL(publicOrigin).hostname);
  const asked = [c.req.header('host'), new URL(c.req.url).host];
  for (const host of asked) {
    const name = host === undefined ? undefined : hostnameOf(host);
    if (name === undefined || !(isLoopbackName(name) || known.has(name))) {
      throw new ApiProblem('host_refused', 'Ask for it as localhost or 127.0.0.1');
    }
  }
  if (!isFromHere(c)) {
    throw new ApiProblem('host_refused', 'Without authentication only this machine is answered');
  }
}

/** Whether the connection comes from this machine. */
export function isFromHere(c: ApiContext): boolean {
  const remote = c.env?.incoming?.socket.remoteAddress;
  return remote === undefined || /^(127\.|::1$|::ffff:127\.)/.test(remote);
}

/** A proxy on this machine speaks for somebody elsewhere. */
function isForwarded(c: ApiContext): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(
    (name) => c.req.header(name) !== undefined,
  );
}

function hostnameOf(host: string): string | undefined {
  const found = /^(\[[\da-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return found?.[1]?.toLowerCase();
}

async function callerOf(c: ApiContext, options: GateOptions): Promise<Caller | undefined> {
  const {tokens, sessions, now} = options;
  const header = c.req.header('authorization');
  if (header !== undefined && !isPush(c.req.path)) {
    const secret = /^Bearer ([^\s]{1,256})$/i.exec(header)?.[1] ?? '';
    const taken = !options.tokensFromHere || (isFromHere(c) && !isForwarded(c));
    const token = taken ? await tokens?.bySecret(secret) : undefined;
    if (token === undefined) {
      countLogin(c, options);
      throw new ApiProblem('unauthenticated', 'The token is unknown, expired or revoked', {
        headers: {'www-authenticate': 'Bearer realm="oddtrail", error="invalid_token"'},
      });
    }
    const actor = {name: `token:${token.name}`, role: SCOPE_ROLES[token.scope]};
    return {actor, login: 'token', csrf: ''};
  }
  const cookie = getCookie(c, options.cookie);
  const passive = PASSIVE.has(c.req.path);
  const session = cookie === undefined ? undefined : sessions.find(cookie, now(), passive);
  if (session === undefined || cookie === undefined) return undefined;
  if (session.tokenId !== undefined && (await tokens?.byId(session.tokenId)) === undefined) {
    sessions.close(cookie);
    return undefined;
  }
  const {name, role, login, csrf} = session;
  return {actor: {name, role}, login, csrf};
}

/** A change must come from our own pages, or from something that is no browser. */
function checkOrigin(c: ApiContext, options: GateOptions, caller: Caller | undefined): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const own = options.publicOrigin ?? new URL(c.req.url).origin;
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && origin !== own && origin !== new URL(c.req.url).origin);
  if (foreign) throw new ApiProblem('cross_site', 'Changes are taken from its own pages alone');
  if (caller === undefined || caller.csrf === '' || isPush(c.req.path)) return;
  // Cookies come along whoever asks. On an open service, so does being here.
  const browser = site !== undefined || origin !== undefined;
  if (caller.login === 'none' && !browser) return;
  if (!sameText(c.req.header('x-csrf-token') ?? '', caller.csrf)) {
    throw new ApiProblem('cross_site', 'The header X-CSRF-Token must be what /api/v1/me says');
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Who asks, as far as the network tells; a /64 of IPv6 counts as one. */
export function addressOf(c: ApiContext, proxies: readonly string[]): string {
  let address = c.env?.incoming?.socket.remoteAddress ?? 'unknown';
  if (proxies.includes(address)) {
    address = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? address;
  }
  if (!address.includes(':') || address.startsWith('::ffff:')) return address.slice(0, 64);
  return address.split(':').slice(0, 4).join(':').slice(0, 64);
}
