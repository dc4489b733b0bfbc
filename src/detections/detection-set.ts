import {assert} from '../base/assert.ts';
import {hash64} from '../base/hash.ts';
import type {Components} from '../event/fields.ts';
import {compositeOrder} from './alarm/composite-expression.ts';
import type {Detection, DetectionOutput, Exclusion, Match} from './detection.ts';
import type {
  AlarmChange,
  AlarmState,
  Datapoint,
  Episode,
  Evaluator,
  EventNote,
  Hit,
  Sink,
} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';

/** Distinct operations whose candidates are remembered; then all are forgotten and found anew. */
const MAX_OPERATIONS = 20_000;
/** The same for distinct callers. */
const MAX_CALLERS = 50_000;
/** Groups of a detection that dedup remembers; then the one begun longest ago is forgotten. */
const MAX_GROUPS = 10_000;
/** Matches of a detection between two drains; what is beyond is counted as failed. */
const MAX_MATCHES = 1_000;
/** Alarm changes, data points and episodes of a detection between two drains, each. */
const MAX_NEWS = 20_000;
/** Events told with a match. */
const MAX_EVIDENCE = 20;
export interface DetectionSetOptions {
  /**
   * While it is true everything is seen and remembered, but what matches is `silent`: of history
   * nobody is told.
   */
  readonly learning?: boolean;
}

/** Components that `needs` ask for. */
export interface Asked extends Pick<Components, 'operation' | 'kind' | 'error'> {
  /** Left out, it is taken for one that somebody wants to see. */
  readonly principal?: string;
  /** Whom its roles go back to, if to another. */
  readonly origin?: string | undefined;
}

/**
 * All detections at work on a stream: gives each event to those whose `needs` it meets, leaves out
 * what is excluded, and makes matches of hits. A deterministic machine, as its evaluators are.
 */
export class DetectionSet {
  /** See `DetectionSetOptions.learning`. */
  learning: boolean;
  #entries: readonly Entry[] = [];
  #byId = new Map<string, Entry>();
  /** Those that hear of alarms, each behind those that it hears of. */
  #composites: readonly Entry[] = [];
  #others: readonly Entry[] = [];
  readonly #candidates = new Map<string, Map<string, readonly Entry[]>>();
  /** Entries that want to see all of a caller, by kind and principal. */
  readonly #callers = new Map<string, Map<string, readonly Entry[]>>();
  #callersKnown = 0;
  #asksCallers = false;
  #time = Number.NEGATIVE_INFINITY;
  #excluded = new Map<string, Map<string, number>>();
  #failed = new Map<string, {count: number; message: string}>();
  #alarms: {detection: string; change: AlarmChange}[] = [];
  #datapoints: {detection: string; point: Datapoint}[] = [];
  #episodes: {detection: string; episode: Episode}[] = [];
  /** Groups with news, in the order in which they got them. */
  #news: {entry: Entry; group: Group}[] = [];

  constructor(detections: readonly Detection[], options: DetectionSetOptions = {}) {
    this.learning = options.learning ?? false;
    this.replace(detections);
  }

  /** Detections at work: those that are not `off`. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * Whether some detection may want to see an event with these components and this score. When not,
   * its record need not be read, nor `take` called.
   */
  wants(components: Asked, score: number): boolean {
    return this.#candidatesOf(components).some(
      ({evaluator}) => score >= (evaluator.needs.minScore ?? 0),
    );
  }

  /** Ids of the detections that may want to see it, in the order of their declaration. */
  candidates(components: Asked): readonly string[] {
    return this.#candidatesOf(components).map(({detection}) => detection.id);
  }

  /** Shows an event to whom it concerns. Late ones are taken as they come. */
  take(event: DetectionEvent): void {
    const {components, origin} = event;
    const {operation, kind, error, principal} = components;
    for (const entry of this.#candidatesOf({operation, kind, error, principal, origin})) {
      const {evaluator} = entry;
      if (event.score < (evaluator.needs.minScore ?? 0)) continue;
      if (this.#isExcluded(entry, event)) continue;
      evaluator.take(event, entry.sink);
    }
  }

  /** Event time has come to here; earlier times are ignored. */
  advance(time: number): void {
    if (!(time > this.#time)) return;
    this.#time = time;
    for (const {evaluator, sink} of this.#others) evaluator.advance(time, sink);
    for (const {evaluator, sink} of this.#composites) evaluator.advance(time, sink);
    for (const entry of this.#entries) entry.forget(time);
  }

  /**
   * Sets an alarm by hand, as for a drill.
   * @returns false if there is no such alarm at work
   */
  setAlarm(id: string, to: AlarmState, reason: string, time: number): boolean {
    const entry = this.#byId.get(id);
    if (entry?.evaluator.setState === undefined) return false;
    entry.evaluator.setState(to, reason, time, entry.sink);
    for (const {evaluator, sink} of this.#composites) evaluator.advance(time, sink);
    return true;
  }

  /** What was found since the last time. A match that goes on is told once each time, as a whole. */
  drain(): DetectionOutput {
    const output: DetectionOutput = {
      matches: this.#news.map(({entry, group}) => entry.tell(group)),
      alarms: this.#alarms,
      datapoints: this.#datapoints,
      episodes: this.#episodes,
      excluded: Object.fromEntries(
        [...this.#excluded].map(([id, counts]) => [id, Object.fromEntries(counts)]),
      ),
      failed: Object.fromEntries(this.#failed),
    };
    this.#news = [];
    this.#alarms = [];
    this.#datapoints = [];
    this.#episodes = [];
    this.#excluded = new Map();
    this.#failed = new Map();
    for (const entry of this.#entries) entry.drained();
    return output;
  }

  /** Everything that is remembered, as JSON. To be asked for after `drain`. */
  state(): Json {
    return {
      version: 1,
      time: Number.isFinite(this.#time) ? this.#time : null,
      detections: Object.fromEntries(
        this.#entries.map((entry) => [entry.detection.id, entry.state()]),
      ),
    };
  }

  /** Goes on where `state` left off; detections that were changed since begin anew. */
  restore(state: Json): void {
    if (!isRecord(state) || state.version !== 1 || !isRecord(state.detections)) return;
    if (typeof state.time === 'number') this.#time = state.time;
    const known = new Set<Entry>();
    for (const entry of this.#entries) {
      const kept = state.detections[entry.detection.id];
      if (kept !== undefined && entry.restore(kept)) known.add(entry);
    }
    this.#acquaint(known);
  }

  /**
   * Other declarations from now on. A detection whose condition stays the same goes on with what it
   * has seen; one that is gone or changed is let go of.
   */
  replace(detections: readonly Detection[]): void {
    const before = this.#byId;
    const known = new Set<Entry>();
    this.#entries = detections
      .filter(({mode}) => mode !== 'off')
      .map((detection) => {
        const old = before.get(detection.id);
        const same = old?.detection.fingerprint === detection.fingerprint ? old : undefined;
        const entry: Entry = new Entry(
          detection,
          same,
          this.#sinkFor(() => entry),
        );
        if (same !== undefined) known.add(entry);
        return entry;
      });
    this.#byId = new Map(this.#entries.map((entry) => [entry.detection.id, entry]));
    this.#others = this.#entries.filter(({evaluator}) => evaluator.child === undefined);
    this.#composites = this.#inOrder(
      this.#entries.filter(({evaluator}) => evaluator.child !== undefined),
    );
    this.#candidates.clear();
    this.#forgetCallers();
    this.#asksCallers = this.#entries.some(({evaluator}) => evaluator.needs.orCaller !== undefined);
    this.#acquaint(known);
    // What was found and not yet told stays: under the entry that found it.
  }

  /**
   * Tells composites where their alarms stand: those that begin anew of all, those that go on
   * (`known`) of the alarms that begin anew or are gone. Changes are all that they hear of else.
   */
  #acquaint(known: ReadonlySet<Entry>): void {
    const time = this.#time;
    if (!Number.isFinite(time)) return;
    for (const composite of this.#composites) {
      for (const id of composite.evaluator.ids ?? []) {
        const child = this.#byId.get(id);
        if (known.has(composite) && child !== undefined && known.has(child)) continue;
        const from = 'INSUFFICIENT_DATA';
        const to = child?.evaluator.alarmState?.() ?? from;
        const change = {time, from, to, reason: 'Reload', datapoints: [], events: []} as const;
        composite.evaluator.child?.(id, change);
      }
    }
  }

  #candidatesOf(asked: Asked): readonly Entry[] {
    const usual = this.#byOperation(asked);
    if (!this.#asksCallers) return usual;
    const {principal, kind, origin = principal} = asked;
    const own = this.#byCaller(principal, kind);
    const behind = origin === principal ? [] : this.#byCaller(origin, '');
    if (own.length === 0 && behind.length === 0) return usual;
    const any = new Set([...usual, ...own, ...behind]);
    return this.#entries.filter((entry) => any.has(entry));
  }

  #forgetCallers(): void {
    this.#callers.clear();
    this.#callersKnown = 0;
  }

  #byCaller(principal: string | undefined, kind: string): readonly Entry[] {
    let ofKind = this.#callers.get(kind);
    if (ofKind === undefined || this.#callersKnown >= MAX_CALLERS) {
      if (this.#callersKnown >= MAX_CALLERS) this.#forgetCallers();
      ofKind = new Map();
      this.#callers.set(kind, ofKind);
    }
    const name = principal ?? '';
    let known = ofKind.get(name);
    if (known === undefined) {
      known = this.#entries.filter(({evaluator: {needs}}) => {
        if (needs.orCaller === undefined) return false;
        return principal === undefined || needs.orCaller(principal, kind);
      });
      ofKind.set(name, known);
      this.#callersKnown++;
    }
    return known;
  }

  #byOperation({operation, kind, error}: Asked): readonly Entry[] {
    let known = this.#candidates.get(operation);
    if (known === undefined) {
      if (this.#candidates.size >= MAX_OPERATIONS) this.#candidates.clear();
      known = new Map();
      this.#candidates.set(operation, known);
    }
    const key = error === '-' ? kind : `!${kind}`;
    let found = known.get(key);
    if (found === undefined) {
      found = this.#entries.filter(({evaluator: {needs}}) => {
        if (needs.failed === true && error === '-') return false;
        if (needs.kinds !== undefined && !needs.kinds.has(kind)) return false;
        return needs.operation === undefined || needs.operation(operation);
      });
      known.set(key, found);
    }
    return found;
  }

  #isExcluded({detection}: Entry, event: DetectionEvent): boolean {
    for (const exclusion of detection.exclusions) {
      if (exclusion.expires !== null && event.time >= exclusion.expires) continue;
      const holds = exclusion.holds(event);
      if (holds === true) {
        this.#count(detection, exclusion);
        return true;
      }
      if (holds !== false) this.#fail(detection, `exclusion "${exclusion.id}": ${holds.failed}`);
    }
    return false;
  }

  #count({id}: Detection, exclusion: Exclusion): void {
    let counts = this.#excluded.get(id);
    if (counts === undefined) {
      counts = new Map();
      this.#excluded.set(id, counts);
    }
    counts.set(exclusion.id, (counts.get(exclusion.id) ?? 0) + 1);
  }

  #fail({id}: Detection, message: string): void {
    const known = this.#failed.get(id);
    if (known === undefined) this.#failed.set(id, {count: 1, message});
    else known.count++;
  }

  #sinkFor(entryOf: () => Entry): Sink {
    return {
      hit: (hit) => this.#hit(entryOf(), hit),
      alarm: (change) => this.#alarm(entryOf(), change),
      datapoint: (point) => {
        const {detection, room} = entryOf();
        if (room.datapoints-- > 0) this.#datapoints.push({detection: detection.id, point});
        else this.#fail(detection, 'more data points at once than are kept');
      },
      episode: (episode) => {
        const {detection, room} = entryOf();
        if (room.episodes-- > 0) this.#episodes.push({detection: detection.id, episode});
        else this.#fail(detection, 'more episodes at once than are kept');
      },
      failed: (message) => this.#fail(entryOf().detection, message),
    };
  }

  #alarm(entry: Entry, change: AlarmChange): void {
    const {id} = entry.detection;
    if (entry.room.alarms-- > 0) this.#alarms.push({detection: id, change});
    else this.#fail(entry.detection, 'more changes of state at once than are kept');
    for (const {evaluator} of this.#composites) evaluator.child?.(id, change);
  }

  /** Composites, each behind those that it names. */
  #inOrder(composites: readonly Entry[]): readonly Entry[] {
    const named = new Map(
      composites.map(({detection, evaluator}) => [detection.id, evaluator.ids ?? []]),
    );
    const found = compositeOrder(named);
    // A circle is a problem of the files, and not run.
    assert('order' in found, 'composites go round in a circle');
    return found.order.flatMap((id) => this.#byId.get(id) ?? []);
  }

  #hit(entry: Entry, hit: Hit): void {
    const {silentUntil, mode} = entry.detection;
    const early = silentUntil !== null && hit.time < silentUntil;
    const told = mode === 'live' && !early && !this.learning ? 'live' : 'silent';
    const group = entry.group(hit, told);
    if (group === undefined) {
      this.#fail(entry.detection, 'more matches at once than are told');
      return;
    }
    if (group.hasNews) return;
    group.hasNews = true;
    this.#news.push({entry, group});
  }
}

/** Hits that are one match. */
interface Group {
  readonly key: string;
  readonly mode: 'live' | 'silent';
  /** Of the first hit. */
  readonly time: number;
  /** The newest hit, with the evidence and the count of all. */
  hit: Hit;
  hits: number;
  /** As told last; 0 before the first time. */
  revision: number;
  hasNews: boolean;
}

/** A detection at work. */
class Entry {
  readonly detection: Detection;
  readonly evaluator: Evaluator;
  readonly sink: Sink;
  /** What may still be said until the next drain. */
  room = {matches: MAX_MATCHES, alarms: MAX_NEWS, datapoints: MAX_NEWS, episodes: MAX_NEWS};
  /** By mode and group, in the order in which they began. */
  readonly #groups: Map<string, Group>;

  constructor(detection: Detection, same: Entry | undefined, sink: Sink) {
    this.detection = detection;
    this.evaluator = same?.evaluator ?? detection.evaluator();
    this.#groups = same === undefined ? new Map() : same.#groups;
    this.sink = sink;
  }

  /** The group that a hit belongs to, the hit taken in; undefined if there is no room for it. */
  group(hit: Hit, mode: 'live' | 'silent'): Group | undefined {
    const {id, dedupMs} = this.detection;
    const name = JSON.stringify([mode, ...hit.group]);
    const known = this.#groups.get(name);
    if (known !== undefined && Math.abs(hit.time - known.time) < dedupMs) {
      known.hit = merged(known.hit, hit);
      known.hits++;
      return known;
    }
    if (this.room.matches-- <= 0) return undefined;
    // Without dedup each hit is a match of its own, and many share a second.
    const own = dedupMs === 0 && hit.event !== null ? [hit.event.id] : [];
    const group: Group = {
      key: `${id}/${new Date(hit.time).toISOString()}/${digest([mode, ...hit.group, ...own])}`,
      mode,
      time: hit.time,
      hit: {...hit, evidence: hit.evidence.slice(0, MAX_EVIDENCE)},
      hits: 1,
      revision: 0,
      hasNews: false,
    };
    this.#groups.delete(name);
    this.#groups.set(name, group);
    if (this.#groups.size > MAX_GROUPS) {
      for (const oldest of this.#groups.keys()) {
        this.#groups.delete(oldest);
        break;
      }
    }
    return group;
  }

  tell(group: Group): Match {
    const {id, kind, severity, titleOf} = this.detection;
    group.hasNews = false;
    group.revision++;
    const {key, mode, hit, hits, revision, time: firstTime} = group;
    // What is remembered for later needs no record.
    group.hit = {...hit, event: null};
    return {
      detection: id,
      kind,
      severity,
      mode,
      key,
      title: titleOf(hit),
      hit,
      hits,
      firstTime,
      revision,
    };
  }

  drained(): void {
    this.room = {
      matches: MAX_MATCHES,
      alarms: MAX_NEWS,
      datapoints: MAX_NEWS,
      episodes: MAX_NEWS,
    };
  }

  /** Lets go of groups that no hit can belong to any more, but for late ones. */
  forget(time: number): void {
    for (const [name, group] of this.#groups) {
      if (group.time + this.detection.dedupMs > time) break;
      if (!group.hasNews) this.#groups.delete(name);
    }
  }

  state(): Json {
    return {
      fingerprint: this.detection.fingerprint,
      evaluator: this.evaluator.state(),
      groups: [...this.#groups].map(([name, {key, mode, time, hit, hits, revision}]) => [
        name,
        {key, mode, time, hits, revision, hit: {...hit, event: null} as unknown as Json},
      ]),
    };
  }

  /** Whether the state is of the same condition, and it goes on from there. */
  restore(state: Json): boolean {
    if (!isRecord(state) || state.fingerprint !== this.detection.fingerprint) return false;
    this.evaluator.restore(state.evaluator ?? null);
    for (const [name, group] of (state.groups ?? []) as unknown as [string, Group][]) {
      this.#groups.set(name, {...group, hasNews: false});
    }
    return true;
  }
}

/** A later hit, with the evidence and the count of those before. */
function merged(before: Hit, hit: Hit): Hit {
  const known = new Set(before.evidence.map(noteKey));
  const further = hit.evidence.filter((note) => !known.has(noteKey(note)));
  return {
    ...hit,
    evidence: [...before.evidence, ...further].slice(0, MAX_EVIDENCE),
    // Windows may overlap: events known from before are not counted again.
    count: before.count + Math.max(0, hit.count - (hit.evidence.length - further.length)),
  };
}

function noteKey({eventId, time, operation}: EventNote): string {
  return eventId === '' ? `${time} ${operation}` : eventId;
}

function digest(parts: readonly string[]): string {
  const {hi, lo} = hash64(JSON.stringify(parts));
  return [hi, lo].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function isRecord(value: Json | undefined): value is {readonly [key: string]: Json} {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
