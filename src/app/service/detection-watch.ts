import type {Detection, Match} from '../../detections/detection.ts';
import {DetectionSet} from '../../detections/detection-set.ts';
import type {AlarmState, EventNote, Hit} from '../../detections/evaluator.ts';
import type {Json} from '../../detections/json.ts';
import {loadDetections} from '../../detections/load.ts';
import type {DetectionRows, MatchRow} from '../../pipeline/detections.ts';
import type {OutboxEntry} from '../../pipeline/store.ts';
import type {DeclaredDetections, EngineSettings} from './entries.ts';
import {MatchAlerts, type MatchAlertsState} from './match-alerts.ts';

/** How a declared detection does, beside what is stored of it. */
export interface DetectionHealth {
  /** Events left out since the start, by exclusion. */
  readonly excluded: Readonly<Record<string, number>>;
  readonly failed: {readonly count: number; readonly message: string} | null;
  /** Of alarms, once they were evaluated. */
  readonly alarm: {
    readonly state: AlarmState;
    readonly since: number;
    readonly reason: string;
  } | null;
}

export interface DetectionWatchState {
  readonly declared: DeclaredDetections;
  readonly set: Json;
  readonly nextId: number;
  readonly time: number | null;
  readonly keys: readonly (readonly [key: string, id: number])[];
  readonly alerts: MatchAlertsState;
  readonly health: readonly (readonly [detection: string, health: DetectionHealth])[];
}

/** Keys whose ids are remembered; a match of a key that was forgotten is a row of its own. */
const MAX_KEYS = 20_000;
const NOTHING: DetectionHealth = {excluded: {}, failed: null, alarm: null};
export const NO_DETECTIONS: DeclaredDetections = {files: [], overrides: []};

/**
 * The declared detections within the engine: gives them events and time, and turns what they find
 * into rows and alerts. As deterministic as the engine.
 */
export class DetectionWatch {
  #declared: DeclaredDetections = NO_DETECTIONS;
  #detections = new Map<string, Detection>();
  readonly #set = new DetectionSet([]);
  #nextId = 1;
  /** Newest event time so far. */
  #time = Number.NEGATIVE_INFINITY;
  #keys = new Map<string, number>();
  #alerts = new MatchAlerts();
  #health = new Map<string, DetectionHealth>();

  /** Whether anything is watched for at all. */
  get idle(): boolean {
    return this.#set.size === 0;
  }

  get declared(): DeclaredDetections {
    return this.#declared;
  }

  /** Ids of matches go on from here, if they are not further already. */
  begin(firstId: number): void {
    this.#nextId = Math.max(this.#nextId, firstId);
  }

  /** Other declarations from now on; what was seen stays with those that are as they were. */
  declare(declared: DeclaredDetections): void {
    // What has a problem was refused before it came here; should a later version see one in a text
    // of the journal, the others must go on.
    const {detections} = loadDetections(declared.files, {overrides: declared.overrides});
    this.#declared = declared;
    const before = this.#detections;
    this.#detections = new Map(detections.map((each) => [each.id, each]));
    this.#set.replace(detections);
    for (const [id, health] of this.#health) {
      const now = this.#detections.get(id);
      if (now === undefined) this.#health.delete(id);
      // What begins anew, or is not run, is in no state until it is evaluated.
      else if (now.mode === 'off' || now.fingerprint !== before.get(id)?.fingerprint) {
        this.#health.set(id, {...health, alarm: null});
      }
    }
  }

  /** While it is true nobody is told of matches. */
  set learning(learning: boolean) {
    this.#set.learning = learning;
  }

  /** Shows an event, made if it concerns anybody; see `DetectionSet.offer`. */
  offer(...given: Parameters<DetectionSet['offer']>): void {
    this.#set.offer(...given);
  }

  /** Event time has come to here. */
  advance(time: number): void {
    if (time <= this.#time) return;
    this.#time = time;
    this.#set.advance(time);
  }

  /** @returns whether there is such an alarm. */
  setAlarm(detection: string, state: AlarmState, reason: string, at: number): boolean {
    // An alarm is set at a moment of the stream it watches.
    const time = Number.isFinite(this.#time) ? this.#time : at;
    return this.#set.setAlarm(detection, state, reason, time);
  }

  /** What was found since the last time: rows to be stored, and what is to be told. */
  drain(
    settings: EngineSettings,
    at: number,
  ): {readonly rows: DetectionRows | undefined; readonly deliveries: OutboxEntry[]} {
    const {matches, alarms, datapoints, episodes, excluded, failed} = this.#set.drain();
    this.#count(excluded, failed);
    for (const {detection, change} of alarms) {
      const {to: state, time: since, reason} = change;
      this.#health.set(detection, {...this.#healthOf(detection), alarm: {state, since, reason}});
    }
    const rows: DetectionRows = {
      matches: matches.map((match) => matchRowOf(match, this.#idOf(match.key))),
      alarmChanges: alarms.map(({detection, change}) => ({detection, ...change})),
      datapoints: datapoints.map(({detection, point}) => ({detection, ...point})),
      episodes: episodes.map(({detection, episode}) => ({detection, ...episode})),
    };
    const deliveries = rows.matches.flatMap((row) => {
      const detection = this.#detections.get(row.detection);
      if (detection === undefined) return [];
      const {description, techniques, runbook, references} = detection;
      const about = {description, techniques, runbook, references};
      return this.#alerts.deliveries(row, about, settings, at);
    });
    const any = Object.values(rows).some((list: readonly unknown[]) => list.length > 0);
    return {rows: any ? rows : undefined, deliveries};
  }

  health(): Readonly<Record<string, DetectionHealth>> {
    return Object.fromEntries(this.#health);
  }

  state(): DetectionWatchState {
    return {
      declared: this.#declared,
      set: this.#set.state(),
      nextId: this.#nextId,
      time: Number.isFinite(this.#time) ? this.#time : null,
      keys: [...this.#keys],
      alerts: this.#alerts.state(),
      health: [...this.#health],
    };
  }

  static restore(state: DetectionWatchState): DetectionWatch {
    const watch = new DetectionWatch();
    watch.declare(state.declared);
    watch.#set.restore(state.set);
    watch.#nextId = state.nextId;
    watch.#time = state.time ?? Number.NEGATIVE_INFINITY;
    watch.#keys = new Map(state.keys);
    watch.#alerts = MatchAlerts.restore(state.alerts);
    watch.#health = new Map(state.health);
    return watch;
  }

  #count(
    excluded: Readonly<Record<string, Readonly<Record<string, number>>>>,
    failed: Readonly<Record<string, {readonly count: number; readonly message: string}>>,
  ): void {
    for (const [detection, counts] of Object.entries(excluded)) {
      const before = this.#healthOf(detection);
      const sums = {...before.excluded};
      for (const [id, count] of Object.entries(counts)) sums[id] = (sums[id] ?? 0) + count;
      this.#health.set(detection, {...before, excluded: sums});
    }
    for (const [detection, {count, message}] of Object.entries(failed)) {
      const before = this.#healthOf(detection);
      const sum = (before.failed?.count ?? 0) + count;
      this.#health.set(detection, {...before, failed: {count: sum, message}});
    }
  }

  #healthOf(detection: string): DetectionHealth {
    return this.#health.get(detection) ?? NOTHING;
  }

  #idOf(key: string): number {
    const known = this.#keys.get(key);
    const id = known ?? this.#nextId++;
    // Last in the order of the map is what had news last.
    this.#keys.delete(key);
    this.#keys.set(key, id);
    if (this.#keys.size > MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    return id;
  }
}

/** A match as it is stored. */
export function matchRowOf(match: Match, id: number): MatchRow {
  const {key, revision, detection, kind, severity, mode, title, hit} = match;
  const last = completingOf(hit);
  return {
    id,
    key,
    revision,
    detection,
    kind,
    severity,
    mode,
    title,
    firstTime: match.firstTime,
    // A late hit is news, but not the last in time.
    lastTime: Math.max(match.firstTime, hit.time, ...hit.evidence.map(({time}) => time)),
    hits: match.hits,
    events: hit.count,
    group: hit.group,
    principal: last?.principal ?? '-',
    account: last?.account ?? '-',
    region: last?.region ?? '-',
    operation: last?.operation ?? '-',
    score: Math.max(0, ...hit.evidence.map(({score}) => score)),
    facts: hit.facts,
    evidence: hit.evidence,
  };
}

/** What completed a hit: of the evidence, which the first have filled at times, it may be none. */
function completingOf({
  event,
  evidence,
}: Hit): Pick<EventNote, 'principal' | 'account' | 'region' | 'operation'> | undefined {
  return event === null ? evidence.at(-1) : event.components;
}
