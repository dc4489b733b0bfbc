import {assert} from '../base/assert.ts';
import type {ScanSpec} from '../event/scan-spec.ts';
import {objectEnd} from './object-end.ts';
import {RangeFinder} from './range-finder.ts';
import {RecordReader, wellFormed} from './record-reader.ts';
import {hasText, LENGTH_WORD, OFFSET_WORD, RowLayout} from './row-layout.ts';
import {isPlainRecord} from './scan-rules.ts';
import type {Scanner, ScannerOptions, ScanStop} from './scanner.ts';
import {DEFAULT_CAPACITY, DEFAULT_ROWS} from './scanner.ts';

interface Combinations {
  readonly ids: Map<string, number>;
  readonly all: (readonly number[])[];
}

/**
 * A scanner around JSON.parse: some eight times slower than the compiled one, which is held against
 * it in tests, and in use where WebAssembly is not to be had.
 */
export class ReferenceScanner implements Scanner {
  readonly spec: ScanSpec;
  readonly stride: number;
  readonly capacity: number;
  readonly #layout: RowLayout;
  readonly #reader: RecordReader;
  readonly #ranges: RangeFinder;
  readonly #decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  readonly #emptyRow: Int32Array;
  readonly #rowCapacity: number;
  readonly #rows: Int32Array;
  #bytes = new Uint8Array();
  #count = 0;
  /** Records that rows were made of by `addRecord`, by row. */
  #records: (object | undefined)[] = [];
  #next = 0;
  #texts = [''];
  #ids = new Map<string, number>([['', 0]]);
  #groups: Combinations[] = [];
  #internedBytes = 0;

  constructor(spec: ScanSpec, options: ScannerOptions = {}) {
    this.spec = spec;
    this.#layout = new RowLayout(spec);
    this.#reader = new RecordReader(this.#layout);
    this.#ranges = new RangeFinder(spec, this.#layout);
    this.#emptyRow = this.#layout.emptyRow();
    this.stride = this.#layout.stride;
    this.capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.#rowCapacity = options.rowCapacity ?? DEFAULT_ROWS;
    this.#rows = new Int32Array(this.#rowCapacity * this.stride);
    this.reset();
  }

  fieldWord(name: string): number {
    return this.#layout.fieldWord(name);
  }

  groupWord(name: string): number {
    return this.#layout.groupWord(name);
  }

  load(bytes: Uint8Array): void {
    assert(bytes.length <= this.capacity, 'more bytes than a scanner takes at once');
    this.#bytes = bytes.slice();
    this.clear();
  }

  scan(from: number, separator: 'comma' | 'space', afterRecord: boolean): ScanStop {
    const bytes = this.#bytes;
    const comma = separator === 'comma';
    let commaAllowed = comma && afterRecord;
    let commaDue = false;
    let position = from;
    for (;;) {
      position = skipSpace(bytes, position);
      this.#next = position;
      if (position >= bytes.length) return 'need-more';
      let start = position;
      if (comma) {
        if (bytes[position] === 0x5d) return 'array-end';
        if (bytes[position] === 0x2c && commaAllowed) {
          start = skipSpace(bytes, position + 1);
          if (start >= bytes.length) return 'need-more';
        } else if (commaDue) return 'not-understood';
      }
      if (this.#count === this.#rowCapacity) return 'full';
      this.#next = start;
      if (bytes[start] !== 0x7b) return 'not-understood';
      const end = objectEnd(bytes, start);
      if (end < 0) return 'need-more';
      if (!this.#scanRecord(start, end)) return 'not-understood';
      position = end;
      commaAllowed = comma;
      commaDue = comma;
    }
  }

  #scanRecord(start: number, end: number): boolean {
    const record = parseObject(this.#decoder.decode(this.#bytes.subarray(start, end)));
    if (record === undefined || !isPlainRecord(record)) return false;
    const row = this.#addRow(record, start, end - start);
    this.#ranges.find(this.#bytes, start, row);
    return true;
  }

  addRecord(record: object, offset: number, length: number): boolean {
    if (this.#count === this.#rowCapacity) return false;
    this.#records[this.#count] = record;
    this.#addRow(record, offset, length);
    return true;
  }

  #addRow(record: object, offset: number, length: number): Int32Array {
    const first = this.#count++ * this.stride;
    const row = this.#rows.subarray(first, first + this.stride);
    row.set(this.#emptyRow);
    const texts = this.#reader.read(record, row);
    row[OFFSET_WORD] = offset;
    row[LENGTH_WORD] = length;
    const ids = texts.map((text) => this.intern(text));
    for (const [index, field] of this.spec.fields.entries()) {
      const word = this.#layout.fieldWords[index]!;
      if (hasText(field) && word >= 0) row[word] = ids[index]!;
    }
    for (const [index, fields] of this.#layout.groupFields.entries()) {
      row[this.#layout.groupWords[index]!] = this.#combine(index, fields, ids);
    }
    return row;
  }

  #combine(index: number, fields: readonly number[], ids: readonly number[]): number {
    const group = this.#groups[index]!;
    let key = '';
    for (const field of fields) key += ids[field] === 0 ? ',' : `${ids[field]},`;
    const known = group.ids.get(key);
    if (known !== undefined) return known;
    const id = group.all.push(fields.map((field) => ids[field]!)) - 1;
    group.ids.set(key, id);
    this.#internedBytes += key.length + 4 * fields.length + 128;
    return id;
  }

  recordOf(row: number): object | undefined {
    return this.#records[row];
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  get next(): number {
    return this.#next;
  }

  get rows(): Int32Array {
    return this.#rows.subarray(0, this.#count * this.stride);
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#records.length = 0;
  }

  get textCount(): number {
    return this.#texts.length;
  }

  groupCount(name: string): number {
    return this.#groups[this.#layout.groupIndex(name)]!.all.length;
  }

  text(id: number): string {
    const text = this.#texts[id];
    assert(text !== undefined, 'text id is not dense');
    return text;
  }

  combination(group: string, id: number): readonly number[] {
    const ids = this.#groups[this.#layout.groupIndex(group)]!.all[id];
    assert(ids !== undefined, 'combination id is not dense');
    return ids;
  }

  intern(raw: string): number {
    const seen = this.#ids.get(raw);
    if (seen !== undefined) return seen;
    const text = wellFormed(raw);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.push(text) - 1;
    this.#ids.set(text, id);
    this.#internedBytes += 2 * text.length + 64;
    return id;
  }

  get internedBytes(): number {
    return this.#internedBytes;
  }

  reset(): void {
    this.#count = 0;
    this.#texts = [''];
    this.#ids = new Map([['', 0]]);
    this.#groups = this.spec.groups.map(() => ({ids: new Map(), all: []}));
    this.#internedBytes = 0;
  }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let i = from;
  while (bytes[i] === 0x20 || bytes[i] === 0x0a || bytes[i] === 0x0d || bytes[i] === 0x09) i++;
  return i;
}

function parseObject(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    // Not JSON: whoever frames the records says so, with its place.
    return undefined;
  }
}
