import type {DetectionEvent} from '../detections/event.ts';
import type {Json} from '../detections/json.ts';
import type {Components} from '../event/fields.ts';
import {recordIn} from '../pipeline/record-at.ts';
import {type OwnText, type OwnTexts, ownTextsIn} from './own-texts.ts';

/** How records begin as CloudTrail writes them: what begins so is no wrapper of others. */
const BEGINNING = '{"eventVersion":';

const TEXT = new TextDecoder();

type Facts = Pick<DetectionEvent, 'time' | 'components' | 'origin' | 'score'> & {
  readonly id: () => string;
};

/** A record in its wrapper if it has one, as text or as bytes; null where it cannot be had any more. */
export type GivenRecord = string | Uint8Array | null;

/** An event as detections see it; what is behind it is looked at when a condition first asks. */
export class RecordEvent implements DetectionEvent {
  readonly time: number;
  readonly components: Components;
  readonly origin: string;
  readonly score: number;
  readonly #idOf: () => string;
  readonly #bitsOf: () => Readonly<Record<string, number>>;
  readonly #recordOf: () => GivenRecord;
  #id: string | undefined;
  #bits: Readonly<Record<string, number>> | undefined;
  #given: GivenRecord | undefined;
  #text: string | null | undefined;
  /** Null where they must be looked for in the record. */
  #texts: OwnTexts | null | undefined;
  #folded: string | undefined;
  #record: Readonly<Record<string, Json>> | undefined;

  /**
   * What is given as a function is asked for when a condition first asks, and may be as long as the
   * event is held.
   */
  constructor(
    event: Facts,
    bits: () => Readonly<Record<string, number>>,
    record: () => GivenRecord,
  ) {
    this.time = event.time;
    this.components = event.components;
    this.origin = event.origin;
    this.score = event.score;
    this.#idOf = event.id;
    this.#bitsOf = bits;
    this.#recordOf = record;
  }

  get id(): string {
    this.#id ??= this.#idOf();
    return this.#id;
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

  ownText(key: OwnText): string {
    if (this.#texts === undefined) {
      // Once the record is there, it is the quickest to ask.
      const given = this.#record === undefined ? this.#give() : null;
      this.#texts = (given instanceof Uint8Array ? ownTextsIn(given) : undefined) ?? null;
    }
    if (this.#texts !== null) return this.#texts[key];
    const own = this.record[key];
    return typeof own === 'string' ? own : '';
  }

  #give(): GivenRecord {
    if (this.#given === undefined) this.#given = this.#recordOf();
    return this.#given;
  }

  #read(): string | null {
    if (this.#text === undefined) {
      const given = this.#give();
      this.#text = given instanceof Uint8Array ? TEXT.decode(given) : given;
    }
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
