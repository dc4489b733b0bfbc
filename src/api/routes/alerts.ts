import {z} from '@hono/zod-openapi';
import type {OutboxRow} from '../../pipeline/store.ts';
import {type Api, actorOf, audited, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {body, cursor, json, limit} from '../queries.ts';
import type {Service} from '../service.ts';
import {type DeliveryRow, deliveryRow, destinationInfo, page} from '../types.ts';

const tags = ['Alerts'];
const name = z.string().min(1).max(128);

export function addAlerts(api: Api, service: Service): void {
  const {store} = service;

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/alerts/destinations',
      tags,
      summary: 'Where alerts go',
      responses: json(z.object({destinations: z.array(destinationInfo)}), 'Without secrets.'),
    }),
    async (c) => c.json({destinations: await service.destinations()}, 200),
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/alerts/destinations/{name}/test',
      tags,
      summary: 'Sends a sample',
      request: {params: z.object({name})},
      responses: json(z.object({status: z.string()}), 'What the destination said.'),
    }),
    async (c) => {
      const called = c.req.valid('param').name;
      const outcome = await audited(c, service, {action: 'alerts.test', subject: called}, () =>
        service.testDestination(called, actorOf(c)),
      );
      if (outcome === undefined) throw new ApiProblem('not_found', 'There is no such destination');
      if (!outcome.ok) {
        throw new ApiProblem('unprocessable', 'The destination did not take it', {
          problems: outcome.problems,
        });
      }
      return c.json(outcome.value, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/alerts/deliveries',
      tags,
      summary: 'What was sent, waits or was given up',
      request: {
        query: z.strictObject({
          destination: name.optional(),
          state: z.enum(['waiting', 'sent', 'dead']).optional(),
          limit: limit(500, 100),
          cursor,
        }),
      },
      responses: json(page(deliveryRow), 'A page of deliveries.'),
    }),
    async (c) => {
      const {rows, next} = await store.deliveries(c.req.valid('query'));
      return c.json({rows: rows.map(deliveryOf), next}, 200);
    },
  );

  api.openapi(
    route({
      method: 'post',
      path: '/api/v1/alerts/replay',
      tags,
      summary: 'Tries again what was given up',
      request: {body: body(z.strictObject({destination: name.optional()}))},
      responses: json(z.object({replayed: z.number().int()}), 'How many.'),
    }),
    async (c) => {
      const {destination} = c.req.valid('json');
      const replayed = await audited(
        c,
        service,
        {action: 'alerts.replay', subject: destination ?? '*'},
        () => service.replayAlerts(destination, actorOf(c)),
      );
      return c.json({replayed}, 200);
    },
  );
}

function deliveryOf({delivery, ...row}: OutboxRow): DeliveryRow {
  const {alert, id, revision} = delivery;
  return {
    destination: row.destination,
    id,
    revision,
    key: alert.key,
    principal: alert.principal,
    title: alert.title,
    score: alert.score,
    count: alert.count,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.createdAt,
    nextAt: row.nextAt,
    sentAt: row.sentAt,
    lastError: row.lastError,
  };
}
