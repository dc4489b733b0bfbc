import type {AlarmHistory} from '../../api/detection-types.ts';
import type {Range} from './plot-frame.ts';
import type {AlarmState} from './state-text.tsx';

/** From a time on, an alarm was in a state. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly state: AlarmState;
}

/** One combination of an alarm's dimensions. */
export interface Series {
  /** "identity arn:aws:iam::123456789012:user/raul". */
  readonly name: string;
  readonly points: readonly {readonly start: number; readonly value: number}[];
}

/**
 * Series of an alarm with dimensions, as far as changes of state were decided on them: nothing else
 * of them is kept. Those that led to ALARM come first; none for an alarm without dimensions.
 */
export function seriesOf(changes: AlarmHistory['changes'], range: Range): Series[] {
  const byName = new Map<string, {alarms: number; readonly values: Map<number, number>}>();
  for (const {time, reason, to, datapoints} of changes) {
    const name = seriesName(reason);
    if (name === undefined || time < range.from || time > range.to) continue;
    const series = byName.get(name) ?? {alarms: 0, values: new Map()};
    byName.set(name, series);
    if (to === 'ALARM') series.alarms++;
    for (const {start, value} of datapoints) if (value !== null) series.values.set(start, value);
  }
  return [...byName]
    .filter(([, {values}]) => values.size > 0)
    .sort(([, a], [, b]) => b.alarms - a.alarms)
    .map(([name, {values}]) => ({
      name,
      points: [...values]
        .map(([start, value]) => ({start, value}))
        .sort((a, b) => a.start - b.start),
    }));
}

/**
 * The dimensions that a reason begins with. They may hold anything, what follows them may not: the
 * last place where it begins is the right one.
 */
function seriesName(reason: string): string | undefined {
  return /^(.+): (?:The only datapoint|Of the last \d+ datapoints|No datapoints in)/s.exec(
    reason,
  )?.[1];
}

/** What state held when, of the range alone. */
export function stretchesOf(
  history: Pick<AlarmHistory, 'changes'>,
  now: AlarmState,
  range: Range,
): Stretch[] {
  const changes = [...history.changes].sort((a, b) => a.time - b.time);
  const stretches: Stretch[] = [];
  let state = changes[0]?.from ?? now;
  let from = range.from;
  for (const change of changes) {
    if (change.time > range.from && change.time < range.to) {
      stretches.push({from, to: change.time, state});
      from = change.time;
    }
    if (change.time < range.to) state = change.to;
  }
  stretches.push({from, to: range.to, state});
  return stretches;
}

/** By the names of CloudWatch, such as `GreaterThanOrEqualToThreshold`. */
export function exceeds(comparison: string, threshold: number): (value: number) => boolean {
  const name = comparison.toLowerCase().replaceAll('_', '');
  const orEqual = name.includes('equal') || name.includes('=');
  if (name.includes('less') || name.includes('<')) {
    return (value) => (orEqual ? value <= threshold : value < threshold);
  }
  return (value) => (orEqual ? value >= threshold : value > threshold);
}

/** A few round numbers from 0 up to the top. */
export function niceTicks(top: number): number[] {
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = 0; i * step <= top; i++) ticks.push(Number((i * step).toPrecision(6)));
  return ticks;
}
