import {RoleChain} from '../event/role-chain.ts';
import {saturate} from '../model/evidence.ts';
import type {DecodeSettings} from '../pipeline/decode-session.ts';
import {openDecodeSession} from '../pipeline/decode-session.ts';
import {
  eventIdText,
  type PlacedReject,
  readTrail,
  type TracedBatch,
  type TrailSummary,
} from '../pipeline/trail.ts';
import type {Explanation} from '../score/explain.ts';
import {isSmall, readFilePieces, type TrailFile} from '../sources/files.ts';
import type {Detector, Verdict} from './detector.ts';
import {EventRows, followChain} from './event-rows.ts';

/** One event at the moment it is scored; used again for the next one. */
export class EventView {
  /** Epoch milliseconds. */
  time = 0;
  /** Novelty score in [0, 1]. */
  score = 0;
  /** Surprise within the campaign, in bits: orders events whose scores tie. */
  rank = 0;
  verdict: Verdict | undefined;
  readonly ids: Int32Array;
  readonly detector: Detector;
  /** The event was learnt before, and is judged as if it had not been. */
  without = false;
  batch!: TracedBatch;
  row = 0;
  /** Whom the credentials of this event go back to, through role chains; undefined if to itself. */
  origin: string | undefined;
  readonly #columns: ReadonlyMap<string, number>;
  #explanation: Explanation | undefined;

  constructor(detector: Detector) {
    this.detector = detector;
    this.ids = new Int32Array(detector.columns.length);
    this.#columns = new Map(detector.columns.map((name, i) => [name, i]));
  }

  /** @internal Points the view at an event. */
  show(batch: TracedBatch, row: number, time: number): void {
    this.batch = batch;
    this.row = row;
    this.time = time;
    this.#explanation = undefined;
  }

  /** @internal */
  judge(verdict: Verdict | undefined): void {
    this.verdict = verdict;
    this.score = verdict?.scored.score ?? 0;
    this.rank = verdict?.scored.raised ?? 0;
  }

  eventId(): string {
    return eventIdText(this.batch, this.row);
  }

  /** A component by the name of its field; "" if there is no such field. */
  text(field: string): string {
    const column = this.#columns.get(field);
    return column === undefined ? '' : this.detector.text(column, this.ids[column] as number);
  }

  /** Id of a component, for whoever counts by it; -1 if there is no such field. */
  id(field: string): number {
    const column = this.#columns.get(field);
    return column === undefined ? -1 : (this.ids[column] as number);
  }

  /** Who: the entity of the context that judged the event. */
  entity(): string {
    const context = this.verdict?.context ?? 0;
    const {entity} = this.detector.scorer(context).plan;
    return this.detector.text(entity, this.ids[entity] as number);
  }

  /** The field that says who. */
  entityField(): string {
    const {entity} = this.detector.scorer(this.verdict?.context ?? 0).plan;
    return this.detector.columns[entity] as string;
  }

  /** The file, and the record's index in it. */
  source(): {file: string; index: number} {
    return {file: this.batch.path, index: this.batch.indexes[this.row] as number};
  }

  /** Byte range of the record in the decompressed file. */
  place(): {offset: number; length: number} {
    const {places} = this.batch;
    return {offset: places[this.row * 2] as number, length: places[this.row * 2 + 1] as number};
  }

  /** Bits of each facet, unsaturated, by its name. */
  bits(): Record<string, number> {
    if (this.verdict === undefined) return {};
    const {context, scored} = this.verdict;
    const {facets} = this.detector.scorer(context).plan;
    const bits: Record<string, number> = {};
    facets.forEach(({name}, i) => {
      bits[name] = round(scored.bits[i] as number);
    });
    return bits;
  }

  /** The facet that contributes most; undefined when nothing is surprising. */
  mostNovel(): {facet: string; value: string; bits: number} | undefined {
    if (this.verdict === undefined || this.verdict.scored.surprise === 0) return undefined;
    const {context, scored} = this.verdict;
    const {facets, parameters} = this.detector.scorer(context).plan;
    let best = -1;
    let most = 0;
    facets.forEach(({weight}, i) => {
      const part = weight * saturate(scored.bits[i] as number, parameters.saturation);
      if (part > most) {
        most = part;
        best = i;
      }
    });
    const facet = facets[best];
    if (facet === undefined) return undefined;
    return {
      facet: facet.name,
      value: this.detector.text(facet.target, this.ids[facet.target] as number),
      bits: round(scored.bits[best] as number),
    };
  }

  /** Why: from the counts as they are now, so ask within the visit. */
  explain(): Explanation | undefined {
    if (this.verdict === undefined) return undefined;
    this.#explanation ??= this.detector.explain(this.ids, this.time, this.verdict, this.without);
    return this.#explanation;
  }
}

/** Three decimals: what a reader of bits can use, and the same on every machine. */
function round(bits: number): number {
  return Math.round(bits * 1000) / 1000;
}

export interface ScoreTrailOptions {
  readonly detector: Detector;
  readonly settings: DecodeSettings;
  readonly files: readonly TrailFile[];
  readonly workers: number;
  /**
   * - `observe`: score, then learn; events that the model has learnt are duplicates;
   * - `extend`: the same, but these are scored as in `again`, and not learnt twice;
   * - `score`: the model stays as it is;
   * - `learn`: as `observe`, but nothing is said;
   * - `rank`: gather how surprising every event is in hindsight, for `without`;
   * - `without`: score each event as if it alone had not been learnt;
   * - `again`: `without` for events that the model has learnt, `score` for the others;
   * - `read`: nothing is scored nor learnt.
   */
  readonly mode: 'observe' | 'extend' | 'score' | 'learn' | 'rank' | 'without' | 'again' | 'read';
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each event once it is scored and before it is learnt; false ends the run. */
  readonly visit?: (event: EventView) => boolean | undefined;
  readonly breathe?: () => Promise<void> | undefined;
  readonly onReject?: (reject: PlacedReject) => void;
  readonly onProgress?: (state: {filesDone: number; bytesDone: number; events: number}) => void;
}

/** Runs a trail through a detector. The same files and options give the same events and scores. */
export async function scoreTrail(options: ScoreTrailOptions): Promise<TrailSummary> {
  const {detector, settings, mode} = options;
  const view = new EventView(detector);
  const learning = mode === 'observe' || mode === 'extend' || mode === 'learn';
  const knowing = mode === 'extend' || mode === 'again';
  const ranks = mode === 'rank' ? detector.rank() : undefined;
  const rows = new EventRows(detector);
  // Whoever only looks must not leave traces in what the next run goes by.
  let chain = learning ? detector.chain : new RoleChain();
  let generation = detector.generation;
  const principal = detector.columns.indexOf('principal');
  const visit = options.visit;
  // What is still being read when the run ends early must not keep the process waiting for it.
  const ended = new AbortController();
  const {signal} = options;
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);

  return readTrail(
    options.files.map((file, i) => ({
      file: i,
      path: file.path,
      time: file.time,
      size: file.size,
      whole: isSmall(file) ? file.path : undefined,
      pieces: () => readFilePieces(file, stop),
    })),
    (batch, row, time) => {
      // Ids were swept: what was remembered of them may be wrong by now.
      if (generation !== detector.generation) {
        generation = detector.generation;
        chain = learning ? detector.chain : new RoleChain();
      }
      rows.identify(batch, row, view.ids);
      view.show(batch, row, time);
      const origin =
        principal < 0 ? -1 : followChain(batch, row, view.ids[principal] as number, chain);
      view.origin = origin < 0 ? undefined : detector.text(principal, origin);
      let goOn: boolean | undefined = true;
      view.without = mode === 'without' || (knowing && detector.seen.has(batch.eventIds, row * 4));
      if (mode === 'learn') detector.observe(view.ids, time);
      else if (ranks !== undefined) ranks.add(view.ids, time);
      else if (mode === 'read') {
        view.judge(undefined);
        goOn = visit?.(view);
      } else if (view.without) {
        view.judge(detector.scoreWithout(view.ids, time));
        goOn = visit?.(view);
      } else {
        view.judge(detector.score(view.ids, time));
        goOn = visit?.(view);
        if (learning) detector.learn(view.ids, time);
        if (mode === 'extend') detector.seen.seen(batch.eventIds, row * 4);
      }
      return goOn;
    },
    {
      workers: options.workers,
      threadUrl: new URL(
        import.meta.url.endsWith('.ts')
          ? '../../dist/sources/file-thread.js'
          : '../sources/file-thread.js',
        import.meta.url,
      ),
      threadData: settings,
      session: () => openDecodeSession(settings),
      ...(learning && mode !== 'extend' && {seen: detector.seen}),
      since: options.since,
      until: options.until,
      signal: options.signal,
      ...(options.breathe && {breathe: options.breathe}),
      ...(options.onReject && {onReject: options.onReject}),
      ...(options.onProgress && {onProgress: options.onProgress}),
    },
  ).finally(() => {
    ranks?.finish();
    ended.abort();
  });
}
