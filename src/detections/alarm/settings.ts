import {assert} from '../../base/assert.ts';
import {type Path, parsePath} from '../path.ts';
import {MAX_DIMENSIONS, METRIC_UNITS} from '../pattern/metric.ts';
import {type DecisionSettings, EXTRA_DATAPOINTS} from './decide.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Periods below a minute, as CloudWatch has them; every other is a multiple of a minute. */
const SHORT_PERIODS: readonly number[] = [10 * SECOND, 30 * SECOND];

/** Comparison operators by their names in CloudWatch, with the signs that stand for them. */
export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: '>=',
  GreaterThanThreshold: '>',
  LessThanOrEqualToThreshold: '<=',
  LessThanThreshold: '<',
} as const;
export type Comparison = keyof typeof COMPARISONS | (typeof COMPARISONS)[keyof typeof COMPARISONS];
export const COMPARISON_NAMES = [
  ...Object.keys(COMPARISONS),
  ...Object.values(COMPARISONS),
] as Comparison[];

/** What a metric is made of, as a metric filter's transformation says it. */
export interface MetricSettings {
  readonly name: string;
  readonly namespace: string;
  /** A number for each matching event, or the field that holds it. */
  readonly value: number | `$${string}`;
  /** For each minute in which events came and none matched; not with dimensions. */
  readonly default?: number | undefined;
  readonly unit?: string | undefined;
  /** Name and field of each; the events of each combination are a series of their own. */
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
}

export interface AlarmSettings extends DecisionSettings {
  readonly metric: MetricSettings;
  /** SampleCount, Sum, Average, Minimum, Maximum, or a percentile such as p99 or p99.9. */
  readonly statistic: string;
  readonly periodMs: number;
  readonly threshold: number;
  readonly comparison: Comparison;
}

/** Something wrong with an alarm, at the setting of the file that says it. */
export interface AlarmProblem {
  readonly path: Path;
  /** Of the character within the text at `path`, where that can be said. */
  readonly index?: number;
  readonly message: string;
}

/** Between two evaluations: a minute, or ten seconds for periods shorter than that. */
export function stepOf(periodMs: number): number {
  return periodMs < MINUTE ? 10 * SECOND : MINUTE;
}

/** Datapoints looked at in each evaluation. */
export function rangeOf(settings: DecisionSettings): number {
  return settings.evaluationPeriods + EXTRA_DATAPOINTS;
}

/** All that is wrong, in the words of the file. An alarm must not be made of settings with any. */
export function checkAlarm(settings: AlarmSettings): AlarmProblem[] {
  const problems: AlarmProblem[] = [];
  const wrong = (path: Path, message: string, index?: number) =>
    problems.push({path, message, ...(index !== undefined && {index})});
  const {periodMs, evaluationPeriods, datapointsToAlarm, metric} = settings;
  const validPeriod =
    SHORT_PERIODS.includes(periodMs) || (periodMs >= MINUTE && periodMs % MINUTE === 0);
  if (!validPeriod) {
    wrong(['period'], 'A period is 10s, 30s or a whole number of minutes');
  }
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (!whole(evaluationPeriods)) {
    wrong(['evaluation_periods'], 'A whole number from 1');
  } else if (validPeriod && evaluationPeriods * periodMs > DAY) {
    const path = evaluationPeriods === 1 ? 'period' : 'evaluation_periods';
    wrong([path], 'The evaluation periods together may last a day at most');
  }
  if (!whole(datapointsToAlarm)) {
    wrong(['datapoints_to_alarm'], 'A whole number from 1');
  } else if (datapointsToAlarm > evaluationPeriods) {
    wrong(['datapoints_to_alarm'], `At most the ${evaluationPeriods} of evaluation_periods`);
  }
  if (!Number.isFinite(settings.threshold)) wrong(['threshold'], 'A number');
  if (!COMPARISON_NAMES.includes(settings.comparison)) {
    wrong(['comparison'], `One of ${COMPARISON_NAMES.join(', ')}`);
  }
  if (parseStatistic(settings.statistic) === undefined) {
    const names = Object.values(STATISTICS).join(', ');
    wrong(['statistic'], `One of ${names}, or a percentile such as p99 or p99.9`);
  }
  if (typeof metric.value === 'number') {
    if (!Number.isFinite(metric.value)) wrong(['metric', 'value'], 'A number or a field');
  } else {
    const index = faultOfField(metric.value);
    const message = 'A number or a field such as $.requestParameters.maxItems';
    if (index !== undefined) wrong(['metric', 'value'], message, index);
  }
  if (metric.unit !== undefined && !(METRIC_UNITS as readonly string[]).includes(metric.unit)) {
    wrong(['metric', 'unit'], 'Not a unit of CloudWatch, such as Count or Bytes/Second');
  }
  if (metric.default !== undefined && !Number.isFinite(metric.default)) {
    wrong(['metric', 'default'], 'A number');
  }
  const dimensions = Object.entries(metric.dimensions ?? {});
  if (dimensions.length > 0 && metric.default !== undefined) {
    wrong(['metric', 'default'], 'A metric with dimensions can have no default');
  }
  if (dimensions.length > MAX_DIMENSIONS) {
    wrong(['metric', 'dimensions'], `At most ${MAX_DIMENSIONS} dimensions`);
  }
  for (const [name, field] of dimensions) {
    const index = faultOfField(field);
    if (index === undefined) continue;
    wrong(['metric', 'dimensions', name], 'A field such as $.awsRegion', index);
  }
  return problems;
}

const STATISTICS = {
  samplecount: 'SampleCount',
  sum: 'Sum',
  average: 'Average',
  minimum: 'Minimum',
  maximum: 'Maximum',
} as const;

export type Statistic =
  | (typeof STATISTICS)[keyof typeof STATISTICS]
  | {readonly percentile: number};

/** A statistic by its name in any case; a percentile lies above 0 and at most at 100. */
export function parseStatistic(text: string): Statistic | undefined {
  const name = text.toLowerCase();
  if (Object.hasOwn(STATISTICS, name)) return STATISTICS[name as keyof typeof STATISTICS];
  const percentile = Number(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1] ?? Number.NaN);
  return percentile > 0 && percentile <= 100 ? {percentile} : undefined;
}

/** Does a value breach the threshold? */
export function breaches(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case '>=':
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case '>':
    case 'GreaterThanThreshold':
      return value > threshold;
    case '<=':
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
    case '<':
    case 'LessThanThreshold':
      return value < threshold;
  }
}

/** A breach in words: "4 is at or above the threshold 3". */
export function comparisonText(comparison: Comparison): string {
  switch (comparison) {
    case '>=':
    case 'GreaterThanOrEqualToThreshold':
      return 'at or above';
    case '>':
    case 'GreaterThanThreshold':
      return 'above';
    case '<=':
    case 'LessThanOrEqualToThreshold':
      return 'at or below';
    case '<':
    case 'LessThanThreshold':
      return 'below';
  }
}

/** A field of a text, as patterns in square brackets name it; such as `$bytes`. */
const TEXT_FIELD = /^\$[A-Za-z0-9_-]+$/;

/** The path to a field that holds one value. An alarm must not be made of one that has none. */
export function fieldPath(field: string): Path {
  const parsed = parsePath(field);
  assert(parsed.ok, 'the fields of an alarm were checked');
  return parsed.path;
}

/** Where a text is no field; undefined if it is one. */
function faultOfField(text: string): number | undefined {
  if (TEXT_FIELD.test(text)) return undefined;
  const parsed = parsePath(text);
  if (!parsed.ok) return parsed.index;
  return parsed.path.length === 0 ? text.length : undefined;
}
