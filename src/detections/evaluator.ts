import type {EventField} from '../event/fields.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';

/**
 * What an event must have to be worth a look, told from its components alone, before its record is
 * parsed. Every part that is given must hold. It may let too much through, never too little.
 */
export interface Needs {
  /** Of the component, such as "s3:ListBuckets"; asked once for each distinct one. */
  readonly operation?: (operation: string) => boolean;
  /** The call failed: the component `error` is not "-". */
  readonly failed?: true;
  /** Kinds of principals, as in the component `kind`. */
  readonly kinds?: ReadonlySet<string>;
  readonly minScore?: number;
  /** What further components must be, or these beyond the above; asked for each event. */
  readonly components?: ReadonlyMap<EventField, (text: string) => boolean>;
  /**
   * Or else, whatever the operation, the error and the kind: the caller, by its components
   * `principal` and `kind`, or, with "" for a kind, the principal that its roles go back to. Asked
   * once for each distinct one.
   */
  readonly orCaller?: (principal: string, kind: string) => boolean;
}

/** An event, as remembered by what it led to. */
export interface EventNote {
  readonly eventId: string;
  readonly time: number;
  readonly principal: string;
  readonly operation: string;
  readonly account: string;
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly error: string;
  readonly resource: string;
  readonly score: number;
}

/** A condition held. */
export interface Hit {
  /** Event time, epoch milliseconds: of the event, or of the moment that time passed. */
  readonly time: number;
  /** The event that completed it; null where the passing of time did. */
  readonly event: DetectionEvent | null;
  /** Values of `group_by`, in that order; empty without. */
  readonly group: readonly string[];
  /** Names and texts for the title and for people: a count, a decoy, the accounts outside. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it rests on: the first 20 events at most, the completing one included. */
  readonly evidence: readonly EventNote[];
  /** Events it rests on in all. */
  readonly count: number;
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** One change of state, or a setting of it by hand. */
export interface AlarmChange {
  /** Event time at which it was evaluated, epoch milliseconds. */
  readonly time: number;
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly reason: string;
  /** What it was decided on, oldest first; null is a missing one. Empty for composites. */
  readonly datapoints: readonly {readonly start: number; readonly value: number | null}[];
  /** The events in those datapoints: who, from where, with what; the last 20 at most. */
  readonly events: readonly EventNote[];
}

/** One value of a metric, for the plot of an alarm; told when its period is complete. */
export interface Datapoint {
  readonly start: number;
  readonly periodMs: number;
  readonly value: number;
  readonly samples: number;
}

export interface Attribution {
  readonly attribute: 'principal' | 'userAgent' | 'errorCode';
  readonly episode: readonly {readonly value: string; readonly average: number}[];
  readonly baseline: readonly {readonly value: string; readonly average: number}[];
}

/** A stretch of unusual rate, in the shape of CloudTrail Insights; told at its start and its end. */
export interface Episode {
  /** The same at start and end. */
  readonly id: string;
  readonly state: 'start' | 'end';
  readonly measure: 'calls' | 'errors';
  /** "measured" by us, "insight" where CloudTrail told it. */
  readonly origin: 'measured' | 'insight';
  readonly account: string;
  readonly region: string;
  readonly operation: string;
  /** "" unless the rate is that of a principal. */
  readonly principal: string;
  readonly errorCode: string;
  /** Event times, epoch milliseconds; `end` is null while it goes on. */
  readonly start: number;
  readonly end: number | null;
  /** Per minute. */
  readonly baselineAverage: number;
  readonly episodeAverage: number;
  readonly baselineMinutes: number;
  readonly attributions: readonly Attribution[];
}

/** Where evaluators put what they find. */
export interface Sink {
  hit(hit: Hit): void;
  alarm(change: AlarmChange): void;
  datapoint(point: Datapoint): void;
  episode(episode: Episode): void;
  /** The condition could not be decided for an event: it counts as no match, and is counted. */
  failed(message: string): void;
}

/**
 * A condition at work on a stream: one per declared detection. A deterministic machine over events
 * and times; it does no I/O, reads no clock, and all it remembers is bounded and in `state`.
 */
export interface Evaluator {
  readonly needs: Needs;
  /** Events that meet `needs`, in the order of the stream: late ones come as they come. */
  take(event: DetectionEvent, sink: Sink): void;
  /**
   * Event time has come to here; never goes back. Called after the events up to it, at least once
   * an entry of the journal, and while nothing comes as the clock goes.
   */
  advance(time: number, sink: Sink): void;
  /** Alarms whose changes it is told of, by `child`: those of composites alone. */
  readonly ids?: readonly string[];
  /** An alarm changed; it is looked at with the next `advance`. */
  child?(id: string, change: AlarmChange): void;
  /** The state it is in. Of alarms and composites alone. */
  alarmState?(): AlarmState;
  /** Sets the state by hand, for drills. Of alarms and composites alone. */
  setState?(state: AlarmState, reason: string, time: number, sink: Sink): void;
  /** Everything it remembers, as JSON. */
  state(): Json;
  /** Goes on where `state` left off. A state it does not know (of an older declaration) is left. */
  restore(state: Json): void;
}

/** Made anew from the declaration each time, so that it can be replaced by a reload. */
export type EvaluatorFactory = () => Evaluator;
