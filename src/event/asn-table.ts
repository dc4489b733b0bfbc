import {type Ip, parseIp} from './ip.ts';

export interface AsnProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly asn: number;
}

/**
 * Which autonomous system announces an address. IPv6 counts to the /48, beyond which the
 * internet does not route. Where ranges nest, the narrowest wins; finding costs log n.
 *
 * Invariant: per version, the segments are disjoint and ascending.
 */
export class AsnTable {
  readonly #v4: Segments;
  readonly #v6: Segments;

  private constructor(v4: Range[], v6: Range[]) {
    this.#v4 = flatten(v4);
    this.#v6 = flatten(v6);
  }

  /**
   * Reads lines "start,end,asn" or "cidr,asn"; "AS" before the number, quotes, further columns,
   * blank lines, "#" comments and one heading line are allowed. Reports every bad line.
   */
  static parse(text: string): {readonly table: AsnTable; readonly problems: readonly AsnProblem[]} {
    const v4: Range[] = [];
    const v6: Range[] = [];
    const problems: AsnProblem[] = [];
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
      const parsed = rangeOf(cells);
      if (typeof parsed !== 'string') (parsed.version === 4 ? v4 : v6).push(parsed.range);
      else if (index > 0) problems.push({line: index + 1, message: parsed});
      else if (parseIp((cells[0] ?? '').split('/')[0] ?? '') !== undefined) {
        problems.push({line: 1, message: parsed});
      }
    }
    return {table: new AsnTable(v4, v6), problems};
  }

  /** Number of disjoint segments. */
  get size(): number {
    return this.#v4.starts.length + this.#v6.starts.length;
  }

  find(ip: Ip): number | undefined {
    const {starts, ends, asns} = ip.version === 4 ? this.#v4 : this.#v6;
    const value = numberOf(ip);
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= value) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || (ends[low - 1] ?? 0) < value) return undefined;
    return asns[low - 1];
  }
}

interface Segments {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly asns: Float64Array;
}

function rangeOf(cells: readonly string[]): {version: 4 | 6; range: Range} | string {
  const [one = '', two = '', three = ''] = cells;
  const [address = '', bits] = one.split('/');
  const from = parseIp(address);
  if (from === undefined) return `Not an address: "${one.slice(0, 50)}"`;
  const asn = asnOf(bits === undefined ? three : two);
  if (asn === undefined) return 'Not the number of an autonomous system';

  const start = numberOf(from);
  if (bits === undefined) {
    const to = parseIp(two);
    if (to === undefined || to.version !== from.version)
      return `Not the end of a range: "${two.slice(0, 50)}"`;
    const end = numberOf(to);
    return end < start
      ? 'The range ends before it begins'
      : {version: from.version, range: {start, end, asn}};
  }
  const width = from.version === 4 ? 32 : 48;
  const length = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || length > (from.version === 4 ? 32 : 128)) {
    return `Not a prefix length: "${bits.slice(0, 10)}"`;
  }
  const size = 2 ** Math.max(0, width - length);
  const aligned = Math.floor(start / size) * size;
  return {version: from.version, range: {start: aligned, end: aligned + size - 1, asn}};
}

function asnOf(text: string): number | undefined {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  const asn = Number(digits);
  return digits === undefined || asn > 0xffff_ffff ? undefined : asn;
}

function numberOf({version, words}: Ip): number {
  const base = version === 4 ? 0x100 : 0x1_0000;
  return words.slice(0, version === 4 ? 4 : 3).reduce((sum, word) => sum * base + word, 0);
}

/** Cuts nested ranges into disjoint segments by one sweep with a stack of the open ones. */
function flatten(ranges: Range[]): Segments {
  const sorted = ranges.sort((a, b) => a.start - b.start || b.end - a.end);
  const segments: Range[] = [];
  const open: Range[] = [];
  let position = 0;
  const emit = (end: number, asn: number) => {
    if (end >= position) segments.push({start: position, end, asn});
    position = Math.max(position, end + 1);
  };
  const closeBefore = (limit: number) => {
    for (let top = open.at(-1); top !== undefined && top.end < limit; top = open.at(-1)) {
      emit(top.end, top.asn);
      open.pop();
    }
  };
  for (const range of sorted) {
    closeBefore(range.start);
    const top = open.at(-1);
    if (top !== undefined) emit(range.start - 1, top.asn);
    position = Math.max(position, range.start);
    open.push(range);
  }
  closeBefore(Infinity);
  return {
    starts: Float64Array.from(segments, ({start}) => start),
    ends: Float64Array.from(segments, ({end}) => end),
    asns: Float64Array.from(segments, ({asn}) => asn),
  };
}
