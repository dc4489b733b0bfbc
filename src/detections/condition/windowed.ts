import type {Evaluator, EvaluatorFactory, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {Groups, MAX_LATENESS} from './groups.ts';
import type {Condition, TextExpression, Undecided} from './language.ts';
import type {Selector} from './selector.ts';
import {type Filled, Window, type WindowOptions} from './window.ts';

/** Events of all groups of a detection together; then the groups unseen for longest go. */
const MAX_ENTRIES = 200_000;
/** Events of a group whose share is taken: the newest ones, if there are more in the window. */
const MAX_SHARE_EVENTS = 2_000;
/** Room for late events beside those that fill a window. */
const SLACK = 256;

export interface CountOptions {
  readonly atLeast: number;
  readonly withinMs: number;
  /** Different values of it are counted, instead of events. */
  readonly distinct?: TextExpression;
}

export interface ShareOptions {
  readonly of: Condition;
  /** In (0, 1]. */
  readonly atLeast: number;
  readonly minEvents: number;
  readonly withinMs: number;
}

/** So many events, or so many different values, within a time. */
export function countEvaluator(
  condition: Condition,
  selectors: readonly Selector[],
  {atLeast, withinMs, distinct}: CountOptions,
): EvaluatorFactory {
  const window: WindowOptions = {
    withinMs,
    maxEntries: 2 * atLeast + SLACK,
    judge: distinct === undefined ? 'events' : 'distinct',
    enough: (_, count) => count >= atLeast,
  };
  return () =>
    new WindowedEvaluator({
      condition,
      selectors,
      window,
      textOf: distinct === undefined ? () => '' : distinct.textOf,
      factsOf: ({count, events}) => ({count: String(count), events: String(events)}),
    });
}

/** At least such a share of the events within a time. */
export function shareEvaluator(
  condition: Condition,
  selectors: readonly Selector[],
  {of, atLeast, minEvents, withinMs}: ShareOptions,
): EvaluatorFactory {
  const window: WindowOptions = {
    withinMs,
    maxEntries: Math.max(2 * minEvents + SLACK, MAX_SHARE_EVENTS),
    judge: 'share',
    enough: (events, count) => events >= minEvents && count >= atLeast * events,
  };
  return () =>
    new WindowedEvaluator({
      condition,
      selectors,
      window,
      textOf: (event) => {
        const holds = of.holds(event);
        return typeof holds === 'boolean' ? (holds ? '1' : '0') : holds;
      },
      factsOf: ({count, events}) => ({
        count: String(count),
        events: String(events),
        share: `${Math.round((100 * count) / events)} %`,
      }),
    });
}

interface Options {
  readonly condition: Condition;
  readonly selectors: readonly Selector[];
  readonly window: WindowOptions;
  readonly textOf: (event: DetectionEvent) => string | Undecided;
  readonly factsOf: (filled: Filled) => Readonly<Record<string, string>>;
}

class WindowedEvaluator implements Evaluator {
  readonly needs;
  readonly #options: Options;
  readonly #groups: Groups<Window>;

  constructor(options: Options) {
    const {condition, selectors, window} = options;
    this.#options = options;
    this.needs = condition.needs;
    this.#groups = new Groups({
      selectors,
      make: () => new Window(window),
      remake: (state) => Window.restore(window, state),
      keepMs: window.withinMs + MAX_LATENESS,
      maxSize: Math.max(MAX_ENTRIES, window.maxEntries),
    });
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {condition, textOf, factsOf} = this.#options;
    const holds = condition.holds(event);
    if (holds === false) return;
    const value = holds === true ? textOf(event) : holds;
    if (typeof value !== 'string') {
      sink.failed(value.failed);
      return;
    }
    this.#groups.with(event, (window, group) => {
      const filled = window.add(event.time, value, () => eventNote(event));
      if (filled === undefined) return;
      const {events, notes} = filled;
      const facts = factsOf(filled);
      sink.hit({time: event.time, event, group, facts, evidence: notes, count: events});
    });
  }

  advance(time: number): void {
    this.#groups.advance(time);
  }

  state(): Json {
    return this.#groups.state();
  }

  restore(state: Json): void {
    this.#groups.restore(state);
  }
}
