import type {AlarmChange, Datapoint, Episode, EvaluatorFactory, Hit} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';

export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** `live` tells people, `silent` only keeps what it would have told, `off` is not run. */
export const MODES = ['live', 'silent', 'off'] as const;
export type Mode = (typeof MODES)[number];

/** What the `when` of a detection holds: one word each. */
export const KINDS = [
  'pattern',
  'alarm',
  'composite',
  'trap',
  'rate',
  'condition',
  'sigma',
] as const;
export type Kind = (typeof KINDS)[number];

/** A declared condition, read and checked: its answers, and how to make what watches for it. */
export interface Detection {
  readonly id: string;
  readonly kind: Kind;
  /** Template of one line; see `title.ts`. */
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly mode: Mode;
  /** Event time, epoch milliseconds, until which `live` is `silent`. */
  readonly silentUntil: number | null;
  /** ATT&CK ids, such as "T1078.004". */
  readonly techniques: readonly string[];
  /** ATT&CK tactics by their short names, such as "exfiltration". */
  readonly tactics: readonly string[];
  readonly references: readonly string[];
  readonly runbook: readonly string[];
  readonly groupBy: readonly string[];
  /** Hits of the same group within so many milliseconds of event time are one match. */
  readonly dedupMs: number;
  readonly exclusions: readonly Exclusion[];
  /** Pack or file it comes from. */
  readonly from: string;
  /** As written, for people: YAML of this detection alone. */
  readonly source: string;
  /** The condition for people, in one spelling and indented. */
  readonly condition: string;
  /** What `params` are, overrides included. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Equal for declarations that remember the same: what one has seen, the other may go on with. */
  readonly fingerprint: string;
  /** The title of a hit: one line, what comes out of records made harmless. */
  readonly titleOf: (hit: Hit) => string;
  readonly evaluator: EvaluatorFactory;
}

/** Events that are left out before the condition sees them, until the exclusion expires. */
export interface Exclusion {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** Event time, epoch milliseconds; null for one that traps alone may have: never. */
  readonly expires: number | null;
  /** CEL over the event, as written. */
  readonly condition: string;
  /** Whether the event is to be left out, or why that cannot be told; then it is not. */
  readonly holds: (event: DetectionEvent) => boolean | {readonly failed: string};
}

/** Hits of one detection and group within its `dedup` time, told once and then counted. */
export interface Match {
  readonly detection: string;
  readonly kind: Kind;
  readonly severity: Severity;
  /** As it was at the time: what a silent one would have told is kept all the same. */
  readonly mode: 'live' | 'silent';
  /** `detection`, group and the time of the first hit: the same for later news of it. */
  readonly key: string;
  readonly title: string;
  readonly hit: Hit;
  /** 1 for the first of its key, then ascending. */
  readonly revision: number;
}

/** What a run over events gives besides its state. */
export interface DetectionOutput {
  readonly matches: readonly Match[];
  readonly alarms: readonly {readonly detection: string; readonly change: AlarmChange}[];
  readonly datapoints: readonly {readonly detection: string; readonly point: Datapoint}[];
  readonly episodes: readonly {readonly detection: string; readonly episode: Episode}[];
  /** Events left out, by detection and id of the exclusion. */
  readonly excluded: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Errors of conditions by detection, with the first message. */
  readonly failed: Readonly<Record<string, {readonly count: number; readonly message: string}>>;
}
