/** Two 32-bit words; both zero stands for "none" and is never the hash of a text. */
export interface Hash64 {
  readonly hi: number;
  readonly lo: number;
}

/**
 * A 64-bit hash of a text, as two signed 32-bit words. The same on every machine and in every
 * version: snapshots keep it. For telling texts apart, not against an adversary who may choose
 * them; for n texts the chance of any collision is about n² / 2⁶⁵.
 *
 * Two lanes over the UTF-16 code units, each a multiply-and-rotate chain with constants of its own
 * (those of MurmurHash3 x86_128, Appleby 2011), crossed at the end and finished with its `fmix32`.
 */
export function hash64(text: string): Hash64 {
  let a = 0x9368e53c ^ text.length;
  let b = 0x586dcd20 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ Math.imul(unit, 0x239b961b), 0xab0e9789);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ Math.imul(unit, 0x38b34ae5), 0xa1e38b93);
    b = (b << 13) | (b >>> 19);
  }
  a = (a + b) | 0;
  b = (b + a) | 0;
  a = mix(a);
  b = mix(b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  return a === 0 && b === 0 ? {hi: 0, lo: 1} : {hi: a, lo: b};
}

function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
