import {EVENT_FIELDS, type EventField} from '../src/event/fields.ts';

/** The fields that methods of the benchmark see. */
export type Field = Exclude<EventField, 'session'>;

export const COMPONENT_FIELDS: readonly Field[] = EVENT_FIELDS.filter(
  (field): field is Field => field !== 'session',
);

/** One event as every method sees it. */
export type Components = Readonly<Record<Field, string>>;

/** Something that scores a stream online. */
export interface Method {
  readonly name: string;
  /**
   * Scores the event by what came before it, then learns it; higher is more novel. Events come
   * in event-time order, each once. The scale is the method's own, and finite.
   */
  observe(event: Components, timeMs: number): number;
}
