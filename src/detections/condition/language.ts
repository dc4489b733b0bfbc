import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  type ParseResult,
  serialize,
  TypeError as TypeFault,
} from '@marcbachmann/cel-js';
import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {Needs} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {compileRegex, type Regex} from '../regex.ts';
import {foregoneOf} from './foregone.ts';
import {glob, ipIn, isNetwork, outsideOf} from './functions.ts';
import {isField, needsOf, type Part} from './needs.ts';
import {countNodes, tameRecord} from './tame-record.ts';
import {textTestOf} from './text-test.ts';

/** Longest text of a condition, in UTF-16 code units. */
export const MAX_CONDITION_LENGTH = 65_536;
/** Parts of a condition, nesting, and elements of a list in it. */
const LIMITS = {
  maxAstNodes: 20_000,
  maxDepth: 64,
  maxListElements: 5_000,
  maxMapEntries: 1_000,
  maxCallArguments: 16,
};
/** `exists`, `all`, `map` and `filter` within each other, and `cel.bind` within anything. */
const MAX_LOOPS = 2;
const MAX_BINDS = 4;
/** With two loops within each other the work is the square of what a record holds. */
const MAX_NODES_FOR_LOOPS = 2_000;

/** Something wrong in an expression, at a character of it. */
export interface Fault {
  readonly index: number;
  readonly message: string;
}

export type Compiled<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly faults: readonly Fault[]};

/** Why an event could not be decided. */
export interface Undecided {
  readonly failed: string;
}

export interface Condition {
  readonly source: string;
  /** What an event must have for it to hold; may let too much through. */
  readonly needs: Needs;
  /** Whether it holds for the event, or why that cannot be told. */
  readonly holds: (event: DetectionEvent) => boolean | Undecided;
}

/** An expression that gives a text for each event. */
export interface TextExpression {
  readonly source: string;
  readonly textOf: (event: DetectionEvent) => string | Undecided;
}

export type Parameters = Readonly<Record<string, Json>>;

const NO_PARAMETERS: Parameters = {};

/**
 * Compiles a condition, typed against the event: an unknown component, variable or parameter, or a
 * comparison of what cannot be compared, is a fault and not a silence.
 */
export function compileCondition(
  source: string,
  parameters: Parameters = NO_PARAMETERS,
): Compiled<Condition> {
  const compiled = compile(source, parameters, ['bool', 'dyn']);
  if (!compiled.ok) return compiled;
  const {run, ast} = compiled.value;
  const parts = new Map<ASTNode, Part | undefined>();
  const partOf = (node: ASTNode) => {
    if (!parts.has(node)) {
      const piece = compile(serialize(node), parameters, ['bool', 'dyn', 'double', 'int']);
      parts.set(node, piece.ok ? piece.value.run : undefined);
    }
    return parts.get(node);
  };
  const pieces = {partOf, testOf: (node: ASTNode) => textTestOf(node, parameters)};
  const foregone = foregoneOf(ast, pieces);
  const holds = (event: DetectionEvent): boolean | Undecided => {
    const told = foregone(event);
    if (told !== undefined) return told;
    const result = run(event);
    if (typeof result === 'boolean' || result instanceof Failure) return result;
    return {failed: `The condition gives ${kindOf(result)}, not true or false`};
  };
  return {ok: true, value: {source, needs: needsOf(ast, pieces), holds}};
}

/** Compiles an expression that is to give a text; numbers and true or false become texts. */
export function compileText(
  source: string,
  parameters: Parameters = NO_PARAMETERS,
): Compiled<TextExpression> {
  const compiled = compile(source, parameters, ['string', 'dyn', 'double', 'int', 'bool']);
  if (!compiled.ok) return compiled;
  const {run, ast} = compiled.value;
  if (ast.op === '.' && ast.args[0].op === 'id' && ast.args[0].args === 'event') {
    const [, field] = ast.args;
    if (isField(field)) {
      return {ok: true, value: {source, textOf: ({components}) => components[field]}};
    }
  }
  const textOf = (event: DetectionEvent): string | Undecided => {
    const result = run(event);
    if (typeof result === 'string' || result instanceof Failure) return result;
    if (['number', 'bigint', 'boolean'].includes(typeof result)) return String(result);
    return {failed: `The expression gives ${kindOf(result)}, not a text`};
  };
  return {ok: true, value: {source, textOf}};
}

export class Failure implements Undecided {
  readonly failed: string;

  constructor(failed: string) {
    this.failed = failed;
  }
}

type Run = (event: DetectionEvent) => unknown;

function compile(
  source: string,
  parameters: Parameters,
  types: readonly string[],
): Compiled<{readonly run: Run; readonly ast: ASTNode}> {
  if (source.length > MAX_CONDITION_LENGTH) {
    const message = `Longer than ${MAX_CONDITION_LENGTH} characters`;
    return fault(MAX_CONDITION_LENGTH, message);
  }
  const environment = environmentOf(parameters);
  let program: ParseResult;
  // Needs are found in the tree as written, before functions in it are renamed.
  let ast: ASTNode;
  try {
    program = environment.parse(source);
    ast = environment.parse(source).ast;
  } catch (error) {
    return fault(...faultOf(error));
  }
  const faults: Fault[] = [];
  const loops = prepare(program.ast, faults, 0, 0);
  if (faults.length > 0) return {ok: false, faults};
  const checked = program.check();
  if (!checked.valid) return fault(...faultOf(checked.error));
  const {type = 'dyn'} = checked;
  if (!types.includes(type)) {
    const wanted = types.includes('string') ? 'a text' : 'true or false';
    return fault(0, `It gives ${typeName(type)}, not ${wanted}`);
  }
  const view = new EventView();
  const run: Run = (event) => {
    view.look(event);
    try {
      if (loops > 1 && countNodes(view.record, MAX_NODES_FOR_LOOPS) >= MAX_NODES_FOR_LOOPS) {
        return new Failure('The record is too large for loops within loops');
      }
      return program(view);
    } catch (error) {
      return new Failure(failureOf(error));
    } finally {
      // While it is held, so is all that it came with.
      view.look(undefined);
    }
  };
  return {ok: true, value: {run, ast}};
}

function fault(index: number, message: string): {ok: false; faults: Fault[]} {
  return {ok: false, faults: [{index, message}]};
}

/** The function that `matches` is renamed to, since the library's own may take for ever. */
const MATCHES = 'matchesRe2';

/**
 * Renames `matches`, compiles its expressions, finds loops that are nested too deeply, and gives
 * how deep they are.
 */
function prepare(node: ASTNode, faults: Fault[], loops: number, binds: number): number {
  let deepest = loops;
  const into = (child: ASTNode, inner = loops, bound = binds) => {
    deepest = Math.max(deepest, prepare(child, faults, inner, bound));
  };
  switch (node.op) {
    case 'value':
    case 'id':
      break;
    case '.':
    case '.?':
      into(node.args[0]);
      break;
    case '!_':
    case '-_':
      into(node.args);
      break;
    case 'list':
      node.args.forEach((child) => {
        into(child);
      });
      break;
    case 'map':
      node.args.flat().forEach((child) => {
        into(child);
      });
      break;
    case 'call': {
      const [name, args] = node.args;
      if (name === 'ip_in') checkNetwork(args[1], faults);
      args.forEach((child) => {
        into(child);
      });
      break;
    }
    case 'rcall': {
      const [name, receiver, args] = node.args;
      if (name === 'matches') {
        if (isRegex(node.start, args[0], faults)) {
          (node.args as [string, ...unknown[]])[0] = MATCHES;
        }
      }
      into(receiver);
      const isBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
      const isLoop = ['all', 'exists', 'exists_one', 'map', 'filter'].includes(name);
      if (isBind && binds >= MAX_BINDS) {
        faults.push({index: node.start, message: `More than ${MAX_BINDS} binds within each other`});
        break;
      }
      if (isLoop && loops >= MAX_LOOPS) {
        faults.push({index: node.start, message: `More than ${MAX_LOOPS} loops within each other`});
        break;
      }
      for (const child of args) {
        into(child, isLoop ? loops + 1 : loops, isBind ? binds + 1 : binds);
      }
      break;
    }
    default:
      for (const child of node.args as readonly ASTNode[]) into(child);
  }
  return deepest;
}

function isRegex(start: number, argument: ASTNode | undefined, faults: Fault[]): boolean {
  if (argument?.op !== 'value' || typeof argument.args !== 'string') {
    const index = argument?.start ?? start;
    faults.push({index, message: '"matches" needs its regular expression as a text in quotes'});
    return false;
  }
  const compiled = compileRegex(argument.args, {unanchored: true});
  // Behind the quote; escapes may shift it.
  if (!compiled.ok)
    faults.push({index: argument.start + 1 + compiled.index, message: compiled.message});
  return compiled.ok;
}

function checkNetwork(argument: ASTNode | undefined, faults: Fault[]): void {
  const nodes = argument?.op === 'list' ? argument.args : [argument];
  for (const node of nodes) {
    if (node?.op !== 'value' || typeof node.args !== 'string' || isNetwork(node.args)) continue;
    faults.push({index: node.start, message: `"${node.args}" is no network such as "10.0.0.0/8"`});
  }
}

/** What a condition sees: one for each, pointed at event after event. */
class EventView {
  readonly event = new EventComponents();
  #event: DetectionEvent | undefined;
  #record: unknown;

  look(event: DetectionEvent | undefined): void {
    this.#event = event;
    this.#record = undefined;
    this.event.look(event);
  }

  /** Parsed only when a condition comes to it. */
  get record(): unknown {
    this.#record ??= tameRecord((this.#event as DetectionEvent).record);
    return this.#record;
  }

  get score(): number {
    return (this.#event as DetectionEvent).score;
  }

  get bits(): Readonly<Record<string, number>> {
    return (this.#event as DetectionEvent).bits;
  }
}

class EventComponents {
  #event: DetectionEvent | undefined;

  look(event: DetectionEvent | undefined): void {
    this.#event = event;
  }

  of(field: EventField): string {
    return (this.#event as DetectionEvent).components[field];
  }

  get time(): Date {
    return new Date((this.#event as DetectionEvent).time);
  }

  get id(): string {
    return (this.#event as DetectionEvent).id;
  }

  get origin(): string {
    return (this.#event as DetectionEvent).origin;
  }
}

for (const field of EVENT_FIELDS) {
  Object.defineProperty(EventComponents.prototype, field, {
    get(this: EventComponents) {
      return this.of(field);
    },
  });
}

/** Texts by name, as `event.NAME` in conditions. */
export const EVENT_TEXTS: readonly string[] = [...EVENT_FIELDS, 'origin', 'id'];

let shared: Environment | undefined;

function base(): Environment {
  if (shared !== undefined) return shared;
  const environment = new Environment({enableOptionalTypes: true, limits: LIMITS});
  const texts = Object.fromEntries(EVENT_TEXTS.map((name) => [name, 'string']));
  environment.registerType('Event', {
    ctor: EventComponents,
    fields: {...texts, time: 'google.protobuf.Timestamp'},
  } as never);
  environment.registerVariable('event', 'Event');
  environment.registerVariable('record', 'dyn');
  environment.registerVariable('score', 'double');
  environment.registerVariable('bits', 'map<string, double>');
  // Numbers of records are doubles, those of conditions mostly ints: people mean numbers.
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [operator, work] of Object.entries(arithmetic)) {
    const mixed = (a: number | bigint, b: number | bigint) => work(Number(a), Number(b));
    environment.registerOperator(`double ${operator} int`, mixed);
    environment.registerOperator(`int ${operator} double`, mixed);
  }
  environment.registerOperator('double % double', (a: number, b: number) => a % b);
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b));
  environment.registerFunction(`string.${MATCHES}(string): bool`, (text: string, source: string) =>
    regexOf(source).test(text),
  );
  environment.registerFunction('glob(string, string): bool', glob);
  environment.registerFunction('glob(string, list<string>): bool', (text: string, any: Texts) =>
    some(any, (one) => glob(text, one)),
  );
  environment.registerFunction('ip_in(string, string): bool', ipIn);
  environment.registerFunction('ip_in(string, list<string>): bool', (text: string, any: Texts) =>
    some(any, (one) => ipIn(text, one)),
  );
  environment.registerFunction('outside(string): list<string>', (resource: string) =>
    outsideOf(resource),
  );
  environment.registerFunction(
    'outside(string, list<string>): list<string>',
    (resource: string, trusted: Texts) => outsideOf(resource, trusted),
  );
  shared = environment;
  return environment;
}

type Texts = Iterable<string>;

function some(texts: Texts, holds: (text: string) => boolean): boolean {
  for (const text of texts) if (holds(text)) return true;
  return false;
}

const environments = new WeakMap<Parameters, Environment>();

/** The environment with these parameters as `params`. */
function environmentOf(parameters: Parameters): Environment {
  let environment = environments.get(parameters);
  if (environment === undefined) {
    environment = base().clone();
    const values = Object.entries(parameters);
    const fields = Object.fromEntries(values.map(([name, value]) => [name, typeOf(value)]));
    class Params {}
    environment.registerType('Params', {ctor: Params, fields} as never);
    environment.registerConstant('params', 'Params', Object.assign(new Params(), parameters));
    environments.set(parameters, environment);
  }
  return environment;
}

/** Regular expressions that are remembered as compiled; then all are forgotten. */
const MAX_REGEXES = 1_000;

const regexes = new Map<string, Regex>();

/** Of expressions that were found good before. */
function regexOf(source: string): Regex {
  let regex = regexes.get(source);
  if (regex === undefined) {
    const compiled = compileRegex(source, {unanchored: true});
    if (!compiled.ok) throw new EvaluationError(compiled.message);
    regex = compiled.regex;
    if (regexes.size >= MAX_REGEXES) regexes.clear();
    regexes.set(source, regex);
  }
  return regex;
}

/** The type of a parameter; an empty list is taken for one of texts. */
function typeOf(value: Json): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'boolean') return 'bool';
  if (!Array.isArray(value)) return 'dyn';
  const types = new Set(value.map((one: Json) => typeOf(one)));
  const [type = 'string'] = types;
  return types.size <= 1 && type !== 'dyn' ? `list<${type}>` : 'list<dyn>';
}

function faultOf(error: unknown): [index: number, message: string] {
  if (error instanceof ParseError || error instanceof TypeFault) {
    return [error.range?.start ?? 0, worded(error)];
  }
  // The parser calls itself for each level.
  if (error instanceof RangeError) return [0, 'Nested too deeply'];
  if (isAmbiguous(error)) return [0, 'A value of no known type, of an empty list say, is compared'];
  throw error;
}

/** The library has no class of its own for it: an operator whose types cannot be told apart. */
function isAmbiguous(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Operator overload '");
}

function failureOf(error: unknown): string {
  if (error instanceof EvaluationError || error instanceof TypeFault) return worded(error);
  if (error instanceof RangeError) {
    return /call stack|string length|array length|allocation/i.test(error.message)
      ? 'The expression takes too much memory'
      : 'A number, a time or a time zone is none, or out of range';
  }
  // Of `json()`, whose text is data.
  if (error instanceof SyntaxError) return 'The text is not JSON';
  if (isAmbiguous(error)) return 'A value of no known type is compared';
  throw error;
}

function worded({code, summary}: {code: string; summary: string}): string {
  const text = summary.replaceAll(MATCHES, 'matches').replaceAll('google.protobuf.', '');
  if (code === 'no_such_key') return text.replace(/^No such key: /, 'There is no field ');
  if (code === 'no_such_overload') {
    return text.replace(/^no such overload: /i, 'These do not go together: ');
  }
  if (code === 'unexpected_token') return text.replace('EOF', 'the end');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'an object';
}

function typeName(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    int: 'a number',
    double: 'a number',
    bool: 'true or false',
    Event: 'the event',
  };
  return names[type] ?? `a ${type}`;
}
