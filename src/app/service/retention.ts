import {messageOf} from '../../base/errors.ts';
import {durationMs} from '../../config/duration.ts';
import type {Store} from '../../pipeline/store.ts';
import type {Logger} from '../../telemetry/log.ts';
import type {Config} from './config.ts';

const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

/** Removes hourly what is not to be kept any more. */
export class Retention {
  readonly #store: Store;
  readonly #keep: () => Config['keep'];
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param keep as configured at the moment. */
  constructor(store: Store, keep: () => Config['keep'], log: Logger) {
    this.#store = store;
    this.#keep = keep;
    this.#log = log;
  }

  start(): void {
    this.#schedule(FIRST_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#retain()
        .catch((error: unknown) => {
          this.#log.warn({error: messageOf(error)}, 'Could not remove old rows');
        })
        .finally(() => {
          if (!this.#stopped) this.#schedule(EVERY_MS);
        });
    }, delay);
    this.#timer.unref();
  }

  async #retain(): Promise<void> {
    const {observations, records, max_mb: most} = this.#keep();
    // Age is counted from the newest event: an old trail that is read now is not old in itself, and
    // a clock that runs ahead for a while removes nothing.
    const newest = await this.#store.observations({}, {order: 'time', limit: 1});
    const now = Math.min(Date.now(), newest.rows[0]?.eventTime ?? 0);
    const removed = await this.#store.retain({
      observationsBefore: now - durationMs(observations),
      detailsBefore: now - durationMs(records),
      maxBytes: most === undefined ? undefined : most * 1024 * 1024,
    });
    if (removed > 0) this.#log.info({rows: removed}, 'Removed old rows');
  }
}
