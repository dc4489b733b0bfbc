import type {Json} from '../json.ts';
import type {JsonMap} from './fault.ts';
import {compileField, scalarText} from './field.ts';

/** Longest value of a group, in UTF-16 code units. */
const MAX_VALUE = 256;

/** The values of some fields, in that order; undefined of an event without one of them. */
export type ValuesOf = (record: JsonMap) => readonly string[] | undefined;

export function compileValues(fields: readonly string[]): ValuesOf {
  const readers = fields.map(compileField);
  return (record) => {
    const values: string[] = [];
    for (const read of readers) {
      const found = read(record);
      if (found.length === 0) return undefined;
      values.push(textOf(found).slice(0, MAX_VALUE));
    }
    return values;
  };
}

function textOf(values: readonly Json[]): string {
  const [only] = values;
  const one = values.length === 1 ? (only as Json) : values;
  return scalarText(one) ?? JSON.stringify(one);
}
