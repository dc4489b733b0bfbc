import type {EventNote} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';

/** Longest text kept of a record's own field. */
const MAX_TEXT = 256;

/** What is remembered of an event; parses its record. */
export function eventNote(event: DetectionEvent): EventNote {
  const {components, record} = event;
  return {
    eventId: event.id,
    time: event.time,
    principal: components.principal,
    operation: components.operation,
    account: components.account,
    region: components.region,
    sourceIp: text(record.sourceIPAddress),
    userAgent: text(record.userAgent),
    error: components.error,
    resource: components.resource,
    score: event.score,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}
