import {assert} from '../base/assert.ts';
import {RoleChain, type RoleChainState} from '../event/role-chain.ts';
import type {ContextDeclaration} from '../features/context.ts';
import {DEFAULT_PARAMETERS, type ModelPlan} from '../model/plan.ts';
import {Vocabulary} from '../model/vocabulary.ts';
import {SeenEvents} from '../pipeline/seen-events.ts';
import {AlertBudget} from '../score/budget.ts';
import {scoreOf} from '../score/calibrator.ts';
import type {Explanation} from '../score/explain.ts';
import {RankCalibrator} from '../score/rank-calibrator.ts';
import {ContextScorer, type Scored} from '../score/scorer.ts';
import {readSnapshot, readSnapshotExtra, writeSnapshot} from '../score/snapshot.ts';
import type {FacetWording} from '../score/wording.ts';
import {displayOf, pluralOf} from './display.ts';
import {EntityGroupTable} from './entity-groups.ts';

/** What a detector thought of one event in one context. */
export interface Verdict {
  readonly context: number;
  readonly scored: Scored;
}

interface OpenedContext {
  readonly scorer: ContextScorer;
  readonly budget: AlertBudget;
  /** Group of each entity, as `EntityGroupTable` keeps them. */
  readonly groups?: readonly number[] | undefined;
}

interface OpenContext {
  readonly declaration: ContextDeclaration;
  readonly scorer: ContextScorer;
  readonly budget: AlertBudget;
  readonly wording: Readonly<Record<string, FacetWording>>;
  readonly groups: EntityGroupTable | undefined;
  /** Fields and values an event must have to belong here; column and allowed texts. */
  readonly when: readonly {readonly column: number; readonly values: ReadonlySet<string>}[];
  readonly verdict: Verdict;
}

/** Ids of a column beyond this are swept: those that nothing refers to any more are given again. */
const VOCABULARY_LIMIT = 2_000_000;
/** Events between looks at how large the vocabularies are. */
const SWEEP_EVERY = 4_096;

/**
 * The models of all contexts over one stream, with the vocabularies they share. Works on rows of
 * ids, one per column; `id` gives them. See `openDetector` for a form that takes objects.
 *
 * `score` changes nothing, `learn` is the only write, `observe` is score, then learn.
 */
export class Detector {
  /** Names of the columns. */
  readonly columns: readonly string[];
  readonly declarations: readonly ContextDeclaration[];
  readonly vocabularies: readonly Vocabulary[];
  /** What to keep beside the model in a snapshot; JSON. */
  extra: unknown = {};
  /** Ids of events learnt, so that no event is learnt twice, in this run or a later one. */
  seen = new SeenEvents();
  /** Whom credentials go back to. */
  chain = new RoleChain();
  /** Grows whenever ids may have changed their meaning: whoever keeps ids must ask anew. */
  generation = 0;
  readonly #contexts: readonly OpenContext[];
  /** By column: the text that an id beyond the vocabulary stands for; see `find`. */
  readonly #lent: {readonly id: number; readonly text: string}[] = [];
  #sweepAt = VOCABULARY_LIMIT;
  #untilSweep = SWEEP_EVERY;
  /** Latest time learnt from; see `#timely`. */
  #clock = Number.NEGATIVE_INFINITY;
  #ranks: readonly RankCalibrator[] | undefined;

  constructor(
    columns: readonly string[],
    declarations: readonly ContextDeclaration[],
    vocabularies: readonly Vocabulary[] = columns.map(() => new Vocabulary()),
    opened?: readonly OpenedContext[],
  ) {
    this.columns = columns;
    this.declarations = declarations;
    this.vocabularies = vocabularies;
    this.#contexts = declarations.map((declaration, i): OpenContext => {
      const scorer = opened?.[i]?.scorer ?? new ContextScorer(planOf(declaration, columns));
      return {
        declaration,
        scorer,
        budget: opened?.[i]?.budget ?? new AlertBudget(),
        groups: this.#groupsOf(declaration, opened?.[i]?.groups),
        wording: Object.fromEntries(
          declaration.facets.flatMap(({name, says}) => (says === undefined ? [] : [[name, says]])),
        ),
        when: Object.entries(declaration.when ?? {}).map(([field, values]) => ({
          column: columnOf(columns, field),
          values: new Set(values),
        })),
        verdict: {context: i, scored: scorer.scored()},
      };
    });
  }

  /** Events learnt, by the context that has learnt most. */
  get learnt(): number {
    return Math.max(...this.#contexts.map(({scorer}) => scorer.learnt));
  }

  get byteLength(): number {
    return this.#contexts.reduce((sum, {scorer}) => sum + scorer.byteLength, 0);
  }

  scorer(context: number): ContextScorer {
    return (this.#contexts[context] as OpenContext).scorer;
  }

  /** Id of a component, given now if it is new. */
  id(column: number, text: string): number {
    return (this.vocabularies[column] as Vocabulary).id(text);
  }

  /**
   * Id of a component for `score` and `explain` alone: the vocabulary stays as it is. One it does
   * not hold gets an id that nothing was counted under, good until ids are next given.
   */
  find(column: number, text: string): number {
    const vocabulary = this.vocabularies[column] as Vocabulary;
    const known = vocabulary.find(text);
    if (known !== undefined) return known;
    this.#lent[column] = {id: vocabulary.limit, text};
    return vocabulary.limit;
  }

  text(column: number, id: number): string {
    const lent = this.#lent[column];
    if (lent !== undefined && id === lent.id && id === this.vocabularies[column]?.limit) {
      return lent.text;
    }
    return (this.vocabularies[column] as Vocabulary).text(id);
  }

  /**
   * Judges a row; the most novel context's verdict, or undefined if the event belongs to none. What
   * it returns is filled anew by the next call.
   */
  score(ids: Int32Array, time: number): Verdict | undefined {
    let best: Verdict | undefined;
    const timely = this.#timely(time);
    for (const context of this.#contexts) {
      if (!this.#belongs(context, ids)) continue;
      context.scorer.score(ids, timely, context.verdict.scored);
      best = moreNovel(best, context.verdict);
    }
    return best;
  }

  /**
   * As `score`, with every context that the event belongs to, in the order of declaration. What is
   * handed out is good until the next call.
   */
  judge(ids: Int32Array, time: number, visit: (verdict: Verdict) => void): void {
    const timely = this.#timely(time);
    for (const context of this.#contexts) {
      if (!this.#belongs(context, ids)) continue;
      context.scorer.score(ids, timely, context.verdict.scored);
      visit(context.verdict);
    }
  }

  /**
   * As `score`, for an event that was learnt already, as if it had not been. Its score comes from
   * the ranks of `rank`, if all were gathered, else from the calibration learnt with the stream.
   */
  scoreWithout(ids: Int32Array, time: number): Verdict | undefined {
    let best: Verdict | undefined;
    const timely = this.#timely(time);
    for (const [i, context] of this.#contexts.entries()) {
      if (!this.#belongs(context, ids)) continue;
      const {scored} = context.verdict;
      context.scorer.scoreWithout(ids, timely, scored);
      const ranks = this.#ranks?.[i];
      if (ranks !== undefined) {
        scored.share = ranks.share(scored.raised);
        scored.score = scoreOf(scored.share);
      }
      best = moreNovel(best, context.verdict);
    }
    return best;
  }

  /** Somewhere to gather how surprising every event is in hindsight; see `ranked`. */
  rank(): {add(ids: Int32Array, time: number): void; finish(): void} {
    const ranks = this.#contexts.map(() => new RankCalibrator());
    return {
      add: (ids, time) => {
        const timely = this.#timely(time);
        this.#contexts.forEach((context, i) => {
          if (!this.#belongs(context, ids)) return;
          context.scorer.scoreWithout(ids, timely, context.verdict.scored);
          (ranks[i] as RankCalibrator).add(context.verdict.scored.raised);
        });
      },
      finish: () => {
        for (const each of ranks) each.finish();
        this.#ranks = ranks;
      },
    };
  }

  /** Learns a row that `score` judged just before. */
  learn(ids: Int32Array, time: number): void {
    const timely = this.#tick(time);
    for (const context of this.#contexts) {
      if (!this.#belongs(context, ids)) continue;
      const {scored} = context.verdict;
      context.scorer.learn(ids, timely, scored);
      context.budget.learn(scored.raised, timely, ids[context.scorer.plan.entity] as number);
      context.groups?.note(ids);
    }
    this.#sweepIfFull();
  }

  /** Score, then learn; faster than the two. */
  observe(ids: Int32Array, time: number): Verdict | undefined {
    let best: Verdict | undefined;
    const timely = this.#tick(time);
    for (const context of this.#contexts) {
      if (!this.#belongs(context, ids)) continue;
      const {scored} = context.verdict;
      context.scorer.observe(ids, timely, scored);
      context.budget.learn(scored.raised, timely, ids[context.scorer.plan.entity] as number);
      context.groups?.note(ids);
      best = moreNovel(best, context.verdict);
    }
    this.#sweepIfFull();
    return best;
  }

  /**
   * Says why, by the counts as they are: call it before the event is learnt. With `without`, as if
   * the event had not been learnt: goes with `scoreWithout`.
   */
  explain(ids: Int32Array, time: number, {context, scored}: Verdict, without = false): Explanation {
    const {scorer, wording, groups} = this.#contexts[context] as OpenContext;
    return scorer.explain(ids, this.#timely(time), scored, {
      columns: this.columns,
      text: (column, id) => displayOf(this.columns[column] as string, this.text(column, id)),
      wording,
      groups,
      without,
    });
  }

  /** R from which on an event of the context is worth an alert by today's budget. */
  alertThreshold(context: number): number {
    return (this.#contexts[context] as OpenContext).budget.threshold;
  }

  snapshot(): Uint8Array {
    return writeSnapshot({
      contexts: this.#contexts.map(({declaration, scorer, budget}) => ({
        name: declaration.name,
        scorer,
        budget,
      })),
      vocabularies: this.vocabularies,
      extra: JSON.stringify({
        columns: this.columns,
        declarations: this.declarations,
        groups: this.#contexts.map(({groups}) => groups?.state() ?? []),
        clock: Number.isFinite(this.#clock) ? this.#clock : null,
        chain: this.chain.state(),
        seen: base64Of(this.seen.state()),
        seenYoung: this.seen.young,
        sweep: [this.#sweepAt, this.#untilSweep],
        extra: this.extra,
      }),
    });
  }

  /** @throws AppError `snapshot_unreadable`; `name` is for its message. */
  static restore(bytes: Uint8Array, name: string): Detector {
    const kept = JSON.parse(readSnapshotExtra(bytes, name)) as {
      columns: string[];
      declarations: ContextDeclaration[];
      groups: number[][];
      clock: number | null;
      chain: RoleChainState;
      seen: string;
      seenYoung?: number;
      sweep?: [number, number];
      extra: unknown;
    };
    const contexts = kept.declarations.map((declaration, i) => ({
      name: declaration.name,
      groups: kept.groups[i],
      scorer: new ContextScorer(planOf(declaration, kept.columns)),
      budget: new AlertBudget(),
    }));
    const {vocabularies} = readSnapshot(bytes, name, contexts);
    const detector = new Detector(kept.columns, kept.declarations, vocabularies, contexts);
    detector.extra = kept.extra;
    detector.chain = RoleChain.restore(kept.chain);
    detector.seen = SeenEvents.restore(wordsOf(kept.seen), kept.seenYoung);
    if (kept.sweep !== undefined) [detector.#sweepAt, detector.#untilSweep] = kept.sweep;
    if (kept.clock !== null) detector.#clock = kept.clock;
    return detector;
  }

  /**
   * The time an event counts for. Time in a stream moves on a day an event at the most, so that one
   * record with a wrong date, years ahead, does not make all that was learnt a thing of the past;
   * after a real gap a few events catch up.
   */
  #timely(time: number): number {
    return time > this.#clock + DAY_MS && Number.isFinite(this.#clock)
      ? this.#clock + DAY_MS
      : time;
  }

  #tick(time: number): number {
    const timely = this.#timely(time);
    if (timely > this.#clock) this.#clock = timely;
    return timely;
  }

  #groupsOf(
    {entity, group}: ContextDeclaration,
    state: readonly number[] | undefined,
  ): EntityGroupTable | undefined {
    if (group === undefined) return undefined;
    const column = columnOf(this.columns, group);
    const name = (id: number) => pluralOf(this.text(column, id));
    return new EntityGroupTable(columnOf(this.columns, entity), column, name, state);
  }

  #belongs({when}: OpenContext, ids: Int32Array): boolean {
    for (const {column, values} of when) {
      if (!values.has(this.text(column, ids[column] as number))) return false;
    }
    return true;
  }

  /** Gives ids free that no count refers to any more, when a vocabulary has grown large. */
  #sweepIfFull(): void {
    if (--this.#untilSweep > 0) return;
    this.#untilSweep = SWEEP_EVERY;
    const largest = Math.max(...this.vocabularies.map(({size}) => size));
    if (largest < this.#sweepAt) return;
    const used = this.vocabularies.map(({limit}) => new Uint8Array(limit));
    for (const {scorer, groups} of this.#contexts) {
      scorer.mark(used);
      groups?.mark(used);
    }
    for (const {scorer, budget} of this.#contexts) {
      budget.sweep(used[scorer.plan.entity] as Uint8Array);
    }
    this.vocabularies.forEach((vocabulary, i) => {
      vocabulary.sweep(used[i] as Uint8Array);
    });
    const left = Math.max(...this.vocabularies.map(({size}) => size));
    // Sweeping costs a pass over all counts; do not come back before it is worth it again.
    this.#sweepAt = Math.max(VOCABULARY_LIMIT, Math.ceil(left * 1.5));
    this.generation++;
    // Its principals are ids, which may mean others now.
    this.chain = new RoleChain();
  }
}

const DAY_MS = 86_400_000;

/** Words as text, for JSON; the bytes are little-endian, as on every machine we run on. */
function base64Of(words: Int32Array): string {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString('base64');
}

function wordsOf(text: string): Int32Array {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return new Int32Array(bytes.buffer, 0, bytes.length >> 2);
}

function moreNovel(best: Verdict | undefined, other: Verdict): Verdict {
  if (best === undefined) return other;
  if (other.scored.score !== best.scored.score) {
    return other.scored.score > best.scored.score ? other : best;
  }
  return other.scored.raised > best.scored.raised ? other : best;
}

function columnOf(columns: readonly string[], field: string): number {
  const column = columns.indexOf(field);
  assert(column >= 0, `no such field: ${field}`);
  return column;
}

/** The plan of a declared context over these columns. */
export function planOf(declaration: ContextDeclaration, columns: readonly string[]): ModelPlan {
  const column = (field: string) => columnOf(columns, field);
  return {
    columnCount: columns.length,
    entity: column(declaration.entity),
    facets: declaration.facets.map((facet) => ({
      name: facet.name,
      target: column(facet.of),
      levels: facet.given.map((fields) => fields.map(column)),
      weight: facet.weight,
      evidence: facet.evidence,
    })),
    parameters: {...DEFAULT_PARAMETERS, ...declaration.parameters},
  };
}
