import {GzipReader, gunzipAtOnce, isGzip} from '../decode/gzip.ts';
import {DEFAULT_LIMITS} from '../decode/limits.ts';
import {unwrap} from '../decode/unwrap.ts';

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
  if (length <= 0 || offset < 0 || offset + length > object.length) return null;
  const text = new TextDecoder().decode(object.subarray(offset, offset + length));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (Object.hasOwn(value, 'eventTime') || eventId === '') return text;
  for (const item of unwrap(value, DEFAULT_LIMITS)) {
    if (item.kind !== 'record') continue;
    if (item.record.eventID === eventId) return JSON.stringify(item.record);
  }
  return text;
}
