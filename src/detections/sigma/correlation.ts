import type {Path} from '../../config/parse.ts';
import type {Evaluator, Needs} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {MAX_ENTRIES} from './closing-count.ts';
import {type Expression, parseCondition} from './condition.ts';
import {Correlator, type Member, type Way} from './correlate.ts';
import {type Fault, isJsonMap, type JsonMap, shown} from './fault.ts';
import {compileValues} from './groups-of.ts';
import type {ItemOptions} from './item.ts';
import {anyNeed} from './needs.ts';
import {type CompiledRule, compileRule} from './rule.ts';
import {timespanMs} from './timespan.ts';

/** Rules of a correlation: one bit each. */
const MAX_RULES = 30;
/** Correlations within each other. */
const MAX_LEVELS = 8;
/** Largest number that is counted to. */
const MAX_COUNT = 1_000_000;
const MAX_FIELDS = 16;

/** A rule that correlations may refer to by its name or id. */
export interface Referred {
  readonly detection?: Json | undefined;
  readonly correlation?: Json | undefined;
  /** It is there, but for another log than this. */
  readonly foreign?: boolean;
  /** Of the rule, for its own faults. */
  readonly path: Path;
}

export interface CorrelationOptions extends ItemOptions {
  readonly find: (reference: string) => Referred | undefined;
  readonly late: boolean;
  /** References that led here. */
  readonly trail?: readonly string[];
  readonly warnings?: Fault[];
}

export interface CompiledCorrelation {
  readonly make: () => Evaluator;
  readonly needs: Needs;
  /** Fields whose values make a group. */
  readonly groupBy: readonly string[];
  /** References to the rules, as written. */
  readonly rules: readonly string[];
  readonly text: string;
  /** It is told when its time is over, by no event. */
  readonly closing: boolean;
}

const TYPES = ['event_count', 'value_count', 'temporal', 'temporal_ordered'];
const GIVEN_UP = [
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'value_min',
  'value_max',
];
const SETTINGS = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate'];
const OPERATORS = ['gte', 'gt', 'lte', 'lt', 'eq', 'neq'] as const;
type Operator = (typeof OPERATORS)[number];
type Limits = Readonly<Partial<Record<Operator, number>>>;

/** Compiles a correlation and all it refers to; undefined after a fault. */
export function compileCorrelation(
  given: Json | undefined,
  path: Path,
  options: CorrelationOptions,
): CompiledCorrelation | undefined {
  const {faults, trail = []} = options;
  const before = faults.length;
  const fault = (at: Path, message: string, index?: number) => {
    faults.push({path: [...path, ...at], message, ...(index !== undefined && {index})});
  };
  if (!isJsonMap(given)) {
    fault([], 'The settings of a correlation are wanted');
    return undefined;
  }
  for (const key of Object.keys(given)) {
    if (!SETTINGS.includes(key)) {
      faults.push({path: [...path, key], key: true, message: 'A correlation has no such setting'});
    }
  }
  const type = typeOf(given.type, fault);
  const rules = textsOf(given.rules, ['rules'], 'the names or ids of rules', fault);
  const groupBy =
    given['group-by'] === undefined
      ? []
      : textsOf(given['group-by'], ['group-by'], 'names of fields', fault);
  const withinMs = timespanMs(given.timespan);
  if (typeof withinMs === 'string') fault(['timespan'], withinMs);
  if (rules.length > MAX_RULES) fault(['rules'], `More than ${MAX_RULES} rules`);
  if (groupBy.length > MAX_FIELDS) fault(['group-by'], `More than ${MAX_FIELDS} fields`);
  if (trail.length > MAX_LEVELS) fault(['rules'], `More than ${MAX_LEVELS} levels of correlations`);
  if (faults.length > before || type === undefined) return undefined;

  const aliases = aliasesOf(given.aliases, rules, fault);
  const counted = type === 'value_count' ? countedOf(given.condition, fault) : undefined;
  const way = wayOf(type, given.condition, rules, fault);
  const needs: Needs['operation'][] = [];
  const members = rules.slice(0, MAX_RULES).flatMap((reference, i): Member[] => {
    const made = memberOf(
      reference,
      [...path, 'rules', ...(isList(given.rules) ? [i] : [])],
      options,
    );
    if (made === undefined) return [];
    needs.push(made.needs);
    const fieldsOf = (names: readonly string[]) =>
      compileValues(names.map((name) => aliases.get(name)?.get(reference) ?? name));
    return [
      {
        made: made.make,
        groupOf: fieldsOf(groupBy),
        countedOf: counted === undefined ? undefined : fieldsOf(counted),
      },
    ];
  });
  if (faults.length > before || way === undefined || typeof withinMs === 'string') return undefined;
  const operation = anyNeed(needs);
  const all: Needs = operation === undefined ? {} : {operation};
  const correlation = {members, needs: all, withinMs, way, late: options.late};
  const by = groupBy.length === 0 ? '' : ` by ${groupBy.join(', ')}`;
  return {
    make: () => new Correlator(correlation),
    needs: all,
    groupBy,
    rules,
    text: `${type} of ${rules.join(', ')}${by} within ${given.timespan}${conditionText(given.condition)}`,
    closing: way.kind === 'closing',
  };
}

/** A rule of an older form that counts, as the correlation it would be today. */
export function compileAggregation(
  rule: CompiledRule,
  {late}: {readonly late: boolean},
): CompiledCorrelation | undefined {
  const {aggregation, needs: operation, holds} = rule;
  if (aggregation === undefined) return undefined;
  const {field, by, operator, limit, withinMs} = aggregation;
  const needs: Needs = operation === undefined ? {} : {operation};
  const groupBy = by === undefined ? [] : [by];
  const member: Member = {
    made: () => holds,
    groupOf: compileValues(groupBy),
    countedOf: field === undefined ? undefined : compileValues([field]),
  };
  const way = wayOfLimits({[operator]: limit});
  const correlation = {members: [member], needs, withinMs, way, late};
  const make = () => new Correlator(correlation);
  return {make, needs, groupBy, rules: [], text: '', closing: way.kind === 'closing'};
}

type Tell = (at: Path, message: string, index?: number) => void;

function typeOf(type: Json | undefined, fault: Tell): string | undefined {
  if (typeof type === 'string' && TYPES.includes(type)) return type;
  // With a condition that joins the rules, these are the plain ones.
  if (type === 'temporal_extended') return 'temporal';
  if (typeof type === 'string' && GIVEN_UP.includes(type)) {
    fault(['type'], `The correlation "${type}" is not run: of values it counts the different ones`);
  } else fault(['type'], `One of ${TYPES.join(', ')} is wanted, found ${shown(type)}`);
  return undefined;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function textsOf(value: Json | undefined, path: Path, what: string, fault: Tell): string[] {
  const list = isList(value) ? value : [value];
  const texts = list.flatMap((each) => (typeof each === 'string' && each !== '' ? [each] : []));
  if (texts.length < list.length || texts.length === 0) fault(path, `Wanted are ${what}`);
  return texts;
}

/** The fields that an alias stands for, by rule. */
function aliasesOf(
  given: Json | undefined,
  rules: readonly string[],
  fault: Tell,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const aliases = new Map<string, Map<string, string>>();
  if (given === undefined) return aliases;
  if (!isJsonMap(given)) {
    fault(['aliases'], 'Names, with a field for each rule, are wanted');
    return aliases;
  }
  for (const [alias, fields] of Object.entries(given)) {
    const own = new Map<string, string>();
    aliases.set(alias, own);
    if (!isJsonMap(fields)) fault(['aliases', alias], 'A field for each rule is wanted');
    else {
      for (const [rule, field] of Object.entries(fields)) {
        if (!rules.includes(rule)) {
          fault(['aliases', alias, rule], `The correlation has no rule "${rule}"`);
        } else if (typeof field !== 'string') {
          fault(['aliases', alias, rule], 'The name of a field is wanted');
        } else own.set(rule, field);
      }
    }
  }
  return aliases;
}

function countedOf(condition: Json | undefined, fault: Tell): string[] | undefined {
  if (!isJsonMap(condition)) return undefined;
  return textsOf(condition.field, ['condition', 'field'], 'the name of a field', fault);
}

function wayOf(
  type: string,
  condition: Json | undefined,
  rules: readonly string[],
  fault: Tell,
): Way | undefined {
  if (type === 'temporal' || type === 'temporal_ordered') {
    const all = (1 << rules.length) - 1;
    if (condition === undefined) {
      return type === 'temporal_ordered'
        ? {kind: 'ordered'}
        : {kind: 'together', enough: (mask) => mask === all};
    }
    if (type === 'temporal_ordered') {
      fault(['condition'], 'An ordered correlation is run with all of its rules, in their order');
      return undefined;
    }
    if (typeof condition === 'string') return joinedWay(condition, rules, fault);
    const limits = limitsOf(condition, fault);
    const least = limits && leastOf(limits);
    if (least === undefined) {
      if (limits !== undefined) fault(['condition'], 'Only "gte" and "gt" are run here');
      return undefined;
    }
    return {kind: 'together', enough: (mask) => bitsOf(mask) >= least};
  }
  const limits = limitsOf(condition, fault);
  if (limits === undefined) return undefined;
  const way = wayOfLimits(limits);
  if (way.kind === 'closing') {
    const most = Math.max(...Object.values(limits));
    if (most >= MAX_ENTRIES) {
      fault(['condition'], `Below ${MAX_ENTRIES} is wanted where the end of the time must tell`);
    }
  }
  return way;
}

/** A condition that joins rules by "and" and "or": what it needs can be told as soon as it is there. */
function joinedWay(condition: string, rules: readonly string[], fault: Tell): Way | undefined {
  const parsed = parseCondition(condition);
  if (!parsed.ok) {
    fault(['condition'], parsed.message, parsed.index);
    return undefined;
  }
  if (parsed.aggregation !== undefined) {
    fault(['condition'], 'Nothing is counted here', parsed.aggregation.index);
    return undefined;
  }
  const compile = (expression: Expression): ((mask: number) => boolean) | undefined => {
    switch (expression.kind) {
      case 'name': {
        const bit = rules.indexOf(expression.name);
        if (bit >= 0) return (mask) => (mask & (1 << bit)) !== 0;
        const message = `The correlation has no rule "${expression.name}"`;
        fault(['condition'], message, expression.index);
        return undefined;
      }
      case 'of':
        fault(['condition'], 'The rules are to be named one by one', expression.index);
        return undefined;
      case 'not':
        fault(['condition'], '"not" is not run here: only the end of the time could tell');
        return undefined;
      default: {
        const tests = expression.operands.map(compile);
        const known = tests.filter((test) => test !== undefined);
        if (known.length < tests.length) return undefined;
        return expression.kind === 'and'
          ? (mask) => known.every((test) => test(mask))
          : (mask) => known.some((test) => test(mask));
      }
    }
  };
  const enough = compile(parsed.expression);
  return enough && {kind: 'together', enough};
}

function limitsOf(condition: Json | undefined, fault: Tell): Limits | undefined {
  if (!isJsonMap(condition)) {
    fault(['condition'], 'A comparison such as {gte: 5} is wanted');
    return undefined;
  }
  const limits: Partial<Record<Operator, number>> = {};
  let wrong = false;
  for (const [key, value] of Object.entries(condition)) {
    if (key === 'field') continue;
    if (!(OPERATORS as readonly string[]).includes(key)) {
      fault(['condition', key], `One of ${OPERATORS.join(', ')} is wanted`);
      wrong = true;
    } else if (typeof value !== 'number' || !(value >= 0 && value <= MAX_COUNT)) {
      fault(['condition', key], `A number up to ${MAX_COUNT} is wanted, found ${shown(value)}`);
      wrong = true;
    } else limits[key as Operator] = value;
  }
  if (!wrong && Object.keys(limits).length === 0) {
    fault(['condition'], `One of ${OPERATORS.join(', ')} is wanted`);
    return undefined;
  }
  return wrong ? undefined : limits;
}

/** The number from which on all of it holds; undefined if more may be too many. */
function leastOf(limits: Limits): number | undefined {
  const {gte = 0, gt, ...others} = limits;
  if (Object.keys(others).length > 0) return undefined;
  return Math.max(1, Math.ceil(gte), gt === undefined ? 1 : Math.floor(gt) + 1);
}

function wayOfLimits(limits: Limits): Way {
  const atLeast = leastOf(limits);
  if (atLeast !== undefined) return {kind: 'count', atLeast};
  const tests = Object.entries(limits).map(([operator, limit]) =>
    testOf(operator as Operator, limit),
  );
  return {kind: 'closing', enough: (count) => tests.every((test) => test(count))};
}

function testOf(operator: Operator, limit: number): (count: number) => boolean {
  switch (operator) {
    case 'gte':
      return (count) => count >= limit;
    case 'gt':
      return (count) => count > limit;
    case 'lte':
      return (count) => count <= limit;
    case 'lt':
      return (count) => count < limit;
    case 'eq':
      return (count) => count === limit;
    case 'neq':
      return (count) => count !== limit;
  }
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

interface Made {
  readonly make: Member['made'];
  readonly needs: Needs['operation'];
}

function memberOf(reference: string, path: Path, options: CorrelationOptions): Made | undefined {
  const {faults, find, late, trail = [], warnings} = options;
  const before = faults.length;
  const rule = find(reference);
  if (rule === undefined) {
    faults.push({path, message: `There is no rule "${reference}"`});
    return undefined;
  }
  if (rule.foreign === true) {
    faults.push({path, message: `The rule "${reference}" is not for CloudTrail`});
    return undefined;
  }
  if (trail.includes(reference)) {
    faults.push({path, message: `It goes round in a circle: "${reference}" leads here`});
    return undefined;
  }
  let made: (Made & {readonly closing: boolean}) | undefined;
  if (rule.correlation !== undefined) {
    const inner = compileCorrelation(rule.correlation, [...rule.path, 'correlation'], {
      ...options,
      trail: [...trail, reference],
    });
    made = inner && {...inner, needs: inner.needs.operation};
  } else {
    const compiled = compileRule(rule.detection, [...rule.path, 'detection'], options);
    warnings?.push(...(compiled?.warnings ?? []));
    const counting = compiled && compileAggregation(compiled, {late});
    if (counting !== undefined) made = {...counting, needs: counting.needs.operation};
    else if (compiled !== undefined) {
      made = {make: () => compiled.holds, needs: compiled.needs, closing: false};
    }
  }
  if (made?.closing === true) {
    const message = `"${reference}" counts to less than a number, or to just one: the end of its time tells, and that is no event to relate`;
    faults.push({path, message});
    return undefined;
  }
  if (made === undefined && faults.length === before) {
    faults.push({path, message: `The rule "${reference}" cannot be run`});
  }
  return made;
}

function conditionText(condition: Json | undefined): string {
  if (condition === undefined) return '';
  if (typeof condition === 'string') return `: ${condition}`;
  const parts = Object.entries((condition ?? {}) as JsonMap).map(([key, value]) =>
    key === 'field' ? `of ${textOf(value)}` : `${key} ${textOf(value)}`,
  );
  return `: ${parts.join(' ')}`;
}

function textOf(value: Json): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}
