import type {Json} from '../json.ts';
import {compileRegex, type Regex} from '../regex.ts';
import type {
  Comparison,
  Expression,
  FieldTest,
  JsonTest,
  NamedField,
  Operator,
  Pattern,
  RegexValue,
  Selector,
  SpacePattern,
  Step,
  TextPattern,
  Value,
} from './ast.ts';
import {isGroup, isJunction, type PatternProblem, regexesOf} from './parse.ts';
import {printSelector} from './print.ts';

/** Regular expressions in a pattern: each may take a thousand steps for a character. */
export const MAX_REGEXES = 50;

/** A log event to be judged. */
export interface LogEvent {
  readonly record: Readonly<Record<string, Json>>;
  /** The record as text; asked for by patterns of text alone. */
  text(): string;
}

export type Matcher = (event: LogEvent) => boolean;

export type CompiledPattern =
  | {readonly ok: true; readonly matches: Matcher}
  | {readonly ok: false; readonly problems: readonly PatternProblem[]};

/** Makes a pattern ready; fails when a regular expression in it is none. */
export function compilePattern(pattern: Pattern): CompiledPattern {
  const regexes = new Map<RegexValue, Regex>();
  const problems: PatternProblem[] = [];
  for (const [i, value] of regexesOf(pattern).entries()) {
    if (i === MAX_REGEXES) {
      const message = `More than ${MAX_REGEXES} regular expressions in a pattern`;
      problems.push({index: value.span.start, message});
      break;
    }
    const compiled = compileRegex(value.source, {unanchored: true});
    if (compiled.ok) regexes.set(value, compiled.regex);
    // The source stands behind the "%", or behind the sign and the "%" of a term.
    else problems.push({index: value.span.start + 1 + compiled.index, message: compiled.message});
  }
  if (problems.length > 0) return {ok: false, problems};
  return {ok: true, matches: matcherOf(pattern, regexes)};
}

type Regexes = ReadonlyMap<RegexValue, Regex>;

function matcherOf(pattern: Pattern, regexes: Regexes): Matcher {
  switch (pattern.kind) {
    case 'json': {
      const test = compileExpression(pattern.expression, (leaf) => compileTest(leaf, regexes));
      return (event) => test(event.record);
    }
    case 'space':
      return compileSpace(pattern, regexes);
    case 'text':
      return compileText(pattern, regexes);
  }
}

type Test<Subject> = (subject: Subject) => boolean;

function compileExpression<Leaf extends {readonly kind: string}, Subject>(
  expression: Expression<Leaf>,
  compileLeaf: (leaf: Leaf) => Test<Subject>,
): Test<Subject> {
  if (isGroup(expression)) return compileExpression(expression.inner, compileLeaf);
  if (!isJunction(expression)) return compileLeaf(expression as Leaf);
  const any = expression.kind === 'or';
  const operands = any ? gatherEqual(expression.operands) : expression.operands;
  const tests = operands.map((operand) => compileExpression(operand, compileLeaf));
  const [first, second] = tests as [Test<Subject>, Test<Subject> | undefined];
  if (second === undefined) return first;
  if (tests.length === 2) {
    return any
      ? (subject) => first(subject) || second(subject)
      : (subject) => first(subject) && second(subject);
  }
  return any
    ? (subject) => {
        for (let i = 0; i < tests.length; i++)
          if ((tests[i] as Test<Subject>)(subject)) return true;
        return false;
      }
    : (subject) => {
        for (let i = 0; i < tests.length; i++) {
          if (!(tests[i] as Test<Subject>)(subject)) return false;
        }
        return true;
      };
}

/** One of many texts of the same field, as in a list of event names: made by the compiler. */
interface OneOf {
  readonly kind: 'one-of';
  readonly selector: Selector;
  readonly texts: ReadonlySet<string>;
}

/** Puts the operands `$.a = "x"`, `$.a = "y"` … of a disjunction into one look-up. */
function gatherEqual<Leaf extends {readonly kind: string}>(
  operands: readonly Expression<Leaf>[],
): readonly Expression<Leaf>[] {
  const others: Expression<Leaf>[] = [];
  const gathered = new Map<string, {comparison: Expression<Leaf>; texts: Set<string>}>();
  for (const operand of operands) {
    let inner = operand;
    while (isGroup(inner)) inner = inner.inner;
    const found = plainEqual(inner as unknown as JsonTest);
    if (found === undefined) {
      others.push(operand);
      continue;
    }
    const key = printSelector(found.selector);
    const at = gathered.get(key);
    if (at === undefined) gathered.set(key, {comparison: inner, texts: new Set([found.text])});
    else at.texts.add(found.text);
  }
  for (const {comparison, texts} of gathered.values()) {
    if (texts.size === 1) others.push(comparison);
    else {
      const {selector} = comparison as unknown as Comparison;
      const oneOf: OneOf = {kind: 'one-of', selector, texts};
      others.push(oneOf as unknown as Leaf);
    }
  }
  return others;
}

function plainEqual(test: JsonTest): {selector: Selector; text: string} | undefined {
  if (test.kind !== 'compare' || test.operator !== '=' || test.value.kind !== 'text') return;
  const {pieces} = test.value;
  return pieces.length === 1 ? {selector: test.selector, text: pieces[0] as string} : undefined;
}

type Scalar = string | number;

function compileTest(test: JsonTest | OneOf, regexes: Regexes): Test<Json> {
  const {steps} = test.selector;
  switch (test.kind) {
    case 'one-of': {
      const {texts} = test;
      return at(steps, (value) =>
        texts.has(typeof value === 'number' ? String(value) : (value as string)),
      );
    }
    case 'compare': {
      const compare = compileValue(test.operator, test.value, regexes);
      // Arrays, objects, null, true and false are no value to compare with, not even by "!=".
      return at(steps, (value) =>
        typeof value === 'string' || typeof value === 'number' ? compare(value) : false,
      );
    }
    case 'is': {
      const wanted = test.what === 'NULL' ? null : test.what === 'TRUE';
      return at(steps, (value) => value === wanted);
    }
    case 'not-exists': {
      const exists = at(steps, () => true);
      return (record) => !exists(record);
    }
  }
}

/** Whether what is at the end of the path passes; with wildcards, whether anything there does. */
function at(steps: readonly Step[], test: Test<Json>): Test<Json> {
  if (steps.every((step) => step.kind === 'key')) {
    const keys = steps.map((step) => step.key);
    if (keys.length === 1) {
      const key = keys[0] as string;
      return (record) => {
        const value = ownValue(record, key);
        return value !== undefined && test(value);
      };
    }
    return (record) => {
      let value: Json | undefined = record;
      for (let i = 0; i < keys.length; i++) {
        value = ownValue(value, keys[i] as string);
        if (value === undefined) return false;
      }
      return test(value);
    };
  }
  return (record) => anyAt(record, steps, 0, test);
}

function anyAt(value: Json, steps: readonly Step[], from: number, test: Test<Json>): boolean {
  let at: Json | undefined = value;
  for (let i = from; i < steps.length; i++) {
    const step = steps[i] as Step;
    switch (step.kind) {
      case 'key':
        at = ownValue(at, step.key);
        break;
      case 'index':
        at = Array.isArray(at) ? (at as readonly Json[])[step.index] : undefined;
        break;
      case 'any-index':
        return Array.isArray(at) && at.some((element) => anyAt(element, steps, i + 1, test));
      case 'any-key':
        return (
          isObject(at) && Object.values(at).some((element) => anyAt(element, steps, i + 1, test))
        );
    }
    if (at === undefined) return false;
  }
  return test(at);
}

function isObject(value: Json): value is {readonly [key: string]: Json} {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownValue(value: Json, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = (value as {readonly [key: string]: Json})[key];
  // What records have of their own is no function, and "__proto__" of theirs is no other's.
  return found === undefined || Object.hasOwn(value, key) ? found : undefined;
}

/** The value at a path without wildcards; undefined if there is none. */
export function valueAtSelector(record: Json, {steps}: Selector): Json | undefined {
  let found: Json | undefined;
  anyAt(record, steps, 0, (value) => {
    found = value;
    return true;
  });
  return found;
}

function compileValue(operator: Operator, value: Value, regexes: Regexes): Test<Scalar> {
  if (operator === '!=') {
    const equal = compileValue('=', value, regexes);
    return (subject) => !equal(subject);
  }
  if (operator === '=') return compileEqual(value, regexes);
  const bound = value.kind === 'number' ? Number(value.text) : Number.NaN;
  switch (operator) {
    case '<':
      return (subject) => typeof subject === 'number' && subject < bound;
    case '>':
      return (subject) => typeof subject === 'number' && subject > bound;
    case '<=':
      return (subject) => typeof subject === 'number' && subject <= bound;
    case '>=':
      return (subject) => typeof subject === 'number' && subject >= bound;
  }
}

function compileEqual(value: Value, regexes: Regexes): Test<Scalar> {
  switch (value.kind) {
    case 'number': {
      // Account ids are digits without quotes in many a pattern, and texts in the record.
      const number = Number(value.text);
      const {text} = value;
      return (subject) => subject === number || subject === text;
    }
    case 'regex': {
      const regex = regexes.get(value) as Regex;
      return (subject) => regex.test(String(subject));
    }
    case 'text': {
      const test = compilePieces(value.pieces);
      return (subject) => test(typeof subject === 'number' ? String(subject) : subject);
    }
  }
}

/** A text with wildcards between its pieces, in time linear in the text times the pieces. */
export function compilePieces(pieces: readonly string[]): Test<string> {
  const first = pieces[0] as string;
  const last = pieces.at(-1) as string;
  if (pieces.length === 1) return (subject) => subject === first;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  if (middle.length === 0) {
    if (first === '' && last === '') return () => true;
    if (last === '') return (subject) => subject.startsWith(first);
    if (first === '') return (subject) => subject.endsWith(last);
  }
  const [only] = middle;
  if (first === '' && last === '' && middle.length === 1) {
    return (subject) => subject.includes(only as string);
  }
  return (subject) => {
    const end = subject.length - last.length;
    if (end < first.length || !subject.startsWith(first) || !subject.endsWith(last)) return false;
    let from = first.length;
    for (let i = 0; i < middle.length; i++) {
      const piece = middle[i] as string;
      const found = subject.indexOf(piece, from);
      if (found < 0 || found + piece.length > end) return false;
      from = found + piece.length;
    }
    return true;
  };
}

function compileText({terms}: TextPattern, regexes: Regexes): Matcher {
  const tests = terms.map(({mode, match}) => {
    if (match.kind === 'regex') {
      const regex = regexes.get(match) as Regex;
      return {mode, test: (text: string) => regex.test(text)};
    }
    // A phrase of nothing but blanks is how the console writes "everything".
    if (match.text.trim() === '') return {mode, test: () => true};
    return {mode, test: (text: string) => text.includes(match.text)};
  });
  const all = tests.filter(({mode}) => mode === 'include');
  const none = tests.filter(({mode}) => mode === 'exclude');
  // Beside other terms, "?" terms have no effect at all.
  const any = all.length + none.length > 0 ? [] : tests;
  if (tests.length === 0) return () => true;
  return (event) => {
    const text = event.text();
    return (
      all.every(({test}) => test(text)) &&
      !none.some(({test}) => test(text)) &&
      (any.length === 0 || any.some(({test}) => test(text)))
    );
  };
}

/**
 * Fields of a text: what is between blanks; what begins with `[` or `"` goes on to the closing one,
 * and is without them.
 */
export function splitFields(text: string): string[] {
  const fields: string[] = [];
  // From where on there are no more of them, so that none is looked for to the end twice.
  const last = {'[': text.lastIndexOf(']'), '"': text.lastIndexOf('"')};
  let i = 0;
  while (i < text.length) {
    const char = text[i] as string;
    if (isBlank(char)) {
      i++;
      continue;
    }
    if ((char === '[' || char === '"') && last[char] > i) {
      const close = text.indexOf(char === '[' ? ']' : '"', i + 1);
      fields.push(text.slice(i + 1, close));
      i = close + 1;
      continue;
    }
    const start = i;
    while (i < text.length && !isBlank(text[i] as string)) i++;
    fields.push(text.slice(start, i));
  }
  return fields;
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r';
}

type FieldMatcher = Test<string> | null;

const ANYTHING = (): boolean => true;

function compileSpace(pattern: SpacePattern, regexes: Regexes): Matcher {
  const match = fieldMatchers(pattern, regexes);
  return (event) => assignFields(splitFields(event.text()), match) !== undefined;
}

/** For each field of the pattern what it must hold; null for an ellipsis. */
function fieldMatchers(pattern: SpacePattern, regexes: Regexes): FieldMatcher[] {
  return pattern.fields.map((field) => {
    if (field.kind === 'ellipsis') return null;
    if (field.condition === null) return ANYTHING;
    return compileExpression(field.condition, ({operator, value}: FieldTest) =>
      compileFieldValue(operator, value, regexes),
    );
  });
}

/** Fields are text: what reads as a number is compared as one with a number. */
function compileFieldValue(operator: Operator, value: Value, regexes: Regexes): Test<string> {
  const test = compileValue(operator, value, regexes);
  if (value.kind !== 'number') return test;
  return (subject) => test(NUMBER.test(subject) ? Number(subject) : subject);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Which field of the text each field of the pattern is, -1 for an ellipsis; undefined if they do
 * not fit. An ellipsis takes as few as it can, and the last one what is left.
 */
export function assignFields(
  fields: readonly string[],
  matchers: readonly FieldMatcher[],
): number[] | undefined {
  const assigned = new Array<number>(matchers.length).fill(-1);
  /** Those from `from` up to `to`, one after the other from the field `start` on. */
  const fits = (from: number, to: number, start: number): boolean => {
    for (let i = from; i < to; i++) {
      const test = matchers[i];
      if (test !== ANYTHING && test?.(fields[start + i - from] as string) !== true) return false;
    }
    for (let i = from; i < to; i++) assigned[i] = start + i - from;
    return true;
  };
  const first = matchers.indexOf(null);
  if (first < 0) {
    return fields.length === matchers.length && fits(0, matchers.length, 0) ? assigned : undefined;
  }
  const last = matchers.lastIndexOf(null);
  // What stands behind the last ellipsis stands at the end: nothing has to be tried there.
  const end = fields.length - (matchers.length - last - 1);
  if (end < first || !fits(0, first, 0) || !fits(last + 1, matchers.length, end)) return undefined;
  let field = first;
  for (let from = first + 1; from <= last; ) {
    const to = matchers.indexOf(null, from);
    const most = end - (to - from);
    while (field <= most && !fits(from, to, field)) field++;
    if (field > most) return undefined;
    field += to - from;
    from = to + 1;
  }
  return assigned;
}

/** Finds a named field of the texts that a space-delimited pattern matches. */
export function compileField(
  pattern: SpacePattern,
  name: string,
): ((event: LogEvent) => string | undefined) | undefined {
  const wanted = pattern.fields.findIndex(
    (field): field is NamedField => field.kind === 'field' && field.name === name,
  );
  if (wanted < 0) return undefined;
  const regexes = new Map<RegexValue, Regex>();
  for (const value of regexesOf(pattern)) {
    const compiled = compileRegex(value.source, {unanchored: true});
    if (!compiled.ok) return undefined;
    regexes.set(value, compiled.regex);
  }
  const matchers = fieldMatchers(pattern, regexes);
  return (event) => {
    const fields = splitFields(event.text());
    const assigned = assignFields(fields, matchers);
    return assigned === undefined ? undefined : fields[assigned[wanted] as number];
  };
}
