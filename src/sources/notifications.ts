/** An object that a notification tells of. */
export interface NotifiedObject {
  readonly bucket: string;
  readonly key: string;
  readonly size?: number;
  readonly version?: string;
}

export type Notification =
  | {readonly kind: 'objects'; readonly objects: readonly NotifiedObject[]}
  /** The message is, or holds, records of CloudTrail; the text to hand over. */
  | {readonly kind: 'records'; readonly text: string}
  /** Nothing to do about it: a test, a deletion. */
  | {readonly kind: 'nothing'}
  | {readonly kind: 'unknown'; readonly detail: string};

/** SNS around an event of S3 is one; more would be somebody playing. */
const MOST_ENVELOPES = 4;

/**
 * What a message of a queue tells: an event notification of S3, one through SNS with or without
 * its envelope, CloudTrail's own notification, an EventBridge event, or records themselves.
 */
export function parseNotification(text: string, envelopes = 0): Notification {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return {kind: 'unknown', detail: 'the message is no JSON'};
  }
  if (!isObject(message)) return {kind: 'unknown', detail: 'the message is no JSON object'};
  if (message.Event === 's3:TestEvent') return {kind: 'nothing'};
  if (typeof message.Message === 'string' && typeof message.Type === 'string') {
    if (message.Type !== 'Notification') {
      return {kind: 'unknown', detail: `a message of SNS of type "${message.Type.slice(0, 40)}"`};
    }
    if (envelopes >= MOST_ENVELOPES) return {kind: 'unknown', detail: 'too many envelopes'};
    return parseNotification(message.Message, envelopes + 1);
  }
  if (Array.isArray(message.Records) && message.Records.some(isObjectEvent)) {
    return fromS3(message.Records);
  }
  if (typeof message.s3Bucket === 'string' && Array.isArray(message.s3ObjectKey)) {
    const bucket = message.s3Bucket;
    const keys = message.s3ObjectKey.filter((key) => typeof key === 'string');
    return objects(keys.map((key) => ({bucket, key})));
  }
  if (isObject(message.detail)) return fromEventBridge(message, message.detail, text);
  if (Array.isArray(message.Records) || 'eventVersion' in message || 'CloudTrailEvent' in message) {
    return {kind: 'records', text};
  }
  return {kind: 'unknown', detail: 'neither a notification that is known nor a record'};
}

function objects(all: readonly NotifiedObject[]): Notification {
  // Digests vouch for logs and hold no events.
  const logs = all.filter(({key}) => !key.includes('/CloudTrail-Digest/') && !key.endsWith('/'));
  return logs.length === 0 ? {kind: 'nothing'} : {kind: 'objects', objects: logs};
}

function isObjectEvent(record: unknown): boolean {
  return isObject(record) && record.eventSource === 'aws:s3' && isObject(record.s3);
}

function fromS3(records: readonly unknown[]): Notification {
  const found: NotifiedObject[] = [];
  for (const record of records) {
    if (!isObject(record) || !isObject(record.s3)) continue;
    if (!String(record.eventName).replace(/^s3:/, '').startsWith('ObjectCreated')) continue;
    const {bucket, object} = record.s3;
    if (!isObject(bucket) || !isObject(object)) continue;
    // As in a form: a space is a plus.
    const key = decode(String(object.key).replaceAll('+', ' '));
    found.push(describe(bucket.name, key, object.size, object.versionId));
  }
  return objects(found);
}

function fromEventBridge(
  message: Record<string, unknown>,
  detail: Record<string, unknown>,
  text: string,
): Notification {
  if (message.source === 'aws.s3' && isObject(detail.object) && isObject(detail.bucket)) {
    if (message['detail-type'] !== 'Object Created') return {kind: 'nothing'};
    const {key, size} = detail.object;
    // Not encoded here, other than in the notifications of S3 itself.
    return objects([describe(detail.bucket.name, String(key), size, detail.object['version-id'])]);
  }
  if ('eventVersion' in detail || 'eventID' in detail) return {kind: 'records', text};
  return {kind: 'unknown', detail: 'an event of EventBridge that is none of S3 or CloudTrail'};
}

function describe(bucket: unknown, key: string, size: unknown, version: unknown): NotifiedObject {
  return {
    bucket: String(bucket),
    key,
    ...(typeof size === 'number' ? {size} : {}),
    ...(typeof version === 'string' && version !== '' ? {version} : {}),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded after all: then it is the key itself.
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
