import {assert} from '../base/assert.ts';
import {AppError} from '../base/errors.ts';
import type {ContextDeclaration} from '../features/context.ts';
import {fieldsOf} from '../features/context.ts';
import type {StreamDeclaration} from '../features/stream.ts';
import {readContexts, readShippedContexts} from './context-file.ts';
import type {Contexts} from './contexts.ts';
import {Detector, type Verdict} from './detector.ts';
import {
  type CloudTrailRecord,
  isObservation,
  type Observation,
  type Read,
  streamReader,
  timeOf,
} from './stream-reader.ts';

export type {CloudTrailRecord, Observation};

export interface FacetScore {
  readonly facet: string;
  readonly value: string;
  /** Information content: −log2 of the probability of a value no commoner than this. */
  readonly bits: number;
  /** Part of the observation's surprise that is due to this facet, in [0, 1]. */
  readonly share: number;
  /** Nearest history that knows the value: "self", "peer", …, "everyone" or "never". */
  readonly knownTo: string;
  /** Counts behind it, from the narrowest history to the widest. */
  readonly histories: readonly {
    readonly name: string;
    /** How often the value was seen, of how many occurrences of anything. */
    readonly times: number;
    readonly of: number;
    readonly distinct: number;
    /** Epoch milliseconds; undefined if never seen. */
    readonly firstSeen: number | undefined;
    readonly lastSeen: number | undefined;
  }[];
  /** What is usual instead, commonest first. */
  readonly usual: readonly {readonly value: string; readonly share: number}[];
}

export interface NoveltyScore {
  /** Calibrated novelty in [0, 1]: 1 − √p, so 0.95 is 1 event in 400, 0.99 is 1 in 10 000. */
  readonly score: number;
  /** Surprise of this observation alone, in bits. */
  readonly surprise: number;
  /** The same within the recent doings of its entity, in bits. */
  readonly raised: number;
  /** The context that judged it; undefined if it belongs to none, and then the score is 0. */
  readonly context: string | undefined;
  readonly facets: readonly FacetScore[];
  /** The facet that contributes most; undefined when nothing is surprising. */
  readonly mostNovel: FacetScore | undefined;
  /** Why, in one sentence. */
  readonly reason: string;
}

/** A file of contexts: the stream it is about, and how to judge it. */
export type LoadedContexts = Contexts;

export interface DetectorOptions {
  /**
   * What to watch; the shipped CloudTrail set unless told. Either declarations, whose fields come
   * with every observation, or what `loadContexts` gives, which also says how records are read.
   */
  readonly contexts?: readonly ContextDeclaration[] | LoadedContexts | undefined;
}

/** Learns what is usual, and tells how novel an observation is. */
export interface NoveltyDetector {
  /** Scores an observation, then learns it. */
  observe(observation: Observation | CloudTrailRecord): NoveltyScore;
  /** Scores an observation and changes nothing. */
  score(observation: Observation | CloudTrailRecord): NoveltyScore;
  /** `observe` for each, in the order given. */
  observeAll(observations: Iterable<Observation | CloudTrailRecord>): NoveltyScore[];
  /** `score` for each, in the order given. */
  scoreAll(observations: Iterable<Observation | CloudTrailRecord>): NoveltyScore[];
  /** Everything learnt, for `restoreDetector`. */
  snapshot(): Uint8Array;
  readonly contexts: readonly ContextDeclaration[];
}

/**
 * A detector that has learnt nothing yet. Without `contexts` it watches CloudTrail, and takes
 * parsed records as well as observations.
 *
 * @throws AppError `usage` when a declaration contradicts itself.
 */
export function createDetector(options: DetectorOptions = {}): NoveltyDetector {
  const given = options.contexts ?? defaultContexts();
  const loaded = 'stream' in given ? given : {stream: defaultContexts().stream, contexts: given};
  const declarations = loaded.contexts;
  if (declarations.length === 0) throw new AppError('usage', 'A detector needs a context');
  for (const {name, facets} of declarations) {
    if (facets.length === 0) throw new AppError('usage', `Context "${name}" has no facet`);
  }
  const detector = new Detector(fieldsOf(declarations), declarations);
  detector.extra = {library: loaded.stream};
  return new ObjectDetector(detector);
}

/**
 * Carries on where `snapshot` left off, bit for bit.
 * @throws AppError `snapshot_unreadable` when the bytes are damaged, cut short, or newer.
 */
export function restoreDetector(bytes: Uint8Array): NoveltyDetector {
  return new ObjectDetector(Detector.restore(bytes, 'snapshot'));
}

/**
 * Reads the contexts of a YAML file; without a file, those that are shipped.
 * @throws an error that tells every problem with its line and column.
 */
export async function loadContexts(file?: string): Promise<LoadedContexts> {
  return readContexts(file);
}

class ObjectDetector implements NoveltyDetector {
  readonly #detector: Detector;
  readonly #ids: Int32Array;
  readonly #read: (record: CloudTrailRecord) => Read;

  constructor(detector: Detector) {
    this.#detector = detector;
    this.#ids = new Int32Array(detector.columns.length);
    const {library} = detector.extra as {library?: StreamDeclaration};
    this.#read = streamReader(library ?? defaultContexts().stream);
  }

  get contexts(): readonly ContextDeclaration[] {
    return this.#detector.declarations;
  }

  observe(observation: Observation | CloudTrailRecord): NoveltyScore {
    const time = this.#take(observation, (column, text) => this.#detector.id(column, text));
    const verdict = this.#detector.score(this.#ids, time);
    const result = this.#result(verdict, time);
    this.#detector.learn(this.#ids, time);
    return result;
  }

  score(observation: Observation | CloudTrailRecord): NoveltyScore {
    const time = this.#take(observation, (column, text) => this.#detector.find(column, text));
    return this.#result(this.#detector.score(this.#ids, time), time);
  }

  observeAll(observations: Iterable<Observation | CloudTrailRecord>): NoveltyScore[] {
    return Array.from(observations, (each) => this.observe(each));
  }

  scoreAll(observations: Iterable<Observation | CloudTrailRecord>): NoveltyScore[] {
    return Array.from(observations, (each) => this.score(each));
  }

  snapshot(): Uint8Array {
    return this.#detector.snapshot();
  }

  /** Ids of the observation into the row; its time. */
  #take(
    observation: Observation | CloudTrailRecord,
    idOf: (column: number, text: string) => number,
  ): number {
    const {time, fields} = isObservation(observation)
      ? {time: timeOf(observation.time), fields: observation.fields}
      : this.#read(observation);
    this.#detector.columns.forEach((column, c) => {
      const text = Object.hasOwn(fields, column) ? fields[column] : undefined;
      this.#ids[c] = idOf(c, text === undefined || text === '' ? '-' : text);
    });
    return time;
  }

  #result(verdict: Verdict | undefined, time: number): NoveltyScore {
    if (verdict === undefined) {
      return {
        score: 0,
        surprise: 0,
        raised: 0,
        context: undefined,
        facets: [],
        mostNovel: undefined,
        reason: 'No context watches this',
      };
    }
    const {scored} = verdict;
    const explanation = this.#detector.explain(this.#ids, time, verdict);
    const facets = explanation.facets.map(
      (facet): FacetScore => ({
        facet: facet.facet,
        value: facet.value,
        bits: facet.bits,
        share: facet.share,
        knownTo: facet.knownTo,
        usual: facet.usual,
        histories: facet.levels.map((level) => ({
          name: level.name,
          times: level.times,
          of: level.totalTimes,
          distinct: level.distinct,
          firstSeen: Number.isNaN(level.firstSeen) ? undefined : level.firstSeen,
          lastSeen: Number.isNaN(level.lastSeen) ? undefined : level.lastSeen,
        })),
      }),
    );
    return {
      score: scored.score,
      surprise: scored.surprise,
      raised: scored.raised,
      context: this.#detector.declarations[verdict.context]?.name,
      facets,
      mostNovel: facets.find(({facet}) => facet === explanation.mostNovel?.facet),
      reason: explanation.sentence,
    };
  }
}

let shipped: Contexts | undefined;

function defaultContexts(): Contexts {
  shipped ??= readShippedContexts();
  assert(shipped.contexts.length > 0, 'the shipped contexts are there');
  return shipped;
}
