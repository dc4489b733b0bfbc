import {wait} from './wait.ts';

/** Replays what was delivered long ago as if it came now. */
export interface Pace {
  /** How many times faster than it was delivered; 1 is as it was. */
  readonly speed?: number;
  /** At most so many events a second, counted roughly. */
  readonly eventsPerSecond?: number;
}

/** Nights and weekends of an old trail are not sat through for longer than this. */
const LONGEST_PAUSE_MS = 5000;

/** Holds batches back until their turn. */
export class Pacer {
  readonly #pace: Pace;
  #last = Number.NaN;
  #due = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Waits for the turn of what was delivered at `time` and holds about so many events. */
  async turn(time: number, events: number, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const {speed, eventsPerSecond} = this.#pace;
    if (this.#due === 0) this.#due = now;
    if (speed !== undefined && !Number.isNaN(time)) {
      if (!Number.isNaN(this.#last)) {
        this.#due += Math.min(LONGEST_PAUSE_MS, Math.max(0, time - this.#last) / speed);
      }
      this.#last = time;
    }
    await wait(this.#due - now, signal);
    // What could not keep pace is not made up for in one go.
    this.#due = Math.max(this.#due, performance.now() - LONGEST_PAUSE_MS);
    if (eventsPerSecond !== undefined) this.#due += (1000 * events) / eventsPerSecond;
  }
}

/** About how many records are in an object; gzip is guessed at by its size. */
export function roughlyEvents(bytes: Uint8Array): number {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return Math.max(1, Math.round(bytes.length / (gzip ? 130 : 1000)));
}
