import {isList, isSpace, LONGEST_LIST} from './lists.ts';

/** Why a framer stopped. */
export type FrameStop =
  /** The bytes ended within the value. */
  | 'more'
  /** The value is complete; `next` is just after it. */
  | 'end'
  /** The byte at `next` cannot stand there. */
  | 'error'
  /** `next` is just after the "[" of a list (see lists.ts), at the root object's first level. */
  | 'list';

/** Beyond this many open brackets a value counts as broken, so that the stack has a bound. */
const DEEPEST = 1 << 20;

const VALUE = 0;
const VALUE_OR_CLOSE = 1;
const KEY = 2;
const KEY_OR_CLOSE = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const ESCAPE = 7;
const LITERAL = 8;

const OBJECT = 1;
const ARRAY = 0;

/**
 * Finds where a JSON value ends, over any number of chunks. It checks the order of tokens, so that
 * a broken value is noticed at the first byte that cannot stand there, and not at the end of the
 * file; numbers, literals and escapes it leaves to `JSON.parse`.
 */
export class JsonFramer {
  readonly #limit: number;
  #state = VALUE;
  #stack = new Uint8Array(256);
  #starts: Float64Array;
  #depth = 0;
  #inKey = false;
  #keyLength = 0;
  readonly #key = new Uint8Array(LONGEST_LIST);
  #atList = false;

  /** Index at which the last `feed` stopped. */
  next = 0;
  /** True once more brackets were open than the limit. */
  tooDeep = false;
  /** File offset of the string that is, or ends in, the last token; -1 if that is no string. */
  lastString = -1;

  constructor(depthLimit: number) {
    this.#limit = depthLimit;
    this.#starts = new Float64Array(depthLimit + 1);
  }

  /** Begins before a value. */
  begin(): void {
    this.#state = VALUE;
    this.#depth = 0;
    this.tooDeep = false;
    this.lastString = -1;
    this.#inKey = false;
    this.#atList = false;
  }

  /** Begins within an object that opened at `start`, just after one of its values. */
  beginWithin(start: number): void {
    this.begin();
    this.#push(OBJECT, start);
    this.#state = AFTER;
  }

  /** File offsets of the brackets that are open. Meaningless once `tooDeep`. */
  openStarts(): ReadonlySet<number> {
    return new Set(this.#starts.subarray(0, this.#depth));
  }

  /** Reads on. `base` is the file offset of `bytes[0]`; `lists` whether to stop at a list. */
  feed(bytes: Uint8Array, from: number, base: number, lists = false): FrameStop {
    const end = bytes.length;
    let at = from;
    while (at < end) {
      const byte = bytes[at]!;
      switch (this.#state) {
        case STRING: {
          const key = this.#inKey && this.#depth === 1;
          let c = byte;
          while (c !== 0x22 && c !== 0x5c && c >= 0x20) {
            if (key) this.#keyByte(c);
            if (++at === end) return this.#stop(at, 'more');
            c = bytes[at]!;
          }
          if (c < 0x20) return this.#stop(at, 'error');
          if (key) this.#keyByte(c);
          at++;
          if (c === 0x5c) this.#state = ESCAPE;
          else if (this.#inKey) this.#state = COLON;
          else if (this.#after()) return this.#stop(at, 'end');
          continue;
        }
        case ESCAPE:
          // Any of "\/bfnrtu; the digits of \u are left to JSON.parse.
          if (!isEscape(byte)) return this.#stop(at, 'error');
          if (this.#inKey && this.#depth === 1) this.#keyByte(byte);
          this.#state = STRING;
          at++;
          continue;
        case LITERAL:
          if (isLiteral(byte)) {
            at++;
            continue;
          }
          if (this.#after()) return this.#stop(at, 'end');
          continue;
      }
      if (isSpace(byte)) {
        at++;
        continue;
      }
      const state = this.#state;
      if (state === COLON) {
        if (byte !== 0x3a) return this.#stop(at, 'error');
        this.lastString = -1;
        this.#atList = lists && this.#depth === 1 && isList(this.#key, 0, this.#keyLength);
        this.#state = VALUE;
      } else if (state === AFTER) {
        if (byte === 0x2c) {
          this.#state = this.#stack[this.#depth - 1] === OBJECT ? KEY : VALUE;
          this.lastString = -1;
        } else if (this.#closes(byte)) {
          if (this.#close()) return this.#stop(at + 1, 'end');
        } else return this.#stop(at, 'error');
      } else if (state === KEY || state === KEY_OR_CLOSE) {
        if (byte === 0x22) {
          this.#state = STRING;
          this.#inKey = true;
          this.#keyLength = 0;
          this.lastString = base + at;
          if (this.#depth === 1) this.#keyByte(byte);
        } else if (state === KEY_OR_CLOSE && byte === 0x7d) {
          if (this.#close()) return this.#stop(at + 1, 'end');
        } else return this.#stop(at, 'error');
      } else if (byte === 0x22) {
        this.#state = STRING;
        this.#inKey = false;
        this.lastString = base + at;
      } else if (byte === 0x7b) {
        if (!this.#push(OBJECT, base + at)) return this.#stop(at, 'error');
        this.#state = KEY_OR_CLOSE;
      } else if (byte === 0x5b) {
        if (this.#atList) {
          this.#atList = false;
          return this.#stop(at + 1, 'list');
        }
        if (!this.#push(ARRAY, base + at)) return this.#stop(at, 'error');
        this.#state = VALUE_OR_CLOSE;
      } else if (state === VALUE_OR_CLOSE && byte === 0x5d) {
        if (this.#close()) return this.#stop(at + 1, 'end');
      } else if (isLiteral(byte)) {
        this.#state = LITERAL;
        this.lastString = -1;
      } else return this.#stop(at, 'error');
      at++;
    }
    return this.#stop(at, 'more');
  }

  #stop(at: number, stop: FrameStop): FrameStop {
    this.next = at;
    return stop;
  }

  /** After a value; true when it was the root. */
  #after(): boolean {
    this.#state = AFTER;
    return this.#depth === 0;
  }

  #push(type: number, start: number): boolean {
    if (this.#depth === DEEPEST) return false;
    if (this.#depth === this.#stack.length) {
      const stack = new Uint8Array(this.#depth * 2);
      stack.set(this.#stack);
      this.#stack = stack;
    }
    if (this.#depth <= this.#limit) this.#starts[this.#depth] = start;
    this.#stack[this.#depth++] = type;
    if (this.#depth > this.#limit) this.tooDeep = true;
    this.lastString = -1;
    return true;
  }

  #closes(byte: number): boolean {
    return byte === (this.#stack[this.#depth - 1] === OBJECT ? 0x7d : 0x5d);
  }

  #close(): boolean {
    this.#depth--;
    this.lastString = -1;
    return this.#after();
  }

  #keyByte(byte: number): void {
    if (this.#keyLength < LONGEST_LIST) this.#key[this.#keyLength] = byte;
    this.#keyLength++;
  }
}

function isEscape(byte: number): boolean {
  switch (byte) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
    case 0x75:
      return true;
    default:
      return false;
  }
}

function isLiteral(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}
