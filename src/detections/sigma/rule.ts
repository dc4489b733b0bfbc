import type {Path} from '../../config/parse.ts';
import type {Json} from '../json.ts';
import {type Aggregation, type Expression, isNamed, parseCondition} from './condition.ts';
import {type Fault, isJsonMap, type JsonMap, shown} from './fault.ts';
import {compileItem, type ItemOptions, type Test} from './item.ts';
import {anyNeed, everyNeed} from './needs.ts';
import {timespanMs} from './timespan.ts';

/** Searches of a rule, and items of one, at most. */
const MAX_PARTS = 2_000;

/** The `detection` of a rule at work on records. */
export interface CompiledRule extends Test {
  /** Of older rules; then each record that holds is counted. */
  readonly aggregation: (Aggregation & {readonly withinMs: number}) | undefined;
  /** The condition as written. */
  readonly condition: string;
  readonly warnings: readonly Fault[];
}

/**
 * Compiles the searches and the condition of a rule; undefined after a fault.
 *
 * @param path of `detection`
 */
export function compileRule(
  detection: Json | undefined,
  path: Path,
  options: ItemOptions,
): CompiledRule | undefined {
  const {faults} = options;
  const before = faults.length;
  if (!isJsonMap(detection)) {
    faults.push({path, message: 'The searches and the condition are wanted'});
    return undefined;
  }
  const {condition, timeframe, ...searches} = detection;
  const names = Object.keys(searches);
  if (names.length > MAX_PARTS) faults.push({path, message: `More than ${MAX_PARTS} searches`});
  const compiled = new Map<string, Test>();
  const warnings: Fault[] = [];
  for (const name of names.slice(0, MAX_PARTS)) {
    const test = compileSearch(searches[name] as Json, [...path, name], {...options, warnings});
    if (test !== undefined) compiled.set(name, test);
  }
  const conditions = Array.isArray(condition) ? (condition as readonly Json[]) : [condition];
  const used = new Set<string>();
  const tests: Test[] = [];
  let aggregation: Aggregation | undefined;
  for (const [i, each] of conditions.entries()) {
    const at = [...path, 'condition', ...(Array.isArray(condition) ? [i] : [])];
    if (typeof each !== 'string') {
      const message = condition === undefined ? 'There is no condition' : 'A text is wanted';
      faults.push({path: at, message});
      continue;
    }
    const parsed = parseCondition(each);
    if (!parsed.ok) {
      faults.push({path: at, index: parsed.index, message: parsed.message});
      continue;
    }
    if (parsed.aggregation !== undefined && conditions.length > 1) {
      const {index} = parsed.aggregation;
      faults.push({path: at, index, message: 'Not with more than one condition'});
    }
    aggregation = parsed.aggregation;
    const linker: Linker = {names, compiled, used, path: at, faults};
    const test = link(parsed.expression, linker);
    if (test !== undefined) tests.push(test);
  }
  let withinMs = 0;
  if (aggregation !== undefined) {
    const at = [...path, 'timeframe'];
    const ms = timespanMs(timeframe);
    if (typeof ms === 'number') withinMs = ms;
    else if (timeframe === undefined) {
      const {index} = aggregation;
      const message = 'It counts without a `timeframe`: within what time is not said';
      faults.push({path: [...path, 'condition'], index, message});
    } else faults.push({path: at, message: ms});
  }
  if (faults.length > before) return undefined;
  if (tests.length === 0) {
    faults.push({path, message: 'There is no condition'});
    return undefined;
  }
  for (const name of names) {
    if (used.has(name)) continue;
    warnings.push({path: [...path, name], message: 'The condition does not ask for it'});
  }
  if (timeframe !== undefined && aggregation === undefined) {
    warnings.push({path: [...path, 'timeframe'], message: 'Nothing is counted: it does nothing'});
  }
  return {
    ...either(tests),
    aggregation: aggregation && {...aggregation, withinMs},
    condition: conditions.join('\nor: '),
    warnings,
  };
}

/** A map, a list of maps, or words to look for anywhere. */
function compileSearch(value: Json, path: Path, options: ItemOptions): Test | undefined {
  if (isJsonMap(value)) return compileMap(value, path, options);
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (list.length === 0) options.faults.push({path, message: 'There is nothing to look for'});
  if (list.length > MAX_PARTS * 5) {
    options.faults.push({path, message: `More than ${MAX_PARTS * 5} alternatives`});
    return undefined;
  }
  const tests = list.map((each, i) => {
    const at = Array.isArray(value) ? [...path, i] : path;
    if (isJsonMap(each)) return compileMap(each, at, options);
    if (typeof each === 'string' || typeof each === 'number') {
      return compileItem('', each, at, options);
    }
    const message = `Fields and values, or a text to look for, are wanted, found ${shown(each)}`;
    options.faults.push({path: at, message});
    return undefined;
  });
  const known = tests.filter((test) => test !== undefined);
  return known.length === tests.length && known.length > 0 ? either(known) : undefined;
}

function compileMap(map: JsonMap, path: Path, options: ItemOptions): Test | undefined {
  const keys = Object.keys(map);
  if (keys.length === 0) options.faults.push({path, message: 'There is nothing to look for'});
  if (keys.length > MAX_PARTS) {
    options.faults.push({path, message: `More than ${MAX_PARTS} fields`});
    return undefined;
  }
  const tests = keys.map((key) => compileItem(key, map[key] as Json, [...path, key], options));
  const known = tests.filter((test) => test !== undefined);
  return known.length === tests.length && known.length > 0 ? both(known) : undefined;
}

function either(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return {
    holds: (record) => tests.some((test) => test.holds(record)),
    needs: anyNeed(tests.map(({needs}) => needs)),
  };
}

function both(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return {
    holds: (record) => tests.every((test) => test.holds(record)),
    needs: everyNeed(tests.map(({needs}) => needs)),
  };
}

interface Linker {
  readonly names: readonly string[];
  /** Those without a fault. */
  readonly compiled: ReadonlyMap<string, Test>;
  readonly used: Set<string>;
  readonly path: Path;
  readonly faults: Fault[];
}

function link(expression: Expression, linker: Linker): Test | undefined {
  const {names, compiled, used, path, faults} = linker;
  switch (expression.kind) {
    case 'name': {
      const {name, index} = expression;
      if (!names.includes(name)) {
        const message = `There is no search "${name}"; there are ${names.slice(0, 20).join(', ')}`;
        faults.push({path, index, message});
      }
      used.add(name);
      return compiled.get(name);
    }
    case 'of': {
      const {pattern, least, index} = expression;
      const meant = names.filter((name) => isNamed(name, pattern));
      if (meant.length === 0) {
        const message =
          pattern === undefined ? 'There are no searches' : `None is named "${pattern}"`;
        faults.push({path, index, message});
      } else if (least !== 'all' && least > meant.length) {
        faults.push({path, index, message: `There are ${meant.length} of them`});
      }
      for (const name of meant) used.add(name);
      const tests = meant.flatMap((name) => compiled.get(name) ?? []);
      if (tests.length === 0) return undefined;
      if (least === 'all') return both(tests);
      if (least === 1) return either(tests);
      return {
        holds: (record) => tests.filter((test) => test.holds(record)).length >= least,
        needs: anyNeed(tests.map(({needs}) => needs)),
      };
    }
    case 'not': {
      const inner = link(expression.inner, linker);
      return inner && {holds: (record) => !inner.holds(record), needs: undefined};
    }
    default: {
      const tests = expression.operands.map((each) => link(each, linker));
      const known = tests.filter((test) => test !== undefined);
      if (known.length < tests.length) return undefined;
      return expression.kind === 'and' ? both(known) : either(known);
    }
  }
}
