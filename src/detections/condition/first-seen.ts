import {component} from '../../event/text.ts';
import type {Evaluator, EvaluatorFactory, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import type {Condition} from './language.ts';
import type {Selector} from './selector.ts';

/** Combinations that a detection remembers; then the one unseen for longest is forgotten. */
export const MAX_SEEN = 50_000;
/** Longest key that is kept as it is; of longer ones the beginning and a hash. */
const MAX_KEY = 160;

export interface FirstSeenOptions {
  /** What is seen together. */
  readonly by: readonly Selector[];
  /** Seen so long ago, it is new again. */
  readonly withinMs: number;
  /** Nothing is new until it has watched the stream for so long, in event time. */
  readonly warmUpMs: number;
}

/**
 * Values that were not seen together within a time, among the events of a condition. It learns
 * from the first event on, history included, and is silent until it has watched for `warmUpMs`:
 * the stream's time counts, whether or not the condition held meanwhile.
 */
export function firstSeenEvaluator(
  condition: Condition,
  selectors: readonly Selector[],
  options: FirstSeenOptions,
): EvaluatorFactory {
  return () => new FirstSeenEvaluator(condition, selectors, options);
}

class FirstSeenEvaluator implements Evaluator {
  readonly needs: Needs;
  readonly #condition: Condition;
  readonly #selectors: readonly Selector[];
  readonly #options: FirstSeenOptions;
  /** Newest time of each, in the order in which they were last seen. */
  #seen = new Map<string, number>();
  /** Event time at which it began to watch. */
  #since = Number.POSITIVE_INFINITY;

  constructor(condition: Condition, selectors: readonly Selector[], options: FirstSeenOptions) {
    this.#condition = condition;
    this.#selectors = selectors;
    this.#options = options;
    // Until it is warm, and beyond, it must see all that the condition may hold for; and the times of
    // some others, as they came before it was told of time alone.
    const {components: _, ...needs} = condition.needs;
    this.needs = needs;
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {time} = event;
    this.#watch(time);
    const holds = this.#condition.holds(event);
    if (holds === false) return;
    if (holds !== true) {
      sink.failed(holds.failed);
      return;
    }
    const values = this.#options.by.map((select) => select(event));
    const key = component(
      values.length === 1 ? (values[0] as string) : JSON.stringify(values),
      MAX_KEY,
    );
    const before = this.#seen.get(key);
    this.#seen.delete(key);
    this.#seen.set(key, Math.max(before ?? time, time));
    if (this.#seen.size > MAX_SEEN) {
      const [oldest] = this.#seen.keys();
      this.#seen.delete(oldest as string);
    }
    const {withinMs, warmUpMs} = this.#options;
    if (before !== undefined && time - before <= withinMs) return;
    if (time - this.#since < warmUpMs) return;
    sink.hit({
      time,
      event,
      group: this.#selectors.map((select) => select(event)),
      facts: {
        new: values.join(', '),
        last_seen: before === undefined ? 'never' : new Date(before).toISOString().slice(0, 10),
      },
      evidence: [eventNote(event)],
      count: 1,
    });
  }

  advance(time: number): void {
    this.#watch(time);
    const {withinMs} = this.#options;
    for (const [key, last] of this.#seen) {
      if (time - last <= withinMs) break;
      this.#seen.delete(key);
    }
  }

  state(): Json {
    return [Number.isFinite(this.#since) ? this.#since : null, [...this.#seen]];
  }

  restore(state: Json): void {
    if (!Array.isArray(state) || !Array.isArray(state[1])) return;
    const [since, seen] = state as unknown as [number | null, [string, number][]];
    this.#since = since ?? Number.POSITIVE_INFINITY;
    this.#seen = new Map(seen);
  }

  #watch(time: number): void {
    if (time < this.#since) this.#since = time;
  }
}
