import type {DetectionEvent} from '../detections/event.ts';
import type {Json} from '../detections/json.ts';
import type {Components} from '../event/fields.ts';

/** An event as detections see it; its record is parsed when a condition first comes to it. */
export class RecordEvent implements DetectionEvent {
  readonly time: number;
  readonly id: string;
  readonly components: Components;
  readonly origin: string;
  readonly score: number;
  readonly bits: Readonly<Record<string, number>>;
  readonly #text: () => string | null;
  #record: Readonly<Record<string, Json>> | undefined;

  /** `text` gives the record's text; null where it cannot be had any more. */
  constructor(event: Omit<DetectionEvent, 'record'>, text: () => string | null) {
    this.time = event.time;
    this.id = event.id;
    this.components = event.components;
    this.origin = event.origin;
    this.score = event.score;
    this.bits = event.bits;
    this.#text = text;
  }

  get record(): Readonly<Record<string, Json>> {
    this.#record ??= recordOf(this.#text());
    return this.#record;
  }
}

/**
 * The record of a text; one without anything where there is no text, or no object in it.
 * @throws SyntaxError if it is no JSON
 */
export function recordOf(text: string | null): Readonly<Record<string, Json>> {
  if (text === null) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, Json>)
    : {};
}
