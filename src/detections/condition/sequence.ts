import type {Evaluator, EvaluatorFactory, EventNote, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {Groups, MAX_LATENESS, type Memory} from './groups.ts';
import type {Condition} from './language.ts';
import {both, either} from './needs.ts';
import type {Selector} from './selector.ts';

/** Events of a group that may still be overtaken by late ones; of older ones what they came to. */
const MAX_RECENT = 64;
/** Events of all groups of a detection together. */
const MAX_ENTRIES = 100_000;

export interface SequenceOptions {
  /** Holds for every step, where it is given. */
  readonly condition?: Condition | undefined;
  readonly steps: readonly Condition[];
  /** From the first event to the last. */
  readonly withinMs: number;
}

/**
 * One event after the other, each for the next step, by the same group within a time. Events of the
 * same time count in the order in which they came. A late event takes its place among the newest
 * `MAX_RECENT` of its group. A sequence uses up all events of its group.
 */
export function sequenceEvaluator(
  selectors: readonly Selector[],
  options: SequenceOptions,
): EvaluatorFactory {
  return () => new SequenceEvaluator(selectors, options);
}

export function needsOfSequence({condition, steps}: SequenceOptions): Needs {
  const needs = steps.map((step) => step.needs).reduce(either);
  return condition === undefined ? needs : both(condition.needs, needs);
}

class SequenceEvaluator implements Evaluator {
  readonly needs: Needs;
  readonly #options: SequenceOptions;
  readonly #groups: Groups<Track>;

  constructor(selectors: readonly Selector[], options: SequenceOptions) {
    const {steps, withinMs} = options;
    this.#options = options;
    this.needs = needsOfSequence(options);
    this.#groups = new Groups({
      selectors,
      make: () => new Track(steps.length, withinMs),
      remake: (state) => Track.restore(steps.length, withinMs, state),
      keepMs: withinMs + MAX_LATENESS,
      maxSize: MAX_ENTRIES,
    });
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {condition, steps} = this.#options;
    const all = condition?.holds(event) ?? true;
    if (all === false) return;
    let mask = 0;
    for (const [i, step] of steps.entries()) {
      const holds = all === true ? step.holds(event) : all;
      if (holds === true) mask |= 1 << i;
      else if (holds !== false) sink.failed(holds.failed);
    }
    if (mask === 0) return;
    this.#groups.with(event, (track, group) => {
      const chain = track.add({time: event.time, mask, note: eventNote(event)});
      if (chain === undefined) return;
      const first = chain[0] as EventNote;
      const last = chain.at(-1) as EventNote;
      const facts = {count: String(chain.length), took: spoken(last.time - first.time)};
      sink.hit({time: last.time, event, group, facts, evidence: chain, count: chain.length});
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

/** An event that is good for the steps whose bits are set. */
interface Mark {
  readonly time: number;
  readonly mask: number;
  readonly note: EventNote;
}

/** The steps from the first on, done; its notes in order. The one that began last is the best. */
type Chain = readonly EventNote[];

/** What one group has done of the sequence. */
export class Track implements Memory {
  newest = Number.NEGATIVE_INFINITY;
  readonly #steps: number;
  readonly #withinMs: number;
  /** By time; those of the same time in the order of their arrival. */
  #recent: Mark[] = [];
  /** Of the marks that are older: the best chain of each length, from 1 on. */
  #before: (Chain | null)[];

  constructor(steps: number, withinMs: number) {
    this.#steps = steps;
    this.#withinMs = withinMs;
    this.#before = Array<Chain | null>(steps).fill(null);
  }

  get size(): number {
    return this.#recent.length + this.#steps;
  }

  /** Takes a mark in; gives the chain of all steps that it completes. */
  add(mark: Mark): Chain | undefined {
    if (mark.time > this.newest) this.newest = mark.time;
    const recent = this.#recent;
    let at = recent.length;
    while (at > 0 && (recent[at - 1] as Mark).time > mark.time) at--;
    recent.splice(at, 0, mark);
    const chains = this.#before.slice();
    for (const one of recent) {
      this.#extend(chains, one);
      const whole = chains[this.#steps - 1];
      if (whole == null) continue;
      this.#recent = [];
      this.#before.fill(null);
      return whole;
    }
    // What no late event can come before any more, or what is beyond the bound, is summed up.
    while (
      recent.length > MAX_RECENT ||
      (recent.length > 0 && (recent[0] as Mark).time < this.newest - MAX_LATENESS)
    ) {
      this.#extend(this.#before, recent.shift() as Mark);
    }
    return undefined;
  }

  /** Lets the mark follow each chain whose next step it is, longest first, so that it counts once. */
  #extend(chains: (Chain | null)[], {time, mask, note}: Mark): void {
    for (let step = this.#steps - 1; step >= 0; step--) {
      if ((mask & (1 << step)) === 0) continue;
      const shorter = step === 0 ? [] : chains[step - 1];
      if (shorter == null) continue;
      const start = shorter[0]?.time ?? time;
      // Sums may hold an event that is later than one that came very late.
      if (time - start > this.#withinMs || time < (shorter.at(-1)?.time ?? time)) continue;
      const known = chains[step]?.[0]?.time ?? Number.NEGATIVE_INFINITY;
      if (start >= known) chains[step] = [...shorter, note];
    }
  }

  state(): Json {
    return [
      Number.isFinite(this.newest) ? this.newest : null,
      this.#before as unknown as Json,
      this.#recent as unknown as Json,
    ];
  }

  static restore(steps: number, withinMs: number, state: Json): Track | undefined {
    if (!Array.isArray(state) || !Array.isArray(state[1]) || !Array.isArray(state[2])) {
      return undefined;
    }
    const [newest, before, recent] = state as unknown as [number | null, (Chain | null)[], Mark[]];
    if (before.length !== steps) return undefined;
    const track = new Track(steps, withinMs);
    track.newest = newest ?? Number.NEGATIVE_INFINITY;
    track.#before = before.slice();
    track.#recent = recent.slice();
    return track;
  }
}

function spoken(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
