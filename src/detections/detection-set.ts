import {assert} from '../base/assert.ts';
import {compositeOrder} from './alarm/composite-expression.ts';
import {type Asked, Candidates} from './candidates.ts';
import type {Detection, DetectionOutput, Exclusion} from './detection.ts';
import {Entry, type Group} from './entry.ts';
import type {AlarmChange, AlarmState, Datapoint, Episode, Hit, Sink} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import {isObject, type Json} from './json.ts';

export interface DetectionSetOptions {
  /**
   * While it is true everything is seen and remembered, but what matches is `silent`: of history
   * nobody is told.
   */
  readonly learning?: boolean;
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
  #candidates = new Candidates([]);
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
   *
   * @param origin whom its roles go back to; undefined if to nobody else
   */
  wants(components: Asked, score: number, origin?: string): boolean {
    for (const entry of this.#candidates.of(components, origin)) {
      if (entry.mayWant(components, score)) return true;
    }
    return false;
  }

  /** Ids of the detections that may want to see it, in the order of their declaration. */
  candidates(components: Asked, origin?: string): readonly string[] {
    return this.#candidates.of(components, origin).map(({detection}) => detection.id);
  }

  /** Shows an event to whom it concerns. Late ones are taken as they come. */
  take(event: DetectionEvent): void {
    this.offer(event.components, event.score, event.origin, () => event);
  }

  /** As `take`, of an event that is made only if it concerns anybody; `origin` as in `wants`. */
  offer(
    components: Asked,
    score: number,
    origin: string | undefined,
    make: () => DetectionEvent,
  ): void {
    let event: DetectionEvent | undefined;
    for (const entry of this.#candidates.of(components, origin)) {
      if (!entry.mayWant(components, score)) continue;
      event ??= make();
      if (!this.#isExcluded(entry, event)) entry.evaluator.take(event, entry.sink);
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
    if (!isObject(state) || state.version !== 1 || !isObject(state.detections)) return;
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
    this.#candidates = new Candidates(this.#entries);
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
