import type {Json} from '../json.ts';

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d{1,6})\]|\['([^']{1,200})'\]/g;

/** The steps of a field such as `$.requestParameters.items[0]['a b']`; see `isField`. */
export function fieldSteps(field: string): (string | number)[] {
  return [...field.matchAll(STEP)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}

/** What stands there; undefined where nothing does. */
export function valueAt(
  record: Readonly<Record<string, Json>>,
  steps: readonly (string | number)[],
): Json | undefined {
  let value: Json | undefined = record;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) value = (value as readonly Json[])[step as number];
    else if (typeof step === 'string' && Object.hasOwn(value, step)) {
      value = (value as Readonly<Record<string, Json>>)[step];
    } else return undefined;
  }
  return value;
}

/** A finite number, or a text that is one as a whole; else undefined. */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(value)) {
    return undefined;
  }
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
