import {z} from '@hono/zod-openapi';
import {deleteCookie, getCookie, setCookie} from 'hono/cookie';
import type {CookieOptions} from 'hono/utils/cookie';
import {type Api, type ApiContext, route} from '../environment.ts';
import {countLogin, type GateOptions, isFromHere} from '../gate.ts';
import type {Oidc} from '../oidc.ts';
import {ApiProblem} from '../problem.ts';
import {body, json} from '../queries.ts';
import type {Service} from '../service.ts';
import {type Person, SESSION_TIMES} from '../sessions.ts';
import {SCOPE_ROLES} from '../tokens.ts';
import {loginOptions} from '../types.ts';

const tags = ['Login'];

export interface LoginOptions {
  readonly gate: GateOptions;
  readonly oidc: Oidc | undefined;
  /** Cookies only travel over TLS, and their names say so. */
  readonly secure: boolean;
  readonly tokenLogin: boolean;
}

/** Logging in and out. Sessions are for browsers: programs send their token with each request. */
export function addLogin(api: Api, service: Service, options: LoginOptions): void {
  const {gate, oidc, secure} = options;
  const binding = `${gate.cookie}-login`;
  const cookie: CookieOptions = {httpOnly: true, secure, sameSite: 'Lax', path: '/'};

  const open = async (c: ApiContext, person: Person): Promise<void> => {
    const before = getCookie(c, gate.cookie);
    if (before !== undefined) gate.sessions.close(before);
    const {id} = gate.sessions.open(person, gate.now());
    await audit(service, person.name, 'login', person.login);
    setCookie(c, gate.cookie, id, {...cookie, maxAge: SESSION_TIMES.absoluteMs / 1_000});
  };

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/login',
      tags,
      summary: 'How one may log in',
      responses: json(loginOptions, 'The ways there are.'),
    }),
    (c) => {
      return c.json(
        {required: !gate.open, token: options.tokenLogin, oidc: oidc !== undefined},
        200,
      );
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/auth/login',
      tags,
      summary: 'Sends the browser to the OpenID provider',
      request: {query: z.object({return: z.string().max(2_048).default('/')})},
      responses: {302: {description: 'To the provider.'}},
    }),
    async (c) => {
      if (oidc === undefined) throw new ApiProblem('not_found', 'No OpenID provider is configured');
      countLogin(c, gate);
      const {url, binding: secret} = await oidc.begin(safeReturn(c.req.valid('query').return));
      setCookie(c, binding, secret, {...cookie, maxAge: 600});
      return c.redirect(url, 302);
    },
  );

  const text = z.string().max(4_096).optional();
  api.openapi(
    route({
      method: 'get',
      path: '/auth/callback',
      tags,
      summary: 'Where the OpenID provider sends the browser back to',
      request: {
        query: z.object({
          state: text,
          code: text,
          error: text,
          iss: text,
        }),
      },
      responses: {302: {description: 'To the page that was wanted.'}},
    }),
    async (c) => {
      if (oidc === undefined) throw new ApiProblem('not_found', 'No OpenID provider is configured');
      const secret = getCookie(c, binding);
      deleteCookie(c, binding, cookie);
      const {name, role, returnTo} = await oidc.finish(c.req.valid('query'), secret);
      await open(c, {name, role, login: 'oidc', tokenId: undefined});
      return c.redirect(safeReturn(returnTo), 302);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/auth/token',
      tags,
      summary: 'Logs a browser in by a token',
      request: {body: body(z.strictObject({token: z.string().min(1).max(256)}))},
      responses: {204: {description: 'Logged in.'}},
    }),
    async (c) => {
      if (!options.tokenLogin) throw new ApiProblem('not_found', 'Tokens do not log in here');
      if (!secure && !isFromHere(c)) {
        throw new ApiProblem('login_failed', 'A session needs TLS: it could be read on the way');
      }
      countLogin(c, gate);
      const token = await gate.tokens?.bySecret(c.req.valid('json').token);
      if (token === undefined) {
        throw new ApiProblem('login_failed', 'The token is unknown, expired or revoked');
      }
      const role = SCOPE_ROLES[token.scope];
      await open(c, {name: `token:${token.name}`, role, login: 'token', tokenId: token.id});
      return c.body(null, 204);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/auth/logout',
      tags,
      summary: 'Ends the session',
      responses: {204: {description: 'Ended.'}},
    }),
    async (c) => {
      const id = getCookie(c, gate.cookie);
      if (id !== undefined) gate.sessions.close(id);
      deleteCookie(c, gate.cookie, cookie);
      const {caller} = c.var;
      if (caller !== undefined && caller.login !== 'none') {
        await audit(service, caller.actor.name, 'logout', caller.login);
      }
      return c.body(null, 204);
    },
  );
}

async function audit(service: Service, actor: string, action: string, subject: string) {
  await service.store.audit({at: Date.now(), actor, action, subject, detail: '{}'});
}

/** A path of our own, or "/": never a way to another site. */
export function safeReturn(path: string): string {
  const origin = 'http://own.invalid';
  if (!/^\/(?![/\\])[\u0021-\u007e]*$/.test(path)) return '/';
  try {
    const url = new URL(path, origin);
    const clean = `${url.pathname}${url.search}${url.hash}`;
    return url.origin === origin && !/^\/[/\\]/.test(clean) ? clean : '/';
  } catch {
    return '/';
  }
}
