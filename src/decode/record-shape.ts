import type {DropReason, RejectReason} from '../base/outcome.ts';
import {formatEventTime, parseEventTime} from '../event/event-time.ts';

export type JsonObject = Record<string, unknown>;

export type Shape =
  | {
      readonly kind: 'record';
      /** With an `eventTime` in whole seconds, as scanners read it; the rest of it beside. */
      readonly record: JsonObject;
      readonly milliseconds: number;
    }
  | {readonly kind: 'reject'; readonly reason: RejectReason}
  | {readonly kind: 'drop'; readonly reason: DropReason}
  | undefined;

/**
 * What an object is by itself: a record, something that is left out, or undefined when it may at
 * best hold records. A record comes back as later stages want it: with an `eventTime` in the
 * canonical form, and, if it is an Insight, with the source and name of what it is about.
 */
export function shapeOf(value: JsonObject): Shape {
  if (isDigest(value)) return {kind: 'drop', reason: 'digest'};
  if (value.messageType === 'CONTROL_MESSAGE') return {kind: 'drop', reason: 'control_message'};
  const named = isInsight(value) ? withInsightNames(value) : value;
  return isRecord(named) ? timed(named) : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecord(value: JsonObject): boolean {
  const source = value.eventSource;
  if (!isName(value.eventName) || !isName(source)) return false;
  // What S3, SQS, SNS, Kinesis and others send to Lambda looks alike, but is no record.
  if (typeof source === 'string' && source.startsWith('aws:')) return false;
  return (
    value.eventTime !== undefined ||
    value.eventVersion !== undefined ||
    isObject(value.userIdentity) ||
    value['@timestamp'] !== undefined
  );
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isDigest(value: JsonObject): boolean {
  return (
    value.digestStartTime !== undefined &&
    value.awsAccountId !== undefined &&
    Array.isArray(value.logFiles)
  );
}

function isInsight(value: JsonObject): boolean {
  return (
    value.eventType === 'AwsCloudTrailInsight' ||
    value.eventCategory === 'Insight' ||
    isObject(value.insightDetails)
  );
}

function withInsightNames(value: JsonObject): JsonObject {
  const details = value.insightDetails;
  if (!isObject(details)) return value;
  return {
    ...value,
    eventSource: isName(value.eventSource) ? value.eventSource : details.eventSource,
    eventName: isName(value.eventName) ? value.eventName : details.eventName,
    eventType: 'AwsCloudTrailInsight',
  };
}

function timed(record: JsonObject): Shape {
  // Logstash moves the time of the event to @timestamp.
  const time = record.eventTime ?? record['@timestamp'];
  if (typeof time !== 'string' && typeof time !== 'number') {
    return {kind: 'reject', reason: 'missing_event_time'};
  }
  const parsed = parseEventTime(time);
  if (parsed === undefined) return {kind: 'reject', reason: 'invalid_event_time'};
  const milliseconds = parsed % 1000;
  const eventTime = formatEventTime(parsed - milliseconds);
  if (record.eventTime === eventTime) return {kind: 'record', record, milliseconds};
  return {kind: 'record', record: {...record, eventTime}, milliseconds};
}
