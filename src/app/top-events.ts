import {assert} from '../base/assert.ts';

/** The most novel things of a stream: a bounded heap with the least of them on top. */
export class TopEvents<T> {
  readonly #limit: number;
  readonly #heap: {score: number; rank: number; order: number; value: T}[] = [];
  #order = 0;

  constructor(limit: number) {
    assert(limit > 0, `a top list must hold something, holds ${limit}`);
    this.#limit = limit;
  }

  /** Whether something of this score would be kept; of equals the first comers stay. */
  wants(score: number, rank: number): boolean {
    const least = this.#heap[0];
    if (this.#heap.length < this.#limit || least === undefined) return true;
    return score > least.score || (score === least.score && rank > least.rank);
  }

  add(score: number, rank: number, value: T): void {
    if (!this.wants(score, rank)) return;
    const heap = this.#heap;
    const item = {score, rank, order: this.#order++, value};
    if (heap.length < this.#limit) {
      heap.push(item);
      let i = heap.length - 1;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!less(item, heap[parent] as typeof item)) break;
        heap[i] = heap[parent] as typeof item;
        i = parent;
      }
      heap[i] = item;
      return;
    }
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && less(right, heap[child] as typeof item)) child++;
      if (!less(heap[child] as typeof item, item)) break;
      heap[i] = heap[child] as typeof item;
      i = child;
    }
    heap[i] = item;
  }

  /** The most novel first; of equals the earlier. */
  sorted(): T[] {
    return [...this.#heap]
      .sort((a, b) => b.score - a.score || b.rank - a.rank || a.order - b.order)
      .map(({value}) => value);
  }
}

interface Ranked {
  readonly score: number;
  readonly rank: number;
  readonly order: number;
}

function less(a: Ranked, b: Ranked): boolean {
  if (a.score !== b.score) return a.score < b.score;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.order > b.order;
}
