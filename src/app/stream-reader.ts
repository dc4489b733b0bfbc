import {AppError} from '../base/errors.ts';
import {eventOfRecord} from '../event/derive.ts';
import {parseEventTime} from '../event/event-time.ts';
import {textOfField} from '../event/field-text.ts';
import {fieldComponent} from '../features/deriver.ts';
import {flattener} from '../features/json-stream.ts';
import type {StreamDeclaration} from '../features/stream.ts';
import {derivationOf} from '../pipeline/decode-session.ts';

/** One observation: components by field, and the time it happened. */
export interface Observation {
  /** Epoch milliseconds, or a text such as "2026-01-31T12:00:00Z". */
  readonly time: number | string;
  /** Components by the names the contexts use; an absent one counts as "-". */
  readonly fields: Readonly<Record<string, string>>;
}

/** A parsed CloudTrail record, as delivered. */
export type CloudTrailRecord = Readonly<Record<string, unknown>>;

/** What a record comes to. */
export interface Read {
  readonly time: number;
  readonly fields: Readonly<Record<string, string>>;
  /** Makes duplicates known; "" where there is none. */
  readonly id: string;
}

/**
 * How the records of a stream are read: the same as the command line reads its files.
 * What it returns throws AppError `usage` for what is no record of the stream.
 */
export function streamReader(
  stream: StreamDeclaration,
  asnTable?: string,
): (record: CloudTrailRecord) => Read {
  const derivation = derivationOf({stream, scanner: 'reference', asnTable});
  const hours = Object.entries(stream.fields).filter(([, {as}]) => as === 'hour');
  if (stream.type === 'json') {
    const flatten = flattener(stream, derivation);
    return (record) => {
      const flat = flatten(record);
      if (!flat.ok) throw new AppError('usage', `Cannot read a record: ${flat.reason}`);
      const time = timeOf(flat.record.eventTime) + flat.milliseconds;
      const fields: Record<string, string> = {};
      for (const name of Object.keys(stream.fields)) {
        fields[name] = flat.record[`field:${name}`] ?? '-';
      }
      for (const [name] of hours) fields[name] = derivation.clock.hour(time);
      return {time, fields, id: flat.record.eventID ?? ''};
    };
  }
  const declared = Object.entries(stream.fields)
    .filter(([, {as}]) => as !== 'hour')
    .map(([name, field]) => ({name, field, path: (field.path ?? '').split('.')}));
  return (record) => {
    const time = timeOf(record.eventTime);
    const fields: Record<string, string> = {...eventOfRecord(record, time, derivation)};
    for (const {name, field, path} of declared) {
      const text = textOfField(record, {name, path, mode: 'text'});
      fields[name] = fieldComponent(text, field, derivation);
    }
    const {eventID: id} = record;
    return {time, fields, id: typeof id === 'string' ? id : ''};
  };
}

export function isObservation(value: Observation | CloudTrailRecord): value is Observation {
  return (
    typeof (value as Observation).fields === 'object' && (value as Observation).time !== undefined
  );
}

export function timeOf(time: unknown): number {
  const parsed =
    typeof time === 'number' ? time : typeof time === 'string' ? parseEventTime(time) : undefined;
  if (parsed === undefined || !Number.isFinite(parsed)) {
    throw new AppError('usage', `An observation needs a time, got ${JSON.stringify(time)}`);
  }
  return parsed;
}
