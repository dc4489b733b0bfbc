import {type FileHandle, mkdir, open, readdir, readFile, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {AppError, messageOf} from '../base/errors.ts';

/** One entry as read back. */
export interface JournalEntry {
  readonly number: number;
  /** JSON. */
  readonly header: unknown;
  readonly payloads: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Appends that stand or fall together in their order: once one of them has failed, no later one of
 * the same lane is taken. Make a new lane to begin anew.
 */
export interface JournalLane {
  failed: boolean;
}

export interface JournalOptions {
  /** A segment that has reached this many bytes is followed by another. */
  readonly segmentBytes?: number | undefined;
  /** Numbers go on after this one, also where the journal itself holds less. */
  readonly after?: number | undefined;
}

interface Segment {
  readonly first: number;
  readonly path: string;
  bytes: number;
}

interface Waiting {
  readonly header: Uint8Array;
  readonly payloads: readonly Uint8Array[];
  readonly lane: JournalLane | undefined;
  readonly resolve: (number: number) => void;
  readonly reject: (error: AppError) => void;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Written at once at most, unless a single entry is larger. */
const GROUP_BYTES = 32 * 1024 * 1024;
const MAGIC = new TextEncoder().encode('ODDJRNL1');
/** "JE", then a byte that no text in UTF-8 holds. */
const FRAME = 0xff_45_4a_fe;
const HEAD = 32;
const TEXT = new TextDecoder();

/**
 * An append-only log of numbered entries, in segments of files named by their first entry:
 *
 *     segment := "ODDJRNL1" entry*
 *     entry   := mark u32 | CRC-32 of what follows u32 | number f64 | group f64 | length f64 | body
 *     body    := header length u32 | payload count u32 | payload length u32 … | header JSON | payloads
 *
 * all little-endian; `length` is the body's. `group` is the number of the first entry that was
 * flushed together with this one: whatever comes before it had been on the disk when this one was
 * written. That tells a torn end (nobody was told that it is safe) from damage.
 *
 * Invariant: what `append` gave a number for is read back after any crash, in the order of numbers,
 * without a gap, until it is trimmed.
 */
export class Journal {
  /** Bytes that `open` found unfinished at the end, and cut off. */
  readonly cut: number;
  readonly #folder: string;
  readonly #segmentBytes: number;
  #segments: Segment[];
  #handle: FileHandle;
  #last: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** The last segment may hold more than its sound bytes. */
  #unsound = false;
  #closed = false;

  private constructor(
    folder: string,
    segmentBytes: number,
    segments: Segment[],
    handle: FileHandle,
    last: number,
    cut: number,
  ) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
    this.#segments = segments;
    this.#handle = handle;
    this.#last = last;
    this.cut = cut;
  }

  /**
   * Opens the journal in a folder, which is made if need be, and cuts off what was not finished.
   * @throws AppError `journal_damaged`; `journal_unwritable` when the folder cannot be used.
   */
  static async open(folder: string, options: JournalOptions = {}): Promise<Journal> {
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    const after = options.after ?? 0;
    try {
      await mkdir(folder, {recursive: true});
      const segments = await listSegments(folder);
      let last = 0;
      let cut = 0;
      let newest = segments.at(-1);
      while (newest !== undefined) {
        const bytes = await readFile(newest.path);
        const scan = scanSegment(bytes, newest);
        cut += bytes.length - scan.end;
        newest.bytes = scan.end;
        last = scan.last;
        if (scan.end > 0) break;
        // It was being made, and holds nothing yet.
        await rm(newest.path);
        segments.pop();
        newest = segments.at(-1);
      }
      if (newest === undefined || after > last) {
        last = Math.max(last, after);
        newest = await addSegment(folder, last + 1);
        segments.push(newest);
      }
      const handle = await open(newest.path, 'r+');
      if (cut > 0) {
        await handle.truncate(newest.bytes);
        await handle.sync();
      }
      return new Journal(folder, segmentBytes, segments, handle, last, cut);
    } catch (cause) {
      throw cause instanceof AppError ? cause : unwritable(folder, cause);
    }
  }

  /** Number of the last entry that is safe; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest entry that can still be read; one after the last if there is none. */
  get first(): number {
    return this.#segments[0]?.first ?? this.#last + 1;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, {bytes}) => sum + bytes, 0);
  }

  /** Entries waiting to be safe. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Adds an entry; its number, once it is on the disk. Entries that come together share one flush.
   * The payloads must not change before that.
   *
   * @throws AppError `journal_unwritable`, retryable: the entry is not there.
   */
  append(
    header: unknown,
    payloads: readonly Uint8Array[] = [],
    lane?: JournalLane,
  ): Promise<number> {
    if (this.#closed || lane?.failed === true) {
      const why = this.#closed ? 'it is closed' : 'what came before was not written';
      return Promise.reject(unwritable(this.#folder, new Error(why)));
    }
    return new Promise((resolve, reject) => {
      const text = new TextEncoder().encode(JSON.stringify(header));
      this.#waiting.push({header: text, payloads, lane, resolve, reject});
      this.#writing ??= this.#write();
    });
  }

  /**
   * Entries from a number on, up to what is safe when their turn comes.
   * @throws AppError `journal_damaged`, also when they are no longer there.
   */
  async *read(from: number): AsyncGenerator<JournalEntry, void, undefined> {
    let next = from;
    if (next <= this.#last && next < this.first) {
      throw damaged(this.#folder, `entries ${next} to ${this.first - 1} are missing`);
    }
    while (next <= this.#last) {
      const at = this.#segments.findLastIndex(({first}) => first <= next);
      const segment = this.#segments[at];
      if (segment === undefined) throw damaged(this.#folder, `entry ${next} is missing`);
      const limit = this.#last;
      const bytes = new Uint8Array(await this.#segmentBytesOf(segment));
      let offset = MAGIC.length;
      let passed = 0;
      while (offset < segment.bytes && next <= limit) {
        const frame = frameAt(bytes, offset);
        if (frame === undefined) {
          throw damaged(segment.path, `the entry at offset ${offset} is damaged`);
        }
        offset = frame.end;
        passed = frame.number;
        if (frame.number < next) continue;
        if (frame.number > next) {
          throw damaged(segment.path, `entries ${next} to ${frame.number - 1} are missing`);
        }
        next++;
        yield {number: frame.number, ...bodyOf(bytes, frame)};
      }
      const following = this.#segments[this.#segments.indexOf(segment) + 1];
      if (next <= limit && (following === undefined || following.first > next)) {
        throw damaged(segment.path, `it ends with entry ${passed}, entry ${next} is missing`);
      }
    }
  }

  /** Forgets entries before a number, as far as whole segments hold nothing else. */
  async trim(before: number): Promise<void> {
    while (this.#segments.length > 1) {
      const [oldest, second] = this.#segments;
      if (oldest === undefined || second === undefined || second.first > before) return;
      this.#segments.shift();
      await rm(oldest.path, {force: true});
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#handle.close();
  }

  async #segmentBytesOf(segment: Segment): Promise<Uint8Array> {
    try {
      return await readFile(segment.path);
    } catch (cause) {
      throw damaged(segment.path, messageOf(cause));
    }
  }

  /** Writes all that waits, a group at a time, until nothing does. */
  async #write(): Promise<void> {
    // What is appended in the same turn of the event loop belongs to the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      const first = this.#last + 1;
      const frames = group.map(({header, payloads}, i) =>
        encode(first + i, first, header, payloads),
      );
      const length = frames.reduce((sum, frame) => sum + frame.length, 0);
      try {
        await this.#mend();
        await this.#roll(first);
        const segment = this.#newest;
        this.#unsound = true;
        await writeAll(this.#handle, frames, segment.bytes);
        await this.#handle.datasync();
        this.#unsound = false;
        segment.bytes += length;
        this.#last += group.length;
      } catch (cause) {
        const error = unwritable(this.#folder, cause);
        // What waits behind would leave a gap in what its sources have handed over.
        for (const each of [...group, ...this.#waiting.splice(0)]) {
          if (each.lane !== undefined) each.lane.failed = true;
          each.reject(error);
        }
        await this.#mend().catch(() => {
          // There was no room, or the disk is gone: tried again before the next entry.
        });
        continue;
      }
      group.forEach(({resolve}, i) => {
        resolve(first + i);
      });
    }
    this.#writing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const {header, payloads} of this.#waiting) {
      bytes += header.length + payloads.reduce((sum, {length}) => sum + length, 0);
      if (count > 0 && bytes > GROUP_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  get #newest(): Segment {
    const segment = this.#segments.at(-1);
    if (segment === undefined) throw new Error('Assertion failed: a journal has a segment');
    return segment;
  }

  /** Cuts the last segment back to what is sound. */
  async #mend(): Promise<void> {
    if (!this.#unsound) return;
    await this.#handle.truncate(this.#newest.bytes);
    await this.#handle.datasync();
    this.#unsound = false;
  }

  async #roll(first: number): Promise<void> {
    const newest = this.#newest;
    if (newest.bytes < this.#segmentBytes || newest.first === first) return;
    const segment = await addSegment(this.#folder, first);
    const handle = await open(segment.path, 'r+');
    await this.#handle.close();
    this.#handle = handle;
    this.#segments.push(segment);
  }
}

async function listSegments(folder: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const match = /^(\d{12})\.log$/.exec(name);
    if (match === null) continue;
    const path = join(folder, name);
    segments.push({first: Number(match[1]), path, bytes: (await stat(path)).size});
  }
  return segments;
}

async function addSegment(folder: string, first: number): Promise<Segment> {
  const path = join(folder, `${String(first).padStart(12, '0')}.log`);
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(MAGIC);
    await handle.sync();
  } catch (error) {
    await rm(path, {force: true}).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(folder);
  return {first, path, bytes: MAGIC.length};
}

/** Makes names survive a power cut; not every file system lets a folder be flushed. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function encode(
  number: number,
  group: number,
  header: Uint8Array,
  payloads: readonly Uint8Array[],
): Uint8Array {
  const table = 8 + 4 * payloads.length;
  const length = table + header.length + payloads.reduce((sum, each) => sum + each.length, 0);
  const bytes = new Uint8Array(HEAD + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FRAME, true);
  view.setFloat64(8, number, true);
  view.setFloat64(16, group, true);
  view.setFloat64(24, length, true);
  view.setUint32(HEAD, header.length, true);
  view.setUint32(HEAD + 4, payloads.length, true);
  payloads.forEach((payload, i) => {
    view.setUint32(HEAD + 8 + 4 * i, payload.length, true);
  });
  let at = HEAD + table;
  for (const part of [header, ...payloads]) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

interface Frame {
  readonly number: number;
  readonly group: number;
  readonly body: number;
  readonly end: number;
}

/** The entry at an offset, if a whole and sound one is there. */
function frameAt(bytes: Uint8Array, offset: number): Frame | undefined {
  if (offset + HEAD > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, bytes.length - offset);
  if (view.getUint32(0, true) !== FRAME) return undefined;
  const length = view.getFloat64(24, true);
  if (!(length >= 8 && length <= view.byteLength - HEAD) || !Number.isInteger(length)) {
    return undefined;
  }
  const end = HEAD + length;
  if (crc32(bytes.subarray(offset + 8, offset + end)) !== view.getUint32(4, true)) return undefined;
  const number = view.getFloat64(8, true);
  return {number, group: view.getFloat64(16, true), body: offset + HEAD, end: offset + end};
}

function bodyOf(
  bytes: Uint8Array<ArrayBuffer>,
  {body}: Frame,
): {header: unknown; payloads: Uint8Array<ArrayBuffer>[]} {
  const view = new DataView(bytes.buffer, bytes.byteOffset + body);
  const headerLength = view.getUint32(0, true);
  const count = view.getUint32(4, true);
  let at = body + 8 + 4 * count;
  const header: unknown = JSON.parse(TEXT.decode(bytes.subarray(at, at + headerLength)));
  at += headerLength;
  const payloads: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(8 + 4 * i, true);
    payloads.push(bytes.slice(at, at + length));
    at += length;
  }
  return {header, payloads};
}

/** Where the sound entries of the newest segment end, 0 if not even its beginning is there. */
function scanSegment(bytes: Uint8Array, segment: Segment): {end: number; last: number} {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    if (bytes.length <= MAGIC.length) return {end: 0, last: 0};
    throw damaged(segment.path, 'it does not begin as a journal does');
  }
  let end = MAGIC.length;
  let last = segment.first - 1;
  for (;;) {
    const frame = frameAt(bytes, end);
    if (frame === undefined || frame.number !== last + 1) break;
    last = frame.number;
    end = frame.end;
  }
  // A sound entry further on, flushed after what is missing had been: then that was lost since.
  for (let at = end; at + HEAD <= bytes.length; at++) {
    if (bytes[at] !== (FRAME & 255) || bytes[at + 3] !== FRAME >>> 24) continue;
    const frame = frameAt(bytes, at);
    if (frame !== undefined && frame.group > last + 1) {
      throw damaged(segment.path, `the entry at offset ${end} is damaged`);
    }
  }
  return {end, last};
}

async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let at = position;
  for (const part of parts) {
    let from = 0;
    while (from < part.length) {
      const {bytesWritten} = await handle.write(part, from, part.length - from, at);
      from += bytesWritten;
      at += bytesWritten;
    }
  }
}

function damaged(place: string, why: string): AppError {
  return new AppError('journal_damaged', `The journal "${place}" is damaged: ${why}`);
}

function unwritable(folder: string, cause: unknown): AppError {
  const why = messageOf(cause);
  return new AppError('journal_unwritable', `Cannot write the journal "${folder}": ${why}`, {
    cause,
    retryable: true,
  });
}
