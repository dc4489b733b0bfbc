import type {ContextInfo, NoveltyResult, ObservationInput, Profile} from '../../api/types.ts';
import {assert} from '../../base/assert.ts';
import {AppError} from '../../base/errors.ts';
import type {DeadLetter, ObservationBatch, ObservationDetail} from '../../pipeline/observation.ts';
import {ReorderBuffer} from '../../pipeline/reorder.ts';
import type {Commit} from '../../pipeline/store.ts';
import {type TracedBatch, trace} from '../../pipeline/trail.ts';
import {Detector, type Verdict} from '../detector.ts';
import {isObservation} from '../stream-reader.ts';
import {AlertGroups, type AlertGroupsState, type AlertNews} from './alert-groups.ts';
import {BatchRun} from './batch-run.ts';
import {type DetectionHealth, DetectionWatch, type DetectionWatchState} from './detection-watch.ts';
import type {
  DeclaredDetections,
  EngineCounts,
  EngineSettings,
  Entry,
  SourceCounts,
  StreamSetup,
} from './entries.ts';
import type {DecodedPayloads, EngineResources} from './entry-decoder.ts';
import {frozenExplanation} from './frozen.ts';
import {itemOf, type Noted, noteOf, noveltyOf} from './noted.ts';
import {originOf, readItem, takeItem} from './observed-item.ts';
import {contextsOf, profileOf} from './profiles.ts';
import type {RowBuilder} from './row-builder.ts';
import {poisonLetters, setAside} from './set-aside.ts';
import {entityOf, openStream, renew, type Stream} from './stream.ts';
import {componentsOf, watchedEvent} from './watched-event.ts';

/** What one entry led to. */
export interface EngineResult {
  readonly commit: Commit;
  /** Of `observe`: one for each item, in order. */
  readonly results?: readonly NoveltyResult[];
  /** After the entry. */
  readonly counts: EngineCounts;
}

/** Everything an engine knows, to go on elsewhere or later; see `Engine.restore`. */
export interface EngineSnapshot {
  /** The last entry in it. */
  readonly entry: number;
  /** JSON. */
  readonly state: string;
  readonly streams: readonly {readonly name: string; readonly bytes: Uint8Array}[];
}

interface State {
  readonly version: 1;
  readonly entry: number;
  readonly nextId: number;
  readonly learning: boolean;
  readonly settings: EngineSettings;
  readonly counts: EngineCounts;
  readonly positions: Readonly<Record<string, unknown>>;
  /** Missing in snapshots of older versions. */
  readonly identities?: Readonly<Record<string, string>>;
  readonly groups: AlertGroupsState;
  /** Left out by versions that had no detections. */
  readonly watch?: DetectionWatchState | undefined;
  readonly streams: readonly {readonly name: string; readonly setup: StreamSetup}[];
}

export const DEFAULT_SETTINGS: EngineSettings = {
  destinations: [],
  publicUrl: '',
  keep: {recordsFrom: 0.9, reasonsFrom: 0.8},
};

/** The stream that sources feed unless told otherwise. */
export const CLOUDTRAIL_STREAM = 'cloudtrail';

/** Dead letters told one by one of one payload; the rest are counted. */
const MAX_DEAD_LETTERS = 1_000;
/** How far ahead of its arrival an event may take the time of detections. */
const CLOCK_SLACK_MS = 10 * 60_000;

/**
 * The heart of the service: a machine that entries drive from state to state. The same entries in
 * the same order give the same rows, details, alerts and models, whenever and wherever they are
 * processed, and also when it was saved and restored in between.
 *
 * It does no I/O and reads no clock. An event that belongs to several contexts gives a row for each
 * that judged it; within an entry, ids go on context by context.
 */
export class Engine {
  readonly #resources: EngineResources;
  readonly #streams = new Map<string, Stream>();
  #entry = 0;
  #nextId = 1;
  #learning = false;
  #settings: EngineSettings = DEFAULT_SETTINGS;
  #groups = new AlertGroups();
  #watch = new DetectionWatch();
  #positions = new Map<string, unknown>();
  #identities = new Map<string, string>();
  #counts: EngineCounts = {rejected: {}, dropped: {}, sources: {}};

  /** @param after the entry after which it begins. */
  constructor(resources: EngineResources = {}, after = 0) {
    this.#resources = resources;
    this.#entry = after;
  }

  /** Number of the last entry processed. */
  get entry(): number {
    return this.#entry;
  }

  get learning(): boolean {
    return this.#learning;
  }

  get settings(): EngineSettings {
    return this.#settings;
  }

  get counts(): EngineCounts {
    return this.#counts;
  }

  /** Where each source is to resume. */
  get positions(): ReadonlyMap<string, unknown> {
    return this.#positions;
  }

  /** What each source read when it came that far, where it says so. */
  get identities(): ReadonlyMap<string, string> {
    return this.#identities;
  }

  /** Bytes of counts of all streams. */
  get byteLength(): number {
    let sum = 0;
    for (const {detector} of this.#streams.values()) sum += detector.byteLength;
    return sum;
  }

  /** The detections declared last, as written. */
  get declared(): DeclaredDetections {
    return this.#watch.declared;
  }

  /** How declared detections do, by id; those that nothing is to be said of are left out. */
  detections(): Readonly<Record<string, DetectionHealth>> {
    return this.#watch.health();
  }

  /** Every stream, and how it was set up. */
  setups(): Readonly<Record<string, StreamSetup>> {
    return Object.fromEntries([...this.#streams].map(([name, {setup}]) => [name, setup]));
  }

  /**
   * Takes the next entry. Entries that refer to what is not there change nothing.
   *
   * @param skip why the entry is set aside unread: processing it has failed before.
   * @param decoded the payloads decoded by an `EntryDecoder` that has followed all entries.
   */
  process(
    number: number,
    entry: Entry,
    payloads: readonly Uint8Array[],
    skip?: string,
    decoded?: DecodedPayloads,
  ): EngineResult {
    assert(number === this.#entry + 1, `entry ${number} cannot follow entry ${this.#entry}`);
    this.#entry = number;
    const result =
      skip === undefined ? this.#handle(entry, payloads, decoded) : this.#skip(entry, skip);
    const at = entry.kind === 'batch' ? entry.arrived : entry.at;
    const {rows, deliveries} = this.#watch.drain(this.#settings, at);
    if (rows === undefined) return result;
    const {commit} = result;
    const all = [...commit.deliveries, ...deliveries];
    return {...result, commit: {...commit, detections: rows, deliveries: all}};
  }

  #handle(
    entry: Entry,
    payloads: readonly Uint8Array[],
    decoded: DecodedPayloads | undefined,
  ): EngineResult {
    switch (entry.kind) {
      case 'begin':
        this.#nextId = Math.max(this.#nextId, entry.firstId);
        this.#watch.begin(entry.firstMatchId ?? 1);
        break;
      case 'batch':
        return this.#batch(entry, payloads, decoded);
      case 'observe':
        return this.#observe(entry);
      case 'create-context':
        if (!this.#streams.has(entry.stream)) {
          this.#streams.set(entry.stream, openStream(entry.stream, entry.setup, this.#resources));
        }
        break;
      case 'reset-context': {
        const stream = this.#streams.get(entry.stream);
        if (stream !== undefined) {
          this.#streams.set(entry.stream, openStream(entry.stream, stream.setup, this.#resources));
        }
        break;
      }
      case 'mode':
        this.#learning = entry.learning;
        this.#watch.learning = entry.learning;
        break;
      case 'settings':
        this.#settings = entry.settings;
        break;
      case 'detections':
        this.#watch.declare(entry.declared);
        break;
      case 'tick':
        this.#watch.advance(entry.eventTime);
        break;
      case 'alarm-state':
        this.#watch.setAlarm(entry.detection, entry.state, entry.reason, entry.at);
        break;
    }
    return this.#result([], [], [], []);
  }

  /** As `observe`, but changes nothing; undefined if there is no such stream. */
  score(name: string, items: readonly ObservationInput[]): NoveltyResult[] | undefined {
    const stream = this.#streams.get(name);
    if (stream === undefined) return undefined;
    return items.map((item, i) => {
      const {time} = takeItem(stream, item, i, (column, text) =>
        stream.detector.find(column, text),
      );
      return noveltyOf(stream, stream.detector.score(stream.ids, time), time).result;
    });
  }

  /** @throws AppError `usage` naming the first item that is no observation of the stream. */
  check(name: string, items: readonly ObservationInput[]): boolean {
    const stream = this.#streams.get(name);
    if (stream === undefined) return false;
    items.forEach((item, i) => {
      readItem(stream, item, i);
    });
    return true;
  }

  /** What is normal for a principal; undefined if the context has never seen it. */
  profile(context: string, principal: string): Profile | undefined {
    return profileOf(this.#streams.values(), context, principal);
  }

  contexts(): ContextInfo[] {
    return contextsOf(this.#streams.values());
  }

  snapshot(): EngineSnapshot {
    const state: State = {
      version: 1,
      entry: this.#entry,
      nextId: this.#nextId,
      learning: this.#learning,
      settings: this.#settings,
      counts: this.#counts,
      positions: Object.fromEntries(this.#positions),
      identities: Object.fromEntries(this.#identities),
      groups: this.#groups.state(),
      watch: this.#watch.state(),
      streams: [...this.#streams.values()].map(({name, setup}) => ({name, setup})),
    };
    return {
      entry: this.#entry,
      state: JSON.stringify(state),
      streams: [...this.#streams.values()].map(({name, detector}) => ({
        name,
        bytes: detector.snapshot(),
      })),
    };
  }

  /**
   * Goes on where `snapshot` left off, exactly.
   * @throws AppError `snapshot_unreadable`, `contexts_changed`
   */
  static restore(snapshot: EngineSnapshot, resources: EngineResources = {}): Engine {
    const state = JSON.parse(snapshot.state) as State;
    if (state.version !== 1) {
      throw new AppError(
        'snapshot_unreadable',
        `Cannot read the snapshot of entry ${snapshot.entry}: version is ${state.version}, this build reads 1`,
      );
    }
    const engine = new Engine(resources);
    engine.#entry = state.entry;
    engine.#nextId = state.nextId;
    engine.#learning = state.learning;
    engine.#settings = state.settings;
    engine.#counts = state.counts;
    engine.#positions = new Map(Object.entries(state.positions));
    engine.#identities = new Map(Object.entries(state.identities ?? {}));
    engine.#groups = AlertGroups.restore(state.groups);
    if (state.watch !== undefined) engine.#watch = DetectionWatch.restore(state.watch);
    engine.#watch.learning = state.learning;
    for (const {name, setup} of state.streams) {
      const bytes = snapshot.streams.find((stream) => stream.name === name)?.bytes;
      if (bytes === undefined) {
        throw new AppError(
          'snapshot_unreadable',
          `Cannot read the snapshot of entry ${snapshot.entry}: stream "${name}" is missing`,
        );
      }
      engine.#streams.set(name, openStream(name, setup, resources, Detector.restore(bytes, name)));
    }
    return engine;
  }

  #batch(
    entry: Extract<Entry, {kind: 'batch'}>,
    payloads: readonly Uint8Array[],
    decoded: DecodedPayloads | undefined,
  ): EngineResult {
    const {names, source, arrived} = entry;
    this.#goOn(entry);
    const counts = this.#sourceCounts(source);
    counts.latestArrival = arrived;
    const letters = poisonLetters(entry);
    const stream = this.#streams.get(entry.stream);
    if (stream === undefined) {
      for (const [i, payload] of payloads.entries()) {
        const detail = `There is no stream "${entry.stream}"`;
        letters.push(setAside(entry, names[i] ?? '', payload.length, detail));
      }
      return this.#result([], [], letters, []);
    }
    const batches: TracedBatch[] = [];
    // Each has ids of its own for texts.
    const decoder = decoded === undefined ? 'engine' : 'ahead';
    let rows = 0;
    for (const [file, payload] of payloads.entries()) {
      const object = names[file] ?? '';
      counts.bytes += payload.length;
      let told = 0;
      for (const batch of decoded?.[file]?.batches ?? stream.decode(file, payload)) {
        for (const reject of batch.rejects) {
          bump(this.#counts.rejected, reject.reason, 1);
          if (told++ >= MAX_DEAD_LETTERS) continue;
          const {reason, index, offset, length, detail = ''} = reject;
          letters.push({at: arrived, source, object, reason, index, offset, length, detail});
        }
        for (const [reason, count] of Object.entries(batch.drops)) {
          bump(this.#counts.dropped, reason, count);
        }
        batches.push(trace(batch, object, decoder, stream.texts));
        rows += batch.count;
      }
    }
    const buffer = new ReorderBuffer<TracedBatch>(rows + 1);
    for (const batch of batches) buffer.add(batch);
    const watch = this.#watchOf(stream);
    const objects = payloads.map((payload, file) => ({payload, object: decoded?.[file]?.object}));
    const run = new BatchRun(stream, objects, this.#settings, !this.#learning, watch);
    let newest = Number.NEGATIVE_INFINITY;
    buffer.release(Number.POSITIVE_INFINITY, (batch, row) => {
      const time = batch.times[row] as number;
      counts.records++;
      if (time > (counts.latestEventTime ?? Number.NEGATIVE_INFINITY)) {
        counts.latestEventTime = time;
      }
      if (stream.detector.seen.seen(batch.eventIds, row * 4)) {
        bump(this.#counts.dropped, 'duplicate', 1);
      } else run.take(batch, row, time);
      if (time > newest) newest = time;
      return true;
    });
    // A record dated ahead must not take the time of all others with it.
    watch?.advance(Math.min(newest, arrived + CLOCK_SLACK_MS));
    return this.#finish(stream, run.noted, letters, arrived, source);
  }

  #observe({stream: name, items, at}: Extract<Entry, {kind: 'observe'}>): EngineResult {
    const stream = this.#streams.get(name);
    if (stream === undefined) return {...this.#result([], [], [], []), results: []};
    const counts = this.#sourceCounts('api');
    counts.latestArrival = at;
    const {detector, ids} = stream;
    const noted: Noted[] = [];
    const watch = this.#watchOf(stream);
    let newest = Number.NEGATIVE_INFINITY;
    const results = items.map((item, i): NoveltyResult => {
      let taken: {time: number; id: string};
      try {
        taken = takeItem(stream, item, i, (column, text) => detector.id(column, text));
      } catch (error) {
        // `check` comes first; should a later version see it otherwise, replaying must go on.
        if (!(error instanceof AppError)) throw error;
        const result = noveltyOf(stream, undefined, 0).result;
        return {...result, reason: error.message};
      }
      const {time, id} = taken;
      counts.records++;
      if (time > (counts.latestEventTime ?? Number.NEGATIVE_INFINITY)) {
        counts.latestEventTime = time;
      }
      const origin = originOf(id, time, i);
      if (detector.seen.seen(origin.eventIds, 0)) {
        // It came before: judged once more, but neither learnt nor kept twice.
        bump(this.#counts.dropped, 'duplicate', 1);
        return noveltyOf(stream, detector.score(ids, time), time).result;
      }
      let best: {score: number; result: NoveltyResult; verdict: Verdict} | undefined;
      detector.judge(ids, time, (verdict) => {
        const told = noveltyOf(stream, verdict, time);
        const {score} = verdict.scored;
        if (best === undefined || score > best.score) {
          best = {score, result: told.result, verdict};
        }
        const builder = stream.builders[verdict.context] as RowBuilder;
        const row = builder.add(ids, verdict.scored, origin);
        if (told.explanation === undefined) return;
        const note = noteOf(this.#settings, !this.#learning, verdict);
        if (!note.any) return;
        noted.push({
          context: verdict.context,
          row,
          reason: told.explanation.sentence,
          explanation: frozenExplanation(told.explanation, undefined),
          record: note.record ? JSON.stringify(item) : null,
          news: note.alert ? itemOf(stream, verdict, told.explanation, time, id) : undefined,
          entity: entityOf(stream, verdict.context),
        });
      });
      if (watch !== undefined) {
        const record = () => (isObservation(item) ? null : JSON.stringify(item));
        const components = componentsOf(detector, ids);
        const facts = {time, id: () => id, components, origin: undefined, record};
        watch.offer(components, best?.score ?? 0, undefined, () =>
          watchedEvent(detector, {...facts, verdict: best?.verdict}),
        );
      }
      newest = Math.max(newest, time);
      detector.learn(ids, time);
      if (stream.generation !== detector.generation) renew(stream);
      return best?.result ?? noveltyOf(stream, undefined, time).result;
    });
    watch?.advance(Math.min(newest, at + CLOCK_SLACK_MS));
    return {...this.#finish(stream, noted, [], at, 'api'), results};
  }

  #goOn({source, position, identity}: Extract<Entry, {kind: 'batch'}>): void {
    this.#positions.set(source, position);
    if (identity !== undefined) this.#identities.set(source, identity);
  }

  #skip(entry: Entry, why: string): EngineResult {
    if (entry.kind !== 'batch') return {...this.#result([], [], [], []), results: []};
    this.#goOn(entry);
    this.#sourceCounts(entry.source).latestArrival = entry.arrived;
    const letters = poisonLetters(entry);
    for (const name of entry.names) letters.push(setAside(entry, name, 0, why));
    return this.#result([], [], letters, []);
  }

  /** The declared detections, if there are any for the events of a stream. */
  #watchOf({setup}: Stream): DetectionWatch | undefined {
    const {type} = setup.contexts.stream;
    return type === 'cloudtrail' && !this.#watch.idle ? this.#watch : undefined;
  }

  /** Gives ids, and makes the commit. */
  #finish(
    stream: Stream,
    noted: readonly Noted[],
    letters: readonly DeadLetter[],
    at: number,
    source: string,
  ): EngineResult {
    const observations: ObservationBatch[] = [];
    const firstIds = stream.builders.map((builder) => {
      const firstId = this.#nextId;
      const batch = builder.take(firstId, at, source);
      if (batch !== undefined) {
        this.#nextId += batch.count;
        observations.push(batch);
      }
      return firstId;
    });
    const details: ObservationDetail[] = [];
    const news: AlertNews[] = [];
    for (const {context, row, reason, explanation, record, ...rest} of noted) {
      const id = (firstIds[context] as number) + row;
      details.push({id, reason, explanation, record});
      if (rest.news !== undefined) {
        const declaration = stream.detector.declarations[context];
        news.push({
          context: declaration?.name ?? '',
          principal: rest.entity,
          item: {observationId: id, ...rest.news},
        });
      }
    }
    return this.#result(
      observations,
      details,
      letters,
      this.#groups.deliveries(news, this.#settings, at),
    );
  }

  #result(
    observations: readonly ObservationBatch[],
    details: readonly ObservationDetail[],
    deadLetters: readonly DeadLetter[],
    deliveries: Commit['deliveries'],
  ): EngineResult {
    const commit = {entry: this.#entry, observations, details, deadLetters, deliveries};
    return {commit, counts: this.#counts};
  }

  #sourceCounts(name: string): SourceCounts {
    let counts = Object.hasOwn(this.#counts.sources, name) ? this.#counts.sources[name] : undefined;
    if (counts === undefined) {
      counts = {records: 0, bytes: 0, latestEventTime: null, latestArrival: null};
      this.#counts.sources[name] = counts;
    }
    return counts;
  }
}

/** The streams of a snapshot, and how they were set up; none of one that cannot be restored. */
export function setupsOf(snapshot: EngineSnapshot): [string, StreamSetup][] {
  const {version, streams} = JSON.parse(snapshot.state) as State;
  if (version !== 1) return [];
  return streams.map(({name, setup}) => [name, setup]);
}

function bump(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by;
}
