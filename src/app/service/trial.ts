import {setImmediate as breathe} from 'node:timers/promises';
import type {DetectionTrial, MatchRow} from '../../api/detection-types.ts';
import type {Detection, Match} from '../../detections/detection.ts';
import {DetectionSet} from '../../detections/detection-set.ts';
import type {DetectionEvent} from '../../detections/event.ts';
import type {Json} from '../../detections/json.ts';
import {type DeriveOptions, eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {Components} from '../../event/fields.ts';
import type {Store, StoredObservation} from '../../pipeline/store.ts';
import {recordOf} from '../record-event.ts';
import {matchRowOf} from './detection-watch.ts';

export interface TrialOptions {
  /** Alarms that are asked for, and whose own matches are not counted. */
  readonly beside?: readonly Detection[] | undefined;
  readonly from: number;
  readonly to: number;
  readonly store: Pick<Store, 'observations' | 'count' | 'detail'>;
  /** The record of an observation, once more from where it came from. */
  readonly record: (observation: StoredObservation) => Promise<string | undefined>;
  /** As the stream derives its components: for those that are not stored. */
  readonly derive: DeriveOptions;
  readonly limits?: Partial<TrialLimits> | undefined;
}

export interface TrialLimits {
  readonly events: number;
  /** Records that were not kept, and are read once more. */
  readonly reads: number;
  readonly ms: number;
}

const LIMITS: TrialLimits = {events: 200_000, reads: 5_000, ms: 20_000};
/** Rows that are put into order at a time. */
const SLICE = 10_000;
const PAGE = 2_000;
/** Others have their turn after so long. */
const TURN_MS = 10;
/** Time that goes by after the last event, as far as `to` lets it: what waits comes to its end. */
const END_MS = 20 * 60_000;
const SAMPLES = 50;
const MAX_MATCHES = 100_000;
const DAY_MS = 86_400_000;

/**
 * Runs detections anew over stored observations in order of event time, as if they had been live
 * then. Of what is not stored, records are read where a detection may want to see them.
 */
export async function tryDetections(
  detections: readonly Detection[],
  options: TrialOptions,
): Promise<DetectionTrial> {
  const trial = new Trial(detections, options);
  await trial.run();
  return trial.result();
}

class Trial {
  readonly #options: TrialOptions;
  readonly #limits: TrialLimits;
  readonly #set: DetectionSet;
  readonly #tried: ReadonlySet<string>;
  readonly #derivation: ReturnType<typeof prepareDerivation>;
  readonly #until: number;
  readonly #days = new Map<string, number>();
  #samples: Match[] = [];
  #events = 0;
  #reads = 0;
  #unread = 0;
  #complete = true;
  #turn = performance.now();

  constructor(detections: readonly Detection[], options: TrialOptions) {
    this.#options = options;
    this.#limits = {...LIMITS, ...options.limits};
    this.#until = performance.now() + this.#limits.ms;
    this.#derivation = prepareDerivation(options.derive);
    this.#tried = new Set(detections.map(({id}) => id));
    this.#set = new DetectionSet(
      [...detections, ...(options.beside ?? [])].map((each) => ({
        ...each,
        mode: 'live',
        silentUntil: null,
      })),
    );
  }

  async run(): Promise<void> {
    const {from, to} = this.#options;
    let last = Number.NEGATIVE_INFINITY;
    for await (const rows of this.#slices(from, to)) {
      for (const event of together(rows)) {
        if (this.#events >= this.#limits.events || performance.now() >= this.#until) {
          this.#complete = false;
          this.#keep();
          return;
        }
        await this.#show(event);
        last = event.row.eventTime;
        if (performance.now() - this.#turn >= TURN_MS) {
          this.#keep();
          await breathe();
          this.#turn = performance.now();
        }
      }
    }
    if (Number.isFinite(last)) this.#set.advance(Math.min(last + END_MS, to));
    this.#keep();
  }

  result(): DetectionTrial {
    const {from, to} = this.#options;
    const byDay = new Map<number, number>();
    for (const day of this.#days.values()) byDay.set(day, (byDay.get(day) ?? 0) + 1);
    return {
      from,
      to,
      events: this.#events,
      unread: this.#unread,
      complete: this.#complete,
      matches: this.#days.size,
      days: [...byDay].sort(([a], [b]) => a - b).map(([day, matches]) => ({day, matches})),
      samples: this.#samples
        .sort((a, b) => b.hit.time - a.hit.time)
        .map((match, i) => matchRowOf(match, i + 1) as unknown as MatchRow),
    };
  }

  /**
   * Rows in slices of time, each in order: the store gives the newest first, and holds more than
   * should be in memory.
   */
  async *#slices(from: number, to: number): AsyncGenerator<StoredObservation[]> {
    const waiting: [from: number, to: number][] = [[from, to]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [begin, end] = next;
      const count = await this.#options.store.count({from: begin, to: end});
      if (count === 0) continue;
      if (count > SLICE && end - begin > 1) {
        const middle = begin + Math.floor((end - begin) / 2);
        waiting.push([middle, end], [begin, middle]);
        continue;
      }
      const rows: StoredObservation[] = [];
      let cursor: string | undefined;
      do {
        const page = await this.#options.store.observations(
          {from: begin, to: end},
          {order: 'time', limit: PAGE, cursor},
        );
        for (const row of page.rows) rows.push(row);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && rows.length < this.#limits.events);
      yield rows.sort((a, b) => a.eventTime - b.eventTime || a.id - b.id);
    }
  }

  async #show({row, score, bits}: Scored): Promise<void> {
    this.#events++;
    const {dimensions, eventTime: time} = row;
    if (this.#set.wants(dimensions, score)) {
      const text = await this.#recordOf(row);
      const record = text === undefined ? {} : parsed(text);
      const rest = this.#derived(record, time);
      this.#set.take({
        time,
        id: row.eventId,
        components: {...rest, ...dimensions},
        // Who was behind a chain of roles then is not stored.
        origin: dimensions.principal,
        score,
        bits,
        record,
      } satisfies DetectionEvent);
    }
    this.#set.advance(time);
  }

  async #recordOf(row: StoredObservation): Promise<string | undefined> {
    const kept = row.reason === null ? undefined : await this.#options.store.detail(row.id);
    if (typeof kept?.record === 'string') return kept.record;
    if (this.#reads >= this.#limits.reads) {
      this.#complete = false;
      this.#unread++;
      return undefined;
    }
    this.#reads++;
    // A source that does not answer is as good as one that has it no more.
    const text = await this.#options.record(row).catch(() => undefined);
    if (text === undefined) this.#unread++;
    return text;
  }

  /** Components that are not stored. */
  #derived(record: Readonly<Record<string, Json>>, time: number): Components {
    return eventOfRecord(record, time, this.#derivation);
  }

  #keep(): void {
    const {matches} = this.#set.drain();
    for (const match of matches) {
      if (!this.#tried.has(match.detection)) continue;
      if (this.#days.size >= MAX_MATCHES && !this.#days.has(match.key)) {
        this.#complete = false;
        continue;
      }
      const day = Math.floor(Math.max(match.firstTime, match.hit.time) / DAY_MS) * DAY_MS;
      this.#days.set(match.key, day);
      const light = {...match, hit: {...match.hit, event: null}};
      const at = this.#samples.findIndex(({key}) => key === match.key);
      if (at >= 0) this.#samples.splice(at, 1);
      this.#samples.push(light);
    }
    if (this.#samples.length > SAMPLES) {
      this.#samples.sort((a, b) => a.hit.time - b.hit.time);
      this.#samples = this.#samples.slice(-SAMPLES);
    }
  }
}

interface Scored {
  readonly row: StoredObservation;
  readonly score: number;
  readonly bits: Readonly<Record<string, number>>;
}

/** Rows of the same event, scored in several contexts, as one: with the highest score. */
function* together(rows: readonly StoredObservation[]): Generator<Scored> {
  const best = new Map<string, Scored>();
  for (const row of rows) {
    const key = row.eventId === '' ? `#${row.id}` : row.eventId;
    const known = best.get(key);
    if (known !== undefined && known.score >= row.score) continue;
    const {score, bits} = row;
    best.set(key, {row: known?.row ?? row, score, bits});
  }
  yield* best.values();
}

function parsed(text: string): Readonly<Record<string, Json>> {
  try {
    return recordOf(text);
  } catch {
    return {}; // what a source gave is no record any more
  }
}
