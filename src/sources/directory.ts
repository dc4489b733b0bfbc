import {createHash} from 'node:crypto';
import {type Dirent, readdirSync, readFileSync, type Stats, statSync} from 'node:fs';
import {open as openFile, readFile} from 'node:fs/promises';
import {join, resolve, sep} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {AppError, messageOf} from '../base/errors.ts';
import type {Payload, Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {completePrefix} from './complete-prefix.ts';
import {deliveryTimeOf} from './delivery-name.ts';
import {compareNames, firstEventTime, isLog} from './files.ts';
import {type Pace, Pacer, roughlyEvents} from './pace.ts';
import {breathe, wait} from './wait.ts';

export interface DirectoryOptions {
  /** Read to any depth; only names that look like logs count. */
  readonly folder: string;
  /** Goes on watching for new files and for files that grow. Default true. */
  readonly follow?: boolean;
  /** Pause between two looks at the folder; longer where a look takes long. Default 1 s. */
  readonly pollMs?: number;
  readonly pace?: Pace;
  /** A batch is closed at the end of the delivery period in which it has grown to this. */
  readonly batchBytes?: number;
  /** A larger file that cannot be handed over in pieces becomes a dead letter. */
  readonly maxObjectBytes?: number;
  /** How long an incomplete file is waited for before it is handed over as it is. */
  readonly patienceMs?: number;
  /** How far back a first run reads; older files are left out for good. Else all are read. */
  readonly sinceMs?: number;
  /** How far behind ours the file system's clock may be; raise it for network file systems. */
  readonly clockSlackMs?: number;
}

/**
 * What has been handed over. All that changed up to `whole`; of what changed between that and
 * `scan.at`, all that comes before `scan` in order of delivery; and `recent`. Files that may still
 * grow stand in `open`, with what has been read of them.
 */
interface DirectoryPosition {
  readonly v: 1;
  /** What was delivered before this is left out; epoch milliseconds. */
  readonly since?: number;
  /** Change time (epoch milliseconds) up to which every file has been handed over. */
  readonly whole: number;
  readonly scan?: Mark & {readonly at: number};
  /** Marks of files that changed after `whole`, with the time at which. */
  readonly recent: readonly (readonly [mark: string, changed: number])[];
  readonly open: Readonly<Record<string, readonly [identity: string, offset: number]>>;
}

interface Mark {
  readonly time: number;
  readonly path: string;
}

interface Found extends State {
  /** Relative to the folder, with "/". */
  readonly path: string;
  /** Delivery time, else time of the first event; -1 if neither can be told. */
  time: number;
}

/** As of the last look. */
interface State {
  size: number;
  identity: string;
  /** When it last changed in any way, as the file system says: also by a rename into place. */
  changed: number;
  modified: number;
}

interface Folder {
  readonly modified: number;
  readonly folders: readonly string[];
  /** Files that may grow without their folder changing. */
  readonly growing: readonly string[];
}

const PERIOD_MS = 5 * 60_000;
/** Clocks of file systems are coarse, and a name may appear a little after the time it carries. */
const CLOCK_SLACK_MS = 1500;
const OPEN_AT_REST = 128;
/** Beyond this many incomplete files none is waited for any more. */
const MOST_WAITING = 1000;
const RECENT_IN_POSITION = 1024;
const HANDED_REMEMBERED = 50_000;
/** How long the folder is looked at before others have their turn. */
const SLICE_MS = 8;
const PIECE_BYTES = 4 * 1024 * 1024;
const AT_ONCE_BYTES = 256 * 1024;

/** A folder of logs, read in order of delivery and watched. */
export function directorySource(name: string, options: DirectoryOptions): Source {
  return new DirectorySource(name, options);
}

class DirectorySource implements Source {
  readonly name: string;
  readonly kind = 'directory';
  readonly identity: string;
  readonly #folder: string;
  readonly #options: Required<Omit<DirectoryOptions, 'pace' | 'sinceMs'>>;
  readonly #pace: Pace | undefined;
  readonly #sinceMs: number | undefined;
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  // What has been handed over, as in DirectoryPosition.
  #since = Number.NEGATIVE_INFINITY;
  #whole = 0;
  #scan: (Mark & {at: number}) | undefined;
  #recent = new Map<string, number>();
  #open = new Map<string, {identity: string; offset: number}>();
  /** Of these the ones that were not there when last looked for. */
  #missing = new Set<string>();

  // Only sparing work or repetition; lost at a restart without harm.
  #folders = new Map<string, Folder>();
  #handed = new Set<string>();
  #waiting = new Map<string, string>();
  #unreadable = new Map<string, string>();
  #lastLook = 0;

  constructor(name: string, options: DirectoryOptions) {
    this.name = name;
    this.#folder = resolve(options.folder);
    this.identity = this.#folder;
    this.#pace = options.pace;
    this.#sinceMs = options.sinceMs;
    this.#options = {
      folder: options.folder,
      follow: options.follow ?? true,
      pollMs: options.pollMs ?? 1000,
      batchBytes: options.batchBytes ?? 8 * 1024 * 1024,
      maxObjectBytes: options.maxObjectBytes ?? 256 * 1024 * 1024,
      patienceMs: options.patienceMs ?? 10 * 60_000,
      clockSlackMs: options.clockSlackMs ?? CLOCK_SLACK_MS,
    };
  }

  async *read(position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    this.#restore(position as DirectoryPosition | undefined);
    const pacer = this.#pace === undefined ? undefined : new Pacer(this.#pace);
    while (!signal.aborted) {
      const began = performance.now();
      const now = Date.now();
      this.#mindTheClock(now);
      // An interrupted round is finished first, with what it had to read.
      const at = this.#scan?.at ?? now - this.#options.clockSlackMs;
      const files = await this.#look(at, signal);
      if (signal.aborted) return;
      const took = performance.now() - began;
      yield* this.#handOver(files, at, pacer, signal);
      if (signal.aborted) return;
      if (!this.#options.follow && !(await this.#anythingLeft(signal))) {
        this.#status = {state: 'finished', detail: 'every file was read'};
        return;
      }
      const unread = [...this.#unreadable.entries()][0];
      this.#status =
        unread === undefined
          ? {state: 'waiting', detail: this.#waitingFor(), backlog: this.#waiting.size}
          : {state: 'retrying', detail: `cannot read "${unread[0]}": ${unread[1]}`};
      await wait(Math.max(this.#options.follow ? this.#options.pollMs : 20, 10 * took), signal);
    }
  }

  status(): SourceStatus {
    return this.#status;
  }

  async fetch(name: string): Promise<Uint8Array | undefined> {
    const [, path = name, from, to] = /^(.*)#bytes=(\d+)-(\d+)$/.exec(name) ?? [];
    const place = resolve(path);
    if (!place.startsWith(this.#folder + sep)) return undefined;
    try {
      const bytes = await readFile(place);
      return from === undefined ? bytes : bytes.subarray(Number(from), Number(to));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw fault(place, cause);
    }
  }

  async check(): Promise<void> {
    try {
      if (!statSync(this.#folder).isDirectory()) {
        throw new AppError('source_unreadable', `"${this.#folder}" is not a folder`);
      }
      readdirSync(this.#folder);
    } catch (cause) {
      throw cause instanceof AppError ? cause : fault(this.#folder, cause);
    }
  }

  async close(): Promise<void> {}

  #waitingFor(): string {
    const {size} = this.#waiting;
    return size === 0 ? 'waiting for new files' : `waiting for ${size} incomplete files`;
  }

  #restore(position: DirectoryPosition | undefined): void {
    // Told once, at the first run: what is left out must not change with the time of a restart.
    this.#since =
      position === undefined && this.#sinceMs !== undefined
        ? Date.now() - this.#sinceMs
        : (position?.since ?? Number.NEGATIVE_INFINITY);
    this.#whole = position?.whole ?? 0;
    this.#scan = position?.scan === undefined ? undefined : {...position.scan};
    this.#recent = new Map(position?.recent ?? []);
    this.#open = new Map(
      Object.entries(position?.open ?? {}).map(([path, [identity, offset]]) => [
        path,
        {identity, offset},
      ]),
    );
    this.#folders.clear();
    this.#waiting.clear();
    this.#handed.clear();
    this.#missing.clear();
  }

  #position(): DirectoryPosition {
    const open = [...this.#open];
    return {
      v: 1,
      ...(Number.isFinite(this.#since) && {since: this.#since}),
      whole: this.#whole,
      ...(this.#scan === undefined ? {} : {scan: {...this.#scan}}),
      recent: [...this.#recent].slice(-RECENT_IN_POSITION),
      open: Object.fromEntries(
        open.map(([path, {identity, offset}]) => [path, [identity, offset]]),
      ),
    };
  }

  /** A clock that went back must not hide what comes until it has caught up. */
  #mindTheClock(now: number): void {
    if (this.#whole > now || this.#lastLook > now + this.#options.clockSlackMs) {
      this.#whole = Math.min(this.#whole, now - this.#options.clockSlackMs);
      this.#scan = undefined;
      this.#folders.clear();
    }
    this.#lastLook = now;
  }

  /** Without `follow`: whether files came so late that the last look left them out. */
  async #anythingLeft(signal: AbortSignal): Promise<boolean> {
    return (await this.#look(Date.now(), signal)).length > 0;
  }

  /** What has not been handed over, in order of delivery. */
  async #look(at: number, signal: AbortSignal): Promise<Found[]> {
    const since = this.#whole;
    const files = new Map<string, Found>();
    const take = (path: string, info: Stats) => {
      const file: Found = {
        path,
        ...stateOf(info),
        time: deliveryTimeOf(path) ?? Number.NaN,
      };
      if ((Number.isNaN(file.time) ? file.modified : file.time) < this.#since) return;
      if (!this.#isDone(file, at)) files.set(path, file);
    };
    let sliceEnd = performance.now() + SLICE_MS;
    const folders = [''];
    for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
      for (const below of this.#lookInto(path, since, take)) folders.push(below);
      if (performance.now() < sliceEnd) continue;
      await breathe();
      if (signal.aborted) return [];
      sliceEnd = performance.now() + SLICE_MS;
    }
    for (const [path, {offset}] of this.#open) {
      if (files.has(path)) continue;
      const info = statOf(join(this.#folder, path));
      if (info === undefined) {
        // It may have been renamed behind our back; then the next look finds its new name.
        if (this.#missing.has(path)) this.#open.delete(path);
        else this.#missing.add(path);
        continue;
      }
      this.#missing.delete(path);
      if (info.size !== offset) take(path, info);
    }
    const list = [...files.values()];
    for (const file of list) {
      if (Number.isNaN(file.time)) {
        // What cannot be read now says so when its turn comes.
        const time = await firstEventTime(join(this.#folder, file.path)).catch(() => Number.NaN);
        file.time = Number.isNaN(time) ? -1 : time;
      }
    }
    return list.sort(inOrder);
  }

  /** Takes the files of one folder and returns the folders in it. */
  #lookInto(
    path: string,
    since: number,
    take: (path: string, info: Stats) => void,
  ): readonly string[] {
    const place = join(this.#folder, path);
    const known = this.#folders.get(path);
    let entries: Dirent[];
    let modified: number;
    try {
      modified = statSync(place).mtimeMs;
      // Only where no name came or went since, and what was found was handed over.
      if (known?.modified === modified && modified < since - this.#options.clockSlackMs) {
        for (const name of known.growing) {
          const info = statOf(join(this.#folder, name));
          if (info?.isFile() === true) take(name, info);
        }
        return known.folders;
      }
      entries = readdirSync(place, {withFileTypes: true});
    } catch (cause) {
      // A folder within may be gone again. What else stands in the way must be put right first:
      // its files would look old once they can be seen.
      if (path === '' || codeOf(cause) !== 'ENOENT') throw fault(place, cause);
      this.#folders.delete(path);
      return [];
    }
    const folders: string[] = [];
    const growing: string[] = [];
    for (const entry of entries) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) folders.push(name);
      // Links are followed for files only: a link to a folder above would never end.
      else if ((entry.isFile() || entry.isSymbolicLink()) && isLog(name)) {
        const info = statOf(join(this.#folder, name));
        if (info?.isFile() !== true) continue;
        if (mayGrow(name)) growing.push(name);
        take(name, info);
      }
    }
    // A clock's tick may hold changes from before and after the listing: only a folder that was at
    // rest when it was listed is known by its time of change.
    if (modified < this.#lastLook - this.#options.clockSlackMs) {
      this.#folders.set(path, {modified, folders, growing});
    } else this.#folders.delete(path);
    return folders;
  }

  #isDone(file: Found, at: number): boolean {
    let open = this.#open.get(file.path);
    if (open === undefined && file.changed > this.#whole && mayGrow(file.path)) {
      // Rotation gives a file another name, and what was read of it is still read.
      for (const [path, other] of this.#open) {
        if (other.identity !== file.identity || other.offset > file.size) continue;
        const there = statOf(join(this.#folder, path));
        if (there !== undefined && identityOf(there) === file.identity) continue;
        this.#open.delete(path);
        this.#open.set(file.path, other);
        open = other;
        break;
      }
    }
    if (open !== undefined) {
      if (open.identity === file.identity && file.size >= open.offset) {
        return file.size === open.offset && file.size > 0;
      }
      // Another file by the same name, or cut short: from the beginning.
      this.#open.delete(file.path);
      return file.size === 0;
    }
    if (file.size === 0) return true;
    if (file.changed <= this.#whole) return true;
    if (this.#recent.size + this.#handed.size > 0) {
      const mark = markOf(file);
      if (this.#recent.has(mark) || this.#handed.has(mark)) return true;
    }
    const scan = this.#scan;
    if (scan === undefined) return false;
    // While a round is finished, what came later waits for the next.
    if (file.changed > at) return true;
    if (file.changed > scan.at) return false;
    const time = Number.isNaN(file.time) ? undefined : file.time;
    return time !== undefined && inOrder({time, path: file.path}, scan) <= 0;
  }

  async *#handOver(
    files: readonly Found[],
    at: number,
    pacer: Pacer | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<SourceBatch, void, void> {
    const resumed = this.#scan;
    let payloads: Payload[] = [];
    let poison: {name: string; detail: string}[] = [];
    let weight = 0;
    const close = (): SourceBatch => {
      const batch: SourceBatch = {
        payloads,
        position: this.#position(),
        ack: async () => {},
        ...(poison.length === 0 ? {} : {poison}),
      };
      payloads = [];
      poison = [];
      weight = 0;
      return batch;
    };
    let fresh = 0;
    for (const [index, file] of files.entries()) {
      if (signal.aborted) return;
      // Those without a delivery time are only now known to have come before.
      if (resumed !== undefined && !this.#open.has(file.path) && inOrder(file, resumed) <= 0)
        continue;
      if (file.changed > at && ++fresh > RECENT_IN_POSITION / 2) continue;
      this.#status = {
        state: 'reading',
        detail: file.path,
        backlog: files.length - index + this.#waiting.size,
      };
      const dead = this.#tooLarge(file);
      if (dead !== undefined) poison.push(dead);
      else {
        try {
          for await (const payload of this.#pieces(file)) {
            payloads.push(payload);
            weight += isGzip(payload.bytes) ? 8 * payload.bytes.length : payload.bytes.length;
            // Where in a growing file this is, the position says; others are whole or not at all.
            if (mayGrow(file.path) && weight >= this.#options.batchBytes) yield close();
            if (signal.aborted) return;
          }
        } catch (cause) {
          this.#notNow(file, cause, poison);
        }
      }
      this.#done(file, at);
      const next = files[index + 1];
      const periodEnds =
        next === undefined ||
        Math.floor(next.time / PERIOD_MS) !== Math.floor(file.time / PERIOD_MS);
      if (payloads.length + poison.length === 0) continue;
      if (!periodEnds && weight < 4 * this.#options.batchBytes) continue;
      if (pacer !== undefined) {
        const events = payloads.reduce((sum, {bytes}) => sum + roughlyEvents(bytes), 0);
        await pacer.turn(file.time, events, signal);
        if (signal.aborted) return;
      } else if (weight < this.#options.batchBytes && next !== undefined) continue;
      if (next === undefined) this.#finishRound(at);
      yield close();
    }
    this.#finishRound(at);
    if (payloads.length + poison.length > 0) yield close();
  }

  #done(file: Found, at: number): void {
    if (file.changed > at) this.#recent.set(markOf(file), file.changed);
    else if (this.#scan === undefined || inOrder(this.#scan, file) < 0) {
      this.#scan = {at, time: file.time, path: file.path};
    }
    const mark = markOf(file);
    if (this.#waiting.has(file.path)) return;
    this.#handed.add(mark);
    if (this.#handed.size > HANDED_REMEMBERED) {
      for (const oldest of this.#handed) {
        this.#handed.delete(oldest);
        break;
      }
    }
  }

  #finishRound(at: number): void {
    this.#whole = Math.max(this.#whole, at);
    this.#scan = undefined;
    for (const [mark, changed] of this.#recent) {
      if (changed <= this.#whole) this.#recent.delete(mark);
    }
  }

  #tooLarge(file: Found): {name: string; detail: string} | undefined {
    if (file.size <= this.#options.maxObjectBytes || mayGrow(file.path)) return undefined;
    const detail = `${file.size} bytes cannot be read in one piece (max_object_bytes)`;
    return {name: join(this.#folder, file.path), detail};
  }

  /** A file that cannot be read stops no other; it is tried again at each look. */
  #notNow(file: Found, cause: unknown, poison: {name: string; detail: string}[]): void {
    const code = codeOf(cause);
    if (code === 'ENOENT') return;
    if (!this.#options.follow) {
      poison.push({name: join(this.#folder, file.path), detail: fault(file.path, cause).message});
      return;
    }
    this.#unreadable.set(file.path, code);
    this.#keepOpen(file, this.#open.get(file.path)?.offset ?? 0);
    this.#waiting.set(file.path, markOf(file));
  }

  #keepOpen(file: Found, offset: number): void {
    // Last touched last, so that the ones forgotten first are those longest at rest.
    this.#open.delete(file.path);
    this.#open.set(file.path, {identity: file.identity, offset});
    if (this.#open.size - this.#waiting.size <= OPEN_AT_REST) return;
    for (const path of this.#open.keys()) {
      if (this.#waiting.has(path)) continue;
      this.#open.delete(path);
      break;
    }
  }

  /** Whether a file has been left alone for so long that it will not be completed any more. */
  #isSettled(file: Found): boolean {
    if (!this.#options.follow || this.#waiting.size > MOST_WAITING) return true;
    return Date.now() - file.modified > this.#options.patienceMs;
  }

  async *#pieces(file: Found): AsyncGenerator<Payload, void, void> {
    const waitedFor = this.#waiting.get(file.path);
    const mark = markOf(file);
    const settled = this.#isSettled(file);
    // Nothing happened to it since it was found incomplete.
    if (waitedFor === mark && !settled && !this.#unreadable.has(file.path)) return;
    yield* mayGrow(file.path) ? this.#growing(file, settled) : this.#wholeFile(file, settled);
    this.#unreadable.delete(file.path);
  }

  async *#wholeFile(file: Found, settled: boolean): AsyncGenerator<Payload, void, void> {
    const place = join(this.#folder, file.path);
    const before = statSync(place);
    const bytes = before.size <= AT_ONCE_BYTES ? readFileSync(place) : await readFile(place);
    const after = statSync(place);
    // What was read is remembered, not what was found a while ago.
    Object.assign(file, stateOf(after));
    if (before.mtimeMs !== after.mtimeMs || bytes.length !== after.size) {
      this.#waiting.set(file.path, '');
      this.#keepOpen(file, 0);
      return;
    }
    if (!settled && !(await isComplete(bytes))) {
      this.#waiting.set(file.path, markOf(file));
      this.#keepOpen(file, 0);
      return;
    }
    this.#waiting.delete(file.path);
    this.#open.delete(file.path);
    yield {name: place, bytes: own(bytes)};
  }

  async *#growing(file: Found, settled: boolean): AsyncGenerator<Payload, void, void> {
    const place = join(this.#folder, file.path);
    const handle = await openFile(place, 'r');
    try {
      let offset = this.#open.get(file.path)?.offset ?? 0;
      let length = PIECE_BYTES;
      while (offset < file.size) {
        const wanted = Math.min(length, file.size - offset);
        const bytes = new Uint8Array(wanted);
        const {bytesRead} = await handle.read(bytes, 0, wanted, offset);
        if (bytesRead < wanted) break;
        const last = offset + wanted === file.size;
        const complete = last && settled ? wanted : completePrefix(bytes);
        if (complete === 0) {
          // A single value that is longer, or one that is not finished.
          if (last || length >= this.#options.maxObjectBytes) break;
          length *= 2;
          continue;
        }
        const from = offset;
        offset += complete;
        this.#waiting.delete(file.path);
        this.#keepOpen(file, offset);
        const name = from === 0 && last ? place : `${place}#bytes=${from}-${offset}`;
        yield {name, bytes: complete === wanted ? bytes : bytes.slice(0, complete)};
      }
      if (offset < file.size) this.#waiting.set(file.path, markOf(file));
      this.#keepOpen(file, offset);
    } finally {
      await handle.close();
    }
  }
}

/** Files that CloudTrail delivered, and compressed ones, are written once. */
function mayGrow(path: string): boolean {
  return !path.endsWith('.gz') && deliveryTimeOf(path) === undefined;
}

async function isComplete(bytes: Uint8Array): Promise<boolean> {
  if (!isGzip(bytes)) return completePrefix(bytes) === bytes.length;
  try {
    await pipeline([bytes], createGunzip({chunkSize: AT_ONCE_BYTES}), async (inflated) => {
      for await (const _ of inflated);
    });
    return true;
  } catch (cause) {
    // Damaged is not incomplete: waiting would not mend it, and the decoder says what is wrong.
    return codeOf(cause) !== 'Z_BUF_ERROR';
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function inOrder(a: Mark, b: Mark): number {
  return a.time === b.time ? compareNames(a.path, b.path) : a.time - b.time;
}

function stateOf(info: Stats): State {
  return {
    size: info.size,
    identity: identityOf(info),
    changed: info.ctimeMs,
    modified: info.mtimeMs,
  };
}

/** Of a file, whatever it is called; the number of a file that is gone is given to another. */
function identityOf({ino, birthtimeMs}: Stats): string {
  return `${ino}.${Math.round(birthtimeMs)}`;
}

/** Short, and another one for every state of a file. */
function markOf(file: Found): string {
  return createHash('sha1')
    .update(`${file.path}\0${file.size}\0${file.modified}`)
    .digest('base64url')
    .slice(0, 12);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    // Gone between the listing and now, or a link to nowhere: there is nothing to read.
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(codeOf(cause))) return undefined;
    throw fault(path, cause);
  }
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown';
}

function own(bytes: Buffer): Uint8Array<ArrayBuffer> {
  if (bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(bytes);
}

function fault(path: string, cause: unknown): AppError {
  const why = messageOf(cause);
  const forbidden = ['EACCES', 'EPERM'].includes(codeOf(cause));
  return new AppError(
    forbidden ? 'source_forbidden' : 'source_unreadable',
    `Cannot read "${path}": ${why}`,
    {cause, retryable: true},
  );
}
