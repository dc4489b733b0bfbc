import type {
  Expression,
  FieldTest,
  Group,
  Junction,
  NamedField,
  Pattern,
  RegexValue,
  Selector,
  SpacePattern,
} from './ast.ts';
import {SyntaxError as GrammarError, parse as parseGrammar} from './pattern.generated.ts';

/** CloudWatch takes 1,024 characters; a pattern made by a program may be longer here. */
export const MAX_PATTERN_LENGTH = 16_384;

/** Brackets within brackets. */
export const MAX_PATTERN_DEPTH = 100;

/** Fields of a space-delimited pattern: more than the 1,024 characters of CloudWatch can name. */
export const MAX_PATTERN_FIELDS = 1_024;

/** What makes a pattern no pattern, and where. */
export interface PatternProblem {
  /** Of the character in the pattern, in UTF-16 code units; its length for the end. */
  readonly index: number;
  readonly message: string;
}

export type ParsedPattern =
  | {readonly ok: true; readonly pattern: Pattern}
  | {readonly ok: false; readonly problems: readonly PatternProblem[]};

/** Reads a filter pattern of any of the three forms: by its first character, as CloudWatch does. */
export function parsePattern(text: string): ParsedPattern {
  const problem = tooLarge(text);
  if (problem !== undefined) return {ok: false, problems: [problem]};
  const first = text.trimStart()[0];
  const form = first === '{' ? 'Json' : first === '[' ? 'Space' : 'Text';
  const parsed = runGrammar(text, form);
  if (!parsed.ok) return parsed;
  const pattern = parsed.value as Pattern;
  if (pattern.kind !== 'space') return {ok: true, pattern};
  const named = nameFields(pattern);
  return named.problems.length > 0
    ? {ok: false, problems: named.problems}
    : {ok: true, pattern: named.pattern};
}

export type ParsedSelector =
  | {readonly ok: true; readonly selector: Selector}
  | {readonly ok: false; readonly problems: readonly PatternProblem[]};

/** Reads a selector that stands alone, such as "$.latency". */
export function parseSelector(text: string): ParsedSelector {
  const problem = tooLarge(text);
  if (problem !== undefined) return {ok: false, problems: [problem]};
  const parsed = runGrammar(text, 'Selector');
  return parsed.ok ? {ok: true, selector: parsed.value as Selector} : parsed;
}

/** The name in "$bytes", as a field of a space-delimited pattern is referred to. */
export function parseFieldName(text: string): string | undefined {
  const parsed = runGrammar(text, 'FieldName');
  return parsed.ok ? (parsed.value as string) : undefined;
}

type Run =
  | {readonly ok: true; readonly value: unknown}
  | {readonly ok: false; readonly problems: readonly PatternProblem[]};

/** What the generated parser throws. */
interface GrammarFault {
  readonly message: string;
  readonly location: {readonly start: {readonly offset: number}};
}

function runGrammar(text: string, startRule: string): Run {
  try {
    return {ok: true, value: parseGrammar(text, {startRule, maxDepth: MAX_PATTERN_DEPTH})};
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const {message, location} = error as unknown as GrammarFault;
    return {
      ok: false,
      problems: [{index: location.start.offset, message: message.replace(/\.$/, '')}],
    };
  }
}

function tooLarge(text: string): PatternProblem | undefined {
  if (text.length <= MAX_PATTERN_LENGTH) return undefined;
  return {
    index: MAX_PATTERN_LENGTH,
    message: `The pattern has ${text.length} characters, more than ${MAX_PATTERN_LENGTH}`,
  };
}

/** A condition says what its field is called. */
function nameFields(pattern: SpacePattern): {
  readonly pattern: SpacePattern;
  readonly problems: PatternProblem[];
} {
  const problems: PatternProblem[] = [];
  const beyond = pattern.fields[MAX_PATTERN_FIELDS];
  if (beyond !== undefined) {
    const message = `More than ${MAX_PATTERN_FIELDS} fields`;
    return {pattern, problems: [{index: beyond.span.start, message}]};
  }
  const names = new Set<string>();
  const fields = pattern.fields.map((field) => {
    if (field.kind === 'ellipsis') return field;
    const name = field.condition === null ? field.name : nameOf(field, problems);
    if (name !== '' && names.has(name)) {
      problems.push({index: field.span.start, message: `A second field with the name "${name}"`});
    }
    names.add(name);
    return {...field, name};
  });
  return {pattern: {...pattern, fields}, problems};
}

function nameOf(field: NamedField, problems: PatternProblem[]): string {
  const [first, ...others] = field.condition === null ? [] : leavesOf(field.condition);
  const name = first?.name ?? '';
  for (const other of others) {
    if (other.name === name) continue;
    problems.push({
      index: other.span.start,
      message: `The condition of the field "${name}" asks for another field, "${other.name}"`,
    });
  }
  return name;
}

/** The tests of an expression, from left to right. */
export function leavesOf<Leaf extends {readonly kind: string}>(
  expression: Expression<Leaf>,
): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (at: Expression<Leaf>): void => {
    if (isJunction(at)) for (const operand of at.operands) visit(operand);
    else if (isGroup(at)) visit(at.inner);
    else leaves.push(at as Leaf);
  };
  visit(expression);
  return leaves;
}

export function isJunction<Leaf extends {readonly kind: string}>(
  expression: Expression<Leaf>,
): expression is Junction<Leaf> {
  return expression.kind === 'or' || expression.kind === 'and';
}

export function isGroup<Leaf extends {readonly kind: string}>(
  expression: Expression<Leaf>,
): expression is Group<Leaf> {
  return expression.kind === 'group';
}

/** All regular expressions of a pattern, from left to right. */
export function regexesOf(pattern: Pattern): RegexValue[] {
  const isRegex = (value: {readonly kind: string}): value is RegexValue => value.kind === 'regex';
  switch (pattern.kind) {
    case 'json':
      return leavesOf(pattern.expression)
        .flatMap((leaf) => (leaf.kind === 'compare' ? [leaf.value] : []))
        .filter(isRegex);
    case 'space':
      return pattern.fields
        .flatMap((field) =>
          field.kind === 'field' && field.condition !== null
            ? leavesOf<FieldTest>(field.condition)
            : [],
        )
        .map((leaf) => leaf.value)
        .filter(isRegex);
    case 'text':
      return pattern.terms.map((term) => term.match).filter(isRegex);
  }
}
