import type {AlarmChange} from '../../api/detection-types.ts';

export type AlarmState = AlarmChange['to'];

const SHOWN: Readonly<Record<AlarmState, readonly [name: string, className: string]>> = {
  OK: ['OK', 'ok'],
  ALARM: ['ALARM', 'alarm'],
  INSUFFICIENT_DATA: ['INSUFFICIENT DATA', 'unknown'],
};

/** The state of an alarm: by its word, its weight and its colour. */
export function StateText({state}: {readonly state: AlarmState}) {
  const [name, className] = SHOWN[state];
  return <span className={`state ${className}`}>{name}</span>;
}
