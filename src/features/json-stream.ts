import type {Derivation} from '../event/derive.ts';
import {parseEventTime} from '../event/event-time.ts';
import {valueAt} from '../event/json.ts';
import {fieldComponent} from './deriver.ts';
import type {StreamDeclaration} from './stream.ts';

export type JsonStream = Extract<StreamDeclaration, {type: 'json'}>;

/** A record of a JSON stream as a flat one of texts, or why there is none. */
export type Flattened =
  | {
      readonly ok: true;
      readonly record: Readonly<Record<string, string>>;
      /** What its `eventTime`, in whole seconds, leaves out. */
      readonly milliseconds: number;
    }
  | {
      readonly ok: false;
      readonly reason: 'unknown_record_shape' | 'missing_event_time' | 'invalid_event_time';
    };

/**
 * Makes a flat record of the declared fields, so that any JSON stream takes the same way as
 * CloudTrail from here on.
 */
export function flattener(
  stream: JsonStream,
  derivation: Derivation,
): (value: unknown) => Flattened {
  const timePath = stream.time.path.split('.');
  const idPath = stream.id?.split('.');
  const fields = Object.entries(stream.fields)
    .filter(([, field]) => field.as !== 'hour')
    .map(([name, field]) => ({name, field, path: (field.path ?? '').split('.')}));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return {ok: false, reason: 'unknown_record_shape'};
    }
    const stamp = valueAt(value, timePath);
    if (stamp === undefined || stamp === null || stamp === '') {
      return {ok: false, reason: 'missing_event_time'};
    }
    const time = timeOf(stamp, stream.time.unit);
    if (time === undefined) return {ok: false, reason: 'invalid_event_time'};
    const id = idPath === undefined ? undefined : valueAt(value, idPath);
    const record: Record<string, string> = {
      eventTime: `${new Date(time).toISOString().slice(0, 19)}Z`,
      eventSource: 'stream',
      eventName: 'record',
    };
    if (typeof id === 'string' || typeof id === 'number') record.eventID = String(id);
    for (const {name, field, path} of fields) {
      const component = fieldComponent(valueAt(value, path), field, derivation);
      if (component !== '-') record[`field:${name}`] = component;
    }
    return {ok: true, record, milliseconds: time % 1000};
  };
}

/** Years 1990 to 2200, as for CloudTrail. */
const EARLIEST = Date.UTC(1990, 0);
const LATEST = Date.UTC(2200, 0);

function timeOf(value: unknown, unit: 'iso' | 's' | 'ms'): number | undefined {
  if (unit === 'iso') return typeof value === 'string' ? parseEventTime(value) : undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  const time = Math.round(unit === 's' ? number * 1000 : number);
  return time >= EARLIEST && time < LATEST ? time : undefined;
}
