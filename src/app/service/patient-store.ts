import {AppError, messageOf} from '../../base/errors.ts';
import type {Store} from '../../pipeline/store.ts';
import {wait} from '../../sources/wait.ts';
import {FIRST_DELAY_MS, jitter, MAX_DELAY_MS} from './backoff.ts';
import type {IngestLog} from './ingest-log.ts';

export interface PatientOptions {
  readonly store: Store;
  readonly log: IngestLog;
  /** What is to be told on the page of health, by what it is about. */
  readonly warnings: Map<string, string>;
}

/** What is told of the store. */
export interface StoreHealth {
  readonly state: 'ok' | 'unavailable';
  readonly detail: string;
  /** Calls that have failed since the start. */
  readonly failures: number;
}

/** Failures in a row after which it is said aloud; reached within some seconds. */
const LASTING_AFTER = 8;
const WARNING = 'store lasting';
const SIZE_MS = 5_000;

/** A store that may be away: it is asked until it answers. */
export class PatientStore {
  readonly #options: PatientOptions;
  #health: StoreHealth = {state: 'ok', detail: '', failures: 0};
  #size = {bytes: 0, observations: 0};
  #sizeAt = Number.NEGATIVE_INFINITY;

  constructor(options: PatientOptions) {
    this.#options = options;
  }

  get health(): StoreHealth {
    return this.#health;
  }

  /**
   * Asks until the store does what it is asked; undefined once nobody waits for it any longer.
   *
   * @param waited aborted when what is asked is no longer wanted
   */
  async insist<T>(ask: () => Promise<T>, waited: AbortSignal): Promise<{value: T} | undefined> {
    const {log, warnings} = this.#options;
    let attempts = 0;
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, MAX_DELAY_MS)) {
      try {
        const value = await ask();
        if (this.#health.state !== 'ok') log('info', 'The store is back');
        this.#health = {...this.#health, state: 'ok', detail: ''};
        warnings.delete(WARNING);
        return {value};
      } catch (error) {
        const message = messageOf(error);
        if (this.#health.detail !== message) log('warn', `The store: ${message}`);
        const failures = this.#health.failures + 1;
        this.#health = {state: 'unavailable', detail: message, failures};
        attempts++;
        if (attempts % LASTING_AFTER === 0) this.#tellLasting(attempts, message, error);
      }
      await wait(jitter(delay), waited);
      if (waited.aborted) return undefined;
    }
  }

  /** Bytes and rows; asked for now and then, as they were while the store is away. */
  async size(): Promise<{readonly bytes: number; readonly observations: number; fresh: boolean}> {
    const now = performance.now();
    if (now - this.#sizeAt < SIZE_MS) return {...this.#size, fresh: false};
    this.#sizeAt = now;
    try {
      this.#size = await this.#options.store.size();
      return {...this.#size, fresh: true};
    } catch (error) {
      const message = messageOf(error);
      this.#options.log('warn', `The store: ${message}`);
      return {...this.#size, fresh: false};
    }
  }

  /** A store that fails again and again is not likely to come back by itself. */
  #tellLasting(attempts: number, message: string, error: unknown): void {
    const told =
      `The store has failed ${attempts} times in a row: ${message.split('\n', 1)[0]}. It is tried ` +
      'again, and nothing is lost, but until it is mended nothing is stored or shown';
    this.#options.warnings.set(WARNING, told);
    // Twice as seldom each time: it may go on for days.
    if (Number.isInteger(Math.log2(attempts / LASTING_AFTER))) {
      const code = error instanceof AppError ? error.code : 'internal';
      this.#options.log('error', told, {code, attempts});
    }
  }
}
