import {hash64} from '../base/hash.ts';
import type {Components, EventField} from '../event/fields.ts';
import type {Detection, Match} from './detection.ts';
import type {Evaluator, EventNote, Hit, Sink} from './evaluator.ts';
import {isObject, type Json} from './json.ts';

/** Groups of a detection that dedup remembers; then the one begun longest ago is forgotten. */
const MAX_GROUPS = 10_000;
/** Matches of a detection between two drains; what is beyond is counted as failed. */
const MAX_MATCHES = 1_000;
/** Alarm changes, data points and episodes of a detection between two drains, each. */
const MAX_NEWS = 20_000;
/** Events told with a match. */
const MAX_EVIDENCE = 20;

/** Hits that are one match. */
export interface Group {
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

/** A detection at work: what watches for it, and its matches that may go on. */
export class Entry {
  readonly detection: Detection;
  readonly evaluator: Evaluator;
  readonly sink: Sink;
  /** What may still be said until the next drain. */
  room = {matches: MAX_MATCHES, alarms: MAX_NEWS, datapoints: MAX_NEWS, episodes: MAX_NEWS};
  /** By mode and group, in the order in which they began. */
  readonly #groups: Map<string, Group>;
  readonly #minScore: number;
  /** What further components must be. */
  readonly #components: readonly {
    readonly field: EventField;
    readonly may: (text: string) => boolean;
  }[];

  constructor(detection: Detection, same: Entry | undefined, sink: Sink) {
    this.detection = detection;
    this.evaluator = same?.evaluator ?? detection.evaluator();
    this.#groups = same === undefined ? new Map() : same.#groups;
    this.sink = sink;
    const {minScore = 0, components, orCaller} = this.evaluator.needs;
    this.#minScore = minScore;
    // Who is looked for as a caller may do whatever it likes.
    this.#components =
      orCaller === undefined && components !== undefined
        ? [...components].map(([field, may]) => ({field, may}))
        : [];
  }

  /** Whether an event whose operation, error and kind will do may matter by all else that is needed. */
  mayWant(components: Partial<Components>, score: number): boolean {
    if (score < this.#minScore) return false;
    for (const {field, may} of this.#components) {
      const text = components[field];
      if (text !== undefined && !may(text)) return false;
    }
    return true;
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
    if (!isObject(state) || state.fingerprint !== this.detection.fingerprint) return false;
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
