import {resolve} from 'node:path';
import {Dispatcher} from '../../alerts/dispatcher.ts';
import type {Served} from '../../api/serve.ts';
import type {Actor, Outcome, PushResult, Service} from '../../api/service.ts';
import type {
  ContextInfo,
  DestinationInfo,
  IngestStatus,
  NoveltyResult,
  ObservationInput,
  Problem,
  Profile,
} from '../../api/types.ts';
import {AppError, messageOf} from '../../base/errors.ts';
import {durationMs} from '../../config/duration.ts';
import type {Alerter} from '../../pipeline/alert.ts';
import type {LiveFeed} from '../../pipeline/live-feed.ts';
import type {PushSource, Source} from '../../pipeline/source.ts';
import type {Store, StoredObservation} from '../../pipeline/store.ts';
import type {Logger} from '../../telemetry/log.ts';
import {parseContexts} from '../contexts.ts';
import {InputFault} from '../input-fault.ts';
import {makeAlerter, makeSource, type SourceSettings} from './adapters.ts';
import type {Config, DestinationConfig, SourceConfig} from './config.ts';
import type {DataDirLock} from './data-dir-lock.ts';
import {Declared} from './declared.ts';
import {type ReadDetections, readDetections} from './declared-files.ts';
import {destinationInfos} from './destination-info.ts';
import type {EngineSettings} from './entries.ts';
import type {Ingestor} from './ingestor.ts';
import {type LoadedConfig, loadConfig, redacted} from './load-config.ts';
import {differences, planReload} from './reload.ts';
import {Retention} from './retention.ts';
import {StoredRecords} from './stored-records.ts';

/** What a running service is made of; `startService` puts it together. */
export interface Parts {
  readonly loaded: LoadedConfig;
  readonly detections: ReadDetections;
  readonly version: string;
  readonly store: Store;
  readonly live: LiveFeed;
  readonly lock: DataDirLock;
  readonly log: Logger;
  /** Takes what goes to the console. */
  readonly write: (line: string) => void;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

interface Opened<Declared, Made> {
  readonly declared: Declared;
  readonly made: Made;
}

const CATCH_UP_POLL_MS = 100;
/** Name of the token for commands on this machine; no token made by people can be called so. */
export const LOCAL_TOKEN = '(this machine)';

const NO_SOURCE: PushResult = {ok: false, status: 404, detail: 'There is no such source'};

/** What is learnt first, and what of it is to be made sure. */
export interface Backfill {
  /** Sources to be read once all others have caught up. */
  readonly later: readonly SourceConfig[];
  /** A source that fails ends it; else the service goes on without. */
  readonly complete: boolean;
}

/** The service while it runs: what the API asks of it, and how it is changed and ended. */
export class RunningService implements Service {
  readonly store: Store;
  readonly live: LiveFeed;
  readonly version: string;
  readonly detections: Declared;
  readonly #parts: Parts;
  readonly #log: Logger;
  readonly #sources = new Map<string, Opened<SourceConfig, Source>>();
  readonly #alerters = new Map<string, Opened<DestinationConfig, Alerter>>();
  readonly #ended: Promise<AppError | undefined>;
  #end: (error: AppError | undefined) => void = () => {};
  #config: Config;
  /** Of the configuration as it was last read. */
  #text: string;
  #ingestor: Ingestor | undefined;
  #dispatcher: Dispatcher;
  #servers: Served[] = [];
  readonly #records: StoredRecords;
  readonly #retention: Retention;
  #reloading: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #started = false;
  /** Sources that wait until the others have caught up; what a first run of those reads. */
  #backfill: Backfill | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.store = parts.store;
    this.live = parts.live;
    this.version = parts.version;
    this.#log = parts.log;
    this.#config = parts.loaded.config;
    this.#text = parts.loaded.text ?? '';
    this.#records = new StoredRecords(this.store, (source) => this.#sources.get(source)?.made);
    this.#retention = new Retention(this.store, () => this.#config.keep, this.#log);
    this.detections = new Declared(
      {
        store: this.store,
        version: this.version,
        ingestor: () => this.ingestor,
        loaded: () => this.#loadedNow(),
        records: () => this.#records.reader(),
        inTurn: (change) => this.#inTurn(change),
      },
      parts.detections,
    );
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    for (const declared of this.#config.alerts.destinations) this.#addAlerter(declared);
    this.#dispatcher = this.#makeDispatcher();
  }

  /** Address of the pages and the API. */
  get url(): string {
    return this.#servers[0]?.url ?? '';
  }

  get config(): Config {
    return this.#config;
  }

  /** Resolves once the service has ended: with the reason, unless it was asked to. */
  get ended(): Promise<AppError | undefined> {
    return this.#ended;
  }

  get ingestor(): Ingestor {
    const ingestor = this.#ingestor;
    if (ingestor === undefined) throw starting();
    return ingestor;
  }

  // Coming and going.

  /** Makes the sources of a configuration, without reading them yet. */
  async makeSources(
    declared: readonly SourceConfig[],
    settings: SourceSettings,
  ): Promise<Source[]> {
    const made: Source[] = [];
    for (const each of declared) made.push(await this.#makeSource(each, settings));
    return made;
  }

  /** Serves before everything else is up, so that it can be seen what it is doing. */
  serving(servers: readonly Served[]): void {
    this.#servers = [...servers];
  }

  ingesting(ingestor: Ingestor): void {
    this.#ingestor = ingestor;
  }

  /** Everything is up. `later` are sources to be read once all others have caught up. */
  run(backfill: Backfill | undefined): void {
    this.#started = true;
    this.#dispatcher.start();
    this.#retention.start();
    this.#backfill = backfill;
    if (backfill !== undefined) void this.#finishBackfill(backfill);
  }

  /** Tells that something new may be due. */
  kick(): void {
    this.#dispatcher.kick();
  }

  /** Reads a further source from now on. */
  async addSource(declared: SourceConfig): Promise<void> {
    const source = await this.#makeSource(declared, {});
    this.ingestor.addSource({source});
  }

  /** Ends for good: because something is broken that nothing here can mend. */
  fail(error: AppError): void {
    this.#log.fatal({code: error.code}, error.message);
    void this.#close(error);
  }

  /** Ends in order: what was taken is stored and kept, what is on its way is answered. */
  async stop(): Promise<void> {
    await this.#close(undefined);
  }

  #close(error: AppError | undefined): Promise<void> {
    this.#stopping ??= this.#closeAll().finally(() => this.#end(error));
    return this.#stopping;
  }

  async #closeAll(): Promise<void> {
    this.#retention.stop();
    await this.#reloading.catch(() => {});
    // Requests that push are answered by the sources, once those are left.
    await Promise.all([
      this.#attempt('sources and model', () => this.#ingestor?.stop()),
      ...this.#servers.map((server) => this.#attempt('server', () => server.close())),
    ]);
    await this.#attempt('alerts', () => this.#dispatcher.stop());
    for (const {made} of this.#sources.values()) {
      await this.#attempt(`source ${made.name}`, () => made.close());
    }
    await this.#attempt('token', () => revokeLocalTokens(this.store));
    await this.#attempt('store', () => this.store.close());
    await this.#parts.lock.release();
  }

  async #attempt(what: string, close: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await close();
    } catch (error) {
      // The rest is to be closed all the same; nothing safe depends on it.
      this.#log.warn({error: messageOf(error)}, `Could not close: ${what}`);
    }
  }

  // What the API asks.

  async status(): Promise<IngestStatus> {
    return this.ingestor.status();
  }

  async profile(context: string, principal: string): Promise<Profile | undefined> {
    return this.ingestor.profile(context, principal);
  }

  async contexts(): Promise<ContextInfo[]> {
    return this.ingestor.contexts();
  }

  contextNames(): readonly string[] {
    return this.ingestor.contextNames;
  }

  async createContext(name: string, declaration: string): Promise<Outcome<ContextInfo>> {
    const parsed = parseContexts(name, declaration);
    if (!parsed.ok) return {ok: false, problems: [...parsed.problems]};
    try {
      const [first] = await this.ingestor.createContext(name, parsed.value);
      if (first !== undefined) return {ok: true, value: first};
      return {ok: false, problems: [problemOf(name, 'It declares no context')]};
    } catch (error) {
      if (error instanceof AppError && error.code === 'usage') {
        return {ok: false, problems: [problemOf(name, error.message)]};
      }
      throw error;
    }
  }

  resetContext(name: string): Promise<boolean> {
    return this.ingestor.resetContext(name);
  }

  async observe(
    stream: string,
    items: readonly ObservationInput[],
  ): Promise<NoveltyResult[] | undefined> {
    return this.ingestor.observe(stream, items);
  }

  async score(
    stream: string,
    items: readonly ObservationInput[],
  ): Promise<NoveltyResult[] | undefined> {
    return this.ingestor.score(stream, items);
  }

  record(observation: StoredObservation): Promise<string | undefined> {
    return this.#records.record(observation);
  }

  refusesPush(name: string, headers: Headers): PushResult | undefined {
    const source = this.#pushSource(name);
    return source === undefined ? NO_SOURCE : source.refuses(headers);
  }

  async push(name: string, headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<PushResult> {
    return (await this.#pushSource(name)?.push(headers, body)) ?? NO_SOURCE;
  }

  #pushSource(name: string): PushSource | undefined {
    const source = this.#sources.get(name);
    return source?.declared.type === 'http' ? (source.made as PushSource) : undefined;
  }

  destinations(): Promise<DestinationInfo[]> {
    const declared = [...this.#alerters.values()].map((each) => each.declared);
    return destinationInfos(this.store, declared, this.#dispatcher.states());
  }

  async testDestination(name: string): Promise<Outcome<{status: string}> | undefined> {
    const result = await this.#dispatcher.test(name, this.#config.server.public_url ?? '');
    if (result === undefined) return undefined;
    if (result.ok) return {ok: true, value: {status: result.status}};
    return {ok: false, problems: [problemOf(name, result.reason)]};
  }

  replayAlerts(destination: string | undefined): Promise<number> {
    return this.#dispatcher.replay(destination);
  }

  async configuration(): Promise<unknown> {
    return redacted(this.#config);
  }

  reload(
    actor: Actor,
  ): Promise<Outcome<{changed: readonly string[]; needRestart: readonly string[]}>> {
    return this.#inTurn(() => this.#reload(actor));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#reloading.then(change);
    this.#reloading = changed.catch(() => {});
    return changed;
  }

  /** The configuration in force. */
  #loadedNow(): LoadedConfig {
    if (!this.#started) throw starting();
    const {file, folder} = this.#parts.loaded;
    return {file, folder, config: this.#config, text: this.#text};
  }

  /** As `reload`, asked for by somebody who may send signals; it says so in the audit log. */
  async reloadBySignal(): Promise<void> {
    const actor = {name: 'signal', role: 'admin'} as const;
    const entry = {at: Date.now(), actor: actor.name, subject: '', detail: '{}'};
    await this.store.audit({...entry, action: 'configuration.reload'});
    const outcome = await this.reload(actor);
    if (!outcome.ok) await this.store.audit({...entry, action: 'configuration.reload.refused'});
  }

  async ready(): Promise<{readonly ready: boolean; readonly reasons: readonly string[]}> {
    const reasons: string[] = [];
    if (this.#stopping !== undefined) reasons.push('The service is stopping');
    else if (!this.#started) reasons.push('The service is starting');
    else {
      const {failure} = this.ingestor;
      if (failure !== undefined) reasons.push(failure.message);
      else if (!this.ingestor.accepting) reasons.push('Too much waits to be stored');
      const {store} = await this.ingestor.status();
      if (store.state !== 'ok') reasons.push(`The store: ${store.detail}`);
    }
    return {ready: reasons.length === 0, reasons};
  }

  // Learning what happened before.

  /** Whether it learns what happened before, and has not caught up yet. */
  get backfilling(): boolean {
    return this.#backfill !== undefined;
  }

  /**
   * Ends learning once every source has handed over all there was, then lets those in that know
   * nothing of the past. The same sources go on, from the same position: nothing is left out.
   */
  async #finishBackfill(backfill: Backfill): Promise<void> {
    const {later, complete} = backfill;
    const isBehind = () =>
      [...this.#sources.values()].some(({made}) => {
        const state = this.ingestor.sourceState(made.name);
        return state !== 'waiting' && state !== 'finished' && state !== 'failed';
      });
    try {
      // Twice in a row, with all of it stored in between: the first may have been before a look.
      for (let calm = 0; calm < 2; ) {
        if (this.#stopping !== undefined) return;
        calm = isBehind() ? 0 : calm + 1;
        if (calm === 1) await this.ingestor.settled();
        await pause(CATCH_UP_POLL_MS);
      }
      const failed = (await this.ingestor.status()).sources.filter(({state}) => state === 'failed');
      for (const {name, detail} of failed) {
        const message = `Source "${name}" failed before it had caught up: ${detail}`;
        if (!complete) {
          this.#log.error({source: name}, `${message}. What it still had is not learnt`);
          continue;
        }
        const rest = failed.length === 1 ? '' : ` (${failed.length} sources failed)`;
        this.fail(
          new AppError(
            'source_unreadable',
            `${message}${rest}. What was learnt is kept: run oddtrail backfill again once it is ` +
              'mended, or oddtrail run to go on without it',
          ),
        );
        return;
      }
      await this.ingestor.setLearning(false);
      await this.store.putSetting('backfill', JSON.stringify({doneAt: Date.now()}));
      for (const declared of later) {
        // A reload may have added or removed it, a former attempt have come this far.
        const wanted = this.#config.sources.some(({name}) => name === declared.name);
        if (wanted && !this.#sources.has(declared.name)) await this.addSource(declared);
      }
      this.#backfill = undefined;
      this.#log.info('Caught up: alerts are sent from now on');
    } catch (error) {
      if (this.#stopping !== undefined) return;
      this.#log.error({error: messageOf(error)}, 'Could not end learning; it is tried again');
      await pause(5_000);
      void this.#finishBackfill(backfill);
    }
  }

  // Changes.

  async #reload({
    name: actor,
  }: Actor): Promise<Outcome<{changed: readonly string[]; needRestart: readonly string[]}>> {
    const {file, folder} = this.#parts.loaded;
    if (!this.#started) throw starting();
    let after: Config;
    let text: string;
    try {
      const read = await loadConfig(file, this.#parts.variables);
      after = read.config;
      text = read.text ?? '';
    } catch (error) {
      if (error instanceof InputFault) return this.#keepOld([...error.problems]);
      if (error instanceof AppError) return this.#keepOld([problemOf(file, error.message)]);
      throw error;
    }
    const before = this.#config;
    const problems = retyped(file, before, after);
    if (problems.length > 0) return this.#keepOld(problems);
    const {changed: settings, needRestart, config} = planReload(before, after);
    const loaded = {file, folder, config, text};
    let detections: ReadDetections;
    try {
      detections = readDetections(loaded);
    } catch (error) {
      if (error instanceof InputFault) return this.#keepOld([...error.problems]);
      if (error instanceof AppError) return this.#keepOld([problemOf(file, error.message)]);
      throw error;
    }
    const sources = differences(before.sources, config.sources);
    const destinations = differences(before.alerts.destinations, config.alerts.destinations);

    // What may fail is made before anything is changed.
    const newSources: Opened<SourceConfig, Source>[] = [];
    const newAlerters: Opened<DestinationConfig, Alerter>[] = [];
    try {
      for (const declared of sources.come) {
        newSources.push({declared, made: await makeSource(loaded, declared)});
      }
      for (const declared of destinations.come) {
        newAlerters.push({declared, made: makeAlerter(loaded, declared, this.#parts.write)});
      }
    } catch (error) {
      for (const {made} of [...newSources, ...newAlerters]) await made.close();
      if (!(error instanceof AppError)) throw error;
      return this.#keepOld([problemOf(file, error.message)]);
    }
    const changed = [...settings];
    try {
      // The only steps that may fail come first: until then nothing is changed.
      if (await this.detections.apply(detections)) changed.push('detections');
      if (JSON.stringify(settingsOf(before)) !== JSON.stringify(settingsOf(config))) {
        await this.ingestor.applySettings(settingsOf(config));
      }
    } catch (error) {
      for (const {made} of [...newSources, ...newAlerters]) await made.close();
      throw error;
    }
    this.#config = config;
    this.#text = text;
    this.#log.level = config.log.level;
    await this.#changeSources(sources.gone, newSources);
    await this.#changeAlerters(destinations.gone, newAlerters, before, config);
    this.#log.info({changed, needRestart, actor}, 'The configuration was read again');
    return {ok: true, value: {changed, needRestart}};
  }

  #keepOld(problems: readonly Problem[]): {ok: false; problems: readonly Problem[]} {
    // Places and names of settings alone: a message could repeat a value.
    const places = problems.map(({line, column, path}) => `${line}:${column} ${path}`);
    this.#log.error({problems: places}, 'The new configuration is wrong; the old one stays');
    return {ok: false, problems};
  }

  async #changeSources(
    gone: readonly SourceConfig[],
    come: readonly Opened<SourceConfig, Source>[],
  ): Promise<void> {
    for (const {name} of gone) {
      await this.ingestor.removeSource(name);
      const made = this.#sources.get(name)?.made;
      this.#sources.delete(name);
      if (made !== undefined) await this.#attempt(`source ${name}`, () => made.close());
    }
    for (const source of come) {
      this.#sources.set(source.declared.name, source);
      this.ingestor.addSource({source: source.made});
    }
  }

  async #changeAlerters(
    gone: readonly DestinationConfig[],
    come: readonly Opened<DestinationConfig, Alerter>[],
    before: Config,
    after: Config,
  ): Promise<void> {
    const old: Alerter[] = [];
    for (const {name} of gone) {
      const made = this.#alerters.get(name)?.made;
      if (made !== undefined) old.push(made);
      this.#alerters.delete(name);
    }
    for (const each of come) this.#alerters.set(each.declared.name, each);
    const times = ({alerts}: Config) => `${alerts.update_every} ${alerts.give_up_after}`;
    if (times(before) !== times(after)) {
      await this.#dispatcher.stop({keepAlerters: true});
      this.#dispatcher = this.#makeDispatcher();
      this.#dispatcher.start();
    } else if (gone.length + come.length > 0) {
      this.#dispatcher.setAlerters(this.#madeAlerters());
      this.#dispatcher.kick();
    }
    for (const made of old) await this.#attempt(`destination ${made.name}`, () => made.close());
  }

  // Parts.

  async #makeSource(declared: SourceConfig, settings: SourceSettings): Promise<Source> {
    const loaded = {folder: this.#parts.loaded.folder, config: this.#config};
    const made = await makeSource(loaded, declared, settings);
    this.#sources.set(declared.name, {declared, made});
    return made;
  }

  #addAlerter(declared: DestinationConfig): void {
    const made = makeAlerter(this.#parts.loaded, declared, this.#parts.write);
    this.#alerters.set(declared.name, {declared, made});
  }

  #madeAlerters(): Alerter[] {
    return [...this.#alerters.values()].map(({made}) => made);
  }

  #makeDispatcher(): Dispatcher {
    const {update_every, give_up_after} = this.#config.alerts;
    return new Dispatcher({
      store: this.store,
      alerters: this.#madeAlerters(),
      updateEveryMs: durationMs(update_every),
      maxAgeMs: durationMs(give_up_after),
      onFault: (error) => this.#log.warn({error: messageOf(error)}, 'Alerts wait for the store'),
    });
  }
}

/** What of a configuration decides about results. */
export function settingsOf({alerts, server, keep}: Config): EngineSettings {
  return {
    destinations: alerts.destinations.map(({name, min_score, min_severity}) => ({
      name,
      minScore: min_score,
      ...(min_severity !== 'none' && {minSeverity: min_severity}),
    })),
    publicUrl: (server.public_url ?? '').replace(/\/+$/, ''),
    keep: {
      // What has no row cannot have more.
      recordsFrom: Math.max(keep.records_from, keep.observations_from),
      reasonsFrom: Math.max(keep.reasons_from, keep.observations_from),
      ...(keep.observations_from > 0 && {observationsFrom: keep.observations_from}),
    },
  };
}

/** Ends the tokens that earlier processes made for commands on this machine. */
export async function revokeLocalTokens(store: Store): Promise<void> {
  for (const token of await store.tokens()) {
    if (token.name !== LOCAL_TOKEN || token.revokedAt !== null) continue;
    await store.putToken({...token, revokedAt: Date.now()});
  }
}

/** Sources of another kind by an old name: what was read of the old one would be taken for theirs. */
function retyped(file: string, before: Config, after: Config): Problem[] {
  return after.sources.flatMap((source, i) => {
    const old = before.sources.find(({name}) => name === source.name);
    if (old === undefined || old.type === source.type) return [];
    const message = `Give it a name of its own: "${source.name}" is remembered as ${old.type}`;
    return [{...problemOf(file, message), path: `sources.${i}.type`}];
  });
}

function starting(): AppError {
  return new AppError('interrupted', 'The service is starting', {retryable: true});
}

function problemOf(file: string, message: string): Problem {
  return {file, line: 1, column: 1, path: '', message};
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The web application, built beside this code. */
export const WEB_ROOT = resolve(
  import.meta.dirname,
  import.meta.url.endsWith('.ts') ? '../../../dist/web/app' : '../../web/app',
);
