import {assert} from '../base/assert.ts';
import {BinaryError, type SectionReader, type SectionWriter} from '../base/binary.ts';
import {Evidence, type Surprise} from '../model/evidence.ts';
import {type Counts, type Judgement, Learner, type UsualValue} from '../model/learner.ts';
import type {ModelPlan} from '../model/plan.ts';
import {Calibrator, type CalibratorParameters, DEFAULT_CALIBRATION, scoreOf} from './calibrator.ts';
import {type ExplainOptions, type Explanation, explain} from './explain.ts';

/** All that is said about one event; made by `ContextScorer.scored` and used again. */
export interface Scored extends Judgement, Surprise {
  /** Share of events at least as surprising as this one in its campaign. */
  share: number;
  /** Novelty score: 1 − √share. */
  score: number;
}

/**
 * Scores one context: the learner's bits, the boost of recent evidence, and calibration to [0, 1].
 *
 * Rows hold one id per column of the plan; times are epoch milliseconds. `score`, `scoreWithout`
 * and `explain` change nothing that a later call could see; `learn` is the only write; `observe` is
 * score, then learn.
 */
export class ContextScorer {
  readonly plan: ModelPlan;
  readonly #learner: Learner;
  readonly #evidence: Evidence;
  readonly #calibrator: Calibrator;
  #latest = 0;

  constructor(plan: ModelPlan, calibration: CalibratorParameters = DEFAULT_CALIBRATION) {
    this.plan = plan;
    this.#learner = new Learner(plan);
    this.#evidence = new Evidence(plan);
    this.#calibrator = new Calibrator(calibration);
  }

  /** Events learnt. */
  get learnt(): number {
    return this.#learner.learnt;
  }

  /** Bytes of counts. */
  get byteLength(): number {
    return this.#learner.byteLength;
  }

  contexts(): ReturnType<Learner['contexts']> {
    return this.#learner.contexts();
  }

  /** An empty result for `score` and its like to fill. */
  scored(): Scored {
    const empty = {surprise: 0, raised: 0, evidence: 0, fresh: 0, share: 1, score: 0};
    return {...this.#learner.judgement(), ...empty};
  }

  score(ids: Int32Array, time: number, out: Scored): void {
    this.#check(ids, time);
    this.#learner.score(ids, time, out);
    this.#finish(ids, time, out);
  }

  /** Learns from an event that was scored just before; `scored` is what `score` gave. */
  learn(ids: Int32Array, time: number, scored: Scored): void {
    this.#check(ids, time);
    this.#learner.learn(ids, time);
    this.#learnScored(ids, time, scored);
  }

  /**
   * Scores, then learns. What `between` does happens in between, when the counts are still those of
   * the score: the time to explain it.
   */
  observe(ids: Int32Array, time: number, out: Scored, between?: (scored: Scored) => void): void {
    this.#check(ids, time);
    if (between === undefined) {
      this.#learner.observe(ids, time, out);
      this.#finish(ids, time, out);
    } else {
      this.#learner.score(ids, time, out);
      this.#finish(ids, time, out);
      between(out);
      this.#learner.learn(ids, time);
    }
    this.#learnScored(ids, time, out);
  }

  /**
   * Judges an event that was learnt already as if it had not been (see `Learner.scoreWithout`);
   * for looking back over a stream that is known to its end. There is no boost: R is S.
   */
  scoreWithout(ids: Int32Array, time: number, out: Scored): void {
    this.#check(ids, time);
    this.#learner.scoreWithout(ids, time, out);
    this.#evidence.judge(ids, time, out.bits, out);
    out.raised = out.surprise;
    out.evidence = 0;
    out.share = this.#calibrator.share(out.raised, ids[this.plan.entity] as number);
    out.score = scoreOf(out.share);
  }

  /** Counts behind a facet at a level; see `Learner.counts`. */
  counts(facet: number, level: number, ids: Int32Array, time: number): Counts {
    return this.#learner.counts(facet, level, ids, time);
  }

  /** The commonest values of a facet's context, commonest first. */
  usual(facet: number, level: number, ids: Int32Array, limit: number): UsualValue[] {
    return this.#learner.usual(facet, level, ids, limit);
  }

  /** Time of the latest event learnt; 0 before the first. */
  get latest(): number {
    return this.#latest;
  }

  /** Says why; `scored` is what `score` gave for the event, before it was learnt. */
  explain(ids: Int32Array, time: number, scored: Scored, options: ExplainOptions): Explanation {
    return explain(this.#learner, ids, time, scored, options);
  }

  /** Days on which an entity was active so far. */
  activeDays(entity: number): number {
    return this.#evidence.days(entity);
  }

  /** Marks the ids still in use, an array for each column; unmarked ones may be given again. */
  mark(used: readonly Uint8Array[]): void {
    this.#learner.mark(used);
    this.#evidence.mark(used);
    const entities = used[this.plan.entity];
    assert(entities !== undefined, 'every column has marks');
    for (let id = 0; id < entities.length; id++) if (entities[id] === 0) this.#evidence.forget(id);
    this.#calibrator.sweep(entities);
  }

  save(to: SectionWriter): void {
    to.text('plan', fingerprint(this.plan));
    to.numbers('latest', [this.#latest]);
    this.#learner.save(to);
    this.#evidence.save(to);
    this.#calibrator.save(to);
  }

  /** Carries on bit for bit where `save` left off. Throws `BinaryError` if that is not possible. */
  restore(from: SectionReader): void {
    if (from.text('plan') !== fingerprint(this.plan)) {
      throw new BinaryError('it was made with other facets or parameters');
    }
    this.#latest = from.float64('latest')[0] ?? 0;
    this.#learner.restore(from);
    this.#evidence.restore(from);
    this.#calibrator.restore(from);
  }

  #finish(ids: Int32Array, time: number, out: Scored): void {
    this.#evidence.judge(ids, time, out.bits, out);
    out.share = this.#calibrator.share(out.raised, ids[this.plan.entity] as number);
    out.score = scoreOf(out.share);
  }

  #learnScored(ids: Int32Array, time: number, scored: Scored): void {
    if (time > this.#latest) this.#latest = time;
    this.#evidence.learn(ids, time, scored.bits, scored);
    const entity = ids[this.plan.entity] as number;
    this.#calibrator.learn(scored.raised, time, entity, scored.share);
  }

  #check(ids: Int32Array, time: number): void {
    assert(ids.length === this.plan.columnCount, `a row has ${this.plan.columnCount} ids`);
    assert(Number.isFinite(time), 'time must be finite');
  }
}

/** Equal for plans whose counts mean the same. */
function fingerprint(plan: ModelPlan): string {
  return JSON.stringify([plan.columnCount, plan.entity, plan.facets, plan.parameters]);
}
