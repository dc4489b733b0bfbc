import type {Kind, Severity} from '../detections/detection.ts';
import type {
  AlarmChange,
  AlarmState,
  Datapoint,
  Episode,
  EventNote,
} from '../detections/evaluator.ts';

/** A match as it is stored: later revisions of a key take the place of earlier ones. */
export interface MatchRow {
  /** Given once for each key, ascending in the order in which they first matched. */
  readonly id: number;
  readonly key: string;
  readonly revision: number;
  readonly detection: string;
  readonly kind: Kind;
  readonly severity: Severity;
  readonly mode: 'live' | 'silent';
  readonly title: string;
  /** Event times of the first hit and the last, epoch milliseconds. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Hits so far. */
  readonly hits: number;
  /** Events behind them, as far as evaluators told. */
  readonly events: number;
  readonly group: readonly string[];
  /** Of the completing event of the last hit; "-" where there is none. */
  readonly principal: string;
  readonly account: string;
  readonly region: string;
  readonly operation: string;
  /** Highest novelty among the events. */
  readonly score: number;
  readonly facts: Readonly<Record<string, string>>;
  /** The first 20 events. */
  readonly evidence: readonly EventNote[];
}

export interface AlarmChangeRow extends AlarmChange {
  readonly detection: string;
}

export interface DatapointRow extends Datapoint {
  readonly detection: string;
}

export interface EpisodeRow extends Episode {
  readonly detection: string;
}

/** What declared detections gave, as part of a commit. */
export interface DetectionRows {
  readonly matches: readonly MatchRow[];
  readonly alarmChanges: readonly AlarmChangeRow[];
  readonly datapoints: readonly DatapointRow[];
  /** Starts, and the ends that take the place of their starts. */
  readonly episodes: readonly EpisodeRow[];
}

export interface MatchFilter {
  /** By `lastTime`: from inclusive, to exclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly detection?: string | undefined;
  readonly mode?: 'live' | 'silent' | undefined;
  readonly minSeverity?: Severity | undefined;
  readonly principal?: string | undefined;
  /** Case-insensitive part of title, principal or operation. */
  readonly text?: string | undefined;
}

/** Matches of one detection by UTC day; days without one are left out. */
export interface MatchDay {
  readonly detection: string;
  /** Midnight, epoch milliseconds. */
  readonly day: number;
  readonly live: number;
  readonly silent: number;
}

export interface LastMatch {
  readonly detection: string;
  readonly id: number;
  readonly time: number;
  readonly title: string;
}

/** Part of `Store`: what declared detections gave. */
export interface DetectionStore {
  /** Newest first by `lastTime`. */
  matches(
    filter: MatchFilter,
    page: {readonly limit: number; readonly cursor?: string | undefined},
  ): Promise<{readonly rows: MatchRow[]; readonly next: string | null}>;
  match(id: number): Promise<MatchRow | undefined>;
  /** The id after the last one given; ids go on from here after a restart without snapshot. */
  nextMatchId(): Promise<number>;
  matchDays(from: number, to: number): Promise<MatchDay[]>;
  lastMatches(): Promise<LastMatch[]>;
  /** Newest first. */
  alarmChanges(
    detection: string | undefined,
    page: {readonly limit: number; readonly cursor?: string | undefined},
  ): Promise<{readonly rows: AlarmChangeRow[]; readonly next: string | null}>;
  /** In order of time; at most 20,000. A later one for the same start takes the place of the former. */
  datapoints(detection: string, from: number, to: number): Promise<DatapointRow[]>;
  /** Episodes that touch a stretch of time, newest first; at most 1,000. */
  episodes(filter: {
    readonly from: number;
    readonly to: number;
    readonly principal?: string | undefined;
    readonly operation?: string | undefined;
  }): Promise<EpisodeRow[]>;
}

export type {AlarmState};
