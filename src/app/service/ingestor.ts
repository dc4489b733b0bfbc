import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import type {
  ContextInfo,
  IngestStatus,
  NoveltyResult,
  ObservationInput,
  Profile,
} from '../../api/types.ts';
import {AppError, messageOf} from '../../base/errors.ts';
import type {AlarmState} from '../../detections/evaluator.ts';
import type {LiveFeed} from '../../pipeline/live-feed.ts';
import type {Source} from '../../pipeline/source.ts';
import type {Commit, Store} from '../../pipeline/store.ts';
import {Journal, type JournalLane} from '../../stores/journal.ts';
import type {Contexts} from '../contexts.ts';
import {FlowBudget} from './budget.ts';
import {type CheckpointInfo, Checkpoints} from './checkpoint.ts';
import {CommitQueue} from './commit-queue.ts';
import {type DetectionHealth, NO_DETECTIONS} from './detection-watch.ts';
import {CLOUDTRAIL_STREAM, type EngineResult} from './engine.ts';
import {openEngine} from './engine-client.ts';
import type {EngineClient, EngineInfo} from './engine-protocol.ts';
import type {
  DeclaredDetections,
  EngineCounts,
  EngineSettings,
  Entry,
  StreamSetup,
} from './entries.ts';
import {asnFingerprintOf} from './entry-decoder.ts';
import type {IngestLog} from './ingest-log.ts';
import {liveRows} from './live-rows.ts';
import {PatientStore} from './patient-store.ts';
import {SkippedEntries} from './skipped-entries.ts';
import {SourceReadings} from './source-readings.ts';
import {WAY_BACK} from './stream.ts';

/** A configured source, and the stream that its records belong to. */
export interface IngestSource {
  readonly source: Source;
  readonly stream?: string | undefined;
}

export interface IngestorOptions {
  /** Holds `journal` and `snapshots`; one process at a time. */
  readonly dataDir: string;
  readonly store: Store;
  readonly live: LiveFeed;
  readonly sources: readonly IngestSource[];
  /** Of the stream that sources feed unless told otherwise. */
  readonly contexts: Contexts;
  readonly asnTable?: string | undefined;
  readonly settings: EngineSettings;
  /** Detections to run beside the score; none unless given. */
  readonly detections?: DeclaredDetections | undefined;
  /** How late events may come, as far as the passing of quiet time goes; milliseconds. */
  readonly deliveryDelay?: number | undefined;
  /** Milliseconds after which quiet time has passed; 60,000 unless told. */
  readonly tickEvery?: number | undefined;
  /** Whether to learn without alerts; unless told, as it was before, else live. */
  readonly learning?: boolean | undefined;
  /** Milliseconds between checkpoints, at least; 60,000 unless told. */
  readonly checkpointEvery?: number | undefined;
  /** Most of the time that may go into checkpoints; a twentieth unless told. */
  readonly checkpointShare?: number | undefined;
  readonly log?: IngestLog | undefined;
  /** Called after each commit: rows are stored, deliveries may be due. */
  readonly onCommitted?: ((commit: Commit) => void) | undefined;
  /** Called once when ingesting has ended for good, since nothing here can mend it. */
  readonly onFatal?: ((error: AppError) => void) | undefined;
  /** The time of day, epoch milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Whether the engine has a thread of its own; true unless a test says otherwise. */
  readonly threaded?: boolean | undefined;
  readonly scanner?: 'fast' | 'reference' | undefined;
  /** Opens the engine; for tests that make it fail. */
  readonly open?: typeof openEngine | undefined;
  /** Bytes after which the journal begins a new segment. */
  readonly segmentBytes?: number | undefined;
}

interface Ready {
  readonly number: number;
  readonly entry: Entry;
  readonly payloads: readonly Uint8Array[];
}

/** Entries and bytes as delivered between a source and the store. */
const MAX_ENTRIES = 512;
const MAX_BYTES = 64 * 1024 * 1024;
/** Entries that the engine is given before it has answered. */
const MAX_IN_ENGINE = 8;
/** Rows that may wait to be stored; reached only where entries are large, or replayed. */
const MAX_QUEUED_ROWS = 200_000;
/** Rows shown live before others have their turn. */
const LIVE_ROWS = 2_000;
/** Failures of the engine's thread within an hour after which it is not started again. */
const MAX_RESTARTS = 10;
/** What a caller of the API is made to wait for room. */
const PATIENCE_MS = 5_000;
const CLOSING_MS = 15_000;
const TICK_MS = 60_000;
/** CloudTrail says that it delivers within about five minutes on average; it takes fifteen at times. */
const DELIVERY_DELAY_MS = 15 * 60_000;
const RATE_WINDOW_MS = 10_000;
/** Commits remembered before those outside of the window are forgotten. */
const MAX_RATES = 10_000;

/**
 * Brings what sources hand over through the journal and the engine into the store, in the order of
 * the journal, and keeps that state safe: whatever was acknowledged is stored once, whenever the
 * process is killed. Pulls from all sources in turn; what is on its way is bounded, so that a store
 * which is gone makes sources wait.
 */
export class Ingestor {
  readonly #options: IngestorOptions;
  readonly #log: IngestLog;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #budget = new FlowBudget(MAX_ENTRIES, MAX_BYTES);
  readonly #stopping = new AbortController();
  readonly #closing = new AbortController();
  readonly #warnings = new Map<string, string>();
  readonly #store: PatientStore;
  readonly #sources: SourceReadings;
  readonly #skipped: SkippedEntries;

  #journal: Journal | undefined;
  #checkpoints: Checkpoints | undefined;
  #engine: EngineClient | undefined;
  #engineLost: AppError | undefined;
  #pump: Promise<void> | undefined;
  #committing: Promise<void> | undefined;

  /** Safe entries that the engine has not been given yet, in order. */
  #ready: Ready[] = [];
  /** Room that is given back once an entry is stored, by its number. */
  readonly #held = new Map<number, () => void>();
  readonly #waiters = new Map<number, {resolve(r: EngineResult): void; reject(e: unknown): void}>();
  readonly #queue = new CommitQueue();
  /** Last entry whose result was taken over, or is in the store since before. */
  #taken = 0;
  /** Last entry that the engine has been through. */
  #processed = 0;
  /** Last entry that the store has. */
  #stored = 0;
  #lastId = 0;
  #restarts: number[] = [];

  #counts: EngineCounts = {rejected: {}, dropped: {}, sources: {}};
  #info: EngineInfo | undefined;
  #learning = false;
  /** Whether detections are declared. */
  #watching = false;
  #contextNames: readonly string[] = [];
  #checkpoint: CheckpointInfo | undefined;
  #checkpointing: Promise<void> | undefined;
  #checkpointTimer: NodeJS.Timeout | undefined;
  #tickTimer: NodeJS.Timeout | undefined;
  #observations = 0;
  /** Rows stored lately: monotonic milliseconds and how many. */
  #rates: [number, number][] = [];
  #fatal: AppError | undefined;
  #bell = bell();

  constructor(options: IngestorOptions) {
    this.#options = options;
    this.#log = options.log ?? (() => {});
    this.#now = options.now ?? Date.now;
    this.#startedAt = this.#now();
    const [log, warnings] = [this.#log, this.#warnings];
    this.#store = new PatientStore({store: options.store, log, warnings});
    this.#skipped = new SkippedEntries(join(options.dataDir, 'journal', 'skipped.json'));
    this.#sources = new SourceReadings({
      budget: this.#budget,
      append: (...entry) => this.#append(...entry),
      ended: () => this.#fatal !== undefined,
      now: this.#now,
      log,
      warnings,
    });
  }

  /**
   * Opens what is there, goes through what was safe but not yet done, then starts the sources. While
   * the store is away it waits for it.
   *
   * @throws AppError `journal_damaged`, `journal_unwritable`, `snapshot_unreadable`,
   * `contexts_changed`, `worker_failed`
   */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      const stopped = this.#stopping.signal.aborted;
      if (!stopped) this.#fail(error);
      await this.stop();
      // What was opened after it was told to stop.
      if (stopped) await Promise.allSettled([this.#engine?.close(), this.#journal?.close()]);
      throw error;
    }
    for (const source of this.#options.sources) this.addSource(source);
    this.#scheduleCheckpoint(this.#every);
    this.#scheduleTick();
  }

  async #open(): Promise<void> {
    const {dataDir, store} = this.#options;
    await mkdir(dataDir, {recursive: true}).catch((cause: unknown) => {
      const why = messageOf(cause);
      throw new AppError('journal_unwritable', `Cannot use "${dataDir}": ${why}`, {cause});
    });
    this.#checkpoints = await Checkpoints.open(join(dataDir, 'snapshots'));
    const head = await this.#ask(() => store.head());
    this.#stored = head.entry;
    this.#taken = head.entry;
    this.#lastId = head.lastId;
    const newest = this.#checkpoints.entries.at(-1) ?? 0;
    const journal = await Journal.open(join(dataDir, 'journal'), {
      after: Math.max(head.entry, newest),
      segmentBytes: this.#options.segmentBytes,
    });
    this.#journal = journal;
    if (journal.cut > 0) {
      const message = `Cut ${journal.cut} unfinished bytes off the journal`;
      this.#log('warn', message, {bytes: journal.cut});
    }
    await this.#skipped.read();
    await this.#openEngine();
    this.#committing = this.#commitAll();
    this.#pump = this.#pumpAll();
    // Everything that was safe before comes first.
    const last = journal.last;
    await this.#until(() => this.#processed >= last);
    await this.#setUp();
    if (this.#stopping.signal.aborted) throw new AppError('interrupted', STOPPED);
  }

  /** Makes the engine what the configuration says, by entries where it is not. */
  async #setUp(): Promise<void> {
    const {contexts, asnTable, settings, learning} = this.#options;
    const engine = this.#engineNow();
    const info = await engine.info();
    const at = this.#now();
    if (info.entry === 0 || Object.keys(info.setups).length === 0) {
      const firstMatchId = await this.#ask(() => this.#options.store.detections.nextMatchId());
      await this.#apply({kind: 'begin', firstId: this.#lastId + 1, firstMatchId, at});
    }
    const wanted: StreamSetup = {contexts, asnFingerprint: asnFingerprintOf(asnTable)};
    const known = info.setups[CLOUDTRAIL_STREAM];
    if (known === undefined) {
      await this.#apply({kind: 'create-context', stream: CLOUDTRAIL_STREAM, setup: wanted, at});
    } else if (!alike(known, wanted)) {
      throw new AppError(
        'contexts_changed',
        `What was learnt in "${this.#options.dataDir}" belongs to other contexts, or another time ` +
          'zone, table of AS numbers or list of fields, than are configured now. ' +
          WAY_BACK,
      );
    }
    if (!alike(info.settings, settings)) await this.#apply({kind: 'settings', settings, at});
    const declared = this.#options.detections ?? NO_DETECTIONS;
    if (!alike(await engine.declared(), declared)) await this.applyDetections(declared);
    this.#watching = declared.files.length > 0;
    if (learning !== undefined && learning !== info.learning) await this.setLearning(learning);
    else this.#learning = info.learning;
    this.#info = await this.#engineNow().info();
    this.#contextNames = namesOf(await this.contexts());
  }

  /** Reads a further source from now on. */
  addSource({source, stream = CLOUDTRAIL_STREAM}: IngestSource): void {
    this.#sources.add(source, stream);
  }

  /** Reads a source no more; what it has handed over is kept. Does not close it. */
  removeSource(name: string): Promise<void> {
    return this.#sources.remove(name);
  }

  /** How far a source has come: `waiting` once all that it had is safe. */
  sourceState(name: string): IngestStatus['sources'][number]['state'] {
    return this.#sources.state(name);
  }

  async applySettings(settings: EngineSettings): Promise<void> {
    await this.#apply({kind: 'settings', settings, at: this.#now()});
  }

  /** Other detections from now on; what the unchanged ones have seen is kept. */
  async applyDetections(declared: DeclaredDetections): Promise<void> {
    await this.#apply({kind: 'detections', declared, at: this.#now()});
    this.#watching = declared.files.length > 0;
  }

  /** Sets an alarm by hand, until it is evaluated next. */
  async setAlarm(detection: string, state: AlarmState, reason: string): Promise<void> {
    await this.#apply({kind: 'alarm-state', detection, state, reason, at: this.#now()});
  }

  /** How declared detections do, by id. */
  detections(): Promise<Readonly<Record<string, DetectionHealth>>> {
    return this.#engineNow().detections();
  }

  get learning(): boolean {
    return this.#learning;
  }

  async setLearning(learning: boolean): Promise<void> {
    await this.#apply({kind: 'mode', learning, at: this.#now()});
    this.#learning = learning;
  }

  /** Makes a stream; its contexts must have names of their own. */
  async createContext(stream: string, contexts: Contexts): Promise<ContextInfo[]> {
    const setup: StreamSetup = {contexts, asnFingerprint: ''};
    const known = await this.contexts();
    const names = contexts.contexts.map(({name}) => name);
    const taken = known.find((each) => each.stream === stream || names.includes(each.name));
    if (taken !== undefined) {
      throw new AppError(
        'usage',
        taken.stream === stream
          ? `There is a stream "${stream}" already`
          : `Stream "${taken.stream}" has a context "${taken.name}" already`,
      );
    }
    await this.#apply({kind: 'create-context', stream, setup, at: this.#now()});
    const all = await this.contexts();
    this.#contextNames = namesOf(all);
    return all.filter((each) => each.stream === stream);
  }

  /** Forgets what a stream has learnt; false if there is none of that name. */
  async resetContext(stream: string): Promise<boolean> {
    const known = await this.contexts();
    if (!known.some((each) => each.stream === stream)) return false;
    await this.#apply({kind: 'reset-context', stream, at: this.#now()});
    return true;
  }

  /**
   * Scores, then learns, in the order given; safe when it returns. Undefined: no such stream.
   * @throws AppError `usage`, `journal_unwritable`, `store_unavailable`
   */
  async observe(
    stream: string,
    items: readonly ObservationInput[],
  ): Promise<NoveltyResult[] | undefined> {
    if (!(await this.#engineNow().check(stream, items))) return undefined;
    const result = await this.#apply({kind: 'observe', stream, items, at: this.#now()});
    return result.results === undefined ? undefined : [...result.results];
  }

  score(stream: string, items: readonly ObservationInput[]): Promise<NoveltyResult[] | undefined> {
    return this.#engineNow().score(stream, items);
  }

  profile(context: string, principal: string): Promise<Profile | undefined> {
    return this.#engineNow().profile(context, principal);
  }

  contexts(): Promise<ContextInfo[]> {
    return this.#engineNow().contexts();
  }

  /** Known without asking the engine, which may be busy. */
  get contextNames(): readonly string[] {
    return this.#contextNames;
  }

  /** Whether what is pushed now would be taken at once. */
  get accepting(): boolean {
    return !this.#stopping.signal.aborted && this.#fatal === undefined && !this.#budget.full;
  }

  /** Why ingesting has ended for good, if it has. */
  get failure(): AppError | undefined {
    return this.#fatal;
  }

  async status(): Promise<IngestStatus> {
    const now = this.#now();
    const journal = this.#journal;
    const memory = process.memoryUsage();
    const size = await this.#store.size();
    if (size.fresh) this.#observations = size.observations;
    const latest = Object.values(this.#counts.sources).reduce(
      (most, {latestEventTime}) => Math.max(most, latestEventTime ?? most),
      Number.NEGATIVE_INFINITY,
    );
    return {
      startedAt: this.#startedAt,
      now,
      mode: this.#learning ? 'learning' : 'live',
      eventsPerSecond: this.#rate(),
      observations: this.#observations,
      lastId: this.#lastId,
      waitingEntries: Math.max(0, (journal?.last ?? 0) - this.#stored),
      lagMs: Number.isFinite(latest) ? Math.max(0, now - latest) : null,
      rejected: {...this.#counts.rejected},
      dropped: {...this.#counts.dropped},
      memory: {rss: memory.rss, model: this.#info?.byteLength ?? 0, heap: memory.heapUsed},
      snapshot: {
        at: this.#checkpoint?.at ?? null,
        bytes: this.#checkpoint?.bytes ?? 0,
        entry: this.#checkpoint?.entry ?? 0,
      },
      store: {
        kind: this.#options.store.kind,
        bytes: size.bytes,
        ...this.#store.health,
      },
      journal: {
        bytes: journal?.bytes ?? 0,
        entries: journal === undefined ? 0 : journal.last - journal.first + 1,
      },
      sources: this.#sources.status(this.#counts.sources),
      warnings: [
        ...this.#warnings.values(),
        ...(this.#fatal === undefined ? [] : [this.#fatal.message]),
      ],
    };
  }

  /** Waits until everything that is safe by now is stored. */
  async settled(): Promise<void> {
    const last = this.#journal?.last ?? 0;
    await this.#until(() => this.#stored >= last);
  }

  /** Waits until every source has ended, by itself or by a failure, and all of it is stored. */
  async finished(): Promise<void> {
    await this.#sources.finished();
    await this.settled();
  }

  /** Keeps a snapshot now; returns when it counts, or when there was nothing new to keep. */
  async checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#makeCheckpoint().finally(() => {
      this.#checkpointing = undefined;
    });
    await this.#checkpointing;
  }

  /** Ends: sources are left, what they handed over is stored if the store is there, and kept. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    clearTimeout(this.#checkpointTimer);
    clearTimeout(this.#tickTimer);
    this.#sources.abort();
    await this.#sources.finished();
    if (this.#fatal === undefined) {
      const last = this.#journal?.last ?? 0;
      const done = await within(
        // A store that is away is not likely to come back just now.
        this.#store.health.state === 'ok' ? CLOSING_MS : CLOSING_MS / 10,
        this.#until(() => this.#stored >= last).then(async () => {
          // One that is under way was begun before the last entries.
          await this.#checkpointing?.catch(() => {});
          await this.checkpoint();
        }),
      );
      if (!done) this.#log('warn', 'Stopped before all was stored; the journal keeps it');
    }
    this.#closing.abort();
    this.#ring();
    await this.#engine?.close();
    await Promise.allSettled([this.#pump, this.#committing, this.#checkpointing]);
    const error = new AppError('interrupted', STOPPED);
    for (const {reject} of this.#waiters.values()) reject(error);
    this.#waiters.clear();
    await this.#journal?.close();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  // The way in: journal.

  async #append(
    entry: Entry,
    payloads: readonly Uint8Array[],
    lane: JournalLane | undefined,
    release: (() => void) | undefined,
  ): Promise<number> {
    if (this.#fatal !== undefined) throw this.#fatal;
    const journal = this.#journalNow();
    let number: number;
    try {
      number = await journal.append(entry, payloads, lane);
    } catch (error) {
      this.#warnings.set('journal', messageOf(error));
      throw error;
    }
    this.#warnings.delete('journal');
    this.#ready.push({number, entry, payloads});
    if (release !== undefined) this.#held.set(number, release);
    this.#ring();
    return number;
  }

  /** Appends an entry of our own, and waits for what the engine says to it. */
  async #apply(entry: Entry): Promise<EngineResult> {
    const patience = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const release = await this.#budget.acquire(0, patience);
    if (release === undefined) {
      throw this.#stopping.signal.aborted
        ? new AppError('interrupted', 'The service is stopping')
        : new AppError('store_unavailable', 'Too much waits to be stored', {retryable: true});
    }
    let number: number;
    try {
      number = await this.#append(entry, [], undefined, release);
    } catch (error) {
      release();
      throw error;
    }
    return new Promise((resolve, reject) => {
      if (this.#fatal !== undefined) reject(this.#fatal);
      else this.#waiters.set(number, {resolve, reject});
    });
  }

  // The engine: entries in, commits out, in the order of the journal.

  async #openEngine(): Promise<void> {
    const {asnTable, scanner, threaded = true, open = openEngine} = this.#options;
    const checkpoints = this.#checkpoints as Checkpoints;
    const resources = {asnTable, scanner};
    this.#engineLost = undefined;
    const onFailure = (error: AppError) => {
      this.#engineLost = error;
      this.#ring();
    };
    let engine: EngineClient | undefined;
    let problem: unknown;
    for (const entry of this.#bestFirst(checkpoints.entries)) {
      try {
        const {snapshot, info} = await checkpoints.load(entry);
        engine = await open({resources, snapshot, threaded, onFailure, after: 0});
        this.#checkpoint = info;
        break;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'snapshot_unreadable') throw error;
        problem = error;
        const message = `${error.message}; going on from the one before`;
        this.#warnings.set(`snapshot ${entry}`, message);
        this.#log('warn', message, {entry});
      }
    }
    if (engine === undefined) {
      const after = await this.#beginning(problem);
      engine = await open({resources, snapshot: undefined, threaded, onFailure, after});
    }
    this.#engine = engine;
    const info = await engine.info();
    this.#info = info;
    this.#processed = info.entry;
    this.#counts = info.counts;
    this.#learning = info.learning;
    this.#sources.resume(info.positions, info.identities);
    for (const entry of checkpoints.entries.filter((each) => each > info.entry)) {
      await checkpoints.drop(entry);
    }
    if (info.entry > this.#stored) {
      const message =
        `The store has the rows of entries up to ${this.#stored} only; ` +
        `those of entries up to ${info.entry} are missing`;
      this.#warnings.set('store', message);
      this.#log('warn', message);
    }
  }

  /** Newest first, but what the store is not yet as far as last: only if it has lost rows. */
  #bestFirst(entries: readonly number[]): number[] {
    const newest = [...entries].reverse();
    return [
      ...newest.filter((entry) => entry <= this.#stored),
      ...newest.filter((entry) => entry > this.#stored),
    ];
  }

  /** Entry after which everything can be gone through again without a snapshot. */
  async #beginning(problem: unknown): Promise<number> {
    const journal = this.#journalNow();
    const {first, last} = journal;
    if (first > last) return last;
    for await (const {header} of journal.read(first)) {
      if ((header as Entry).kind === 'begin') return first - 1;
      break;
    }
    if (problem !== undefined) throw problem;
    throw new AppError(
      'snapshot_unreadable',
      `There is no snapshot under "${this.#options.dataDir}", and its journal begins with entry ` +
        `${first}: what was learnt before is gone`,
    );
  }

  #journalNow(): Journal {
    const journal = this.#journal;
    if (journal === undefined) throw new AppError('interrupted', 'Ingesting has not begun');
    return journal;
  }

  #engineNow(): EngineClient {
    if (this.#fatal !== undefined) throw this.#fatal;
    const engine = this.#engine;
    if (engine === undefined) {
      throw new AppError('interrupted', 'The engine is not open yet', {retryable: true});
    }
    return engine;
  }

  /** Feeds the engine, and a new one whenever it was lost, until the end. */
  async #pumpAll(): Promise<void> {
    while (!this.#closed && this.#fatal === undefined) {
      try {
        await this.#feed(this.#engineNow());
      } catch (error) {
        if (this.#closed) return;
        if (this.#engineLost === undefined) {
          this.#fail(error);
          return;
        }
        try {
          await this.#revive(this.#engineLost);
        } catch (failure) {
          this.#fail(failure);
          return;
        }
      }
    }
  }

  /** Gives the engine all entries that it has not seen, as they come. */
  async #feed(engine: EngineClient): Promise<void> {
    const journal = this.#journalNow();
    let next = (await engine.info()).entry + 1;
    const inEngine = new Set<Promise<void>>();
    let failure: unknown;
    const give = async (number: number, entry: Entry, payloads: readonly Uint8Array[]) => {
      const window = () =>
        (inEngine.size < MAX_IN_ENGINE && this.#queue.rows < MAX_QUEUED_ROWS) ||
        failure !== undefined;
      await this.#until(window);
      if (failure !== undefined) throw failure;
      const task: Promise<void> = engine
        .process(number, entry, payloads, this.#skipped.get(number))
        .then(
          (result) => this.#take(number, entry, result),
          (error: unknown) => {
            // What was merely in line behind it is not to blame.
            if (error instanceof AppError && error.code === 'worker_failed') {
              this.#skipped.suspect(number);
            }
            failure ??= error;
          },
        )
        .finally(() => {
          inEngine.delete(task);
          this.#ring();
        });
      inEngine.add(task);
    };
    for await (const {number, header, payloads} of journal.read(next)) {
      if (this.#closed) return;
      await give(number, header as Entry, payloads);
      next = number + 1;
    }
    while (!this.#closed) {
      const ready = this.#ready[0];
      if (ready === undefined) {
        await this.#until(() => this.#ready.length > 0 || failure !== undefined || this.#closed);
        if (failure !== undefined) throw failure;
        continue;
      }
      this.#ready.shift();
      if (ready.number < next) continue;
      await give(ready.number, ready.entry, ready.payloads);
      next = ready.number + 1;
    }
  }

  /** Takes over what an entry led to, unless that was known already. */
  #take(number: number, entry: Entry, result: EngineResult): void {
    this.#counts = result.counts;
    this.#processed = number;
    this.#skipped.clear(number);
    if (entry.kind === 'mode') this.#learning = entry.learning;
    // Positions ride on entries, also on those that are gone through again.
    if (entry.kind === 'batch') this.#sources.goThrough(entry);
    this.#waiters.get(number)?.resolve(result);
    this.#waiters.delete(number);
    const release = this.#held.get(number);
    this.#held.delete(number);
    if (number <= this.#taken) {
      release?.();
      return;
    }
    this.#taken = number;
    this.#queue.push(result.commit, release);
    this.#ring();
  }

  /** Opens the engine anew after its thread was lost; sets aside an entry that it dies of. */
  async #revive(error: AppError): Promise<void> {
    await this.#engine?.close();
    this.#engine = undefined;
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < 3_600_000), now];
    this.#log('error', error.message, {restarts: this.#restarts.length});
    if (this.#restarts.length > MAX_RESTARTS) {
      throw new AppError(
        'worker_failed',
        `The engine failed ${this.#restarts.length} times within an hour; the last: ${error.message}`,
        {cause: error},
      );
    }
    this.#warnings.set('engine', `The engine was started again: ${firstLine(error.message)}`);
    const oldest = this.#journal?.first ?? 0;
    for (const number of await this.#skipped.skipSuspects(firstLine(error.message), oldest)) {
      this.#log('error', `Entry ${number} is set aside: the engine failed on it twice`);
    }
    await this.#openEngine();
  }

  // The way out: store, live feed.

  async #commitAll(): Promise<void> {
    let shown = Promise.resolve();
    for (;;) {
      // Also after a failure: what the engine has given is good.
      while (this.#queue.isEmpty && !this.#closed) await this.#bell.rung;
      if (this.#closed) {
        await shown;
        return;
      }
      const {commit, rows, release} = this.#queue.take();
      if (commit.entry > this.#stored) {
        const store = () => this.#options.store.commit(commit);
        if ((await this.#store.insist(store, this.#closing.signal)) === undefined) return;
        this.#stored = commit.entry;
      }
      this.#observations += rows;
      for (const {firstId, count} of commit.observations) {
        this.#lastId = Math.max(this.#lastId, firstId + count - 1);
      }
      if (rows > 0) {
        this.#rates.push([performance.now(), rows]);
        // Nobody may ever ask for the rate.
        if (this.#rates.length > MAX_RATES) this.#rate();
      }
      release();
      this.#ring();
      // While these are shown, the store may be at work on the next.
      await shown;
      shown = this.#publish(commit);
    }
  }

  async #publish(commit: Commit): Promise<void> {
    try {
      this.#options.onCommitted?.(commit);
      for (const rows of liveRows(commit, LIVE_ROWS)) {
        this.#options.live.publish(rows);
        if (rows.length === LIVE_ROWS) await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      // Rows are safe: whoever listens must not stop what comes after.
      this.#log('error', `A listener failed: ${messageOf(error)}`);
    }
  }

  /** Asks the store until it answers, or the service is stopped. */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    const answer = await this.#store.insist(ask, this.#stopping.signal);
    if (answer === undefined) throw new AppError('interrupted', STOPPED);
    return answer.value;
  }

  // Checkpoints.

  get #every(): number {
    return this.#options.checkpointEvery ?? 60_000;
  }

  #scheduleCheckpoint(delay: number): void {
    this.#checkpointTimer = setTimeout(() => {
      const from = performance.now();
      this.checkpoint()
        .catch((error: unknown) => {
          const message = messageOf(error);
          this.#warnings.set('checkpoint', message);
          this.#log('error', message);
        })
        .finally(() => {
          // A large model must not keep the engine busy with being saved.
          const took = performance.now() - from;
          const {checkpointShare = 0.05} = this.#options;
          if (!this.#stopping.signal.aborted) {
            this.#scheduleCheckpoint(Math.max(this.#every, took / checkpointShare));
          }
        });
    }, delay);
    this.#checkpointTimer.unref();
  }

  /** Has event time go on while nothing comes, so that alarms notice what is missing. */
  #scheduleTick(): void {
    this.#tickTimer = setTimeout(() => {
      this.#tick()
        .catch((error: unknown) => this.#log('warn', `No time passes: ${messageOf(error)}`))
        .finally(() => {
          if (!this.#stopping.signal.aborted) this.#scheduleTick();
        });
    }, this.#options.tickEvery ?? TICK_MS);
    this.#tickTimer.unref();
  }

  async #tick(): Promise<void> {
    const {deliveryDelay = DELIVERY_DELAY_MS} = this.#options;
    // What is learnt is the past: its time goes by its events alone.
    if (!this.#watching || this.#learning || !this.#sources.isCaughtUp) return;
    const at = this.#now();
    await this.#apply({kind: 'tick', eventTime: at - deliveryDelay, at});
  }

  async #makeCheckpoint(): Promise<void> {
    const checkpoints = this.#checkpoints as Checkpoints;
    if (this.#processed <= (this.#checkpoint?.entry ?? 0)) return;
    const engine = this.#engineNow();
    const snapshot = await engine.snapshot();
    const info = await checkpoints.save(snapshot, this.#now(), async () => {
      await this.#until(() => this.#stored >= snapshot.entry || this.#closed);
      return this.#stored >= snapshot.entry;
    });
    if (info === undefined) return;
    this.#checkpoint = info;
    this.#warnings.delete('checkpoint');
    for (const key of this.#warnings.keys()) {
      if (key.startsWith('snapshot ')) this.#warnings.delete(key);
    }
    const oldest = await checkpoints.prune();
    // With one alone, damage to it must leave the journal to begin anew from.
    if (checkpoints.entries.length > 1) await this.#journal?.trim(oldest + 1);
    this.#info = await engine.info();
  }

  // Odds and ends.

  #rate(): number {
    const from = performance.now() - RATE_WINDOW_MS;
    this.#rates = this.#rates.filter(([at]) => at >= from);
    const rows = this.#rates.reduce((sum, [, count]) => sum + count, 0);
    return rows / (RATE_WINDOW_MS / 1000);
  }

  #fail(error: unknown): void {
    if (this.#fatal !== undefined) return;
    const failure =
      error instanceof AppError
        ? error
        : new AppError('worker_failed', messageOf(error), {cause: error});
    this.#fatal = failure;
    this.#log('error', failure.message, {code: failure.code});
    for (const {reject} of this.#waiters.values()) reject(failure);
    this.#waiters.clear();
    this.#sources.abort();
    this.#ring();
    this.#options.onFatal?.(failure);
  }

  #ring(): void {
    const old = this.#bell;
    this.#bell = bell();
    old.ring();
  }

  /** Waits until something holds; looks again whenever anything has changed. */
  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#fatal !== undefined) throw this.#fatal;
      if (this.#closed) throw new AppError('interrupted', STOPPED);
      await this.#bell.rung;
    }
  }
}

const STOPPED = 'The service was stopped';

function bell(): {readonly rung: Promise<void>; readonly ring: () => void} {
  let ring = () => {};
  const rung = new Promise<void>((resolve) => {
    ring = resolve;
  });
  return {rung, ring};
}

/** Equal as JSON, whatever the order of keys. */
function alike(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([x], [y]) => (x < y ? -1 : 1)))
      : each,
  );
}

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([
      work.then(
        () => true,
        () => false,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function namesOf(contexts: readonly ContextInfo[]): string[] {
  return contexts.map(({name}) => name);
}
