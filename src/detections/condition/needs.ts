import type {ASTNode} from '@marcbachmann/cel-js';
import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {Needs} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {remembered, type TextTest} from './text-test.ts';

/** Runs a part of a condition on an event. */
export type Part = (event: DetectionEvent) => unknown;

/** Evaluates parts of a condition by themselves. */
export interface Parts {
  /** Undefined where that cannot be. */
  readonly partOf: (node: ASTNode) => Part | undefined;
  /** See `textTestOf`. */
  readonly testOf: (node: ASTNode) => TextTest | undefined;
}

const FIELDS: ReadonlySet<string> = new Set(EVENT_FIELDS);

export function isField(name: string): name is EventField {
  return FIELDS.has(name);
}

/**
 * What an event must have for the condition to be true, as far as it can be told from the parts
 * that are joined by && and || and ask for the operation and the service, for one component, or
 * for the score alone. Any other part is taken for one that may hold.
 */
export function needsOf(ast: ASTNode, parts: Parts): Needs {
  if (ast.op === '&&') return both(needsOf(ast.args[0], parts), needsOf(ast.args[1], parts));
  if (ast.op === '||') return either(needsOf(ast.args[0], parts), needsOf(ast.args[1], parts));
  const {partOf} = parts;
  const asked = new Set<string>();
  ask(ast, asked);
  const only = (...names: readonly string[]) =>
    asked.size > 0 && [...asked].every((name) => names.includes(name));
  if (only('operation', 'service')) return ofOperation(asked.has('service'), partOf(ast));
  if (only('score')) return ofScore(ast, partOf);
  const [field = ''] = asked;
  return asked.size === 1 && isField(field) ? ofComponent(field, ast, parts) : {};
}

/** Adds the components that the expression may look at; "?" for whatever else an event has. */
export function ask(node: ASTNode, asked: Set<string>): void {
  if (node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'event') {
    asked.add(node.args[1]);
    return;
  }
  if (node.op === 'id') {
    if (['event', 'record', 'bits'].includes(node.args)) asked.add('?');
    if (node.args === 'score') asked.add('score');
    return;
  }
  for (const child of childrenOf(node)) ask(child, asked);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case '!_':
    case '-_':
      return [node.args];
    case 'map':
      return node.args.flat();
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    default:
      return node.args;
  }
}

function ofOperation(asksService: boolean, part: Part | undefined): Needs {
  if (part === undefined) return {};
  return {
    operation: (operation) => {
      const [service = '', ...names] = operation.split(':');
      // Which part is the service cannot be told of one with more colons, or none.
      if (asksService && names.length !== 1 && operation !== '-') return true;
      return part(eventWith({operation, service})) !== false;
    },
  };
}

function ofComponent(field: EventField, node: ASTNode, {partOf, testOf}: Parts): Needs {
  const kinds = field === 'kind' ? kindsOf(node) : undefined;
  if (kinds !== undefined) return {kinds};
  const part = partOf(node);
  if (part === undefined) return {};
  const may = testOf(node) ?? remembered((text) => part(eventWith({[field]: text})) !== false);
  return {
    ...(field === 'error' && !may('-') && {failed: true}),
    components: new Map([[field, may]]),
  };
}

/** The kinds of principals that it names, if it does nothing else. */
function kindsOf(node: ASTNode): ReadonlySet<string> | undefined {
  if (node.op === '==') {
    const [left, right] = node.args;
    const literal = isKind(left) ? right : isKind(right) ? left : undefined;
    if (literal?.op !== 'value' || typeof literal.args !== 'string') return undefined;
    return new Set([literal.args]);
  }
  if (node.op !== 'in') return undefined;
  const [left, right] = node.args;
  if (!isKind(left) || right.op !== 'list') return undefined;
  const kinds = right.args.map((one) => (one.op === 'value' ? one.args : undefined));
  return kinds.every((kind) => typeof kind === 'string') ? new Set(kinds) : undefined;
}

function isKind(node: ASTNode): boolean {
  return node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'event';
}

/** `score` compared with what does not depend on the event. */
function ofScore(node: ASTNode, partOf: (node: ASTNode) => Part | undefined): Needs {
  if (!['>', '>=', '<', '<=', '=='].includes(node.op)) return {};
  const [left, right] = node.args as readonly [ASTNode, ASTNode];
  const isScore = (side: ASTNode) => side.op === 'id' && side.args === 'score';
  const atLeast = isScore(left) && node.op.startsWith('<') === false;
  const atMost = isScore(right) && node.op.startsWith('>') === false;
  if (isScore(left) === isScore(right) || (!atLeast && !atMost)) return {};
  const other = isScore(left) ? right : left;
  const asked = new Set<string>();
  ask(other, asked);
  if (asked.size > 0) return {};
  const least = Number(partOf(other)?.(eventWith({})));
  return Number.isFinite(least) ? {minScore: least} : {};
}

/** An event of which a part sees these components alone. */
export function eventWith(components: Readonly<Record<string, string>>): DetectionEvent {
  return {
    time: 0,
    id: '',
    components: components as DetectionEvent['components'],
    origin: '',
    score: 0,
    bits: {},
    record: {},
  };
}

/** What must hold where both must. */
export function both(a: Needs, b: Needs): Needs {
  const {operation: ofA, kinds: kindsOfA} = a;
  const {operation: ofB, kinds: kindsOfB} = b;
  const operation =
    ofA === undefined || ofB === undefined ? (ofA ?? ofB) : (one: string) => ofA(one) && ofB(one);
  const kinds =
    kindsOfA === undefined || kindsOfB === undefined
      ? (kindsOfA ?? kindsOfB)
      : new Set([...kindsOfA].filter((kind) => kindsOfB.has(kind)));
  const failed = a.failed ?? b.failed;
  const minScore =
    a.minScore === undefined || b.minScore === undefined
      ? (a.minScore ?? b.minScore)
      : Math.max(a.minScore, b.minScore);
  const components = new Map(a.components);
  for (const [field, ofB] of b.components ?? []) {
    const ofA = components.get(field);
    components.set(field, ofA === undefined ? ofB : (text) => ofA(text) && ofB(text));
  }
  return needs(operation, kinds, failed, minScore, components);
}

/** What must hold where one of the two must. */
export function either(a: Needs, b: Needs): Needs {
  const {operation: ofA, kinds: kindsOfA} = a;
  const {operation: ofB, kinds: kindsOfB} = b;
  const components = new Map<EventField, (text: string) => boolean>();
  for (const [field, inA] of a.components ?? []) {
    const inB = b.components?.get(field);
    if (inB !== undefined) components.set(field, (text) => inA(text) || inB(text));
  }
  return needs(
    ofA && ofB && ((one) => ofA(one) || ofB(one)),
    kindsOfA && kindsOfB && new Set([...kindsOfA, ...kindsOfB]),
    a.failed && b.failed,
    a.minScore === undefined || b.minScore === undefined
      ? undefined
      : Math.min(a.minScore, b.minScore),
    components,
  );
}

function needs(
  operation: Needs['operation'],
  kinds: Needs['kinds'],
  failed: Needs['failed'],
  minScore: Needs['minScore'],
  components: NonNullable<Needs['components']>,
): Needs {
  return {
    ...(operation && {operation}),
    ...(kinds && {kinds}),
    ...(failed && {failed}),
    ...(minScore !== undefined && {minScore}),
    ...(components.size > 0 && {components}),
  };
}
