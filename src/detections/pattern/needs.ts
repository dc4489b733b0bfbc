import {errorOf} from '../../event/error.ts';
import {operationOf, serviceOf} from '../../event/operation.ts';
import type {PrincipalKind} from '../../event/principal.ts';
import type {Needs} from '../evaluator.ts';
import type {Comparison, Expression, JsonTest, Pattern, Value} from './ast.ts';
import {compilePieces} from './compile.ts';
import {isGroup, isJunction} from './parse.ts';
import {printSelector} from './print.ts';

/**
 * What the components of an event must be for its record to match. Components are made of the
 * record by rules of their own (`event/operation.ts`, `error.ts`, `principal.ts`), so each need is
 * the widest set of components that a matching record can have.
 */
export function needsOf(pattern: Pattern): Needs {
  return pattern.kind === 'json' ? needsOfExpression(pattern.expression) : {};
}

function needsOfExpression(expression: Expression<JsonTest>): Needs {
  if (isGroup(expression)) return needsOfExpression(expression.inner);
  if (!isJunction(expression)) return needsOfTest(expression);
  const needs = expression.operands.map(needsOfExpression);
  return expression.kind === 'and' ? allOf(needs) : anyOf(needs);
}

function allOf(needs: readonly Needs[]): Needs {
  const operations = needs.flatMap(({operation}) => (operation === undefined ? [] : [operation]));
  const kinds = needs.flatMap((need) => (need.kinds === undefined ? [] : [need.kinds]));
  return {
    ...(operations.length > 0 && {
      operation: (operation) => operations.every((accepts) => accepts(operation)),
    }),
    ...(needs.some(({failed}) => failed) && {failed: true}),
    ...(kinds.length > 0 && {
      kinds: new Set([...(kinds[0] ?? [])].filter((kind) => kinds.every((set) => set.has(kind)))),
    }),
  };
}

/** Only what each alternative needs, some form of, is needed. */
function anyOf(needs: readonly Needs[]): Needs {
  const operations = needs.flatMap(({operation}) => (operation === undefined ? [] : [operation]));
  const kinds = needs.flatMap((need) => (need.kinds === undefined ? [] : [need.kinds]));
  return {
    ...(operations.length === needs.length && {
      operation: (operation) => operations.some((accepts) => accepts(operation)),
    }),
    ...(needs.every(({failed}) => failed) && {failed: true}),
    ...(kinds.length === needs.length && {
      kinds: new Set(kinds.flatMap((set) => [...set])),
    }),
  };
}

function needsOfTest(test: JsonTest): Needs {
  if (test.kind !== 'compare' || test.operator !== '=') return {};
  switch (printSelector(test.selector)) {
    case '$.eventName':
      return needsOfName(test);
    case '$.eventSource':
      return needsOfSource(test);
    case '$.errorCode':
      return meansFailure(test.value) ? {failed: true} : {};
    case '$.userIdentity.type': {
      const kinds = KINDS_OF_TYPE.get((plainText(test.value) ?? '').toLowerCase());
      return kinds === undefined ? {} : {kinds: new Set(kinds)};
    }
    default:
      return {};
  }
}

/** A text without wildcards that cannot be a number in the record: components know texts alone. */
function plainText(value: Value): string | undefined {
  if (value.kind !== 'text' || value.pieces.length !== 1) return undefined;
  const text = value.pieces[0] as string;
  return isWord(text) ? text : undefined;
}

/** It holds a letter that no number has, in none of the ways numbers are written. */
function isWord(text: string): boolean {
  return /[A-Za-z]/.test(text.replace(/[eE]|Infinity/g, ''));
}

function needsOfName({value}: Comparison): Needs {
  const text = plainText(value);
  if (text !== undefined) {
    const ending = operationOf({eventSource: '-', eventName: text}).operation.slice(1);
    return {operation: (operation) => isInsight(operation) || operation.endsWith(ending)};
  }
  const test = nameTest(value);
  if (test === undefined) return {};
  return {
    operation: (operation) =>
      // Beyond 128 characters a name ends in a hash; "-" stands for a name that is no text.
      isInsight(operation) ||
      operation.length >= 128 ||
      operation.endsWith('-') ||
      namesIn(operation).some(test),
  };
}

/** What the name in the component may be; undefined if nothing can be said of it. */
function nameTest(value: Value): ((name: string) => boolean) | undefined {
  if (value.kind !== 'text' || value.pieces.length === 1) return undefined;
  // The component is without the blanks around the name, so pieces must not ask for one.
  if (value.pieces.some((piece) => /\s/.test(piece))) return undefined;
  return compilePieces(value.pieces);
}

/** What follows each colon: the name does, and the service may hold colons too. */
function namesIn(operation: string): string[] {
  const names: string[] = [];
  for (let i = operation.indexOf(':'); i >= 0; i = operation.indexOf(':', i + 1)) {
    names.push(operation.slice(i + 1));
  }
  return names;
}

/** A record of CloudTrail Insights is named by the insight, whatever its name and source. */
function isInsight(operation: string): boolean {
  return operation.startsWith('insight:');
}

function needsOfSource({value}: Comparison): Needs {
  const text = plainText(value);
  if (text === undefined) return {};
  const beginning = `${serviceOf(text)}:`;
  return {operation: (operation) => isInsight(operation) || operation.startsWith(beginning)};
}

/** Whether a record with this error code has an error, and not "-", whatever the wildcards are. */
function meansFailure(value: Value): boolean {
  const text = plainText(value);
  if (text !== undefined) return errorOf({errorCode: text}) !== '-';
  return value.kind === 'text' && value.pieces.some(isWord);
}

/** Kinds of principals that an identity of a type can turn out as; types in lower case. */
const KINDS_OF_TYPE: ReadonlyMap<string, readonly PrincipalKind[]> = new Map<
  string,
  readonly PrincipalKind[]
>([
  ['iamuser', ['user', 'unknown']],
  ['assumedrole', ['role', 'person', 'unknown']],
  ['root', ['root']],
  ['federateduser', ['federated']],
  ['samluser', ['saml']],
  ['webidentityuser', ['web-identity']],
  ['identitycenteruser', ['identity-center']],
  ['awsservice', ['service']],
  ['awsaccount', ['account', 'service', 'unknown']],
]);
