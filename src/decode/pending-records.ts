import {assert} from '../base/assert.ts';
import type {Place} from './places.ts';
import type {RecordSink} from './record-sink.ts';
import type {Scanner} from './scanner.ts';

/** A record that the reference path has found. */
export interface PendingRecord {
  readonly record: object;
  readonly milliseconds: number;
  /** In the file. */
  readonly index: number;
  readonly place: Place;
}

/** Offsets within a row are 32 bits wide. */
const SPAN = 2 ** 30;

/**
 * Records of the reference path, until they become rows of the scanner, many at a time. To be
 * flushed only while the scanner holds no rows; it holds none afterwards.
 */
export class PendingRecords {
  readonly #scanner: Scanner;
  readonly #sink: RecordSink;
  #records: PendingRecord[] = [];

  constructor(scanner: Scanner, sink: RecordSink) {
    this.#scanner = scanner;
    this.#sink = sink;
  }

  get count(): number {
    return this.#records.length;
  }

  /** Forgets them. */
  reset(): void {
    this.#records = [];
  }

  add(record: PendingRecord): void {
    this.#records.push(record);
  }

  /** Adds what the reference path has found to the scanner's rows and hands them on. */
  flush(): void {
    const pending = this.#records;
    for (let i = 0; i < pending.length; ) i = this.#flushRun(i);
    pending.length = 0;
  }

  /** Hands on a run of records whose indexes follow each other; returns where it ends. */
  #flushRun(from: number): number {
    const scanner = this.#scanner;
    const pending = this.#records;
    const first = pending[from]!;
    const baseOffset = first.place.offset;
    let to = from;
    for (; to < pending.length; to++) {
      const {record, milliseconds, index, place} = pending[to]!;
      const offset = place.offset - baseOffset;
      if (index !== first.index + to - from || offset < 0 || offset > SPAN) break;
      if (!scanner.addRecord(record, offset, place.length)) break;
      // Scanners read whole seconds only; the word is the same.
      if (milliseconds > 0) scanner.rows[(scanner.count - 1) * scanner.stride + 2] = milliseconds;
    }
    assert(to > from, 'a scanner without rows has room for one');
    this.#sink.rows(scanner, {from: 0, to: to - from, firstIndex: first.index, baseOffset});
    scanner.clear();
    return to;
  }
}
