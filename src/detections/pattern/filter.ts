import type {Needs} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import type {Pattern} from './ast.ts';
import {compilePattern, type LogEvent} from './compile.ts';
import {lintPattern, type PatternWarning} from './lint.ts';
import {compileMetric, type MetricProblem, type MetricTransformation} from './metric.ts';
import {needsOf} from './needs.ts';
import {type PatternProblem, parsePattern} from './parse.ts';
import {printPattern} from './print.ts';

/** A CloudWatch metric filter at work: what it matches, and what a match adds to its metric. */
export interface Filter {
  readonly pattern: Pattern;
  /** In one spelling, for people. */
  readonly text: string;
  /** An event outside of these never matches. */
  readonly needs: Needs;
  /** What the pattern will not do as its author may think. */
  readonly warnings: readonly PatternWarning[];
  matches(event: DetectionEvent): boolean;
  /** Of an event that matches; undefined where it has no number to give. */
  value(event: DetectionEvent): number | undefined;
  /** Of an event that matches; undefined where it lacks one of them. */
  dimensions(event: DetectionEvent): Readonly<Record<string, string>> | undefined;
}

export type CompiledFilter =
  | {readonly ok: true; readonly filter: Filter}
  /** `setting` is there for a problem of the transformation; else it is one of the pattern. */
  | {readonly ok: false; readonly problems: readonly (PatternProblem | MetricProblem)[]};

/** Makes a filter of its pattern and, for a metric, its transformation; or tells all that is wrong. */
export function compileFilter(text: string, transformation?: MetricTransformation): CompiledFilter {
  const parsed = parsePattern(text);
  if (!parsed.ok) return parsed;
  const {pattern} = parsed;
  const compiled = compilePattern(pattern);
  const metric = compileMetric(pattern, transformation);
  if (!compiled.ok || !metric.ok) {
    const problems = [
      ...(compiled.ok ? [] : compiled.problems),
      ...(metric.ok ? [] : metric.problems),
    ];
    return {ok: false, problems};
  }
  return {
    ok: true,
    filter: {
      pattern,
      text: printPattern(pattern),
      needs: needsOf(pattern),
      warnings: lintPattern(pattern, text),
      matches: (event) => compiled.matches(logEvent(event)),
      value: (event) => metric.metric.value(logEvent(event)),
      dimensions: (event) => metric.metric.dimensions(logEvent(event)),
    },
  };
}

// Many filters look at the same event in turn.
let lastEvent: DetectionEvent | undefined;
let lastLogEvent: LogEvent = {record: {}, text: () => '{}'};

function logEvent(event: DetectionEvent): LogEvent {
  if (event !== lastEvent) {
    lastEvent = event;
    lastLogEvent = new RecordEvent(event.record);
  }
  return lastLogEvent;
}

/** The record as CloudWatch Logs would hold it: one line of JSON, as CloudTrail delivers it. */
class RecordEvent implements LogEvent {
  readonly record: Readonly<Record<string, Json>>;
  #text: string | undefined;

  constructor(record: Readonly<Record<string, Json>>) {
    this.record = record;
  }

  text(): string {
    this.#text ??= JSON.stringify(this.record);
    return this.#text;
  }
}
