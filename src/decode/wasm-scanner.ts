import {assert} from '../base/assert.ts';
import type {ScanSpec} from '../event/scan-spec.ts';
import {RecordReader} from './record-reader.ts';
import {hasText, OFFSET_WORD, RowLayout} from './row-layout.ts';
import {buildScanImage, GROUP, type ScanImage} from './scan-layout.ts';
import type {Scanner, ScannerOptions, ScanStop} from './scanner.ts';
import {DEFAULT_CAPACITY, DEFAULT_ROWS} from './scanner.ts';
import {SCANNER_WASM} from './scanner-wasm.generated.ts';

/** What assembly/scanner.ts exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  configure(
    base: number,
    root: number,
    template: number,
    staged: number,
    stagedBytes: number,
    rowBytes: number,
    groups: number,
    groupCount: number,
    required: number,
    entries: number,
    entryCount: number,
    rowCapacity: number,
    windowBytes: number,
  ): void;
  reset(): void;
  internedBytes(): number;
  openWindow(bytes: number): number;
  rowsAddress(): number;
  count(): number;
  clear(): void;
  next(): number;
  scan(from: number, comma: number, afterRecord: number): number;
  beginRow(): void;
  endRow(offset: number, length: number): number;
  textSpace(bytes: number): number;
  internText(length: number): number;
  textCount(): number;
  textAddress(id: number): number;
  textLength(id: number): number;
}

const STOPS: readonly ScanStop[] = ['need-more', 'array-end', 'not-understood', 'full'];
const FIRST_WINDOW = 8 * 1024 * 1024;
const PAGE = 65536;

let compiled: WebAssembly.Module | undefined;

/** Whether this engine runs the compiled scanner (WebAssembly with vectors). */
export function wasmScannerWorks(): boolean {
  try {
    compile();
    return true;
  } catch {
    // Any failure to compile means the same: use the reference.
    return false;
  }
}

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(SCANNER_WASM), (c) => c.charCodeAt(0)));
  return compiled;
}

/**
 * The scanner compiled from `assembly/`. Its memory grows with the texts it interns and with the
 * largest input, and is given back only with the scanner itself; `reset` lets it be used anew.
 */
export class WasmScanner implements Scanner {
  readonly spec: ScanSpec;
  readonly stride: number;
  readonly capacity: number;
  readonly #wasm: Exports;
  readonly #layout: RowLayout;
  readonly #reader: RecordReader;
  readonly #image: ScanImage;
  readonly #decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  readonly #encoder = new TextEncoder();
  readonly #emptyRow: Int32Array;
  readonly #scratch: Int32Array;
  #bytes = new Uint8Array();
  #allWords = new Int32Array();

  /** Address of the loaded bytes. */
  #window = 0;
  /** Records that rows were made of by `addRecord`, by row. */
  readonly #records: (object | undefined)[] = [];

  constructor(spec: ScanSpec, options: ScannerOptions = {}) {
    this.spec = spec;
    this.capacity = options.capacity ?? DEFAULT_CAPACITY;
    this.#layout = new RowLayout(spec);
    this.#reader = new RecordReader(this.#layout);
    this.stride = this.#layout.stride;
    this.#emptyRow = this.#layout.emptyRow();
    this.#scratch = this.#layout.emptyRow();
    this.#wasm = new WebAssembly.Instance(compile(), {}).exports as unknown as Exports;
    const base = Math.ceil(this.#wasm.heapBase() / 16) * 16;
    const image = buildScanImage(spec, this.#layout, base);
    const end = Math.ceil((base + image.bytes.length) / 16) * 16;
    const missing = Math.ceil(end / PAGE) - this.#wasm.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.#wasm.memory.grow(missing);
    this.#memory().set(image.bytes, base);
    this.#image = image;
    this.#wasm.configure(
      end,
      image.root,
      image.template,
      image.staged,
      image.stagedBytes,
      this.stride * 4,
      image.groups,
      spec.groups.length,
      image.required,
      image.entries,
      image.entryCount,
      options.rowCapacity ?? DEFAULT_ROWS,
      Math.min(this.capacity, FIRST_WINDOW),
    );
  }

  /** The memory as it is now; growth makes earlier views useless. */
  #memory(): Uint8Array {
    const buffer = this.#wasm.memory.buffer;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  #memoryWords(): Int32Array {
    const buffer = this.#wasm.memory.buffer;
    if (this.#allWords.buffer !== buffer) this.#allWords = new Int32Array(buffer);
    return this.#allWords;
  }

  #words(address: number, length: number): Int32Array {
    return new Int32Array(this.#wasm.memory.buffer, address, length);
  }

  fieldWord(name: string): number {
    return this.#layout.fieldWord(name);
  }

  groupWord(name: string): number {
    return this.#layout.groupWord(name);
  }

  load(bytes: Uint8Array): void {
    assert(bytes.length <= this.capacity, 'more bytes than a scanner takes at once');
    this.#window = this.#wasm.openWindow(bytes.length) >>> 0;
    this.#memory().set(bytes, this.#window);
    this.#records.length = 0;
  }

  scan(from: number, separator: 'comma' | 'space', afterRecord: boolean): ScanStop {
    return STOPS[this.#wasm.scan(from, separator === 'comma' ? 1 : 0, afterRecord ? 1 : 0)]!;
  }

  get next(): number {
    return this.#wasm.next();
  }

  addRecord(record: object, offset: number, length: number): boolean {
    const at = this.#wasm.count();
    const row = this.#scratch;
    row.set(this.#emptyRow);
    const texts = this.#reader.read(record, row);
    const ids = texts.map((text) => this.intern(text));
    this.#wasm.beginRow();
    const {staged, targets} = this.#image;
    this.#words(staged, OFFSET_WORD).set(row.subarray(0, OFFSET_WORD));
    const memory = this.#memoryWords();
    for (const [index, field] of this.spec.fields.entries()) {
      const word = this.#layout.fieldWords[index]!;
      for (const address of targets[index]!) {
        if (hasText(field)) memory[address >>> 2] = ids[index]!;
        else memory.set(row.subarray(word, word + 2), address >>> 2);
      }
    }
    if (this.#wasm.endRow(offset, length) === 0) return false;
    this.#records[at] = record;
    return true;
  }

  recordOf(row: number): object | undefined {
    return this.#records[row];
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.#memory().subarray(this.#window + offset, this.#window + offset + length);
  }

  get rows(): Int32Array {
    return this.#words(this.#wasm.rowsAddress() >>> 0, this.#wasm.count() * this.stride);
  }

  get count(): number {
    return this.#wasm.count();
  }

  clear(): void {
    this.#wasm.clear();
    this.#records.length = 0;
  }

  get textCount(): number {
    return this.#wasm.textCount();
  }

  groupCount(name: string): number {
    const held = this.#groupAt(this.#layout.groupIndex(name));
    return this.#memoryWords()[held + (GROUP.COUNT >>> 2)]!;
  }

  text(id: number): string {
    assert(id >= 0 && id < this.#wasm.textCount(), 'text id is not dense');
    const address = this.#wasm.textAddress(id) >>> 0;
    return this.#decoder.decode(
      this.#memory().subarray(address, address + this.#wasm.textLength(id)),
    );
  }

  combination(group: string, id: number): readonly number[] {
    const index = this.#layout.groupIndex(group);
    const memory = this.#memoryWords();
    const held = this.#groupAt(index);
    assert(id >= 0 && id < memory[held + (GROUP.COUNT >>> 2)]!, 'combination id is not dense');
    const data = memory[held + (GROUP.DATA >>> 2)]! >>> 2;
    const from = data + id * (memory[held + (GROUP.BYTES >>> 2)]! >>> 2);
    const ids: number[] = [];
    const count = this.#layout.groupFields[index]!.length;
    for (let i = 0; i < count; i++) ids.push(memory[from + i]!);
    return ids;
  }

  /** Word of the memory at which a group begins. */
  #groupAt(index: number): number {
    return (this.#image.groups + index * GROUP.SIZE) >>> 2;
  }

  intern(text: string): number {
    if (text === '') return 0;
    // A UTF-16 unit takes at most three bytes.
    const most = text.length * 3;
    const address = this.#wasm.textSpace(most) >>> 0;
    const target = this.#memory().subarray(address, address + most);
    return this.#wasm.internText(this.#encoder.encodeInto(text, target).written);
  }

  get internedBytes(): number {
    return this.#wasm.internedBytes() >>> 0;
  }

  reset(): void {
    this.#wasm.reset();
  }
}
