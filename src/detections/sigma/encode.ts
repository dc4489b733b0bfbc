/** How a text becomes bytes before it is written in base64. */
export type Encoding = 'utf8' | 'utf16le' | 'utf16be' | 'utf16';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function bytesOf(text: string, encoding: Encoding): number[] {
  if (encoding === 'utf8') return [...new TextEncoder().encode(text)];
  const bytes: number[] = encoding === 'utf16' ? [0xff, 0xfe] : [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (encoding === 'utf16be') bytes.push(unit >> 8, unit & 0xff);
    else bytes.push(unit & 0xff, unit >> 8);
  }
  return bytes;
}

/** Base64 of a text by itself, with its padding (RFC 4648, section 4). */
export function base64(text: string, encoding: Encoding = 'utf8'): string {
  const bytes = bytesOf(text, encoding);
  const digits = digitsOf(bytes).slice(0, Math.ceil((bytes.length * 8) / 6));
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=');
}

/**
 * What is sure to stand in the base64 of any text that holds this one, by where in a group of three
 * bytes it begins: digits that its neighbours have a part in are left out.
 */
export function base64Offsets(text: string, encoding: Encoding = 'utf8'): readonly string[] {
  const bytes = bytesOf(text, encoding);
  return [0, 1, 2].map((offset) => {
    const shifted = [...Array<number>(offset).fill(0), ...bytes];
    return digitsOf(shifted).slice(
      Math.ceil((offset * 8) / 6),
      Math.floor((shifted.length * 8) / 6),
    );
  });
}

function digitsOf(bytes: readonly number[]): string {
  let digits = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) digits += DIGITS[(word >> shift) & 63];
  }
  return digits;
}
