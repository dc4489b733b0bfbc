/** CRC-32 as of ISO 3309 and gzip, eight tables at a time (Kounavis and Berry, ISCC 2005). */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (T[0x700 | (crc & 255)] as number) ^
      (T[0x600 | ((crc >>> 8) & 255)] as number) ^
      (T[0x500 | ((crc >>> 16) & 255)] as number) ^
      (T[0x400 | (crc >>> 24)] as number) ^
      (T[0x300 | (bytes[at + 4] as number)] as number) ^
      (T[0x200 | (bytes[at + 5] as number)] as number) ^
      (T[0x100 | (bytes[at + 6] as number)] as number) ^
      (T[bytes[at + 7] as number] as number);
  }
  for (; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ (T[(crc ^ (bytes[at] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}

const T = tables();

function tables(): Int32Array {
  const t = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    t[i] = crc;
  }
  for (let i = 256; i < t.length; i++) {
    const before = t[i - 256] as number;
    t[i] = (before >>> 8) ^ (t[before & 255] as number);
  }
  return t;
}
