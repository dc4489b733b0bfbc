import type {DetectionEvent} from '../detections/event.ts';
import type {Json} from '../detections/json.ts';
import type {Components} from '../event/fields.ts';
import {recordIn} from '../pipeline/record-at.ts';

/** How records begin as CloudTrail writes them: what begins so is no wrapper of others. */
const BEGINNING = '{"eventVersion":';

type Facts = Omit<DetectionEvent, 'record' | 'bits' | 'mayHold'>;

/** An event as detections see it; what is behind it is looked at when a condition first asks. */
export class RecordEvent implements DetectionEvent {
  readonly time: number;
  readonly id: string;
  readonly components: Components;
  readonly origin: string;
  readonly score: number;
  readonly #bitsOf: () => Readonly<Record<string, number>>;
  readonly #textOf: () => string | null;
  #bits: Readonly<Record<string, number>> | undefined;
  #text: string | null | undefined;
  #folded: string | undefined;
  #record: Readonly<Record<string, Json>> | undefined;

  /**
   * @param text gives the record's text, in its wrapper if it has one; null where it cannot be had
   *   any more. As `bits` it may be asked for as long as the event is held.
   */
  constructor(
    event: Facts,
    bits: () => Readonly<Record<string, number>>,
    text: () => string | null,
  ) {
    this.time = event.time;
    this.id = event.id;
    this.components = event.components;
    this.origin = event.origin;
    this.score = event.score;
    this.#bitsOf = bits;
    this.#textOf = text;
  }

  get bits(): Readonly<Record<string, number>> {
    this.#bits ??= this.#bitsOf();
    return this.#bits;
  }

  get record(): Readonly<Record<string, Json>> {
    this.#record ??= asRecord(recordIn(this.#read() ?? '', this.id));
    return this.#record;
  }

  mayHold(text: string): boolean {
    if (this.#folded === undefined) {
      const read = this.#read() ?? '';
      // Within escapes, of JSON or of addresses, a text may be spelt in other characters.
      const plain = read.startsWith(BEGINNING) && !read.includes('\\') && !read.includes('%');
      this.#folded = plain ? read.toLowerCase() : '';
    }
    return this.#folded === '' || this.#folded.includes(text);
  }

  #read(): string | null {
    if (this.#text === undefined) this.#text = this.#textOf();
    return this.#text;
  }
}

/**
 * The record of a text; one without anything where there is no text, or no object in it.
 * @throws SyntaxError if it is no JSON
 */
export function recordOf(text: string | null): Readonly<Record<string, Json>> {
  return text === null ? {} : asRecord(JSON.parse(text));
}

function asRecord(value: unknown): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, Json>)
    : {};
}
