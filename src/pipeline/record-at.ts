import {gunzipSync} from 'node:zlib';
import {isGzip} from '../decode/gzip.ts';
import {DEFAULT_LIMITS} from '../decode/limits.ts';
import {unwrap} from '../decode/unwrap.ts';

/** The bytes of an object as its records' places count them; undefined when they cannot be had. */
export function decompressed(bytes: Uint8Array): Uint8Array | undefined {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, {
      maxOutputLength: Math.max(
        DEFAULT_LIMITS.expansionBytes,
        bytes.length * DEFAULT_LIMITS.expansionRatio,
      ),
    });
  } catch {
    // Cut short or damaged: what was read before the fault is told without its record.
    return undefined;
  }
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
