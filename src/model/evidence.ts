import type {SectionReader, SectionWriter} from '../base/binary.ts';
import {Credits} from './credits.ts';
import type {ModelPlan} from './plan.ts';

/** The two scores of one event, in bits. */
export interface Surprise {
  /** Surprise of this event alone: Σ weight · saturated bits. */
  surprise: number;
  /** The same within its campaign: raised by recent evidence of the same entity. */
  raised: number;
  /** Evidence of the entity before this event, as faded by now. */
  evidence: number;
  /** New evidence in this event, not credited before. */
  fresh: number;
}

/**
 * Recent evidence of each entity, and the boost it gives (MODEL.md, 2.4 and 2.6):
 *
 *     S  = Σ_k w_k · b_k,  b_k = 10·(1 − e^(−bits_k/10))
 *     ev = Σ_k b_k over evidence facets with b_k ≥ 2 whose value was not credited within 24 h
 *     C  = min(S + Σ_k w_k · max(0, credit_k·2^(−age/6 h) − b_k), max(S, 1.25·P))
 *     R  = C + 0.3 · M · 40·(1 − e^(−A/40)) · min(1, C/12)
 *     A ← A·2^(−Δt/6 h) + max(0, ev − 6),  P ← max(P·2^(−Δt/6 h), S)
 *     M  = min(1, (m + ε)/(m̄ + ε)),  m = 1 − 2^−(days − 1),  ε = 0.02
 *
 * The second term of C keeps the news of a burst news: without it an attacker's network and calls
 * would be usual after the first few. P, the highest S of late, limits it: an ordinary burst whose
 * events each bring a little is not as much news as all of them together. m counts the days the entity was active, this one included;
 * m̄ is its mean over recent events. Newcomers thus get (nearly) no boost, unless all are new.
 * `REFERENCE_PARAMETERS` are the design without the second term, and with M = m.
 * `judge` changes nothing; `learn` takes what `judge` found for the same event.
 *
 * Bounded: six numbers an entity, and credits of the last 24 hours, of which the oldest of an
 * entity leave beyond a limit. Late events fade nothing.
 */
export class Evidence {
  readonly #plan: ModelPlan;
  #mass = new Float64Array(64);
  #time = new Float64Array(64);
  #days = new Int32Array(64);
  #lastDay = new Int32Array(64);
  /** Highest S of late, and when it was. */
  #peak = new Float64Array(64);
  #peakTime = new Float64Array(64);
  readonly #credits = new Credits();
  /** What the last look found: the credit of each facet's value. */
  readonly #found: Int32Array;
  /** Of the entities of recent events. */
  #meanMaturity = 0;
  /** Events behind that mean. */
  #judged = 0;
  /** Credits were last swept at this time. */
  #swept = Number.NEGATIVE_INFINITY;

  constructor(plan: ModelPlan) {
    this.#plan = plan;
    this.#found = new Int32Array(plan.facets.length);
  }

  /** Judges one event from the bits of its facets. */
  judge(ids: Int32Array, time: number, bits: Float64Array, out: Surprise): void {
    const {facets, entity: column, parameters} = this.#plan;
    const entity = ids[column]!;
    const limit = parameters.saturation;
    const credits = this.#credits;
    const found = this.#found;
    // All before any is used, so that they do not wait for each other where they miss the cache.
    for (let f = 0; f < facets.length; f++) {
      const {evidence, target} = facets[f]!;
      found[f] = evidence ? credits.find(entity, f, ids[target]!) : 0;
    }
    let surprise = 0;
    let fresh = 0;
    let carried = 0;
    for (let f = 0; f < facets.length; f++) {
      const facet = facets[f]!;
      const b = saturate(bits[f]!, limit);
      surprise += facet.weight * b;
      if (!facet.evidence) continue;
      const credit = found[f]!;
      if (b >= parameters.evidenceBits) fresh += this.#uncredited(credit, time, b);
      // Most credits are worth less than the bits of now, however fresh they are.
      if (credit !== 0 && credits.bitsOf(credit) * parameters.carryWeight > b) {
        const kept = this.#carried(credit, time);
        if (kept > b) carried += facet.weight * (kept - b);
      }
    }
    if (carried > 0) {
      const ceiling = parameters.carryCeiling * this.#peakAt(entity, time);
      carried = Math.min(carried, Math.max(0, ceiling - surprise));
    }
    const evidence = this.#massAt(entity, time);
    out.surprise = surprise;
    out.raised = surprise + carried;
    out.evidence = evidence;
    out.fresh = fresh;
    if (evidence > 0) {
      const {boostWeight, boostLimit, boostGate} = parameters;
      const boost = boostLimit * (1 - Math.exp(-evidence / boostLimit));
      const maturity = this.#relativeMaturity(entity, time);
      out.raised += boostWeight * maturity * boost * Math.min(1, out.raised / boostGate);
    }
  }

  /** Takes the event into account; `judged` is what `judge` gave for it. */
  learn(ids: Int32Array, time: number, bits: Float64Array, judged: Surprise): void {
    const {facets, entity: column, parameters} = this.#plan;
    const entity = ids[column]!;
    if (entity >= this.#mass.length) this.#grow(entity + 1);
    if (judged.fresh > 0) {
      for (let f = 0; f < facets.length; f++) {
        const facet = facets[f]!;
        if (!facet.evidence) continue;
        const b = saturate(bits[f]!, parameters.saturation);
        if (b < parameters.evidenceBits) continue;
        const value = ids[facet.target]!;
        const credit = this.#credits.find(entity, f, value);
        if (this.#uncredited(credit, time, b) > 0) this.#credit(entity, f, value, time, b);
      }
    }
    this.#judged = Math.min(this.#judged + 1, MATURITY_EVENTS);
    this.#meanMaturity += (this.#maturity(entity, time) - this.#meanMaturity) / this.#judged;
    if (judged.surprise > this.#peakAt(entity, time)) {
      this.#peak[entity] = judged.surprise;
      this.#peakTime[entity] = time;
    }
    const gain = judged.fresh - parameters.evidenceFloor;
    if (gain > 0) {
      this.#mass[entity] = judged.evidence + gain;
      this.#time[entity] = Math.max(this.#time[entity]!, time);
    }
    const day = dayOf(time);
    if (this.#days[entity] === 0 || day > this.#lastDay[entity]!) {
      this.#days[entity]!++;
      this.#lastDay[entity] = day;
    }
    if (time - this.#swept > parameters.creditHours * HOUR_MS) this.#sweep(time);
  }

  /** Days on which the entity was active. */
  days(entity: number): number {
    return this.#days[entity] ?? 0;
  }

  /** Forgets an entity, whose id may then be given again. */
  forget(entity: number): void {
    if (entity >= this.#mass.length) return;
    this.#mass[entity] = 0;
    this.#time[entity] = 0;
    this.#peak[entity] = 0;
    this.#peakTime[entity] = 0;
    this.#days[entity] = 0;
    this.#lastDay[entity] = 0;
    this.#credits.removeAll(entity);
  }

  #massAt(entity: number, time: number): number {
    const mass = this.#mass[entity] ?? 0;
    if (mass === 0) return 0;
    const hours = Math.max(0, time - this.#time[entity]!) / HOUR_MS;
    return mass * halved(hours / this.#plan.parameters.evidenceHalfLifeHours);
  }

  #peakAt(entity: number, time: number): number {
    const peak = this.#peak[entity] ?? 0;
    if (peak === 0) return 0;
    const hours = Math.max(0, time - this.#peakTime[entity]!) / HOUR_MS;
    return peak * halved(hours / this.#plan.parameters.carryHalfLifeHours);
  }

  /** 0 on the first day on which the entity is active, soon 1. */
  #maturity(entity: number, time: number): number {
    return MATURITY[Math.min(this.#daysAt(entity, time), MATURITY.length - 1)]!;
  }

  /** Maturity against that of others: in a stream where all are new, being new is no excuse. */
  #relativeMaturity(entity: number, time: number): number {
    const own = this.#maturity(entity, time);
    const {maturityFloor: floor} = this.#plan.parameters;
    return floor === 0 ? own : Math.min(1, (own + floor) / (this.#meanMaturity + floor));
  }

  /** Bits that a credited value still has: what was news a while ago is not yet usual. */
  #carried(credit: number, time: number): number {
    const {carryWeight, carryHalfLifeHours} = this.#plan.parameters;
    const hours = Math.max(0, time - this.#credits.timeOf(credit)) / HOUR_MS;
    return carryWeight * this.#credits.bitsOf(credit) * halved(hours / carryHalfLifeHours);
  }

  #daysAt(entity: number, time: number): number {
    const days = this.#days[entity] ?? 0;
    return days === 0 || dayOf(time) > this.#lastDay[entity]! ? days + 1 : days;
  }

  /** Bits that are news, given the credit of their value; 0 for none. */
  #uncredited(credit: number, time: number, bits: number): number {
    if (credit === 0) return bits;
    const {creditHours, evidenceExcess} = this.#plan.parameters;
    if (time - this.#credits.timeOf(credit) >= creditHours * HOUR_MS) return bits;
    const excess = bits - this.#credits.bitsOf(credit);
    return excess > evidenceExcess ? excess : 0;
  }

  #credit(entity: number, facet: number, value: number, time: number, bits: number): void {
    const credits = this.#credits;
    credits.set(entity, facet, value, time, bits);
    if (credits.count(entity) > this.#plan.parameters.credits) credits.removeOldest(entity);
  }

  #sweep(time: number): void {
    this.#swept = time;
    this.#credits.removeUntil(time - this.#plan.parameters.creditHours * HOUR_MS);
  }

  #grow(needed: number): void {
    const length = Math.max(needed, this.#mass.length * 2);
    this.#mass = widened(this.#mass, length);
    this.#time = widened(this.#time, length);
    this.#peak = widened(this.#peak, length);
    this.#peakTime = widened(this.#peakTime, length);
    const days = new Int32Array(length);
    const lastDay = new Int32Array(length);
    days.set(this.#days);
    lastDay.set(this.#lastDay);
    this.#days = days;
    this.#lastDay = lastDay;
  }

  /** Marks the ids that evidence still refers to, by column. */
  mark(used: readonly Uint8Array[]): void {
    const {facets, entity} = this.#plan;
    this.#credits.each((id, facet, value) => {
      used[entity]![id] = 1;
      used[facets[facet]!.target]![value] = 1;
    });
  }

  save(to: SectionWriter): void {
    const credits: number[] = [];
    this.#credits.each((entity, facet, value, time, bits) => {
      credits.push(entity, value * FACETS + facet, time, bits);
    });
    to.write('evidence.mass', this.#mass);
    to.write('evidence.time', this.#time);
    to.write('evidence.peak', this.#peak);
    to.write('evidence.peak_time', this.#peakTime);
    to.write('evidence.days', this.#days);
    to.write('evidence.last_day', this.#lastDay);
    to.numbers('evidence.credits', credits);
    to.numbers('evidence.swept', [this.#swept, this.#meanMaturity, this.#judged]);
  }

  restore(from: SectionReader): void {
    this.#mass = from.float64('evidence.mass').slice();
    this.#time = from.float64('evidence.time').slice();
    this.#peak = from.float64('evidence.peak').slice();
    this.#peakTime = from.float64('evidence.peak_time').slice();
    this.#days = from.int32('evidence.days').slice();
    this.#lastDay = from.int32('evidence.last_day').slice();
    const [swept, meanMaturity, judged] = from.float64('evidence.swept');
    this.#swept = swept!;
    this.#meanMaturity = meanMaturity!;
    this.#judged = judged!;
    this.#credits.clear();
    const credits = from.float64('evidence.credits');
    for (let i = 0; i + 3 < credits.length; i += 4) {
      const [entity, key, time, bits] = credits.subarray(i, i + 4);
      this.#credits.set(entity!, key! % FACETS, Math.floor(key! / FACETS), time!, bits!);
    }
  }
}

/** limit · (1 − e^(−bits/limit)): one facet never shouts. */
export function saturate(bits: number, limit: number): number {
  const x = bits / limit;
  // Taylor's series, right to 1e-10 of itself there, is much cheaper than the function.
  if (x < 0.15) {
    return (
      bits *
      (1 - x * (1 / 2 - x * (1 / 6 - x * (1 / 24 - x * (1 / 120 - x * (1 / 720 - x / 5_040))))))
    );
  }
  return limit * (1 - Math.exp(-x));
}

/** 2^−times; `**` takes twice as long. */
function halved(times: number): number {
  return Math.exp(-Math.LN2 * times);
}

function widened(numbers: Float64Array, length: number) {
  const wide = new Float64Array(length);
  wide.set(numbers);
  return wide;
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 1 − 2^−(days − 1), by days from 1 on; from 54 on it is 1. */
const MATURITY = Float64Array.from({length: 60}, (_, days) => 1 - 2 ** (1 - days));
/** Events over which the mean maturity is taken. */
const MATURITY_EVENTS = 5_000;
/** More than any plan has (`assertPlan`): in a snapshot a facet and a value are one number. */
const FACETS = 64;
