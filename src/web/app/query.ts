import type {Observation} from '../../api/types.ts';
import type {Colour} from './point-set.ts';
import type {Scale} from './raster.ts';

/** What the observations page shows, as its address holds it. */
export interface Query {
  /** Stretch of time that ends with the latest event; "" for all. */
  readonly last: Last;
  /** A stretch of its own, epoch milliseconds, instead of `last`. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly minScore: number | undefined;
  readonly context: string;
  readonly principal: string;
  readonly account: string;
  readonly service: string;
  readonly operation: string;
  readonly text: string;
  readonly colour: Colour;
  readonly scale: Scale;
  readonly order: Order;
  /** Id of the selected observation. */
  readonly selected: number | undefined;
}

export type Order = 'time' | 'score';
export const LASTS = ['', '1h', '24h', '7d', '30d'] as const;
export type Last = (typeof LASTS)[number];

export const LAST_MS: Readonly<Record<Exclude<Last, ''>, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

export const DIMENSION_FILTERS = ['principal', 'account', 'service', 'operation'] as const;
export type DimensionFilter = (typeof DIMENSION_FILTERS)[number];

export function queryOf(search: string): Query {
  const values = new URLSearchParams(search);
  const text = (name: string) => values.get(name) ?? '';
  const one = <T extends string>(name: string, known: readonly T[], usual: T): T =>
    known.find((value) => value === values.get(name)) ?? usual;
  const score = Number.parseFloat(text('minScore'));
  const selected = Number.parseInt(text('sel'), 10);
  return {
    last: one('last', LASTS, ''),
    from: momentOf(text('from')),
    to: momentOf(text('to')),
    minScore: score > 0 && score <= 1 ? score : undefined,
    context: text('context'),
    principal: text('principal'),
    account: text('account'),
    service: text('service'),
    operation: text('operation'),
    text: text('text'),
    colour: one('colour', ['service', 'account'], 'principal' as Colour),
    scale: one('scale', ['linear'], 'log' as Scale),
    order: one('order', ['score'], 'time' as Order),
    selected: selected > 0 ? selected : undefined,
  };
}

/** The address of the page; what is as usual is left out. */
export function addressOf(query: Query, path = '/'): string {
  const values = new URLSearchParams();
  const set = (name: string, value: string | number | undefined, usual: string = '') => {
    if (value !== undefined && value !== usual) values.set(name, String(value));
  };
  set('last', query.last);
  set('from', query.from === undefined ? undefined : new Date(query.from).toISOString());
  set('to', query.to === undefined ? undefined : new Date(query.to).toISOString());
  set('minScore', query.minScore);
  set('context', query.context);
  for (const name of DIMENSION_FILTERS) set(name, query[name]);
  set('text', query.text);
  set('colour', query.colour, 'principal');
  set('scale', query.scale, 'log');
  set('order', query.order, 'time');
  set('sel', query.selected);
  const search = values.toString();
  return search === '' ? path : `${path}?${search}`;
}

function momentOf(text: string): number | undefined {
  const time = /^\d{10,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(time) ? time : undefined;
}

/** What narrows the stream as well as the store. */
export function streamFilterOf(query: Query): Record<string, string | number | undefined> {
  const {minScore, context, principal, account, service, operation} = query;
  return {minScore, context, principal, account, service, operation};
}

/** As the API takes it; `latest` is the time of the latest event, where `last` ends. */
export function filterOf(
  query: Query,
  latest: number | undefined,
): Record<string, string | number | undefined> {
  const {from, to} = rangeOf(query, latest);
  return {...streamFilterOf(query), text: query.text, from, to};
}

/** The stretch of time asked for; without ends where it has none. */
export function rangeOf(
  query: Query,
  latest: number | undefined,
): {readonly from: number | undefined; readonly to: number | undefined} {
  if (query.from !== undefined || query.to !== undefined) return {from: query.from, to: query.to};
  if (query.last === '' || latest === undefined) return {from: undefined, to: undefined};
  return {from: latest - LAST_MS[query.last], to: undefined};
}

/** Whether a row passes what the stream does not filter by itself. */
export function passesText(text: string, row: Observation): boolean {
  if (text === '') return true;
  const part = text.toLowerCase();
  return (
    row.eventId === part ||
    Object.values(row.dimensions).some((value) => value.toLowerCase().includes(part)) ||
    row.mostNovel?.value.toLowerCase().includes(part) === true
  );
}

export function isNarrowed(query: Query): boolean {
  return (
    query.minScore !== undefined ||
    query.text !== '' ||
    query.context !== '' ||
    DIMENSION_FILTERS.some((name) => query[name] !== '')
  );
}
