import {assert} from '../base/assert.ts';
import type {Truth} from './truth.ts';

/** One event after scoring; which of it is an attack is for the truth to say. */
export interface ScoredEvent {
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly timeMs: number;
  readonly principal: string;
  readonly score: number;
  /** Orders events of equal score, such as bits before calibration; for all events or for none. */
  readonly rank?: number | undefined;
}

export interface EvaluationOptions {
  /**
   * First day that is judged, counted from 0, the UTC day of the earliest event that is not
   * ignored. What came before is warm-up and left out of every measure.
   */
  readonly judgeFrom?: number | undefined;
  /** The same by time, epoch milliseconds: judges from the UTC day that holds it. */
  readonly judgeFromMs?: number | undefined;
}

/** False alerts a day for which recall is reported. */
export const ALERT_BUDGETS = ['1', '2', '5', '10'] as const;
export type AlertBudget = (typeof ALERT_BUDGETS)[number];
export type ByBudget<T> = Readonly<Record<AlertBudget, T>>;

/** The budget at which detection times and the worst day are given. */
const REFERENCE_BUDGET: AlertBudget = '5';

export interface Threshold {
  /** Events above this are alerted on; null when every event is. */
  readonly score: number | null;
  /** The same for events of exactly that score. */
  readonly rank: number | null;
  /** What the threshold costs on average: at most the budget, less when alerts are tied. */
  readonly falseAlertsPerDay: number;
}

/**
 * How well scores tell attacks from the rest. A measure is null where it has no meaning: without
 * any judged attack event, or for `rocAuc` and the worst day without any benign one.
 */
export interface EvaluationResult {
  /** Area under the precision-recall curve, by event. */
  readonly averagePrecision: number | null;
  /** The same with every campaign weighing the same: the mean over campaigns of their events' precision. */
  readonly campaignAveragePrecision: number | null;
  readonly rocAuc: number | null;
  /** Share of campaigns found at this many false alerts a day. */
  readonly recallAt: ByBudget<number | null>;
  /** Share of attack events over the threshold at this many false alerts a day. */
  readonly eventRecallAt: ByBudget<number | null>;
  readonly thresholdAt: ByBudget<Threshold>;
  /** From a campaign's first judged event to its first event over the threshold, of those found. */
  readonly timeToDetection: {
    readonly falseAlertsPerDay: number;
    readonly found: number;
    readonly missed: number;
    readonly medianMinutes: number | null;
    readonly p90Minutes: number | null;
    /** Which event of the campaign, counted from 1. */
    readonly medianEvents: number | null;
    readonly p90Events: number | null;
  };
  readonly scenarios: Readonly<
    Record<string, {readonly campaigns: number; readonly recallAt: ByBudget<number>}>
  >;
  readonly worstFalseAlertDay: {
    readonly falseAlertsPerDay: number;
    /** As in 2024-03-01. */
    readonly day: string;
    readonly falseAlerts: number;
  } | null;
  readonly counts: {
    /** All that were given, of which the next two were left out. */
    readonly events: number;
    readonly ignored: number;
    readonly warmUp: number;
    readonly attack: number;
    readonly benign: number;
    readonly campaigns: number;
    /** Events the truth names that were never given. */
    readonly truthNotSeen: number;
    /** Judged days, from the first to the last, quiet ones among them. */
    readonly days: number;
    readonly principalDays: number;
    /** Principal-days with at least one attack event; no alert on them is false. */
    readonly attackPrincipalDays: number;
  };
}

const DAY_MS = 86_400_000;
const CHUNK = 1 << 16;
/** More days than there are in a thousand years, so that one number names a principal and a day. */
const DAYS_PER_PRINCIPAL = 1 << 22;

interface AttackEvent {
  readonly timeMs: number;
  readonly day: number;
  readonly campaign: string;
  readonly score: number;
  readonly rank: number;
}

interface Campaign {
  readonly scenario: string;
  readonly events: AttackEvent[];
}

/** Greater when `a` is more novel; scores first, ranks where they tie. */
function compare(a: {score: number; rank: number}, b: {score: number; rank: number}): number {
  return a.score - b.score || a.rank - b.rank;
}

/**
 * Gathers scored events, in any order, and measures them against the truth.
 *
 * An **alert** is a principal-day with an event over the threshold, a UTC day. It is false when
 * that principal-day has no attack event at all. The threshold for a budget of B is the lowest for
 * which false alerts average at most B a day over the judged days, and a **campaign** is found when
 * at least one of its events is over it. Events on the threshold are not over it, so that ties are
 * decided against the scorer: what cannot be told from a false alert too many is not found.
 *
 * Memory: 20 bytes a benign event, about 100 a principal-day and 100 an attack event. Ten million
 * events take about 200 MB.
 *
 * The caller must have removed duplicates by event id.
 */
export class Evaluation {
  readonly #truth: Truth;
  readonly #judgeFrom: number;
  readonly #judgeFromDay: number;

  // Benign events by column, in chunks, so that growing never copies.
  readonly #scores: Float64Array[] = [];
  readonly #ranks: Float64Array[] = [];
  readonly #days: Int32Array[] = [];
  #benign = 0;

  readonly #attacks: AttackEvent[] = [];
  readonly #scenarios = new Map<string, string>();

  // Principal-days by column; `#attacked` marks those with an attack event.
  readonly #principals = new Map<string, number>();
  readonly #latestCell: number[] = [];
  readonly #principalDays = new Map<number, number>();
  readonly #dayOf: number[] = [];
  readonly #maxScore: number[] = [];
  readonly #maxRank: number[] = [];
  readonly #attacked: boolean[] = [];

  #events = 0;
  #ignored = 0;
  readonly #seenTruth = new Set<string>();

  constructor(truth: Truth, options: EvaluationOptions = {}) {
    const judgeFrom = options.judgeFrom ?? 0;
    assert(judgeFrom >= 0, `judgeFrom must not be negative, is ${judgeFrom}`);
    this.#truth = truth;
    this.#judgeFrom = Math.floor(judgeFrom);
    this.#judgeFromDay = Math.floor((options.judgeFromMs ?? -Infinity) / DAY_MS);
  }

  add(event: ScoredEvent): void {
    const {timeMs, score, rank = 0} = event;
    assert(Number.isFinite(timeMs), `time must be finite, is ${timeMs}`);
    assert(Number.isFinite(score), `score must be finite, is ${score}`);
    assert(Number.isFinite(rank), `rank must be finite, is ${rank}`);

    this.#events++;
    const entry = this.#truth.get(event.eventId);
    if (entry !== undefined) this.#seenTruth.add(event.eventId);
    if (entry !== undefined && 'ignore' in entry) {
      this.#ignored++;
      return;
    }
    const day = Math.floor(timeMs / DAY_MS);
    const cell = this.#principalDay(event.principal, day);
    if (entry !== undefined) {
      this.#attacked[cell] = true;
      this.#attacks.push({timeMs, day, campaign: entry.campaign, score, rank});
      this.#scenarios.set(entry.campaign, entry.scenario);
      return;
    }
    const most = this.#maxScore[cell] as number;
    if (score > most || (score === most && rank > (this.#maxRank[cell] as number))) {
      this.#maxScore[cell] = score;
      this.#maxRank[cell] = rank;
    }
    const at = this.#benign % CHUNK;
    if (at === 0) {
      this.#scores.push(new Float64Array(CHUNK));
      this.#ranks.push(new Float64Array(CHUNK));
      this.#days.push(new Int32Array(CHUNK));
    }
    const chunk = this.#scores.length - 1;
    (this.#scores[chunk] as Float64Array)[at] = score;
    (this.#ranks[chunk] as Float64Array)[at] = rank;
    (this.#days[chunk] as Int32Array)[at] = day;
    this.#benign++;
  }

  result(): EvaluationResult {
    const firstDay = this.#dayOf.reduce((least, day) => Math.min(least, day), Infinity);
    const lastDay = this.#dayOf.reduce((most, day) => Math.max(most, day), -Infinity);
    const from = Math.max(firstDay + this.#judgeFrom, this.#judgeFromDay);
    const days = this.#dayOf.length === 0 ? 0 : Math.max(0, lastDay - from + 1);

    const attacks = this.#attacks.filter((event) => event.day >= from);
    const campaigns = new Map<string, Campaign>();
    for (const event of attacks.toSorted((a, b) => a.timeMs - b.timeMs)) {
      const campaign = campaigns.get(event.campaign);
      if (campaign !== undefined) campaign.events.push(event);
      else {
        const scenario = this.#scenarios.get(event.campaign) ?? '';
        campaigns.set(event.campaign, {scenario, events: [event]});
      }
    }

    const cells = [...this.#dayOf.keys()].filter((cell) => (this.#dayOf[cell] as number) >= from);
    const falseMaxima: {score: number; rank: number; day: number}[] = [];
    for (const cell of cells) {
      if (this.#attacked[cell]) continue;
      falseMaxima.push({
        score: this.#maxScore[cell] as number,
        rank: this.#maxRank[cell] as number,
        day: this.#dayOf[cell] as number,
      });
    }
    falseMaxima.sort((a, b) => compare(b, a));

    const curves = this.#curves(attacks, from);
    const thresholds = byBudget((budget) => thresholdFor(falseMaxima, Number(budget) * days));
    const found = byBudget((budget) => detections(campaigns, thresholds[budget]));
    const reference = found[REFERENCE_BUDGET];

    return {
      averagePrecision: curves.averagePrecision,
      campaignAveragePrecision: curves.campaignAveragePrecision,
      rocAuc: curves.rocAuc,
      recallAt: byBudget((budget) => share(found[budget].size, campaigns.size)),
      eventRecallAt: byBudget((budget) => {
        const over = attacks.filter((event) => compare(event, thresholds[budget]) > 0);
        return share(over.length, attacks.length);
      }),
      thresholdAt: byBudget((budget) => {
        const {score, rank} = thresholds[budget];
        const over = falseMaxima.filter((day) => compare(day, thresholds[budget]) > 0).length;
        return {
          score: Number.isFinite(score) ? score : null,
          rank: Number.isFinite(rank) ? rank : null,
          falseAlertsPerDay: days === 0 ? 0 : over / days,
        };
      }),
      timeToDetection: {
        falseAlertsPerDay: Number(REFERENCE_BUDGET),
        found: reference.size,
        missed: campaigns.size - reference.size,
        medianMinutes: quantile(
          [...reference.values()].map(({minutes}) => minutes),
          0.5,
        ),
        p90Minutes: quantile(
          [...reference.values()].map(({minutes}) => minutes),
          0.9,
        ),
        medianEvents: quantile(
          [...reference.values()].map(({events}) => events),
          0.5,
        ),
        p90Events: quantile(
          [...reference.values()].map(({events}) => events),
          0.9,
        ),
      },
      scenarios: byScenario(campaigns, found),
      worstFalseAlertDay: worstDay(falseMaxima, thresholds[REFERENCE_BUDGET]),
      counts: {
        events: this.#events,
        ignored: this.#ignored,
        warmUp: this.#events - this.#ignored - attacks.length - curves.benign,
        attack: attacks.length,
        benign: curves.benign,
        campaigns: campaigns.size,
        truthNotSeen: this.#truth.size - this.#seenTruth.size,
        days,
        principalDays: cells.length,
        attackPrincipalDays: cells.length - falseMaxima.length,
      },
    };
  }

  #principalDay(principal: string, day: number): number {
    let id = this.#principals.get(principal);
    if (id === undefined) {
      id = this.#principals.size;
      this.#principals.set(principal, id);
      this.#latestCell.push(-1);
    }
    // Events mostly come in order, so that a principal is mostly still on its latest day.
    const latest = this.#latestCell[id] as number;
    if (this.#dayOf[latest] === day) return latest;

    const key = id * DAYS_PER_PRINCIPAL + day;
    let cell = this.#principalDays.get(key);
    if (cell === undefined) {
      cell = this.#principalDays.size;
      this.#principalDays.set(key, cell);
      this.#dayOf.push(day);
      this.#maxScore.push(-Infinity);
      this.#maxRank.push(-Infinity);
      this.#attacked.push(false);
    }
    this.#latestCell[id] = cell;
    return cell;
  }

  /**
   * Areas under both curves, without sorting the benign events: each is placed among the distinct
   * levels of the few attack events, O(n log a).
   *
   * - ROC: Mann and Whitney's U (1947), ties counting one half.
   * - Precision and recall: the sum over levels of precision times the gain in recall. A threshold
   *   cannot split events of equal score, so that all of a level share the precision at its end.
   *   Campaign-weighted, only the gain in recall is weighted; precision still counts events.
   */
  #curves(attacks: readonly AttackEvent[], from: number) {
    const sorted = attacks.toSorted((a, b) => compare(a, b));
    const levels: {score: number; rank: number; attacks: AttackEvent[]}[] = [];
    for (const event of sorted) {
      const last = levels.at(-1);
      if (last !== undefined && compare(last, event) === 0) last.attacks.push(event);
      else levels.push({score: event.score, rank: event.rank, attacks: [event]});
    }
    const levelScores = Float64Array.from(levels, ({score}) => score);
    const levelRanks = Float64Array.from(levels, ({rank}) => rank);
    // below[i]: benign events between level i - 1 and level i; equal[i]: on level i.
    const below = new Float64Array(levels.length + 1);
    const equal = new Float64Array(levels.length + 1);

    let benign = 0;
    for (let i = 0; i < this.#benign; i++) {
      const chunk = Math.floor(i / CHUNK);
      const at = i % CHUNK;
      if (((this.#days[chunk] as Int32Array)[at] as number) < from) continue;
      benign++;
      const score = (this.#scores[chunk] as Float64Array)[at] as number;
      const rank = (this.#ranks[chunk] as Float64Array)[at] as number;
      let low = 0;
      let high = levels.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const levelScore = levelScores[middle] as number;
        const lower =
          levelScore < score || (levelScore === score && (levelRanks[middle] as number) < rank);
        if (lower) low = middle + 1;
        else high = middle;
      }
      const tied = low < levels.length && levelScores[low] === score && levelRanks[low] === rank;
      if (tied) equal[low] = (equal[low] as number) + 1;
      else below[low] = (below[low] as number) + 1;
    }
    if (attacks.length === 0) {
      return {averagePrecision: null, campaignAveragePrecision: null, rocAuc: null, benign};
    }

    const sizes = new Map<string, number>();
    for (const {campaign} of attacks) sizes.set(campaign, (sizes.get(campaign) ?? 0) + 1);
    let benignOver = below[levels.length] as number;
    let attacksOver = 0;
    let precisionSum = 0;
    let campaignSum = 0;
    let wins = 0;
    for (let i = levels.length - 1; i >= 0; i--) {
      const level = levels[i]?.attacks ?? [];
      const ties = equal[i] as number;
      benignOver += ties;
      attacksOver += level.length;
      const precision = attacksOver / (attacksOver + benignOver);
      precisionSum += precision * level.length;
      for (const {campaign} of level) campaignSum += precision / (sizes.get(campaign) as number);
      wins += level.length * (benign - benignOver + ties / 2);
      benignOver += below[i] as number;
    }
    return {
      averagePrecision: precisionSum / attacks.length,
      campaignAveragePrecision: campaignSum / sizes.size,
      rocAuc: share(wins, attacks.length * benign),
      benign,
    };
  }
}

/** Measures a whole sequence at once; see `Evaluation`. */
export function evaluate(
  events: Iterable<ScoredEvent>,
  truth: Truth,
  options: EvaluationOptions = {},
): EvaluationResult {
  const evaluation = new Evaluation(truth, options);
  for (const event of events) evaluation.add(event);
  return evaluation.result();
}

function byBudget<T>(of: (budget: AlertBudget) => T): ByBudget<T> {
  return {'1': of('1'), '2': of('2'), '5': of('5'), '10': of('10')};
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Lowest level that at most `allowed` of the maxima, sorted downwards, are over. */
function thresholdFor(maxima: readonly {score: number; rank: number}[], allowed: number) {
  return maxima[Math.floor(allowed)] ?? {score: -Infinity, rank: -Infinity};
}

interface Detection {
  readonly minutes: number;
  readonly events: number;
}

function detections(
  campaigns: ReadonlyMap<string, Campaign>,
  threshold: {score: number; rank: number},
): Map<string, Detection> {
  const found = new Map<string, Detection>();
  for (const [name, {events}] of campaigns) {
    const index = events.findIndex((event) => compare(event, threshold) > 0);
    const [first, over] = [events[0], events[index]];
    if (first === undefined || over === undefined) continue;
    found.set(name, {minutes: (over.timeMs - first.timeMs) / 60_000, events: index + 1});
  }
  return found;
}

function byScenario(
  campaigns: ReadonlyMap<string, Campaign>,
  found: ByBudget<ReadonlyMap<string, Detection>>,
): EvaluationResult['scenarios'] {
  const names = [...new Set([...campaigns.values()].map(({scenario}) => scenario))].sort();
  return Object.fromEntries(
    names.map((scenario) => {
      const ours = [...campaigns].filter(([, campaign]) => campaign.scenario === scenario);
      const recallAt = byBudget(
        (budget) => ours.filter(([name]) => found[budget].has(name)).length / ours.length,
      );
      return [scenario, {campaigns: ours.length, recallAt}];
    }),
  );
}

/** The day with most false alerts, the first of several. */
function worstDay(
  maxima: readonly {score: number; rank: number; day: number}[],
  threshold: {score: number; rank: number},
): EvaluationResult['worstFalseAlertDay'] {
  if (maxima.length === 0) return null;
  const alerts = new Map<number, number>();
  for (const maximum of maxima) {
    const over = compare(maximum, threshold) > 0 ? 1 : 0;
    alerts.set(maximum.day, (alerts.get(maximum.day) ?? 0) + over);
  }
  const [day, falseAlerts] = [...alerts].reduce((worst, next) =>
    next[1] > worst[1] || (next[1] === worst[1] && next[0] < worst[0]) ? next : worst,
  );
  return {
    falseAlertsPerDay: Number(REFERENCE_BUDGET),
    day: new Date(day * DAY_MS).toISOString().slice(0, 10),
    falseAlerts,
  };
}

/** Interpolated between the two nearest (Hyndman and Fan 1996, type 7); null of nothing. */
function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}
