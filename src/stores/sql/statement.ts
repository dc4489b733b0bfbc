import {assert} from '../../base/assert.ts';

/** SQL text with the texts it is bound to, as `$1`, `$2` … */
export interface Statement {
  readonly text: string;
  readonly values: readonly string[];
}

type Part = Fragment | string | number | boolean | null;

/** A piece of SQL that knows its values; made by `sql` alone. */
export class Fragment {
  readonly strings: readonly string[];
  readonly parts: readonly Part[];

  constructor(strings: readonly string[], parts: readonly Part[]) {
    assert(strings.length === parts.length + 1, 'a text before, between and after the parts');
    this.strings = strings;
    this.parts = parts;
  }
}

/**
 * SQL with values in it. Texts are always bound, never written into the SQL. Numbers are written:
 * a number that is bound would be compared as a double and keep an engine from skipping row groups.
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly Part[]): Fragment {
  return new Fragment(strings, parts);
}

/** SQL of our own that holds no value: a name, an order. Never a text from outside. */
export function raw(text: string): Fragment {
  return new Fragment([text], []);
}

export function join(parts: readonly Part[], between: string): Fragment {
  if (parts.length === 0) return raw('');
  return new Fragment(['', ...parts.slice(1).map(() => between), ''], parts);
}

/** All of them; true when there is none. */
export function allOf(conditions: readonly Fragment[]): Fragment {
  return conditions.length === 0 ? raw('true') : join(conditions, ' AND ');
}

export function toStatement(fragment: Fragment): Statement {
  const values: string[] = [];
  return {text: write(fragment, values), values};
}

function write(fragment: Fragment, values: string[]): string {
  return fragment.strings.reduce((text, next, i) => {
    const part = fragment.parts[i - 1];
    return text + writePart(part as Part, values) + next;
  });
}

function writePart(part: Part, values: string[]): string {
  if (part instanceof Fragment) return write(part, values);
  if (typeof part === 'string') {
    values.push(part);
    return `$${values.length}`;
  }
  if (part === null) return 'NULL';
  return typeof part === 'boolean' ? String(part) : literal(part);
}

/** A number that reads back as the very same. */
function literal(value: number): string {
  assert(Number.isFinite(value), 'only finite numbers are stored');
  // An exponent makes it a double in DuckDB, where 0.1 alone would be a decimal.
  const text = Number.isSafeInteger(value) ? String(value) : `${value.toExponential()}`;
  const typed = Number.isSafeInteger(value) ? text : `CAST(${text} AS DOUBLE PRECISION)`;
  return value < 0 ? `(${typed})` : typed;
}
