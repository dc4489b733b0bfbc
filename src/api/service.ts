import type {LiveFeed} from '../pipeline/live-feed.ts';
import type {PushResult} from '../pipeline/source.ts';
import type {Store, StoredObservation} from '../pipeline/store.ts';
import type {DetectionService} from './detection-service.ts';
import type {
  ContextInfo,
  DestinationInfo,
  IngestStatus,
  NoveltyResult,
  ObservationInput,
  Problem,
  Profile,
} from './types.ts';

export type {PushResult};

/** Who asks: a token, a person who logged in, or whoever is on this machine. */
export interface Actor {
  readonly name: string;
  readonly role: 'viewer' | 'analyst' | 'admin';
}

export type Outcome<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly problems: readonly Problem[]};

/** Everything the API can ask of the running service; `app` provides it. */
export interface Service {
  readonly store: Store;
  readonly live: LiveFeed;
  readonly detections: DetectionService;
  readonly version: string;
  status(): Promise<IngestStatus>;
  /** What the model holds to be normal; undefined if it has never seen the principal. */
  profile(context: string, principal: string): Promise<Profile | undefined>;
  contexts(): Promise<ContextInfo[]>;
  /** Of all contexts there are; known at once, however busy the model is. */
  contextNames(): readonly string[];
  /** `declaration` is a file of contexts, as text. */
  createContext(name: string, declaration: string, actor: Actor): Promise<Outcome<ContextInfo>>;
  /** Forgets what a stream of contexts has learnt; false if there is none of that name. */
  resetContext(name: string, actor: Actor): Promise<boolean>;
  /** Scores, then learns, in the order given; durable when it returns. Undefined: no such context. */
  observe(stream: string, items: readonly ObservationInput[]): Promise<NoveltyResult[] | undefined>;
  /** Scores and changes nothing. */
  score(stream: string, items: readonly ObservationInput[]): Promise<NoveltyResult[] | undefined>;
  /** The record as delivered, from the store or once more from its source. */
  record(observation: StoredObservation): Promise<string | undefined>;
  /** Why a pushed body need not even be read; undefined if it must be. */
  refusesPush(source: string, headers: Headers): PushResult | undefined;
  /** A body pushed to an `http` source by that name; durable when it returns. */
  push(source: string, headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<PushResult>;
  destinations(): Promise<DestinationInfo[]>;
  testDestination(name: string, actor: Actor): Promise<Outcome<{status: string}> | undefined>;
  replayAlerts(destination: string | undefined, actor: Actor): Promise<number>;
  /** The configuration in force, secrets left out. */
  configuration(): Promise<unknown>;
  reload(
    actor: Actor,
  ): Promise<Outcome<{changed: readonly string[]; needRestart: readonly string[]}>>;
  ready(): Promise<{readonly ready: boolean; readonly reasons: readonly string[]}>;
}
