/** Things of which each is used by one at a time; who finds none waits, first come first served. */
export class Queue<T> {
  readonly #size: number;
  readonly #free: T[];
  readonly #waiting: ((thing: T) => void)[] = [];

  constructor(things: readonly T[]) {
    this.#size = things.length;
    this.#free = [...things];
  }

  async use<R>(body: (thing: T) => Promise<R>): Promise<R> {
    const thing = await this.#take();
    try {
      return await body(thing);
    } finally {
      this.#give(thing);
    }
  }

  /** Waits until none is in use, and keeps them. */
  async drain(): Promise<void> {
    for (let i = 0; i < this.#size; i++) await this.#take();
  }

  async #take(): Promise<T> {
    const thing = this.#free.pop();
    if (thing !== undefined) return thing;
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(thing: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(thing);
    else next(thing);
  }
}
