import {z} from '@hono/zod-openapi';
import {DIMENSIONS, type Dimension} from '../pipeline/observation.ts';
import type {ObservationFilter} from '../pipeline/store.ts';

/** A number in a query: plain decimal, so that "" and "0x1f" are none. */
function decimal(low: number, high: number) {
  return z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'Is not a number')
    .transform(Number)
    .pipe(z.number().min(low).max(high))
    .openapi({type: 'number', minimum: low, maximum: high});
}

function whole(low: number, high: number) {
  return z
    .string()
    .regex(/^\d+$/, 'Is not a whole number')
    .transform(Number)
    .pipe(z.number().int().min(low).max(high))
    .openapi({type: 'integer', minimum: low, maximum: high});
}

/** `limit`, with what it is unless told. */
export function limit(most: number, usual: number) {
  return whole(1, most)
    .default(usual)
    .openapi({type: 'integer', minimum: 1, maximum: most, default: usual});
}

export function count(most: number, usual: number) {
  return whole(0, most)
    .default(usual)
    .openapi({type: 'integer', minimum: 0, maximum: most, default: usual});
}

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

export const moment = z
  .string()
  .transform((text, context) => {
    const time = /^\d{1,15}$/.test(text)
      ? Number(text)
      : MOMENT.test(text)
        ? Date.parse(text)
        : Number.NaN;
    if (Number.isFinite(time)) return time;
    context.addIssue({
      code: 'custom',
      message: 'Is neither epoch milliseconds nor an ISO 8601 time',
    });
    return z.NEVER;
  })
  .openapi({type: 'string', description: 'Epoch milliseconds, or ISO 8601 with its zone.'});

export const text = z.string().min(1).max(1024);

export const cursor = z
  .string()
  .regex(/^[\w.:~+/=-]{1,512}$/, 'Is not a cursor')
  .optional()
  .openapi({description: '`next` of the page before.'});

export const idParam = z.object({
  id: whole(1, Number.MAX_SAFE_INTEGER).openapi({param: {name: 'id', in: 'path'}, type: 'integer'}),
});

export const dimensionName = z.enum(DIMENSIONS);

/** What narrows observations down; the same wherever they are asked for. */
export const filterShape = {
  from: moment.optional(),
  to: moment.optional(),
  minScore: decimal(0, 1).optional(),
  maxScore: decimal(0, 1).optional(),
  context: text.optional(),
  principal: text.optional(),
  kind: text.optional(),
  account: text.optional(),
  region: text.optional(),
  service: text.optional(),
  operation: text.optional(),
  network: text.optional(),
  userAgent: text.optional(),
  error: text.optional(),
  resource: text.optional(),
  text: text.optional().openapi({
    description: 'Part of any dimension or of the most novel value, or a whole event id.',
  }),
} as const;

type FilterQuery = {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly minScore?: number | undefined;
  readonly maxScore?: number | undefined;
  readonly context?: string | undefined;
  readonly text?: string | undefined;
} & {readonly [D in Dimension]?: string | undefined};

interface Page<Order> {
  readonly order: Order;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export function filterOf(query: FilterQuery): ObservationFilter {
  const dimensions: Partial<Record<Dimension, string>> = {};
  for (const name of DIMENSIONS) {
    const value = query[name];
    if (value !== undefined) dimensions[name] = value;
  }
  return {
    from: query.from,
    to: query.to,
    minScore: query.minScore,
    maxScore: query.maxScore,
    context: query.context,
    text: query.text,
    dimensions,
  };
}

/** Which page of a list, in which order: nothing else of the query. */
export function pageOf<Order>({order, limit, cursor}: Page<Order>): Page<Order> {
  return {order, limit, cursor};
}

/** The answer 200 with JSON. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return {200: {description, content: {'application/json': {schema}}}};
}

/** A JSON body that must be there. */
export function body<S extends z.ZodType>(schema: S) {
  return {required: true, content: {'application/json': {schema}}};
}
