import {compileWildcards, readWildcards} from './wildcards.ts';

/** Levels of brackets and "not" within each other, and words, at most. */
const MAX_LEVELS = 64;
const MAX_WORDS = 4_096;

export type Expression =
  | {readonly kind: 'name'; readonly name: string; readonly index: number}
  /** At least so many of those whose names match; all of them without a number. */
  | {
      readonly kind: 'of';
      readonly least: number | 'all';
      /** Of "them": every name that does not begin with "_". */
      readonly pattern: string | undefined;
      readonly index: number;
    }
  | {readonly kind: 'not'; readonly inner: Expression}
  | {readonly kind: 'and' | 'or'; readonly operands: readonly Expression[]};

/** What stands behind a "|" in older rules: so many matches, or so many values, in a time. */
export interface Aggregation {
  /** Whose different values are counted; of events themselves without. */
  readonly field: string | undefined;
  readonly by: string | undefined;
  readonly operator: 'gt' | 'gte' | 'lt' | 'lte' | 'eq';
  readonly limit: number;
  readonly index: number;
}

export type ParsedCondition =
  | {
      readonly ok: true;
      readonly expression: Expression;
      readonly aggregation: Aggregation | undefined;
    }
  | {readonly ok: false; readonly index: number; readonly message: string};

interface Word {
  readonly text: string;
  readonly index: number;
}

class Wrong extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

/** Reads the condition of a rule: "selection and not 1 of filter_*". */
export function parseCondition(text: string): ParsedCondition {
  try {
    const bar = text.indexOf('|');
    const words = wordsOf(bar < 0 ? text : text.slice(0, bar));
    const expression = new Parser(words, bar < 0 ? text.length : bar).whole();
    const aggregation = bar < 0 ? undefined : readAggregation(text, bar + 1);
    return {ok: true, expression, aggregation};
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return {ok: false, index: error.index, message: error.message};
  }
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const word = /\s*([A-Za-z0-9_*?.-]+|[()])\s*/y;
  while (word.lastIndex < text.length) {
    const from = word.lastIndex;
    const found = word.exec(text);
    if (found === null) {
      const index = from + (text.slice(from).length - text.slice(from).trimStart().length);
      if (index >= text.length) break;
      throw new Wrong(index, `"${text[index]}" has no place in a condition`);
    }
    const [whole, name = ''] = found;
    words.push({text: name, index: from + whole.indexOf(name)});
    if (words.length > MAX_WORDS) throw new Wrong(from, `More than ${MAX_WORDS} words`);
  }
  return words;
}

const KEYWORDS = ['and', 'or', 'not', 'of', '(', ')'];

class Parser {
  readonly #words: readonly Word[];
  readonly #end: number;
  #at = 0;
  #levels = 0;

  constructor(words: readonly Word[], end: number) {
    this.#words = words;
    this.#end = end;
  }

  whole(): Expression {
    const expression = this.#junction('or');
    const rest = this.#words[this.#at];
    if (rest !== undefined) {
      throw new Wrong(rest.index, `"and", "or" or the end is wanted, found "${rest.text}"`);
    }
    return expression;
  }

  #junction(kind: 'or' | 'and'): Expression {
    const operands: Expression[] = [];
    do operands.push(kind === 'or' ? this.#junction('and') : this.#operand());
    while (this.#take(kind));
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : {kind, operands};
  }

  #operand(): Expression {
    if (++this.#levels > MAX_LEVELS) throw new Wrong(this.#index(), 'Nested too deeply');
    const expression = this.#inner();
    this.#levels--;
    return expression;
  }

  #inner(): Expression {
    if (this.#take('not')) return {kind: 'not', inner: this.#operand()};
    if (this.#take('(')) {
      const open = this.#index();
      const inner = this.#junction('or');
      if (!this.#take(')')) throw new Wrong(open, 'The bracket is never closed');
      return inner;
    }
    const word = this.#words[this.#at];
    if (word === undefined) throw new Wrong(this.#end, 'The name of a search is wanted');
    this.#at++;
    const {text, index} = word;
    const lower = text.toLowerCase();
    if (/^(?:all|any|\d{1,6})$/.test(lower) && this.#take('of')) return this.#of(lower, index);
    if (KEYWORDS.includes(lower)) {
      throw new Wrong(index, `The name of a search is wanted, found "${text}"`);
    }
    if (/[*?]/.test(text)) {
      throw new Wrong(index, `"1 of ${text}" or "all of ${text}" is wanted, found "${text}"`);
    }
    return {kind: 'name', name: text, index};
  }

  #of(count: string, start: number): Expression {
    const word = this.#words[this.#at];
    if (word === undefined || KEYWORDS.includes(word.text.toLowerCase())) {
      throw new Wrong(word?.index ?? this.#end, '"them" or names such as "selection*" are wanted');
    }
    this.#at++;
    const least = count === 'all' ? 'all' : count === 'any' ? 1 : Number(count);
    if (least === 0) throw new Wrong(start, '1 or more is wanted');
    const pattern = word.text.toLowerCase() === 'them' ? undefined : word.text;
    return {kind: 'of', least, pattern, index: word.index};
  }

  #take(text: string): boolean {
    if (this.#words[this.#at]?.text.toLowerCase() !== text) return false;
    this.#at++;
    return true;
  }

  #index(): number {
    return this.#words[this.#at - 1]?.index ?? 0;
  }
}

const OPERATORS = {'>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte', '=': 'eq', '==': 'eq'} as const;

/** `count(FIELD) by FIELD > 5`, which newer rules write as a correlation. */
function readAggregation(text: string, from: number): Aggregation {
  const rest = text.slice(from);
  const start = from + (rest.length - rest.trimStart().length);
  const name = /^[A-Za-z_]*/.exec(rest.trimStart())?.[0] ?? '';
  if (name.toLowerCase() !== 'count') {
    const known = ['near', 'min', 'max', 'avg', 'sum'].includes(name.toLowerCase());
    const message = known
      ? `The aggregation "${name}" is not run: Sigma has given it up, for correlations`
      : `An aggregation is wanted, found "${rest.trim().slice(0, 40)}"`;
    throw new Wrong(start, message);
  }
  const shape =
    /^\s*count\s*\(\s*([^\s()]*)\s*\)\s*(?:by\s+([^\s()<>=,]+)\s*)?(>=|<=|==|>|<|=)\s*(\d{1,9})\s*$/i;
  const found = shape.exec(rest);
  if (found === null) {
    throw new Wrong(start, 'Only `count(FIELD) by FIELD > NUMBER` is run, with one field or none');
  }
  const [, field, by, operator, limit] = found;
  return {
    field: field === '' || field === '*' ? undefined : field,
    by,
    operator: OPERATORS[operator as keyof typeof OPERATORS],
    limit: Number(limit),
    index: start,
  };
}

/** Whether a name is one of those that "1 of …" is about. */
export function isNamed(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return !name.startsWith('_');
  return compileWildcards(readWildcards(pattern), false)(name);
}
