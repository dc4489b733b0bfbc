import type {Components} from '../../event/fields.ts';
import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {Evaluator, Hit, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';

/** An event of a test: what is not given is "-", or nothing. */
export function testEvent(
  given: Partial<Record<EventField, string>> & {
    readonly time?: number;
    readonly id?: string;
    readonly origin?: string;
    readonly score?: number;
    readonly bits?: Readonly<Record<string, number>>;
    readonly record?: Readonly<Record<string, Json>>;
  },
): DetectionEvent {
  const {time = 0, id = '', origin, score = 0, bits = {}, record = {}} = given;
  const texts: Partial<Record<EventField, string>> = given;
  const components = Object.fromEntries(
    EVENT_FIELDS.map((field) => [field, texts[field] ?? '-']),
  ) as Record<EventField, string> & Components;
  return {time, id, components, origin: origin ?? components.principal, score, bits, record};
}

/** Keeps what it is given. */
export class TestSink implements Sink {
  readonly hits: Hit[] = [];
  readonly failures: string[] = [];

  hit(hit: Hit): void {
    this.hits.push(hit);
  }

  failed(message: string): void {
    this.failures.push(message);
  }

  alarm(): void {}
  datapoint(): void {}
  episode(): void {}
}

/** The hits of an evaluator over events, with `advance` to each event's time where it goes on. */
export function hitsOf(evaluator: Evaluator, events: readonly DetectionEvent[]): Hit[] {
  const sink = new TestSink();
  for (const event of events) evaluator.take(event, sink);
  return sink.hits;
}
