import type {Json} from '../json.ts';
import type {Pattern} from './ast.ts';
import {compileField, type LogEvent, valueAtSelector} from './compile.ts';
import {type PatternProblem, parseFieldName, parseSelector} from './parse.ts';

/** What a matching event adds to a metric. */
export interface MetricTransformation {
  /** A number, or the field it is taken from: `$.latency`, or `$bytes` of `[…, bytes]`. 1 if absent. */
  readonly value?: number | string;
  /** Of a period with events, none of which matched. */
  readonly default?: number;
  readonly unit?: string;
  /** Names and the fields they are taken from. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

export const MAX_DIMENSIONS = 3;

/** Longest name, and longest value, of a dimension. */
export const MAX_DIMENSION_LENGTH = 255;

export const METRIC_UNITS = [
  'None',
  'Count',
  'Percent',
  'Seconds',
  'Microseconds',
  'Milliseconds',
  ...['', 'Kilo', 'Mega', 'Giga', 'Tera'].flatMap((prefix) => {
    const units = [
      prefix === '' ? 'Bytes' : `${prefix}bytes`,
      prefix === '' ? 'Bits' : `${prefix}bits`,
    ];
    return [...units, ...units.map((unit) => `${unit}/Second`)];
  }),
  'Count/Second',
] as const;

/** A problem of a transformation; `setting` is where in it, `index` in the text there. */
export interface MetricProblem extends PatternProblem {
  readonly setting: readonly string[];
}

export interface Metric {
  /** Undefined where the event has no number at the field: then nothing is published. */
  value(event: LogEvent): number | undefined;
  /** Undefined where a dimension's field is missing: then nothing is published. */
  dimensions(event: LogEvent): Readonly<Record<string, string>> | undefined;
}

export type CompiledMetric =
  | {readonly ok: true; readonly metric: Metric}
  | {readonly ok: false; readonly problems: readonly MetricProblem[]};

type Read = (event: LogEvent) => Json | undefined;

export function compileMetric(pattern: Pattern, spec: MetricTransformation = {}): CompiledMetric {
  const problems: MetricProblem[] = [];
  const say = (setting: readonly string[], message: string, index = 0): void => {
    problems.push({setting, index, message});
  };

  const {value = 1, default: otherwise, unit, dimensions = {}} = spec;
  let read: Read | undefined;
  if (typeof value === 'string') {
    const field = readerOf(pattern, value);
    if (field.ok) read = field.read;
    else say(['value'], field.message, field.index);
  } else if (!Number.isFinite(value)) say(['value'], 'Not a finite number');

  const names = Object.keys(dimensions);
  if (otherwise !== undefined && !Number.isFinite(otherwise)) {
    say(['default'], 'Not a finite number');
  }
  if (otherwise !== undefined && names.length > 0) {
    say(['default'], 'CloudWatch has no default value for a metric with dimensions');
  }
  if (unit !== undefined && !(METRIC_UNITS as readonly string[]).includes(unit)) {
    say(['unit'], `No unit of CloudWatch; there are ${METRIC_UNITS.join(', ')}`);
  }
  if (names.length > MAX_DIMENSIONS) {
    say(['dimensions'], `${names.length} dimensions, more than ${MAX_DIMENSIONS}`);
  }
  const readers: {readonly name: string; readonly read: Read}[] = [];
  for (const [name, selector] of Object.entries(dimensions)) {
    if (name.trim() === '' || name.length > MAX_DIMENSION_LENGTH || name.startsWith(':')) {
      say(
        ['dimensions', name],
        `A name of 1 to ${MAX_DIMENSION_LENGTH} characters that does not begin with ":"`,
      );
    }
    const field = readerOf(pattern, selector);
    if (field.ok) readers.push({name, read: field.read});
    else say(['dimensions', name], field.message, field.index);
  }
  if (problems.length > 0) return {ok: false, problems};

  return {
    ok: true,
    metric: {
      value: read === undefined ? () => value as number : (event) => numberOf(read(event)),
      dimensions: (event) => dimensionsOf(readers, event),
    },
  };
}

const NUMBER = /^\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/;

/** A finite number, or a text that is one as a whole, in digits; else undefined. */
export function numberOf(value: Json | undefined): number | undefined {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function dimensionsOf(
  readers: readonly {readonly name: string; readonly read: Read}[],
  event: LogEvent,
): Readonly<Record<string, string>> | undefined {
  const found: [string, string][] = [];
  for (const {name, read} of readers) {
    const value = read(event);
    if (value === undefined || value === null || typeof value === 'object') return undefined;
    found.push([name, String(value).slice(0, MAX_DIMENSION_LENGTH)]);
  }
  return Object.fromEntries(found);
}

type Reader =
  | {readonly ok: true; readonly read: Read}
  | {readonly ok: false; readonly index: number; readonly message: string};

function readerOf(pattern: Pattern, text: string): Reader {
  switch (pattern.kind) {
    case 'json': {
      const parsed = parseSelector(text);
      if (!parsed.ok) {
        const [{index, message} = {index: 0, message: 'Not a selector'}] = parsed.problems;
        return {ok: false, index, message};
      }
      const {selector} = parsed;
      return {ok: true, read: ({record}) => valueAtSelector(record, selector)};
    }
    case 'space': {
      const name = parseFieldName(text);
      const read = name === undefined ? undefined : compileField(pattern, name);
      if (read !== undefined) return {ok: true, read};
      return {ok: false, index: 0, message: 'Not "$" and the name of a field of the pattern'};
    }
    case 'text':
      return {ok: false, index: 0, message: 'A pattern of terms has no fields: write a number'};
  }
}
