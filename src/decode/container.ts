import {GzipEngine, type GzipFault, GzipReader, isGzip} from './gzip.ts';
import type {DecodeLimits} from './limits.ts';

/** Larger files, as stored, are not decompressed at once. */
const LARGE_FILE = 64 * 1024 * 1024;
const PIECE = 4 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** The outside of a file, plain or gzip: gives the text within to `take`, which may not keep it. */
export class Container {
  readonly #limits: DecodeLimits;
  readonly #take: (text: Uint8Array) => void;
  readonly #engine = new GzipEngine();
  /** The file so far, too short to tell what it is. */
  #start: Uint8Array = NOTHING;
  #kind: 'unknown' | 'plain' | GzipReader = 'unknown';

  constructor(limits: DecodeLimits, take: (text: Uint8Array) => void) {
    this.#limits = limits;
    this.#take = take;
  }

  /** Begins a file. */
  begin(): void {
    this.#kind = 'unknown';
    this.#start = NOTHING;
  }

  /** Takes the next bytes; they may be reused afterwards. */
  push(chunk: Uint8Array): void {
    const bytes = plain(chunk);
    if (this.#kind === 'plain') this.#take(bytes);
    else if (this.#kind !== 'unknown') this.#kind.push(bytes);
    else {
      const start = this.#start.length === 0 ? bytes : join(this.#start, bytes);
      if (start.length < 2) {
        this.#start = start.slice();
        return;
      }
      this.#start = NOTHING;
      if (isGzip(start)) {
        this.#kind = new GzipReader(this.#limits, this.#take);
        this.#kind.push(start);
      } else {
        this.#kind = 'plain';
        this.#take(start);
      }
    }
  }

  /** Takes all bytes of the file that has just begun. */
  pushAll(file: Uint8Array): void {
    const bytes = plain(file);
    const small = isGzip(bytes) && bytes.length <= LARGE_FILE;
    const text = small ? this.#engine.gunzip(bytes, this.#limits) : undefined;
    if (text !== undefined) {
      this.#kind = 'plain';
      this.#take(text);
    } else {
      for (let at = 0; at < bytes.length; at += PIECE) this.push(bytes.subarray(at, at + PIECE));
    }
  }

  /** Ends the file; returns what was wrong with the container. */
  end(): GzipFault | undefined {
    if (this.#kind === 'unknown') this.#take(this.#start);
    if (typeof this.#kind !== 'object') return undefined;
    this.#kind.end();
    return this.#kind.fault;
  }
}

/** Without the wiles of `Buffer`, whose `slice` does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
