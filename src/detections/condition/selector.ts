import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import {component, NONE} from '../../event/text.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {parsePath, valueAt} from '../path.ts';
import type {Compiled} from './language.ts';

/** Gives one text of an event; "-" where it has none. */
export type Selector = (event: DetectionEvent) => string;

/** Keys and indices of a path, at most. */
const MAX_STEPS = 32;

/**
 * Reads a component ("principal"), "origin", or a path into the record: "$.requestParameters.name",
 * "$.items[0].id", "$.tags['a.b']". Of an object or a list it gives the JSON.
 */
export function compileSelector(source: string): Compiled<Selector> {
  if ((EVENT_FIELDS as readonly string[]).includes(source)) {
    return {ok: true, value: (event) => event.components[source as EventField]};
  }
  if (source === 'origin') return {ok: true, value: (event) => component(event.origin)};
  if (!source.startsWith('$')) {
    const message = `"${source}" is no component, nor a path such as "$.requestParameters.name"`;
    return {ok: false, faults: [{index: 0, message}]};
  }
  const parsed = parsePath(source);
  if (!parsed.ok) return {ok: false, faults: [{index: parsed.index, message: 'No key or index'}]};
  const {path} = parsed;
  if (path.length === 0 || path.length > MAX_STEPS) {
    const message = `A path has 1 to ${MAX_STEPS} keys`;
    return {ok: false, faults: [{index: 0, message}]};
  }
  return {ok: true, value: (event) => component(textOf(valueAt(event.record, path)))};
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return NONE;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Selectors for the values of a group, in order; faults name which one. */
export function compileGroup(sources: readonly string[]): {
  readonly selectors: readonly Selector[];
  readonly faults: readonly {
    readonly at: number;
    readonly index: number;
    readonly message: string;
  }[];
} {
  const selectors: Selector[] = [];
  const faults: {at: number; index: number; message: string}[] = [];
  for (const [at, source] of sources.entries()) {
    const compiled = compileSelector(source);
    if (compiled.ok) selectors.push(compiled.value);
    else faults.push(...compiled.faults.map((fault) => ({at, ...fault})));
  }
  return {selectors, faults};
}
