import {constants, crc32, createGunzip, gunzipSync} from 'node:zlib';
import {Inflater} from './inflate.ts';
import type {DecodeLimits} from './limits.ts';

export type GzipFault = 'gzip_damaged' | 'gzip_expansion';

const FAST_OUTPUT = 256 * 1024 * 1024;
const KEPT_OUTPUT = 32 * 1024 * 1024;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Reads gzip (RFC 1952) in pieces of any size: members one after the other, zero padding after the
 * last. What is inflated before a fault is handed over first.
 */
export class GzipReader {
  readonly #limits: DecodeLimits;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #inflater: Inflater;
  #part: 'header' | 'body' | 'trailer' | 'padding' = 'header';
  #held: Uint8Array = new Uint8Array(0);
  /** Compressed bytes of the members before this one. */
  #taken = 0;
  #padded = false;
  #written = 0;
  #size = 0;
  #crc = 0;
  #fault: GzipFault | undefined;

  constructor(limits: DecodeLimits, write: (bytes: Uint8Array) => void) {
    this.#limits = limits;
    this.#write = write;
    this.#inflater = new Inflater((bytes) => this.#output(bytes));
  }

  get fault(): GzipFault | undefined {
    return this.#fault;
  }

  push(bytes: Uint8Array): void {
    this.#read(bytes, false);
  }

  end(): void {
    this.#read(new Uint8Array(0), true);
  }

  #read(bytes: Uint8Array, final: boolean): void {
    let input = bytes;
    while (this.#fault === undefined) {
      if (this.#part === 'body') {
        const state = this.#inflater.push(input, final);
        if (state === 'more') return;
        if (state === 'damaged') {
          this.#fault ??= 'gzip_damaged';
          return;
        }
        input = this.#inflater.unused.slice();
        this.#taken += this.#inflater.consumed;
        this.#part = 'trailer';
      }
      if (this.#held.length > 0) {
        const joined = new Uint8Array(this.#held.length + input.length);
        joined.set(this.#held);
        joined.set(input, this.#held.length);
        input = joined;
        this.#held = new Uint8Array(0);
      }
      if (input.length === 0 && this.#part === 'padding') return;
      const used = this.#frame(input, final);
      if (used < 0) {
        this.#held = input.slice();
        return;
      }
      input = input.subarray(used);
    }
  }

  /** Bytes of header, trailer or padding at the start of `input`; -1 when it must be longer. */
  #frame(input: Uint8Array, final: boolean): number {
    if (this.#part === 'trailer') {
      if (input.length < 8) return this.#short(final);
      const view = new DataView(input.buffer, input.byteOffset, 8);
      const whole = view.getUint32(0, true) === this.#crc;
      if (!whole || view.getUint32(4, true) !== this.#size % 0x1_0000_0000) return this.#damaged();
      this.#part = 'padding';
      return 8;
    }
    if (this.#part === 'padding') {
      let zeros = 0;
      while (zeros < input.length && input[zeros] === 0) zeros++;
      if (zeros > 0) this.#padded = true;
      if (zeros === input.length) return zeros;
      if (this.#padded) return this.#damaged();
      this.#part = 'header';
      return 0;
    }
    const length = headerLength(input);
    if (length === undefined) return this.#short(final);
    if (length < 0) return this.#damaged();
    this.#inflater.begin();
    this.#size = this.#crc = 0;
    this.#part = 'body';
    return length;
  }

  #short(final: boolean): number {
    if (final) this.#damaged();
    return -1;
  }

  #damaged(): number {
    this.#fault = 'gzip_damaged';
    return -1;
  }

  #output(bytes: Uint8Array): boolean {
    this.#size += bytes.length;
    this.#written += bytes.length;
    this.#crc = crc32(bytes, this.#crc);
    const taken = this.#taken + this.#inflater.consumed;
    if (isBomb(this.#written, taken, this.#limits)) {
      this.#fault = 'gzip_expansion';
      return false;
    }
    this.#write(bytes);
    return true;
  }
}

/** What is used of zlib's engine, as `gunzipSync` uses it. */
interface Engine {
  reset(): void;
  close(): void;
  onerror: () => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

/**
 * Inflates whole gzip files with one engine and one buffer for all of them. `gunzipSync` makes both
 * anew for each file, which for files of some kilobytes costs more than inflating them.
 */
export class GzipEngine {
  #engine: Engine | undefined;
  /** Output and input left over by the last write. */
  #left: Uint32Array = new Uint32Array(2);
  #failed = false;
  #out = new Uint8Array(256 * 1024);

  /** As `gunzipAtOnce`; what it returns is valid until the next call. */
  gunzip(bytes: Uint8Array, limits: DecodeLimits): Uint8Array | undefined {
    if (bytes.length < 18) return undefined;
    const engine = this.#open();
    if (engine === undefined) return gunzipAtOnce(bytes, limits);
    engine.reset();
    this.#reserve(sizeHint(bytes));
    let from = 0;
    let written = 0;
    for (;;) {
      const out = this.#out;
      const room = out.length - written;
      engine.writeSync(constants.Z_FINISH, bytes, from, bytes.length - from, out, written, room);
      if (this.#failed) {
        this.#close();
        return undefined;
      }
      const [outputLeft = 0, inputLeft = 0] = this.#left;
      written += room - outputLeft;
      from = bytes.length - inputLeft;
      if (outputLeft > 0) break;
      if (written >= FAST_OUTPUT) return undefined;
      this.#reserve(out.length * 2);
    }
    if (isBomb(written, bytes.length, limits)) return undefined;
    for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return undefined;
    const text = this.#out.subarray(0, written);
    // A buffer that one huge file has grown is not kept for the files to come.
    if (this.#out.length > KEPT_OUTPUT) this.#out = new Uint8Array(256 * 1024);
    return text;
  }

  #reserve(bytes: number): void {
    const needed = Math.min(bytes, FAST_OUTPUT);
    if (needed <= this.#out.length) return;
    const out = new Uint8Array(Math.ceil(needed * 1.25));
    out.set(this.#out);
    this.#out = out;
  }

  #open(): Engine | undefined {
    if (this.#engine !== undefined) return this.#engine;
    const stream = createGunzip() as unknown as {
      _handle?: Engine;
      _writeState?: Uint32Array;
      on(event: 'error', listener: () => void): void;
    };
    const {_handle: engine, _writeState: left} = stream;
    // Not part of Node's promises: where it is gone, files are inflated the public way.
    if (typeof engine?.writeSync !== 'function' || !(left instanceof Uint32Array)) return undefined;
    stream.on('error', () => {});
    engine.onerror = () => {
      this.#failed = true;
    };
    this.#left = left;
    this.#failed = false;
    this.#engine = engine;
    return engine;
  }

  #close(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }
}

/** The last four bytes claim the size of the last member; they may lie. */
function sizeHint(bytes: Uint8Array): number {
  const end = bytes.byteOffset + bytes.length;
  const claimed = new DataView(bytes.buffer, end - 4, 4).getUint32(0, true);
  // One byte more, so that the end is seen without another round.
  return Math.min(Math.max(claimed + 1, 64 * 1024), bytes.length * 64 + 64 * 1024, FAST_OUTPUT);
}

/**
 * Inflates a whole gzip file at once, or returns undefined when it is better read by `GzipReader`:
 * too large, damaged, or suspicious.
 */
export function gunzipAtOnce(bytes: Uint8Array, limits: DecodeLimits): Uint8Array | undefined {
  if (bytes.length < 18) return undefined;
  try {
    const {buffer, engine} = gunzipSync(bytes, {
      maxOutputLength: FAST_OUTPUT,
      chunkSize: sizeHint(bytes),
      info: true,
    }) as unknown as {buffer: Uint8Array; engine: {bytesWritten: number}};
    if (isBomb(buffer.length, bytes.length, limits)) return undefined;
    for (let at = engine.bytesWritten; at < bytes.length; at++)
      if (bytes[at] !== 0) return undefined;
    return buffer;
  } catch {
    // Whatever zlib holds against it, the reader finds again, and keeps what comes before.
    return undefined;
  }
}

/** Inflates gzip that was found within a record. */
export function gunzipWithin(
  bytes: Uint8Array,
  limits: DecodeLimits,
): {ok: true; bytes: Uint8Array} | {ok: false; reason: GzipFault} {
  try {
    const options = {maxOutputLength: limits.expansionBytes};
    return {ok: true, bytes: gunzipSync(bytes, options)};
  } catch (cause) {
    const tooLarge = (cause as {code?: unknown}).code === 'ERR_BUFFER_TOO_LARGE';
    return {ok: false, reason: tooLarge ? 'gzip_expansion' : 'gzip_damaged'};
  }
}

/** The bytes of base64 text, standard or for URLs, with white space; undefined if it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim())) {
    if (!/^[A-Za-z0-9+/_\-\s]+={0,2}\s*$/.test(text)) return undefined;
  }
  return Buffer.from(text, 'base64');
}

function isBomb(written: number, taken: number, limits: DecodeLimits): boolean {
  return written > limits.expansionBytes && written > taken * limits.expansionRatio;
}

/** Length of a member's header, undefined when it is cut off, -1 when it is none. */
function headerLength(bytes: Uint8Array): number | undefined {
  if (bytes.length > 0 && bytes[0] !== 0x1f) return -1;
  if (bytes.length > 1 && bytes[1] !== 0x8b) return -1;
  if (bytes.length < 10) return undefined;
  const flags = bytes[3]!;
  if (bytes[2] !== 8 || (flags & 0xe0) !== 0) return -1;
  let at = 10;
  if ((flags & 4) !== 0) {
    if (bytes.length < at + 2) return undefined;
    at += 2 + bytes[at]! + bytes[at + 1]! * 256;
  }
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return at > bytes.length || bytes.length < 64 * 1024 ? undefined : -1;
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at > bytes.length ? undefined : at;
}
