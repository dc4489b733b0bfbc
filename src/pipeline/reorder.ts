import {assert} from '../base/assert.ts';
import type {EventBatch} from '../event/batch.ts';

/** A batch and whatever its receiver wants to keep beside it. */
export interface Held<Batch extends EventBatch = EventBatch> {
  readonly batch: Batch;
  /** Rows in event-time order; undefined when they already are. */
  readonly order: Int32Array | undefined;
  /** Position in the order of delivery; breaks ties between equal times. */
  readonly sequence: number;
  next: number;
  /** Of the event at `next`. */
  time: number;
}

/**
 * Puts events into event-time order within a bounded window: a k-way merge over the batches that
 * still hold events, after each of which has been sorted by itself.
 *
 * CloudTrail delivers an event within minutes, in files of several accounts and regions that
 * overlap in time. An event is released when nothing still to be read may come before it, that is
 * once it is older than `release`'s bound; or at once when more than `maxHeld` events wait, since
 * every window has a bound. What comes later than that comes as it comes.
 *
 * Invariant: the order depends on the batches and the bounds alone, never on timing or threads.
 */
export class ReorderBuffer<Batch extends EventBatch = EventBatch> {
  readonly #maxHeld: number;
  /** Binary heap by (time of the next event, sequence). */
  readonly #heap: Held<Batch>[] = [];
  #held = 0;
  #sequence = 0;

  constructor(maxHeld = 400_000) {
    assert(maxHeld > 0, `the window must hold something, holds ${maxHeld}`);
    this.#maxHeld = maxHeld;
  }

  /** Events waiting. */
  get held(): number {
    return this.#held;
  }

  add(batch: Batch): void {
    if (batch.count === 0) return;
    const order = sortedOrder(batch);
    const time = batch.times[order?.[0] ?? 0] as number;
    this.#heap.push({batch, order, sequence: this.#sequence++, next: 0, time});
    this.#up(this.#heap.length - 1);
    this.#held += batch.count;
  }

  /**
   * Gives out, in order, every event not after `bound` (epoch milliseconds), and as many more as
   * exceed the window. `visit` may return false to stop early.
   */
  release(bound: number, visit: (batch: Batch, row: number) => boolean | undefined): boolean {
    const heap = this.#heap;
    while (heap.length > 0) {
      const top = heap[0] as Held<Batch>;
      const {batch, order} = top;
      const times = batch.times;
      // The events of one batch mostly follow each other: stay with it while it is in front.
      const rival = this.#rivalTime();
      let next = top.next;
      for (;;) {
        const row = order === undefined ? next : (order[next] as number);
        const time = times[row] as number;
        if (time > bound && this.#held <= this.#maxHeld) {
          top.next = next;
          top.time = time;
          this.#down(0);
          // Moving on inside the batch may have put another in front, which is not later.
          if ((heap[0] as Held<Batch>) === top) return true;
          break;
        }
        if (next > top.next && time >= rival) {
          top.next = next;
          top.time = time;
          this.#down(0);
          break;
        }
        next++;
        this.#held--;
        const goOn = visit(batch, row) !== false;
        if (next === batch.count) {
          this.#removeTop();
          if (!goOn) return false;
          break;
        }
        if (!goOn) {
          top.next = next;
          top.time = times[order === undefined ? next : (order[next] as number)] as number;
          this.#down(0);
          return false;
        }
      }
    }
    return true;
  }

  /** Time of the next event of any other batch. */
  #rivalTime(): number {
    const heap = this.#heap;
    let time = Number.POSITIVE_INFINITY;
    if (heap.length > 1) time = (heap[1] as Held<Batch>).time;
    if (heap.length > 2) time = Math.min(time, (heap[2] as Held<Batch>).time);
    return time;
  }

  #before(a: Held<Batch>, b: Held<Batch>): boolean {
    return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
  }

  #up(index: number): void {
    const heap = this.#heap;
    const item = heap[index] as Held<Batch>;
    let i = index;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(item, heap[parent] as Held<Batch>)) break;
      heap[i] = heap[parent] as Held<Batch>;
      i = parent;
    }
    heap[i] = item;
  }

  #down(index: number): void {
    const heap = this.#heap;
    const item = heap[index] as Held<Batch>;
    let i = index;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        this.#before(heap[child + 1] as Held<Batch>, heap[child] as Held<Batch>)
      ) {
        child++;
      }
      if (!this.#before(heap[child] as Held<Batch>, item)) break;
      heap[i] = heap[child] as Held<Batch>;
      i = child;
    }
    heap[i] = item;
  }

  #removeTop(): void {
    const last = this.#heap.pop() as Held<Batch>;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
  }
}

/** Rows by (time, row), or undefined when they already stand so. */
function sortedOrder(batch: EventBatch): Int32Array | undefined {
  const {times, count} = batch;
  let sorted = true;
  for (let i = 1; i < count && sorted; i++)
    sorted = (times[i - 1] as number) <= (times[i] as number);
  if (sorted) return undefined;
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
}
