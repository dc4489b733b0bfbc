/** How an `Inflater` came to stand still. */
export type InflateState =
  /** It needs more input, or the word that there is none. */
  | 'more'
  /** The stream is complete; `unused` input follows it. */
  | 'end'
  /** The input is no deflate stream, or ends within one. */
  | 'damaged';

const WINDOW = 32 * 1024;
const ROOM = 256 * 1024;
/** Most bytes that a symbol pair, or the header of a block, may take: see RFC 1951. */
const SYMBOL_BYTES = 16;
const HEADER_BYTES = 640;

const LENGTH_BASE = new Uint16Array([
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115],
  ...[131, 163, 195, 227, 258],
]);
const LENGTH_EXTRA = new Uint8Array([
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
]);
const DISTANCE_BASE = new Uint16Array([
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537],
  ...[2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577],
]);
const DISTANCE_EXTRA = new Uint8Array([
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12],
  ...[13, 13],
]);
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const FAST_BITS = 10;

/** A canonical Huffman code (RFC 1951, section 3.2.2): a table for short codes, counts for long ones. */
class Code {
  readonly fast = new Uint16Array(1 << FAST_BITS);
  readonly counts = new Uint16Array(16);
  readonly symbols = new Uint16Array(288);

  /** False when the lengths make no code. One code of one bit may stand alone, as zlib allows. */
  build(lengths: Uint8Array, from: number, to: number): boolean {
    const {counts, symbols, fast} = this;
    counts.fill(0);
    fast.fill(0);
    for (let i = from; i < to; i++) counts[lengths[i]!]!++;
    const used = to - from - counts[0]!;
    counts[0] = 0;
    let left = 1;
    for (let bits = 1; bits <= 15; bits++) {
      left = left * 2 - counts[bits]!;
      if (left < 0) return false;
    }
    if (left > 0 && !(used === 0 || (used === 1 && counts[1] === 1))) return false;
    const offsets = new Uint16Array(16);
    const codes = new Uint16Array(16);
    for (let bits = 1; bits < 15; bits++) {
      offsets[bits + 1] = offsets[bits]! + counts[bits]!;
      codes[bits + 1] = (codes[bits]! + counts[bits]!) << 1;
    }
    for (let i = from; i < to; i++) {
      const bits = lengths[i]!;
      if (bits === 0) continue;
      symbols[offsets[bits]!++] = i - from;
      const code = codes[bits]!++;
      if (bits > FAST_BITS) continue;
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((code >> bit) & 1) << (bits - 1 - bit);
      const entry = ((i - from) << 4) | bits;
      for (let slot = reversed; slot < fast.length; slot += 1 << bits) fast[slot] = entry;
    }
    return true;
  }
}

/**
 * Inflates a raw deflate stream (RFC 1951) in pieces of any size, synchronously, in constant memory
 * and up to the very symbol at which it is damaged. zlib is several times faster but offers Node no
 * synchronous stream, and drops what it had inflated when it meets damage: hence this one, for files
 * too large to inflate at once and for saving what is left of a broken one.
 */
export class Inflater {
  readonly #write: (bytes: Uint8Array) => boolean;
  readonly #out = new Uint8Array(WINDOW + ROOM);
  readonly #lengths = new Uint8Array(320);
  readonly #literals = new Code();
  readonly #distances = new Code();
  #in: Uint8Array = new Uint8Array(0);
  #at = 0;
  #hold = 0;
  #bits = 0;
  #outAt = 0;
  #outFrom = 0;
  /** Bytes consumed before those of `#in`. */
  #before = 0;
  #block: 'header' | 'stored' | 'codes' | 'done' = 'header';
  #last = false;
  #stored = 0;
  #refused = false;

  /** `write` gets the output piece by piece, valid during the call; it returns false to refuse more. */
  constructor(write: (bytes: Uint8Array) => boolean) {
    this.#write = write;
  }

  /** Begins a new stream. */
  begin(): void {
    this.#in = new Uint8Array(0);
    this.#at = this.#hold = this.#bits = this.#outAt = this.#outFrom = this.#before = 0;
    this.#block = 'header';
    this.#last = false;
    this.#refused = false;
  }

  /** Input that was taken but not needed. Copy it before the next call. */
  get unused(): Uint8Array {
    return this.#in.subarray(this.#at - (this.#bits >> 3));
  }

  /** Bytes of this stream that were needed so far; as exact within `write`. */
  get consumed(): number {
    return this.#before + this.#at - (this.#bits >> 3);
  }

  /** True when `write` refused; the stream then counts as damaged. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Takes `bytes`; `final` when none will follow. The output is complete at 'end' and 'damaged'. */
  push(bytes: Uint8Array, final: boolean): InflateState {
    const rest = this.#in.length - this.#at;
    if (rest === 0) this.#in = bytes;
    else {
      const joined = new Uint8Array(rest + bytes.length);
      joined.set(this.#in.subarray(this.#at));
      joined.set(bytes, rest);
      this.#in = joined;
    }
    this.#at = 0;
    const state = this.#run(final);
    if (state === 'more') {
      // Whole bytes go back, so that `unused` never reaches before the input that is held.
      this.#at -= this.#bits >> 3;
      this.#bits &= 7;
      this.#hold &= (1 << this.#bits) - 1;
      this.#before += this.#at;
      // A copy, since the caller may reuse its memory.
      this.#in = this.#in.slice(this.#at);
      this.#at = 0;
    } else this.#flush();
    return this.#refused ? 'damaged' : state;
  }

  #run(final: boolean): InflateState {
    for (;;) {
      if (this.#refused) return 'damaged';
      const available = this.#in.length - this.#at;
      if (this.#block === 'header') {
        if (this.#last) return 'end';
        if (!final && available < HEADER_BYTES) return 'more';
        if (!this.#header()) return 'damaged';
      } else if (this.#block === 'stored') {
        if (this.#stored === 0) this.#block = 'header';
        else if (available === 0) return final ? 'damaged' : 'more';
        else this.#copyStored(available);
      } else {
        if (!final && available < SYMBOL_BYTES) return 'more';
        const state = this.#symbols(final);
        if (state !== undefined) return state;
      }
    }
  }

  /** Bits are read past the end of the input as zeros; `#overrun` tells afterwards. */
  #need(count: number): void {
    while (this.#bits < count) {
      this.#hold |= (this.#in[this.#at++] ?? 0) << this.#bits;
      this.#bits += 8;
    }
  }

  #take(count: number): number {
    if (count === 0) return 0;
    this.#need(count);
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#bits -= count;
    return value;
  }

  #overrun(): boolean {
    return this.#at - (this.#bits >> 3) > this.#in.length;
  }

  #header(): boolean {
    this.#last = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 3) return false;
    if (type === 0) {
      this.#take(this.#bits & 7);
      const length = this.#take(16);
      const check = this.#take(16);
      if (length !== (~check & 0xffff) || this.#overrun()) return false;
      this.#at -= this.#bits >> 3;
      this.#hold = this.#bits = 0;
      this.#stored = length;
      this.#block = 'stored';
      return true;
    }
    this.#block = 'codes';
    if (type === 1) {
      const lengths = this.#lengths;
      lengths
        .fill(8, 0, 144)
        .fill(9, 144, 256)
        .fill(7, 256, 280)
        .fill(8, 280, 288)
        .fill(5, 288, 320);
      return this.#literals.build(lengths, 0, 288) && this.#distances.build(lengths, 288, 320);
    }
    return this.#dynamic() && !this.#overrun();
  }

  #dynamic(): boolean {
    const lengths = this.#lengths;
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const codes = this.#take(4) + 4;
    if (literals > 286 || distances > 30) return false;
    lengths.fill(0);
    for (let i = 0; i < codes; i++) lengths[CODE_ORDER[i]!] = this.#take(3);
    if (!this.#literals.build(lengths, 0, 19)) return false;
    const all = literals + distances;
    // Kept apart until read: the code lengths lie where the lengths go.
    const read = new Uint8Array(all);
    for (let i = 0; i < all; ) {
      const symbol = this.#symbol(this.#literals);
      if (symbol < 0 || symbol > 18) return false;
      if (symbol < 16) {
        read[i++] = symbol;
        continue;
      }
      let repeat: number;
      let value = 0;
      if (symbol === 16) {
        if (i === 0) return false;
        value = read[i - 1]!;
        repeat = 3 + this.#take(2);
      } else repeat = symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + repeat > all) return false;
      read.fill(value, i, i + repeat);
      i += repeat;
    }
    if (read[256] === 0) return false;
    return this.#literals.build(read, 0, literals) && this.#distances.build(read, literals, all);
  }

  #symbol(code: Code): number {
    this.#need(15);
    const entry = code.fast[this.#hold & ((1 << FAST_BITS) - 1)]!;
    if (entry !== 0) {
      this.#hold >>>= entry & 15;
      this.#bits -= entry & 15;
      return entry >> 4;
    }
    let value = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= 15; bits++) {
      value |= (this.#hold >>> (bits - 1)) & 1;
      const count = code.counts[bits]!;
      if (value - count < first) {
        this.#hold >>>= bits;
        this.#bits -= bits;
        return code.symbols[index + (value - first)]!;
      }
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return -1;
  }

  #symbols(final: boolean): InflateState | undefined {
    const out = this.#out;
    const safe = this.#in.length - SYMBOL_BYTES;
    for (;;) {
      if (!final && this.#at > safe) return undefined;
      if (this.#outAt > out.length - 258 && !this.#slide()) return 'damaged';
      const symbol = this.#symbol(this.#literals);
      if (symbol < 0 || (final && this.#overrun())) return 'damaged';
      if (symbol < 256) {
        out[this.#outAt++] = symbol;
        continue;
      }
      if (symbol === 256) {
        this.#block = 'header';
        return undefined;
      }
      if (symbol > 285) return 'damaged';
      const length = LENGTH_BASE[symbol - 257]! + this.#take(LENGTH_EXTRA[symbol - 257]!);
      const far = this.#symbol(this.#distances);
      if (far < 0 || far > 29) return 'damaged';
      const distance = DISTANCE_BASE[far]! + this.#take(DISTANCE_EXTRA[far]!);
      if (final && this.#overrun()) return 'damaged';
      let source = this.#outAt - distance;
      if (source < 0) return 'damaged';
      const to = this.#outAt + length;
      for (let at = this.#outAt; at < to; ) out[at++] = out[source++]!;
      this.#outAt = to;
    }
  }

  #copyStored(available: number): void {
    if (this.#outAt > this.#out.length - 258 && !this.#slide()) return;
    const room = this.#out.length - this.#outAt;
    const count = Math.min(available, this.#stored, room);
    this.#out.set(this.#in.subarray(this.#at, this.#at + count), this.#outAt);
    this.#at += count;
    this.#outAt += count;
    this.#stored -= count;
  }

  /** Hands over the output and keeps the window. */
  #slide(): boolean {
    this.#flush();
    const kept = Math.min(WINDOW, this.#outAt);
    this.#out.copyWithin(0, this.#outAt - kept, this.#outAt);
    this.#outAt = this.#outFrom = kept;
    return !this.#refused;
  }

  #flush(): void {
    if (this.#outFrom === this.#outAt || this.#refused) return;
    const bytes = this.#out.subarray(this.#outFrom, this.#outAt);
    this.#outFrom = this.#outAt;
    if (!this.#write(bytes)) this.#refused = true;
  }
}
