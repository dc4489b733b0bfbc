import {AppError} from '../base/errors.ts';
import type {Payload, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {wait} from './wait.ts';

/** An event of a history that can only be asked by time. */
export interface TimedEvent {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** The record, JSON. */
  readonly text: string;
  /** Where it was found, for the name of the payload. */
  readonly place: string;
}

export interface WindowOptions {
  /** How far back a first run reads, in milliseconds. */
  readonly sinceMs: number;
  readonly pollMs: number;
  /** How late an event may turn up: so much is asked for again each time. */
  readonly overlapMs: number;
  /** More than this are not held at once: a shorter time is asked for. */
  readonly mostEvents: number;
}

interface WindowPosition {
  readonly v: 1;
  /** Everything before was asked for; what turned up later than the overlap is missed. */
  readonly until: number;
}

/** All events of a time, in any order; undefined when there are more than `most`. */
export type AskForEvents = (
  from: number,
  to: number,
  most: number,
  signal: AbortSignal,
) => Promise<readonly TimedEvent[] | undefined>;

const SHORTEST_MS = 60_000;
const LONGEST_MS = 6 * 3_600_000;
const FIRST_MS = 30 * 60_000;
const PAYLOAD_BYTES = 1024 * 1024;
const BATCH_BYTES = 8 * 1024 * 1024;
const MOST_SEEN = 200_000;
/** In the shortest window. */
const MOST_HELD = 200_000;

/**
 * Walks through a history in windows of time, from where it was to now, and then asks again and
 * again for the last of it. Events that it has handed over since it began are left out; after a
 * restart those of the overlap come again.
 */
export class TimeWindows {
  readonly #name: string;
  readonly #options: WindowOptions;
  readonly #ask: AskForEvents;
  /** Ids handed over lately. */
  readonly #seen = new Map<string, number>();
  status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  constructor(name: string, options: WindowOptions, ask: AskForEvents) {
    this.#name = name;
    this.#options = options;
    this.#ask = ask;
  }

  async *read(position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    const {sinceMs, pollMs, overlapMs, mostEvents} = this.#options;
    let until = (position as WindowPosition | undefined)?.until ?? Date.now() - sinceMs;
    let span = FIRST_MS;
    let first = true;
    let latest = Number.POSITIVE_INFINITY;
    this.#seen.clear();
    try {
      while (!signal.aborted) {
        const began = Date.now();
        const beganAt = performance.now();
        // The clock was ahead: asked for what was yet to come, the history had no more than this.
        if (until > began) until = Math.min(began, latest);
        const behind = until < began - overlapMs - span;
        // Of what lies far back nothing turns up late any more.
        const from = behind && !first ? until : until - overlapMs;
        const to = Math.max(Math.min(began, until + span), from + 1);
        this.#report(behind, until, began);
        // It may come newest first, and cannot be told in parts: all of a time, or less of it.
        const most = span > SHORTEST_MS ? mostEvents : MOST_HELD;
        const events = await this.#ask(from, to, most, signal);
        if (signal.aborted) return;
        if (events === undefined) {
          if (most === MOST_HELD) throw this.#tooMany(from, to);
          span = Math.max(SHORTEST_MS, span / 2);
          continue;
        }
        yield* this.#handOver(events, until, to, signal);
        if (signal.aborted) return;
        for (const {time} of events)
          if (latest === Number.POSITIVE_INFINITY || time > latest) latest = time;
        until = Math.max(until, to);
        first = false;
        if (events.length < mostEvents / 4) span = Math.min(LONGEST_MS, span * 2);
        if (behind) continue;
        this.status = {state: 'waiting', detail: 'waiting for new events'};
        await wait(Math.max(pollMs, performance.now() - beganAt), signal);
      }
    } catch (error) {
      // Whatever was under way is not wanted any more.
      if (signal.aborted) return;
      this.status = {state: 'retrying', detail: String((error as Error).message)};
      throw error;
    }
  }

  #tooMany(from: number, to: number): AppError {
    const minutes = Math.ceil((to - from) / 60_000);
    return new AppError(
      'source_unreadable',
      `Cannot read "${this.#name}": more than ${MOST_HELD} events within ${minutes} minutes; ` +
        'read the trail from its bucket, a queue or a stream instead',
      {retryable: true},
    );
  }

  #report(behind: boolean, until: number, now: number): void {
    if (!behind) return;
    const hours = Math.ceil((now - until) / 3_600_000);
    const at = new Date(until).toISOString();
    this.status = {state: 'reading', detail: `at ${at}, ${hours} hours behind`};
  }

  async *#handOver(
    events: readonly TimedEvent[],
    before: number,
    until: number,
    signal: AbortSignal,
  ): AsyncGenerator<SourceBatch, void, void> {
    const fresh = events.filter(({id}) => id === '' || !this.#seen.has(id));
    fresh.sort((a, b) => a.time - b.time);
    let payloads: Payload[] = [];
    let taken: TimedEvent[] = [];
    let bytes = 0;
    const payloadsOf = (some: readonly TimedEvent[]) => {
      const first = some[0];
      if (first === undefined) return;
      const name = `${this.#name}:${first.place}/${new Date(first.time).toISOString()}/${first.id}`;
      // One a line, wherever the sender broke it.
      const lines = some.map(({text}) => `${text.replace(/[\r\n]+/g, ' ')}\n`).join('');
      const encoded = new Uint8Array(Buffer.from(lines, 'utf8'));
      payloads.push({name, bytes: encoded});
      bytes += encoded.length;
    };
    let group: TimedEvent[] = [];
    let size = 0;
    for (const [index, event] of fresh.entries()) {
      group.push(event);
      taken.push(event);
      size += event.text.length;
      const last = index === fresh.length - 1;
      if (!last && size < PAYLOAD_BYTES) continue;
      payloadsOf(group);
      group = [];
      size = 0;
      if (!last && bytes < BATCH_BYTES) continue;
      const position: WindowPosition = {v: 1, until: last ? Math.max(before, until) : before};
      yield {payloads, position, ack: async () => {}};
      if (signal.aborted) return;
      for (const {id, time} of taken) this.#seen.set(id, time);
      payloads = [];
      taken = [];
      bytes = 0;
    }
    const horizon = until - 2 * this.#options.overlapMs;
    for (const [id, time] of this.#seen) {
      if (time >= horizon && this.#seen.size <= MOST_SEEN) break;
      this.#seen.delete(id);
    }
  }
}
