import type {Reject} from '../src/base/outcome.ts';
import {FileDecoder} from '../src/decode/decoder.ts';
import type {DecodeLimits} from '../src/decode/limits.ts';
import type {RecordSink} from '../src/decode/record-sink.ts';
import {PlainScanner} from './plain-scanner.ts';

export interface DecodedRecord {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  readonly milliseconds: number;
  readonly record: Record<string, unknown>;
}

/** What a decoder made of a file, in the order of the file. */
export interface Decoded {
  readonly records: DecodedRecord[];
  readonly rejects: Reject[];
  readonly drops: Record<string, number>;
}

export interface DecodedOptions {
  /** Size of the chunks that are pushed; a whole file at once when absent. */
  readonly chunk?: number;
  readonly understands?: boolean;
  readonly capacity?: number;
  readonly room?: number;
  readonly limits?: Partial<DecodeLimits>;
}

export function decoded(file: Uint8Array | string, options: DecodedOptions = {}): Decoded {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  const scanner = new PlainScanner({understands: true, ...options});
  const result: Decoded = {records: [], rejects: [], drops: {}};
  const sink: RecordSink = {
    rows(from, range) {
      for (let row = range.from; row < range.to; row++) {
        result.records.push({
          index: range.firstIndex + row - range.from,
          offset: range.baseOffset + from.rows[row * from.stride + 8]!,
          length: from.rows[row * from.stride + 9]!,
          milliseconds: from.rows[row * from.stride + 2]!,
          record: scanner.records[row]!,
        });
      }
    },
    reject: (reject) => result.rejects.push(reject),
    drop(reason, count) {
      result.drops[reason] = (result.drops[reason] ?? 0) + count;
    },
  };
  const decoder = new FileDecoder(scanner, sink, options.limits);
  if (options.chunk === undefined) decoder.decodeFile(bytes);
  else {
    decoder.begin();
    for (let at = 0; at < bytes.length; at += options.chunk) {
      // A copy that is wiped afterwards: the decoder must not hold on to it.
      const chunk = Uint8Array.from(bytes.subarray(at, at + options.chunk));
      decoder.push(chunk);
      chunk.fill(0);
    }
    decoder.end();
  }
  result.records.sort((a, b) => a.index - b.index);
  result.rejects.sort((a, b) => a.index - b.index);
  return result;
}
