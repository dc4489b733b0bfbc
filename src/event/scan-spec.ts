/**
 * What decoding takes out of a record. The byte scanner and the `JSON.parse` reference both follow
 * this description, so that they can be held against each other field by field.
 */

/**
 * - `text`: a string is itself; `true` and `false` are the texts "true" and "false"; everything
 *   else (null, numbers, objects, arrays, absent) counts as absent.
 * - `prefix`: as `text`, cut before the second "/" segment: "a/b/c" gives "a/", "a" gives "a".
 * - `range`: the byte range of the value, whatever it is; no text.
 * - `accessKey`: the `hash64` of what `text` would be, and no text; absent too if it is a long-term
 *   key ("AKIA…"), which no call ever issues.
 */
export type FieldMode = 'text' | 'prefix' | 'range' | 'accessKey';

export interface ScanField {
  /** Unique name, by which groups refer to it. */
  readonly name: string;
  /** Keys from the record's root; "[]" is the first element of an array; none is a number. */
  readonly path: readonly string[];
  readonly mode: FieldMode;
  /** False for a text or prefix that only groups want: rows are the shorter for it. */
  readonly inRow?: boolean;
}

/**
 * Fields whose values together decide one derived thing. Every distinct combination gets a dense
 * id, so that the derivation is done once per combination and not once per event.
 */
export interface ScanGroup {
  readonly name: string;
  /** Names of `text` or `prefix` fields. */
  readonly fields: readonly string[];
}

export interface ScanSpec {
  readonly fields: readonly ScanField[];
  readonly groups: readonly ScanGroup[];
}
