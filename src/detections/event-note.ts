import type {EventNote} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';

/** Longest text kept of a record's own field. */
const MAX_TEXT = 256;

/** What is remembered of an event. */
export function eventNote(event: DetectionEvent): EventNote {
  const {components} = event;
  return {
    eventId: event.id,
    time: event.time,
    principal: components.principal,
    operation: components.operation,
    account: components.account,
    region: components.region,
    sourceIp: textIn(event, 'sourceIPAddress'),
    userAgent: textIn(event, 'userAgent'),
    error: components.error,
    resource: components.resource,
    score: event.score,
  };
}

function textIn(event: DetectionEvent, key: 'sourceIPAddress' | 'userAgent'): string {
  const value = event.ownText?.(key) ?? event.record[key];
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}
