import {GzipReader, gunzipAtOnce, isGzip} from '../decode/gzip.ts';
import {DEFAULT_LIMITS} from '../decode/limits.ts';
import {unwrap} from '../decode/unwrap.ts';

const TEXT = new TextDecoder();

/** The bytes of an object as its records' places count them, as far as they can be had. */
export function decompressed(bytes: Uint8Array): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const whole = gunzipAtOnce(bytes, DEFAULT_LIMITS);
  if (whole !== undefined) return whole;
  const parts: Uint8Array[] = [];
  const reader = new GzipReader(DEFAULT_LIMITS, (part) => parts.push(part.slice()));
  reader.push(bytes);
  reader.end();
  const joined = new Uint8Array(parts.reduce((sum, {length}) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The text that lies at a place in an object; null when there is none. */
export function textAt(object: Uint8Array, offset: number, length: number): string | null {
  if (length <= 0 || offset < 0 || offset + length > object.length) return null;
  return TEXT.decode(object.subarray(offset, offset + length));
}

/** The record that a text is, or that is in it if it is a wrapper; undefined when it is no JSON. */
export function recordIn(text: string, eventId: string): object | undefined {
  return foundIn(text, eventId)?.record;
}

function foundIn(text: string, eventId: string): {record: object; wrapped: boolean} | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Object.hasOwn(value, 'eventTime') && eventId !== '') {
    for (const item of unwrap(value, DEFAULT_LIMITS)) {
      if (item.kind !== 'record' || item.record.eventID !== eventId) continue;
      return {record: item.record, wrapped: true};
    }
  }
  return {record: value, wrapped: false};
}

/**
 * The JSON of a record by its place in an object, out of the wrapper that lies there, if it is one;
 * null when it is not there.
 */
export function recordAt(
  object: Uint8Array,
  offset: number,
  length: number,
  eventId: string,
): string | null {
  const text = textAt(object, offset, length);
  if (text === null) return null;
  const found = foundIn(text, eventId);
  if (found === undefined) return null;
  // As it was written, unless it came out of a wrapper.
  return found.wrapped ? JSON.stringify(found.record) : text;
}
