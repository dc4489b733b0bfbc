import type {Json} from './json.ts';

/** Keys and indices that lead into a record. */
export type Path = readonly (string | number)[];

/** A path, or the first character of its text that makes no sense. */
export type ParsedPath =
  | {readonly ok: true; readonly path: Path}
  | {readonly ok: false; readonly index: number};

/**
 * Reads a path such as "$.requestParameters.name", "$.items[0].id" or "$.tags['a.b']"; "$" alone is
 * the empty one. It has no wildcards: it leads to one value.
 */
export function parsePath(text: string): ParsedPath {
  if (!text.startsWith('$')) return {ok: false, index: 0};
  const path: (string | number)[] = [];
  const step = /\.([A-Za-z0-9_:@$-]+)|\[(\d{1,6})\]|\[(?:'([^']*)'|"([^"]*)")\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < text.length) {
    const index = step.lastIndex;
    const found = step.exec(text);
    if (found === null) return {ok: false, index};
    const [, name, at, quoted, doubly] = found;
    path.push(at === undefined ? (name ?? quoted ?? doubly ?? '') : Number(at));
  }
  return {ok: true, path};
}

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
