import type {LiveObservation} from '../../pipeline/live-feed.ts';
import {
  DIMENSIONS,
  type DictionaryColumn,
  type Dimension,
  type ObservationBatch,
} from '../../pipeline/observation.ts';
import type {Commit} from '../../pipeline/store.ts';
import {uuidText} from '../../pipeline/trail.ts';

/** Rows of a commit as they are shown live, in order of id, at most `size` at a time. */
export function* liveRows(
  commit: Commit,
  size: number,
): Generator<LiveObservation[], void, undefined> {
  const reasons = new Map(commit.details.map(({id, reason}) => [id, reason]));
  for (const batch of commit.observations) {
    const odd = new Map(batch.eventIdTexts);
    for (let from = 0; from < batch.count; from += size) {
      const to = Math.min(batch.count, from + size);
      const rows: LiveObservation[] = [];
      for (let row = from; row < to; row++) rows.push(new LiveRow(batch, row, odd, reasons));
      yield rows;
    }
  }
}

/**
 * One row, which looks into its batch only when asked: most rows pass by unread, and a feed that
 * nobody reads costs next to nothing.
 */
class LiveRow implements LiveObservation {
  readonly #batch: ObservationBatch;
  readonly #row: number;
  readonly #odd: ReadonlyMap<number, string>;
  readonly #reasons: ReadonlyMap<number, string>;

  constructor(
    batch: ObservationBatch,
    row: number,
    odd: ReadonlyMap<number, string>,
    reasons: ReadonlyMap<number, string>,
  ) {
    this.#batch = batch;
    this.#row = row;
    this.#odd = odd;
    this.#reasons = reasons;
  }

  get id(): number {
    return this.#batch.firstId + this.#row;
  }

  get context(): string {
    return this.#batch.context;
  }

  get eventId(): string {
    return this.#odd.get(this.#row) ?? uuidText(this.#batch.eventIds, this.#row * 4);
  }

  get eventTime(): number {
    return this.#batch.times[this.#row] as number;
  }

  get arrived(): number {
    return this.#batch.arrived;
  }

  get dimensions(): Record<Dimension, string> {
    const dimensions = {} as Record<Dimension, string>;
    for (let d = 0; d < DIMENSIONS.length; d++) {
      dimensions[DIMENSIONS[d] as Dimension] = textAt(this.#batch.dimensions[d], this.#row);
    }
    return dimensions;
  }

  get score(): number {
    return this.#batch.scores[this.#row] as number;
  }

  get raised(): number {
    return this.#batch.raised[this.#row] as number;
  }

  get mostNovel(): LiveObservation['mostNovel'] {
    const {facets, bits, mostNovel, mostNovelValue} = this.#batch;
    const novel = mostNovel[this.#row] as number;
    if (novel < 0) return null;
    return {
      facet: facets[novel] as string,
      value: textAt(mostNovelValue, this.#row),
      bits: bits[this.#row * facets.length + novel] as number,
    };
  }

  get source(): string {
    return this.#batch.source;
  }

  get object(): string {
    return textAt(this.#batch.object, this.#row);
  }

  get index(): number {
    return this.#batch.indexes[this.#row] as number;
  }

  get offset(): number {
    return this.#batch.places[this.#row * 2] as number;
  }

  get length(): number {
    return this.#batch.places[this.#row * 2 + 1] as number;
  }

  get reason(): string | null {
    return this.#reasons.get(this.id) ?? null;
  }

  /** For JSON, which sees no getters. */
  toJSON(): LiveObservation {
    const {id, context, eventId, eventTime, arrived, dimensions, score, raised} = this;
    const {mostNovel, source, object, index, offset, length, reason} = this;
    return {
      id,
      context,
      eventId,
      eventTime,
      arrived,
      dimensions,
      score,
      raised,
      mostNovel,
      source,
      object,
      index,
      offset,
      length,
      reason,
    };
  }
}

function textAt(column: DictionaryColumn | undefined, row: number): string {
  return column?.texts[column.index[row] as number] ?? '-';
}
