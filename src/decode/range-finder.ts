import type {ScanSpec} from '../event/scan-spec.ts';
import type {RowLayout} from './row-layout.ts';

interface Place {
  /** Words of the fields that want this place. */
  readonly words: number[];
  readonly under: Map<string, Place>;
}

/** Finds the byte ranges of values in text that JSON.parse has accepted. */
export class RangeFinder {
  readonly #root: Place = {words: [], under: new Map()};
  readonly #decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  readonly #wanted: boolean;
  #bytes: Uint8Array = new Uint8Array();
  #position = 0;

  constructor(spec: ScanSpec, layout: RowLayout) {
    this.#wanted = spec.fields.some((field) => field.mode === 'range');
    for (const [index, field] of spec.fields.entries()) {
      if (field.mode !== 'range') continue;
      let place = this.#root;
      for (const key of field.path) {
        const next: Place = place.under.get(key) ?? {words: [], under: new Map()};
        place.under.set(key, next);
        place = next;
      }
      place.words.push(layout.fieldWords[index]!);
    }
  }

  /** Writes the ranges within the object at `from` into the row. */
  find(bytes: Uint8Array, from: number, row: Int32Array): void {
    if (!this.#wanted) return;
    this.#bytes = bytes;
    this.#position = from;
    this.#value(this.#root, row);
  }

  #value(place: Place | undefined, row: Int32Array): void {
    // A key that comes twice counts the second time only.
    if (place) forget(place, row);
    this.#space();
    const start = this.#position;
    const byte = this.#bytes[start];
    if (byte === 0x22) this.#string();
    else if (byte === 0x7b) this.#object(place, row);
    else if (byte === 0x5b) this.#array(place, row);
    else this.#scalar();
    for (const word of place?.words ?? []) {
      row[word] = start;
      row[word + 1] = this.#position - start;
    }
  }

  #object(place: Place | undefined, row: Int32Array): void {
    this.#position++;
    for (;;) {
      this.#space();
      if (this.#bytes[this.#position] === 0x7d) break;
      if (this.#bytes[this.#position] === 0x2c) {
        this.#position++;
        continue;
      }
      const start = this.#position;
      this.#string();
      const below = place && this.#below(place, start);
      this.#space();
      this.#position++;
      this.#value(below, row);
    }
    this.#position++;
  }

  /** The place of the key that begins at `start` and has just been passed. */
  #below(place: Place, start: number): Place | undefined {
    const quoted = this.#decoder.decode(this.#bytes.subarray(start, this.#position));
    const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    return key === '[]' ? undefined : place.under.get(key);
  }

  /** Numbers and words go on to white space, a comma or a bracket. */
  #scalar(): void {
    for (;;) {
      const byte = this.#bytes[this.#position]!;
      if (byte <= 0x20 || byte === 0x2c || byte === 0x5d || byte === 0x7d) return;
      this.#position++;
    }
  }

  #array(place: Place | undefined, row: Int32Array): void {
    this.#position++;
    let element = place?.under.get('[]');
    for (;;) {
      this.#space();
      if (this.#bytes[this.#position] === 0x5d) break;
      if (this.#bytes[this.#position] === 0x2c) this.#position++;
      else {
        this.#value(element, row);
        element = undefined;
      }
    }
    this.#position++;
  }

  #string(): void {
    this.#position++;
    while (this.#bytes[this.#position] !== 0x22) {
      this.#position += this.#bytes[this.#position] === 0x5c ? 2 : 1;
    }
    this.#position++;
  }

  #space(): void {
    while (this.#bytes[this.#position]! <= 0x20) this.#position++;
  }
}

function forget(place: Place, row: Int32Array): void {
  for (const word of place.words) {
    row[word] = -1;
    row[word + 1] = 0;
  }
  for (const next of place.under.values()) forget(next, row);
}
