import {useSyncExternalStore} from 'react';
import type {IngestStatus, Observation} from '../../api/types.ts';
import {ApiFailure, getJson, queryString} from './api.ts';

export interface LiveState {
  readonly connection: 'connecting' | 'live' | 'lost';
  /** When it is to be tried again, epoch milliseconds. */
  readonly retryAt: number;
  readonly status: IngestStatus | undefined;
  /** Events per second, oldest first, of the last few minutes. */
  readonly rates: readonly number[];
  /** Grows whenever matches or changes of alarms were stored. */
  readonly news: number;
}

export interface Subscription {
  /** As the stream takes them: minScore, principal … */
  readonly filter: Readonly<Record<string, string | number | undefined>>;
  /** Observations after `from`, each once, in order of id. */
  onRows(rows: readonly Observation[]): void;
  /** What is shown is too far behind, or of another store: it is to be loaded again. */
  onGap(): void;
}

/** Rather loads anew than catches up with more than this. */
const MAX_CATCH_UP = 20_000;
/** The service says something every 2 s; a connection this silent is dead. */
const SILENCE_MS = 12_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;
const RATES = 150;
/** Nobody scores 1 exactly: a stream of the status alone. */
const NOTHING = {minScore: 1};

/**
 * The one live connection of the application. Ids given to a subscriber have no gap and no double,
 * however often the connection is lost: it always goes on after the id it saw last.
 */
class Live {
  #state: LiveState = {
    connection: 'connecting',
    retryAt: 0,
    status: undefined,
    rates: [],
    news: 0,
  };
  readonly #listeners = new Set<() => void>();
  #source: EventSource | undefined;
  #subscription: Subscription | undefined;
  /** All up to here was given to the subscriber, or is stored where a load finds it. */
  #lastId = -1;
  #attempt = 0;
  #round = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): LiveState => this.#state;

  /** What is stored up to this id a load finds; what comes after, a subscriber gets. */
  get lastId(): number {
    return this.#lastId;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#open();
  }

  stop(): void {
    this.#running = false;
    this.#close();
  }

  /** Tries at once instead of waiting. */
  retry(): void {
    if (!this.#running) return;
    this.#attempt = 0;
    void this.#open();
  }

  /**
   * Gives what comes after an id to a subscriber, the only one at a time.
   * @param after -1: whatever comes from now on.
   * @returns ends it, and tells the id up to which it got everything.
   */
  follow(subscription: Subscription, after: number): () => number {
    this.#subscription = subscription;
    if (after >= 0) this.#lastId = after;
    if (this.#running) void this.#open();
    return () => {
      const {lastId} = this;
      if (this.#subscription === subscription) {
        this.#subscription = undefined;
        if (this.#running) void this.#open();
      }
      return lastId;
    };
  }

  #set(change: Partial<LiveState>): void {
    this.#state = {...this.#state, ...change};
    for (const listener of this.#listeners) listener();
  }

  #close(): void {
    this.#round++;
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
  }

  async #open(): Promise<void> {
    this.#close();
    const round = this.#round;
    try {
      // Tells how far the stream has come, and whether one may listen at all: a stream that is
      // refused does not say why.
      const status = await getJson<IngestStatus>('/api/v1/status');
      if (round !== this.#round) return;
      this.#tellStatus(status);
      const behind = status.lastId - this.#lastId;
      if (this.#lastId < 0) this.#lastId = status.lastId;
      else if (behind < 0 || behind > MAX_CATCH_UP) {
        this.#lastId = status.lastId;
        this.#subscription?.onGap();
      }
    } catch (error) {
      if (round !== this.#round) return;
      if (error instanceof ApiFailure && error.status === 401) return;
      this.#lose();
      return;
    }
    const filter = this.#subscription?.filter ?? NOTHING;
    const source = new EventSource(
      `/api/v1/stream${queryString({...filter, after: this.#lastId})}`,
    );
    this.#source = source;
    source.onopen = () => {
      this.#attempt = 0;
      // What was stored while nobody listened is news as well.
      const missed = this.#state.connection === 'lost' ? 1 : 0;
      this.#set({connection: 'live', retryAt: 0, news: this.#state.news + missed});
      this.#expect(round);
    };
    // The browser would try again by itself, but at its own pace and after some failures never.
    source.onerror = () => {
      if (round === this.#round) this.#lose();
    };
    source.addEventListener('observations', (event) => {
      if (round !== this.#round) return;
      this.#expect(round);
      const rows = JSON.parse(event.data as string) as Observation[];
      const news = rows.filter(({id}) => id > this.#lastId);
      this.#moveTo(event.lastEventId);
      if (news.length > 0) this.#subscription?.onRows(news);
    });
    source.addEventListener('status', (event) => {
      if (round !== this.#round) return;
      this.#expect(round);
      this.#moveTo(event.lastEventId);
      this.#tellStatus(JSON.parse(event.data as string) as IngestStatus);
    });
    source.addEventListener('detections', () => {
      if (round !== this.#round) return;
      this.#expect(round);
      this.#set({news: this.#state.news + 1});
    });
    this.#expect(round);
  }

  #moveTo(eventId: string): void {
    const id = Number(eventId);
    if (eventId !== '' && id > this.#lastId) this.#lastId = id;
  }

  #tellStatus(status: IngestStatus): void {
    const rates = [...this.#state.rates, status.eventsPerSecond].slice(-RATES);
    this.#set({status, rates});
  }

  #expect(round: number): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (round === this.#round) this.#lose();
    }, SILENCE_MS);
  }

  #lose(): void {
    this.#close();
    const base = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)] ?? 8_000;
    this.#attempt++;
    const wait = base * (0.75 + Math.random() / 2);
    this.#set({connection: 'lost', retryAt: Date.now() + wait});
    this.#timer = setTimeout(() => void this.#open(), wait);
  }
}

export const live = new Live();

export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, live.state);
}
