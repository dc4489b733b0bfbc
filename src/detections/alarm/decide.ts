/**
 * The decision of an alarm, as CloudWatch makes it, over the datapoints of its evaluation range.
 * Pure: the tables of its documentation are its tests.
 */

export const MISSING_DATA = ['missing', 'notBreaching', 'breaching', 'ignore'] as const;
export type MissingData = (typeof MISSING_DATA)[number];

/**
 * Datapoints looked at beyond the evaluation periods, for when some are missing. CloudWatch names
 * no formula; its examples look at 5 for 3.
 */
export const EXTRA_DATAPOINTS = 2;

/** A datapoint: does it breach the threshold, or is there none? */
export type Breach = boolean | null;

export interface DecisionSettings {
  /** N: the newest datapoints that decide. */
  readonly evaluationPeriods: number;
  /** M: how many of them must breach. */
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
}

export interface Decision {
  /** "retain" leaves the state as it is. */
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | 'retain';
  /** What it rests on; `premature` is less than M datapoints, old enough and none against them. */
  readonly by: 'datapoints' | 'filled' | 'premature' | 'nothing';
  /** Datapoints there are among those that were counted, and how many of them breach. */
  readonly counted: number;
  readonly breaching: number;
  /** Missing ones that were counted, as `missingData` says. */
  readonly filled: number;
}

/**
 * @param points of the whole evaluation range, newest first
 *
 * With N datapoints or more in the range, the newest N decide and missing data plays no part. With
 * fewer, all of them are counted and the rest of N is filled as `missingData` says. Where that
 * treatment says nothing ("missing", "ignore"), a datapoint within the threshold means OK, and
 * datapoints that all breach but are too few mean ALARM under "missing" once the oldest of them is
 * M periods old: what is to come can no longer change what the newest M showed.
 */
export function decide(points: readonly Breach[], settings: DecisionSettings): Decision {
  const {evaluationPeriods, datapointsToAlarm, missingData} = settings;
  let counted = 0;
  let breaching = 0;
  let oldest = 0;
  for (let age = 0; age < points.length && counted < evaluationPeriods; age++) {
    const point = points[age];
    if (point === null || point === undefined) continue;
    counted++;
    if (!point) continue;
    breaching++;
    oldest = age + 1;
  }
  if (counted === evaluationPeriods || breaching >= datapointsToAlarm) {
    const state = breaching >= datapointsToAlarm ? 'ALARM' : 'OK';
    return {state, by: 'datapoints', counted, breaching, filled: 0};
  }
  const filled = evaluationPeriods - counted;
  if (missingData === 'breaching' || missingData === 'notBreaching') {
    const all = breaching + (missingData === 'breaching' ? filled : 0);
    const state = all >= datapointsToAlarm ? 'ALARM' : 'OK';
    return {state, by: 'filled', counted, breaching, filled};
  }
  const rest = {counted, breaching, filled: 0};
  if (counted > breaching) return {state: 'OK', by: 'datapoints', ...rest};
  if (missingData === 'ignore') return {state: 'retain', by: 'nothing', ...rest};
  if (breaching > 0 && oldest >= datapointsToAlarm) {
    return {state: 'ALARM', by: 'premature', ...rest};
  }
  return {state: 'INSUFFICIENT_DATA', by: 'nothing', ...rest};
}
