/** What is on its way and not yet stored: a bound in entries and bytes, given out first come. */
export class FlowBudget {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #entries = 0;
  #bytes = 0;
  readonly #queue: {readonly bytes: number; readonly go: () => void}[] = [];

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** Entries on their way. */
  get entries(): number {
    return this.#entries;
  }

  /** Nothing more is let in at present. */
  get full(): boolean {
    return (
      this.#queue.length > 0 || this.#entries >= this.#maxEntries || this.#bytes >= this.#maxBytes
    );
  }

  /**
   * Waits for room; what it returns gives the room back, once. Undefined if `signal` was aborted
   * before there was any. An entry larger than the bound is let in alone.
   */
  async acquire(bytes: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    if (this.full) {
      await new Promise<void>((resolve) => {
        const waiting = {
          bytes,
          go: () => {
            signal.removeEventListener('abort', left);
            resolve();
          },
        };
        const left = () => {
          const at = this.#queue.indexOf(waiting);
          if (at >= 0) this.#queue.splice(at, 1);
          resolve();
        };
        signal.addEventListener('abort', left, {once: true});
        this.#queue.push(waiting);
      });
      if (signal.aborted) {
        this.#next();
        return undefined;
      }
    }
    this.#entries++;
    this.#bytes += bytes;
    // One large entry may have made room for many small ones.
    this.#next();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#entries--;
      this.#bytes -= bytes;
      this.#next();
    };
  }

  #next(): void {
    if (this.#entries >= this.#maxEntries || this.#bytes >= this.#maxBytes) return;
    this.#queue.shift()?.go();
  }
}
