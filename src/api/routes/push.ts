import {z} from '@hono/zod-openapi';
import {type Api, route} from '../environment.ts';
import {ApiProblem, type ProblemCode} from '../problem.ts';
import {json} from '../queries.ts';
import type {Service} from '../service.ts';

const CODES: Readonly<Record<number, ProblemCode>> = {
  404: 'not_found',
  413: 'body_too_large',
  429: 'too_many_requests',
  503: 'unavailable',
};

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
          z.record(z.string(), z.union([z.string(), z.number()])),
          'They are durable. Firehose gets what its protocol has instead.',
        ),
      }),
      async (c) => {
        const {source} = c.req.valid('param');
        const {headers: sent} = c.req.raw;
        // Who has no key does not get to fill our memory.
        const result =
          service.refusesPush(source, sent) ??
          (await service.push(source, sent, new Uint8Array(await c.req.arrayBuffer())));
        if (result.ok) {
          return c.json({...(result.response ?? {records: result.records})}, 200);
        }
        const headers: Record<string, string> =
          result.afterMs === undefined
            ? {}
            : {'retry-after': String(Math.ceil(result.afterMs / 1_000))};
        const {status, response, detail} = result;
        if (response !== undefined) throw new ProtocolRefusal(status, response, headers);
        throw new ApiProblem(CODES[status] ?? 'push_refused', detail, {headers, status});
      },
    );
  }
}

/** A refusal in the words of the sender's protocol, who reads nothing else. */
export class ProtocolRefusal extends Error {
  readonly response: Response;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>>) {
    super('The push was refused');
    this.response = new Response(JSON.stringify(body), {
      status,
      headers: {'content-type': 'application/json', ...headers},
    });
  }
}
