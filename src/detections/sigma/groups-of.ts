import {component} from '../../event/text.ts';
import type {Json} from '../json.ts';
import type {JsonMap} from './fault.ts';
import {compileField, scalarText} from './field.ts';

/** Longest value of a group, in UTF-16 code units; of longer ones the beginning and a hash. */
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
      const text = textOf(found);
      values.push(text === '' ? '' : component(text, MAX_VALUE));
    }
    return values;
  };
}

function textOf(values: readonly Json[]): string {
  const [only] = values;
  const one = values.length === 1 ? (only as Json) : values;
  return scalarText(one) ?? JSON.stringify(one);
}
