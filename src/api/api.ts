import {z} from '@hono/zod-openapi';
import type {MiddlewareHandler} from 'hono';
import {bodyLimit} from 'hono/body-limit';
import {HTTPException} from 'hono/http-exception';
import {AppError} from '../base/errors.ts';
import {createLog, type Logger} from '../telemetry/log.ts';
import {Metrics} from '../telemetry/metrics.ts';
import {compressed} from './compress.ts';
import {type Api, type Environment, newApi, route} from './environment.ts';
import {addressOf, type GateOptions, gate} from './gate.ts';
import {pagePolicy, SECURITY_HEADERS, STRICT_TRANSPORT} from './headers.ts';
import {Buckets, LIMITS, type Limits} from './limits.ts';
import {isSafe, Oidc, type OidcOptions} from './oidc.ts';
import {ApiProblem, type ProblemCode, problemResponse} from './problem.ts';
import {referencePage} from './reference.ts';
import {addAlerts} from './routes/alerts.ts';
import {addContexts} from './routes/contexts.ts';
import {addDetections} from './routes/detections.ts';
import {addLogin} from './routes/login.ts';
import {addObservations} from './routes/observations.ts';
import {addPrincipals} from './routes/principals.ts';
import {addPush, ProtocolRefusal} from './routes/push.ts';
import {addSystem} from './routes/system.ts';
import {addTokens} from './routes/tokens.ts';
import type {Service} from './service.ts';
import {Sessions, type SessionTimes} from './sessions.ts';
import {WebFiles} from './static.ts';
import {ObservationStream, type StreamOptions} from './stream.ts';
import {Tokens} from './tokens.ts';

export interface ApiOptions {
  /**
   * Who may ask. Without it the service is open: everybody on this machine may do everything, and
   * `serveApi` refuses to listen on any other address.
   */
  readonly auth?:
    | {
        /** False: bearer tokens are taken from this machine alone. */
        readonly tokens?: boolean | undefined;
        readonly oidc?: OidcOptions | undefined;
      }
    | undefined;
  /** Where browsers find the service; needed for OIDC, and behind a proxy. */
  readonly publicUrl?: string | undefined;
  /** It is served over TLS, by itself or by a proxy; the public URL tells otherwise. */
  readonly tls?: boolean | undefined;
  /** Folder of the web application; none is served without. */
  readonly webRoot?: string | undefined;
  /** Further host names to which an open service answers. */
  readonly hosts?: readonly string[] | undefined;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly proxies?: readonly string[] | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly sessions?: SessionTimes | undefined;
  readonly thresholds?: readonly number[] | undefined;
  readonly stream?: StreamOptions | undefined;
  readonly log?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
  readonly now?: (() => number) | undefined;
}

/** Who lost the right to read is sent away from the live stream within this time. */
const STREAM_AGE_MS = 5 * 60_000;

/** Refusals that say something of whoever asks. */
const TELLING: ReadonlySet<ProblemCode> = new Set([
  'unauthenticated',
  'login_failed',
  'forbidden',
  'cross_site',
  'host_refused',
  'too_many_requests',
]);

/** The app, and what whoever serves it must know. */
export type ServiceApi = Api & {
  /** Without authentication: for this machine alone. */
  readonly open: boolean;
  /** Ends the live streams, so that a server can close. */
  endStreams(): void;
};

/** The whole HTTP side of a running service, as a Hono app: `app.request` needs no socket. */
export function createApi(service: Service, options: ApiOptions = {}): ServiceApi {
  const {log = createLog('silent'), metrics = new Metrics({process: false})} = options;
  const now = options.now ?? Date.now;
  const open = options.auth === undefined;
  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl);
  const secure = publicUrl === undefined ? options.tls === true : publicUrl.protocol === 'https:';
  const limits: Limits = {...LIMITS, ...(open ? {requests: undefined} : {}), ...options.limits};
  const tokens = open ? undefined : new Tokens(service.store, now);
  const tokensFromHere = options.auth?.tokens === false;
  const gateOptions: GateOptions = {
    open,
    tokens,
    tokensFromHere,
    sessions: new Sessions(options.sessions),
    publicOrigin: publicUrl?.origin,
    hosts: options.hosts ?? [],
    cookie: secure ? '__Host-oddtrail' : 'oddtrail',
    requests: limits.requests === undefined ? undefined : new Buckets(limits.requests),
    logins: new Buckets(limits.logins),
    proxies: options.proxies ?? [],
    now,
  };
  const failed = (error: unknown) => log.error(describe(error), 'A request failed');
  const streamOptions = {...(open ? {} : {maxAgeMs: STREAM_AGE_MS}), ...options.stream};
  const stream = new ObservationStream(service, streamOptions, failed);

  const api = newApi();
  api.use('*', measured(metrics, log));
  api.use('*', withSecurityHeaders(secure));
  api.use('*', compressed());
  api.use('*', gate(gateOptions));
  api.use('*', withBodyLimit(limits));

  addSystem(api, service, {stream, metrics, thresholds: options.thresholds ?? [0.95, 0.99]});
  addObservations(api, service, failed);
  addPrincipals(api, service);
  addContexts(api, service);
  addDetections(api, service);
  addAlerts(api, service);
  addTokens(api, service, tokens, tokensFromHere);
  addPush(api, service);
  addLogin(api, service, {
    gate: gateOptions,
    oidc: oidcOf(options, publicUrl, now),
    secure,
    tokenLogin: !open && !tokensFromHere,
  });
  addReference(api, service);
  if (options.webRoot !== undefined) addWeb(api, new WebFiles(options.webRoot));

  api.notFound((c) => {
    const allowed = methodsFor(api, c.req.path);
    if (allowed.length === 0) throw new ApiProblem('not_found', 'There is nothing at this path');
    throw new ApiProblem('method_not_allowed', `It takes ${allowed.join(', ')}`, {
      headers: {allow: allowed.join(', ')},
    });
  });
  api.onError((error, c) => {
    if (error instanceof ProtocolRefusal) return error.response;
    const {code, detail, extras} = problemOf(error);
    if (code === 'internal' || code === 'unavailable') failed(error);
    if (TELLING.has(code)) {
      const address = addressOf(c, gateOptions.proxies);
      const caller = c.var.caller?.actor.name;
      log.warn({code, route: c.get('route') ?? 'none', address, caller}, 'A request was refused');
    }
    metrics.refused(code);
    return problemResponse(c, code, detail, extras);
  });

  const unsubscribe = service.live.subscribe((batch) => {
    for (const {context, score} of batch) metrics.scored(context, score);
  });
  const endNews = service.live.onNews(({matches}) => {
    for (const {revision, severity, mode} of matches) {
      if (revision === 1) metrics.matched(severity, mode);
    }
  });
  return Object.assign(api, {
    open,
    endStreams: () => {
      unsubscribe();
      endNews();
      stream.close();
    },
  });
}

function oidcOf(options: ApiOptions, publicUrl: URL | undefined, now: () => number) {
  const oidc = options.auth?.oidc;
  if (oidc === undefined) return undefined;
  if (publicUrl === undefined || !isSafe(publicUrl.href)) {
    throw new AppError('usage', 'Login by OpenID needs a public URL with https');
  }
  if (!isSafe(oidc.issuer)) throw new AppError('usage', 'The OpenID issuer must be at https');
  return new Oidc(oidc, new URL('/auth/callback', publicUrl).href, now);
}

function problemOf(error: unknown): Pick<ApiProblem, 'code' | 'extras'> & {detail: string} {
  if (error instanceof ApiProblem) {
    return {code: error.code, detail: error.message, extras: error.extras};
  }
  if (error instanceof HTTPException) {
    const codes: Readonly<Record<number, ProblemCode>> = {
      400: 'malformed_body',
      413: 'body_too_large',
      415: 'unsupported_media_type',
    };
    const code = codes[error.status] ?? 'internal';
    const detail =
      code === 'unsupported_media_type' ? 'It takes application/json' : 'It is no JSON';
    return {code, detail, extras: {}};
  }
  // A cursor that no page gave, say: the message is ours, and meant for whoever asked.
  if (error instanceof AppError && error.code === 'usage') {
    return {code: 'invalid_request', detail: error.message, extras: {}};
  }
  if (error instanceof AppError && error.retryable) {
    const headers = {'retry-after': '5'};
    return {code: 'unavailable', detail: 'Try again in a moment', extras: {headers}};
  }
  return {code: 'internal', detail: 'The log says more', extras: {}};
}

/**
 * An error for the log. Messages of others may quote what they choked on, and that may be a record:
 * only our own are told, else the kind of error and where it arose.
 */
function describe(error: unknown): Record<string, unknown> {
  if (error instanceof ApiProblem || error instanceof AppError) {
    return {error: error.name, code: error.code, message: error.message};
  }
  if (!(error instanceof Error)) return {error: typeof error};
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const ours = error.message.startsWith('Assertion failed');
  return {
    error: error.name,
    ...(ours ? {message: error.message} : {}),
    stack: frames.slice(0, 8).map((line) => line.trim()),
  };
}

function measured(metrics: Metrics, log: Logger): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const began = performance.now();
    await next();
    const milliseconds = performance.now() - began;
    const {method} = c.req;
    // The route as declared: a path could hold anything.
    const at = c.get('route') ?? 'none';
    metrics.request(method, at, c.res.status, milliseconds / 1_000);
    const caller = c.var.caller?.actor.name;
    log.debug({method, route: at, status: c.res.status, milliseconds, caller}, 'Answered');
  };
}

function withSecurityHeaders(secure: boolean): MiddlewareHandler<Environment> {
  return async (c, next) => {
    await next();
    const {headers} = c.res;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!headers.has(name)) headers.set(name, value);
    }
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    if (secure) headers.set('strict-transport-security', STRICT_TRANSPORT);
  };
}

function withBodyLimit(limits: Limits): MiddlewareHandler<Environment> {
  const at = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        throw new ApiProblem('body_too_large', `It takes at most ${maxSize} bytes`);
      },
    });
  const [plain, observe, push] = [
    at(limits.bodyBytes),
    at(limits.observeBytes),
    at(limits.pushBytes),
  ];
  return (c, next) => {
    const {path} = c.req;
    if (/^(\/api\/v1)?\/push\//.test(path)) return push(c, next);
    return /^\/api\/v1\/contexts\/[^/]+\/(observe|score)$/.test(path)
      ? observe(c, next)
      : plain(c, next);
  };
}

function addReference(api: Api, service: Service): void {
  const describeApi = () => {
    const document = api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Oddtrail',
        version: service.version,
        description: 'Novelty of AWS CloudTrail events, live.',
      },
    });
    return document;
  };
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-oddtrail',
  });
  let document: ReturnType<typeof describeApi> | undefined;
  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/openapi.json',
      tags: ['Service'],
      summary: 'This description',
      responses: {
        200: {
          description: 'OpenAPI 3.1.',
          content: {'application/json': {schema: z.looseObject({openapi: z.string()})}},
        },
      },
    }),
    (c) => {
      document ??= describeApi();
      return c.body(JSON.stringify(document), 200, {'content-type': 'application/json'}) as never;
    },
  );
  let page: string | undefined;
  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/docs',
      tags: ['Service'],
      summary: 'This description, to read',
      responses: {200: {description: 'A page.', content: {'text/html': {schema: z.string()}}}},
    }),
    (c) => {
      document ??= describeApi();
      page ??= referencePage(document);
      return c.html(page, 200, {'content-security-policy': pagePolicy(page)});
    },
  );
}

/** The web application: its files, and its first page for every path that is one of its own. */
function addWeb(api: Api, files: WebFiles): void {
  api.get('*', async (c, next) => {
    const path = new URL(c.req.url).pathname;
    if (/^\/(api|auth|push)(\/|$)|^\/(healthz|readyz|metrics)$/.test(path)) return next();
    c.set('route', 'web');
    const asked = path === '/' ? undefined : await files.file(path);
    // An asset that is gone is missing; the rest are places within the application, dots or not.
    if (asked === undefined && path.startsWith('/assets/')) return next();
    const file = asked ?? (await files.file('/index.html'));
    if (file === undefined) return next();
    const html = file.type.startsWith('text/html');
    const headers: Record<string, string> = {
      'content-type': file.type,
      etag: file.etag,
      'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(html
        ? {'content-security-policy': pagePolicy(new TextDecoder().decode(file.bytes))}
        : {}),
    };
    const known = c.req
      .header('if-none-match')
      ?.split(',')
      .map((tag) => tag.trim().replace(/^W\//, ''));
    if (known?.includes(file.etag) === true) return c.body(null, 304, headers);
    return c.body(file.bytes, 200, headers);
  });
}

/** The methods that the routes of a path take; none when no route has it. */
function methodsFor(api: Api, path: string): string[] {
  const methods = new Set<string>();
  for (const {path: of, method} of api.routes) {
    if (method === 'ALL' || of.includes('*')) continue;
    const names = of.split('/');
    const asked = path.split('/');
    const same =
      names.length === asked.length &&
      names.every((name, i) => (name.startsWith(':') ? asked[i] !== '' : name === asked[i]));
    if (same) methods.add(method);
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}
