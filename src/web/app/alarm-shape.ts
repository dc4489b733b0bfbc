import type {AlarmHistory} from '../../api/detection-types.ts';
import type {Range} from './score-plot.ts';
import type {AlarmState} from './state-text.tsx';

/** From a time on, an alarm was in a state. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly state: AlarmState;
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
