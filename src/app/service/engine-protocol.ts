import type {MessagePort} from 'node:worker_threads';
import type {ContextInfo, NoveltyResult, ObservationInput, Profile} from '../../api/types.ts';
import type {ErrorCode} from '../../base/errors.ts';
import type {ObservationBatch} from '../../pipeline/observation.ts';
import type {DetectionHealth} from './detection-watch.ts';
import type {EngineResult, EngineSnapshot} from './engine.ts';
import type {
  DeclaredDetections,
  EngineCounts,
  EngineSettings,
  Entry,
  StreamSetup,
} from './entries.ts';
import type {DecodedPayloads, EngineResources} from './entry-decoder.ts';

/** What the engine knows about itself. */
export interface EngineInfo {
  readonly entry: number;
  readonly learning: boolean;
  readonly settings: EngineSettings;
  readonly counts: EngineCounts;
  readonly positions: Readonly<Record<string, unknown>>;
  readonly identities: Readonly<Record<string, string>>;
  readonly setups: Readonly<Record<string, StreamSetup>>;
  /** Bytes of counts. */
  readonly byteLength: number;
}

/** What can be asked of an engine, wherever it runs. Questions are answered in order. */
export interface EngineClient {
  process(
    number: number,
    entry: Entry,
    payloads: readonly Uint8Array[],
    skip?: string,
  ): Promise<EngineResult>;
  info(): Promise<EngineInfo>;
  snapshot(): Promise<EngineSnapshot>;
  score(stream: string, items: readonly ObservationInput[]): Promise<NoveltyResult[] | undefined>;
  check(stream: string, items: readonly ObservationInput[]): Promise<boolean>;
  profile(context: string, principal: string): Promise<Profile | undefined>;
  contexts(): Promise<ContextInfo[]>;
  /** The detections declared last, as written: large, and to be asked for alone. */
  declared(): Promise<DeclaredDetections>;
  /** How declared detections do, by id. */
  detections(): Promise<Readonly<Record<string, DetectionHealth>>>;
  close(): Promise<void>;
}

export interface EngineThreadData {
  readonly resources: EngineResources;
  readonly snapshot: EngineSnapshot | undefined;
  readonly after: number;
  /** Where requests come from: the thread that decodes ahead. */
  readonly requests: MessagePort;
}

export interface DecodeThreadData {
  readonly resources: EngineResources;
  /** Streams of the snapshot that the engine begins with. */
  readonly setups: readonly (readonly [string, StreamSetup])[];
  /** Where requests go on to. */
  readonly engine: MessagePort;
  /** One number, shared: the id of the request being decoded, 0 while there is none. */
  readonly current: Int32Array;
}

/** What `process` is asked with; the last part comes from the thread that decodes ahead. */
export type ProcessArguments = readonly [
  number: number,
  entry: Entry,
  payloads: readonly Uint8Array[],
  skip: string | undefined,
  decoded?: DecodedPayloads | undefined,
];

export interface EngineRequest {
  readonly id: number;
  readonly method: Exclude<keyof EngineClient, 'close'>;
  readonly arguments: readonly unknown[];
}

/** Answers come in the order of the requests; 0 is the id of what is said once the engine is open. */
export type EngineAnswer =
  | {readonly id: number; readonly ok: true; readonly value: unknown}
  | {readonly id: number; readonly ok: false; readonly error: EngineFailure};

export interface EngineFailure {
  readonly message: string;
  /** Of an `AppError`; null is a fault of the program, after which the engine cannot be trusted. */
  readonly code: ErrorCode | null;
  readonly retryable: boolean;
}

/** The buffers of rows, to be handed over instead of copied. */
export function buffersOf(batches: readonly ObservationBatch[]): ArrayBuffer[] {
  return batches.flatMap((batch) =>
    [
      batch.times,
      batch.eventIds,
      batch.scores,
      batch.raised,
      batch.bits,
      batch.mostNovel,
      batch.indexes,
      batch.places,
      batch.mostNovelValue.index,
      batch.object.index,
      ...batch.dimensions.map(({index}) => index),
    ].map((array) => array.buffer as ArrayBuffer),
  );
}
