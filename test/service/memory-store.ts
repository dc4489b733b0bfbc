import {liveRows} from '../../src/app/service/live-rows.ts';
import {AppError} from '../../src/base/errors.ts';
import type {LiveObservation} from '../../src/pipeline/live-feed.ts';
import type {DeadLetter, ObservationDetail} from '../../src/pipeline/observation.ts';
import type {Commit, OutboxEntry, Store} from '../../src/pipeline/store.ts';

/** As much of a store as ingesting needs, in memory; may be told to be away. */
export class MemoryStore {
  entry = 0;
  rows: LiveObservation[] = [];
  bits: number[][] = [];
  details: ObservationDetail[] = [];
  deadLetters: DeadLetter[] = [];
  outbox = new Map<string, OutboxEntry>();
  commits = 0;
  away = false;
  /** Fails after the commit has taken place, as a lost connection does. */
  forgetful = false;

  get store(): Store {
    return this as unknown as Store;
  }

  readonly kind = 'memory';

  async head() {
    this.#check();
    return {entry: this.entry, lastId: this.rows.at(-1)?.id ?? 0};
  }

  async commit(commit: Commit): Promise<void> {
    this.#check();
    await new Promise((resolve) => setImmediate(resolve));
    if (commit.entry <= this.entry) return;
    this.commits++;
    this.entry = commit.entry;
    for (const rows of liveRows(commit, 1000)) {
      // As they are told: a row is looked up when it is asked for, which comparisons do not.
      this.rows.push(...(JSON.parse(JSON.stringify(rows)) as LiveObservation[]));
    }
    for (const batch of commit.observations) {
      const width = batch.facets.length;
      for (let i = 0; i < batch.count; i++) {
        this.bits.push([...batch.bits.subarray(i * width, (i + 1) * width)]);
      }
    }
    this.details.push(...commit.details);
    this.deadLetters.push(...commit.deadLetters);
    for (const entry of commit.deliveries) {
      this.outbox.set(`${entry.delivery.id}#${entry.delivery.revision}`, entry);
    }
    if (this.forgetful) {
      this.forgetful = false;
      throw new AppError('store_unavailable', 'the answer was lost', {retryable: true});
    }
  }

  async size() {
    this.#check();
    return {bytes: 0, observations: this.rows.length, details: 0, deadLetters: 0};
  }

  async close() {}

  #check(): void {
    if (this.away) throw new AppError('store_unavailable', 'it is away', {retryable: true});
  }
}
