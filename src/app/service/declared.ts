import {lstat, mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setImmediate as breathe, setTimeout as sleep} from 'node:timers/promises';
import type {
  DetectionService,
  DrillOutcome,
  DrillPlace,
  FilePut,
} from '../../api/detection-service.ts';
import type {
  AlarmHistory,
  DetectionCheck,
  DetectionDetail,
  DetectionFile,
  DetectionInfo,
  DetectionTrial,
  TrapInfo,
} from '../../api/detection-types.ts';
import type {Actor, Outcome} from '../../api/service.ts';
import {AppError} from '../../base/errors.ts';
import {durationMs} from '../../config/duration.ts';
import {type Problem, readYaml} from '../../config/parse.ts';
import {alarmKind} from '../../detections/alarm-kind.ts';
import type {AlarmState} from '../../detections/evaluator.ts';
import {
  type LoadedDetection,
  type LoadedDetections,
  loadDetections,
} from '../../detections/load.ts';
import {isWrapped} from '../../detections/schema.ts';
import {runTest} from '../../detections/test-runner.ts';
import type {Store, StoredObservation} from '../../pipeline/store.ts';
import {InputFault} from '../input-fault.ts';
import {replaceFile} from '../replace-file.ts';
import {
  FILE_NAME,
  MAX_FILES,
  ownText,
  type ReadDetections,
  readDetections,
  revisionOf,
  writableFolderOf,
} from './declared-files.ts';
import type {DetectionHealth} from './detection-watch.ts';
import {Drills} from './drills.ts';
import {CLOUDTRAIL_STREAM} from './engine.ts';
import type {DeclaredDetections} from './entries.ts';
import type {Ingestor} from './ingestor.ts';
import type {LoadedConfig} from './load-config.ts';
import {contextsOf} from './prepare.ts';
import {placeOf, readTrap} from './traps.ts';
import {tryDetections} from './trial.ts';

/** What declared detections of a running service rest on. */
export interface DeclaredParts {
  readonly store: Store;
  readonly version: string;
  /** Throws while the service is starting. */
  readonly ingestor: () => Ingestor;
  /** The configuration in force. */
  readonly loaded: () => LoadedConfig;
  /** Reads records once more, each object of a source once for all of its records. */
  readonly records: () => (observation: StoredObservation) => Promise<string | undefined>;
  /** One change of configuration or files after the other. */
  readonly inTurn: <T>(change: () => Promise<T>) => Promise<T>;
  readonly now?: (() => number) | undefined;
}

const DAY_MS = 86_400_000;
/** How soon an exclusion is to end to be told of. */
const EXPIRING_MS = 14 * DAY_MS;
const SHOWN_DAYS = 30;
/** Events of all tests of a text that is checked here: it has the thread of everybody. */
const MAX_TEST_EVENTS = 20_000;
const MAX_TEST_MS = 5_000;
/** Trials at a time. */
const MAX_TRIALS = 2;
const MAX_CHANGES = 500;
const FAILURES_PATIENCE_MS = 1_000;
/** A text that was sent, in problems. */
const SENT = 'text';

/** The declared detections of a running service, as the API sees them. */
export class Declared implements DetectionService {
  readonly #parts: DeclaredParts;
  readonly #now: () => number;
  readonly #drills: Drills;
  #read: ReadDetections;
  #byId = new Map<string, LoadedDetection>();
  #trials = 0;
  #failures = 0;

  constructor(parts: DeclaredParts, read: ReadDetections) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#drills = new Drills({
      store: parts.store,
      observe: (record) => parts.ingestor().observe(CLOUDTRAIL_STREAM, [record]),
      now: this.#now,
    });
    this.#read = read;
    this.use(read);
  }

  /** What is declared now. */
  get declared(): DeclaredDetections {
    return this.#read.declared;
  }

  /** Other declarations, which the engine has already. */
  use(read: ReadDetections): void {
    this.#read = read;
    this.#byId = new Map(read.loaded.detections.map((each) => [each.id, each]));
  }

  /** Runs what was read, if it is anything else than what runs; whether it is. */
  async apply(read: ReadDetections): Promise<boolean> {
    const changed = JSON.stringify(read.declared) !== JSON.stringify(this.declared);
    if (changed) await this.#parts.ingestor().applyDetections(read.declared);
    this.use(read);
    return changed;
  }

  async list(): Promise<DetectionInfo[]> {
    const infoOf = await this.#facts();
    return this.#read.loaded.detections.map(infoOf);
  }

  async detail(id: string): Promise<DetectionDetail | undefined> {
    const detection = this.#byId.get(id);
    if (detection === undefined) return undefined;
    const [infoOf, healths, now] = await Promise.all([
      this.#facts(),
      this.#parts.ingestor().detections(),
      this.#eventNow(),
    ]);
    const health = Object.hasOwn(healths, id) ? healths[id] : undefined;
    return {
      ...infoOf(detection),
      references: [...detection.references],
      runbook: [...detection.runbook],
      groupBy: [...detection.groupBy],
      dedupMs: detection.dedupMs,
      exclusions: detection.exclusions.map(({id: name, owner, reason, expires, condition}) => ({
        id: name,
        owner,
        reason,
        expires,
        expired: expires !== null && expires <= now,
        condition,
        excluded: health?.excluded[name] ?? 0,
      })),
      source: detection.source,
      warnings: [...detection.warnings],
      tests: detection.tests.length,
    };
  }

  async check(text: string): Promise<DetectionCheck> {
    const loaded = this.#loadSent(text);
    const problems = [...loaded.problems];
    return {
      ok: problems.length === 0,
      problems,
      warnings: [...loaded.warnings],
      detections: loaded.detections.map(({id, kind, severity, mode, line}) => ({
        id,
        kind,
        severity,
        mode,
        line,
      })),
      tests: problems.length === 0 ? await this.#runTests(loaded.detections) : [],
    };
  }

  async try(text: string, from: number, to: number): Promise<Outcome<DetectionTrial>> {
    const loaded = this.#loadSent(text);
    if (loaded.problems.length > 0) return {ok: false, problems: loaded.problems};
    if (this.#trials >= MAX_TRIALS) {
      const message = 'Others try detections just now';
      throw new AppError('interrupted', message, {retryable: true});
    }
    this.#trials++;
    try {
      const {stream} = await contextsOf(this.#parts.loaded());
      const {store} = this.#parts;
      const derive = {
        timeZone: stream.timeZone,
        organisationAccounts: stream.organisationAccounts,
      };
      const record = this.#parts.records();
      // A month of which a week is stored is a week: rates of matches go by it.
      const oldest = (await store.timeline({to}, 1)).from;
      const value = await tryDetections(loaded.detections, {
        beside: this.#alarmsOf(loaded.detections),
        from: Math.min(Math.max(from, oldest), to),
        to,
        store,
        record,
        derive,
      });
      return {ok: true, value};
    } finally {
      this.#trials--;
    }
  }

  async alarmHistory(
    id: string,
    from: number | undefined,
    to: number | undefined,
  ): Promise<AlarmHistory | undefined> {
    const detection = this.#byId.get(id);
    if (detection?.kind !== 'alarm' && detection?.kind !== 'composite') return undefined;
    const end = to ?? (await this.#eventNow()) + 1;
    const begin = from ?? end - DAY_MS;
    const {detections} = this.#parts.store;
    const [points, changes] = await Promise.all([
      detections.datapoints(id, begin, end),
      this.#changesOf(id, begin, end),
    ]);
    return {
      ...shapeOf(detection),
      datapoints: points.map(({start, value, samples}) => ({start, value, samples})),
      changes,
    };
  }

  async setAlarm(id: string, state: AlarmState, reason: string, {name}: Actor): Promise<boolean> {
    const detection = this.#byId.get(id);
    if (detection?.kind !== 'alarm' && detection?.kind !== 'composite') return false;
    if (detection.mode === 'off') return false;
    await this.#parts.ingestor().setAlarm(id, state, `${reason} (set by ${name})`);
    return true;
  }

  async traps(): Promise<TrapInfo[]> {
    const now = await this.#eventNow();
    const infos: TrapInfo[] = [];
    for (const detection of this.#read.loaded.detections) {
      const trap = readTrap(detection);
      if (trap === undefined) continue;
      const {decoy, coverage, allowed} = trap;
      infos.push({
        detection: detection.id,
        mode: modeAt(detection, now),
        decoy: {...decoy, accounts: [...decoy.accounts]},
        coverage,
        allowed: allowed.map((each) => ({...each})),
        lastTouch: await this.#drills.lastTouch(detection.id),
        lastDrill: await this.#drills.last(detection.id),
      });
    }
    return infos;
  }

  async drill(
    id: string,
    {name}: Actor,
    place: DrillPlace = {},
  ): Promise<DrillOutcome | undefined> {
    const detection = this.#byId.get(id);
    const trap = detection === undefined ? undefined : readTrap(detection);
    if (detection === undefined || trap === undefined) return undefined;
    if (detection.mode === 'off') {
      const outcome = {ok: false, detail: 'The trap is off'};
      await this.#drills.remember(id, this.#now(), name, outcome);
      return outcome;
    }
    const {version} = this.#parts;
    return this.#drills.run(id, name, (event) =>
      trap.drill({...placeOf(place), ...event, version}),
    );
  }

  async files(): Promise<DetectionFile[]> {
    return this.#read.files.map(({name, text, readOnly}) => ({
      name,
      text,
      readOnly,
      revision: revisionOf(text),
    }));
  }

  put(name: string, text: string, revision: string): Promise<FilePut> {
    return this.#parts.inTurn(() => this.#put(name, text, revision));
  }

  async failures(): Promise<number> {
    // Whoever counts does not wait for an engine that is busy, or starting.
    const counted = async () => {
      const healths = await this.#parts.ingestor().detections();
      this.#failures = Object.values(healths).reduce(
        (sum, {failed}) => sum + (failed?.count ?? 0),
        0,
      );
    };
    const late = new AbortController();
    await Promise.race([
      counted().catch(() => {}),
      sleep(FAILURES_PATIENCE_MS, undefined, {signal: late.signal, ref: false}).catch(() => {}),
    ]);
    late.abort();
    return this.#failures;
  }

  async #put(name: string, text: string, revision: string): Promise<FilePut> {
    const loaded = this.#parts.loaded();
    const folder = writableFolderOf(loaded);
    const path = join(folder, name);
    if (!FILE_NAME.test(name))
      return {ok: false, problems: [problemOf(name, 'Is not a file name')]};
    const there = await lstat(path).catch(() => undefined);
    if (there !== undefined && !there.isFile()) {
      return {ok: false, problems: [problemOf(name, 'There is something else of that name')]};
    }
    const before = ownText(path);
    if ((before === undefined ? '' : revisionOf(before)) !== revision) {
      const conflict =
        before === undefined
          ? 'There is no such file any more: send an empty revision to make it'
          : 'The file is another by now: read it again, and make the change anew';
      return {ok: false, conflict};
    }
    const own = this.#read.files.filter(({readOnly}) => !readOnly);
    if (before === undefined && own.length >= MAX_FILES) {
      return {ok: false, problems: [problemOf(name, `There are ${MAX_FILES} files already`)]};
    }
    let read: ReadDetections;
    try {
      read = readDetections(loaded, {name, text});
    } catch (error) {
      if (!(error instanceof InputFault)) throw error;
      const shown = error.problems.map((each) =>
        each.file.endsWith(`/${name}`) ? {...each, file: name} : each,
      );
      return {ok: false, problems: shown};
    }
    try {
      await mkdir(folder, {recursive: true, mode: 0o700});
      await replaceFile(path, text);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      throw new AppError('output_unwritable', `Cannot write "${path}": ${code}`, {cause});
    }
    await this.apply(read);
    return {ok: true, value: {name, text, readOnly: false, revision: revisionOf(text)}};
  }

  /** What the API says of each detection, from one look at everything. */
  async #facts(): Promise<(detection: LoadedDetection) => DetectionInfo> {
    const {store} = this.#parts;
    const now = await this.#eventNow();
    const [healths, last, days] = await Promise.all([
      this.#parts.ingestor().detections(),
      store.detections.lastMatches(),
      store.detections.matchDays(now - SHOWN_DAYS * DAY_MS, now + DAY_MS),
    ]);
    const lastBy = new Map(last.map((each) => [each.detection, each]));
    const daysBy = new Map<string, DetectionInfo['days']>();
    for (const {detection, ...day} of days) {
      const own = daysBy.get(detection);
      if (own === undefined) daysBy.set(detection, [day]);
      else own.push(day);
    }
    return (detection) => {
      const {id} = detection;
      const health: DetectionHealth | undefined = Object.hasOwn(healths, id)
        ? healths[id]
        : undefined;
      const newest = lastBy.get(id);
      return {
        id,
        kind: detection.kind,
        title: detection.title,
        description: detection.description,
        severity: detection.severity,
        mode: modeAt(detection, now),
        silentUntil: detection.silentUntil,
        techniques: [...detection.techniques],
        tactics: [...detection.tactics],
        from: detection.from,
        lastMatch:
          newest === undefined ? null : {id: newest.id, time: newest.time, title: newest.title},
        days: daysBy.get(id) ?? [],
        excluded: Object.values(health?.excluded ?? {}).reduce((sum, count) => sum + count, 0),
        failed: health?.failed ?? null,
        alarm: health?.alarm ?? null,
        expiringExclusions: detection.exclusions.filter(
          ({expires}) => expires !== null && expires <= now + EXPIRING_MS,
        ).length,
      };
    };
  }

  /** The newest event time there is, if not ahead of the clock: what is old is looked at as of then. */
  async #eventNow(): Promise<number> {
    const {rows} = await this.#parts.store.observations({}, {order: 'time', limit: 1});
    return Math.min(this.#now(), rows[0]?.eventTime ?? Number.POSITIVE_INFINITY);
  }

  /** A text that was sent; alarms that composites in it ask for may be those that are declared. */
  #loadSent(text: string): LoadedDetections {
    const {overrides} = this.declared;
    const now = this.#now();
    // As it would run: overrides of others are no fault of it.
    const alone = {...loadDetections([{file: SENT, text}], {overrides, now}), overrideFaults: []};
    if (!alone.problems.some(({path}) => path.endsWith('when.composite'))) return alone;
    const others = this.#read.declared.files.map((file) => ({...file, file: `/${file.file}`}));
    const all = loadDetections([{file: SENT, text}, ...others], {overrides, now});
    const ofSent = <T extends {readonly file: string}>(list: readonly T[]) =>
      list.filter(({file}) => file === SENT);
    return {
      detections: ofSent(all.detections),
      problems: ofSent(all.problems),
      warnings: ofSent(all.warnings),
      overrideFaults: [],
    };
  }

  /** Declared alarms that composites ask for, and that are not among them. */
  #alarmsOf(detections: readonly LoadedDetection[]): LoadedDetection[] {
    const own = new Set(detections.map(({id}) => id));
    const asked = new Set(detections.flatMap(({evaluator}) => evaluator().ids ?? []));
    return [...asked].flatMap((id) => {
      const alarm = own.has(id) ? undefined : this.#byId.get(id);
      return alarm?.kind === 'alarm' ? [alarm] : [];
    });
  }

  async #runTests(detections: readonly LoadedDetection[]): Promise<DetectionCheck['tests']> {
    const byId = new Map([...this.#byId, ...detections.map((each) => [each.id, each] as const)]);
    const until = performance.now() + MAX_TEST_MS;
    const results: DetectionCheck['tests'] = [];
    let events = 0;
    for (const detection of detections) {
      for (const test of detection.tests) {
        events += test.events.reduce((sum, each) => sum + timesOf(each), 0);
        const {name, line} = test;
        if (events > MAX_TEST_EVENTS || performance.now() > until) {
          const detail = 'Not run: too much for the service. Run: oddtrail detections test FILE';
          results.push({detection: detection.id, name, ok: false, detail, line});
          continue;
        }
        const {passed, expected, found} = runTest(detection, test, byId);
        const detail = passed ? found : `Expected ${expected}; found ${found}`;
        results.push({detection: detection.id, name, ok: passed, detail, line});
        await breathe();
      }
    }
    return results;
  }

  async #changesOf(id: string, from: number, to: number): Promise<AlarmHistory['changes']> {
    const {detections} = this.#parts.store;
    const found: AlarmHistory['changes'] = [];
    let cursor: string | undefined;
    do {
      const page = await detections.alarmChanges(id, {limit: 200, cursor});
      for (const change of page.rows) {
        if (change.time < from || change.time >= to) continue;
        found.push({
          ...change,
          datapoints: [...change.datapoints],
          events: [...change.events],
        });
      }
      const oldest = page.rows.at(-1);
      cursor = oldest !== undefined && oldest.time < from ? undefined : (page.next ?? undefined);
    } while (cursor !== undefined && found.length < MAX_CHANGES);
    return found.reverse();
  }
}

function modeAt(
  {mode, silentUntil}: Pick<LoadedDetection, 'mode' | 'silentUntil'>,
  now: number,
): LoadedDetection['mode'] {
  return mode === 'live' && silentUntil !== null && now < silentUntil ? 'silent' : mode;
}

/** What of an alarm's declaration its plot shows. */
function shapeOf({
  file,
  kind,
  source,
}: LoadedDetection): Omit<AlarmHistory, 'datapoints' | 'changes'> {
  const none = {threshold: null, comparison: '', statistic: '', periodMs: 0};
  if (kind !== 'alarm') return none;
  const read = readYaml(file, source);
  const value = read.ok ? (read.value.value as {when?: {alarm?: unknown}} | null) : null;
  const parsed = alarmKind.schema.safeParse(value?.when?.alarm);
  if (!parsed.success) return none;
  const {threshold, comparison, statistic, period} = parsed.data;
  return {threshold, comparison, statistic, periodMs: durationMs(period)};
}

/** How many events one of a test stands for. */
function timesOf(event: Readonly<Record<string, unknown>>): number {
  return isWrapped(event) && typeof event.repeat === 'number' ? event.repeat : 1;
}

function problemOf(file: string, message: string): Problem {
  return {file, line: 1, column: 1, path: '', message};
}
