import {assert} from '../../base/assert.ts';
import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {EvaluatorFactory, EventNote, Hit, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {valueAtSelector} from './compile.ts';
import type {Filter} from './filter.ts';
import {type PatternProblem, parseSelector} from './parse.ts';

/** Groups whose events are counted; beyond, the one that was longest without an event is forgotten. */
export const MAX_GROUPS = 5_000;

/** Largest `count`: a group remembers the times of so many events. */
export const MAX_COUNT = 10_000;

/** Events remembered for each hit, the newest. */
const MAX_EVIDENCE = 20;

/** Longest value of a group. */
const MAX_GROUP_VALUE = 256;

export interface PatternSettings {
  readonly filter: Filter;
  /** Values of an event, as `compileGroupBy` gives them. */
  readonly groupOf: GroupOf;
  /** So many matches of a group, within so many milliseconds of event time, are a hit. */
  readonly count?: {readonly atLeast: number; readonly withinMs: number};
}

export type GroupOf = (event: DetectionEvent) => readonly string[];

export type CompiledGroupBy =
  | {readonly ok: true; readonly groupOf: GroupOf}
  | {
      readonly ok: false;
      readonly problems: readonly (PatternProblem & {readonly position: number})[];
    };

/** Reads names of components, "origin" and selectors; what a record does not have is "-". */
export function compileGroupBy(names: readonly string[]): CompiledGroupBy {
  const problems: (PatternProblem & {readonly position: number})[] = [];
  const readers: ((event: DetectionEvent) => string)[] = [];
  for (const [position, name] of names.entries()) {
    if (name === 'origin') readers.push(({origin}) => origin);
    else if ((EVENT_FIELDS as readonly string[]).includes(name)) {
      readers.push(({components}) => components[name as EventField]);
    } else {
      const parsed = parseSelector(name);
      if (!parsed.ok) {
        problems.push(...parsed.problems.map((problem) => ({...problem, position})));
        continue;
      }
      const {selector} = parsed;
      readers.push(({record}) => groupText(valueAtSelector(record, selector)));
    }
  }
  if (problems.length > 0) return {ok: false, problems};
  return {ok: true, groupOf: (event) => readers.map((read) => read(event))};
}

function groupText(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.slice(0, MAX_GROUP_VALUE);
}

/** What is remembered of a group while its window lasts. */
interface Window {
  readonly group: readonly string[];
  /** Of the newest events, at most as many as are counted; ascending. */
  readonly times: number[];
  /** Matches since the window last was empty. */
  total: number;
  readonly notes: EventNote[];
}

/** The kind `pattern`: each match is a hit, or each that makes up the count within the window. */
export function patternEvaluator({filter, groupOf, count}: PatternSettings): EvaluatorFactory {
  const atLeast = count?.atLeast ?? 1;
  const withinMs = count?.withinMs ?? 0;
  assert(atLeast >= 1 && atLeast <= MAX_COUNT, `count must be 1 to ${MAX_COUNT}, is ${atLeast}`);
  return () => {
    // In the order of their last events, the oldest first.
    let windows = new Map<string, Window>();
    return {
      needs: filter.needs,
      take(event, sink) {
        if (!filter.matches(event)) return;
        const group = groupOf(event);
        if (atLeast === 1) sink.hit(hitOf(event, group, [eventNote(event)], 1));
        else countEvent(windows, event, group, atLeast, withinMs, sink);
      },
      advance(time) {
        for (const [key, {times}] of windows) {
          if ((times.at(-1) ?? 0) > time - withinMs) break;
          windows.delete(key);
        }
      },
      state: () => ({version: 1, windows: [...windows.values()] as unknown as Json}),
      restore(state) {
        windows = new Map(readState(state).map((window) => [keyOf(window.group), window]));
      },
    };
  };
}

function countEvent(
  windows: Map<string, Window>,
  event: DetectionEvent,
  group: readonly string[],
  atLeast: number,
  withinMs: number,
  sink: Sink,
): void {
  const key = keyOf(group);
  const window = windows.get(key) ?? {group, times: [], total: 0, notes: []};
  windows.delete(key);
  if (windows.size >= MAX_GROUPS) {
    for (const oldest of windows.keys()) {
      windows.delete(oldest);
      break;
    }
  }
  windows.set(key, window);

  const {times, notes} = window;
  // One that comes later than its window lasts can no longer be counted with those that came.
  if (event.time <= (times.at(-1) ?? Number.NEGATIVE_INFINITY) - withinMs) return;
  let place = times.length;
  while (place > 0 && (times[place - 1] as number) > event.time) place--;
  times.splice(place, 0, event.time);
  const newest = times.at(-1) as number;
  let gone = 0;
  while (gone < times.length && (times[gone] as number) <= newest - withinMs) gone++;
  gone = Math.max(gone, times.length - atLeast);
  times.splice(0, gone);
  notes.push(eventNote(event));
  while (notes.length > MAX_EVIDENCE || (notes[0] as EventNote).time <= newest - withinMs) {
    if (notes.length === 1) break;
    notes.shift();
  }
  window.total = times.length === 1 ? 1 : window.total + 1;
  if (times.length >= atLeast) sink.hit(hitOf(event, group, notes, window.total));
}

function hitOf(
  event: DetectionEvent,
  group: readonly string[],
  notes: readonly EventNote[],
  count: number,
): Hit {
  const facts = count === 1 ? {} : {count: String(count)};
  return {time: event.time, event, group, facts, evidence: [...notes], count};
}

function keyOf(group: readonly string[]): string {
  return JSON.stringify(group);
}

/** Windows of a state; none of one that is not ours. */
function readState(state: Json): Window[] {
  const {version, windows} = (state ?? {}) as {version?: unknown; windows?: unknown};
  if (version !== 1 || !Array.isArray(windows)) return [];
  return structuredClone(windows) as Window[];
}
