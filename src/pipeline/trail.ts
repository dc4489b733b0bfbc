import type {AppError} from '../base/errors.ts';
import type {DropReason, Reject, RejectReason} from '../base/outcome.ts';
import type {EventBatch} from '../event/batch.ts';
import {type DecodeInput, type DecodePoolOptions, decodeFiles} from './decode-pool.ts';
import {ReorderBuffer} from './reorder.ts';
import {SeenEvents} from './seen-events.ts';

/** One file of a trail, in the order of reading. */
export interface TrailInput extends DecodeInput {
  readonly path: string;
  /** Delivery time or first event's time, epoch milliseconds; NaN when unknown. */
  readonly time: number;
}

export interface PlacedReject extends Reject {
  readonly path: string;
}

/** What became of a trail; counts only, no contents. */
export interface TrailSummary {
  readonly files: number;
  readonly filesRead: number;
  readonly bytes: number;
  /** Events given to the visitor. */
  readonly events: number;
  readonly rejected: Partial<Record<RejectReason, number>>;
  readonly dropped: Partial<Record<DropReason, number>>;
  /** Files that could not be read, with the reason. */
  readonly faults: readonly {readonly path: string; readonly error: AppError}[];
  readonly interrupted: boolean;
}

/** A batch with the texts of its ids and the place it came from. */
export interface TracedBatch extends EventBatch {
  readonly path: string;
  /** Texts by local id; shared by all batches of one decoder and epoch, and only ever growing. */
  readonly texts: DecoderTexts;
}

/** The texts one decoder has interned in one epoch, and room for the receiver's own ids. */
export class DecoderTexts {
  readonly texts: string[] = [''];
  /** By local id, two words: 1 + the column that first asked for it, and the receiver's id there. */
  #first = new Int32Array(0);
  /** By column, and local id that another column asked for first: 1 + the receiver's id. */
  #others: Int32Array[] = [];
  /** What the receiver's ids hold for; see `forget`. */
  generation = 0;

  /** Forgets the receiver's ids, which then are asked for anew. */
  forget(generation: number): void {
    this.#first.fill(0);
    this.#others = [];
    this.generation = generation;
  }

  /**
   * Writes the receiver's ids of a row; those that it is asked for the first time come from `name`.
   *
   * Hardly a text is in two columns, and the texts of an event mostly are new together. So they lie
   * side by side here, as they would not with a table a column: this is bound by memory.
   */
  translate(
    columns: Int32Array,
    from: number,
    ids: Int32Array,
    name: (column: number, text: string) => number,
  ): void {
    if (this.#first.length < this.texts.length * 2) this.#grow();
    const first = this.#first;
    for (let column = 0; column < ids.length; column++) {
      const local = columns[from + column] as number;
      ids[column] =
        first[local * 2] === column + 1
          ? (first[local * 2 + 1] as number)
          : this.#other(column, local, name);
    }
  }

  #other(column: number, local: number, name: (column: number, text: string) => number): number {
    let others = this.#others[column];
    if (others !== undefined && local < others.length) {
      const known = others[local] as number;
      if (known !== 0) return known - 1;
    }
    const id = name(column, this.texts[local] as string);
    if (this.#first[local * 2] === 0) {
      this.#first[local * 2] = column + 1;
      this.#first[local * 2 + 1] = id;
      return id;
    }
    if (others === undefined || local >= others.length) {
      const grown = new Int32Array(Math.max(64, local * 2));
      if (others !== undefined) grown.set(others);
      others = grown;
      this.#others[column] = others;
    }
    others[local] = id + 1;
    return id;
  }

  #grow(): void {
    const grown = new Int32Array(Math.max(512, this.texts.length * 4));
    grown.set(this.#first);
    this.#first = grown;
  }
}

/** Called for each event in order; false ends the run at this event, which then is done. */
export type EventVisitor = (batch: TracedBatch, row: number, time: number) => boolean | undefined;

export interface TrailOptions extends DecodePoolOptions {
  /** How far events may come out of order, milliseconds of event time. */
  readonly windowMs?: number;
  /** Most events that wait for their turn. */
  readonly maxHeld?: number;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly onReject?: (reject: PlacedReject) => void;
  readonly onProgress?: (state: {filesDone: number; bytesDone: number; events: number}) => void;
  readonly signal?: AbortSignal | undefined;
  /** Events that came by before this run; those of this run are added. */
  readonly seen?: SeenEvents | undefined;
  /** Called between batches; lets a receiver wait for its output to drain. */
  readonly breathe?: () => Promise<void> | undefined;
}

/** CloudTrail delivers within about 15 minutes; names give whole minutes. */
const WINDOW_MS = 20 * 60 * 1000;
/** Every so often the loop of events must let timers and signals in. */
const YIELD_EVERY_MS = 50;
/** And let what was said of them go out. */
const BREATHE_EVERY = 4_096;

/**
 * Reads files as one trail: decodes them, puts their events in order within a bounded window, leaves
 * out duplicates, and hands them one by one to `visit`.
 *
 * The order and the outcome depend on the files and options alone, not on threads or timing.
 */
export async function readTrail(
  inputs: readonly TrailInput[],
  visit: EventVisitor,
  options: TrailOptions,
): Promise<TrailSummary> {
  const windowMs = options.windowMs ?? WINDOW_MS;
  const since = options.since ?? Number.NEGATIVE_INFINITY;
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const rejected: Partial<Record<RejectReason, number>> = {};
  const dropped: Partial<Record<DropReason, number>> = {};
  const faults: {path: string; error: AppError}[] = [];
  const seen = options.seen ?? new SeenEvents();
  const buffer = new ReorderBuffer<TracedBatch>(options.maxHeld);
  const texts = new Map<string, DecoderTexts>();
  let events = 0;
  let bytes = 0;
  let filesDone = 0;
  let filesRead = 0;
  let current = -1;
  let newest = Number.NEGATIVE_INFINITY;
  let inOrder = true;
  let interrupted = false;
  let lastYield = 0;

  const bump = <K extends string>(counts: Partial<Record<K, number>>, key: K, by: number) => {
    counts[key] = (counts[key] ?? 0) + by;
  };
  const take = (batch: TracedBatch, row: number): boolean => {
    const time = batch.times[row] as number;
    // What is left out by its time must not count as having come by.
    if (time < since || time >= until) {
      bump(dropped, 'outside_time_range', 1);
      return true;
    }
    if (seen.seen(batch.eventIds, row * 4)) {
      bump(dropped, 'duplicate', 1);
      return true;
    }
    events++;
    return visit(batch, row, time) !== false;
  };
  /** Releases what may go, with pauses; false when the run ends here. */
  const release = async (bound: number): Promise<boolean> => {
    for (;;) {
      let left = BREATHE_EVERY;
      let stopped = false;
      const empty = buffer.release(bound, (batch, row) => {
        stopped = !take(batch, row);
        return !stopped && --left > 0;
      });
      options.onProgress?.({filesDone, bytesDone: bytes, events});
      const breath = options.breathe?.();
      if (breath !== undefined) await breath;
      if (performance.now() - lastYield > YIELD_EVERY_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        lastYield = performance.now();
      }
      if (stopped || options.signal?.aborted === true) return false;
      if (empty) return true;
    }
  };
  const byFile = new Map(inputs.map((input, i) => [input.file, i]));

  for await (const decoded of decodeFiles(inputs, options)) {
    const position = byFile.get(decoded.file) ?? 0;
    const input = inputs[position] as TrailInput;
    const following = inputs[position + 1]?.time ?? Number.POSITIVE_INFINITY;
    if (position !== current) {
      current = position;
      newest = Number.NEGATIVE_INFINITY;
      inOrder = true;
    }
    let frontier: number;
    if (decoded.kind === 'batch') {
      const {batch} = decoded;
      for (const reject of batch.rejects) {
        bump(rejected, reject.reason, 1);
        options.onReject?.({...reject, path: input.path});
      }
      for (const [reason, count] of Object.entries(batch.drops)) {
        bump(dropped, reason as DropReason, count);
      }
      buffer.add(trace(batch, input.path, `${decoded.decoder}`, texts));
      for (let i = 0; i < batch.count; i++) {
        const time = batch.times[i] as number;
        // Such as the latest first: only at its end is it known what comes before what.
        if (time < newest - windowMs) inOrder = false;
        if (time > newest) newest = time;
      }
      frontier = inOrder ? Math.min(newest, following) : Number.NEGATIVE_INFINITY;
    } else {
      filesDone++;
      bytes += decoded.bytes;
      if (decoded.error === undefined) filesRead++;
      else faults.push({path: input.path, error: decoded.error});
      frontier = following;
    }
    // What is not known to be later than an event may still come before it.
    const bound = Number.isNaN(frontier) ? Number.NEGATIVE_INFINITY : frontier - windowMs;
    if (!(await release(bound))) {
      interrupted = true;
      break;
    }
  }
  if (!interrupted) interrupted = !(await release(Number.POSITIVE_INFINITY));
  return {
    files: inputs.length,
    filesRead,
    bytes,
    events,
    rejected,
    dropped,
    faults,
    interrupted,
  };
}

/** Gives a batch its texts; ids of an earlier epoch keep theirs as long as a batch holds them. */
export function trace(
  batch: EventBatch,
  path: string,
  decoder: string,
  texts: Map<string, DecoderTexts>,
): TracedBatch {
  const key = `${decoder}/${batch.epoch}`;
  let own = texts.get(key);
  if (own === undefined) {
    // A new epoch of a decoder ends the former: only batches still waiting hold on to that.
    texts.delete(`${decoder}/${batch.epoch - 1}`);
    own = new DecoderTexts();
    texts.set(key, own);
  }
  for (let i = 0; i < batch.strings.length; i++) {
    own.texts[batch.firstNewString + i] = batch.strings[i] as string;
  }
  return {...batch, path, texts: own};
}

/** The id of an event as text: as written, or the canonical form of its 128 bits. */
export function eventIdText(batch: EventBatch, row: number): string {
  return oddIdText(batch, row) ?? uuidText(batch.eventIds, row * 4);
}

/** The text of an event id that is no canonical UUID; undefined of one that is, or of none. */
export function oddIdText({eventIdTexts: texts}: EventBatch, row: number): string | undefined {
  for (let low = 0, high = texts.length; low < high; ) {
    const middle = (low + high) >> 1;
    const [at, text] = texts[middle] as (typeof texts)[number];
    if (at === row) return text;
    if (at < row) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Four words as a UUID; "" when all are zero. */
export function uuidText(words: Int32Array, at: number): string {
  const a = words[at] as number;
  const b = words[at + 1] as number;
  const c = words[at + 2] as number;
  const d = words[at + 3] as number;
  if ((a | b | c | d) === 0) return '';
  return `${half(a >>> 16)}${half(a)}-${half(b >>> 16)}-${half(b)}-${half(c >>> 16)}-${half(c)}${half(d >>> 16)}${half(d)}`;
}

function half(word: number): string {
  return (HEX[(word >>> 8) & 255] as string) + (HEX[word & 255] as string);
}

const HEX = Array.from({length: 256}, (_, byte) => byte.toString(16).padStart(2, '0'));
