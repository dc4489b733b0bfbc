import {serviceOf} from '../../event/operation.ts';
import type {Needs} from '../evaluator.ts';
import {compileWildcards, MANY, plainText, type Tokens} from './wildcards.ts';

/** What the operation must be; undefined if it may be any. */
export type NeedsOperation = Needs['operation'];

/** What a component keeps as it is, whatever its rules: no blank, no control, ASCII. */
const KEPT = /^[!-~]*$/;

/** Beyond it a name ends in a hash. */
const NAME_LIMIT = 128;

/**
 * What the operation of an event is like whose record matches one of the values under `eventName`
 * or `eventSource`. An Insight record is named by its insight; "-" stands for a name or a source
 * that is no text, or is written with other capitals as a key.
 */
export function needsOfField(path: string, values: readonly Tokens[]): NeedsOperation {
  // Under another spelling a record may have a key of its own, which says nothing of its operation.
  if (path === 'eventName') return anyNeed(values.map(needsOfName));
  if (path === 'eventSource') return anyNeed(values.map(needsOfSource));
  return undefined;
}

function needsOfName(tokens: Tokens): NeedsOperation {
  const kept = tokens.every((token) => typeof token !== 'string' || KEPT.test(token));
  if (!kept) return undefined;
  // A blank at the end is a character for "?", but not part of the component.
  const wide = tokens.map((token) => (typeof token === 'object' ? MANY : token));
  const test = compileWildcards(wide, true);
  return (operation) => isOpen(operation) || namesIn(operation).some(test);
}

function needsOfSource(tokens: Tokens): NeedsOperation {
  const text = plainText(tokens);
  if (text === undefined || !KEPT.test(text) || text === '') return undefined;
  const beginning = `${serviceOf(text)}:`;
  return (operation) =>
    operation.startsWith(beginning) || operation.startsWith('-:') || isUntold(operation);
}

function isOpen(operation: string): boolean {
  return operation.endsWith('-') || operation.length >= NAME_LIMIT || isUntold(operation);
}

function isUntold(operation: string): boolean {
  return operation === '-' || operation.startsWith('insight:');
}

/** What follows each colon: the name does, and service and name may hold colons too. */
function namesIn(operation: string): string[] {
  const names: string[] = [];
  for (let i = operation.indexOf(':'); i >= 0; i = operation.indexOf(':', i + 1)) {
    names.push(operation.slice(i + 1));
  }
  return names;
}

/** One of the alternatives must hold. */
export function anyNeed(needs: readonly NeedsOperation[]): NeedsOperation {
  const given = needs.filter((need) => need !== undefined);
  if (given.length < needs.length || given.length === 0) return undefined;
  if (given.length === 1) return given[0];
  return (operation) => given.some((need) => need(operation));
}

/** All that is known must hold. */
export function everyNeed(needs: readonly NeedsOperation[]): NeedsOperation {
  const given = needs.filter((need) => need !== undefined);
  if (given.length <= 1) return given[0];
  return (operation) => given.every((need) => need(operation));
}
