import {z} from '@hono/zod-openapi';
import {type Api, actorOf, audited, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {body, json} from '../queries.ts';
import type {Service} from '../service.ts';
import {contextInfo, type NoveltyResult, noveltyResult, observationInput} from '../types.ts';

const tags = ['Contexts'];
const name = z.string().regex(/^[\w.-]{1,64}$/, 'Is not a name');
const stream = z.object({stream: name});
const items = z.strictObject({items: z.array(observationInput).min(1).max(10_000)});
const results = z.object({results: z.array(noveltyResult)});

export function addContexts(api: Api, service: Service): void {
  const unknown = (of: string) => new ApiProblem('not_found', `There is no context "${of}"`);
  const answerOf = (of: string, found: NoveltyResult[] | undefined) => {
    if (found === undefined) throw unknown(of);
    return {results: found};
  };

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/contexts',
      tags,
      summary: 'The contexts there are',
      responses: json(z.object({contexts: z.array(contextInfo)}), 'With what they hold.'),
    }),
    async (c) => c.json({contexts: await service.contexts()}, 200),
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/contexts',
      tags,
      summary: 'Creates a context from a declaration',
      request: {
        body: body(
          z.strictObject({
            name,
            declaration: z
              .string()
              .min(1)
              .max(1 << 20),
          }),
        ),
      },
      responses: {
        201: {description: 'It is there.', content: {'application/json': {schema: contextInfo}}},
      },
    }),
    async (c) => {
      const {name: called, declaration} = c.req.valid('json');
      const outcome = await audited(
        c,
        service,
        {action: 'context.create', subject: called, detail: {bytes: declaration.length}},
        () => service.createContext(called, declaration, actorOf(c)),
      );
      if (!outcome.ok) {
        throw new ApiProblem('unprocessable', 'The declaration is at fault', {
          problems: outcome.problems,
        });
      }
      return c.json(outcome.value, 201);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/contexts/{stream}/reset',
      tags,
      summary: 'Forgets what a stream of contexts has learnt',
      request: {params: stream},
      responses: {204: {description: 'Forgotten.'}},
    }),
    async (c) => {
      const of = c.req.valid('param').stream;
      const there = await audited(c, service, {action: 'context.reset', subject: of}, () =>
        service.resetContext(of, actorOf(c)),
      );
      if (!there) throw unknown(of);
      return c.body(null, 204);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/contexts/{stream}/observe',
      tags,
      summary: 'Scores observations, then learns them, in the order given',
      request: {params: stream, body: body(items)},
      responses: json(results, 'One result an item; durable.'),
    }),
    async (c) => {
      const of = c.req.valid('param').stream;
      return c.json(answerOf(of, await service.observe(of, c.req.valid('json').items)), 200);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/contexts/{stream}/score',
      tags,
      summary: 'Scores observations and changes nothing',
      request: {params: stream, body: body(items)},
      responses: json(results, 'One result an item.'),
    }),
    async (c) => {
      const of = c.req.valid('param').stream;
      return c.json(answerOf(of, await service.score(of, c.req.valid('json').items)), 200);
    },
  );
}
