import {JsonFramer} from '../src/decode/framing.ts';
import type {Scanner, ScanStop} from '../src/decode/scanner.ts';

const STRIDE = 12;

/**
 * A scanner for tests of the decoder: keeps whole records instead of rows' fields. With
 * `understands` false it leaves every value to the reference path; otherwise it takes what
 * `JSON.parse` takes.
 */
export class PlainScanner implements Scanner {
  readonly spec = {fields: [], groups: []};
  readonly stride = STRIDE;
  readonly capacity: number;
  readonly #understands: boolean;
  readonly #room: number;
  #bytes = new Uint8Array(0);
  #texts = [''];
  next = 0;
  rows: Int32Array;
  count = 0;
  readonly records: Record<string, unknown>[] = [];

  constructor(options: {understands: boolean; capacity?: number; room?: number}) {
    this.#understands = options.understands;
    this.capacity = options.capacity ?? 1 << 20;
    this.#room = options.room ?? 256;
    this.rows = new Int32Array(this.#room * STRIDE);
  }

  fieldWord(name: string): number {
    return name === 'eventName' ? 10 : 11;
  }

  groupWord(): number {
    return -1;
  }

  load(bytes: Uint8Array): void {
    if (bytes.length > this.capacity) throw new Error('too much for the scanner');
    this.#bytes = bytes.slice();
    this.clear();
  }

  scan(from: number, separator: 'comma' | 'space', afterRecord: boolean): ScanStop {
    const bytes = this.#bytes;
    const framer = new JsonFramer(1000);
    let comma = !afterRecord;
    let at = from;
    for (;;) {
      this.next = at;
      while (at < bytes.length && bytes[at]! <= 0x20 && bytes[at] !== 0) at++;
      if (at === bytes.length) return 'need-more';
      if (separator === 'comma' && !comma && bytes[at] === 0x2c) {
        comma = true;
        at++;
        continue;
      }
      this.next = at;
      if (bytes[at] === 0x5d) return 'array-end';
      if (bytes[at] !== 0x7b || (separator === 'comma' && !comma)) return 'not-understood';
      framer.begin();
      const stop = framer.feed(bytes, at, 0);
      if (stop === 'more') return 'need-more';
      if (stop !== 'end' || !this.#understands) return 'not-understood';
      let record: object;
      try {
        record = JSON.parse(new TextDecoder().decode(bytes.subarray(at, framer.next)));
      } catch {
        return 'not-understood';
      }
      if (!this.addRecord(record, at, framer.next - at)) return 'full';
      at = framer.next;
      comma = false;
    }
  }

  recordOf(row: number): object | undefined {
    return this.records[row];
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }

  addRecord(record: object, offset: number, length: number): boolean {
    if (this.count === this.#room) return false;
    const {eventTime, eventName, eventSource} = record as Record<string, unknown>;
    const row = this.count++ * STRIDE;
    const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(eventTime));
    const time = canonical ? Date.parse(String(eventTime)) : Number.NaN;
    this.rows.fill(0, row, row + STRIDE);
    this.rows[row] = Math.floor(time / 1000) | 0;
    this.rows[row + 1] = Math.floor(time / 1000 / 0x1_0000_0000);
    this.rows[row + 2] = Number.isNaN(time) ? -1 : 0;
    this.rows[row + 8] = offset;
    this.rows[row + 9] = length;
    this.rows[row + 10] = this.#id(eventName);
    this.rows[row + 11] = this.#id(eventSource);
    this.records[this.count - 1] = record as Record<string, unknown>;
    return true;
  }

  #id(value: unknown): number {
    return typeof value === 'string' ? this.intern(value) : 0;
  }

  clear(): void {
    this.count = 0;
    this.records.length = 0;
  }

  get textCount(): number {
    return this.#texts.length;
  }

  groupCount(): number {
    return 0;
  }

  text(id: number): string {
    return this.#texts[id]!;
  }

  combination(): readonly number[] {
    return [];
  }

  intern(text: string): number {
    const known = this.#texts.indexOf(text);
    return known >= 0 ? known : this.#texts.push(text) - 1;
  }

  internedBytes = 0;

  reset(): void {
    this.#texts = [''];
  }
}
