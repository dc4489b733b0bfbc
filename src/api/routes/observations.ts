import {z} from '@hono/zod-openapi';
import type {ObservationDetail as StoredDetail} from '../../pipeline/observation.ts';
import type {StoredObservation} from '../../pipeline/store.ts';
import {csvOf} from '../csv.ts';
import {type Api, route} from '../environment.ts';
import {ApiProblem} from '../problem.ts';
import {
  count,
  cursor,
  dimensionName,
  filterOf,
  filterShape,
  idParam,
  json,
  limit,
  pageOf,
} from '../queries.ts';
import type {Service} from '../service.ts';
import {sharedReads} from '../shared-reads.ts';
import {
  type Explanation,
  explanation,
  observation,
  observationDetail,
  page,
  plot,
  timeline,
} from '../types.ts';

const tags = ['Observations'];

export function addObservations(
  api: Api,
  service: Service,
  onError: (error: unknown) => void,
): void {
  const {store} = service;
  const reads = sharedReads(store);

  const found = async (id: number): Promise<StoredObservation> => {
    const row = await store.observation(id);
    if (row === undefined) throw new ApiProblem('not_found', `There is no observation ${id}`);
    return row;
  };

  const order = z.enum(['time', 'score', 'id']).default('time');

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations',
      tags,
      summary: 'Observations, newest or most novel first',
      request: {
        query: z.strictObject({...filterShape, order, limit: limit(1_000, 100), cursor}),
      },
      responses: json(page(observation), 'A page of observations.'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await reads.observations(filterOf(query), pageOf(query)), 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations.csv',
      tags,
      summary: 'The same as CSV, safe to open in a spreadsheet',
      request: {
        query: z.strictObject({...filterShape, order, limit: limit(1_000_000, 1_000_000)}),
      },
      responses: {
        200: {description: 'CSV.', content: {'text/csv': {schema: z.string()}}},
      },
    }),
    (c) => {
      const query = c.req.valid('query');
      const stream = csvOf(store, filterOf(query), query.order, query.limit, (error) => {
        onError(error);
        // The server would end the answer as if nothing had happened.
        c.env?.outgoing?.destroy();
      });
      return c.body(stream, 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="observations.csv"',
      });
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations/plot',
      tags,
      summary: 'Points of the plot, in columns',
      request: {
        query: z.strictObject({
          ...filterShape,
          colour: dimensionName.default('principal'),
          limit: limit(200_000, 20_000),
        }),
      },
      responses: json(plot, 'Where there are more points than asked for, the most novel are kept.'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await reads.plot(filterOf(query), query.colour, query.limit), 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations/timeline',
      tags,
      summary: 'Events and highest score by equal stretches of time',
      request: {query: z.strictObject({...filterShape, stretches: limit(2_000, 200)})},
      responses: json(timeline, 'One number a stretch.'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await reads.timeline(filterOf(query), query.stretches), 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations/{id}',
      tags,
      summary: 'One observation with its explanation and record',
      request: {params: idParam},
      responses: json(observationDetail, 'The counts are those of when the score was given.'),
    }),
    async (c) => {
      const row = await found(c.req.valid('param').id);
      const detail = await store.detail(row.id);
      const answer = {
        observation: {...row, reason: row.reason ?? detail?.reason ?? null},
        explanation: explanationOf(detail),
        record: detail?.record ?? null,
        consoleUrl: consoleUrl(row),
      };
      return c.json(answer, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations/{id}/record',
      tags,
      summary: 'The record as delivered, read once more from its source where it was not kept',
      request: {params: idParam},
      responses: {
        200: {description: 'JSON as text.', content: {'text/plain': {schema: z.string()}}},
      },
    }),
    async (c) => {
      const row = await found(c.req.valid('param').id);
      const record = (await store.detail(row.id))?.record ?? (await service.record(row));
      if (record === undefined) {
        throw new ApiProblem(
          'not_found',
          'The record was not kept, and its source no longer has it',
        );
      }
      // As text, so that no browser ever takes what a record holds for a page.
      return c.text(record, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/observations/{id}/neighbours',
      tags,
      summary: "The principal's observations around one of them",
      request: {
        params: idParam,
        query: z.strictObject({before: count(200, 10), after: count(200, 10)}),
      },
      responses: json(z.object({rows: z.array(observation)}), 'In order of event time.'),
    }),
    async (c) => {
      const {before, after} = c.req.valid('query');
      const {id} = await found(c.req.valid('param').id);
      return c.json({rows: await store.around(id, before, after)}, 200);
    },
  );

  api.openapi(
    route({
      method: 'get',
      path: '/api/v1/events/{eventId}',
      tags,
      summary: 'The observations of an event, by its id',
      request: {params: z.object({eventId: z.string().min(1).max(256)})},
      responses: json(z.object({rows: z.array(observation)}), 'One a context.'),
    }),
    async (c) => c.json({rows: await store.byEventId(c.req.valid('param').eventId)}, 200),
  );
}

/** As it was frozen; null where none was kept or a later version can no longer read it. */
function explanationOf(detail: StoredDetail | undefined): Explanation | null {
  if (detail === undefined || detail.explanation === '') return null;
  try {
    const parsed = explanation.safeParse(JSON.parse(detail.explanation));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The event in the console of its partition; "" unless region and id are of their usual form. */
export function consoleUrl(row: Pick<StoredObservation, 'eventId' | 'dimensions'>): string {
  const {region} = row.dimensions;
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(row.eventId)) return '';
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return '';
  const host = region.startsWith('cn-')
    ? 'console.amazonaws.cn'
    : region.startsWith('us-gov-')
      ? 'console.amazonaws-us-gov.com'
      : 'console.aws.amazon.com';
  return `https://${region}.${host}/cloudtrailv2/home?region=${region}#/events/${row.eventId}`;
}
