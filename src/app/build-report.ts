import type {
  ReportData,
  ReportDay,
  ReportEvent,
  ReportFacet,
  ReportPrincipal,
} from '../web/report/data.ts';
import {chainNote} from './chain-note.ts';
import {displayOf} from './display.ts';
import type {EventView} from './score-trail.ts';
import {TopEvents} from './top-events.ts';
import type {TrailSummary} from './trail.ts';

export interface ReportOptions {
  readonly title: string;
  /** Events explained in full. */
  readonly top: number;
  /** Most points of the plot; beyond them low scores are thinned out. */
  readonly maxPoints?: number;
}

/** A top event, and where its record can be read again. */
export interface PlacedReportEvent {
  readonly event: ReportEvent;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const MAX_POINTS = 500_000;
const DAY_MS = 86_400_000;
const THRESHOLDS = [0.95, 0.99] as const;

type Mutable<T> = {-readonly [K in keyof T]: T[K]};

/**
 * Gathers a report while a trail is scored. Bounded: at most `maxPoints` points (when they are
 * full, the lower half by score leaves), the top events, one entry per principal.
 */
export class ReportBuilder {
  readonly #options: ReportOptions;
  readonly #maxPoints: number;
  #time: Float64Array;
  #score: Float32Array;
  #principal: Int32Array;
  #operation: Int32Array;
  #serial: Float64Array;
  #points = 0;
  #leftOut = 0;
  #below = 0;
  readonly #principals = new Map<string, number>();
  readonly #principalRows: Mutable<ReportPrincipal>[] = [];
  readonly #operations = new Map<string, number>();
  readonly #days = new Map<number, Mutable<ReportDay>>();
  readonly #accounts = new Set<string>();
  readonly #top: TopEvents<{readonly serial: number; readonly placed: PlacedReportEvent}>;
  #events = 0;
  #over95 = 0;
  #over99 = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#maxPoints = options.maxPoints ?? MAX_POINTS;
    const room = Math.min(this.#maxPoints, 65_536);
    this.#time = new Float64Array(room);
    this.#score = new Float32Array(room);
    this.#principal = new Int32Array(room);
    this.#operation = new Int32Array(room);
    this.#serial = new Float64Array(room);
    this.#top = new TopEvents(options.top);
  }

  add(event: EventView): void {
    const {time, score} = event;
    const serial = this.#events++;
    if (score >= THRESHOLDS[0]) this.#over95++;
    if (score >= THRESHOLDS[1]) this.#over99++;
    this.#from = Math.min(this.#from, time);
    this.#to = Math.max(this.#to, time);
    const principal = this.#countPrincipal(event);
    const operation = indexOf(this.#operations, event.text('operation') || '-');
    this.#accounts.add(event.text('account'));
    this.#countDay(time, score);
    this.#addPoint(time, score, principal, operation, serial);
    if (this.#top.wants(score, event.rank)) {
      const placed = this.#describe(event, principal, operation);
      this.#top.add(score, event.rank, {serial, placed});
    }
  }

  /** The top events, whose records the caller may want to read. */
  topEvents(): PlacedReportEvent[] {
    return this.#top.sorted().map(({placed}) => placed);
  }

  /** @param records of the top events, in their order; undefined where one is not to be had. */
  build(summary: TrailSummary, records: readonly unknown[]): ReportData {
    const top = this.#top.sorted();
    const explained = new Map(top.map(({serial}, i) => [serial, i]));
    const points = this.#points;
    const explanation = new Int32Array(points);
    for (let i = 0; i < points; i++)
      explanation[i] = explained.get(this.#serial[i] as number) ?? -1;
    const none = this.#events === 0;
    return {
      title: this.#options.title,
      range: {from: none ? 0 : this.#from, to: none ? 0 : this.#to},
      totals: {
        events: this.#events,
        files: summary.filesRead,
        principals: this.#principalRows.length,
        accounts: this.#accounts.size,
        over95: this.#over95,
        over99: this.#over99,
        rejected: {...summary.rejected},
        dropped: {...summary.dropped},
      },
      thresholds: THRESHOLDS,
      points: {
        time: this.#time.subarray(0, points),
        score: this.#score.subarray(0, points),
        principal: this.#principal.subarray(0, points),
        operation: this.#operation.subarray(0, points),
        explanation,
        ...(this.#leftOut > 0 && {leftOut: {count: this.#leftOut, below: this.#below}}),
      },
      principals: this.#principalRows,
      operations: [...this.#operations.keys()],
      top: top.map(({placed}, i) => ({
        ...placed.event,
        ...(records[i] !== undefined && {record: records[i]}),
      })),
      days: [...this.#days.values()].sort((a, b) => a.time - b.time),
    };
  }

  #countPrincipal(event: EventView): number {
    const name = event.entity();
    const index = indexOf(this.#principals, name);
    const {time, score} = event;
    const row = this.#principalRows[index];
    if (row === undefined) {
      this.#principalRows.push({
        name,
        display: displayOf('principal', name),
        kind: event.text('kind'),
        account: event.text('account'),
        events: 1,
        maxScore: score,
        over95: score >= THRESHOLDS[0] ? 1 : 0,
        over99: score >= THRESHOLDS[1] ? 1 : 0,
        first: time,
        last: time,
      });
    } else {
      row.events++;
      row.maxScore = Math.max(row.maxScore, score);
      if (score >= THRESHOLDS[0]) row.over95++;
      if (score >= THRESHOLDS[1]) row.over99++;
      row.first = Math.min(row.first, time);
      row.last = Math.max(row.last, time);
    }
    return index;
  }

  #countDay(time: number, score: number): void {
    const start = Math.floor(time / DAY_MS) * DAY_MS;
    const day = this.#days.get(start) ?? {
      time: start,
      events: 0,
      over95: 0,
      over99: 0,
      maxScore: 0,
    };
    day.events++;
    if (score >= THRESHOLDS[0]) day.over95++;
    if (score >= THRESHOLDS[1]) day.over99++;
    day.maxScore = Math.max(day.maxScore, score);
    this.#days.set(start, day);
  }

  #addPoint(
    time: number,
    score: number,
    principal: number,
    operation: number,
    serial: number,
  ): void {
    if (score < this.#below) {
      this.#leftOut++;
      return;
    }
    if (this.#points === this.#time.length) {
      if (this.#points < this.#maxPoints) this.#grow();
      else this.#thin();
      if (score < this.#below) {
        this.#leftOut++;
        return;
      }
    }
    const i = this.#points++;
    this.#time[i] = time;
    this.#score[i] = score;
    this.#principal[i] = principal;
    this.#operation[i] = operation;
    this.#serial[i] = serial;
  }

  #grow(): void {
    const room = Math.min(this.#maxPoints, this.#time.length * 2);
    const grown = <A extends Float64Array | Float32Array | Int32Array>(old: A): A => {
      const array = new (old.constructor as new (length: number) => A)(room);
      array.set(old);
      return array;
    };
    this.#time = grown(this.#time);
    this.#score = grown(this.#score);
    this.#principal = grown(this.#principal);
    this.#operation = grown(this.#operation);
    this.#serial = grown(this.#serial);
  }

  /** Lets the lower half go, by score. */
  #thin(): void {
    const sorted = this.#score.slice(0, this.#points).sort();
    const middle = sorted[this.#points >> 1] as number;
    // When the middle is the lowest value itself, everything up to it goes: room must come of this.
    const next = sorted.find((score) => score > (sorted[0] as number)) ?? 1.0001;
    this.#below = middle > (sorted[0] as number) ? middle : next;
    let kept = 0;
    for (let i = 0; i < this.#points; i++) {
      if ((this.#score[i] as number) < this.#below) continue;
      this.#time[kept] = this.#time[i] as number;
      this.#score[kept] = this.#score[i] as number;
      this.#principal[kept] = this.#principal[i] as number;
      this.#operation[kept] = this.#operation[i] as number;
      this.#serial[kept] = this.#serial[i] as number;
      kept++;
    }
    this.#leftOut += this.#points - kept;
    this.#points = kept;
  }

  #describe(event: EventView, principal: number, operation: number): PlacedReportEvent {
    const explanation = event.explain();
    const source = event.source();
    const chain = chainNote(event.text('principal'), event.origin);
    const facets = (explanation?.facets ?? []).map(
      ({facet, value, bits, share, knownTo, usual, levels}): ReportFacet => ({
        name: facet,
        value,
        bits,
        share,
        knownAt: knownTo,
        usual,
        ...(levels[0] !== undefined && {
          counts: {
            total: levels[0].totalTimes,
            distinct: levels[0].distinct,
            value: levels[0].times,
          },
        }),
      }),
    );
    return {
      event: {
        eventId: event.eventId(),
        time: event.time,
        score: event.score,
        principal,
        operation,
        account: event.text('account'),
        region: event.text('region'),
        network: event.text('network'),
        userAgent: event.text('userAgent'),
        error: event.text('error'),
        resource: event.text('resource'),
        reason: explanation?.sentence ?? '',
        ...(event.origin !== undefined && {origin: event.origin}),
        ...(chain !== undefined && {chain}),
        facets,
        source,
      },
      path: source.file,
      ...event.place(),
    };
  }
}

function indexOf(map: Map<string, number>, text: string): number {
  let index = map.get(text);
  if (index === undefined) {
    index = map.size;
    map.set(text, index);
  }
  return index;
}
