import {assert} from '../base/assert.ts';
import {hash64} from '../base/hash.ts';
import type {DropReason, Reject} from '../base/outcome.ts';
import type {EventBatch} from '../event/batch.ts';
import type {Deriver, Texts} from '../event/deriver.ts';
import {parseEventTime} from '../event/event-time.ts';
import type {RecordSink, RowRange} from './record-sink.ts';
import type {Scanner} from './scanner.ts';

/** Raw texts and combinations beyond this are forgotten, and their ids start anew. */
const MAX_INTERNED_BYTES = 48 * 1024 * 1024;
/** Distinct components beyond this start a new epoch. */
const MAX_COMPONENTS = 400_000;
export interface InternLimits {
  readonly internedBytes: number;
  readonly components: number;
}
const NOT_YET = -1;
const TEXT = new TextDecoder();

/**
 * The second half of decoding: rows of a scanner become columns of components. Each distinct
 * combination of raw texts is derived once; after that, an event costs a few array look-ups.
 *
 * Invariant: components depend on the record alone, never on what came before it; only the numbers
 * that stand for them do.
 */
export class EventDecoder implements RecordSink {
  readonly #limits: InternLimits;
  readonly #scanner: Scanner;
  readonly #deriver: Deriver;
  readonly #words: {
    readonly eventId: number;
    readonly eventTime: number;
    readonly accessKey: number;
    readonly issuedKey: number;
    readonly parameters: number;
    readonly operation: number;
  };
  readonly #groupWords: Int32Array;
  readonly #groupColumns: readonly (readonly number[])[];
  /** Per group: component ids of combination c at [c · width, …), or NOT_YET. */
  #memos: Int32Array[];
  /** Per combination of the group "operation": 1 needs parameters, 2 does not, 0 not yet known. */
  #needs = new Uint8Array(1024);
  #hours = new Map<number, number>();
  /** The quarter of an hour last asked for, and its component: mostly the next event's too. */
  #quarter = Number.NaN;
  #hour = 0;

  /** Texts of the scanner's ids that combinations have been made of. */
  #rawTexts: (string | undefined)[] = [];
  readonly #fields: ReadonlyMap<string, readonly string[]>;

  #ids = new Map<string, number>();
  #strings: string[] = [''];
  #sent = 1;
  #epoch = 0;

  #file = 0;
  #batches: EventBatch[] = [];
  #rejects: Reject[] = [];
  #drops: Partial<Record<DropReason, number>> = {};

  constructor(scanner: Scanner, deriver: Deriver, limits: Partial<InternLimits> = {}) {
    this.#limits = {internedBytes: MAX_INTERNED_BYTES, components: MAX_COMPONENTS, ...limits};
    this.#scanner = scanner;
    this.#deriver = deriver;
    this.#groupColumns = deriver.groups.map(({columns}) => columns);
    this.#groupWords = Int32Array.from(deriver.groups, ({name}) => scanner.groupWord(name));
    this.#memos = deriver.groups.map(() => new Int32Array(0));
    this.#fields = new Map(scanner.spec.groups.map(({name, fields: own}) => [name, own]));
    const fields = new Set(scanner.spec.fields.map(({name}) => name));
    const word = (name: string) => (fields.has(name) ? scanner.fieldWord(name) : -1);
    const hasOperation = scanner.spec.groups.some(({name}) => name === 'operation');
    this.#words = {
      eventId: word('eventID'),
      eventTime: word('eventTime'),
      accessKey: word('accessKeyId'),
      issuedKey: word('issuedAccessKeyId'),
      parameters: word('requestParameters'),
      operation: hasOperation ? scanner.groupWord('operation') : -1,
    };
  }

  /** Whose events follow. */
  beginFile(file: number): void {
    this.#file = file;
  }

  /** What has come of the file since the last call; rejects and drops ride on a batch. */
  take(): EventBatch[] {
    if (this.#rejects.length > 0 || Object.keys(this.#drops).length > 0) {
      this.#batches.push({...this.#emptyBatch(), rejects: this.#rejects, drops: this.#drops});
      this.#rejects = [];
      this.#drops = {};
    }
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }

  reject(reject: Reject): void {
    this.#rejects.push(reject);
  }

  drop(reason: DropReason, count: number): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + count;
  }

  idle(scanner: Scanner): void {
    if (scanner.internedBytes > this.#limits.internedBytes) {
      scanner.reset();
      this.#memos = this.#memos.map(() => new Int32Array(0));
      this.#needs.fill(0);
      this.#rawTexts = [];
    }
  }

  rows(scanner: Scanner, range: RowRange): void {
    if (this.#strings.length > this.#limits.components) this.#startEpoch();
    const count = range.to - range.from;
    if (count === 0) return;
    const {rows, stride} = scanner;
    const words = this.#words;
    const width = this.#deriver.columns.length;
    const {hourColumn} = this.#deriver;
    const times = new Float64Array(count);
    const eventIds = new Int32Array(count * 4);
    const eventIdTexts: [number, string][] = [];
    const columns = new Int32Array(count * width);
    const keys = new Int32Array(count * 4);
    const indexes = new Int32Array(count);
    const places = new Float64Array(count * 2);

    for (let i = 0; i < count; i++) {
      const at = (range.from + i) * stride;
      const time = this.#timeOf(rows, at);
      times[i] = time;
      if (rows[at + 3] === 1) {
        for (let w = 0; w < 4; w++) eventIds[i * 4 + w] = rows[at + 4 + w] as number;
      } else if (words.eventId >= 0 && rows[at + words.eventId] !== 0) {
        const text = scanner.text(rows[at + words.eventId] as number);
        const a = hash64(text);
        const b = hash64(`${text}/`);
        eventIds.set([a.hi, a.lo, b.hi, b.lo], i * 4);
        eventIdTexts.push([i, text]);
      }
      indexes[i] = range.firstIndex + i;
      places[i * 2] = range.baseOffset + (rows[at + 8] as number);
      places[i * 2 + 1] = rows[at + 9] as number;
      // Access keys cross as hashes: they are only ever compared.
      if (words.accessKey >= 0) {
        keys[i * 4] = rows[at + words.accessKey] as number;
        keys[i * 4 + 1] = rows[at + words.accessKey + 1] as number;
      }
      if (words.issuedKey >= 0) {
        keys[i * 4 + 2] = rows[at + words.issuedKey] as number;
        keys[i * 4 + 3] = rows[at + words.issuedKey + 1] as number;
      }
      if (hourColumn >= 0) columns[i * width + hourColumn] = this.#hourOf(time);
    }
    for (let group = 0; group < this.#groupWords.length; group++) {
      this.#fill(group, rows, range, columns);
    }
    if (words.operation >= 0) this.#look(rows, range, columns);
    const strings = this.#strings.slice(this.#sent);
    this.#batches.push({
      file: this.#file,
      count,
      times,
      eventIds,
      eventIdTexts,
      columns,
      keys,
      indexes,
      places,
      epoch: this.#epoch,
      firstNewString: this.#sent,
      strings,
      rejects: [],
      drops: {},
    });
    this.#sent = this.#strings.length;
  }

  #timeOf(rows: Int32Array, at: number): number {
    const millis = rows[at + 2] as number;
    if (millis >= 0) {
      const low = (rows[at] as number) >>> 0;
      return ((rows[at + 1] as number) * 0x1_0000_0000 + low) * 1000 + millis;
    }
    const text = this.#scanner.text(rows[at + this.#words.eventTime] as number);
    const time = parseEventTime(text);
    assert(time !== undefined, 'only records whose time can be read become rows');
    return time;
  }

  /** Writes the components that a group decides, deriving those of new combinations. */
  #fill(group: number, rows: Int32Array, {from, to}: RowRange, columns: Int32Array): void {
    const {stride} = this.#scanner;
    const width = this.#deriver.columns.length;
    const own = this.#groupColumns[group] as readonly number[];
    const count = own.length;
    if (count === 0) return;
    const first = own[0] as number;
    let memo = this.#memos[group] as Int32Array;
    let at = from * stride + (this.#groupWords[group] as number);
    for (let row = 0; row < (to - from) * width; row += width, at += stride) {
      const known = (rows[at] as number) * count;
      if (known + count > memo.length) {
        memo = extended(memo, known + count);
        this.#memos[group] = memo;
      }
      if (memo[known] === NOT_YET) this.#derive(group, rows[at] as number, memo, known);
      columns[row + first] = memo[known] as number;
      for (let c = 1; c < count; c++) columns[row + (own[c] as number)] = memo[known + c] as number;
    }
  }

  #derive(group: number, combination: number, memo: Int32Array, from: number): void {
    const {name} = this.#deriver.groups[group] as Deriver['groups'][number];
    const components = this.#deriver.derive(name, this.#texts(name, combination));
    for (let c = 0; c < components.length; c++)
      memo[from + c] = this.#intern(components[c] as string);
  }

  #texts(group: string, combination: number): Texts {
    const fields = this.#fields.get(group) ?? [];
    const ids = this.#scanner.combination(group, combination);
    const texts: Record<string, string> = {};
    for (let i = 0; i < fields.length; i++) {
      const id = ids[i] as number;
      if (id !== 0) texts[fields[i] as string] = this.#textOf(id);
    }
    return texts;
  }

  /** The same texts come in many combinations. */
  #textOf(id: number): string {
    let text = this.#rawTexts[id];
    if (text === undefined) {
      text = this.#scanner.text(id);
      this.#rawTexts[id] = text;
    }
    return text;
  }

  /** A few operations name in their parameters what matters most, deeper than a scan goes. */
  #look(rows: Int32Array, {from, to}: RowRange, columns: Int32Array): void {
    const {stride} = this.#scanner;
    const width = this.#deriver.columns.length;
    const word = this.#words.operation;
    for (let row = from; row < to; row++) {
      const combination = rows[row * stride + word] as number;
      if (this.#needsParameters(combination)) {
        this.#lookInto(row, combination, columns, (row - from) * width);
      }
    }
  }

  #needsParameters(combination: number): boolean {
    if (combination >= this.#needs.length) {
      const grown = new Uint8Array(combination * 2);
      grown.set(this.#needs);
      this.#needs = grown;
    }
    let needs = this.#needs[combination];
    if (needs === 0) {
      needs = this.#deriver.needsParameters(this.#texts('operation', combination)) ? 1 : 2;
      this.#needs[combination] = needs;
    }
    return needs === 1;
  }

  #lookInto(row: number, combination: number, columns: Int32Array, to: number): void {
    const changes = this.#deriver.fromParameters(
      this.#texts('operation', combination),
      this.#parametersOf(row, row * this.#scanner.stride),
      (column) => this.#strings[columns[to + column] as number] ?? '',
    );
    for (const [column, component] of changes) columns[to + column] = this.#intern(component);
  }

  #parametersOf(row: number, at: number): unknown {
    const record = this.#scanner.recordOf(row);
    if (record !== undefined) {
      return Object.hasOwn(record, 'requestParameters')
        ? (record as {requestParameters: unknown}).requestParameters
        : undefined;
    }
    const {rows} = this.#scanner;
    const word = this.#words.parameters;
    if (word < 0 || (rows[at + word] as number) < 0) return undefined;
    const bytes = this.#scanner.bytes(rows[at + word] as number, rows[at + word + 1] as number);
    try {
      return JSON.parse(TEXT.decode(bytes)) as unknown;
    } catch (cause) {
      // To go on without them would be to say that nothing is shared.
      throw new Error('Assertion failed: a scanner makes rows of sound JSON only', {cause});
    }
  }

  #hourOf(time: number): number {
    // Every zone's offset is a multiple of a quarter of an hour.
    const quarter = Math.floor(time / 900_000);
    if (quarter === this.#quarter) return this.#hour;
    let id = this.#hours.get(quarter);
    if (id === undefined) {
      id = this.#intern(this.#deriver.hour(time));
      if (this.#hours.size > 10_000) this.#hours.clear();
      this.#hours.set(quarter, id);
    }
    this.#quarter = quarter;
    this.#hour = id;
    return id;
  }

  #intern(text: string): number {
    if (text === '') return 0;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#strings.length;
      this.#strings.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  #startEpoch(): void {
    this.#epoch++;
    this.#ids = new Map();
    this.#strings = [''];
    this.#sent = 1;
    this.#hours = new Map();
    this.#quarter = Number.NaN;
    this.#memos = this.#memos.map(() => new Int32Array(0));
  }

  #emptyBatch(): EventBatch {
    return {
      file: this.#file,
      count: 0,
      times: new Float64Array(0),
      eventIds: new Int32Array(0),
      eventIdTexts: [],
      columns: new Int32Array(0),
      keys: new Int32Array(0),
      indexes: new Int32Array(0),
      places: new Float64Array(0),
      epoch: this.#epoch,
      firstNewString: this.#sent,
      strings: [],
      rejects: [],
      drops: {},
    };
  }
}

/** Room for at least so many words, the new ones not yet known. */
function extended(memo: Int32Array, words: number): Int32Array {
  const grown = new Int32Array(Math.max(64, words * 2)).fill(NOT_YET);
  grown.set(memo);
  return grown;
}
