/** Keys of a root object whose array may be far too long to be held at once, with their quotes. */
const LISTS = ['"Records"', '"Events"'].map((key) => new TextEncoder().encode(key));

/** No key longer than this, quotes included, names a list. */
export const LONGEST_LIST = Math.max(...LISTS.map((list) => list.length));

/** Whether `length` bytes from `from` on are the key of a list, quotes included. */
export function isList(bytes: Uint8Array, from: number, length: number): boolean {
  return LISTS.some(
    (list) => list.length === length && list.every((byte, i) => bytes[from + i] === byte),
  );
}

/** Whether the object that opens at `from` begins with a list: "unsure" when the bytes end too soon. */
export function opensList(bytes: Uint8Array, from: number): 'yes' | 'no' | 'unsure' {
  let at = skipSpace(bytes, from + 1);
  if (at >= bytes.length) return 'unsure';
  if (bytes[at] !== 0x22) return 'no';
  const end = bytes.subarray(at + 1, at + LONGEST_LIST).indexOf(0x22);
  if (end < 0) return bytes.length < at + LONGEST_LIST ? 'unsure' : 'no';
  if (!isList(bytes, at, end + 2)) return 'no';
  at = skipSpace(bytes, at + end + 2);
  if (at >= bytes.length) return 'unsure';
  if (bytes[at] !== 0x3a) return 'no';
  at = skipSpace(bytes, at + 1);
  if (at >= bytes.length) return 'unsure';
  return bytes[at] === 0x5b ? 'yes' : 'no';
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at]!)) at++;
  return at;
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
