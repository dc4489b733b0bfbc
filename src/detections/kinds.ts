import {z} from 'zod';
import {KINDS, type Kind} from './detection.ts';
import type {Hit} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';
import type {KindPart} from './kind.ts';
import {patternKind} from './pattern-kind.ts';

/** A kind whose folder is not part of this build: to load one is a problem, not a silence. */
const missing: KindPart<unknown> = {
  schema: z.unknown(),
  build: () => ({ok: false, faults: [{path: [], message: 'This kind is not in this build'}]}),
};

/** What each kind is made of; its folder holds the work. */
export const KIND_PARTS = {
  pattern: patternKind,
  alarm: missing,
  composite: missing,
  trap: missing,
  rate: missing,
  condition: missing,
  sigma: missing,
} as const satisfies Record<Kind, KindPart<never> | KindPart<unknown> | KindPart<string>>;

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
  | {
      readonly ok: true;
      readonly holds: (event: DetectionEvent) => boolean | {readonly failed: string};
    }
  | {readonly ok: false; readonly faults: readonly Fault[]};

export function compileExclusion(
  _condition: string,
  _parameters: Readonly<Record<string, Json>>,
): CompiledExclusion {
  return {ok: false, faults: [{index: 0, message: 'Conditions are not in this build'}]};
}

export interface CompiledTitle {
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  readonly titleOf: (hit: Hit) => string;
}

export function compileTitle(
  template: string,
  _groupBy: readonly string[] | undefined,
): CompiledTitle {
  return {ok: true, faults: [], titleOf: () => template};
}
