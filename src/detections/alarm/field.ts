const STEP = /\.([A-Za-z0-9_-]+)|\[(\d{1,6})\]|\['([^']{1,200})'\]/g;

/** The steps of a field such as `$.requestParameters.items[0]['a b']`; see `isField`. */
export function fieldSteps(field: string): (string | number)[] {
  return [...field.matchAll(STEP)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}
