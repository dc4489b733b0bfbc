import type {Alert, Alerter, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import type {OutboxRow, Store} from '../pipeline/store.ts';

export interface DispatcherOptions {
  readonly store: Pick<Store, 'due' | 'settle' | 'replayDead'>;
  readonly alerters: readonly Alerter[];
  /** One alert is not updated at one destination more often than this. */
  readonly updateEveryMs?: number;
  /** After so many attempts, or at this age, a delivery is a dead letter. */
  readonly maxAttempts?: number;
  readonly maxAgeMs?: number;
  /** How long to sleep when nothing kicks. */
  readonly pollMs?: number;
  /** The time of day, epoch milliseconds; it may be put back and forth. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Told of what goes wrong outside of destinations: the store, that is. */
  readonly onFault?: (error: unknown) => void;
}

export interface DestinationState {
  readonly name: string;
  readonly lastSentAt: number | null;
  /** Last failure since then; "" when all is well. */
  readonly lastError: string;
  readonly attempts: number;
  readonly sent: number;
}

interface Lane {
  readonly alerter: Alerter;
  lastSentAt: number | null;
  lastError: string;
  attempts: number;
  sent: number;
  failures: number;
  /** The destination wants to be left alone until then. */
  restUntil: number;
}

const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 15 * 60_000;
const BATCH = 64;
/** How long the others may wait for one that is slow, beyond the attempt that is under way. */
const TURN_MS = 2_000;

/**
 * Delivers what waits in the outbox, at least once: an attempt is settled in the store after it was
 * made, so a crash in between repeats it, under the same idempotency key. Destinations are served
 * side by side, each one delivery at a time and in order of its due times, so that a dead one holds
 * up nobody else. A destination that fails is left alone as a whole, with back-off.
 */
export class Dispatcher {
  readonly #store: DispatcherOptions['store'];
  readonly #lanes = new Map<string, Lane>();
  readonly #updateEveryMs: number;
  readonly #maxAttempts: number;
  readonly #maxAgeMs: number;
  readonly #pollMs: number;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #onFault: (error: unknown) => void;
  readonly #stopped = new AbortController();
  #wake: () => void = () => {};
  #kicked = false;
  #loop: Promise<void> | undefined;
  #storeFailures = 0;

  constructor(options: DispatcherOptions) {
    this.#store = options.store;
    this.setAlerters(options.alerters);
    this.#updateEveryMs = options.updateEveryMs ?? 60_000;
    this.#maxAttempts = options.maxAttempts ?? 1000;
    this.#maxAgeMs = options.maxAgeMs ?? 3 * 86_400_000;
    this.#pollMs = options.pollMs ?? 1000;
    // A time that is given stands still unless told otherwise.
    const stands = options.now !== undefined && options.elapsed === undefined;
    const elapsed = stands ? () => 0 : (options.elapsed ?? (() => performance.now()));
    this.#now = steady(options.now ?? Date.now, elapsed);
    this.#random = options.random ?? Math.random;
    this.#onFault = options.onFault ?? (() => {});
  }

  /** Replaces the destinations; what waits for one that is gone keeps waiting. */
  setAlerters(alerters: readonly Alerter[]): void {
    const before = new Map(this.#lanes);
    this.#lanes.clear();
    for (const alerter of alerters) {
      const old = before.get(alerter.name);
      this.#lanes.set(alerter.name, {
        alerter,
        lastSentAt: old?.lastSentAt ?? null,
        lastError: '',
        attempts: old?.attempts ?? 0,
        sent: old?.sent ?? 0,
        failures: 0,
        restUntil: 0,
      });
    }
  }

  states(): DestinationState[] {
    return [...this.#lanes.values()].map(({alerter, lastSentAt, lastError, attempts, sent}) => ({
      name: alerter.name,
      lastSentAt,
      lastError,
      attempts,
      sent,
    }));
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something new may be due. */
  kick(): void {
    this.#kicked = true;
    this.#wake();
  }

  /** Ends attempts under way, which will be made again. */
  async stop({keepAlerters = false} = {}): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#loop;
    if (keepAlerters) return;
    for (const {alerter} of this.#lanes.values()) await alerter.close();
  }

  /** Sends a sample at once; undefined if there is no such destination. */
  async test(name: string, link = ''): Promise<DeliveryResult | undefined> {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return undefined;
    return this.#attempt(lane.alerter, sample(this.#now(), link));
  }

  /** Dead deliveries wait again; how many there were. */
  async replay(destination?: string): Promise<number> {
    const count = await this.#store.replayDead(destination, this.#now());
    for (const [name, lane] of this.#lanes) {
      if (destination === undefined || name === destination) lane.restUntil = 0;
    }
    this.kick();
    return count;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#kicked = false;
      let more = false;
      try {
        more = await this.round();
        this.#storeFailures = 0;
      } catch (error) {
        this.#storeFailures++;
        this.#onFault(error);
      }
      if (more || this.#kicked) continue;
      await this.#sleep(
        this.#storeFailures > 0 ? this.#backoff(this.#storeFailures) : this.#pollMs,
      );
    }
  }

  /** One look at what is due, and one attempt at each; true if there may be more. */
  async round(): Promise<boolean> {
    const now = this.#now();
    const lanes = [...this.#lanes.values()].filter(({restUntil}) => restUntil <= now);
    // Each is asked for by itself: what waits for a dead destination would stand before the rest.
    const due = await Promise.all(
      lanes.map(({alerter}) => this.#store.due(now, BATCH, alerter.name)),
    );
    const served = await Promise.all(
      lanes.map(async (lane, i) => {
        const rows = due[i] ?? [];
        return rows.length > 0 && (await this.#serve(lane, rows));
      }),
    );
    return served.some(Boolean);
  }

  /** True if all went well and there may be more. */
  async #serve(lane: Lane, rows: readonly OutboxRow[]): Promise<boolean> {
    const until = performance.now() + TURN_MS;
    for (const row of rows) {
      if (this.#stopped.signal.aborted) return false;
      // A destination that takes its time does not take that of the others.
      if (performance.now() > until) return true;
      const result = await this.#attempt(lane.alerter, row.delivery);
      // Stopped in the middle: nobody knows what came of it, so it stays as it was.
      if (!result.ok && this.#stopped.signal.aborted) return false;
      lane.attempts++;
      await this.#settle(lane, row, result);
      if (!result.ok && result.retry) return false;
    }
    return true;
  }

  async #settle(lane: Lane, row: OutboxRow, result: DeliveryResult): Promise<void> {
    const {destination, delivery} = row;
    const now = this.#now();
    const attempts = row.attempts + 1;
    if (result.ok) {
      lane.failures = 0;
      lane.lastSentAt = now;
      lane.lastError = '';
      lane.sent++;
      // A later revision waits at least so long.
      const nextAt = now + this.#updateEveryMs;
      const outcome = {state: 'sent', attempts, nextAt, sentAt: now, lastError: ''} as const;
      await this.#store.settle(destination, delivery.id, delivery.revision, outcome);
      return;
    }
    lane.lastError = result.reason;
    const old = now - row.createdAt >= this.#maxAgeMs || attempts >= this.#maxAttempts;
    const dead = !result.retry || old;
    let nextAt = now;
    if (result.retry) {
      lane.failures++;
      const wait = Math.max(this.#backoff(lane.failures), result.afterMs ?? 0);
      lane.restUntil = now + wait;
      nextAt = now + wait;
    }
    await this.#store.settle(destination, delivery.id, delivery.revision, {
      state: dead ? 'dead' : 'waiting',
      attempts,
      nextAt,
      sentAt: null,
      lastError: result.reason,
    });
  }

  async #attempt(alerter: Alerter, delivery: Delivery): Promise<DeliveryResult> {
    try {
      return await alerter.deliver(delivery, this.#stopped.signal);
    } catch (error) {
      // A fault of ours in one alerter must not end the others.
      this.#onFault(error);
      return {ok: false, retry: false, reason: 'the delivery could not be made up'};
    }
  }

  /** Full jitter, with a floor so that no delivery becomes a busy loop. */
  #backoff(failures: number): number {
    const most = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 20));
    return Math.max(FIRST_BACKOFF_MS / 2, this.#random() * most);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#wake = end;
      if (this.#kicked || this.#stopped.signal.aborted) end();
    });
  }
}

/**
 * The time of day as far as it goes forward. When the clock is put back it goes on at its own pace,
 * so that what was to be sent in a minute is sent in a minute.
 */
function steady(now: () => number, elapsed: () => number): () => number {
  let ahead = Number.NEGATIVE_INFINITY;
  return () => {
    const passed = elapsed();
    ahead = Math.max(ahead, now() - passed);
    return Math.round(ahead + passed);
  };
}

/** What `alerts test` sends. */
export function sample(now: number, link: string): Delivery {
  const item = {
    observationId: 0,
    eventId: '00000000-0000-4000-8000-000000000000',
    eventTime: now,
    score: 0.991,
    operation: 'ec2:CreateSnapshot',
    service: 'ec2',
    account: '111122223333',
    region: 'eu-central-1',
    network: '203.0.113.0/24',
    userAgent: 'aws-cli',
    resource: '-',
    error: '-',
    mostNovel: {facet: 'operation', value: 'ec2:CreateSnapshot', bits: 9.6},
    reason: 'sample has never called ec2:CreateSnapshot; this alert is a test, nothing happened',
  };
  const alert: Alert = {
    key: `test/${now}`,
    context: 'cloudtrail',
    principal: '111122223333:user/sample',
    account: item.account,
    score: item.score,
    severity: 'info',
    title: 'Test of this destination: sample has never called ec2:CreateSnapshot',
    items: [item],
    count: 1,
    firstTime: now,
    lastTime: now,
    link,
    test: true,
  };
  return {id: alert.key, revision: 1, alert, news: [item]};
}
