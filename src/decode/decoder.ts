import type {RejectReason} from '../base/outcome.ts';
import {isEventTime} from '../event/event-time.ts';
import {ByteWindow} from './byte-window.ts';
import {Container} from './container.ts';
import {JsonFramer} from './framing.ts';
import type {GzipFault} from './gzip.ts';
import {DEFAULT_LIMITS, type DecodeLimits} from './limits.ts';
import {opensList} from './lists.ts';
import {PendingRecords} from './pending-records.ts';
import {type Place, placeObjects} from './places.ts';
import type {RecordSink} from './record-sink.ts';
import {completeParts, findObject, isSeparator} from './recovery.ts';
import type {Scanner} from './scanner.ts';
import {type Item, unwrap} from './unwrap.ts';

/** Another reading of parsed values than as CloudTrail; it goes without the fast path. */
export type Unwrap = (value: unknown, limits: DecodeLimits) => Item[];

/** Lists within lists that are read piece by piece; deeper ones are taken as one value. */
const OPEN_LISTS = 8;
const PENDING = 64;
/** No record is shorter than one with a name, a source and a time. */
const SHORTEST_RECORD = 40;

const TEXT = new TextDecoder();

/**
 * Bytes of a file to records, through every wrapper that CloudTrail travels in. Nothing in a file
 * stops it: what cannot be read is rejected with its place, and reading goes on at the next object.
 * Memory is bounded by the limits, and what comes out does not depend on how the bytes are cut.
 *
 * Records and rejects are numbered together, in the order of the file, except rejects of the gzip
 * container, whose index is -1. A record within a string has the place of the innermost object of
 * the file around it.
 *
 * Invariant: all before `#at` is dealt with, and the scanner holds no rows between calls. Either a
 * value is being framed (`#framing`), or the next one is being looked for; in either case
 * `#garbage`, unless -1, is where a stretch began that made no sense.
 */
export class FileDecoder {
  readonly #scanner: Scanner;
  readonly #sink: RecordSink;
  readonly #limits: DecodeLimits;
  readonly #framer: JsonFramer;
  readonly #partFramer: JsonFramer;
  readonly #nameWord: number;
  readonly #sourceWord: number;
  readonly #unwrap: Unwrap;
  readonly #fast: boolean;

  readonly #container: Container;

  readonly #window = new ByteWindow();
  /** File offset of what comes next. */
  #at = 0;
  /** Pending bytes below which trying again is not worth it. */
  #patience = 0;
  /** File offsets of what the scanner has loaded. */
  #loadedFrom = 0;
  #loadedTo = 0;

  readonly #lists: ('array' | 'list')[] = [];
  #framing: 'no' | 'value' | 'rest' = 'no';
  #valueStart = 0;
  #framedTo = 0;
  #garbage = -1;
  /** The stretch holds more than separators. */
  #garbageSeen = false;
  #garbageReason: RejectReason = 'malformed_json';
  /** The file ended after a list, before the end of the object around it. */
  #restCut = false;

  #index = 0;
  #anything = false;
  readonly #pending: PendingRecords;

  constructor(
    scanner: Scanner,
    sink: RecordSink,
    limits: Partial<DecodeLimits> = {},
    otherUnwrap?: Unwrap,
  ) {
    this.#unwrap = otherUnwrap ?? unwrap;
    this.#fast = otherUnwrap === undefined;
    this.#scanner = scanner;
    this.#sink = sink;
    this.#limits = {...DEFAULT_LIMITS, ...limits};
    this.#container = new Container(this.#limits, (bytes) => this.#take(bytes));
    this.#pending = new PendingRecords(scanner, sink);
    this.#framer = new JsonFramer(this.#limits.depth);
    this.#partFramer = new JsonFramer(this.#limits.depth);
    this.#nameWord = scanner.fieldWord('eventName');
    this.#sourceWord = scanner.fieldWord('eventSource');
  }

  /** Begins a file. */
  begin(): void {
    this.#container.begin();
    this.#window.reset();
    this.#at = this.#patience = this.#loadedFrom = this.#loadedTo = 0;
    this.#garbage = -1;
    this.#garbageSeen = false;
    this.#garbageReason = 'malformed_json';
    this.#restCut = false;
    this.#lists.length = 0;
    this.#framing = 'no';
    this.#index = 0;
    this.#anything = false;
    this.#pending.reset();
  }

  /** Takes the next bytes of the file, plain or gzip; they may be reused afterwards. */
  push(chunk: Uint8Array): void {
    this.#container.push(chunk);
  }

  /** Ends the file: what is unfinished is rejected. */
  end(): void {
    const fault = this.#container.end();
    this.#run(true);
    this.#finish(fault);
    this.#pending.flush();
    this.#window.reset();
  }

  /** A whole file at once: faster than `push` where the file is gzip of a usual size. */
  decodeFile(file: Uint8Array): void {
    this.begin();
    this.#container.pushAll(file);
    this.end();
  }

  #take(bytes: Uint8Array): void {
    this.#window.append(bytes);
    if (this.#window.end - this.#at >= this.#patience) this.#run(false);
    this.#pending.flush();
    this.#window.keep();
    this.#sink.idle?.(this.#scanner);
  }

  /** Goes on until more bytes are needed, or, if `final`, to the end. */
  #run(final: boolean): void {
    this.#patience = 0;
    for (;;) {
      let going: boolean;
      if (this.#framing !== 'no') going = this.#frame(final);
      else if (this.#garbage >= 0) going = this.#search(final);
      else going = this.#between(final);
      if (this.#framing !== 'value') this.#window.discard(this.#at);
      if (!going) return;
      if (this.#pending.count >= PENDING) this.#pending.flush();
    }
  }

  /** Between two values. */
  #between(final: boolean): boolean {
    const {view, base} = this.#window;
    const inList = this.#lists.length > 0;
    let i = this.#at - base;
    while (i < view.length && (isSeparator(view[i]!) || (!inList && isMark(view[i]!)))) i++;
    this.#at = base + i;
    if (i === view.length) return false;
    const byte = view[i]!;
    if (byte === 0x7b) return this.#object(final);
    if (byte === 0x5b && this.#lists.length < OPEN_LISTS) {
      this.#lists.push('array');
      this.#at++;
    } else if (byte === 0x5d && inList) {
      this.#at++;
      if (this.#lists.pop() === 'list') {
        this.#framing = 'rest';
        this.#framer.beginWithin(this.#at);
        this.#framedTo = this.#at;
      }
    } else if (byte === 0x5b || byte === 0x22 || (inList && isScalar(byte))) this.#beginValue();
    else this.#beginGarbage(this.#at);
    return true;
  }

  #beginValue(): void {
    this.#framing = 'value';
    this.#valueStart = this.#framedTo = this.#at;
    this.#framer.begin();
  }

  /** At an object: the scanner's, unless it is one that it does not understand. */
  #object(final: boolean): boolean {
    const {view, base, end} = this.#window;
    const scanner = this.#scanner;
    const from = this.#at;
    const list = opensList(view, from - base);
    const pending = end - from;
    if (list === 'yes' || (pending > this.#limits.recordBytes * 2 && list === 'unsure')) {
      this.#beginValue();
      return true;
    }
    if (list === 'unsure' && !final) return this.#wait(pending);
    if (!this.#fast) {
      this.#beginValue();
      return true;
    }
    if (from < this.#loadedFrom || from >= this.#loadedTo) this.#load(from);
    const stop = scanner.scan(
      from - this.#loadedFrom,
      this.#lists.length > 0 ? 'comma' : 'space',
      false,
    );
    const next = this.#loadedFrom + scanner.next;
    if (!this.#takeRows()) {
      this.#beginValue();
      return true;
    }
    if (next > from) {
      this.#at = next;
      return true;
    }
    if (stop === 'need-more') {
      const room = Math.min(scanner.capacity, pending);
      if (this.#loadedFrom !== from || this.#loadedTo < from + room) {
        this.#load(from);
        return true;
      }
      const most = Math.min(scanner.capacity, this.#limits.recordBytes);
      if (!final && pending < most) return this.#wait(pending);
    }
    this.#beginValue();
    return true;
  }

  /** Waits for so many bytes that what is read twice stays a fraction of the file. */
  #wait(pending: number): false {
    this.#patience = pending + Math.max(1024, pending >> 1);
    return false;
  }

  #load(from: number): void {
    const {view, base, end} = this.#window;
    this.#loadedFrom = from;
    this.#loadedTo = Math.min(end, from + this.#scanner.capacity);
    this.#scanner.load(view.subarray(from - base, this.#loadedTo - base));
  }

  /**
   * Hands on the scanner's rows; those that are no good records go the slow way. False if `#at` is
   * now at a value that must be framed, and the rows after it are forgotten.
   */
  #takeRows(): boolean {
    const scanner = this.#scanner;
    const count = scanner.count;
    if (count === 0) return true;
    const {stride} = scanner;
    const name = this.#nameWord;
    const source = this.#sourceWord;
    // S3 notifications are the one look-alike that is complete (see record-shape.ts).
    const lookAlike = scanner.intern('aws:s3');
    let {rows} = scanner;
    let from = 0;
    for (let row = 0; row < count; row++) {
      const at = row * stride;
      const named = rows[at + name]! > 0 && rows[at + source]! > 0;
      if (
        named &&
        rows[at + source] !== lookAlike &&
        rows[at + 2]! >= 0 &&
        rows[at + 9]! <= this.#limits.recordBytes &&
        isEventTime((rows[at + 1]! * 0x1_0000_0000 + (rows[at]! >>> 0)) * 1000)
      ) {
        continue;
      }
      this.#giveRows(from, row);
      const offset = this.#loadedFrom + rows[at + 8]!;
      const length = rows[at + 9]!;
      if (length > this.#limits.recordBytes) {
        // Framed again, since it may be a list with much before it.
        this.#at = offset;
        scanner.clear();
        return false;
      }
      this.#slowRow(offset, length);
      // The sink may have made the scanner's memory grow.
      rows = scanner.rows;
      from = row + 1;
    }
    this.#giveRows(from, count);
    scanner.clear();
    return true;
  }

  #slowRow(offset: number, length: number): void {
    const {view, base} = this.#window;
    this.#framer.begin();
    this.#framer.feed(view.subarray(0, offset - base + length), offset - base, base);
    if (this.#framer.tooDeep) this.#reject('nesting_too_deep', {offset, length});
    else this.#value(offset, length);
    this.#closeGarbage(offset + length);
  }

  #giveRows(from: number, to: number): void {
    if (from === to) return;
    const range = {from, to, firstIndex: this.#index, baseOffset: this.#loadedFrom};
    this.#index += to - from;
    this.#anything = true;
    this.#sink.rows(this.#scanner, range);
  }

  /** Goes on with the value that began at `#valueStart`, or with what follows a list. */
  #frame(final: boolean): boolean {
    const {view, base} = this.#window;
    const framer = this.#framer;
    const lists = this.#lists.length < OPEN_LISTS;
    const stop = framer.feed(view, this.#framedTo - base, base, lists);
    this.#framedTo = base + framer.next;
    if (stop === 'more') {
      if (this.#framing === 'rest') this.#at = this.#framedTo;
      else if (this.#fault() !== undefined) this.#window.discard(this.#framedTo);
      if (final) this.#cut();
      return false;
    }
    const rest = this.#framing === 'rest';
    this.#framing = 'no';
    this.#at = this.#framedTo;
    if (stop === 'list') this.#openList(rest);
    else if (stop === 'error') this.#broken(rest);
    else if (!rest) this.#whole();
    return true;
  }

  /** What is wrong with the value so far, if it can be said without its bytes. */
  #fault(): RejectReason | undefined {
    if (this.#framer.tooDeep) return 'nesting_too_deep';
    const length = this.#framedTo - this.#valueStart;
    return length > this.#limits.recordBytes ? 'record_too_large' : undefined;
  }

  #openList(rest: boolean): void {
    this.#lists.push('list');
    this.#anything = true;
    if (!rest) this.#closeGarbage(this.#valueStart);
  }

  #whole(): void {
    const length = this.#framedTo - this.#valueStart;
    const fault = this.#fault();
    if (fault === undefined) this.#value(this.#valueStart, length);
    else {
      this.#closeGarbage(this.#valueStart);
      this.#reject(fault, {offset: this.#valueStart, length});
    }
  }

  /** The byte at `#framedTo` cannot stand there. */
  #broken(rest: boolean): void {
    const fault = rest ? undefined : this.#fault();
    if (rest) this.#beginGarbage(this.#at);
    else if (fault === undefined) {
      const {lastString} = this.#framer;
      // When a record was cut off within a string, the next one seems to lie in that string.
      if (lastString >= 0) this.#at = lastString + 1;
      this.#salvage(this.#valueStart, this.#at, () => this.#framer.openStarts());
    } else {
      this.#closeGarbage(this.#valueStart);
      this.#reject(fault, {offset: this.#valueStart, length: this.#framedTo - this.#valueStart});
      this.#beginGarbage(this.#at);
    }
  }

  /** The file ends within a value. */
  #cut(): void {
    const fault = this.#fault();
    const to = this.#framedTo;
    if (this.#framing === 'rest') this.#restCut = true;
    else if (fault === undefined) {
      if (this.#garbage < 0) this.#garbageReason = 'truncated';
      this.#salvage(this.#valueStart, to, () => this.#framer.openStarts());
    } else {
      this.#closeGarbage(this.#valueStart);
      this.#reject(fault, {offset: this.#valueStart, length: to - this.#valueStart});
      this.#lists.length = 0;
    }
    this.#framing = 'no';
    this.#at = to;
  }

  /** A complete value by the reference path. */
  #value(offset: number, length: number): void {
    const parsed = this.#parse(offset, length);
    if (parsed === undefined) {
      this.#salvage(offset, offset + length, () => new Set([offset]));
      return;
    }
    const items = this.#unwrap(parsed.value, this.#limits);
    const quiet = this.#garbage >= 0;
    const loose = this.#lists.length === 0 && typeof parsed.value !== 'object';
    if ((quiet || loose) && items.every((item) => item.kind === 'reject')) {
      if (!quiet) this.#beginGarbage(offset);
      this.#garbageSeen = true;
      return;
    }
    this.#closeGarbage(offset);
    this.#anything = true;
    this.#give(items, parsed.value, {offset, length});
  }

  #parse(offset: number, length: number): {value: unknown} | undefined {
    const {view, base} = this.#window;
    const text = TEXT.decode(view.subarray(offset - base, offset - base + length));
    try {
      return {value: JSON.parse(text)};
    } catch {
      return undefined; // malformed, as the caller says
    }
  }

  #give(items: readonly Item[], root: unknown, whole: Place): void {
    let places: Map<object, Place> | undefined;
    for (const item of items) {
      this.#anything = true;
      if (item.kind === 'drop') {
        this.#sink.drop(item.reason, 1);
        continue;
      }
      let place = whole;
      if (item.at !== undefined && item.at !== root) {
        const {view, base} = this.#window;
        places ??= placeObjects(root, view, whole.offset - base);
        const found = places.get(item.at);
        if (found !== undefined) place = {offset: base + found.offset, length: found.length};
      }
      if (item.kind === 'reject') this.#reject(item.reason, place);
      else {
        const {record, milliseconds} = item;
        this.#pending.add({record, milliseconds, index: this.#index++, place});
      }
    }
  }

  /** Takes whole records out of a stretch that makes no sense as a whole, and calls the rest garbage. */
  #salvage(from: number, to: number, open: () => ReadonlySet<number>): void {
    this.#beginGarbage(from);
    if (to - from < SHORTEST_RECORD) {
      this.#absorb(this.#garbage, to);
      return;
    }
    const {view, base} = this.#window;
    const framer = this.#partFramer;
    const parts = completeParts(view, {from: from - base, to: to - base, base}, open());
    for (let part = parts.next(); part.done !== true; ) {
      framer.begin();
      const stop = framer.feed(view, part.value, base);
      const end = stop === 'end' ? framer.next : to - base;
      if (stop === 'end' && !framer.tooDeep) this.#part(base + part.value, end - part.value);
      part = parts.next(end);
    }
    this.#absorb(this.#garbage, to);
  }

  #part(offset: number, length: number): void {
    const parsed = length < SHORTEST_RECORD ? undefined : this.#parse(offset, length);
    if (parsed === undefined) return;
    const items = this.#unwrap(parsed.value, this.#limits).filter((item) => item.kind !== 'reject');
    if (items.length === 0) return;
    this.#absorb(this.#garbage, offset);
    const reason = this.#garbageReason;
    this.#closeGarbage(offset);
    this.#give(items, parsed.value, {offset, length});
    this.#beginGarbage(offset + length);
    this.#garbageReason = reason;
  }

  #search(final: boolean): boolean {
    const {view, base} = this.#window;
    const {found, resume} = findObject(view, this.#at - base, final);
    this.#absorb(this.#at, base + resume);
    this.#at = base + resume;
    if (found >= 0) this.#beginValue();
    return found >= 0;
  }

  #beginGarbage(offset: number): void {
    if (this.#garbage >= 0) return;
    this.#garbage = offset;
    this.#garbageSeen = false;
  }

  /** Separators alone are not worth a word. */
  #absorb(from: number, to: number): void {
    const {view, base} = this.#window;
    for (let i = from - base; !this.#garbageSeen && i < to - base; i++) {
      if (!isSeparator(view[i]!)) this.#garbageSeen = true;
    }
  }

  #closeGarbage(to: number, reason: RejectReason = this.#garbageReason): void {
    if (this.#garbage < 0) return;
    const offset = this.#garbage;
    this.#garbage = -1;
    this.#garbageReason = 'malformed_json';
    if (this.#garbageSeen) this.#reject(reason, {offset, length: to - offset});
    this.#garbageSeen = false;
  }

  #reject(reason: RejectReason, place: Place): void {
    this.#anything = true;
    this.#sink.reject({reason, index: this.#index++, ...place});
  }

  /** Says how the file ended, once. */
  #finish(fault: GzipFault | undefined): void {
    const end = this.#window.end;
    const cut = this.#garbageReason === 'truncated';
    const open = this.#lists.length > 0 || this.#restCut;
    if (fault !== undefined) {
      const offset = cut && this.#garbage >= 0 ? this.#garbage : end;
      if (!cut) this.#closeGarbage(end);
      this.#sink.reject({reason: fault, index: -1, offset, length: end - offset});
    } else if (this.#garbage >= 0 && this.#garbageSeen) {
      this.#closeGarbage(end, this.#anything || cut ? this.#garbageReason : 'not_json');
    } else if (open) this.#reject('truncated', {offset: end, length: 0});
  }
}

/** A byte of a UTF-8 byte order mark: files put together may have one anywhere between values. */
function isMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

function isScalar(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || (byte >= 0x61 && byte <= 0x7a);
}
