import {mkdir, open, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {AppError, messageOf} from '../../base/errors.ts';
import {readWhole} from '../model-file.ts';
import type {EngineSnapshot} from './engine.ts';

/** A snapshot that is kept, or what is wrong with it. */
export interface CheckpointInfo {
  readonly entry: number;
  /** When it was made, epoch milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

interface Manifest {
  readonly version: 1;
  readonly entry: number;
  readonly at: number;
  readonly files: readonly {
    readonly name: string;
    /** The stream whose detector it is; null for the state of the engine. */
    readonly stream: string | null;
    readonly bytes: number;
    readonly crc: number;
  }[];
}

const KEPT = 2;
const MANIFEST = 'manifest.json';

/**
 * The engine's snapshots on disk, a folder each, named by the entry they end with. A folder gets its
 * name only once all of it is safe; what else lies there was left by a crash, and is removed.
 */
export class Checkpoints {
  readonly #folder: string;
  #entries: number[];

  private constructor(folder: string, entries: number[]) {
    this.#folder = folder;
    this.#entries = entries;
  }

  /** @throws AppError `snapshot_unreadable` */
  static async open(folder: string): Promise<Checkpoints> {
    try {
      await mkdir(folder, {recursive: true});
      const entries: number[] = [];
      for (const name of await readdir(folder)) {
        if (/^\d{12}$/.test(name)) entries.push(Number(name));
        else if (name.endsWith('.tmp')) await rm(join(folder, name), {recursive: true});
      }
      return new Checkpoints(
        folder,
        entries.sort((a, b) => a - b),
      );
    } catch (cause) {
      throw unreadable(folder, cause);
    }
  }

  /** Entries that snapshots end with, ascending. */
  get entries(): readonly number[] {
    return this.#entries;
  }

  /** @throws AppError `snapshot_unreadable` when it is damaged or not there. */
  async load(entry: number): Promise<{snapshot: EngineSnapshot; info: CheckpointInfo}> {
    const folder = this.#path(entry);
    try {
      const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
      if (manifest.version !== 1) {
        throw new Error(`its version is ${manifest.version}, this build reads 1`);
      }
      if (manifest.entry !== entry) throw new Error(`it is of entry ${manifest.entry}`);
      const streams: {name: string; bytes: Uint8Array}[] = [];
      let state: string | undefined;
      let size = 0;
      for (const {name, stream, bytes: wanted, crc} of manifest.files) {
        // Names are our own; one that leads elsewhere is none of them.
        if (!/^[a-z0-9-]+\.(json|bin)$/.test(name)) throw new Error(`"${name}" is no file of it`);
        const bytes = await readWhole(join(folder, name));
        if (bytes.length !== wanted || crc32(bytes) !== crc) throw new Error(`${name} is damaged`);
        size += bytes.length;
        if (stream === null) state = new TextDecoder().decode(bytes);
        else streams.push({name: stream, bytes});
      }
      if (state === undefined) throw new Error('it has no state');
      return {snapshot: {entry, state, streams}, info: {entry, at: manifest.at, bytes: size}};
    } catch (cause) {
      throw unreadable(folder, cause);
    }
  }

  /**
   * Keeps a snapshot, and forgets those before the one before it.
   * @throws AppError `snapshot_unwritable`, retryable; those kept before are untouched.
   */
  async save(
    snapshot: EngineSnapshot,
    at: number,
    counts: () => Promise<boolean>,
  ): Promise<CheckpointInfo | undefined> {
    const {entry} = snapshot;
    const draft = `${this.#path(entry)}.tmp`;
    try {
      await rm(draft, {recursive: true, force: true});
      await mkdir(draft);
      const files: Manifest['files'][number][] = [];
      const write = async (name: string, stream: string | null, bytes: Uint8Array) => {
        await writeSafe(join(draft, name), bytes);
        files.push({name, stream, bytes: bytes.length, crc: crc32(bytes)});
      };
      await write('state.json', null, new TextEncoder().encode(snapshot.state));
      for (const [i, {name, bytes}] of snapshot.streams.entries()) {
        await write(`stream-${i}.bin`, name, bytes);
      }
      const manifest: Manifest = {version: 1, entry, at, files};
      await writeSafe(join(draft, MANIFEST), new TextEncoder().encode(JSON.stringify(manifest)));
      await syncFolder(draft);
      // The rows of what it has learnt must be there before it may count.
      if (!(await counts())) {
        await rm(draft, {recursive: true, force: true});
        return undefined;
      }
      await rm(this.#path(entry), {recursive: true, force: true});
      await rename(draft, this.#path(entry));
      await syncFolder(this.#folder);
      this.#entries = [...this.#entries.filter((each) => each !== entry), entry].sort(
        (a, b) => a - b,
      );
      return {entry, at, bytes: files.reduce((sum, {bytes}) => sum + bytes, 0)};
    } catch (cause) {
      await rm(draft, {recursive: true, force: true}).catch(() => {});
      const why = messageOf(cause);
      throw new AppError('snapshot_unwritable', `Cannot save snapshot "${draft}": ${why}`, {
        cause,
        retryable: true,
      });
    }
  }

  /** Removes all but the newest two; the oldest entry that is still kept. */
  async prune(): Promise<number> {
    for (const entry of this.#entries.slice(0, -KEPT)) {
      await rm(this.#path(entry), {recursive: true, force: true});
    }
    this.#entries = this.#entries.slice(-KEPT);
    return this.#entries[0] ?? 0;
  }

  /** Removes one that is damaged, so that it is not counted among the two. */
  async drop(entry: number): Promise<void> {
    await rm(this.#path(entry), {recursive: true, force: true});
    this.#entries = this.#entries.filter((each) => each !== entry);
  }

  #path(entry: number): string {
    return join(this.#folder, String(entry).padStart(12, '0'));
  }
}

async function writeSafe(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function unreadable(place: string, cause: unknown): AppError {
  const why = messageOf(cause);
  return new AppError('snapshot_unreadable', `Cannot read snapshot "${place}": ${why}`, {cause});
}
