import type {Asked} from '../../detections/detection-set.ts';
import {type Components, EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {Detector, Verdict} from '../detector.ts';
import {RecordEvent} from '../record-event.ts';

export interface WatchedFacts {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly id: string;
  /** Undefined where the credentials go back to nobody else. */
  readonly origin: string | undefined;
  /** The most novel of all contexts; undefined when none judged it. */
  readonly verdict: Verdict | undefined;
  /** The record's text; null where it cannot be had any more. */
  readonly record: () => string | null;
}

/** An event on its way through the engine, as declared detections see it. */
export function watchedEvent(
  detector: Detector,
  ids: Int32Array,
  {time, id, origin, verdict, record}: WatchedFacts,
): RecordEvent {
  const components = componentsOf(detector, ids);
  const event = {
    time,
    id,
    components,
    origin: origin ?? components.principal,
    score: verdict?.scored.score ?? 0,
    bits: bitsOf(detector, verdict),
  };
  return new RecordEvent(event, record);
}

type Places = Readonly<Record<EventField, number>>;

/** Where each field is among the columns of a detector; found once. */
const PLACES = new WeakMap<readonly string[], Places>();

/** Texts of a row; "-" for a field that the stream does not have. */
function componentsOf(detector: Detector, ids: Int32Array): Components {
  const places = placesOf(detector);
  const components = {} as Record<EventField, string>;
  for (const field of EVENT_FIELDS) components[field] = textAt(detector, ids, places[field]);
  return components;
}

/** What decides whether anybody wants to see the event of a row: asked of each, so no more than it. */
export function askedOf(detector: Detector, ids: Int32Array, origin: string | undefined): Asked {
  const places = placesOf(detector);
  const principal = textAt(detector, ids, places.principal);
  return {
    operation: textAt(detector, ids, places.operation),
    kind: textAt(detector, ids, places.kind),
    error: textAt(detector, ids, places.error),
    principal,
    origin: origin ?? principal,
  };
}

function placesOf({columns}: Detector): Places {
  let places = PLACES.get(columns);
  if (places === undefined) {
    const found = EVENT_FIELDS.map((field) => [field, columns.indexOf(field)] as const);
    places = Object.fromEntries(found) as Places;
    PLACES.set(columns, places);
  }
  return places;
}

function textAt(detector: Detector, ids: Int32Array, column: number): string {
  return column < 0 ? '-' : detector.text(column, ids[column] as number);
}

function bitsOf(detector: Detector, verdict: Verdict | undefined): Record<string, number> {
  const bits: Record<string, number> = {};
  if (verdict === undefined) return bits;
  const {context, scored} = verdict;
  detector.scorer(context).plan.facets.forEach(({name}, i) => {
    bits[name] = scored.bits[i] as number;
  });
  return bits;
}
