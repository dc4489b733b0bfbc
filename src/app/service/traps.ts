import type {Detection} from '../../detections/detection.ts';
import type {Json} from '../../detections/json.ts';

/** A decoy as people see it. */
export interface TrapFacts {
  readonly decoy: {
    readonly kind: string;
    readonly name: string;
    readonly accounts: readonly string[];
  };
  readonly coverage: {
    readonly logged: 'yes' | 'no' | 'unknown';
    readonly why: string;
    readonly needed: string;
  };
  readonly allowed: readonly {
    readonly who: string;
    readonly owner: string;
    readonly reason: string;
  }[];
  /** What somebody would leave in the trail who touches it. */
  drill(event: {
    readonly time: number;
    readonly eventId: string;
    readonly version: string;
  }): Record<string, Json>;
}

/** What is to be said of a trap; undefined of another kind of detection. */
export type TrapReader = (detection: Detection) => TrapFacts | undefined;

/** The one place where the service knows what traps are made of: none are in this build. */
export const readTrap: TrapReader = () => undefined;
