/** Looking into parsed JSON of which nothing is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/**
 * The value at a path of own keys; of an array "[]" is the first element, and a number that one.
 * Undefined if there is none.
 */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (Array.isArray(at)) {
      if (key === '[]') at = at[0];
      else at = INDEX.test(key) ? at[Number(key)] : undefined;
    } else at = key !== '[]' && isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

/** An array's elements; for "{items: […]}", as EC2 writes lists, its items; else none, or the one. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value) && Array.isArray(value.items)) return value.items;
  return value === undefined || value === null ? [] : [value];
}

/** The JSON in a text, or the value itself when it is no text; undefined if the text is no JSON. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined; // a policy cut short, or a name: nothing to find in it
  }
}
