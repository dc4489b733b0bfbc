import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type {z} from 'zod';

/** Something wrong in a file that a person wrote, and where. */
export interface Problem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** The setting, as in `contexts.0.facets.2.given`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

export type Parsed<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly problems: readonly Problem[]};

export interface ParseOptions {
  /**
   * Variables for `${NAME}` and `${NAME:-otherwise}` within strings. They are put in after the YAML
   * was parsed, so whatever a variable holds stays one string. Without it nothing is put in.
   */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** Reads YAML against a schema. Reports every problem, not just the first. */
export function parseYaml<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
  {variables}: ParseOptions = {},
): Parsed<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false});
  const at = (offset: number, path: readonly PropertyKey[], message: string): Problem => {
    const {line, col} = lines.linePos(offset);
    return {file, line, column: col, path: path.map(String).join('.'), message};
  };

  if (document.errors.length > 0) {
    return {ok: false, problems: document.errors.map((e) => at(e.pos[0], [], e.message))};
  }
  const unset: Problem[] = [];
  if (variables !== undefined) {
    visit(document, {
      Scalar(key, node) {
        if (key === 'key' || typeof node.value !== 'string') return;
        node.value = node.value.replace(VARIABLE, (whole, name: string, otherwise?: string) => {
          const value = variables[name] ?? otherwise;
          if (value !== undefined) return value;
          unset.push(at(node.range?.[0] ?? 0, [], `The variable ${name} is not set`));
          return whole;
        });
      },
    });
  }
  // Aliases can blow a small file up; a person's configuration needs few.
  const parsed = schema.safeParse(document.toJS({maxAliasCount: 100}));
  if (parsed.success) {
    return unset.length === 0 ? {ok: true, value: parsed.data} : {ok: false, problems: unset};
  }

  const root = document.contents;
  const problems = parsed.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        at(offsetOfKey(root, issue.path, key), [...issue.path, key], 'Unknown setting'),
      );
    }
    return [at(offsetOfValue(root, issue.path), issue.path, issue.message)];
  });
  const all = [...unset, ...problems];
  return {ok: false, problems: all.sort((a, b) => a.line - b.line || a.column - b.column)};
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** `file:line:column: path: message`, then the line itself with a caret below. */
export function formatProblem(problem: Problem, text: string): string {
  const {file, line, column, path, message} = problem;
  const head = `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
  const source = text.split(/\r?\n/)[line - 1] ?? '';
  return `${head}\n  ${source}\n  ${' '.repeat(Math.max(0, column - 1))}^`;
}

/** Start of the value at `path`, or of the nearest thing above it that exists. */
function offsetOfValue(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    const child = childOf(node, key);
    if (child === undefined) break;
    node = isPair(child) ? child.value : child;
    offset = (node as Node | null)?.range?.[0] ?? offset;
  }
  return offset;
}

/** Start of `key` itself, in the map at `parent`. */
function offsetOfKey(root: Node | null, parent: readonly PropertyKey[], key: string): number {
  let node: unknown = root;
  for (const step of parent) {
    const child = childOf(node, step);
    node = isPair(child) ? child.value : child;
  }
  const pair = childOf(node, key);
  const start = isPair(pair) ? (pair.key as Node).range?.[0] : undefined;
  return start ?? offsetOfValue(root, parent);
}

function childOf(node: unknown, key: PropertyKey): Pair | Node | undefined {
  if (isMap(node)) {
    return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
  }
  if (isSeq(node)) return node.items[Number(key)] as Node | undefined;
  return undefined;
}
