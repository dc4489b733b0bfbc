import {Groups, MAX_LATENESS, type Memory} from '../condition/groups.ts';
import {Track} from '../condition/sequence.ts';
import {Window} from '../condition/window.ts';
import type {Evaluator, EventNote, Hit, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {ClosingCount} from './closing-count.ts';
import type {JsonMap} from './fault.ts';
import type {ValuesOf} from './groups-of.ts';
import {Together} from './together.ts';

/** Events and marks of all groups of a correlation together. */
const MAX_ENTRIES = 200_000;
/** Room for late events beside those that fill a window. */
const SLACK = 256;

/** A rule that a correlation refers to. */
export interface Member {
  /** Whether the record matches; or a correlation, which matches with the event that fills it. */
  readonly made: () => ((record: JsonMap) => boolean) | Evaluator;
  readonly groupOf: ValuesOf;
  /** What is counted the different values of, if anything is. */
  readonly countedOf: ValuesOf | undefined;
}

export type Way =
  | {readonly kind: 'count'; readonly atLeast: number}
  /** It takes the end of a window to tell. */
  | {readonly kind: 'closing'; readonly enough: (count: number) => boolean}
  /** @param enough of the rules that have a match, as bits */
  | {readonly kind: 'together'; readonly enough: (mask: number) => boolean}
  | {readonly kind: 'ordered'};

export interface Correlation {
  readonly members: readonly Member[];
  readonly needs: Needs;
  readonly withinMs: number;
  readonly way: Way;
  /** Late events may come. */
  readonly late: boolean;
}

/** Matches of rules, related to each other by group and time. */
export class Correlator implements Evaluator {
  readonly needs: Needs;
  readonly #correlation: Correlation;
  readonly #rules: readonly (((record: JsonMap) => boolean) | Evaluator)[];
  readonly #distinct: boolean;
  readonly #groups: Groups<Memory> | undefined;
  readonly #closing: ClosingCount | undefined;
  /** Of the match that `#groups` is asked for. */
  #values: readonly string[] = [];

  constructor(correlation: Correlation) {
    const {members, needs, withinMs, way, late} = correlation;
    this.#correlation = correlation;
    this.needs = needs;
    this.#rules = members.map(({made}) => made());
    this.#distinct = members.some(({countedOf}) => countedOf !== undefined);
    if (way.kind === 'closing') {
      this.#closing = new ClosingCount(withinMs, this.#distinct, late);
      return;
    }
    const maker = makerOf(correlation, this.#distinct);
    this.#groups = new Groups<Memory>({
      // One text for all values of a group.
      selectors: [() => JSON.stringify(this.#values)],
      ...maker,
      keepMs: withinMs + MAX_LATENESS,
      maxSize: Math.max(MAX_ENTRIES, way.kind === 'count' ? 2 * way.atLeast + SLACK : 0),
    });
  }

  take(event: DetectionEvent, sink: Sink): void {
    const matches = new Map<string, {group: readonly string[]; value: string; mask: number}>();
    for (const [i, rule] of this.#rules.entries()) {
      if (!this.#matches(rule, event, sink)) continue;
      const {groupOf, countedOf} = this.#correlation.members[i] as Member;
      const group = groupOf(event.record);
      const values = countedOf === undefined ? [] : countedOf(event.record);
      if (group === undefined || values === undefined) continue;
      const value = values.length === 1 ? (values[0] as string) : JSON.stringify(values);
      const key = JSON.stringify([group, value]);
      const match = matches.get(key) ?? {group, value, mask: 0};
      match.mask |= 1 << i;
      matches.set(key, match);
    }
    for (const match of matches.values()) this.#add(event, match, sink);
  }

  #matches(
    rule: ((record: JsonMap) => boolean) | Evaluator,
    event: DetectionEvent,
    sink: Sink,
  ): boolean {
    try {
      if (typeof rule === 'function') return rule(event.record);
      const {operation} = rule.needs;
      if (operation !== undefined && !operation(event.components.operation)) return false;
      const inner = new Inner(sink);
      rule.take(event, inner);
      return inner.hits > 0;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      sink.failed('The record is nested too deeply');
      return false;
    }
  }

  #add(
    event: DetectionEvent,
    {group, value, mask}: {group: readonly string[]; value: string; mask: number},
    sink: Sink,
  ): void {
    const {time} = event;
    if (this.#closing !== undefined) {
      this.#closing.add(group, time, value, () => eventNote(event));
      return;
    }
    this.#values = group;
    this.#groups?.with(event, (memory) => {
      const hit = (facts: Hit['facts'], evidence: readonly EventNote[], count: number) =>
        sink.hit({time, event, group, facts, evidence, count});
      if (memory instanceof Window) {
        const filled = memory.add(time, value, () => eventNote(event));
        if (filled === undefined) return;
        const {count, events, notes} = filled;
        hit({count: String(count), events: String(events)}, notes, events);
        return;
      }
      const note = eventNote(event);
      const notes =
        memory instanceof Track
          ? memory.add({time, mask, note})
          : (memory as Together).add(time, mask, note);
      if (notes === undefined) return;
      const events = String(notes.length);
      hit({count: events, events}, notes, notes.length);
    });
  }

  advance(time: number, sink: Sink): void {
    for (const rule of this.#rules) {
      if (typeof rule !== 'function') rule.advance(time, new Inner(sink));
    }
    this.#groups?.advance(time);
    const {way} = this.#correlation;
    if (this.#closing === undefined || way.kind !== 'closing') return;
    for (const {group, time: end, events, count, notes} of this.#closing.advance(time)) {
      if (!way.enough(count)) continue;
      const facts = {count: String(count), events: String(events)};
      sink.hit({time: end, event: null, group, facts, evidence: notes, count: events});
    }
  }

  state(): Json {
    return [
      (this.#closing ?? (this.#groups as Groups<Memory>)).state(),
      this.#rules.map((rule) => (typeof rule === 'function' ? null : rule.state())),
    ];
  }

  restore(state: Json): void {
    if (!Array.isArray(state) || !Array.isArray(state[1])) return;
    const [own, rules] = state as [Json, Json[]];
    if (rules.length !== this.#rules.length) return;
    (this.#closing ?? (this.#groups as Groups<Memory>)).restore(own);
    for (const [i, rule] of this.#rules.entries()) {
      if (typeof rule !== 'function') rule.restore(rules[i] ?? null);
    }
  }
}

function makerOf(
  {members, withinMs, way}: Correlation,
  distinct: boolean,
): {readonly make: () => Memory; readonly remake: (state: Json) => Memory | undefined} {
  if (way.kind === 'count') {
    const {atLeast} = way;
    const options = {
      withinMs,
      maxEntries: 2 * atLeast + SLACK,
      judge: distinct ? 'distinct' : 'events',
      enough: (_: number, count: number) => count >= atLeast,
    } as const;
    return {make: () => new Window(options), remake: (state) => Window.restore(options, state)};
  }
  if (way.kind === 'together') {
    const make = () => new Together(members.length, withinMs, way.enough);
    return {
      make,
      remake: (state) => {
        const made = make();
        return made.restore(state) ? made : undefined;
      },
    };
  }
  return {
    make: () => new Track(members.length, withinMs),
    remake: (state) => Track.restore(members.length, withinMs, state),
  };
}

/** Takes the hits of a correlation within another; its failures go on. */
class Inner implements Sink {
  hits = 0;
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  hit(): void {
    this.hits++;
  }
  alarm(): void {}
  datapoint(): void {}
  episode(): void {}
  failed(message: string): void {
    this.#sink.failed(message);
  }
}
