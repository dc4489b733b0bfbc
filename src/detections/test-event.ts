import {EVENT_FIELDS, type EventField} from '../event/fields.ts';
import type {AlarmChange, Datapoint, Episode, Hit, Sink} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';

/** For tests: an event of what is given; other components are "-". */
export function testEvent(
  time: number,
  id: string,
  given: Partial<Record<EventField, string>> = {},
  record: Readonly<Record<string, Json>> = {},
): DetectionEvent {
  const components = Object.fromEntries(
    EVENT_FIELDS.map((field) => [field, given[field] ?? '-']),
  ) as Record<EventField, string>;
  return {time, id, components, origin: components.principal, score: 0, bits: {}, record};
}

/** For tests: keeps what it is told. */
export class Kept implements Sink {
  readonly hits: Hit[] = [];
  readonly changes: AlarmChange[] = [];
  readonly points: Datapoint[] = [];
  readonly episodes: Episode[] = [];
  readonly failures: string[] = [];

  hit(hit: Hit): void {
    this.hits.push(hit);
  }
  alarm(change: AlarmChange): void {
    this.changes.push(change);
  }
  datapoint(point: Datapoint): void {
    this.points.push(point);
  }
  episode(episode: Episode): void {
    this.episodes.push(episode);
  }
  failed(message: string): void {
    this.failures.push(message);
  }
}
