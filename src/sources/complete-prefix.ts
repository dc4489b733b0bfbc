const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/**
 * How many of `bytes` may be handed over while the file is still being written: up to the end of
 * the last complete line of JSON lines, or of the last complete value of a document. What is
 * broken is never complete; whoever waits for it must lose patience some day.
 */
export function completePrefix(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length && (bytes[start] ?? 0) <= 0x20) start++;
  if (start === bytes.length) return bytes.length;
  const firstLine = bytes.indexOf(NEWLINE, start);
  if (firstLine < 0 || !isWhole(bytes, start, firstLine)) return lastValueEnd(bytes, start);
  const lines = bytes.lastIndexOf(NEWLINE) + 1;
  const end = lastValueEnd(bytes, lines);
  return end === bytes.length && end > lines ? end : lines;
}

/** Whether a stretch leaves no bracket and no string open. */
function isWhole(bytes: Uint8Array, from: number, to: number): boolean {
  const stretch = bytes.subarray(from, to);
  const opens = stretch[0] === 0x7b || stretch[0] === 0x5b;
  return opens ? lastValueEnd(stretch, 0) === stretch.length : !stretch.includes(0x7b);
}

/** Where the last object or array that begins at the root and ends does so, with space after it. */
function lastValueEnd(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let end = from;
  for (let at = from; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE: {
        let close = bytes.indexOf(QUOTE, at + 1);
        while (close > 0 && isEscaped(bytes, close)) close = bytes.indexOf(QUOTE, close + 1);
        if (close < 0) return end;
        at = close;
        break;
      }
      case 0x7b:
      case 0x5b:
        depth++;
        break;
      case 0x7d:
      case 0x5d:
        depth = Math.max(0, depth - 1);
        if (depth === 0) end = at + 1;
        break;
    }
  }
  let after = end;
  while (after < bytes.length && (bytes[after] ?? 0) <= 0x20) after++;
  return after === bytes.length && end > from ? after : end;
}

function isEscaped(bytes: Uint8Array, at: number): boolean {
  let backslashes = 0;
  while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
