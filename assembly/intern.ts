// Texts and combinations of them, each numbered densely in the order of first sight.

import {allocate} from './memory';
import {
  GROUP_BYTES,
  GROUP_CAPACITY,
  GROUP_COUNT,
  GROUP_DATA,
  GROUP_IDS,
  GROUP_LAST,
  GROUP_MASK,
  GROUP_TABLE,
} from './layout';

const K0: u64 = 0x9e3779b97f4a7c15;
const K1: u64 = 0xbf58476d1ce4e5b9;
const K2: u64 = 0x94d049bb133111eb;

const CHUNK: usize = 1 << 18;
const FIRST_SLOTS: u32 = 1 << 14;
const FIRST_COMBINATIONS: u32 = 1 << 6;
const META: u32 = 16; // address, length, 64-bit hash
// A slot of the table of texts has all that most look-ups need, in one line of the cache: hash tag
// in the high word and id in the low, then length and address. Id 0 marks a free one.
const SLOT: u32 = 16;

let texts: u32 = 0;
let textCapacity: u32 = 0;
let textMeta: usize = 0;
let textTable: usize = 0;
let textMask: u32 = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;

export function resetTexts(): void {
  texts = 1;
  textCapacity = FIRST_SLOTS >> 1;
  textMeta = allocate(textCapacity * META, false);
  store<u64>(textMeta, 0);
  textTable = allocate(FIRST_SLOTS * SLOT, true);
  textMask = FIRST_SLOTS - 1;
  arena = 0;
  arenaEnd = 0;
}

export function textCount(): u32 {
  return texts;
}

export function textAddress(id: u32): usize {
  return load<u32>(textMeta + id * META);
}

export function textLength(id: u32): u32 {
  return load<u32>(textMeta + id * META, 4);
}

/** Where `length` bytes can be written that `intern` then takes over without copying. */
export function textSpace(length: usize): usize {
  // 16 bytes more, so that whole vectors may be written and read.
  if (arena + length + 16 > arenaEnd) {
    const size = max(CHUNK, length + 16);
    arena = allocate(size, false);
    arenaEnd = arena + size;
  }
  return arena;
}

// The multiply–xorshift finisher of SplitMix64 (Steele, Lea, Flood, 2014), eight bytes a round.
// @ts-ignore: decorator
@inline
function mix(hash: u64, word: u64): u64 {
  const h = (hash ^ word) * K1;
  return h ^ (h >>> 32);
}

// @ts-ignore: decorator
@inline
function finish(hash: u64): u64 {
  const h = (hash ^ (hash >>> 29)) * K2;
  return h ^ (h >>> 32);
}

/** May read up to 8 past the end. */
export function hashBytes(address: usize, length: usize): u64 {
  const seed: u64 = <u64>length * K0;
  if (length < 8) return finish(mix(seed, load<u64>(address) << (64 - (<u64>length << 3))));
  const last = address + length - 8;
  // Two chains, since each waits for its own products only.
  let even = seed;
  let odd = seed;
  let p = address;
  while (p + 8 < last) {
    even = mix(even, load<u64>(p));
    odd = mix(odd, load<u64>(p, 8));
    p += 16;
  }
  if (p < last) even = mix(even, load<u64>(p));
  return finish(mix(even ^ rotl<u64>(odd, 23), load<u64>(last)));
}

/** Whether `length` ≥ 1 bytes are equal; may read up to 8 past either. */
export function sameBytes(a: usize, b: usize, length: usize): bool {
  if (length < 8) {
    return (load<u64>(a) ^ load<u64>(b)) << (64 - (<u64>length << 3)) == 0;
  }
  if (length < 16) {
    const last = length - 8;
    return ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a + last) ^ load<u64>(b + last))) == 0;
  }
  const last = length - 16;
  let i: usize = 0;
  while (i < last) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    i += 16;
  }
  return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)));
}

/** The id of a text of `length` ≥ 1 bytes. */
export function intern(address: usize, length: usize): u32 {
  return internHashed(address, length, hashBytes(address, length));
}

/** What lies where a look-up of the hash begins; of use only to bring it into the cache. */
// @ts-ignore: decorator
@inline
export function firstSlot(hash: u64): u64 {
  return load<u64>(textTable + (<u32>hash & textMask) * SLOT);
}

/** As `intern`, for a hash that is known. */
export function internHashed(address: usize, length: usize, hash: u64): u32 {
  const tag = hash >>> 32;
  let slot = <u32>hash & textMask;
  while (true) {
    const place = textTable + slot * SLOT;
    const held = load<u64>(place);
    if (held == 0) break;
    if (
      held >>> 32 == tag &&
      load<u32>(place, 12) == <u32>length &&
      sameBytes(address, load<u32>(place, 8), length)
    ) {
      return <u32>held;
    }
    slot = (slot + 1) & textMask;
  }
  const id = texts;
  const place = textSpace(length);
  if (place != address) memory.copy(place, address, length);
  arena = (place + length + 7) & ~7;
  if (id == textCapacity) growTexts();
  const meta = textMeta + id * META;
  store<u32>(meta, <u32>place);
  store<u32>(meta, <u32>length, 4);
  store<u64>(meta, hash, 8);
  texts = id + 1;
  insertText(id);
  return id;
}

function insertText(id: u32): void {
  const meta = textMeta + id * META;
  const hash = load<u64>(meta, 8);
  let slot = <u32>hash & textMask;
  while (load<u64>(textTable + slot * SLOT) != 0) slot = (slot + 1) & textMask;
  store<u64>(textTable + slot * SLOT, ((hash >>> 32) << 32) | id);
  store<u64>(textTable + slot * SLOT, load<u64>(meta), 8);
}

/** Tables are never more than half full. */
function growTexts(): void {
  const meta = allocate(textCapacity * 2 * META, false);
  memory.copy(meta, textMeta, textCapacity * META);
  textMeta = meta;
  textCapacity *= 2;
  textMask = textCapacity * 2 - 1;
  textTable = allocate(textCapacity * 2 * SLOT, true);
  for (let id: u32 = 1; id < texts; id++) insertText(id);
}

export function resetGroup(group: usize): void {
  store<u32>(group, 0, GROUP_COUNT);
  store<u32>(group, FIRST_COMBINATIONS, GROUP_CAPACITY);
  const bytes = load<u32>(group, GROUP_BYTES);
  store<u32>(group, <u32>allocate(FIRST_COMBINATIONS * bytes, false), GROUP_DATA);
  store<u32>(group, <u32>allocate(FIRST_COMBINATIONS * 2 * 8, true), GROUP_TABLE);
  store<u32>(group, FIRST_COMBINATIONS * 2 - 1, GROUP_MASK);
  store<i32>(group, -1, GROUP_LAST);
}

// @ts-ignore: decorator
@inline
function sameIds(a: usize, b: usize, bytes: usize): bool {
  let i: usize = 0;
  while (i < bytes) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    i += 16;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function hashIds(address: usize, bytes: usize): u64 {
  let even: u64 = K0;
  let odd: u64 = K2;
  for (let i: usize = 0; i < bytes; i += 16) {
    // Most fields are absent from most records.
    if (!v128.any_true(v128.load(address + i))) continue;
    even = mix(even + i, load<u64>(address + i));
    odd = mix(odd + i, load<u64>(address + i, 8));
  }
  return finish(even ^ rotl<u64>(odd, 23));
}

/** The id of the combination that is gathered in the group. */
export function combine(group: usize): u32 {
  const ids: usize = load<u32>(group, GROUP_IDS);
  const bytes: usize = load<u32>(group, GROUP_BYTES);
  const data: usize = load<u32>(group, GROUP_DATA);
  const last = load<i32>(group, GROUP_LAST);
  if (last >= 0 && sameIds(ids, data + last * bytes, bytes)) return last;
  const hash = hashIds(ids, bytes);
  const tag = hash >>> 32;
  const table: usize = load<u32>(group, GROUP_TABLE);
  const mask = load<u32>(group, GROUP_MASK);
  let slot = <u32>hash & mask;
  while (true) {
    const held = load<u64>(table + slot * 8);
    if (held == 0) break;
    const known = <u32>held - 1;
    if (held >>> 32 == tag && sameIds(ids, data + known * bytes, bytes)) {
      store<u32>(group, known, GROUP_LAST);
      return known;
    }
    slot = (slot + 1) & mask;
  }
  const id = load<u32>(group, GROUP_COUNT);
  if (id == load<u32>(group, GROUP_CAPACITY)) growGroup(group);
  memory.copy(<usize>load<u32>(group, GROUP_DATA) + id * bytes, ids, bytes);
  insert(load<u32>(group, GROUP_TABLE), load<u32>(group, GROUP_MASK), hash, id + 1);
  store<u32>(group, id + 1, GROUP_COUNT);
  store<u32>(group, id, GROUP_LAST);
  return id;
}

function growGroup(group: usize): void {
  const bytes: usize = load<u32>(group, GROUP_BYTES);
  const count = load<u32>(group, GROUP_COUNT);
  const capacity = load<u32>(group, GROUP_CAPACITY) * 2;
  const data = allocate(capacity * bytes, false);
  memory.copy(data, load<u32>(group, GROUP_DATA), count * bytes);
  const table = allocate(capacity * 2 * 8, true);
  for (let id: u32 = 0; id < count; id++) {
    insert(table, capacity * 2 - 1, hashIds(data + id * bytes, bytes), id + 1);
  }
  store<u32>(group, capacity, GROUP_CAPACITY);
  store<u32>(group, <u32>data, GROUP_DATA);
  store<u32>(group, <u32>table, GROUP_TABLE);
  store<u32>(group, capacity * 2 - 1, GROUP_MASK);
}

function insert(table: usize, mask: u32, hash: u64, value: u32): void {
  let slot = <u32>hash & mask;
  while (load<u64>(table + slot * 8) != 0) slot = (slot + 1) & mask;
  store<u64>(table + slot * 8, ((hash >>> 32) << 32) | value);
}
