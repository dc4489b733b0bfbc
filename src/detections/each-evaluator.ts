import type {Evaluator, Needs, Sink} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import {eventNote} from './event-note.ts';

/** Each event that matches is a hit by itself; nothing is remembered. */
export class EachEvaluator implements Evaluator {
  readonly needs: Needs;
  readonly #matches: (event: DetectionEvent) => boolean | {readonly failed: string};
  readonly #group: (event: DetectionEvent) => readonly string[];

  constructor(
    needs: Needs,
    matches: (event: DetectionEvent) => boolean | {readonly failed: string},
    group: (event: DetectionEvent) => readonly string[],
  ) {
    this.needs = needs;
    this.#matches = matches;
    this.#group = group;
  }

  take(event: DetectionEvent, sink: Sink): void {
    const matches = this.#matches(event);
    if (matches === false) return;
    if (matches !== true) {
      sink.failed(matches.failed);
      return;
    }
    sink.hit({
      time: event.time,
      event,
      group: this.#group(event),
      facts: {},
      evidence: [eventNote(event)],
      count: 1,
    });
  }

  advance(): void {}

  state(): null {
    return null;
  }

  restore(): void {}
}
