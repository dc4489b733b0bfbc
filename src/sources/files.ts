import {createReadStream, type Dirent, readFileSync} from 'node:fs';
import {type FileHandle, open, readdir, readFile, stat} from 'node:fs/promises';
import {join, normalize, sep} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {constants, createGunzip, gunzipSync} from 'node:zlib';
import picomatch from 'picomatch';
import {AppError, messageOf} from '../base/errors.ts';
import {parseEventTime} from '../event/event-time.ts';
import {deliveryTimeOf} from './delivery-name.ts';

/** A file of a trail, and where it stands in the order of reading. */
export interface TrailFile {
  readonly path: string;
  /** Bytes on disk; -1 for what is read once, as it comes: standard input, a pipe. */
  readonly size: number;
  /** Delivery time from the name, else the first event's time, else NaN; epoch milliseconds. */
  readonly time: number;
}

export interface FileFault {
  readonly path: string;
  readonly error: AppError;
}

export interface Listing {
  readonly files: readonly TrailFile[];
  /** Files and folders that could not be looked at; the rest of the trail is still read. */
  readonly faults: readonly FileFault[];
}

/** Files larger than this are read in pieces. */
export const WHOLE_FILE_BYTES = 8 * 1024 * 1024;
/** Files up to this are read without letting anything else happen. */
const AT_ONCE_BYTES = 256 * 1024;
const PIECE_BYTES = 1024 * 1024;
/** How much of a nameless file is looked at for its first event's time. */
const PEEK_BYTES = 64 * 1024;
/** Labels that lie beside a simulated trail; no log, though it is called like one. */
const TRUTH_NAME = /(^|[/\\])truth\.jsonl$/;
const LOG_NAME = /\.(json|jsonl|ndjson|log|txt)(\.gz)?$|\.gz$/i;

/**
 * Every log file under the given files, folders and globs, once each, in the order in which the
 * trail was delivered: by delivery time where the name tells it, by the first event's time where
 * not, then by name. Folders are read to any depth; in them only names that look like logs count.
 *
 * @throws AppError `usage` when a path names nothing.
 */
export async function listTrail(paths: readonly string[]): Promise<Listing> {
  const found = new Map<string, number>();
  const faults: FileFault[] = [];
  for (const path of paths) {
    if (path === '-') {
      found.set('-', -1);
      continue;
    }
    await addPath(path, found, faults);
  }
  const files: TrailFile[] = [];
  for (const [path, size] of found) {
    let time = size < 0 ? Number.NaN : deliveryTimeOf(path);
    if (time === undefined) {
      // A file that cannot be read now will say so when its turn comes.
      time = await firstEventTime(path).catch(() => Number.NaN);
    }
    files.push({path, size, time});
  }
  files.sort((a, b) => {
    const ta = Number.isNaN(a.time) ? Number.NEGATIVE_INFINITY : a.time;
    const tb = Number.isNaN(b.time) ? Number.NEGATIVE_INFINITY : b.time;
    return ta === tb ? compareNames(a.path, b.path) : ta - tb;
  });
  return {files, faults};
}

/** Code-point order, so that no machine's locale changes the result. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a name looks like a log; the labels of a simulated trail do not count. */
export function isLog(path: string): boolean {
  return LOG_NAME.test(path) && !TRUTH_NAME.test(path);
}

async function addPath(
  path: string,
  found: Map<string, number>,
  faults: FileFault[],
): Promise<void> {
  let info: Awaited<ReturnType<typeof stat>>;
  try {
    info = await stat(path);
  } catch (cause) {
    if (!/[*?[{]/.test(path)) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new AppError('usage', `No such file or folder: "${path}"`, {cause});
      }
      faults.push({path, error: unreadable(path, cause)});
      return;
    }
    await addGlob(path, found, faults);
    return;
  }
  if (info.isDirectory()) await addFolder(path, found, faults, isLog);
  else found.set(normalize(path), info.isFile() ? info.size : -1);
}

async function addFolder(
  folder: string,
  found: Map<string, number>,
  faults: FileFault[],
  wanted: (path: string) => boolean,
): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, {withFileTypes: true});
  } catch (cause) {
    faults.push({path: folder, error: unreadable(folder, cause)});
    return;
  }
  entries.sort((a, b) => compareNames(a.name, b.name));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      await addFolder(path, found, faults, wanted);
      continue;
    }
    // Links are followed for files only: a link to a folder above would never end.
    if (!(entry.isFile() || entry.isSymbolicLink()) || !wanted(path)) continue;
    try {
      const info = await stat(path);
      if (info.isFile()) found.set(path, info.size);
    } catch (cause) {
      faults.push({path, error: unreadable(path, cause)});
    }
  }
}

async function addGlob(
  pattern: string,
  found: Map<string, number>,
  faults: FileFault[],
): Promise<void> {
  const parts = normalize(pattern).split(sep);
  // As long as there is a folder of that very name, it is a name, whatever characters are in it.
  let literal = 0;
  while (literal < parts.length - 1 && (await isFolder(folderOf(parts, literal + 1)))) literal++;
  const base = folderOf(parts, literal);
  const matches = picomatch(parts.slice(literal).join('/'), {dot: true});
  let any = false;
  const wanted = (path: string) => {
    const matched = matches(path.split(sep).slice(literal).join('/'));
    any ||= matched;
    return matched;
  };
  await addFolder(base, found, faults, wanted);
  if (!any) throw new AppError('usage', `No file matches "${pattern}"`);
}

function folderOf(parts: readonly string[], count: number): string {
  return count === 0 ? '.' : parts.slice(0, count).join(sep) || sep;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

/** Whether a file is small enough to be read whole. */
export function isSmall({size}: TrailFile): boolean {
  return size >= 0 && size <= WHOLE_FILE_BYTES;
}

/**
 * All bytes of a file, without letting anything else happen: for threads that do nothing else.
 * @throws AppError `source_unreadable`
 */
export function readWhole(path: string): Uint8Array<ArrayBuffer> {
  try {
    return own(readFileSync(path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * The bytes of a file, whole if it is small, else in pieces; standard input for "-". Ends early,
 * without an error, when `signal` says so.
 */
export async function* readFilePieces(
  file: TrailFile,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  try {
    if (file.size >= 0 && file.size <= AT_ONCE_BYTES) {
      // Four trips to the thread pool would cost many times what reading so little does.
      yield own(readFileSync(file.path));
      return;
    }
    if (isSmall(file)) {
      yield own(await readFile(file.path));
      return;
    }
    const stream =
      file.path === '-' ? process.stdin : createReadStream(file.path, {highWaterMark: PIECE_BYTES});
    const stop = () => stream.destroy();
    signal?.addEventListener('abort', stop, {once: true});
    try {
      yield* evenPieces(stream as AsyncIterable<Buffer>);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  } catch (cause) {
    if (signal?.aborted === true) return;
    throw unreadable(file.path, cause);
  }
}

/** A stream that is silent for so long is not a file on its way: what there is must not wait. */
const SILENCE_MS = 200;

/**
 * Pieces of one size, however the bytes come: what follows must not depend on a pipe's timing. Only
 * where nothing comes for a while does a smaller piece go on.
 */
async function* evenPieces(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  const pieces = stream[Symbol.asyncIterator]();
  try {
    for (let next = pieces.next(); ; ) {
      const result = filled === 0 ? await next : await withinSilence(next);
      if (result === undefined) {
        yield piece.slice(0, filled);
        filled = 0;
        continue;
      }
      if (result.done === true) break;
      next = pieces.next();
      // Whoever leaves early never waits for it; its failure is then nobody's.
      next.catch(() => {});
      const bytes = result.value;
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + PIECE_BYTES - filled);
        piece.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < PIECE_BYTES) continue;
        yield piece;
        piece = new Uint8Array(PIECE_BYTES);
        filled = 0;
      }
    }
    if (filled > 0) yield piece.slice(0, filled);
  } finally {
    // Not waited for: it comes after the next piece, which may never come.
    pieces.return?.()?.catch(() => {});
  }
}

/** What comes within the time of silence; undefined if nothing does. */
async function withinSilence<T>(coming: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SILENCE_MS);
  });
  try {
    return await Promise.race([coming, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes in a buffer of their own, which may be handed to another thread. */
function own(bytes: Buffer): Uint8Array<ArrayBuffer> {
  if (bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(bytes);
}

export function unreadable(path: string, cause: unknown): AppError {
  const why = messageOf(cause);
  const name = path === '-' ? 'standard input' : `"${path}"`;
  return new AppError('source_unreadable', `Cannot read ${name}: ${why}`, {cause});
}

/** Time of the first event in the beginning of a file, by the look of it; NaN if none is seen. */
export async function firstEventTime(path: string): Promise<number> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const buffer = Buffer.alloc(PEEK_BYTES);
    const {bytesRead} = await handle.read(buffer, 0, PEEK_BYTES, 0);
    let bytes = buffer.subarray(0, bytesRead);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      bytes = gunzipSync(bytes, {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: 64 * 1024 * 1024,
      });
    }
    const text = bytes.subarray(0, 4 * PEEK_BYTES).toString('utf8');
    // The quotes may be escaped: some wrappers carry the record as a string.
    const match = /\\*"eventTime\\*"\s*:\s*\\*"([^"\\]{10,40})/.exec(text);
    return match?.[1] === undefined ? Number.NaN : (parseEventTime(match[1]) ?? Number.NaN);
  } finally {
    await handle?.close();
  }
}

/** The decompressed bytes of one file from `offset`, for looking at a record again. */
export async function readDecompressed(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let at = 0;
  const take = async (stream: AsyncIterable<Buffer>) => {
    for await (const piece of stream) {
      const from = Math.max(0, offset - at);
      const to = Math.min(piece.length, offset + length - at);
      if (from < to) pieces.push(piece.subarray(from, to));
      at += piece.length;
      if (at >= offset + length) return;
    }
  };
  try {
    const head = await readHead(path);
    const file = createReadStream(path, {highWaterMark: PIECE_BYTES});
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    if (gzip) await pipeline(file, createGunzip({chunkSize: PIECE_BYTES}), take);
    else await pipeline(file, take);
  } catch (cause) {
    // What comes after the record, or is missing there, does not matter.
    if (at < offset + length) throw unreadable(path, cause);
  }
  return Buffer.concat(pieces);
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(2);
    await handle.read(buffer, 0, 2, 0);
    return buffer;
  } finally {
    await handle.close();
  }
}
