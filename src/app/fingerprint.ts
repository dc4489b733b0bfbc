import {hash64} from '../base/hash.ts';

/** Sixteen hexadecimal digits that differ for different texts, in all likelihood. */
export function fingerprintOf(text: string): string {
  const {hi, lo} = hash64(text);
  return [hi, lo].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
