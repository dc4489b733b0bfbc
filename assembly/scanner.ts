// The record scanner. The host writes what to look for into memory (see layout.ts), `load`s bytes
// and calls `scan`; rows and texts are read back from memory.

import {
  combine,
  firstSlot,
  hashBytes,
  intern,
  internHashed,
  resetGroup,
  resetTexts,
  sameBytes,
  textAddress,
  textCount,
  textLength,
  textSpace,
} from './intern';
import {
  fail,
  failedAt,
  MAX_DEPTH,
  skipArray,
  skipElements,
  skipEscape,
  skipObject,
  skipScalar,
  skipSpace,
  skipString,
  skipValue,
  stringStops,
  unsure,
} from './json';
import {hash64} from './hash64';
import {
  ENTRY_ACCESS_KEY,
  ENTRY_ARRAY,
  ENTRY_FIRST,
  ENTRY_FLAGS,
  ENTRY_KEY,
  ENTRY_LAST,
  ENTRY_LAST_ID,
  ENTRY_LAST_LENGTH,
  ENTRY_LAST_TEXT,
  ENTRY_LENGTH,
  ENTRY_NEEDLE,
  ENTRY_NEXT,
  ENTRY_OBJECT,
  ENTRY_PREFIX,
  ENTRY_PRESENT,
  ENTRY_RANGE,
  ENTRY_RECORD,
  ENTRY_STRING,
  ENTRY_TEXT,
  FLAG_ID,
  FLAG_REFUSE,
  FLAG_STRING,
  FLAG_TIME,
  GROUP_ROW,
  GROUP_SIZE,
  NODE_MULTIPLIER,
  NODE_SHIFT,
  NODE_SLOTS,
  ROW_LENGTH,
  ROW_OFFSET,
} from './layout';
import {allocate, memoryTop, startMemoryAt} from './memory';
import {isUtf8, takeTime, takeUuid, unescape} from './text';

export {textAddress, textCount, textLength, textSpace};

const NEED_MORE: i32 = 0;
const ARRAY_END: i32 = 1;
const NOT_UNDERSTOOD: i32 = 2;
const FULL: i32 = 3;

const PADDING: usize = 64;
const LONG_TERM_KEY: u32 = 0x41494b41; // "AKIA"

// Set once by `configure`.
let root: usize = 0;
let template: usize = 0;
let staged: usize = 0; // a row, then the groups' gathered ids
let stagedBytes: usize = 0;
let rowBytes: usize = 0;
let groups: usize = 0;
let groupsEnd: usize = 0;
let required: u32 = 0; // bits of keys that must be seen
let entries: usize = 0; // addresses of all entries, to clear what they remember
let entriesEnd: usize = 0;
let rows: usize = 0;
let rowCapacity: u32 = 0;
let home: usize = 0; // where the window was first

let window: usize = 0;
let windowBytes: usize = 0;
let windowEnd: usize = 0;

// Texts of the record at hand that are still to be interned: address, length, hash, list of
// addresses that take the id, and the entry that remembers it or 0.
const PENDING_SIZE: usize = 24;
let pending: usize = 0;
let pendingEnd: usize = 0;

let rowCount: u32 = 0;
let seen: u32 = 0;
let record: u64 = 0;
let position: usize = 0;

export function heapBase(): usize {
  return __heap_base;
}

/** Memory from `base` on becomes the scanner's; what the host has written lies below. */
export function configure(
  base: usize,
  root_: usize,
  template_: usize,
  staged_: usize,
  stagedBytes_: usize,
  rowBytes_: usize,
  groups_: usize,
  groupCount: usize,
  required_: u32,
  entries_: usize,
  entryCount: usize,
  rowCapacity_: u32,
  windowBytes_: usize,
): void {
  root = root_;
  template = template_;
  staged = staged_;
  stagedBytes = stagedBytes_;
  rowBytes = rowBytes_;
  groups = groups_;
  groupsEnd = groups_ + groupCount * GROUP_SIZE;
  required = required_;
  entries = entries_;
  entriesEnd = entries_ + entryCount * 4;
  rowCapacity = rowCapacity_;
  startMemoryAt(base);
  rows = allocate(rowCapacity_ * rowBytes_, false);
  pending = allocate((entryCount * 2 + 1) * PENDING_SIZE, false);
  windowBytes = windowBytes_;
  home = allocate(windowBytes_ + PADDING, false);
  window = home;
  windowEnd = home;
  store<u64>(windowEnd, 0);
  reset();
}

/** Forgets texts, combinations and rows; keeps the loaded bytes. */
export function reset(): void {
  if (window != home) {
    memory.copy(home, window, windowEnd - window + PADDING);
    windowEnd = home + (windowEnd - window);
    window = home;
  }
  startMemoryAt(home);
  allocate(windowBytes + PADDING, false);
  resetTexts();
  for (let group = groups; group < groupsEnd; group += GROUP_SIZE) resetGroup(group);
  for (let p = entries; p < entriesEnd; p += 4) {
    store<u32>(load<u32>(p), 0, ENTRY_LAST_LENGTH);
  }
  rowCount = 0;
}

export function internedBytes(): usize {
  return memoryTop() - (home + windowBytes + PADDING);
}

/** Makes room for that many bytes and returns where to write them. */
export function openWindow(bytes: usize): usize {
  rowCount = 0;
  if (bytes > windowBytes) {
    windowBytes = max(bytes, windowBytes * 2);
    window = allocate(windowBytes + PADDING, false);
  }
  windowEnd = window + bytes;
  memory.fill(windowEnd, 0, PADDING);
  return window;
}

export function rowsAddress(): usize {
  return rows;
}

export function count(): u32 {
  return rowCount;
}

export function clear(): void {
  rowCount = 0;
}

export function next(): usize {
  return position - window;
}

export function scan(from: usize, comma: bool, afterRecord: bool): i32 {
  let p = window + from;
  let commaDue = false;
  while (true) {
    p = skipSpace(p);
    position = p;
    if (p >= windowEnd) return NEED_MORE;
    let start = p;
    if (comma) {
      const c = load<u8>(p);
      if (c == 0x5d) return ARRAY_END;
      if (c == 0x2c && afterRecord) {
        start = skipSpace(p + 1);
        if (start >= windowEnd) return NEED_MORE;
      } else if (commaDue) return NOT_UNDERSTOOD;
    }
    if (rowCount == rowCapacity) return FULL;
    position = start;
    if (load<u8>(start) != 0x7b) return NOT_UNDERSTOOD;
    p = scanRecord(start);
    if (p == 0) return failedAt >= windowEnd ? NEED_MORE : NOT_UNDERSTOOD;
    afterRecord = true;
    commaDue = true;
  }
  return NEED_MORE;
}

/** Clears the staged row; the host may then write into it and call `endRow`. */
export function beginRow(): void {
  let i: usize = 0;
  while (i < stagedBytes) {
    v128.store(staged + i, v128.load(template + i));
    i += 16;
  }
}

/** False when there is no room. */
export function endRow(offset: u32, length: u32): bool {
  if (rowCount == rowCapacity) return false;
  store<u32>(staged, offset, ROW_OFFSET);
  store<u32>(staged, length, ROW_LENGTH);
  for (let group = groups; group < groupsEnd; group += GROUP_SIZE) {
    store<u32>(load<u32>(group, GROUP_ROW), combine(group));
  }
  const row = rows + rowCount * rowBytes;
  let i: usize = 0;
  while (i < rowBytes) {
    v128.store(row + i, v128.load(staged + i));
    i += 16;
  }
  rowCount++;
  return true;
}

/** The id of `length` bytes that the host has written to `textSpace`. */
export function internText(length: usize): u32 {
  return length == 0 ? 0 : intern(textSpace(length), length);
}

function scanRecord(p: usize): usize {
  beginRow();
  record++;
  seen = 0;
  pendingEnd = pending;
  const end = walkObject(p + 1, root, 1);
  if (end == 0) return 0;
  if ((seen & required) != required) return unsure();
  internPending();
  endRow(<u32>(p - window), <u32>(end - p));
  return end;
}

/** The entry of a key of a tracked object, or 0. */
// @ts-ignore: decorator
@inline
function findEntry(node: usize, key: usize, length: usize): usize {
  let first = load<u64>(key);
  let last: u64 = 0;
  if (length >= 8) last = load<u64>(key + length - 8);
  else first &= (<u64>1 << (<u64>length << 3)) - 1;
  const hash = (first ^ rotl<u64>(last, 32)) + <u64>length;
  const slot = <u32>((hash * load<u64>(node, NODE_MULTIPLIER)) >>> <u64>load<u32>(node, NODE_SHIFT));
  let entry: usize = load<u32>(node + (slot << 2), NODE_SLOTS);
  while (entry != 0) {
    if (
      load<u64>(entry, ENTRY_FIRST) == first &&
      load<u64>(entry, ENTRY_LAST) == last &&
      load<u32>(entry, ENTRY_LENGTH) == <u32>length &&
      (length <= 16 || sameBytes(key, load<u32>(entry, ENTRY_KEY), length))
    ) {
      return entry;
    }
    entry = load<u32>(entry, ENTRY_NEXT);
  }
  return 0;
}

/** A tracked object; `p` is after the brace. */
function walkObject(p: usize, node: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return unsure();
  p = skipSpace(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  while (true) {
    if (load<u8>(p) != 0x22) return fail(p);
    const key = p + 1;
    p = key;
    let stops = stringStops(v128.load(p));
    while (stops == 0) {
      p += 16;
      stops = stringStops(v128.load(p));
    }
    p += ctz(stops);
    // A key with an escape may be any key.
    if (load<u8>(p) != 0x22) return load<u8>(p) == 0x5c ? unsure() : fail(p);
    const entry = findEntry(node, key, p - key);
    p = skipSpace(p + 1);
    if (load<u8>(p) != 0x3a) return fail(p);
    p = skipSpace(p + 1);
    if (entry == 0) p = skipValue(p, depth);
    else {
      // Of two equal keys the last wins, and the first has already been taken.
      if (load<u64>(entry, ENTRY_RECORD) == record) return unsure();
      store<u64>(entry, record, ENTRY_RECORD);
      p = takeValue(p, entry, depth);
    }
    if (p == 0) return 0;
    p = skipSpace(p);
    const c = load<u8>(p);
    if (c != 0x2c) return c == 0x7d ? p + 1 : fail(p);
    p = skipSpace(p + 1);
  }
  return 0;
}

function takeValue(p: usize, entry: usize, depth: u32): usize {
  const start = p;
  const flags = load<u32>(entry, ENTRY_FLAGS);
  if ((flags & FLAG_REFUSE) != 0) return unsure();
  seen |= load<u32>(entry, ENTRY_PRESENT);
  const c = load<u8>(p);
  if (c == 0x22) {
    seen |= load<u32>(entry, ENTRY_STRING);
    p = (flags & FLAG_STRING) != 0 ? takeString(p + 1, entry, flags) : skipString(p + 1);
  } else if (c == 0x7b) {
    const node: usize = load<u32>(entry, ENTRY_OBJECT);
    p = node != 0 ? walkObject(p + 1, node, depth + 1) : skipObject(p + 1, depth + 1);
  } else if (c == 0x5b) {
    const element: usize = load<u32>(entry, ENTRY_ARRAY);
    p = element != 0 ? walkArray(p + 1, element, depth + 1) : skipArray(p + 1, depth + 1);
  } else {
    p = skipScalar(p);
    if (p != 0 && (c == 0x74 || c == 0x66) && (flags & FLAG_STRING) != 0) {
      takeText(start, p - start, entry, false);
    }
  }
  if (p == 0) return 0;
  const ranges: usize = load<u32>(entry, ENTRY_RANGE);
  if (ranges != 0) {
    const words = <u64>(start - window) | (<u64>(p - start) << 32);
    const end = ranges + (load<u32>(ranges) << 2);
    for (let i = ranges; i < end; i += 4) store<u64>(load<u32>(i, 4), words);
  }
  return p;
}

/** An array whose first element is tracked; `p` is after the bracket. */
function walkArray(p: usize, element: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return unsure();
  p = skipSpace(p);
  if (load<u8>(p) == 0x5d) return p + 1;
  p = takeValue(p, element, depth);
  if (p == 0) return 0;
  p = skipSpace(p);
  const c = load<u8>(p);
  if (c != 0x2c) return c == 0x5d ? p + 1 : fail(p);
  return skipElements(skipSpace(p + 1), depth);
}

/** A string that is wanted; `text` is after the opening quote. */
function takeString(text: usize, entry: usize, flags: u32): usize {
  let p = text;
  let high = 0; // bits of bytes beyond ASCII
  let escaped = false;
  while (true) {
    const v = v128.load(p);
    const highs = i8x16.bitmask(v);
    const stops = stringStops(v);
    if (stops == 0) {
      high |= highs;
      p += 16;
      continue;
    }
    high |= highs & (stops ^ (stops - 1));
    p += ctz(stops);
    const c = load<u8>(p);
    if (c == 0x22) break;
    if (c != 0x5c) return fail(p);
    escaped = true;
    p = skipEscape(p);
    if (p == 0) return 0;
  }
  const after = p + 1;
  const length = p - text;
  if ((flags & (FLAG_TIME | FLAG_ID)) != 0) {
    if (escaped) return unsure();
    const taken =
      (flags & FLAG_TIME) != 0 ? takeTime(text, length, staged) : takeUuid(text, length, staged);
    if (taken) return after;
  }
  if (length == 0) return after;
  if (high != 0 && !isUtf8(text, p)) return unsure();
  // Hashes are made of UTF-16, which of plain ASCII the bytes are.
  if (load<u32>(entry, ENTRY_ACCESS_KEY) != 0 && (escaped || high != 0)) return unsure();
  const needle: usize = load<u32>(entry, ENTRY_NEEDLE);
  if (needle != 0 && (escaped || contains(text, p, needle))) return unsure();
  if (!escaped) takeText(text, length, entry, false);
  else {
    const plain = textSpace(length);
    takeText(plain, unescape(text, p, plain) - plain, entry, true);
  }
  return after;
}

/** Whether the bytes contain those of `needle`, a length (1 to 8) and the bytes. */
function contains(p: usize, end: usize, needle: usize): bool {
  const length: usize = load<u32>(needle);
  const shift = 64 - (<u64>length << 3);
  const wanted = load<u64>(needle, 8) << shift;
  for (; p + length <= end; p++) {
    if (load<u64>(p) << shift == wanted) return true;
  }
  return false;
}

/** `now` if the text does not stay where it is. */
function takeText(text: usize, length: usize, entry: usize, now: bool): void {
  const texts: usize = load<u32>(entry, ENTRY_TEXT);
  if (texts != 0) {
    // Most values are those of the record before.
    if (
      load<u32>(entry, ENTRY_LAST_LENGTH) == <u32>length &&
      sameBytes(text, load<u32>(entry, ENTRY_LAST_TEXT), length)
    ) {
      give(texts, load<u32>(entry, ENTRY_LAST_ID));
    } else if (now) give(texts, intern(text, length));
    else defer(text, length, texts, entry);
  }
  const prefixes: usize = load<u32>(entry, ENTRY_PREFIX);
  if (prefixes != 0) {
    let end = text;
    while (end < text + length) {
      if (load<u8>(end++) == 0x2f) break;
    }
    if (now) give(prefixes, intern(text, end - text));
    else defer(text, end - text, prefixes, 0);
  }
  const keys: usize = load<u32>(entry, ENTRY_ACCESS_KEY);
  if (keys != 0 && !(length >= 4 && load<u32>(text) == LONG_TERM_KEY)) {
    const hash = hash64(text, length);
    const end = keys + (load<u32>(keys) << 2);
    for (let i = keys; i < end; i += 4) store<u64>(load<u32>(i, 4), hash);
  }
}

function defer(text: usize, length: usize, list: usize, entry: usize): void {
  const p = pendingEnd;
  store<u32>(p, <u32>text);
  store<u32>(p, <u32>length, 4);
  store<u64>(p, hashBytes(text, length), 8);
  store<u32>(p, <u32>list, 16);
  store<u32>(p, <u32>entry, 20);
  pendingEnd = p + PENDING_SIZE;
}

/**
 * Each look-up in a large table waits for memory. All first slots are read before any is used, so
 * that these waits overlap.
 */
function internPending(): void {
  const end = pendingEnd;
  let touched: u64 = 0;
  for (let p = pending; p < end; p += PENDING_SIZE) touched |= firstSlot(load<u64>(p, 8));
  // Kept, so that no compiler leaves the reads out.
  store<u64>(end, touched);
  for (let p = pending; p < end; p += PENDING_SIZE) {
    const length = load<u32>(p, 4);
    const id = internHashed(load<u32>(p), length, load<u64>(p, 8));
    give(load<u32>(p, 16), id);
    const entry: usize = load<u32>(p, 20);
    if (entry == 0) continue;
    store<u32>(entry, <u32>textAddress(id), ENTRY_LAST_TEXT);
    store<u32>(entry, length, ENTRY_LAST_LENGTH);
    store<u32>(entry, id, ENTRY_LAST_ID);
  }
}

/** Writes the id to every address of a list. */
// @ts-ignore: decorator
@inline
function give(list: usize, id: u32): void {
  const end = list + (load<u32>(list) << 2);
  for (let i = list; i < end; i += 4) store<u32>(load<u32>(i, 4), id);
}
