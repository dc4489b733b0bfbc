/** One event as every method of the benchmark sees it; the names are those of `EVENT_FIELDS`. */
export interface Components {
  readonly principal: string;
  readonly kind: string;
  readonly peer: string;
  readonly account: string;
  readonly region: string;
  readonly service: string;
  readonly operation: string;
  readonly network: string;
  readonly userAgent: string;
  readonly error: string;
  readonly resource: string;
  readonly hour: string;
}

export type Field = keyof Components;

export const COMPONENT_FIELDS = [
  'principal',
  'kind',
  'peer',
  'account',
  'region',
  'service',
  'operation',
  'network',
  'userAgent',
  'error',
  'resource',
  'hour',
] as const satisfies readonly Field[];

/** Something that scores a stream online. */
export interface Method {
  readonly name: string;
  /**
   * Scores the event by what came before it, then learns it; higher is more novel. Events come
   * in event-time order, each once. The scale is the method's own, and finite.
   */
  observe(event: Components, timeMs: number): number;
}
