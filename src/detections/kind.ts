import type {z} from 'zod';
import type {Path} from '../config/parse.ts';
import type {Exclusion, Severity} from './detection.ts';
import type {EvaluatorFactory, Needs} from './evaluator.ts';
import type {Json} from './json.ts';

/** What a kind is told of a detection besides its `when`. */
export interface KindSetup {
  readonly id: string;
  /** As declared; undefined for the kind's own default. */
  readonly groupBy: readonly string[] | undefined;
  readonly parameters: Readonly<Record<string, Json>>;
  /** It is a test of the detection that runs: nothing late will come, so nothing is waited for. */
  readonly test?: boolean;
}

/** Something wrong with, or to be said of, a `when`. */
export interface Remark {
  /** From `when` on; ["group_by", …] stands beside it. */
  readonly path: Path;
  /** Of the character within the text at `path`, where it is a text. */
  readonly index?: number;
  readonly message: string;
}

/** What came of a `when`. */
export type Built =
  | {readonly ok: false; readonly faults: readonly Remark[]}
  | {
      readonly ok: true;
      readonly evaluator: EvaluatorFactory;
      readonly needs: Needs;
      /** The condition in one spelling, for people. */
      readonly condition: string;
      readonly groupBy: readonly string[];
      /** Names of the facts of its hits, for titles. */
      readonly facts?: readonly string[];
      /** What it will not do as its author may think. */
      readonly warnings: readonly Remark[];
      /** Alarms and composites it asks for, for composites alone. */
      readonly refersTo?: readonly (Remark & {readonly id: string})[];
      /** What the kind itself leaves out and counts, for traps alone. */
      readonly exclusions?: readonly Exclusion[];
      /** Unless the detection has its own. */
      readonly title?: string;
      readonly severity?: Severity;
    };

/** A kind of condition: what may be written under its name, and what is made of it. */
export interface KindPart<Spec> {
  /** Of the value under the kind's name in `when`. */
  readonly schema: z.ZodType<Spec>;
  build(when: Readonly<Record<string, unknown>>, setup: KindSetup): Built;
}
