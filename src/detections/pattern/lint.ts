import type {
  Comparison,
  Expression,
  Is,
  JsonPattern,
  JsonTest,
  Pattern,
  Selector,
  Span,
  TextPattern,
  TextValue,
} from './ast.ts';
import {isGroup, isJunction, leavesOf, regexesOf} from './parse.ts';
import {printSelector, printValue} from './print.ts';

export type WarningCode =
  | 'always'
  | 'never'
  | 'optional-field'
  | 'precedence'
  | 'quotes'
  | 'regex'
  | 'wildcard-selector'
  | 'inner-wildcard'
  | 'json-value'
  | 'text-flag'
  | 'object'
  | 'ignored-term'
  | 'length'
  | 'not-json';

/** What a pattern will not do as its author may think, and where in it. */
export interface PatternWarning {
  readonly code: WarningCode;
  readonly span: Span;
  readonly message: string;
}

/** Longest pattern that CloudWatch takes. */
const CLOUDWATCH_LENGTH = 1_024;
const CLOUDWATCH_REGEXES = 2;
const CLOUDWATCH_WILDCARDS = 3;

/** Fields that the CloudTrail guide calls not optional, and that hold a text. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  '$.awsRegion',
  '$.eventName',
  '$.eventSource',
  '$.eventTime',
  '$.eventType',
  '$.eventVersion',
  '$.sourceIPAddress',
  '$.userIdentity.type',
]);

/** Fields that hold an object, a list or null. */
const OBJECTS: ReadonlySet<string> = new Set([
  '$',
  '$.additionalEventData',
  '$.requestParameters',
  '$.resources',
  '$.responseElements',
  '$.serviceEventDetails',
  '$.tlsDetails',
  '$.userIdentity',
  '$.userIdentity.sessionContext',
  '$.userIdentity.sessionContext.attributes',
  '$.userIdentity.sessionContext.sessionIssuer',
]);

/** Fields that read like a flag and hold a text. */
const TEXT_FLAGS: ReadonlySet<string> = new Set([
  '$.additionalEventData.MFAUsed',
  '$.additionalEventData.MobileVersion',
  '$.sessionCredentialFromConsole',
  '$.userIdentity.sessionContext.attributes.mfaAuthenticated',
]);

/** Warnings in the order of their places. */
export function lintPattern(pattern: Pattern, text: string): PatternWarning[] {
  const warnings: PatternWarning[] = [];
  const warn = (code: WarningCode, span: Span, message: string): void => {
    warnings.push({code, span, message});
  };
  if (text.length > CLOUDWATCH_LENGTH) {
    warn(
      'length',
      {start: CLOUDWATCH_LENGTH, end: text.length},
      `CloudWatch refuses patterns longer than ${CLOUDWATCH_LENGTH} characters; this has ${text.length}`,
    );
  }
  lintRegexes(pattern, warn);
  switch (pattern.kind) {
    case 'json':
      lintJson(pattern, warn);
      break;
    case 'space':
      warn(
        'not-json',
        pattern.span,
        'A CloudTrail record is one line of JSON: this splits it at the blanks within its texts, and looks at no field by name',
      );
      for (const field of pattern.fields) {
        if (field.kind === 'ellipsis' || field.condition === null) continue;
        lintPrecedence(field.condition, warn);
        for (const {value} of leavesOf(field.condition)) {
          if (value.kind === 'text') lintText(value, warn);
        }
      }
      break;
    case 'text':
      lintTerms(pattern, warn);
  }
  return warnings.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
}

type Warn = (code: WarningCode, span: Span, message: string) => void;

function lintJson({expression}: JsonPattern, warn: Warn): void {
  let wildcards = 0;
  // Whoever asks for the absence of a field somewhere has thought of it.
  const absent = new Set(
    leavesOf(expression)
      .filter(({kind}) => kind === 'not-exists')
      .map((test) => printSelector(test.selector)),
  );
  for (const test of leavesOf(expression)) {
    const {selector} = test;
    const own = selector.steps.filter(({kind}) => kind.startsWith('any-')).length;
    wildcards += own;
    if (own > 1) {
      warn(
        'wildcard-selector',
        selector.span,
        'CloudWatch refuses more than one wildcard in a selector',
      );
    }
    if (wildcards > CLOUDWATCH_WILDCARDS && wildcards - own <= CLOUDWATCH_WILDCARDS) {
      warn(
        'wildcard-selector',
        selector.span,
        `CloudWatch refuses more than ${CLOUDWATCH_WILDCARDS} wildcard selectors in a pattern`,
      );
    }
    if (test.kind === 'compare') lintComparison(test, own > 0, absent, warn);
    if (test.kind === 'is') lintIs(test, warn);
  }
  lintPrecedence(expression, warn);
  lintJunctions(expression, true, warn);
}

function lintComparison(
  test: Comparison,
  wildcard: boolean,
  absent: ReadonlySet<string>,
  warn: Warn,
): void {
  const {operator, selector, span, value} = test;
  const name = printSelector(selector);
  if (OBJECTS.has(name)) {
    warn(
      'object',
      selector.span,
      `${name} holds an object, a list or null: no comparison with it matches, not even "!="`,
    );
    return;
  }
  if (operator === '!=' && wildcard) {
    warn(
      'optional-field',
      span,
      'Matches as soon as one of the values is another one, not only when none is this one',
    );
  } else if (operator === '!=' && !ALWAYS_THERE.has(name) && !absent.has(name)) {
    warn(
      'optional-field',
      span,
      `Does not match events without ${name}, a field that events may lack: to let those through, write (${name} NOT EXISTS || ${name} != ${printValue(value)})`,
    );
  }
  if (value.kind !== 'text') return;
  lintText(value, warn);
  const [text] = value.pieces;
  if (!value.quoted && value.pieces.length === 1 && /^(?:true|false|null)$/i.test(text as string)) {
    warn(
      'json-value',
      value.span,
      `Compares with the text "${text}", and never matches the value ${(text as string).toLowerCase()} of JSON: for that, write ${name} IS ${(text as string).toUpperCase()}`,
    );
  }
}

function lintIs({selector, what, span}: Is, warn: Warn): void {
  const name = printSelector(selector);
  if (what === 'NULL' || !TEXT_FLAGS.has(name)) return;
  warn(
    'text-flag',
    span,
    `Never matches: CloudTrail writes ${name} as a text, so compare it with "="`,
  );
}

function lintText(value: TextValue, warn: Warn): void {
  const {pieces, quoted, span} = value;
  const words = pieces.join('');
  if (!quoted && /\s/.test(words)) {
    warn(
      'quotes',
      span,
      `CloudWatch may refuse this: the guide asks for double quotes around a text with blanks, "${words}"`,
    );
  } else if (!quoted && /[^A-Za-z0-9_]/.test(words)) {
    warn(
      'quotes',
      span,
      'CloudWatch asks for double quotes around values with other characters than letters, digits and "_", though it is known to take some without',
    );
  }
  if (pieces.length > 1 && pieces[0] !== '' && pieces.at(-1) !== '') {
    warn(
      'inner-wildcard',
      span,
      'An older guide says that "*" between other characters is no wildcard; here it is one, as the current guide has it',
    );
  }
}

function lintPrecedence<Leaf extends {readonly kind: string; readonly span: Span}>(
  expression: Expression<Leaf>,
  warn: Warn,
): void {
  if (isGroup(expression)) lintPrecedence(expression.inner, warn);
  if (!isJunction(expression)) return;
  for (const operand of expression.operands) {
    if (expression.kind === 'or' && isJunction(operand)) {
      warn(
        'precedence',
        operand.span,
        'These belong together, since "&&" binds before "||": they do not limit the other alternatives. Put brackets around what is meant',
      );
    }
    lintPrecedence(operand, warn);
  }
}

/** Alternatives that leave out nothing, and conditions that cannot hold together. */
function lintJunctions(expression: Expression<JsonTest>, whole: boolean, warn: Warn): void {
  if (isGroup(expression)) {
    lintJunctions(expression.inner, whole, warn);
    return;
  }
  if (!isJunction(expression)) return;
  const comparisons = expression.operands.map(bare).flatMap((operand) => {
    return operand.kind === 'compare' && !hasWildcard(operand.selector) ? [operand] : [];
  });
  if (expression.kind === 'or') lintAlternatives(comparisons, whole, warn);
  else lintTogether(comparisons, warn);
  for (const operand of expression.operands) {
    lintJunctions(operand, whole && expression.kind === 'or', warn);
  }
}

/** @param whole whether nothing else has to hold; else "not both" may be just what is meant. */
function lintAlternatives(comparisons: readonly Comparison[], whole: boolean, warn: Warn): void {
  const unequal = comparisons.filter(({operator}) => operator === '!=');
  const [first, ...others] = unequal;
  if (first === undefined) return;
  const span = {start: first.span.start, end: (others.at(-1) ?? first).span.end};
  const listed = unequal.map(({selector}) => printSelector(selector));
  if (unequal.length > 1) {
    const same = listed.every((name) => name === listed[0]);
    if (!same && !whole) return;
    warn(
      'always',
      span,
      same
        ? `Matches every event that has ${listed[0]}: it always differs from one of the values. To leave out all of them, join with "&&"`
        : `Matches nearly every event: all of ${listed.join(', ')} would have to be these values at once for it not to. To leave out each of them, join with "&&"`,
    );
    return;
  }
  const opposite = comparisons.find(
    (other) =>
      other.operator === '=' &&
      printSelector(other.selector) === listed[0] &&
      printValue(other.value) === printValue(first.value),
  );
  if (opposite === undefined && !whole) return;
  warn(
    'always',
    span,
    opposite === undefined
      ? `Matches all events but those where ${listed[0]} is ${printValue(first.value)}, whatever the other alternatives say`
      : `Matches every event that has ${listed[0]}`,
  );
}

function lintTogether(comparisons: readonly Comparison[], warn: Warn): void {
  const values = new Map<string, string>();
  for (const {operator, selector, value, span} of comparisons) {
    if (operator !== '=' || value.kind !== 'text' || value.pieces.length !== 1) continue;
    const name = printSelector(selector);
    const text = value.pieces[0] as string;
    const other = values.get(name);
    if (other !== undefined && other !== text) {
      warn('never', span, `Never matches: ${name} cannot be "${other}" and "${text}" at once`);
    }
    values.set(name, text);
  }
}

function bare(expression: Expression<JsonTest>): Expression<JsonTest> {
  return isGroup(expression) ? bare(expression.inner) : expression;
}

function hasWildcard({steps}: Selector): boolean {
  return steps.some(({kind}) => kind.startsWith('any-'));
}

/** What CloudWatch allows outside of an escape. */
const REGEX_CHARACTERS = /^[A-Za-z0-9:_#=@/;,\-^$?[\]{}|*+.]$/;

function lintRegexes(pattern: Pattern, warn: Warn): void {
  const regexes = regexesOf(pattern);
  const extra = pattern.kind === 'text' ? undefined : regexes[CLOUDWATCH_REGEXES];
  if (extra !== undefined) {
    warn(
      'regex',
      extra.span,
      `CloudWatch refuses more than ${CLOUDWATCH_REGEXES} regular expressions in a pattern`,
    );
  }
  for (const {source, span} of regexes) {
    const wrong = new Set<string>();
    for (let i = 0; i < source.length; i++) {
      const char = source[i] as string;
      if (char === '\\') {
        i++;
        const next = source[i] ?? '';
        if (/[A-Za-z0-9]/.test(next) && !/[dDsSwWx]/.test(next)) wrong.add(`\\${next}`);
      } else if (!REGEX_CHARACTERS.test(char)) wrong.add(char === ' ' ? 'a blank' : char);
    }
    if (wrong.size === 0) continue;
    warn(
      'regex',
      span,
      `CloudWatch refuses this regular expression: it has no ${[...wrong].slice(0, 5).join(' ')}`,
    );
  }
}

function lintTerms({terms, span}: TextPattern, warn: Warn): void {
  if (terms.some(({mode}) => mode !== 'optional')) {
    for (const term of terms) {
      if (term.mode !== 'optional') continue;
      warn(
        'ignored-term',
        term.span,
        'Has no effect: beside terms without "?", CloudWatch ignores those with it',
      );
    }
  }
  for (const {match} of terms) {
    if (match.kind !== 'phrase' || match.quoted || /^[A-Za-z0-9_]+$/.test(match.text)) continue;
    warn(
      'quotes',
      match.span,
      'CloudWatch asks for double quotes around terms with other characters than letters, digits and "_"',
    );
  }
  if (terms.length > 0) {
    warn(
      'not-json',
      span,
      'Looks for these terms anywhere in the text of the record, in names of fields and in what callers wrote too',
    );
  }
}
