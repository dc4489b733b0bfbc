import {z} from '@hono/zod-openapi';
import {type Api, type ApiContext, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {json} from '../queries.ts';
import type {Service} from '../service.ts';

/** What is pushed to an `http` source, which checks keys and signatures itself. */
export function addPush(api: Api, service: Service): void {
  const params = z.object({source: z.string().regex(/^[\w.-]{1,64}$/, 'Is not a name')});
  for (const path of ['/api/v1/push/{source}', '/push/{source}'] as const) {
    api.openapi(
      route({
        method: 'post',
        path,
        tags: ['Push'],
        summary: 'Records from EventBridge, Firehose or anyone with the key',
        request: {params},
        responses: json(
          z.object({
            records: z.number().int(),
            requestId: z.string().optional(),
            timestamp: z.number().optional(),
          }),
          'They are durable.',
        ),
      }),
      async (c) => {
        const {source} = c.req.valid('param');
        const bytes = new Uint8Array(await c.req.arrayBuffer());
        const result = await service.push(source, c.req.raw.headers, bytes);
        const firehose = firehoseOf(c);
        if (result.ok) return c.json({records: result.records, ...firehose}, 200);
        const headers: Record<string, string> =
          result.afterMs === undefined
            ? {}
            : {'retry-after': String(Math.ceil(result.afterMs / 1_000))};
        if (firehose !== undefined) {
          // Firehose reads its own form of failure and nothing else.
          const body = JSON.stringify({...firehose, errorMessage: result.detail});
          const type = {'content-type': 'application/json'};
          throw new FirehoseRefusal(
            new Response(body, {
              status: result.status,
              headers: {...type, ...headers},
            }),
          );
        }
        const code =
          result.status === 404
            ? 'not_found'
            : result.status === 413
              ? 'body_too_large'
              : result.status === 429
                ? 'too_many_requests'
                : result.status === 503
                  ? 'unavailable'
                  : 'push_refused';
        throw new ApiProblem(code, result.detail, {headers, status: result.status});
      },
    );
  }
}

/** Carries an answer that is not a problem document out of a handler. */
export class FirehoseRefusal extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super('The push was refused');
    this.response = response;
  }
}

/** The request id that Firehose wants back. */
function firehoseOf(c: ApiContext): {requestId: string; timestamp: number} | undefined {
  const id = c.req.header('x-amz-firehose-request-id');
  if (id === undefined || !/^[\w-]{1,128}$/.test(id)) return undefined;
  return {requestId: id, timestamp: Date.now()};
}
