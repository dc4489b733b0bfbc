// `hash64` of src/base/hash.ts, for texts of ASCII.

// @ts-ignore: decorator
@inline
function mix(word: u32): u32 {
  let h = (word ^ (word >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}

/** The high word in the low half and the low word in the high half: in memory they stand in order. */
export function hash64(address: usize, length: usize): u64 {
  let a: u32 = 0x9368e53c ^ <u32>length;
  let b: u32 = 0x586dcd20 ^ <u32>length;
  const end = address + length;
  for (let p = address; p < end; p++) {
    const unit = <u32>load<u8>(p);
    a = rotl<u32>((a ^ (unit * 0x239b961b)) * 0xab0e9789, 15);
    b = rotl<u32>((b ^ (unit * 0x38b34ae5)) * 0xa1e38b93, 13);
  }
  a += b;
  b += a;
  a = mix(a);
  b = mix(b);
  a += b;
  b += a;
  if ((a | b) == 0) b = 1;
  return <u64>a | (<u64>b << 32);
}
