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
      yield Array.from({length: to - from}, (_, i) => liveRow(batch, from + i, odd, reasons));
    }
  }
}

function liveRow(
  batch: ObservationBatch,
  row: number,
  odd: ReadonlyMap<number, string>,
  reasons: ReadonlyMap<number, string>,
): LiveObservation {
  const id = batch.firstId + row;
  const dimensions = {} as Record<Dimension, string>;
  for (let d = 0; d < DIMENSIONS.length; d++) {
    dimensions[DIMENSIONS[d] as Dimension] = textAt(batch.dimensions[d], row);
  }
  const novel = batch.mostNovel[row] as number;
  return {
    id,
    context: batch.context,
    eventId: odd.get(row) ?? uuidText(batch.eventIds, row * 4),
    eventTime: batch.times[row] as number,
    arrived: batch.arrived,
    dimensions,
    score: batch.scores[row] as number,
    raised: batch.raised[row] as number,
    mostNovel:
      novel < 0
        ? null
        : {
            facet: batch.facets[novel] as string,
            value: textAt(batch.mostNovelValue, row),
            bits: batch.bits[row * batch.facets.length + novel] as number,
          },
    source: batch.source,
    object: textAt(batch.object, row),
    index: batch.indexes[row] as number,
    offset: batch.places[row * 2] as number,
    length: batch.places[row * 2 + 1] as number,
    reason: reasons.get(id) ?? null,
  };
}

function textAt(column: DictionaryColumn | undefined, row: number): string {
  return column?.texts[column.index[row] as number] ?? '-';
}
