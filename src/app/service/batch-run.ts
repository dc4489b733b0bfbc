import {decompressed, recordAt} from '../../pipeline/record-at.ts';
import {eventIdText, oddIdText, type TracedBatch} from '../../pipeline/trail.ts';
import type {Verdict} from '../detector.ts';
import {EventRows, followChain} from '../event-rows.ts';
import type {DetectionWatch} from './detection-watch.ts';
import type {EngineSettings} from './entries.ts';
import {frozenExplanation} from './frozen.ts';
import {itemOf, lowest, type Noted, noteOf} from './noted.ts';
import type {RowBuilder, RowOrigin} from './row-builder.ts';
import {entityOf, renew, type Stream} from './stream.ts';
import {componentsOf, watchedEvent} from './watched-event.ts';

/** Decompressed objects kept while an entry is processed. */
const OBJECTS_AT_HAND = 16;

/** A payload, and what it is decompressed, where that is at hand. */
export interface GivenObject {
  readonly payload: Uint8Array;
  readonly object: Uint8Array | undefined;
}

/** Scores and learns the events of one batch entry in the order in which they are given. */
export class BatchRun {
  readonly noted: Noted[] = [];
  readonly #stream: Stream;
  readonly #given: readonly GivenObject[];
  readonly #settings: EngineSettings;
  readonly #alerting: boolean;
  readonly #watch: DetectionWatch | undefined;
  /** Lowest score of which anything more than the row is kept or told. */
  readonly #from: number;
  readonly #rows: EventRows;
  readonly #principal: number;
  readonly #objects = new Map<number, Uint8Array>();

  constructor(
    stream: Stream,
    given: readonly GivenObject[],
    settings: EngineSettings,
    alerting: boolean,
    watch: DetectionWatch | undefined,
  ) {
    this.#watch = watch;
    this.#stream = stream;
    this.#given = given;
    this.#settings = settings;
    this.#alerting = alerting;
    this.#from = lowest(settings, alerting);
    this.#rows = new EventRows(stream.detector);
    this.#principal = stream.detector.columns.indexOf('principal');
  }

  take(batch: TracedBatch, row: number, time: number): void {
    const stream = this.#stream;
    const {detector, ids} = stream;
    this.#rows.identify(batch, row, ids);
    const origin =
      this.#principal < 0
        ? -1
        : followChain(batch, row, ids[this.#principal] as number, detector.chain);
    const place: RowOrigin = {
      time,
      eventIds: batch.eventIds,
      eventIdAt: row * 4,
      eventIdText: oddIdText(batch, row),
      object: batch.path,
      index: batch.indexes[row] as number,
      offset: batch.places[row * 2] as number,
      length: batch.places[row * 2 + 1] as number,
    };
    const from = origin < 0 ? undefined : detector.text(this.#principal, origin);
    let best: Verdict | undefined;
    let most = -1;
    detector.judge(ids, time, (verdict) => {
      const {score} = verdict.scored;
      if (score > most) {
        most = score;
        best = verdict;
      }
      if (score < this.#from && score < (this.#settings.keep.observationsFrom ?? 0)) return;
      const builder = stream.builders[verdict.context] as RowBuilder;
      const at = builder.add(ids, verdict.scored, place);
      if (score >= this.#from) {
        this.#note(verdict, at, batch, row, time, origin);
      }
    });
    if (this.#watch !== undefined) this.#show(this.#watch, batch, row, time, from, best);
    detector.learn(ids, time);
    if (stream.generation !== detector.generation) renew(stream);
  }

  /** Shows an event to the declared detections. */
  #show(
    watch: DetectionWatch,
    batch: TracedBatch,
    row: number,
    time: number,
    origin: string | undefined,
    verdict: Verdict | undefined,
  ): void {
    const {detector, ids} = this.#stream;
    const components = componentsOf(detector, ids);
    watch.offer(components, verdict?.scored.score ?? 0, origin, () => {
      const id = () => eventIdText(batch, row);
      const record = () => this.#bytesOf(batch, row);
      return watchedEvent(detector, {time, id, components, origin, verdict, record});
    });
  }

  #note(
    verdict: Verdict,
    at: number,
    batch: TracedBatch,
    row: number,
    time: number,
    origin: number,
  ): void {
    const stream = this.#stream;
    const {detector, ids} = stream;
    const note = noteOf(this.#settings, this.#alerting, verdict);
    const explanation = detector.explain(ids, time, verdict);
    const eventId = eventIdText(batch, row);
    const from = origin < 0 ? undefined : detector.text(this.#principal, origin);
    this.noted.push({
      context: verdict.context,
      row: at,
      reason: explanation.sentence,
      explanation: frozenExplanation(explanation, from),
      record: note.record ? this.#recordOf(batch, row, eventId) : null,
      news: note.alert ? itemOf(stream, verdict, explanation, time, eventId) : undefined,
      entity: entityOf(stream, verdict.context),
    });
  }

  #recordOf(batch: TracedBatch, row: number, eventId: string): string | null {
    const [offset, length] = placeOf(batch, row);
    return recordAt(this.#objectOf(batch), offset, length, eventId);
  }

  #bytesOf(batch: TracedBatch, row: number): Uint8Array | null {
    const [offset, length] = placeOf(batch, row);
    const object = this.#objectOf(batch);
    if (length <= 0 || offset < 0 || offset + length > object.length) return null;
    return object.subarray(offset, offset + length);
  }

  /** The bytes that the places of a batch are counted in. */
  #objectOf({file}: TracedBatch): Uint8Array {
    const given = this.#given[file] as GivenObject;
    let object = given.object ?? this.#objects.get(file);
    if (object === undefined) {
      object = decompressed(given.payload);
      // A few at a time: events of the same time come from few files.
      if (this.#objects.size >= OBJECTS_AT_HAND) this.#objects.clear();
      this.#objects.set(file, object);
    }
    return object;
  }
}

function placeOf({places}: TracedBatch, row: number): [offset: number, length: number] {
  return [places[row * 2] as number, places[row * 2 + 1] as number];
}
