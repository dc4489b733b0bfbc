import {isObject} from './record-shape.ts';

export interface Place {
  readonly offset: number;
  readonly length: number;
}

const DECODER = new TextDecoder();

/**
 * Byte ranges of all objects within a value that `JSON.parse` has accepted. `bytes` holds the text
 * of `root` from `from` on; offsets count from `bytes[0]`. One pass, no deeper than the value.
 */
export function placeObjects(root: unknown, bytes: Uint8Array, from: number): Map<object, Place> {
  const places = new Map<object, Place>();
  let at = from;

  function space(): void {
    while (bytes[at]! <= 0x20) at++;
  }

  /** Skips a string; returns its text only if asked, since most are of no interest. */
  function text(wanted: boolean): string {
    const start = at++;
    let escaped = false;
    while (bytes[at] !== 0x22) {
      if (bytes[at] === 0x5c) {
        escaped = true;
        at++;
      }
      at++;
    }
    at++;
    if (!wanted) return '';
    if (escaped) return JSON.parse(DECODER.decode(bytes.subarray(start, at))) as string;
    return DECODER.decode(bytes.subarray(start + 1, at - 1));
  }

  function visit(value: unknown): void {
    space();
    const start = at;
    const byte = bytes[at];
    if (byte === 0x22) text(false);
    else if (byte === 0x7b) {
      at++;
      const object = isObject(value) ? value : undefined;
      for (space(); bytes[at] !== 0x7d; space()) {
        const key = text(object !== undefined);
        space();
        at++;
        // Of duplicated keys the last wins, here as there: it overwrites the place.
        visit(object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined);
        space();
        if (bytes[at] === 0x2c) at++;
      }
      at++;
      if (object !== undefined) places.set(object, {offset: start, length: at - start});
    } else if (byte === 0x5b) {
      at++;
      const array = Array.isArray(value) ? value : [];
      let index = 0;
      for (space(); bytes[at] !== 0x5d; space()) {
        visit(array[index++]);
        space();
        if (bytes[at] === 0x2c) at++;
      }
      at++;
    } else {
      while (bytes[at]! > 0x20 && !isEndOfLiteral(bytes[at]!)) at++;
    }
  }

  visit(root);
  return places;
}

function isEndOfLiteral(byte: number): boolean {
  return byte === 0x2c || byte === 0x5d || byte === 0x7d;
}
