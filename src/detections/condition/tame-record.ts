/** Levels of a record that are looked through. */
const MAX_LEVELS = 64;

const tamed = new WeakMap<object, unknown>();

/**
 * The record in a form in which every key is but a key. The condition language tells objects apart
 * by their `constructor`, which a key of that name in the data would hide: someone who may choose a
 * key, that of a tag say, could hide from a condition. Objects with such a key become maps.
 */
export function tameRecord(record: object): unknown {
  let known = tamed.get(record);
  if (known === undefined) {
    known = tame(record, 0);
    tamed.set(record, known);
  }
  return known;
}

function tame(value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null || level > MAX_LEVELS) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const part = tame(value[i], level + 1);
      if (part === value[i]) continue;
      copy ??= value.slice();
      copy[i] = part;
    }
    return copy ?? value;
  }
  let copy: Map<string, unknown> | undefined;
  let plain: Record<string, unknown> | undefined;
  if (Object.hasOwn(value, 'constructor') || Object.hasOwn(value, '__proto__')) {
    copy = new Map(Object.entries(value));
  }
  for (const key in value) {
    const before = (value as Record<string, unknown>)[key];
    if (typeof before !== 'object' || before === null) continue;
    const part = tame(before, level + 1);
    if (part === before) continue;
    if (copy !== undefined) copy.set(key, part);
    else {
      plain ??= {...value} as Record<string, unknown>;
      plain[key] = part;
    }
  }
  return copy ?? plain ?? value;
}

/** Values in the record and below, counted up to `most`. */
export function countNodes(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const part of value instanceof Map ? value.values() : Object.values(value)) {
    count += countNodes(part, most - count);
    if (count >= most) break;
  }
  return count;
}
