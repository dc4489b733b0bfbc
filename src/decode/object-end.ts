const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The offset after the object or array that begins at `from`, or -1 if the bytes end inside it.
 * Only strings and brackets are looked at: what lies between is anything but sure to be JSON.
 */
export function objectEnd(bytes: Uint8Array, from: number): number {
  let depth = 0;
  for (let i = from; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i++;
        while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
        break;
      case 0x7b:
      case 0x5b:
        depth++;
        break;
      case 0x7d:
      case 0x5d:
        if (--depth <= 0) return i + 1;
    }
  }
  return -1;
}
