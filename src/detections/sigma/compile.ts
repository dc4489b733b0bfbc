import type {Path} from '../../config/parse.ts';
import {conditionEvaluator} from '../condition/evaluator.ts';
import type {Condition} from '../condition/language.ts';
import type {EvaluatorFactory, Needs} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {
  type CompiledCorrelation,
  compileAggregation,
  compileCorrelation,
  type Referred,
} from './correlation.ts';
import {type Fault, isJsonMap} from './fault.ts';
import {type CompiledRule, compileRule} from './rule.ts';

/** What stands under `sigma` in a detection. */
export interface SigmaRule {
  readonly id?: string | undefined;
  readonly detection?: Json | undefined;
  readonly correlation?: Json | undefined;
  readonly rules?: readonly SigmaPart[] | undefined;
}

/** A rule that a correlation refers to. */
export interface SigmaPart {
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly detection?: Json | undefined;
  readonly correlation?: Json | undefined;
}

export interface SigmaOptions {
  readonly groupBy: readonly string[] | undefined;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly late: boolean;
  /** Finds rules that a correlation refers to; those under `rules` unless given. */
  readonly find?: (reference: string) => Referred | undefined;
}

export type CompiledSigma =
  | {readonly ok: false; readonly faults: readonly Fault[]}
  | {
      readonly ok: true;
      readonly evaluator: EvaluatorFactory;
      readonly needs: Needs;
      readonly groupBy: readonly string[];
      readonly facts: readonly string[];
      readonly condition: string;
      readonly warnings: readonly Fault[];
    };

const DEFAULT_GROUP_BY = ['principal'];

/** Compiles a rule or a correlation; paths of faults are from it on. */
export function compileSigma(rule: SigmaRule, options: SigmaOptions): CompiledSigma {
  const {parameters, late} = options;
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  if (rule.correlation !== undefined) {
    const find = options.find ?? finderIn(rule.rules ?? []);
    const own = {parameters, late, faults, warnings, find};
    const compiled = compileCorrelation(rule.correlation, ['correlation'], own);
    return correlated(compiled, rule, options, faults, warnings);
  }
  const compiled = compileRule(rule.detection, ['detection'], {parameters, faults});
  if (compiled === undefined) return {ok: false, faults};
  warnings.push(...compiled.warnings);
  const counting = compileAggregation(compiled, {late});
  if (counting !== undefined) return correlated(counting, rule, options, faults, warnings);
  const built = conditionEvaluator({
    condition: conditionOf(compiled),
    groupBy: options.groupBy ?? DEFAULT_GROUP_BY,
  });
  if (!built.ok) return built;
  return {...built, condition: textOfRule(rule), warnings};
}

/** Rules by what may refer to them. */
export function finderIn(
  rules: readonly SigmaPart[],
  base: Path = ['rules'],
): (reference: string) => Referred | undefined {
  return (reference) => {
    const at = rules.findIndex(({name, id}) => name === reference || id === reference);
    const found = rules[at];
    return found && {...found, path: [...base, at]};
  };
}

function conditionOf({holds, needs, condition}: CompiledRule): Condition {
  return {
    source: condition,
    needs: needs === undefined ? {} : {operation: needs},
    holds: ({record}: DetectionEvent) => {
      try {
        return holds(record);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return {failed: 'The record is nested too deeply'};
      }
    },
  };
}

function correlated(
  compiled: CompiledCorrelation | undefined,
  rule: SigmaRule,
  {groupBy}: SigmaOptions,
  faults: readonly Fault[],
  warnings: readonly Fault[],
): CompiledSigma {
  if (groupBy !== undefined) {
    const message = 'A rule that counts or relates events has groups of its own';
    return {ok: false, faults: [...faults, {path: ['group_by'], message}]};
  }
  if (compiled === undefined || faults.length > 0) return {ok: false, faults};
  return {
    ok: true,
    evaluator: compiled.make,
    needs: compiled.needs,
    groupBy: compiled.groupBy.map(selectorOf),
    facts: ['count', 'events'],
    condition: [compiled.text, textOfRule(rule)].filter((text) => text !== '').join('\n'),
    warnings,
  };
}

/** A field as a path, as groups are written elsewhere. */
function selectorOf(field: string): string {
  return `$.${field}`;
}

/** The searches and the condition, for people. */
function textOfRule({detection, correlation, rules = []}: SigmaRule): string {
  if (correlation === undefined) return textOfDetection(detection);
  return rules
    .map(({name, id, detection: own, correlation: inner}) => {
      const text = own === undefined ? JSON.stringify(inner) : textOfDetection(own);
      return `${name ?? id ?? ''}:\n${text.replace(/^/gm, '  ')}`;
    })
    .join('\n');
}

function textOfDetection(detection: Json | undefined): string {
  if (!isJsonMap(detection)) return '';
  const {condition = null, ...searches} = detection;
  const conditions = Array.isArray(condition) ? (condition as readonly Json[]) : [condition];
  const lines = Object.entries(searches).flatMap(([name, search]) => {
    if (!isJsonMap(search)) return [`${name}: ${JSON.stringify(search)}`];
    const items = Object.entries(search).map(
      ([key, value]) => `  ${key}: ${JSON.stringify(value)}`,
    );
    return [`${name}:`, ...items];
  });
  return [...conditions.map((each) => `condition: ${String(each)}`), ...lines].join('\n');
}
