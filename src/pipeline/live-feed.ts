import type {DetectionRows} from './detections.ts';
import type {StoredObservation} from './store.ts';

/**
 * An observation as it is shown live. What it says may be looked up only when asked for: read its
 * fields, or make JSON of it, but do not spread it.
 */
export type LiveObservation = Omit<StoredObservation, 'bits'>;

/** Receives what is new, in order of id; must not block. */
export type LiveListener = (batch: readonly LiveObservation[]) => void;

/** What declared detections found, once it is stored; must not block. */
export type NewsListener = (news: DetectionRows) => void;

/**
 * The latest observations, once they are stored. Keeps a bounded number, so that a reader who lost
 * the connection for a moment misses nothing; for what is older, the store is asked.
 */
export class LiveFeed {
  readonly #capacity: number;
  #ring: LiveObservation[] = [];
  readonly #listeners = new Set<LiveListener>();
  readonly #newsListeners = new Set<NewsListener>();

  constructor(capacity = 20_000) {
    this.#capacity = capacity;
  }

  /** Id of the latest; 0 before the first. */
  get lastId(): number {
    return this.#ring.at(-1)?.id ?? 0;
  }

  /** Id of the oldest that is still here; 0 before the first. */
  get oldestId(): number {
    return this.#ring[0]?.id ?? 0;
  }

  publish(batch: readonly LiveObservation[]): void {
    if (batch.length === 0) return;
    // One slice for many pushes: the ring is at most twice as long as it says.
    for (const each of batch) this.#ring.push(each);
    if (this.#ring.length > 2 * this.#capacity) this.#ring = this.#ring.slice(-this.#capacity);
    for (const listener of this.#listeners) listener(batch);
  }

  /** What came after an id; undefined when some of it is no longer here. */
  after(id: number): readonly LiveObservation[] | undefined {
    const [oldest] = this.#ring;
    if (oldest === undefined) return id === 0 ? [] : undefined;
    if (id + 1 < oldest.id) return undefined;
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ring[middle] as LiveObservation).id <= id) low = middle + 1;
      else high = middle;
    }
    return this.#ring.slice(low);
  }

  /** @returns a function that ends it. */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of what declared detections found; nothing of it is kept here. */
  tell(news: DetectionRows): void {
    for (const listener of this.#newsListeners) listener(news);
  }

  /** @returns a function that ends it. */
  onNews(listener: NewsListener): () => void {
    this.#newsListeners.add(listener);
    return () => this.#newsListeners.delete(listener);
  }
}
