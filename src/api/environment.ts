import type {HttpBindings} from '@hono/node-server';
import {createRoute, OpenAPIHono, type RouteConfig} from '@hono/zod-openapi';
import type {Context, MiddlewareHandler} from 'hono';
import {assert} from '../base/assert.ts';
import {ApiProblem} from './problem.ts';
import {ACCESS, type Access, mayActAs} from './roles.ts';
import type {Actor, Service} from './service.ts';
import type {Problem} from './types.ts';
import {problemDetails} from './types.ts';

/** Who asks, and by what right. */
export interface Caller {
  readonly actor: Actor;
  readonly login: 'none' | 'token' | 'oidc';
  /** To be sent back with changes by whoever is known by a cookie, or by nothing at all. */
  readonly csrf: string;
}

export interface Environment {
  /** Not there when a test calls the app without a server. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    caller: Caller | undefined;
    /** The path of the route as declared; a closed set, for metrics and logs. */
    route: string;
  };
}

export type Api = OpenAPIHono<Environment>;
export type ApiContext = Context<Environment>;

export function newApi(): Api {
  return new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      if (result.success) return;
      const file = result.target === 'json' ? 'body' : result.target;
      const problems = result.error.issues.map(
        (issue): Problem => ({
          file,
          line: 0,
          column: 0,
          path: issue.path.map(String).join('.'),
          message: issue.message,
        }),
      );
      const where = problems.map((p) => (p.path === '' ? p.message : `${p.path}: ${p.message}`));
      throw new ApiProblem('invalid_request', where.join('; '), {problems});
    },
  });
}

/** Lets pass who may do what `access` asks for. */
function guard(access: Access, path: string): MiddlewareHandler<Environment> {
  return async (c, next) => {
    c.set('route', path);
    if (access !== 'anyone' && access !== 'source') {
      const caller = c.var.caller;
      if (caller === undefined) {
        throw new ApiProblem(
          'unauthenticated',
          'Log in, or send a token as "Authorization: Bearer"',
          {
            headers: {'www-authenticate': 'Bearer realm="oddtrail"'},
          },
        );
      }
      if (!mayActAs(caller.actor.role, access)) {
        throw new ApiProblem(
          'forbidden',
          `This needs the role "${access}", yours is "${caller.actor.role}"`,
        );
      }
    }
    return next();
  };
}

/**
 * A route with its guard, which comes before anything of the request is read. The guard is by the
 * table of roles alone: what it does not name cannot be declared.
 */
export function route<P extends string, R extends Omit<RouteConfig, 'path'> & {path: P}>(
  config: R,
) {
  const key = `${config.method.toUpperCase()} ${config.path}`;
  const access = ACCESS[key];
  assert(access !== undefined, `no role is declared for ${key}`);
  const failure = {
    description: 'A problem; its `code` says which.',
    content: {'application/problem+json': {schema: problemDetails}},
  };
  const complete: R = {
    ...config,
    middleware: [guard(access, config.path)],
    responses: {...config.responses, default: failure},
    security: access === 'anyone' || access === 'source' ? [] : [{token: []}, {session: []}],
    'x-role': access,
  };
  return createRoute<P, R>(complete);
}

/** The caller of a route that needs one. */
export function actorOf(c: ApiContext): Actor {
  const caller = c.var.caller;
  assert(caller !== undefined, 'the guard lets nobody pass whom it does not know');
  return caller.actor;
}

/**
 * Makes a change that is in the audit log before it is made, so that none goes unseen; what came
 * of it, if nothing did, is told by a second entry.
 */
export async function audited<T extends {ok: boolean} | undefined | number | boolean>(
  c: ApiContext,
  service: Service,
  entry: {action: string; subject: string; detail?: unknown},
  change: () => Promise<T>,
): Promise<T> {
  const write = (action: string, detail: unknown) =>
    service.store.audit({
      at: Date.now(),
      actor: actorOf(c).name,
      action,
      subject: entry.subject,
      detail: JSON.stringify(detail ?? {}),
    });
  await write(entry.action, entry.detail);
  const result = await change().catch(async (error: unknown) => {
    await write(`${entry.action}.failed`, {});
    throw error;
  });
  if (result === undefined || result === false || (typeof result === 'object' && !result.ok)) {
    await write(`${entry.action}.refused`, {});
  }
  return result;
}
