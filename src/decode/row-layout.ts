import {assert} from '../base/assert.ts';
import type {ScanField, ScanSpec} from '../event/scan-spec.ts';

/** Words of a row before those of the fields; see `Scanner`. */
export const TIME_WORD = 0;
export const MILLISECONDS_WORD = 2;
export const HAS_ID_WORD = 3;
export const ID_WORD = 4;
export const OFFSET_WORD = 8;
export const LENGTH_WORD = 9;
const FIRST_FIELD_WORD = 10;

/** Whether a field has the id of a text; the others have two words of another meaning. */
export function hasText({mode}: ScanField): boolean {
  return mode === 'text' || mode === 'prefix';
}

/** Where each field and group of a specification stands in a row. */
export class RowLayout {
  readonly spec: ScanSpec;
  /** A multiple of four, so that rows can be copied as vectors. */
  readonly stride: number;
  /** By field index; -1 for what is not in the row. */
  readonly fieldWords: readonly number[];
  /** By group index. */
  readonly groupWords: readonly number[];
  /** By group index: the field indexes. */
  readonly groupFields: readonly (readonly number[])[];
  readonly #fields = new Map<string, number>();
  readonly #groups = new Map<string, number>();

  constructor(spec: ScanSpec) {
    this.spec = spec;
    let word = FIRST_FIELD_WORD;
    this.fieldWords = spec.fields.map((field, index) => {
      assert(!this.#fields.has(field.name), `two fields are named "${field.name}"`);
      assert(field.path.length > 0 && field.path[0] !== '[]', `field "${field.name}" has no key`);
      this.#fields.set(field.name, index);
      if (field.inRow === false) {
        assert(hasText(field), `field "${field.name}" has no text, and must be in the row`);
        return -1;
      }
      const own = word;
      word += hasText(field) ? 1 : 2;
      return own;
    });
    this.groupFields = spec.groups.map((group) =>
      group.fields.map((name) => {
        const index = this.#fields.get(name);
        assert(index !== undefined, `group "${group.name}" names no field: "${name}"`);
        assert(hasText(spec.fields[index]!), `field "${name}" has no text to group by`);
        return index;
      }),
    );
    this.groupWords = spec.groups.map((group, index) => {
      assert(!this.#groups.has(group.name), `two groups are named "${group.name}"`);
      this.#groups.set(group.name, index);
      return word++;
    });
    this.stride = (word + 3) & ~3;
  }

  fieldWord(name: string): number {
    const index = this.#fields.get(name);
    const word = index === undefined ? -1 : this.fieldWords[index]!;
    assert(word >= 0, `no field "${name}" in the row`);
    return word;
  }

  groupIndex(name: string): number {
    const index = this.#groups.get(name);
    assert(index !== undefined, `no group "${name}"`);
    return index;
  }

  groupWord(name: string): number {
    return this.groupWords[this.groupIndex(name)]!;
  }

  /** A row in which everything is absent. */
  emptyRow(): Int32Array {
    const row = new Int32Array(this.stride);
    row[MILLISECONDS_WORD] = -1;
    for (const [index, field] of this.spec.fields.entries()) {
      if (field.mode === 'range') row[this.fieldWords[index]!] = -1;
    }
    return row;
  }
}
