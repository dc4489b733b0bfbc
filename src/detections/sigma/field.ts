import type {Json} from '../json.ts';
import {isJsonMap} from './fault.ts';

/** Keys of a path, at most. */
export const MAX_STEPS = 32;

/** Gives every value that an event has under a field; nulls are no values. */
export type Field = (record: Json) => readonly Json[];

/**
 * Finds a field by its dotted path. Case tells nothing apart unless the record has the key as it is
 * written; keys may hold dots themselves; of a list every element is looked into, or the one whose
 * number stands in the path.
 */
export function compileField(path: string): Field {
  const steps = path.split('.').slice(0, MAX_STEPS);
  const keys: string[][] = steps.map((_, from) =>
    steps.slice(from).map((_, length) => steps.slice(from, from + length + 1).join('.')),
  );
  const [name = ''] = steps;
  if (steps.length === 1)
    return (record) => flat(isJsonMap(record) ? own(record, name) : undefined);
  return (record) => {
    const found: Json[] = [];
    collect(record, 0, keys, found);
    return found;
  };
}

function collect(value: Json, from: number, keys: readonly string[][], found: Json[]): void {
  if (from === keys.length) {
    found.push(...flat(value));
    return;
  }
  if (Array.isArray(value)) {
    const [step = ''] = keys[from] ?? [];
    const one = /^\d{1,6}$/.test(step) ? (value as readonly Json[])[Number(step)] : undefined;
    if (one !== undefined) collect(one, from + 1, keys, found);
    else for (const each of value as readonly Json[]) collect(each, from, keys, found);
    return;
  }
  if (!isJsonMap(value)) return;
  for (const [length, key] of (keys[from] ?? []).entries()) {
    const child = own(value, key);
    if (child !== undefined) collect(child, from + length + 1, keys, found);
  }
}

function own(map: Readonly<Record<string, Json>>, name: string): Json | undefined {
  if (Object.hasOwn(map, name)) return map[name];
  const lower = name.toLowerCase();
  for (const key of Object.keys(map)) {
    if (key.length === name.length && key.toLowerCase() === lower) return map[key];
  }
  return undefined;
}

/** The elements of lists within lists, without nulls. */
function flat(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [value];
  return (value as readonly Json[]).flatMap(flat);
}

/** A number, a truth value or a text as text; undefined of a map. */
export function scalarText(value: Json): string | undefined {
  return typeof value === 'object' ? undefined : String(value);
}

/** Every text within, and the JSON of the whole: what a search over all of it looks at. */
export function textsWithin(value: Json): string[] {
  const scalar = scalarText(value);
  if (scalar !== undefined) return [scalar];
  const texts = [JSON.stringify(value)];
  const waiting: Json[] = [value];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one === null) continue;
    if (typeof one !== 'object') texts.push(String(one));
    else for (const child of Object.values(one)) waiting.push(child as Json);
  }
  return texts;
}
