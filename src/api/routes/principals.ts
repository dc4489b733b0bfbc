import {z} from '@hono/zod-openapi';
import {type Api, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {cursor, dimensionName, filterOf, filterShape, json, limit, pageOf} from '../queries.ts';
import type {Service} from '../service.ts';
import {sharedReads} from '../shared-reads.ts';
import {page, principalRow, profile} from '../types.ts';

const tags = ['Principals'];

export function addPrincipals(api: Api, service: Service): void {
  const store = sharedReads(service.store);

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/principals',
      tags,
      summary: 'Principals with what they did',
      request: {
        query: z.strictObject({
          ...filterShape,
          order: z.enum(['score', 'events', 'recent']).default('score'),
          limit: limit(1_000, 100),
          cursor,
        }),
      },
      responses: json(page(principalRow), 'A page of principals.'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await store.principals(filterOf(query), pageOf(query)), 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/principals/profile',
      tags,
      summary: 'What is normal for a principal, and since when',
      request: {
        query: z.strictObject({
          principal: z.string().min(1).max(1024),
          context: z.string().min(1).max(256).default('cloudtrail'),
        }),
      },
      responses: json(profile, 'Facet by facet.'),
    }),
    async (c) => {
      const {principal, context} = c.req.valid('query');
      const found = await service.profile(context, principal);
      if (found === undefined) throw new ApiProblem('not_found', 'No such principal has been seen');
      return c.json(found, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/values',
      tags,
      summary: 'The commonest values of a dimension, for filters',
      request: {
        query: z.strictObject({
          dimension: dimensionName,
          prefix: z.string().max(256).default(''),
          limit: limit(200, 20),
        }),
      },
      responses: json(z.object({values: z.array(z.string())}), 'Commonest first.'),
    }),
    async (c) => {
      const {dimension, prefix, limit: most} = c.req.valid('query');
      return c.json({values: await store.values(dimension, prefix, most)}, 200);
    },
  );
}
