import type {Json} from './json.ts';

/** Keys and indices that lead into a record. */
export type Path = readonly (string | number)[];

/** What stands there; undefined where nothing does. A number is for lists alone, a name for objects. */
export function valueAt(record: Json, path: Path): Json | undefined {
  let value: Json | undefined = record;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) value = typeof step === 'number' ? value[step] : undefined;
    else if (typeof step === 'string' && Object.hasOwn(value, step)) {
      value = (value as Readonly<Record<string, Json>>)[step];
    } else return undefined;
  }
  return value;
}
