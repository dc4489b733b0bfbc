import {saturate} from '../../model/evidence.ts';
import type {ModelPlan} from '../../model/plan.ts';
import {
  DIMENSIONS,
  type DictionaryColumn,
  type ObservationBatch,
} from '../../pipeline/observation.ts';
import type {Scored} from '../../score/scorer.ts';
import type {Detector} from '../detector.ts';

/** The row of an event beside what it was scored. */
export interface RowOrigin {
  readonly time: number;
  readonly eventIds: Int32Array;
  /** Where the event's four words begin. */
  readonly eventIdAt: number;
  /** Unless it is a canonical UUID, or there is none. */
  readonly eventIdText: string | undefined;
  readonly object: string;
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** Gathers the observations of one context into the columns of a batch; used again for the next. */
export class RowBuilder {
  readonly #detector: Detector;
  readonly #name: string;
  readonly #plan: ModelPlan;
  readonly #facets: readonly string[];
  /** Column of each dimension; -1 where the stream has none. */
  readonly #columns: readonly number[];
  readonly #dictionaries: readonly Dictionary[];
  #capacity = 0;
  #count = 0;
  #times = new Float64Array(0);
  #eventIds = new Int32Array(0);
  #eventIdTexts: [number, string][] = [];
  #scores = new Float64Array(0);
  #raised = new Float32Array(0);
  #bits = new Float32Array(0);
  #mostNovel = new Int8Array(0);
  #indexes = new Int32Array(0);
  #places = new Float64Array(0);
  #novelIndex = new Int32Array(0);
  #novelTexts = new Texts();
  #objectIndex = new Int32Array(0);
  #objectTexts = new Texts();

  constructor(detector: Detector, context: number, streamIsCloudTrail: boolean) {
    this.#detector = detector;
    this.#name = detector.declarations[context]?.name ?? '';
    this.#plan = detector.scorer(context).plan;
    this.#facets = this.#plan.facets.map(({name}) => name);
    this.#columns = DIMENSIONS.map((dimension) => {
      const column = detector.columns.indexOf(dimension);
      // Another stream has no principal: whoever is judged stands in its place.
      return column < 0 && dimension === 'principal' && !streamIsCloudTrail
        ? this.#plan.entity
        : column;
    });
    this.#dictionaries = DIMENSIONS.map(() => new Dictionary());
  }

  get count(): number {
    return this.#count;
  }

  /** Facet that contributes most to a surprise; -1 when nothing is surprising. */
  mostNovelOf(scored: Scored): number {
    if (scored.surprise === 0) return -1;
    const {facets, parameters} = this.#plan;
    let best = -1;
    let most = 0;
    for (let f = 0; f < facets.length; f++) {
      const part =
        (facets[f] as (typeof facets)[number]).weight *
        saturate(scored.bits[f] as number, parameters.saturation);
      if (part > most) {
        most = part;
        best = f;
      }
    }
    return best;
  }

  /** Adds a row; its place in the batch. */
  add(ids: Int32Array, scored: Scored, origin: RowOrigin): number {
    const row = this.#count;
    if (row === this.#capacity) this.#grow();
    this.#count = row + 1;
    this.#times[row] = origin.time;
    for (let w = 0; w < 4; w++) {
      this.#eventIds[row * 4 + w] = origin.eventIds[origin.eventIdAt + w] as number;
    }
    if (origin.eventIdText !== undefined) this.#eventIdTexts.push([row, origin.eventIdText]);
    const detector = this.#detector;
    for (let d = 0; d < this.#columns.length; d++) {
      const column = this.#columns[d] as number;
      const dictionary = this.#dictionaries[d] as Dictionary;
      if (column < 0) dictionary.none(row);
      else dictionary.add(row, ids[column] as number, detector, column);
    }
    this.#scores[row] = scored.score;
    this.#raised[row] = scored.raised;
    const width = this.#facets.length;
    for (let f = 0; f < width; f++) this.#bits[row * width + f] = scored.bits[f] as number;
    const novel = this.mostNovelOf(scored);
    this.#mostNovel[row] = novel;
    this.#novelIndex[row] = this.#novelTexts.index(this.#valueOf(novel, ids));
    this.#objectIndex[row] = this.#objectTexts.index(origin.object);
    this.#indexes[row] = origin.index;
    this.#places[row * 2] = origin.offset;
    this.#places[row * 2 + 1] = origin.length;
    return row;
  }

  /** What was gathered, in arrays of its own; undefined if nothing was. */
  take(firstId: number, arrived: number, source: string): ObservationBatch | undefined {
    const count = this.#count;
    if (count === 0) return undefined;
    const width = this.#facets.length;
    const batch: ObservationBatch = {
      context: this.#name,
      facets: this.#facets,
      count,
      firstId,
      times: this.#times.slice(0, count),
      arrived,
      eventIds: this.#eventIds.slice(0, count * 4),
      eventIdTexts: this.#eventIdTexts,
      dimensions: this.#dictionaries.map((dictionary) => dictionary.take(count)),
      scores: this.#scores.slice(0, count),
      raised: this.#raised.slice(0, count),
      bits: this.#bits.slice(0, count * width),
      mostNovel: this.#mostNovel.slice(0, count),
      mostNovelValue: {texts: this.#novelTexts.take(), index: this.#novelIndex.slice(0, count)},
      source,
      object: {texts: this.#objectTexts.take(), index: this.#objectIndex.slice(0, count)},
      indexes: this.#indexes.slice(0, count),
      places: this.#places.slice(0, count * 2),
    };
    this.#count = 0;
    this.#eventIdTexts = [];
    return batch;
  }

  /** Ids have changed their meaning: what is known of them holds no longer. */
  forget(): void {
    for (const dictionary of this.#dictionaries) dictionary.forget();
  }

  #valueOf(facet: number, ids: Int32Array): string {
    const target = this.#plan.facets[facet]?.target;
    return target === undefined ? '' : this.#detector.text(target, ids[target] as number);
  }

  #grow(): void {
    const capacity = Math.max(256, this.#capacity * 2);
    const width = this.#facets.length;
    this.#times = grown(this.#times, new Float64Array(capacity));
    this.#eventIds = grown(this.#eventIds, new Int32Array(capacity * 4));
    this.#scores = grown(this.#scores, new Float64Array(capacity));
    this.#raised = grown(this.#raised, new Float32Array(capacity));
    this.#bits = grown(this.#bits, new Float32Array(capacity * width));
    this.#mostNovel = grown(this.#mostNovel, new Int8Array(capacity));
    this.#indexes = grown(this.#indexes, new Int32Array(capacity));
    this.#places = grown(this.#places, new Float64Array(capacity * 2));
    this.#novelIndex = grown(this.#novelIndex, new Int32Array(capacity));
    this.#objectIndex = grown(this.#objectIndex, new Int32Array(capacity));
    for (const dictionary of this.#dictionaries) dictionary.grow(capacity);
    this.#capacity = capacity;
  }
}

/** A dictionary column over ids of a vocabulary: no text is looked at more than once a batch. */
class Dictionary {
  #index = new Int32Array(0);
  #texts: string[] = [];
  /** By id of the vocabulary: in which batch it was last seen, and its place in that. */
  #stamps = new Int32Array(64);
  #places = new Int32Array(64);
  #stamp = 1;

  add(row: number, id: number, detector: Detector, column: number): void {
    if (id >= this.#stamps.length) {
      const capacity = Math.max(id + 1, this.#stamps.length * 2);
      this.#stamps = grown(this.#stamps, new Int32Array(capacity));
      this.#places = grown(this.#places, new Int32Array(capacity));
    }
    if (this.#stamps[id] !== this.#stamp) {
      this.#stamps[id] = this.#stamp;
      this.#places[id] = this.#texts.length;
      this.#texts.push(detector.text(column, id));
    }
    this.#index[row] = this.#places[id] as number;
  }

  none(row: number): void {
    if (this.#texts.length === 0) this.#texts.push('-');
    this.#index[row] = 0;
  }

  forget(): void {
    this.#stamp++;
  }

  grow(capacity: number): void {
    this.#index = grown(this.#index, new Int32Array(capacity));
  }

  take(count: number): DictionaryColumn {
    const column = {texts: this.#texts, index: this.#index.slice(0, count)};
    this.#texts = [];
    this.#stamp++;
    return column;
  }
}

/** A dictionary column over texts. */
class Texts {
  #known = new Map<string, number>();
  #texts: string[] = [];
  #last = '';
  #lastIndex = -1;

  index(text: string): number {
    // One object's rows follow each other.
    if (this.#lastIndex >= 0 && text === this.#last) return this.#lastIndex;
    let index = this.#known.get(text);
    if (index === undefined) {
      index = this.#texts.length;
      this.#texts.push(text);
      this.#known.set(text, index);
    }
    this.#last = text;
    this.#lastIndex = index;
    return index;
  }

  take(): string[] {
    const texts = this.#texts;
    this.#lastIndex = -1;
    this.#texts = [];
    this.#known = new Map();
    return texts;
  }
}

function grown<Section extends Float64Array | Float32Array | Int32Array | Int8Array>(
  from: Section,
  to: Section,
): Section {
  to.set(from);
  return to;
}
