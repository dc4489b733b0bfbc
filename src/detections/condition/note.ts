import type {EventNote} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';

/** Longest text of a record that a note keeps. */
const MAX_TEXT = 512;

/** What is remembered of an event. */
export function noteOf(event: DetectionEvent): EventNote {
  const {components, record} = event;
  return {
    eventId: event.id,
    time: event.time,
    principal: components.principal,
    operation: components.operation,
    account: components.account,
    region: components.region,
    sourceIp: textOf(record.sourceIPAddress),
    userAgent: textOf(record.userAgent),
    error: components.error,
    resource: components.resource,
    score: event.score,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}
