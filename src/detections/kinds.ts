import {alarmKind} from './alarm-kind.ts';
import {compositeKind} from './composite-kind.ts';
import {compileCondition} from './condition/language.ts';
import {conditionKind} from './condition-kind.ts';
import {type Exclusion, KINDS, type Kind} from './detection.ts';
import type {Json} from './json.ts';
import type {KindPart} from './kind.ts';
import {patternKind} from './pattern-kind.ts';
import {rateKind} from './rate-kind.ts';
import {sigmaKind} from './sigma/kind.ts';
import {trapKind} from './trap/kind.ts';

/** What each kind is made of; its folder holds the work. */
export const KIND_PARTS = {
  pattern: patternKind,
  alarm: alarmKind,
  composite: compositeKind,
  trap: trapKind,
  rate: rateKind,
  condition: conditionKind,
  sigma: sigmaKind,
} as const satisfies Record<Kind, Pick<KindPart<unknown>, 'build'>>;

/** The kind of a `when` that the schema has passed. */
export function kindOf(when: Readonly<Record<string, unknown>>): Kind {
  return KINDS.find((kind) => when[kind] !== undefined) ?? 'condition';
}

interface Fault {
  /** Of the character in the text. */
  readonly index: number;
  readonly message: string;
}

export type CompiledExclusion =
  | {readonly ok: true; readonly holds: Exclusion['holds']}
  | {readonly ok: false; readonly faults: readonly Fault[]};

export function compileExclusion(
  condition: string,
  parameters: Readonly<Record<string, Json>>,
): CompiledExclusion {
  const compiled = compileCondition(condition, parameters);
  return compiled.ok ? {ok: true, holds: compiled.value.holds} : compiled;
}
