import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
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

export type Path = readonly PropertyKey[];

/** A text as it stands in a file: what its characters come from. */
export interface WrittenText {
  readonly value: string;
  /** With its quotes, or with the header of a block. */
  readonly source: string;
  readonly style: 'plain' | 'single' | 'double' | 'block';
  /** Of `source` in the file. */
  readonly offset: number;
}

/** YAML that was read, not yet held against a schema, and where everything in it stands. */
export interface YamlFile {
  readonly value: unknown;
  /** Of the value at `path`, or of the nearest thing above it that exists. */
  offsetOf(path: Path): number;
  /** Of the key at the end of `path`, or of what is nearest to it. */
  keyOffsetOf(path: Path): number;
  /** How the text at `path` is written; undefined where there is no text. */
  written(path: Path): WrittenText | undefined;
  /** The value at `path` as it is written, its lines moved to the left; "" where there is none. */
  sourceOf(path: Path): string;
  problemAt(offset: number, path: Path, message: string): Problem;
  /** What a schema found in the value at `base`. */
  problemsOf(error: z.ZodError, base?: Path): Problem[];
}

/** Aliases can blow a small file up; what a person writes needs few. */
const MAX_ALIASES = 100;

/** Reads YAML. Reports every problem, not just the first. */
export function readYaml(
  file: string,
  text: string,
  {variables}: ParseOptions = {},
): Parsed<YamlFile> & {readonly unset?: readonly Problem[]} {
  const lines = new LineCounter();
  const at = (offset: number, path: Path, message: string): Problem => {
    const {line, col} = lines.linePos(offset);
    return {file, line, column: col, path: path.map(String).join('.'), message};
  };
  const deep = tooDeep(text);
  if (deep !== undefined) {
    // The parser counts the lines, and has not run.
    const before = text.slice(0, deep).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    const message = 'Nested too deeply';
    return {ok: false, problems: [{file, line: before.length, column, path: '', message}]};
  }
  const document: Document.Parsed = parseDocument(text, {lineCounter: lines, prettyErrors: false});
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
  let value: unknown;
  try {
    value = document.toJS({maxAliasCount: MAX_ALIASES});
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return {ok: false, problems: [at(0, [], `More than ${MAX_ALIASES} uses of aliases`)]};
  }

  const root = document.contents;
  const find = (path: Path) => nodeAt(document, path);
  const problemsOf = (error: z.ZodError, base: Path = []): Problem[] =>
    error.issues.flatMap((issue) => {
      const path = [...base, ...issue.path];
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) =>
          at(offsetOfKey(document, path, key), [...path, key], 'Unknown setting'),
        );
      }
      return [at(find(path).offset, path, issue.message)];
    });
  const read: YamlFile = {
    value: root === null ? null : value,
    offsetOf: (path) => find(path).offset,
    keyOffsetOf: (path) => offsetOfKey(document, path.slice(0, -1), String(path.at(-1))),
    written(path) {
      const {node, whole} = find(path);
      if (!whole || !isScalar(node) || typeof node.value !== 'string') return undefined;
      const {range, type} = node;
      if (range === undefined || range === null) return undefined;
      const style = type === undefined ? undefined : STYLES[type];
      if (style === undefined) return undefined;
      const {value} = node;
      return {value, source: text.slice(range[0], range[1]), style, offset: range[0]};
    },
    sourceOf(path) {
      const {node, whole} = find(path);
      const range = whole ? (node as Node | null)?.range : undefined;
      if (range === undefined || range === null) return '';
      const indent = lines.linePos(range[0]).col - 1;
      const left = new RegExp(`\\n {0,${indent}}`, 'g');
      return text.slice(range[0], range[2]).replace(left, '\n').trimEnd();
    },
    problemAt: at,
    problemsOf,
  };
  return {ok: true, value: read, unset};
}

/** Brackets within brackets, dashes on a line. */
const MAX_LEVELS = 100;
/** Columns of indent, and so levels of blocks. */
const MAX_INDENT = 200;

/**
 * Where a text is nested beyond what a person writes; undefined if it is not. The parser calls
 * itself for each level, and without a limit a small file would use up the stack.
 */
function tooDeep(text: string): number | undefined {
  let offset = 0;
  let brackets = 0;
  let dashes = 0;
  let atStart = true;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token === '\x02' || token === '\x18' || token === '\x1f') {
      scalar = token === '\x1f';
      continue;
    }
    if (!scalar) {
      if (token === '[' || token === '{') brackets++;
      else if (token === ']' || token === '}') brackets--;
      else if (token === '-' || token === '?') dashes++;
      const indent = atStart && token.startsWith(' ') ? token.length : 0;
      if (brackets > MAX_LEVELS || dashes > MAX_LEVELS || indent > MAX_INDENT) return offset;
    }
    scalar = false;
    atStart = token === '\n' || token === '\r\n';
    if (atStart) dashes = 0;
    offset += token.length;
  }
  return undefined;
}

const STYLES: Readonly<Record<string, WrittenText['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_FOLDED: 'block',
  BLOCK_LITERAL: 'block',
};

/** Reads YAML against a schema. Reports every problem, not just the first. */
export function parseYaml<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
  options: ParseOptions = {},
): Parsed<z.output<Schema>> {
  const read = readYaml(file, text, options);
  if (!read.ok) return read;
  const {unset = []} = read;
  const parsed = schema.safeParse(read.value.value);
  if (parsed.success) {
    return unset.length === 0 ? {ok: true, value: parsed.data} : {ok: false, problems: unset};
  }
  return {ok: false, problems: [...unset, ...read.value.problemsOf(parsed.error)].sort(byPlace)};
}

export function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Longest part of a line that is shown with a problem. */
const SHOWN_LINE = 200;

/** `file:line:column: path: message`, then the line itself with a caret below. */
export function formatProblem(problem: Problem, text: string): string {
  const {file, line, column, path, message} = problem;
  const head = `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
  const whole = text.split(/\r?\n/)[line - 1] ?? '';
  // Of a long line what is around the place.
  const from = column <= SHOWN_LINE ? 0 : column - SHOWN_LINE / 2;
  const source = whole.slice(from, from + SHOWN_LINE);
  return `${head}\n  ${source}\n  ${' '.repeat(Math.max(0, column - 1 - from))}^`;
}

/** The node at `path`, or the nearest above it; `whole` tells whether it is that of the path. */
function nodeAt(
  document: Document.Parsed,
  path: Path,
): {readonly node: unknown; readonly offset: number; readonly whole: boolean} {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const key of path) {
    const child = childOf(resolved(document, node), key);
    if (child === undefined) return {node, offset, whole: false};
    node = isPair(child) ? child.value : child;
    offset = (node as Node | null)?.range?.[0] ?? offset;
  }
  return {node: resolved(document, node), offset, whole: true};
}

/** What an alias stands for; else the node itself. */
function resolved(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** Start of `key` itself, in the map at `parent`. */
function offsetOfKey(document: Document.Parsed, parent: Path, key: string): number {
  const {node, offset} = nodeAt(document, parent);
  const pair = childOf(node, key);
  const start = isPair(pair) ? (pair.key as Node).range?.[0] : undefined;
  return start ?? offset;
}

function childOf(node: unknown, key: PropertyKey): Pair | Node | undefined {
  if (isMap(node)) {
    return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
  }
  if (isSeq(node)) return node.items[Number(key)] as Node | undefined;
  return undefined;
}
