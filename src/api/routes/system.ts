import {z} from '@hono/zod-openapi';
import {DIMENSIONS, type Dimension} from '../../pipeline/observation.ts';
import type {Metrics} from '../../telemetry/metrics.ts';
import {type Api, actorOf, audited, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {cursor, filterShape, json, limit} from '../queries.ts';
import {readingsOf} from '../readings.ts';
import type {Service} from '../service.ts';
import type {ObservationStream} from '../stream.ts';
import {
  auditRow,
  deadLetter,
  ingestStatus,
  me,
  page,
  type UiSettings,
  uiSettings,
} from '../types.ts';

const tags = ['Service'];

export interface SystemOptions {
  readonly stream: ObservationStream;
  readonly metrics: Metrics;
  readonly thresholds: readonly number[];
}

export function addSystem(api: Api, service: Service, options: SystemOptions): void {
  const {store} = service;

  api.openapi(
    route({
      method: 'get',
      path: '/healthz',
      tags,
      summary: 'Whether the process answers',
      responses: json(z.object({status: z.literal('ok')}), 'It does.'),
    }),
    (c) => c.json({status: 'ok' as const}, 200),
  );

  const readiness = z.object({ready: z.boolean(), reasons: z.array(z.string()).optional()});
  api.openapi(
    route({
      method: 'get',
      path: '/readyz',
      tags,
      summary: 'Whether it takes events and answers questions',
      responses: {
        ...json(readiness, 'It does.'),
        503: {description: 'It does not.', content: {'application/json': {schema: readiness}}},
      },
    }),
    async (c) => {
      const {ready, reasons} = await service.ready();
      // Strangers learn that something is amiss, not what.
      const answer = {ready, ...(c.var.caller === undefined ? {} : {reasons: [...reasons]})};
      return ready ? c.json(answer, 200) : c.json(answer, 503);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/metrics',
      tags,
      summary: 'Numbers for Prometheus',
      responses: {
        200: {description: 'Text.', content: {'text/plain': {schema: z.string()}}},
      },
    }),
    async (c) => {
      const text = await options.metrics.page(await readingsOf(service, options.stream.readers));
      return c.text(text, 200, {'content-type': options.metrics.registry.contentType});
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/me',
      tags,
      summary: 'Who asks',
      responses: json(me, 'Name, role and the token for changes.'),
    }),
    (c) => {
      const actor = actorOf(c);
      const {login = 'none', csrf = ''} = c.var.caller ?? {};
      const authenticated = login !== 'none';
      return c.json({name: actor.name, role: actor.role, authenticated, login, csrf}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/ui-settings',
      tags,
      summary: 'What the pages need to know first',
      responses: json(uiSettings, 'Settings.'),
    }),
    (c) => {
      const settings: UiSettings = {
        version: service.version,
        thresholds: [...options.thresholds],
        contexts: [...service.contextNames()],
      };
      return c.json(settings, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/status',
      tags,
      summary: 'How reading, scoring and storing are doing',
      responses: json(ingestStatus, 'As of now.'),
    }),
    async (c) => c.json(await service.status(), 200),
  );

  const {
    minScore,
    context,
    text: _text,
    from: _from,
    to: _to,
    maxScore: _max,
    ...names
  } = filterShape;
  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/stream',
      tags,
      summary: 'What is new, as server-sent events',
      description:
        'Events `observations` (data: an array, without `bits`; id: the last of them) and `status`. ' +
        'Resumes after the id in `Last-Event-ID`, or in `after`.',
      request: {
        query: z.strictObject({
          minScore,
          context,
          ...names,
          after: z
            .string()
            .regex(/^\d{1,15}$/)
            .optional()
            .openapi({type: 'integer'}),
        }),
      },
      responses: {
        200: {description: 'A stream.', content: {'text/event-stream': {schema: z.string()}}},
      },
    }),
    (c) => {
      const query = c.req.valid('query');
      const dimensions: Partial<Record<Dimension, string>> = {};
      for (const name of DIMENSIONS) {
        const value = query[name];
        if (value !== undefined) dimensions[name] = value;
      }
      const told = c.req.header('last-event-id') ?? query.after;
      const after = told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
      const headers = {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      };
      // Nobody would read the stream, nor end it.
      if (c.req.method === 'HEAD') return c.body(null, 200, headers);
      const body = options.stream.open(
        {minScore: query.minScore, context: query.context, dimensions},
        after,
      );
      if (body === undefined) {
        throw new ApiProblem('unavailable', 'There are too many readers of the stream', {
          headers: {'retry-after': '5'},
        });
      }
      return c.body(body, 200, headers);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/dead-letters',
      tags,
      summary: 'Records that were set aside',
      request: {query: z.strictObject({limit: limit(500, 100), cursor})},
      responses: json(page(deadLetter), 'Newest first.'),
    }),
    async (c) => {
      const {rows, next} = await store.deadLetters(c.req.valid('query'));
      return c.json({rows, next}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/configuration',
      tags,
      summary: 'The configuration in force',
      responses: json(z.object({configuration: z.unknown()}), 'Secrets left out.'),
    }),
    async (c) => c.json({configuration: (await service.configuration()) as object}, 200),
  );

  const reloaded = z.object({changed: z.array(z.string()), needRestart: z.array(z.string())});
  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/configuration/reload',
      tags,
      summary: 'Reads the configuration again; keeps the old one if the new one is wrong',
      responses: json(reloaded, 'What changed.'),
    }),
    async (c) => {
      const entry = {action: 'configuration.reload', subject: ''};
      const outcome = await audited(c, service, entry, () => service.reload(actorOf(c)));
      if (!outcome.ok) {
        throw new ApiProblem('unprocessable', 'The new configuration is wrong; the old one stays', {
          problems: outcome.problems,
        });
      }
      const {changed, needRestart} = outcome.value;
      return c.json({changed: [...changed], needRestart: [...needRestart]}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/audit',
      tags,
      summary: 'Who changed what',
      request: {query: z.strictObject({limit: limit(500, 100), cursor})},
      responses: json(page(auditRow), 'Newest first.'),
    }),
    async (c) => {
      const {rows, next} = await store.audited(c.req.valid('query'));
      return c.json({rows, next}, 200);
    },
  );
}
