import type {
  AlarmHistory,
  DetectionCheck,
  DetectionDetail,
  DetectionFile,
  DetectionInfo,
  DetectionTrial,
  TrapInfo,
} from './detection-types.ts';
import type {Actor, Outcome} from './service.ts';
import type {Problem} from './types.ts';

/** What became of a file that was sent. */
export type FilePut =
  | {readonly ok: true; readonly value: DetectionFile}
  /** Somebody else has changed it meanwhile, or it is not there as said. */
  | {readonly ok: false; readonly conflict: string}
  | {readonly ok: false; readonly problems: readonly Problem[]};

/** What came of a drill; `ok`: the trap saw it, and what tells people of it was made. */
export interface DrillOutcome {
  readonly ok: boolean;
  readonly detail: string;
  /** Id of the match that it led to. */
  readonly match?: number | undefined;
}

/** Where a decoy is touched for practice; what is left out is as the trap has it. */
export interface DrillPlace {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** Everything the API can ask of the declared detections beside what the store keeps of them. */
export interface DetectionService {
  list(): Promise<DetectionInfo[]>;
  detail(id: string): Promise<DetectionDetail | undefined>;
  /** Reads a text of detections and runs the tests in it; changes nothing. */
  check(text: string): Promise<DetectionCheck>;
  /** What a text of detections would have found in stored observations; changes nothing. */
  try(text: string, from: number, to: number): Promise<Outcome<DetectionTrial>>;
  /** Undefined: no such alarm. The last day there was something of, unless told. */
  alarmHistory(
    id: string,
    from: number | undefined,
    to: number | undefined,
  ): Promise<AlarmHistory | undefined>;
  /** Sets an alarm by hand, until it is evaluated next; false if there is none of that name. */
  setAlarm(
    id: string,
    state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA',
    reason: string,
    actor: Actor,
  ): Promise<boolean>;
  traps(): Promise<TrapInfo[]>;
  /** Sends a record as a touch would leave it the whole way; undefined: no such trap. */
  drill(id: string, actor: Actor, place?: DrillPlace): Promise<DrillOutcome | undefined>;
  /** Files of all detections there are, those that may be written included. */
  files(): Promise<DetectionFile[]>;
  /** Makes a file or takes its place, if all detections together are sound then; runs them. */
  put(name: string, text: string, revision: string, actor: Actor): Promise<FilePut>;
  /** Conditions that could not be decided since the start, as far as known at once. */
  failures(): Promise<number>;
}
