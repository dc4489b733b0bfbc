import {assert} from './assert.ts';

/** Arrays a section may hold; their code is written before them. */
export type Section = Int32Array | Float64Array | Float32Array | Uint8Array;

/** The bytes ended early, or say what cannot be. */
export class BinaryError extends Error {
  override readonly name = 'BinaryError';
}

/**
 * Named sections of numbers as little-endian bytes:
 *
 *     section := name length (u16), name (UTF-8), type (u8), byte length (f64), bytes
 *
 * Arrays are copied, so that what is read stays valid whatever becomes of the bytes.
 */
export class SectionWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  write(name: string, section: Section): void {
    const text = new TextEncoder().encode(name);
    assert(text.length > 0 && text.length < 65_536, `section name has ${text.length} bytes`);
    const head = new Uint8Array(2 + text.length + 1 + 8);
    const view = new DataView(head.buffer);
    view.setUint16(0, text.length, true);
    head.set(text, 2);
    view.setUint8(2 + text.length, typeOf(section));
    view.setFloat64(3 + text.length, section.byteLength, true);
    this.#push(head);
    this.#push(toBytes(section));
  }

  numbers(name: string, numbers: readonly number[]): void {
    this.write(name, Float64Array.from(numbers));
  }

  text(name: string, text: string): void {
    this.write(name, new TextEncoder().encode(text));
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

/** Reads what `SectionWriter` wrote. Throws nothing but `BinaryError`. */
export class SectionReader {
  readonly #sections = new Map<string, Section>();

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const need = (count: number) => {
      if (!(count >= 0) || at + count > bytes.length) throw new BinaryError('a section ends early');
    };
    while (at < bytes.length) {
      need(2);
      const nameLength = view.getUint16(at, true);
      at += 2;
      need(nameLength + 9);
      const name = new TextDecoder().decode(bytes.subarray(at, at + nameLength));
      at += nameLength;
      const type = view.getUint8(at);
      const length = view.getFloat64(at + 1, true);
      at += 9;
      need(length);
      // A copy, also of a `Buffer`, whose own `slice` is none: numbers need a buffer to themselves.
      this.#sections.set(name, fromBytes(type, new Uint8Array(bytes.subarray(at, at + length))));
      at += length;
    }
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  int32(name: string): Int32Array {
    const section = this.#sections.get(name);
    if (!(section instanceof Int32Array)) throw new BinaryError(`section "${name}" is missing`);
    return section;
  }

  float64(name: string): Float64Array {
    const section = this.#sections.get(name);
    if (!(section instanceof Float64Array)) throw new BinaryError(`section "${name}" is missing`);
    return section;
  }

  uint8(name: string): Uint8Array {
    const section = this.#sections.get(name);
    if (!(section instanceof Uint8Array)) throw new BinaryError(`section "${name}" is missing`);
    return section;
  }

  text(name: string): string {
    return new TextDecoder().decode(this.uint8(name));
  }
}

const WIDTHS = [1, 4, 4, 8];

function typeOf(section: Section): number {
  if (section instanceof Uint8Array) return 0;
  if (section instanceof Int32Array) return 1;
  return section instanceof Float32Array ? 2 : 3;
}

function fromBytes(type: number, bytes: Uint8Array): Section {
  const width = WIDTHS[type];
  if (width === undefined) throw new BinaryError(`a section has the unknown type ${type}`);
  if (bytes.length % width !== 0) throw new BinaryError('a section has part of a number');
  const native = BIG_ENDIAN ? swapped(bytes, width) : bytes;
  if (type === 0) return native;
  if (type === 1) return new Int32Array(native.buffer);
  return type === 2 ? new Float32Array(native.buffer) : new Float64Array(native.buffer);
}

function toBytes(section: Section): Uint8Array {
  const bytes = new Uint8Array(section.buffer, section.byteOffset, section.byteLength);
  return BIG_ENDIAN ? swapped(bytes.slice(), WIDTHS[typeOf(section)] ?? 1) : bytes;
}

const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}
