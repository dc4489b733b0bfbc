import type {AlarmChange} from '../evaluator.ts';
import type {Decision} from './decide.ts';
import {type AlarmSettings, comparisonText} from './settings.ts';

/** Datapoints written out in a reason. */
const MAX_WRITTEN = 5;

/** Why an alarm is in a state, for people: what the datapoints were and what was asked of them. */
export function decisionReason(
  settings: AlarmSettings,
  decision: Decision,
  datapoints: AlarmChange['datapoints'],
): string {
  const {counted, breaching, filled, by} = decision;
  const {datapointsToAlarm, evaluationPeriods, missingData, threshold} = settings;
  if (counted === 0) {
    const treated = missingData === 'missing' ? '' : `; missing data is ${treatment(settings)}`;
    return `No datapoints in the evaluation range${treated}`;
  }
  const beyond = `${comparisonText(settings.comparison)} the threshold ${threshold}`;
  const real = datapoints.filter(({value}) => value !== null);
  const written = real
    .slice(-MAX_WRITTEN)
    .map(({start, value}) => `${number(value)} from ${timeText(start)}`)
    .join(', ');
  const of = counted === 1 ? 'The only datapoint' : `Of the last ${counted} datapoints,`;
  const how =
    counted === 1
      ? ` [${written}] was ${breaching === 1 ? beyond : `not ${beyond}`}`
      : ` ${breaching} ${breaching === 1 ? 'was' : 'were'} ${beyond} [${written}]`;
  const needed = `${datapointsToAlarm} of ${evaluationPeriods} needed`;
  const rest =
    by === 'premature'
      ? '; those to come can no longer outweigh it'
      : filled > 0
        ? `; ${filled} missing ${filled === 1 ? 'is' : 'are'} ${treatment(settings)}`
        : '';
  return `${of}${how}; ${needed}${rest}`;
}

function treatment({missingData}: AlarmSettings): string {
  switch (missingData) {
    case 'breaching':
      return 'taken as breaching';
    case 'notBreaching':
      return 'taken as not breaching';
    default:
      return 'left out';
  }
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** At most 6 significant digits, without trailing zeros. */
function number(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(6)));
}
