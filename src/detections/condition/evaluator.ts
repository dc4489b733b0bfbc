import type {Evaluator, EvaluatorFactory, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {firstSeenEvaluator} from './first-seen.ts';
import {
  type Compiled,
  type Condition,
  compileCondition,
  compileText,
  type Fault,
  type Parameters,
} from './language.ts';
import {compileGroup, type Selector} from './selector.ts';
import {needsOfSequence, sequenceEvaluator} from './sequence.ts';
import {countEvaluator, shareEvaluator} from './windowed.ts';

const DAY = 86_400_000;
/** Longest `warm_up` that is taken for a first_seen without one of its own. */
const DEFAULT_WARM_UP = 7 * DAY;

/** A condition over events as it stands in `when`; at most one of the four ways beside it. */
export interface ConditionOptions {
  /** CEL, or a condition of another language, compiled; absent for a sequence alone. */
  readonly condition?: string | Condition | undefined;
  readonly count?:
    | {readonly atLeast: number; readonly withinMs: number; readonly distinct?: string | undefined}
    | undefined;
  readonly share?:
    | {
        readonly of: string;
        readonly atLeast: number;
        readonly minEvents: number;
        readonly withinMs: number;
      }
    | undefined;
  readonly firstSeen?:
    | {
        readonly by: readonly string[];
        readonly withinMs: number;
        /** Default: `withinMs`, but not beyond 7 days. */
        readonly warmUpMs?: number | undefined;
      }
    | undefined;
  readonly sequence?: readonly string[] | undefined;
  /** Of the sequence. */
  readonly withinMs?: number | undefined;
  /** Components, "origin", or paths such as "$.requestParameters.name". */
  readonly groupBy?: readonly string[] | undefined;
  readonly parameters?: Parameters | undefined;
}

/** A fault, and which of the options it is in. */
export interface PlacedFault extends Fault {
  /** In the words of the file, from `when` on: ["count", "distinct"], ["sequence", 1, "condition"]. */
  readonly path: readonly (string | number)[];
}

export type BuiltCondition =
  | {readonly ok: false; readonly faults: readonly PlacedFault[]}
  | {
      readonly ok: true;
      readonly evaluator: EvaluatorFactory;
      readonly needs: Needs;
      readonly groupBy: readonly string[];
      /** Names of the facts that its hits have, for titles. */
      readonly facts: readonly string[];
    };

/** Checks a condition and its ways all at once, and gives what makes its evaluator. */
export function conditionEvaluator(options: ConditionOptions): BuiltCondition {
  const {count, share, firstSeen, sequence, parameters} = options;
  const faults: PlacedFault[] = [];
  const placed = <T>(path: PlacedFault['path'], compiled: Compiled<T>): T | undefined => {
    if (compiled.ok) return compiled.value;
    faults.push(...compiled.faults.map((fault) => ({path, ...fault})));
    return undefined;
  };
  const cel = (path: PlacedFault['path'], source: string) =>
    placed(path, compileCondition(source, parameters));
  const select = (path: PlacedFault['path'], sources: readonly string[]): readonly Selector[] => {
    const group = compileGroup(sources);
    for (const {at, ...fault} of group.faults) faults.push({path: [...path, at], ...fault});
    return group.selectors;
  };
  const {condition: source} = options;
  const condition = typeof source === 'string' ? cel(['condition'], source) : source;
  // A path of `group_by` stands beside `when`.
  const groupBy = options.groupBy ?? firstSeen?.by ?? ['principal'];
  const selectors = select(
    options.groupBy === undefined ? ['first_seen', 'by'] : ['group_by'],
    groupBy,
  );
  const built = (evaluator: EvaluatorFactory, needs: Needs, facts: readonly string[]) =>
    ({ok: true, evaluator, needs, groupBy, facts}) as const;

  if (sequence !== undefined) {
    const steps = sequence.flatMap((step, i) => cel(['sequence', i, 'condition'], step) ?? []);
    const {withinMs} = options;
    if (withinMs === undefined) {
      faults.push({path: ['sequence'], index: 0, message: 'A sequence needs `within`'});
    }
    if (faults.length > 0 || withinMs === undefined) return {ok: false, faults};
    const whole = {condition, steps, withinMs};
    return built(sequenceEvaluator(selectors, whole), needsOfSequence(whole), ['count', 'took']);
  }
  if (source === undefined) {
    const message = 'A condition or a sequence is wanted';
    return {ok: false, faults: [...faults, {path: [], index: 0, message}]};
  }
  if (count !== undefined) {
    const distinct =
      count.distinct === undefined
        ? undefined
        : placed(['count', 'distinct'], compileText(count.distinct, parameters));
    if (faults.length > 0 || condition === undefined) return {ok: false, faults};
    const {atLeast, withinMs} = count;
    const evaluator = countEvaluator(condition, selectors, {
      atLeast,
      withinMs,
      ...(distinct && {distinct}),
    });
    return built(evaluator, condition.needs, ['count', 'events']);
  }
  if (share !== undefined) {
    const of = cel(['share', 'of'], share.of);
    if (faults.length > 0 || condition === undefined || of === undefined) {
      return {ok: false, faults};
    }
    const evaluator = shareEvaluator(condition, selectors, {...share, of});
    return built(evaluator, condition.needs, ['count', 'events', 'share']);
  }
  if (firstSeen !== undefined) {
    const by =
      options.groupBy === undefined ? selectors : select(['first_seen', 'by'], firstSeen.by);
    if (faults.length > 0 || condition === undefined) return {ok: false, faults};
    const {withinMs, warmUpMs = Math.min(withinMs, DEFAULT_WARM_UP)} = firstSeen;
    const evaluator = firstSeenEvaluator(condition, selectors, {by, withinMs, warmUpMs});
    return built(evaluator, condition.needs, ['new', 'last_seen']);
  }
  if (faults.length > 0 || condition === undefined) return {ok: false, faults};
  return built(() => new PlainEvaluator(condition, selectors), condition.needs, []);
}

/** Each event for which the condition holds. */
class PlainEvaluator implements Evaluator {
  readonly needs: Needs;
  readonly #condition: Condition;
  readonly #selectors: readonly Selector[];

  constructor(condition: Condition, selectors: readonly Selector[]) {
    this.needs = condition.needs;
    this.#condition = condition;
    this.#selectors = selectors;
  }

  take(event: DetectionEvent, sink: Sink): void {
    const holds = this.#condition.holds(event);
    if (holds === false) return;
    if (holds !== true) {
      sink.failed(holds.failed);
      return;
    }
    const group = this.#selectors.map((select) => select(event));
    sink.hit({time: event.time, event, group, facts: {}, evidence: [eventNote(event)], count: 1});
  }

  advance(): void {}

  state(): Json {
    return null;
  }

  restore(): void {}
}
