import type {ContextInfo, NoveltyResult, ObservationInput, Profile} from '../../api/types.ts';
import {assert} from '../../base/assert.ts';
import {AppError} from '../../base/errors.ts';
import {hash64} from '../../base/hash.ts';
import {isEventTime} from '../../event/event-time.ts';
import type {AlertItem} from '../../pipeline/alert.ts';
import {columnsOf, type DecodeSettings, openWholeDecoder} from '../../pipeline/decode-session.ts';
import type {DeadLetter, ObservationBatch, ObservationDetail} from '../../pipeline/observation.ts';
import {decompressed, recordAt} from '../../pipeline/record-at.ts';
import {ReorderBuffer} from '../../pipeline/reorder.ts';
import type {Commit} from '../../pipeline/store.ts';
import {
  type DecoderTexts,
  eventIdText,
  oddIdText,
  type TracedBatch,
  trace,
} from '../../pipeline/trail.ts';
import type {Explanation} from '../../score/explain.ts';
import {Detector, type Verdict} from '../detector.ts';
import {EventRows, followChain} from '../event-rows.ts';
import {normalOf} from '../inspect-model.ts';
import {isObservation, streamReader, timeOf} from '../stream-reader.ts';
import {AlertGroups, type AlertGroupsState, type AlertNews} from './alert-groups.ts';
import {type DetectionHealth, DetectionWatch, type DetectionWatchState} from './detection-watch.ts';
import type {
  DeclaredDetections,
  EngineCounts,
  EngineSettings,
  Entry,
  SourceCounts,
  StreamSetup,
} from './entries.ts';
import {asnFingerprintOf, type DecodedPayloads, decodeSettingsOf} from './entry-decoder.ts';
import {frozenExplanation} from './frozen.ts';
import {RowBuilder, type RowOrigin} from './row-builder.ts';
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

/** What stays outside of entries and snapshots, since it is large and known by its fingerprint. */
export interface EngineResources {
  /** Text of the table of AS numbers, by the fingerprint that a stream asks for. */
  readonly asnTable?: string | undefined;
  /** "reference" does without WebAssembly. */
  readonly scanner?: 'fast' | 'reference' | undefined;
}

interface Stream {
  readonly name: string;
  readonly setup: StreamSetup;
  readonly settings: DecodeSettings;
  detector: Detector;
  builders: readonly RowBuilder[];
  ids: Int32Array;
  readonly decode: (file: number, bytes: Uint8Array) => ReturnType<WholeDecode>;
  readonly read: ReturnType<typeof streamReader>;
  texts: Map<string, DecoderTexts>;
  generation: number;
}

type WholeDecode = ReturnType<typeof openWholeDecoder>['decode'];

/** A row that more is kept of than its columns; its id is known once the entry is through. */
interface Noted {
  readonly context: number;
  readonly row: number;
  readonly reason: string;
  readonly explanation: string;
  readonly record: string | null;
  readonly news: Omit<AlertItem, 'observationId'> | undefined;
  readonly entity: string;
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

/** What to do about `contexts_changed`. */
export const WAY_BACK =
  'Put contexts, time_zone, organisation_accounts and asn_table of the configuration back to what ' +
  'they were; or, to learn anew and keep the rows stored so far, stop the service and remove the ' +
  'folders "journal" and "snapshots" of data_dir together';

/** Dead letters told one by one of one payload; the rest are counted. */
const MAX_DEAD_LETTERS = 1_000;
/** Values told of each history of a profile. */
const PROFILE_VALUES = 20;
/** Decompressed objects kept while an entry is processed. */
const OBJECTS_AT_HAND = 16;
const NO_IDS = new Int32Array(4);
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
          this.#streams.set(entry.stream, this.#open(entry.stream, entry.setup));
        }
        break;
      case 'reset-context': {
        const stream = this.#streams.get(entry.stream);
        if (stream !== undefined) {
          this.#streams.set(entry.stream, this.#open(entry.stream, stream.setup));
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
      const {time} = this.#take(stream, item, i, (column, text) =>
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
    for (const {detector} of this.#streams.values()) {
      const at = detector.declarations.findIndex(({name}) => name === context);
      if (at < 0) continue;
      const scorer = detector.scorer(at);
      const id = detector.vocabularies[scorer.plan.entity]?.find(principal);
      if (id === undefined) return undefined;
      const facets = new Map<string, Profile['facets'][number]>();
      for (const normal of normalOf(detector, principal, PROFILE_VALUES)) {
        if (normal.context !== context) continue;
        let facet = facets.get(normal.facet);
        if (facet === undefined) {
          facet = {facet: normal.facet, component: normal.field, contexts: []};
          facets.set(normal.facet, facet);
        }
        facet.contexts.push({
          given: normal.given,
          total: normal.times,
          distinct: normal.distinct,
          values: normal.values.map((value) => ({
            ...value,
            firstSeen: Number.isFinite(value.firstSeen) ? value.firstSeen : null,
            lastSeen: Number.isFinite(value.lastSeen) ? value.lastSeen : null,
          })),
        });
      }
      if (facets.size === 0) return undefined;
      const activeDays = scorer.activeDays(id);
      return {context, principal, activeDays, facets: [...facets.values()]};
    }
    return undefined;
  }

  contexts(): ContextInfo[] {
    return [...this.#streams.values()].flatMap(({name: stream, detector}) =>
      detector.declarations.map((declaration, i): ContextInfo => {
        const scorer = detector.scorer(i);
        return {
          name: declaration.name,
          stream,
          entity: declaration.entity,
          facets: declaration.facets.map(({name, of, given, weight}) => ({
            name,
            of,
            given: given.map((fields) => (fields.length === 0 ? 'everyone' : fields.join('+'))),
            weight,
          })),
          learnt: scorer.learnt,
          bytes: scorer.byteLength,
        };
      }),
    );
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
      engine.#streams.set(name, engine.#open(name, setup, Detector.restore(bytes, name)));
    }
    return engine;
  }

  #open(name: string, setup: StreamSetup, restored?: Detector): Stream {
    const {asnTable} = this.#resources;
    const {contexts, asnFingerprint} = setup;
    if (asnFingerprint !== '' && asnFingerprint !== asnFingerprintOf(asnTable)) {
      throw new AppError(
        'contexts_changed',
        `Stream "${name}" was learnt with another table of AS numbers than the one configured. ${WAY_BACK}`,
      );
    }
    const settings = decodeSettingsOf(setup, this.#resources);
    const detector = restored ?? new Detector(columnsOf(settings), contexts.contexts);
    let decode: WholeDecode | undefined;
    return {
      name,
      setup,
      settings,
      detector,
      builders: contexts.contexts.map(
        (_, i) => new RowBuilder(detector, i, contexts.stream.type === 'cloudtrail'),
      ),
      ids: new Int32Array(detector.columns.length),
      decode: (file, bytes) => {
        // Some streams are only ever observed through the API.
        decode ??= openWholeDecoder(settings).decode;
        return decode(file, bytes);
      },
      read: streamReader(contexts.stream, settings.asnTable),
      texts: new Map(),
      generation: detector.generation,
    };
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
        taken = this.#take(stream, item, i, (column, text) => detector.id(column, text));
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
      const words = id === '' ? NO_IDS : wordsOf(id);
      if (detector.seen.seen(words, 0)) {
        // It came before: judged once more, but neither learnt nor kept twice.
        bump(this.#counts.dropped, 'duplicate', 1);
        return noveltyOf(stream, detector.score(ids, time), time).result;
      }
      const origin: RowOrigin = {
        time,
        eventIds: words,
        eventIdAt: 0,
        eventIdText: id === '' || CANONICAL.test(id) ? undefined : id,
        object: '',
        index: i,
        offset: 0,
        length: 0,
      };
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

  /** Ids of an item into the stream's row. */
  #take(
    stream: Stream,
    item: ObservationInput,
    index: number,
    idOf: (column: number, text: string) => number,
  ): {time: number; id: string} {
    const {time, fields, id} = readItem(stream, item, index);
    stream.detector.columns.forEach((column, c) => {
      const text = Object.hasOwn(fields, column) ? fields[column] : undefined;
      stream.ids[c] = idOf(c, text === undefined || text === '' ? '-' : text);
    });
    return {time, id};
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

/** A payload, and what it is decompressed, where that is at hand. */
interface GivenObject {
  readonly payload: Uint8Array;
  readonly object: Uint8Array | undefined;
}

/** Scores and learns the events of one batch entry in the order in which they are given. */
class BatchRun {
  readonly noted: Noted[] = [];
  readonly #stream: Stream;
  readonly #given: readonly GivenObject[];
  readonly #settings: EngineSettings;
  readonly #alerting: boolean;
  readonly #watch: DetectionWatch | undefined;
  /** Lowest score of which anything more than the row is kept or told. */
  readonly #from: number;
  readonly #rows: EventRows;
  readonly #principal: number;
  readonly #objects = new Map<number, Uint8Array>();

  constructor(
    stream: Stream,
    given: readonly GivenObject[],
    settings: EngineSettings,
    alerting: boolean,
    watch: DetectionWatch | undefined,
  ) {
    this.#watch = watch;
    this.#stream = stream;
    this.#given = given;
    this.#settings = settings;
    this.#alerting = alerting;
    this.#from = lowest(settings, alerting);
    this.#rows = new EventRows(stream.detector);
    this.#principal = stream.detector.columns.indexOf('principal');
  }

  take(batch: TracedBatch, row: number, time: number): void {
    const stream = this.#stream;
    const {detector, ids} = stream;
    this.#rows.identify(batch, row, ids);
    const origin =
      this.#principal < 0
        ? -1
        : followChain(batch, row, ids[this.#principal] as number, detector.chain);
    const place: RowOrigin = {
      time,
      eventIds: batch.eventIds,
      eventIdAt: row * 4,
      eventIdText: oddIdText(batch, row),
      object: batch.path,
      index: batch.indexes[row] as number,
      offset: batch.places[row * 2] as number,
      length: batch.places[row * 2 + 1] as number,
    };
    const from = origin < 0 ? undefined : detector.text(this.#principal, origin);
    let best: Verdict | undefined;
    let most = -1;
    detector.judge(ids, time, (verdict) => {
      const {score} = verdict.scored;
      if (score > most) {
        most = score;
        best = verdict;
      }
      if (score < this.#from && score < (this.#settings.keep.observationsFrom ?? 0)) return;
      const builder = stream.builders[verdict.context] as RowBuilder;
      const at = builder.add(ids, verdict.scored, place);
      if (score >= this.#from) {
        this.#note(verdict, at, batch, row, time, origin);
      }
    });
    if (this.#watch !== undefined) this.#show(this.#watch, batch, row, time, from, best);
    detector.learn(ids, time);
    if (stream.generation !== detector.generation) renew(stream);
  }

  /** Shows an event to the declared detections. */
  #show(
    watch: DetectionWatch,
    batch: TracedBatch,
    row: number,
    time: number,
    origin: string | undefined,
    verdict: Verdict | undefined,
  ): void {
    const {detector, ids} = this.#stream;
    const components = componentsOf(detector, ids);
    watch.offer(components, verdict?.scored.score ?? 0, origin, () => {
      const id = () => eventIdText(batch, row);
      const record = () => this.#bytesOf(batch, row);
      return watchedEvent(detector, {time, id, components, origin, verdict, record});
    });
  }

  #note(
    verdict: Verdict,
    at: number,
    batch: TracedBatch,
    row: number,
    time: number,
    origin: number,
  ): void {
    const stream = this.#stream;
    const {detector, ids} = stream;
    const note = noteOf(this.#settings, this.#alerting, verdict);
    const explanation = detector.explain(ids, time, verdict);
    const eventId = eventIdText(batch, row);
    const from = origin < 0 ? undefined : detector.text(this.#principal, origin);
    this.noted.push({
      context: verdict.context,
      row: at,
      reason: explanation.sentence,
      explanation: frozenExplanation(explanation, from),
      record: note.record ? this.#recordOf(batch, row, eventId) : null,
      news: note.alert ? itemOf(stream, verdict, explanation, time, eventId) : undefined,
      entity: entityOf(stream, verdict.context),
    });
  }

  #recordOf(batch: TracedBatch, row: number, eventId: string): string | null {
    const [offset, length] = placeOf(batch, row);
    return recordAt(this.#objectOf(batch), offset, length, eventId);
  }

  #bytesOf(batch: TracedBatch, row: number): Uint8Array | null {
    const [offset, length] = placeOf(batch, row);
    const object = this.#objectOf(batch);
    if (length <= 0 || offset < 0 || offset + length > object.length) return null;
    return object.subarray(offset, offset + length);
  }

  /** The bytes that the places of a batch are counted in. */
  #objectOf({file}: TracedBatch): Uint8Array {
    const given = this.#given[file] as GivenObject;
    let object = given.object ?? this.#objects.get(file);
    if (object === undefined) {
      object = decompressed(given.payload);
      // A few at a time: events of the same time come from few files.
      if (this.#objects.size >= OBJECTS_AT_HAND) this.#objects.clear();
      this.#objects.set(file, object);
    }
    return object;
  }
}

function placeOf({places}: TracedBatch, row: number): [offset: number, length: number] {
  return [places[row * 2] as number, places[row * 2 + 1] as number];
}

/** The streams of a snapshot, and how they were set up; none of one that cannot be restored. */
export function setupsOf(snapshot: EngineSnapshot): [string, StreamSetup][] {
  const {version, streams} = JSON.parse(snapshot.state) as State;
  if (version !== 1) return [];
  return streams.map(({name, setup}) => [name, setup]);
}

/** Ids may mean other texts now. */
function renew(stream: Stream): void {
  stream.generation = stream.detector.generation;
  for (const builder of stream.builders) builder.forget();
}

function lowest({keep, destinations}: EngineSettings, alerting: boolean): number {
  const told = alerting ? destinations.map(({minScore}) => minScore) : [];
  return Math.min(keep.reasonsFrom, keep.recordsFrom, ...told);
}

function noteOf(
  settings: EngineSettings,
  alerting: boolean,
  {scored: {score}}: Verdict,
): {any: boolean; record: boolean; alert: boolean} {
  return {
    any: score >= lowest(settings, alerting),
    record: score >= settings.keep.recordsFrom,
    alert: alerting && settings.destinations.some(({minScore}) => score >= minScore),
  };
}

function entityOf({detector, ids}: Stream, context: number): string {
  const {entity} = detector.scorer(context).plan;
  return detector.text(entity, ids[entity] as number);
}

function itemOf(
  stream: Stream,
  {context, scored}: Verdict,
  explanation: Explanation,
  time: number,
  eventId: string,
): Omit<AlertItem, 'observationId'> {
  const {detector, ids} = stream;
  const text = (field: string): string => {
    const column = detector.columns.indexOf(field);
    return column < 0 ? '-' : detector.text(column, ids[column] as number);
  };
  const builder = stream.builders[context] as RowBuilder;
  const novel = explanation.facets[builder.mostNovelOf(scored)];
  return {
    eventId,
    eventTime: time,
    score: scored.score,
    operation: text('operation'),
    service: text('service'),
    account: text('account'),
    region: text('region'),
    network: text('network'),
    userAgent: text('userAgent'),
    resource: text('resource'),
    error: text('error'),
    mostNovel:
      novel === undefined ? null : {facet: novel.facet, value: novel.value, bits: novel.bits},
    reason: explanation.sentence,
  };
}

/** What the API says of one item, and why; the explanation is undefined if no context watches it. */
function noveltyOf(
  stream: Stream,
  verdict: Verdict | undefined,
  time: number,
): {result: NoveltyResult; explanation: Explanation | undefined} {
  if (verdict === undefined) {
    const nothing = {score: 0, surprise: 0, raised: 0, context: null, bits: {}, mostNovel: null};
    return {result: {...nothing, reason: 'No context watches this'}, explanation: undefined};
  }
  const {detector, ids} = stream;
  const {scored, context} = verdict;
  const explanation = detector.explain(ids, time, verdict);
  const builder = stream.builders[context] as RowBuilder;
  const novel = explanation.facets[builder.mostNovelOf(scored)];
  return {
    result: {
      score: scored.score,
      surprise: scored.surprise,
      raised: scored.raised,
      context: detector.declarations[context]?.name ?? null,
      bits: Object.fromEntries(explanation.facets.map(({facet, bits}) => [facet, bits])),
      mostNovel:
        novel === undefined ? null : {facet: novel.facet, value: novel.value, bits: novel.bits},
      reason: explanation.sentence,
    },
    explanation,
  };
}

function readItem(
  stream: Stream,
  item: ObservationInput,
  index: number,
): {time: number; fields: Readonly<Record<string, string>>; id: string} {
  try {
    const read =
      isObservation(item) && item.fields !== null
        ? {time: timeOf(item.time), fields: item.fields, id: ''}
        : stream.read(item);
    // Neither the model nor a store could go on after another time, or what is no text.
    if (!isEventTime(read.time)) throw new Error(`${read.time} is no time from 1990 to 2200`);
    if (Array.isArray(read.fields)) throw new Error('Its fields have no names');
    for (const [name, text] of Object.entries(read.fields)) {
      if (typeof text !== 'string') throw new Error(`Field ${JSON.stringify(name)} is no text`);
    }
    return read;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `Item ${index}: ${why}`, {cause});
  }
}

/** As decoders make them. */
function wordsOf(id: string): Int32Array {
  if (!CANONICAL.test(id)) {
    const a = hash64(id);
    const b = hash64(`${id}/`);
    return Int32Array.of(a.hi, a.lo, b.hi, b.lo);
  }
  const hex = id.replaceAll('-', '');
  return Int32Array.from([0, 8, 16, 24], (at) => Number.parseInt(hex.slice(at, at + 8), 16));
}

const CANONICAL = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function poisonLetters(entry: Extract<Entry, {kind: 'batch'}>): DeadLetter[] {
  return entry.poison.map(({name, detail}) => setAside(entry, name, 0, detail));
}

function setAside(
  {source, arrived}: Extract<Entry, {kind: 'batch'}>,
  object: string,
  length: number,
  detail: string,
): DeadLetter {
  const reason = 'poison_message';
  return {at: arrived, source, object, reason, index: -1, offset: 0, length, detail};
}

function bump(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by;
}
