import {readFile, stat} from 'node:fs/promises';
import {type Detection, type Match, SEVERITIES, type Severity} from '../detections/detection.ts';
import {DetectionSet} from '../detections/detection-set.ts';
import type {DetectionEvent} from '../detections/event.ts';
import {type Components, EVENT_FIELDS} from '../event/fields.ts';
import {decompressed, textAt} from '../pipeline/record-at.ts';
import {readDecompressed} from '../sources/files.ts';
import {RecordEvent} from './record-event.ts';
import type {EventView} from './score-trail.ts';

/** Events that wait for their records to be read again. */
const MAX_WAITING = 4096;
/** Of a file, what is held to read records from; and of all files. */
const WINDOW_BYTES = 32 * 1024 * 1024;
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** Files of so many bytes, as stored, are read at once. */
const SMALL_FILE_BYTES = 1024 * 1024;
/** Matches that are kept; further ones are counted. */
export const MAX_MATCHES = 200_000;
/** Between two times at which the detections are told how late it is. */
const STEP_MS = 60_000;
/** Time that goes by after the last event: what waits for late ones comes to its end. */
const END_MS = 20 * 60_000;

interface Waiting {
  readonly event: Omit<DetectionEvent, 'record'>;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** What a run over old logs came to. */
export interface Hunted {
  /** By time, each with all of its hits. */
  readonly matches: readonly Match[];
  /** Beyond those that are kept. */
  readonly further: number;
  /** Errors of conditions, by detection. */
  readonly failed: ReadonlyMap<string, {count: number; message: string}>;
  readonly excluded: number;
  /** Events that a detection wanted to see. */
  readonly seen: number;
}

/** Runs detections over the events of a trail that is being read, with the records they ask for. */
export class Hunt {
  readonly #set: DetectionSet;
  readonly #least: number;
  readonly #matches = new Map<string, Match>();
  readonly #failed = new Map<string, {count: number; message: string}>();
  readonly #files = new Files();
  /** Events, and times up to which everything came before. */
  #waiting: (Waiting | number)[] = [];
  #minute = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #excluded = 0;
  #further = 0;
  #seen = 0;

  constructor(detections: readonly Detection[], minSeverity: Severity = 'informational') {
    this.#set = new DetectionSet(detections);
    this.#least = SEVERITIES.indexOf(minSeverity);
  }

  /** Looks at an event, to be called for each in order; `breathe` must be waited for in between. */
  visit(event: EventView): void {
    const {time, score} = event;
    const minute = Math.floor(time / STEP_MS) * STEP_MS;
    if (minute > this.#minute) {
      this.#minute = minute;
      this.#waiting.push(minute);
    }
    if (time > this.#newest) this.#newest = time;
    const operation = event.text('operation');
    const kind = event.text('kind');
    const principal = event.text('principal');
    const asked = {operation, kind, error: event.text('error'), principal};
    if (!this.#set.wants(asked, score, event.origin)) return;
    const components = Object.fromEntries(
      EVENT_FIELDS.map((field) => [field, event.text(field)]),
    ) as Components;
    const {offset, length} = event.place();
    this.#seen++;
    this.#waiting.push({
      event: {
        time,
        id: event.eventId(),
        components,
        origin: event.origin ?? components.principal,
        score,
        bits: event.bits(),
      },
      file: event.source().file,
      offset,
      length,
    });
  }

  /** Takes in what waits; undefined while that is little. */
  breathe(): Promise<void> | undefined {
    return this.#waiting.length >= MAX_WAITING ? this.#work() : undefined;
  }

  /** To be called once, after the last event. */
  async finish(): Promise<Hunted> {
    await this.#work();
    if (Number.isFinite(this.#newest)) this.#set.advance(this.#newest + END_MS);
    this.#keep();
    return {
      matches: [...this.#matches.values()].sort((a, b) => a.hit.time - b.hit.time),
      further: this.#further,
      failed: this.#failed,
      excluded: this.#excluded,
      seen: this.#seen,
    };
  }

  async #work(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      if (typeof each === 'number') {
        this.#set.advance(each);
        continue;
      }
      const bytes = this.#files.held(each) ?? (await this.#files.read(each));
      this.#set.take(readEvent(each, bytes));
    }
    this.#keep();
  }

  #keep(): void {
    const {matches, excluded, failed} = this.#set.drain();
    for (const match of matches) {
      if (SEVERITIES.indexOf(match.severity) < this.#least) continue;
      if (this.#matches.has(match.key) || this.#matches.size < MAX_MATCHES) {
        // The record is not needed any more, and would be held for ever.
        this.#matches.set(match.key, {...match, hit: {...match.hit, event: null}});
      } else if (match.revision === 1) this.#further++;
    }
    for (const counts of Object.values(excluded)) {
      for (const count of Object.values(counts)) this.#excluded += count;
    }
    for (const [id, {count, message}] of Object.entries(failed)) {
      const known = this.#failed.get(id);
      this.#failed.set(id, {
        count: count + (known?.count ?? 0),
        message: known?.message ?? message,
      });
    }
  }
}

function readEvent({event, offset, length}: Waiting, held: Held): RecordEvent {
  const text = () => textAt(held.bytes, offset - held.offset, length);
  const facts = {...event, id: () => event.id};
  return new RecordEvent(facts, () => event.bits, text);
}

interface Held {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Stretches of files, decompressed; those used longest ago are let go of. */
class Files {
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  held({file, offset, length}: Waiting): Held | undefined {
    const held = this.#held.get(file);
    if (held === undefined) return undefined;
    const inside = offset >= held.offset && offset + length <= held.offset + held.bytes.length;
    return inside ? held : undefined;
  }

  async read({file, offset, length}: Waiting): Promise<Held> {
    // Mostly a file is smaller than that, and held whole.
    const from = offset + length <= WINDOW_BYTES ? 0 : offset;
    const {size} = await stat(file);
    // A stream for each of many small files costs more than all that is done with them.
    const bytes =
      from === 0 && size <= SMALL_FILE_BYTES
        ? decompressed(await readFile(file)).subarray(0, WINDOW_BYTES)
        : await readDecompressed(file, from, Math.max(WINDOW_BYTES, length));
    const held = {offset: from, bytes};
    this.#bytes += bytes.length - (this.#held.get(file)?.bytes.length ?? 0);
    this.#held.delete(file);
    this.#held.set(file, held);
    for (const [path, oldest] of this.#held) {
      if (this.#bytes <= MAX_HELD_BYTES || path === file) break;
      this.#held.delete(path);
      this.#bytes -= oldest.bytes.length;
    }
    return held;
  }
}
