import {z} from '@hono/zod-openapi';
import {
  alarmHistory,
  detectionCheck,
  detectionDetail,
  detectionFile,
  detectionInfo,
  detectionTrial,
  episode,
  matchRow,
  trapInfo,
} from '../detection-types.ts';
import {type Api, actorOf, audited, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {body, cursor, idParam, json, limit, moment, text} from '../queries.ts';
import type {Service} from '../service.ts';
import {page} from '../types.ts';

const tags = ['Detections'];
const id = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,127}$/, 'Is not the id of a detection');
const idOf = z.object({id});
const fileName = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}\.ya?ml$/, 'Is not a file name such as "our-own.yml"'),
});
/** Characters of a file of detections that is sent: reading it takes the time of everybody. */
const MAX_TEXT = 1 << 18;
const yaml = z.string().max(MAX_TEXT).describe('YAML: a file of detections.');
const DAY_MS = 86_400_000;
/** Farthest stretch of a trial. */
const MAX_TRIAL_MS = 400 * DAY_MS;
/** Stands for the end of time. */
const END = Number.MAX_SAFE_INTEGER;

export function addDetections(api: Api, service: Service): void {
  const {detections} = service;
  const store = () => service.store.detections;
  const unknown = (what: string, of: string) =>
    new ApiProblem('not_found', `There is no ${what} "${of}"`);

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/detections',
      tags,
      summary: 'The declared detections',
      responses: json(z.object({detections: z.array(detectionInfo)}), 'With what they found.'),
    }),
    async (c) => c.json({detections: await detections.list()}, 200),
  );

  // Before the route of one detection: no id of one is taken for this.
  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/detections/files',
      tags,
      summary: 'The files that detections are declared in',
      responses: json(z.object({files: z.array(detectionFile)}), 'Packs first.'),
    }),
    async (c) => c.json({files: await detections.files()}, 200),
  );

  api.openapi(
    route({
      method: 'put',
      path: '/api/v1/detections/files/{name}',
      tags,
      summary: 'Makes or changes a file of detections, if all together are sound then',
      description:
        'Takes effect at once. `revision` is that of the file as it was read; "" for a new one.',
      request: {
        params: fileName,
        body: body(z.strictObject({text: yaml, revision: z.string().max(64)})),
      },
      responses: json(detectionFile, 'The file as it is now.'),
    }),
    async (c) => {
      const {name} = c.req.valid('param');
      const {text: sent, revision} = c.req.valid('json');
      const outcome = await audited(
        c,
        service,
        {action: 'detections.put', subject: name, detail: {bytes: sent.length, revision}},
        () => detections.put(name, sent, revision, actorOf(c)),
      );
      if (outcome.ok) return c.json(outcome.value, 200);
      if ('conflict' in outcome) throw new ApiProblem('conflict', outcome.conflict);
      throw new ApiProblem('unprocessable', 'Nothing was changed: there are problems', {
        problems: outcome.problems,
      });
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/detections/check',
      tags,
      summary: 'Reads a text of detections and runs the tests in it',
      request: {body: body(z.strictObject({text: yaml}))},
      responses: json(detectionCheck, 'What is wrong with it; nothing is changed.'),
    }),
    async (c) => c.json(await detections.check(c.req.valid('json').text), 200),
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/detections/try',
      tags,
      summary: 'Runs a text of detections over stored observations',
      request: {
        body: body(
          z
            .strictObject({text: yaml, from: z.number().int(), to: z.number().int()})
            .refine(({from, to}) => from < to && to - from <= MAX_TRIAL_MS, {
              path: ['to'],
              message: 'Is to be after `from`, by 400 days at most',
            }),
        ),
      },
      responses: json(detectionTrial, 'What they would have found; nothing is changed.'),
    }),
    async (c) => {
      const {text: sent, from, to} = c.req.valid('json');
      const outcome = await detections.try(sent, from, to);
      if (!outcome.ok) {
        throw new ApiProblem('unprocessable', 'The detections are wrong', {
          problems: outcome.problems,
        });
      }
      return c.json(outcome.value, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/detections/{id}',
      tags,
      summary: 'One declared detection',
      request: {params: idOf},
      responses: json(detectionDetail, 'With its source and what is to be said of it.'),
    }),
    async (c) => {
      const {id: asked} = c.req.valid('param');
      const found = await detections.detail(asked);
      if (found === undefined) throw unknown('detection', asked);
      return c.json(found, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/matches',
      tags,
      summary: 'What declared detections matched',
      request: {
        query: z.strictObject({
          from: moment.optional(),
          to: moment.optional(),
          detection: id.optional(),
          mode: z.enum(['live', 'silent']).optional(),
          minSeverity: z.enum(['informational', 'low', 'medium', 'high', 'critical']).optional(),
          principal: text.optional(),
          text: text.optional().openapi({
            description: 'Part of the title, the principal or the operation.',
          }),
          limit: limit(500, 100),
          cursor,
        }),
      },
      responses: json(page(matchRow), 'Newest first.'),
    }),
    async (c) => {
      const {limit: most, cursor: after, ...filter} = c.req.valid('query');
      const {rows, next} = await store().matches(filter, {limit: most, cursor: after});
      return c.json({rows: rows as never[], next}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/matches/{id}',
      tags,
      summary: 'One match',
      request: {params: idParam},
      responses: json(matchRow, 'With the events it rests on.'),
    }),
    async (c) => {
      const {id: asked} = c.req.valid('param');
      const found = await store().match(asked);
      if (found === undefined) throw unknown('match', String(asked));
      return c.json(found as never, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/alarms/{id}/history',
      tags,
      summary: 'Data points of an alarm, and its changes',
      request: {
        params: idOf,
        query: z.strictObject({from: moment.optional(), to: moment.optional()}),
      },
      responses: json(alarmHistory, 'In order of time; of the last day, unless told.'),
    }),
    async (c) => {
      const {id: asked} = c.req.valid('param');
      const {from, to} = c.req.valid('query');
      const found = await detections.alarmHistory(asked, from, to);
      if (found === undefined) throw unknown('alarm', asked);
      return c.json(found, 200);
    },
  );

  const oneLine = z
    .string()
    .min(1)
    .max(1000)
    .refine((said) => !/[\r\n]/.test(said), {message: 'One line'});
  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/alarms/{id}/state',
      tags,
      summary: 'Sets an alarm by hand, until it is evaluated next',
      request: {
        params: idOf,
        body: body(
          z.strictObject({state: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']), reason: oneLine}),
        ),
      },
      responses: {204: {description: 'It is so.'}},
    }),
    async (c) => {
      const {id: asked} = c.req.valid('param');
      const {state, reason} = c.req.valid('json');
      const done = await audited(
        c,
        service,
        {action: 'alarm.set', subject: asked, detail: {state, reason}},
        () => detections.setAlarm(asked, state, reason, actorOf(c)),
      );
      if (!done) throw unknown('alarm', asked);
      return c.body(null, 204);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/traps',
      tags,
      summary: 'The decoys that are watched',
      responses: json(z.object({traps: z.array(trapInfo)}), 'And whether a touch would be seen.'),
    }),
    async (c) => c.json({traps: await detections.traps()}, 200),
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/traps/{id}/drill',
      tags,
      summary: 'Sends a record as a touch of the decoy would leave it, and waits for the match',
      request: {
        params: idOf,
        query: z.strictObject({
          account: z
            .string()
            .regex(/^\d{12}$/, 'Is not an account: twelve digits')
            .optional(),
          region: z
            .string()
            .max(32)
            .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'Is not a region')
            .optional(),
        }),
      },
      responses: json(
        z.object({
          ok: z.boolean(),
          detail: z.string(),
          match: z.number().int().optional().describe('Id of the match that it led to.'),
        }),
        'What came of it.',
      ),
    }),
    async (c) => {
      const {id: asked} = c.req.valid('param');
      const place = c.req.valid('query');
      const outcome = await audited(
        c,
        service,
        {action: 'trap.drill', subject: asked, detail: place},
        () => detections.drill(asked, actorOf(c), place),
      );
      if (outcome === undefined) throw unknown('trap', asked);
      const {ok, detail, match} = outcome;
      return c.json({ok, detail, ...(match !== undefined && {match})}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/episodes',
      tags,
      summary: 'Stretches of unusual rates',
      request: {
        query: z.strictObject({
          from: moment.optional(),
          to: moment.optional(),
          principal: text.optional(),
          operation: text.optional(),
        }),
      },
      responses: json(
        z.object({episodes: z.array(episode)}),
        'Those that touch the time, newest first; at most 1,000.',
      ),
    }),
    async (c) => {
      const {from = 0, to = END, principal, operation} = c.req.valid('query');
      const episodes = await store().episodes({from, to, principal, operation});
      return c.json({episodes: episodes as never[]}, 200);
    },
  );
}
