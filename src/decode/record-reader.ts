import {hash64} from '../base/hash.ts';
import {textAt, textOfField} from '../event/field-text.ts';
import type {ScanField} from '../event/scan-spec.ts';
import {
  HAS_ID_WORD,
  hasText,
  ID_WORD,
  MILLISECONDS_WORD,
  type RowLayout,
  TIME_WORD,
} from './row-layout.ts';
import {LONG_TERM_KEY, ownValue} from './scan-rules.ts';

const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const CANONICAL_UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Takes what a specification asks for out of a parsed record, slowly and plainly: what the fast
 * scanner does is right if it agrees with this.
 */
export class RecordReader {
  readonly #fields: readonly ScanField[];

  readonly #words: readonly number[];

  constructor({spec, fieldWords}: RowLayout) {
    this.#fields = spec.fields;
    this.#words = fieldWords;
  }

  /**
   * Writes time, id and hashes into the row, and returns the text of each field, '' if it is absent
   * or has none.
   */
  read(record: object, row: Int32Array): string[] {
    const hasTime = takeTime(ownValue(record, 'eventTime'), row);
    const hasId = takeUuid(ownValue(record, 'eventID'), row);
    return this.#fields.map((field, index) => {
      if (field.mode === 'accessKey') {
        takeHash(textAt(record, field.path), row, this.#words[index]!);
      }
      if (!hasText(field)) return '';
      // What the row holds in another form would only fill the table of texts.
      if (field.path.length === 1) {
        if (hasTime && field.path[0] === 'eventTime') return '';
        if (hasId && field.path[0] === 'eventID') return '';
      }
      return textOfField(record, field);
    });
  }
}

/** Half a surrogate pair stands for no character; it reads as U+FFFD, as everywhere in UTF-8. */
export function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text)
    ? text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) =>
        found.length === 2 ? found : '\ufffd',
      )
    : text;
}

function takeHash(text: string, row: Int32Array, word: number): void {
  if (text === '' || text.startsWith(LONG_TERM_KEY)) return;
  const {hi, lo} = hash64(wellFormed(text));
  row[word] = hi;
  row[word + 1] = lo;
}

function takeTime(value: unknown, row: Int32Array): boolean {
  if (typeof value !== 'string' || !CANONICAL_TIME.test(value)) return false;
  const time = new Date(value);
  // Days that the month lacks are carried into the next one, or make no date at all.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== value.slice(0, 19)) {
    return false;
  }
  const seconds = BigInt(time.getTime() / 1000);
  row[TIME_WORD] = Number(BigInt.asIntN(32, seconds));
  row[TIME_WORD + 1] = Number(seconds >> 32n);
  row[MILLISECONDS_WORD] = 0;
  return true;
}

function takeUuid(value: unknown, row: Int32Array): boolean {
  if (typeof value !== 'string' || !CANONICAL_UUID.test(value)) return false;
  const digits = value.replaceAll('-', '');
  for (let i = 0; i < 4; i++) {
    row[ID_WORD + i] = Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16) | 0;
  }
  row[HAS_ID_WORD] = 1;
  return true;
}
