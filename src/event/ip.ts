/** An address: 4 bytes of version 4, or 8 words of 16 bits of version 6. */
export interface Ip {
  readonly version: 4 | 6;
  readonly words: readonly number[];
}

/**
 * Reads an address in the forms of RFC 4291 and plain dotted IPv4, or undefined. IPv4 in IPv6's
 * clothes ("::ffff:192.0.2.1", "64:ff9b::192.0.2.1") is taken for the IPv4 address it is.
 */
export function parseIp(text: string): Ip | undefined {
  if (text.length > 64) return undefined;
  const v4 = parseV4(text);
  if (v4 !== undefined) return {version: 4, words: v4};
  if (!text.includes(':')) return undefined;
  const v6 = parseV6(text.replace(/%.*$/, ''));
  if (v6 === undefined) return undefined;

  const head = v6
    .slice(0, 6)
    .map((word) => word.toString(16))
    .join(':');
  if (head === '0:0:0:0:0:ffff' || head === '64:ff9b:0:0:0:0') {
    const [high = 0, low = 0] = v6.slice(6);
    return {version: 4, words: [high >> 8, high & 0xff, low >> 8, low & 0xff]};
  }
  return {version: 6, words: v6};
}

function parseV4(text: string): number[] | undefined {
  if (text.length > 15) return undefined;
  const bytes: number[] = [];
  let byte = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const digit = i === text.length ? -2 : text.charCodeAt(i) - 0x30;
    if (digit >= 0 && digit <= 9) {
      byte = byte * 10 + digit;
      if (++digits > 3 || byte > 255) return undefined;
    } else if (digit === -2 && digits > 0) {
      bytes.push(byte);
      byte = digits = 0;
    } else return undefined;
  }
  return bytes.length === 4 ? bytes : undefined;
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = groups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Only the last group of the whole address may be a dotted quad. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const words: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const bytes = last && i === parts.length - 1 ? parseV4(part) : undefined;
    if (bytes !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = bytes;
      words.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      words.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return words;
}
