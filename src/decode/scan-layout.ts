import {assert} from '../base/assert.ts';
import type {ScanSpec} from '../event/scan-spec.ts';
import type {RowLayout} from './row-layout.ts';
import {REFUSED_KEYS, REFUSED_TEXTS, REQUIRED_KEYS, REQUIRED_STRINGS} from './scan-rules.ts';

// Byte offsets within each structure, as in assembly/layout.ts.
export const ENTRY = {
  FIRST: 0,
  LAST: 8,
  LENGTH: 16,
  KEY: 20,
  NEXT: 24,
  OBJECT: 28,
  ARRAY: 32,
  FLAGS: 36,
  PRESENT: 40,
  STRING: 44,
  TEXT: 48,
  PREFIX: 52,
  RANGE: 56,
  NEEDLE: 60,
  ACCESS_KEY: 84,
} as const;
const ENTRY_SIZE = 96;
export const FLAG = {REFUSE: 1, TIME: 2, ID: 4, STRING: 8} as const;
export const NODE = {MULTIPLIER: 0, SHIFT: 8, SLOTS: 12} as const;
export const GROUP = {IDS: 0, BYTES: 4, ROW: 8, COUNT: 12, DATA: 20, SIZE: 36} as const;

/** A key of a tracked object, or the first element of an array. */
interface Entry {
  readonly key: string;
  /** Keys below, if the value is an object. */
  readonly under: Map<string, Entry>;
  element: Entry | undefined;
  /** Addresses that take the value. */
  readonly text: number[];
  readonly prefix: number[];
  readonly range: number[];
  readonly accessKey: number[];
  flags: number;
  present: number;
  string: number;
  needle: string;
}

/** What the compiled scanner must be told, apart from the bytes in memory. */
export interface ScanImage {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly root: number;
  readonly template: number;
  readonly staged: number;
  readonly stagedBytes: number;
  readonly groups: number;
  readonly required: number;
  readonly entries: number;
  readonly entryCount: number;
  /** By field index: the addresses that take the field's id. */
  readonly targets: readonly (readonly number[])[];
}

/**
 * Writes a specification into memory from `base` on. Per tracked object there is a hash table of
 * its keys, found by their length and their first and last eight bytes:
 *
 *     node ── slot ──▶ entry ──▶ node of the object below
 *                        ├────▶ entry of an array's first element
 *                        └────▶ lists of addresses in the staged row and in the groups
 */
export function buildScanImage(spec: ScanSpec, layout: RowLayout, base: number): ScanImage {
  const writer = new ImageWriter(base);
  const rowBytes = layout.stride * 4;
  const gathered = layout.groupFields.map((fields) => (fields.length * 4 + 15) & ~15);
  const stagedBytes = gathered.reduce((sum, bytes) => sum + bytes, rowBytes);
  const staged = writer.space(stagedBytes, 16);
  const template = writer.space(stagedBytes, 16);
  writer.put(template, new Uint8Array(layout.emptyRow().buffer));

  const targets = layout.fieldWords.map((word) => (word < 0 ? [] : [staged + word * 4]));
  const groups = writer.space(spec.groups.length * GROUP.SIZE, 8);
  let ids = staged + rowBytes;
  for (const [index, fields] of layout.groupFields.entries()) {
    const group = groups + index * GROUP.SIZE;
    writer.u32(group + GROUP.IDS, ids);
    writer.u32(group + GROUP.BYTES, gathered[index]!);
    writer.u32(group + GROUP.ROW, staged + layout.groupWords[index]! * 4);
    for (const [place, field] of fields.entries()) targets[field]!.push(ids + place * 4);
    ids += gathered[index]!;
  }

  const root = newEntry('');
  for (const [index, field] of spec.fields.entries()) {
    let entry = root;
    for (const key of field.path) entry = key === '[]' ? elementOf(entry) : childOf(entry, key);
    entry[field.mode].push(...targets[index]!);
    if (field.mode !== 'range') entry.flags |= FLAG.STRING;
  }
  const required = applyRules(root);

  const addresses: number[] = [];
  const rootNode = writeNode(writer, root, addresses);
  const entries = writer.space(addresses.length * 4, 4);
  for (const [index, address] of addresses.entries()) writer.u32(entries + index * 4, address);
  return {
    bytes: writer.bytes(),
    base,
    root: rootNode,
    template,
    staged,
    stagedBytes,
    groups,
    required,
    entries,
    entryCount: addresses.length,
    targets,
  };
}

function newEntry(key: string): Entry {
  return {
    key,
    under: new Map(),
    element: undefined,
    text: [],
    prefix: [],
    range: [],
    accessKey: [],
    flags: 0,
    present: 0,
    string: 0,
    needle: '',
  };
}

function childOf(entry: Entry, key: string): Entry {
  const child = entry.under.get(key) ?? newEntry(key);
  entry.under.set(key, child);
  return child;
}

function elementOf(entry: Entry): Entry {
  entry.element ??= newEntry('');
  return entry.element;
}

/** Writes the rules into the trie; returns the bits of what every record must have. */
function applyRules(root: Entry): number {
  childOf(root, 'eventTime').flags |= FLAG.TIME | FLAG.STRING;
  childOf(root, 'eventID').flags |= FLAG.ID | FLAG.STRING;
  let bit = 1;
  for (const key of REQUIRED_STRINGS) {
    childOf(root, key).string |= bit;
    bit <<= 1;
  }
  for (const key of REQUIRED_KEYS) {
    childOf(root, key).present |= bit;
    bit <<= 1;
  }
  for (const key of REFUSED_KEYS) childOf(root, key).flags |= FLAG.REFUSE;
  for (const [key, contained] of REFUSED_TEXTS) {
    const entry = childOf(root, key);
    assert(/^[ -~]{1,8}$/.test(contained), 'a refused text has one to eight bytes');
    assert(entry.needle === '', `two refused texts for "${key}"`);
    entry.needle = contained;
    entry.flags |= FLAG.STRING;
  }
  return bit - 1;
}

function writeNode(writer: ImageWriter, parent: Entry, addresses: number[]): number {
  if (parent.under.size === 0) return 0;
  const keys = [...parent.under.values()].map((entry) => ({
    entry,
    ...keyParts(entry.key),
    address: writeEntry(writer, entry, addresses),
  }));
  const {bits, multiplier} = spread(keys.map((key) => key.hash));
  const node = writer.space(NODE.SLOTS + 4 * (1 << bits), 8);
  writer.u64(node + NODE.MULTIPLIER, multiplier);
  writer.u32(node + NODE.SHIFT, 64 - bits);
  for (const key of keys) {
    writer.u64(key.address + ENTRY.FIRST, key.first);
    writer.u64(key.address + ENTRY.LAST, key.last);
    writer.u32(key.address + ENTRY.LENGTH, key.bytes.length);
    const copy = writer.space(key.bytes.length + 16, 8);
    writer.put(copy, key.bytes);
    writer.u32(key.address + ENTRY.KEY, copy);
    const slot = node + NODE.SLOTS + 4 * slotOf(key.hash, multiplier, bits);
    writer.u32(key.address + ENTRY.NEXT, writer.at(slot));
    writer.u32(slot, key.address);
  }
  return node;
}

function writeEntry(writer: ImageWriter, entry: Entry, addresses: number[]): number {
  const address = writer.space(ENTRY_SIZE, 8);
  addresses.push(address);
  writer.u32(address + ENTRY.FLAGS, entry.flags);
  writer.u32(address + ENTRY.PRESENT, entry.present);
  writer.u32(address + ENTRY.STRING, entry.string);
  writer.u32(address + ENTRY.TEXT, writeList(writer, entry.text));
  writer.u32(address + ENTRY.PREFIX, writeList(writer, entry.prefix));
  writer.u32(address + ENTRY.RANGE, writeList(writer, entry.range));
  writer.u32(address + ENTRY.ACCESS_KEY, writeList(writer, entry.accessKey));
  if (entry.needle !== '') {
    const needle = writer.space(24, 8);
    writer.u32(needle, entry.needle.length);
    writer.put(needle + 8, new TextEncoder().encode(entry.needle));
    writer.u32(address + ENTRY.NEEDLE, needle);
  }
  writer.u32(address + ENTRY.OBJECT, writeNode(writer, entry, addresses));
  if (entry.element) {
    writer.u32(address + ENTRY.ARRAY, writeEntry(writer, entry.element, addresses));
  }
  return address;
}

function writeList(writer: ImageWriter, addresses: readonly number[]): number {
  if (addresses.length === 0) return 0;
  const list = writer.space(4 + 4 * addresses.length, 4);
  writer.u32(list, addresses.length);
  for (const [index, address] of addresses.entries()) writer.u32(list + 4 + 4 * index, address);
  return list;
}

function keyParts(key: string): {bytes: Uint8Array; first: bigint; last: bigint; hash: bigint} {
  const bytes = new TextEncoder().encode(key);
  // Invalid bytes read as U+FFFD, so that such a key could have more than one spelling.
  assert(!new TextDecoder().decode(bytes).includes('\ufffd'), 'a key must be well-formed');
  const word = (from: number) => {
    const part = new Uint8Array(8);
    part.set(bytes.subarray(from, from + 8));
    return new DataView(part.buffer).getBigUint64(0, true);
  };
  const first = word(0);
  const last = bytes.length < 8 ? 0n : word(bytes.length - 8);
  const turned = (last << 32n) | (last >> 32n);
  const hash = BigInt.asUintN(64, BigInt.asUintN(64, first ^ turned) + BigInt(bytes.length));
  return {bytes, first, last, hash};
}

function slotOf(hash: bigint, multiplier: bigint, bits: number): number {
  return Number(BigInt.asUintN(64, hash * multiplier) >> BigInt(64 - bits));
}

/** A multiplier under which the fewest hashes share a slot, none if that can be had cheaply. */
function spread(hashes: readonly bigint[]): {bits: number; multiplier: bigint} {
  let best = {bits: 1, multiplier: 1n};
  let bestShared = Number.POSITIVE_INFINITY;
  const least = Math.max(2, Math.ceil(Math.log2(hashes.length * 4)));
  let multiplier = 0x9e3779b97f4a7c15n;
  for (let bits = least; bits <= least + 2; bits++) {
    for (let trial = 0; trial < 64; trial++) {
      multiplier = BigInt.asUintN(64, multiplier * 0xd1342543de82ef95n + 2n) | 1n;
      const slots = new Set(hashes.map((hash) => slotOf(hash, multiplier, bits)));
      const shared = hashes.length - slots.size;
      if (shared < bestShared) {
        bestShared = shared;
        best = {bits, multiplier};
      }
      if (shared === 0) return best;
    }
  }
  return best;
}

/** Bytes that will lie at `base`; addresses are those they will have there. */
class ImageWriter {
  readonly #base: number;
  #buffer = new Uint8Array(1 << 16);
  #view = new DataView(this.#buffer.buffer);
  #top = 0;

  constructor(base: number) {
    assert(base % 16 === 0, 'an image begins at a multiple of 16');
    this.#base = base;
  }

  space(bytes: number, alignment: number): number {
    const offset = Math.ceil(this.#top / alignment) * alignment;
    this.#top = offset + bytes;
    while (this.#top > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer);
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    return this.#base + offset;
  }

  put(address: number, bytes: Uint8Array): void {
    this.#buffer.set(bytes, address - this.#base);
  }

  u32(address: number, value: number): void {
    this.#view.setUint32(address - this.#base, value, true);
  }

  at(address: number): number {
    return this.#view.getUint32(address - this.#base, true);
  }

  u64(address: number, value: bigint): void {
    this.#view.setBigUint64(address - this.#base, value, true);
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#top);
  }
}
