import type {ObservationInput} from '../../api/types.ts';
import type {Position} from '../../pipeline/source.ts';
import type {Contexts} from '../contexts.ts';

/** What of the configuration decides about results; it takes effect by an entry of its own. */
export interface EngineSettings {
  readonly destinations: readonly {readonly name: string; readonly minScore: number}[];
  /** Without a slash at its end; "" when alerts have no links. */
  readonly publicUrl: string;
  readonly keep: {
    /** Scores from which the record is kept, and from which sentence and explanation are. */
    readonly recordsFrom: number;
    readonly reasonsFrom: number;
    /** Rows of lower scores are left out, unless more than the row is kept or told; 0 unless given. */
    readonly observationsFrom?: number | undefined;
  };
}

/** A stream to be watched: how its records are read, and by which contexts they are judged. */
export interface StreamSetup {
  readonly contexts: Contexts;
  /** Of the table of AS numbers that goes with it; "" without one. */
  readonly asnFingerprint: string;
}

/**
 * Everything that changes what the engine knows, in the order in which it happened. An entry and
 * what came before it decide about its results; the time of day comes in with it or not at all.
 */
export type Entry =
  /** The first: ids of observations go on from here. */
  | {readonly kind: 'begin'; readonly firstId: number; readonly at: number}
  | {
      readonly kind: 'batch';
      readonly source: string;
      readonly stream: string;
      readonly position: Position;
      /** What the position belongs to; see `Source`. */
      readonly identity?: string | undefined;
      readonly arrived: number;
      /** Of the payloads. */
      readonly names: readonly string[];
      readonly poison: readonly {readonly name: string; readonly detail: string}[];
    }
  | {
      readonly kind: 'observe';
      readonly stream: string;
      readonly items: readonly ObservationInput[];
      readonly at: number;
    }
  | {
      readonly kind: 'create-context';
      readonly stream: string;
      readonly setup: StreamSetup;
      readonly at: number;
    }
  | {readonly kind: 'reset-context'; readonly stream: string; readonly at: number}
  | {readonly kind: 'mode'; readonly learning: boolean; readonly at: number}
  | {readonly kind: 'settings'; readonly settings: EngineSettings; readonly at: number};

/** What one configured source has handed over so far. */
export interface SourceCounts {
  records: number;
  bytes: number;
  /** Epoch milliseconds; null before the first. */
  latestEventTime: number | null;
  latestArrival: number | null;
}

/** What the engine counts; part of its state. */
export interface EngineCounts {
  rejected: Record<string, number>;
  dropped: Record<string, number>;
  sources: Record<string, SourceCounts>;
}
