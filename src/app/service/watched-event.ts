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
  /** The record's text, in its wrapper if it has one; null where it cannot be had any more. */
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
  };
  return new RecordEvent(event, bitsOf(detector, verdict), record);
}

type Places = Readonly<Record<EventField, number>>;

/** Where each field is among the columns of a detector; found once. */
const PLACES = new WeakMap<readonly string[], Places>();

/** Texts of a row; "-" for a field that the stream does not have. */
function componentsOf(detector: Detector, ids: Int32Array): Components {
  const places = placesOf(detector);
  // Written out: a loop over the fields takes several times as long, for each event.
  return {
    principal: textAt(detector, ids, places.principal),
    kind: textAt(detector, ids, places.kind),
    peer: textAt(detector, ids, places.peer),
    account: textAt(detector, ids, places.account),
    region: textAt(detector, ids, places.region),
    service: textAt(detector, ids, places.service),
    operation: textAt(detector, ids, places.operation),
    network: textAt(detector, ids, places.network),
    userAgent: textAt(detector, ids, places.userAgent),
    error: textAt(detector, ids, places.error),
    resource: textAt(detector, ids, places.resource),
    session: textAt(detector, ids, places.session),
    hour: textAt(detector, ids, places.hour),
  };
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

/** Gives the bits of a verdict, as they are now, whenever it is asked. */
function bitsOf(detector: Detector, verdict: Verdict | undefined): () => Record<string, number> {
  if (verdict === undefined) return () => ({});
  const {context, scored} = verdict;
  const bits = scored.bits.slice();
  return () => {
    const {facets} = detector.scorer(context).plan;
    return Object.fromEntries(facets.map(({name}, i) => [name, bits[i] as number]));
  };
}
