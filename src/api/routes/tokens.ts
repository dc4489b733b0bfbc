import {z} from '@hono/zod-openapi';
import {type Api, audited, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {body, json} from '../queries.ts';
import type {Service} from '../service.ts';
import {createToken, revokeToken, type Tokens} from '../tokens.ts';
import {tokenInfo} from '../types.ts';

const tags = ['Tokens'];

export function addTokens(
  api: Api,
  service: Service,
  tokens: Tokens | undefined,
  unwanted: boolean,
): void {
  const {store} = service;

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/tokens',
      tags,
      summary: 'The tokens there are',
      responses: json(z.object({tokens: z.array(tokenInfo)}), 'Without their secrets.'),
    }),
    async (c) => {
      const rows = await store.tokens();
      return c.json({tokens: rows.map(({hash: _, ...token}) => token)}, 200);
    },
  );

  const created = z.object({secret: z.string().describe('Told this once.'), token: tokenInfo});
  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/tokens',
      tags,
      summary: 'Makes a token',
      request: {
        body: body(
          z.strictObject({
            name: z.string().regex(/^[\w.@ -]{1,64}$/, 'Is not a name'),
            scope: z.enum(['read', 'write', 'admin']),
            expiresAt: z.number().int().positive().nullable(),
          }),
        ),
      },
      responses: {
        201: {description: 'Made.', content: {'application/json': {schema: created}}},
      },
    }),
    async (c) => {
      // It would open nothing, but on this machine, whose commands have one of their own.
      if (unwanted) {
        throw new ApiProblem('forbidden', 'The configuration says `server.auth.tokens: false`');
      }
      const wanted = c.req.valid('json');
      const {name, scope} = wanted;
      const made = await audited(
        c,
        service,
        {action: 'token.create', subject: name, detail: {scope}},
        async () => ({ok: true as const, ...(await createToken(store, wanted))}),
      );
      tokens?.forget();
      const {hash: _, ...token} = made.token;
      return c.json({secret: made.secret, token}, 201);
    },
  );

  api.openapi(
    route({
      method: 'delete',
      path: '/api/v1/tokens/{id}',
      tags,
      summary: 'Revokes a token',
      request: {params: z.object({id: z.string().regex(/^[\da-f]{12}$/, 'Is not an id')})},
      responses: {204: {description: 'Revoked.'}},
    }),
    async (c) => {
      const {id} = c.req.valid('param');
      const done = await audited(c, service, {action: 'token.revoke', subject: id}, () =>
        revokeToken(store, id),
      );
      tokens?.forget();
      if (!done)
        throw new ApiProblem('not_found', 'There is no such token, or it was revoked before');
      return c.body(null, 204);
    },
  );
}
