import {type Components, EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {Detector, Verdict} from '../detector.ts';
import {type GivenRecord, RecordEvent} from '../record-event.ts';

export interface WatchedFacts {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly id: () => string;
  readonly components: Components;
  /** Undefined where the credentials go back to nobody else. */
  readonly origin: string | undefined;
  /** The most novel of all contexts; undefined when none judged it. */
  readonly verdict: Verdict | undefined;
  readonly record: () => GivenRecord;
}

/** An event on its way through the engine, as declared detections see it. */
export function watchedEvent(
  detector: Detector,
  {time, id, components, origin = components.principal, verdict, record}: WatchedFacts,
): RecordEvent {
  const event = {time, id, components, origin, score: verdict?.scored.score ?? 0};
  return new RecordEvent(event, bitsOf(detector, verdict), record);
}

type Places = Readonly<Record<EventField, number>>;

/** Where each field is among the columns of a detector; found once. */
const PLACES = new WeakMap<readonly string[], Places>();

/** Texts of a row; "-" for a field that the stream does not have. */
export function componentsOf(detector: Detector, ids: Int32Array): Components {
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
