import {isSpace} from './lists.ts';

/** White space before the first key of a plausible object; more than this is none. */
const SPACE_LIMIT = 256;

/**
 * The first "{" from `from` on that is followed by a key, or -1: then `resume` tells from where to
 * look again once there is more. Linear: white space is looked through once per "{".
 */
export function findObject(
  bytes: Uint8Array,
  from: number,
  final: boolean,
): {found: number; resume: number} {
  let at = bytes.indexOf(0x7b, from);
  while (at >= 0) {
    let next = at + 1;
    while (next < bytes.length && next - at <= SPACE_LIMIT && isSpace(bytes[next]!)) next++;
    if (next >= bytes.length) return {found: -1, resume: final ? bytes.length : at};
    if (bytes[next] === 0x22) return {found: at, resume: at};
    // In a run of "{" a search for each would cost far more than the look.
    at = bytes[next] === 0x7b ? next : bytes.indexOf(0x7b, next);
  }
  return {found: -1, resume: bytes.length};
}

/**
 * Where objects and arrays begin within a broken value, that are complete and not within another
 * complete one. `open` are the brackets that were never closed, and `[from, to)` the bytes that were
 * in order. Yields indexes; the consumer says where each ends by passing it to `next`.
 */
export function* completeParts(
  bytes: Uint8Array,
  range: {from: number; to: number; base: number},
  open: ReadonlySet<number>,
): Generator<number, void, number> {
  let at = range.from;
  while (at < range.to) {
    const byte = bytes[at]!;
    if (byte === 0x22) {
      at++;
      while (at < range.to && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
      at++;
    } else if ((byte === 0x7b || byte === 0x5b) && !open.has(range.base + at)) {
      at = yield at;
    } else at++;
  }
}

/** White space and commas: what may stand between values without a word. */
export function isSeparator(byte: number): boolean {
  return byte === 0x2c || isSpace(byte);
}
