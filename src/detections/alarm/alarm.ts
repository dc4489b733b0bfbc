import {assert} from '../../base/assert.ts';
import type {AlarmChange, AlarmState, Evaluator, EventNote, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {valueAt} from '../path.ts';
import {MAX_DIMENSION_LENGTH, numberOf} from '../pattern/metric.ts';
import {type Decision, decide} from './decide.ts';
import {MetricSeries, type Window} from './metric.ts';
import {decisionReason} from './reason.ts';
import {
  type AlarmSettings,
  breaches,
  checkAlarm,
  fieldPath,
  parseStatistic,
  rangeOf,
  type Statistic,
  stepOf,
} from './settings.ts';

/**
 * How long evaluation waits for late events, in event time: CloudTrail delivers within about 15
 * minutes of a call.
 */
export const DEFAULT_LATENESS_MS = 15 * 60_000;

/** Series of a metric with dimensions; the one that was least recently heard of makes room. */
export const MAX_SERIES = 1000;

/** Buckets of all series together; the newest of a series makes room, dates being what is wrong. */
export const MAX_BUCKETS = 100_000;

/** An event dated further ahead of time than this is not told before time has come there. */
const MAX_AHEAD_MS = 86_400_000;

const NEVER = Number.NEGATIVE_INFINITY;

/** Which events an alarm counts. */
export interface AlarmFilter {
  readonly needs: Needs;
  matches(event: DetectionEvent): boolean;
  /** In place of the metric's own value; undefined for an event that has none. */
  value?(event: DetectionEvent): number | undefined;
  /** In place of the fields of the metric's dimensions; undefined for an event without one. */
  dimensions?(event: DetectionEvent): Readonly<Record<string, string>> | undefined;
}

export interface AlarmOptions {
  /** `DEFAULT_LATENESS_MS` unless given; 0 to evaluate at once, as a test of a detection does. */
  readonly latenessMs?: number;
}

/** Where an alarm stands. */
export interface AlarmStatus {
  readonly state: AlarmState;
  /** Event time that has been evaluated, late events waited for; null before the first time. */
  readonly settled: number | null;
  /** What the newest datapoints say so far; late events may still change it. */
  readonly provisional: AlarmState;
  readonly series: number;
  /** Events that came after their time had been evaluated. */
  readonly late: number;
  /** Series and buckets given up for want of room. */
  readonly forgotten: number;
}

/** One alarm over one series. */
interface Series {
  readonly metric: MetricSeries;
  /** Values of the dimensions, by the order of their names in the declaration. */
  readonly dimensions: readonly string[];
  state: AlarmState;
  /** What the newest evaluation with an answer said: `state` but for what was set by hand. */
  evaluated: AlarmState;
  /** End of the window for which ALARM has been told before it was settled; NEVER without. */
  told: number;
  /** The newest event that was told of, where its datapoints begin, and how many they hold. */
  toldEvent: number;
  toldFrom: number;
  toldCount: number;
}

interface Evaluation {
  readonly decision: Decision;
  /** Those that decided, oldest first, missing ones between them included. */
  readonly datapoints: readonly {readonly start: number; readonly value: number | null}[];
  readonly matched: number;
}

interface Judged {
  readonly key: string;
  readonly series: Series;
  readonly evaluation: Evaluation;
}

/**
 * A metric alarm as CloudWatch has it, over event time.
 *
 * Every minute of event time (every ten seconds for shorter periods) is evaluated once, in order,
 * when time has come `latenessMs` beyond it. So its states and their times depend on the events
 * alone, not on the order in which they come nor on how the stream is cut, as long as they come
 * within that bound. Later ones still count for the windows not yet evaluated.
 *
 * What cannot wait does not: where further events can only add to a breach (counts, sums of a
 * constant, maxima, above a threshold), the hit is told with the event that completes it, and not
 * again when the change of state follows. Nor is a change to ALARM that rests on events already
 * told of a hit.
 *
 * Needs every event when the metric has a default, since that speaks of minutes in which events
 * came and none matched; those are not parsed.
 */
export class Alarm implements Evaluator {
  readonly needs: Needs;
  readonly #settings: AlarmSettings;
  readonly #filter: AlarmFilter;
  readonly #latenessMs: number;
  readonly #stepMs: number;
  /** From the oldest to the end of the newest datapoint of an evaluation. */
  readonly #rangeMs: number;
  readonly #statistic: Statistic;
  readonly #value: ((event: DetectionEvent) => number | undefined) | number;
  readonly #dimensions: readonly (readonly (string | number)[])[];
  /** Are there series by dimensions, rather than one? */
  readonly #named: boolean;
  /** Can a window that breaches only go on to breach, whatever else comes into it? */
  readonly #grows: boolean;
  /** Does an operation meet the filter's needs? Asked here where the alarm needs every event. */
  readonly #wanted = new Map<string, boolean>();

  /** By dimensions; in the order in which they were last heard of. */
  #series = new Map<string, Series>();
  #state: AlarmState = 'INSUFFICIENT_DATA';
  /** The last instant evaluated; before the first one, the instant before it. */
  #settled = NEVER;
  #clock = NEVER;
  /** Has any instant been evaluated? Until then, earlier events move the beginning. */
  #begun = false;
  /** What was set by hand is left alone up to here. */
  #heldUntil = NEVER;
  #late = 0;
  #forgotten = 0;
  /** Of all series. */
  #buckets = 0;

  /** @param settings without problems, as `checkAlarm` finds them */
  constructor(settings: AlarmSettings, filter: AlarmFilter, options: AlarmOptions = {}) {
    const problems = checkAlarm(settings);
    assert(problems.length === 0, `alarm with problems: ${problems[0]?.message}`);
    const {metric, periodMs} = settings;
    this.#settings = settings;
    this.#filter = filter;
    this.#latenessMs = options.latenessMs ?? DEFAULT_LATENESS_MS;
    this.#stepMs = stepOf(periodMs);
    this.#rangeMs = rangeOf(settings) * periodMs;
    this.#statistic = parseStatistic(settings.statistic) ?? 'Sum';
    this.#value = meter(settings, filter);
    const fields = Object.values(metric.dimensions ?? {});
    this.#dimensions = filter.dimensions === undefined ? fields.map(fieldPath) : [];
    this.#named = fields.length > 0;
    // Where missing data breaches, an alarm may long be in ALARM when an event comes.
    this.#grows =
      settings.missingData !== 'breaching' && grows(settings, this.#statistic, this.#value);
    this.needs = metric.default === undefined ? filter.needs : {};
    if (!this.#named) this.#seriesOf([]);
  }

  get status(): AlarmStatus {
    const provisional = this.#overall((series) => this.#provisional(series));
    return {
      state: this.#state,
      settled: this.#settled === NEVER ? null : this.#settled,
      provisional,
      series: this.#series.size,
      late: this.#late,
      forgotten: this.#forgotten,
    };
  }

  alarmState(): AlarmState {
    return this.#state;
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {time} = event;
    if (!this.#matches(event)) {
      const {default: initial} = this.#settings.metric;
      if (initial === undefined || time < this.#oldest()) return;
      this.#begin(time);
      for (const {metric} of this.#series.values()) {
        if (metric.addDefault(time, initial)) this.#makeRoom();
      }
      return;
    }
    const value = typeof this.#value === 'number' ? this.#value : this.#value(event);
    if (value === undefined) return;
    const dimensions = this.#dimensionsOf(event);
    if (dimensions === undefined) return;
    if (this.#begun && time < this.#settled) this.#late++;
    if (time < this.#oldest()) return;
    this.#begin(time);
    const series = this.#seriesOf(dimensions);
    const added = series.metric.add(time, value, eventNote(event));
    this.#tellEarly(series, event, sink);
    if (added) this.#makeRoom();
  }

  advance(time: number, sink: Sink): void {
    if (time <= this.#clock) return;
    this.#begin(time);
    this.#clock = time;
    const to = this.#floor(time - this.#latenessMs);
    if (to <= this.#settled) return;
    let at = this.#settled + this.#stepMs;
    while (at <= to) {
      this.#begun = true;
      this.#evaluate(at, sink);
      this.#settled = at;
      at = this.#nextInstant(at);
    }
    this.#settled = Math.max(this.#settled, to);
    const oldest = this.#oldest();
    this.#buckets = 0;
    for (const {metric} of this.#series.values()) {
      metric.settle(oldest, this.#settled);
      this.#buckets += metric.size;
    }
  }

  /**
   * Sets the state, for a drill. As with SetAlarmState, it holds until the next evaluation: here
   * that of the first instant after `time`. A change to ALARM that is due before is not held back.
   */
  setState(state: AlarmState, reason: string, time: number, sink: Sink): void {
    const from = this.#state;
    this.#begin(time);
    this.#heldUntil = Math.max(this.#heldUntil, this.#floor(time));
    this.#state = state;
    if (!this.#named) {
      for (const series of this.#series.values()) series.state = state;
    }
    if (from === state) return;
    sink.alarm({time, from, to: state, reason, datapoints: [], events: []});
    if (state === 'ALARM') {
      const facts = {...this.#facts(), value: '', reason, drill: 'yes'};
      sink.hit({time, event: null, group: [], facts, evidence: [], count: 0});
    }
  }

  state(): Json {
    return {
      alarm: 1,
      step: this.#stepMs,
      metric: this.#identity(),
      state: this.#state,
      settled: finite(this.#settled),
      clock: finite(this.#clock),
      begun: this.#begun,
      heldUntil: finite(this.#heldUntil),
      late: this.#late,
      forgotten: this.#forgotten,
      series: [...this.#series.values()].map(({metric, ...rest}) => ({
        ...rest,
        told: finite(rest.told),
        toldEvent: finite(rest.toldEvent),
        toldFrom: finite(rest.toldFrom),
        metric: metric.state(),
      })),
    };
  }

  /** A state of another metric or step is left; another threshold goes on with the datapoints. */
  restore(state: Json): void {
    const kept = state as unknown as {
      alarm?: number;
      step: number;
      metric: string;
      state: AlarmState;
      settled: number | null;
      clock: number | null;
      begun: boolean;
      heldUntil: number | null;
      late: number;
      forgotten: number;
      series: {
        dimensions: string[];
        state: AlarmState;
        evaluated: AlarmState;
        told: number | null;
        toldEvent: number | null;
        toldFrom?: number | null;
        toldCount: number;
        metric: Json;
      }[];
    } | null;
    if (kept?.alarm !== 1 || kept.step !== this.#stepMs) return;
    if (kept.metric !== this.#identity()) return;
    this.#state = kept.state;
    this.#settled = kept.settled ?? NEVER;
    this.#clock = kept.clock ?? NEVER;
    this.#begun = kept.begun;
    this.#heldUntil = kept.heldUntil ?? NEVER;
    this.#late = kept.late;
    this.#forgotten = kept.forgotten;
    this.#series = new Map();
    for (const own of kept.series) {
      const series = this.#seriesOf(own.dimensions);
      series.state = own.state;
      series.evaluated = own.evaluated;
      series.told = own.told ?? NEVER;
      series.toldEvent = own.toldEvent ?? NEVER;
      series.toldFrom = own.toldFrom ?? NEVER;
      series.toldCount = own.toldCount;
      series.metric.restore(own.metric);
    }
    this.#buckets = 0;
    for (const {metric} of this.#series.values()) this.#buckets += metric.size;
  }

  /** Time begins with the first that is heard of it; earlier events move that until it is settled. */
  #begin(time: number): void {
    const start = this.#floor(time);
    const bound = this.#clock === NEVER ? NEVER : this.#floor(this.#clock - this.#latenessMs);
    const earlier = !this.#begun && start < this.#settled && start >= bound;
    if (this.#settled === NEVER || earlier) this.#settled = start;
  }

  /** Start of the oldest bucket that an evaluation to come may look at. */
  #oldest(): number {
    return this.#begun ? this.#settled + this.#stepMs - this.#rangeMs : NEVER;
  }

  #matches(event: DetectionEvent): boolean {
    if (this.#settings.metric.default === undefined) return this.#filter.matches(event);
    const {needs} = this.#filter;
    const {components} = event;
    let wanted = this.#wanted.get(components.operation);
    if (wanted === undefined) {
      wanted = needs.operation?.(components.operation) ?? true;
      if (this.#wanted.size >= MAX_BUCKETS) this.#wanted.clear();
      this.#wanted.set(components.operation, wanted);
    }
    return (
      wanted &&
      (needs.failed !== true || components.error !== '-') &&
      (needs.kinds?.has(components.kind) ?? true) &&
      event.score >= (needs.minScore ?? 0) &&
      this.#filter.matches(event)
    );
  }

  /** Undefined where the record lacks one, as CloudWatch then publishes nothing. */
  #dimensionsOf(event: DetectionEvent): string[] | undefined {
    const values: string[] = [];
    if (this.#named && this.#filter.dimensions !== undefined) {
      const found = this.#filter.dimensions(event);
      if (found === undefined) return undefined;
      for (const name of Object.keys(this.#settings.metric.dimensions ?? {})) {
        const text = found[name] ?? '';
        if (text === '') return undefined;
        values.push(text);
      }
      return values;
    }
    for (const steps of this.#dimensions) {
      const value = valueAt(event.record, steps);
      if (value === undefined || value === null || typeof value === 'object') return undefined;
      const text = String(value).slice(0, MAX_DIMENSION_LENGTH);
      if (text === '') return undefined;
      values.push(text);
    }
    return values;
  }

  #seriesOf(dimensions: readonly string[]): Series {
    const key = JSON.stringify(dimensions);
    const found = this.#series.get(key);
    const series: Series = found ?? {
      metric: new MetricSeries(this.#stepMs, this.#statistic),
      dimensions,
      state: 'INSUFFICIENT_DATA',
      evaluated: 'INSUFFICIENT_DATA',
      told: NEVER,
      toldEvent: NEVER,
      toldFrom: NEVER,
      toldCount: 0,
    };
    if (this.#named) this.#series.delete(key);
    this.#series.set(key, series);
    return series;
  }

  /** After a bucket was added. */
  #makeRoom(): void {
    this.#buckets++;
    while (this.#series.size > MAX_SERIES) {
      const [key] = this.#series.keys();
      this.#buckets -= this.#series.get(key as string)?.metric.size ?? 0;
      this.#series.delete(key as string);
      this.#forgotten++;
    }
    while (this.#buckets > MAX_BUCKETS) {
      let furthest: Series | undefined;
      for (const series of this.#series.values()) {
        if (furthest === undefined || series.metric.last > furthest.metric.last) furthest = series;
      }
      furthest?.metric.dropLast();
      this.#buckets--;
      this.#forgotten++;
    }
  }

  #floor(time: number): number {
    return Math.floor(time / this.#stepMs) * this.#stepMs;
  }

  /** The next instant at which anything may differ: all is the same while windows stay empty. */
  #nextInstant(at: number): number {
    const one = at + this.#stepMs;
    if (at <= this.#heldUntil) return one;
    let next = Number.POSITIVE_INFINITY;
    for (const {metric} of this.#series.values()) {
      next = Math.min(next, metric.next(at - this.#rangeMs));
    }
    return Math.max(one, next + this.#stepMs);
  }

  #evaluate(at: number, sink: Sink): void {
    const held = at <= this.#heldUntil;
    let cause: Judged | undefined;
    const hits: Judged[] = [];
    for (const [key, series] of this.#series) {
      if (this.#named && series.state !== 'ALARM') {
        // A series that is not heard of any more is forgotten, whatever missing data means.
        const next = series.metric.next(at - this.#rangeMs);
        if (next >= at) {
          series.state = 'INSUFFICIENT_DATA';
          series.evaluated = 'INSUFFICIENT_DATA';
          if (next === Number.POSITIVE_INFINITY) this.#series.delete(key);
          continue;
        }
      }
      const evaluation = this.#evaluation(series, at);
      if (!this.#named) this.#tellDatapoint(series, at, sink);
      const {state} = evaluation.decision;
      if (state !== 'retain') {
        const rises = series.state !== 'ALARM' || series.evaluated !== 'ALARM';
        if (state === 'ALARM' && rises) hits.push({key, series, evaluation});
        const changes = series.state !== state && (!held || this.#named || state === 'ALARM');
        if (changes) {
          series.state = state;
          cause = pickCause(cause, {key, series, evaluation});
        }
        series.evaluated = state;
      }
    }
    const to = this.#overall(({state}) => state);
    if (to !== this.#state && (!held || to === 'ALARM')) {
      sink.alarm(this.#change(at, to, cause));
      this.#state = to;
    }
    // Series are in the order in which they were heard of, which nothing told may depend on.
    hits.sort(byKey);
    for (const {series, evaluation} of hits) this.#hit(at, series, evaluation, sink);
  }

  /** Told when its period, counted from the epoch, is complete. */
  #tellDatapoint({metric}: Series, at: number, sink: Sink): void {
    const {periodMs} = this.#settings;
    if (at % periodMs !== 0) return;
    const {value, samples} = metric.window(at - periodMs, at);
    if (value !== null) sink.datapoint({start: at - periodMs, periodMs, value, samples});
  }

  /** ALARM if any series is, else OK if any is; without any, what missing data means. */
  #overall(stateOf: (series: Series) => AlarmState): AlarmState {
    const {missingData} = this.#settings;
    let overall: AlarmState = 'INSUFFICIENT_DATA';
    if (this.#named && missingData === 'notBreaching') overall = 'OK';
    if (this.#named && missingData === 'ignore' && this.#state !== 'ALARM') overall = this.#state;
    for (const series of this.#series.values()) {
      const state = stateOf(series);
      if (state === 'ALARM') return state;
      if (state === 'OK') overall = state;
    }
    return overall;
  }

  #evaluation(series: Series, at: number): Evaluation {
    const {periodMs, comparison, threshold, evaluationPeriods} = this.#settings;
    const windows: Window[] = [];
    const range = rangeOf(this.#settings);
    for (let age = 0; age < range; age++) {
      const end = at - age * periodMs;
      windows.push(series.metric.window(end - periodMs, end));
    }
    const points = windows.map(({value}) =>
      value === null ? null : breaches(value, comparison, threshold),
    );
    const decision = decide(points, this.#settings);
    // As far back as the oldest that was counted, or the evaluation periods.
    let length = 0;
    let counted = 0;
    for (let age = 0; age < range && counted < decision.counted; age++) {
      if (points[age] === null) continue;
      counted++;
      length = age + 1;
    }
    if (decision.counted < evaluationPeriods) length = Math.max(length, evaluationPeriods);
    const chosen = windows.slice(0, length);
    return {
      decision,
      datapoints: chosen
        .map(({value}, age) => ({start: at - (age + 1) * periodMs, value}))
        .reverse(),
      matched: chosen.reduce((sum, {matched}) => sum + matched, 0),
    };
  }

  #change(at: number, to: AlarmState, cause: Judged | undefined): AlarmChange {
    const from = this.#state;
    if (cause === undefined) {
      const reason = 'No series of the metric has any datapoints';
      return {time: at, from, to, reason, datapoints: [], events: []};
    }
    const {series, evaluation} = cause;
    const {datapoints} = evaluation;
    return {
      time: at,
      from,
      to,
      reason: this.#reason(series, evaluation),
      datapoints,
      events: this.#events(series, evaluation, at),
    };
  }

  #reason(series: Series, {decision, datapoints}: Evaluation): string {
    const reason = decisionReason(this.#settings, decision, datapoints);
    const names = Object.keys(this.#settings.metric.dimensions ?? {});
    const named = names.map((name, i) => `${name} ${series.dimensions[i]}`);
    return named.length === 0 ? reason : `${named.join(', ')}: ${reason}`;
  }

  #events(series: Series, {datapoints}: Evaluation, at: number): readonly EventNote[] {
    return series.metric.notes(datapoints[0]?.start ?? at, at);
  }

  #hit(at: number, series: Series, evaluation: Evaluation, sink: Sink): void {
    const {evaluationPeriods, periodMs} = this.#settings;
    // Told already, with the event that completed it.
    const early = series.told >= at && series.told <= at + evaluationPeriods * periodMs;
    if (early) {
      series.told = NEVER;
      const newest = this.#events(series, evaluation, at).at(-1)?.time ?? NEVER;
      if (newest > series.toldEvent) remember(series, evaluation, newest);
    }
    if (early || this.#isOldNews(at, series, evaluation)) return;
    this.#tell(at, null, series, evaluation, sink);
  }

  /**
   * Sliding windows cut the same events anew every minute, and after the last of them an older
   * window may breach once more. CloudWatch notifies again; we change the state, but do not tell
   * of the same events twice.
   */
  #isOldNews(at: number, series: Series, evaluation: Evaluation): boolean {
    if (evaluation.matched === 0 || evaluation.decision.by === 'filled') return false;
    const newest = this.#events(series, evaluation, at).at(-1)?.time ?? NEVER;
    // Late events may make a breach of their own, before what was told of.
    if (newest < series.toldFrom) return false;
    return newest <= series.toldEvent && evaluation.matched <= series.toldCount;
  }

  #tell(
    at: number,
    event: DetectionEvent | null,
    series: Series,
    evaluation: Evaluation,
    sink: Sink,
  ): void {
    const evidence = this.#events(series, evaluation, at);
    const value = evaluation.datapoints.findLast((point) => point.value !== null)?.value ?? null;
    remember(series, evaluation, evidence.at(-1)?.time ?? NEVER);
    sink.hit({
      time: event?.time ?? at,
      event,
      group: series.dimensions,
      facts: {
        ...this.#facts(),
        value: value === null ? '' : String(value),
        reason: this.#reason(series, evaluation),
      },
      evidence,
      count: evaluation.matched,
    });
  }

  #facts(): Record<string, string> {
    const {metric, threshold} = this.#settings;
    return {metric: metric.name, threshold: String(threshold)};
  }

  /** A hit that no later event can take back is told at once. */
  #tellEarly(series: Series, event: DetectionEvent, sink: Sink): void {
    if (!this.#grows || series.state === 'ALARM' || series.told > this.#settled) return;
    if (this.#clock !== NEVER && event.time > this.#clock + MAX_AHEAD_MS) return;
    const first = this.#floor(event.time) + this.#stepMs;
    const {evaluationPeriods, periodMs} = this.#settings;
    // A late one may complete a window that ends later, with events that came before it.
    const until = Math.min(first + evaluationPeriods * periodMs, first + this.#latenessMs + 1);
    let at = first;
    while (at <= this.#settled || !this.#surelyBreaches(series, at)) {
      at = series.metric.next(at) + this.#stepMs;
      if (at >= until) return;
    }
    series.told = at;
    this.#tell(at, event, series, this.#evaluation(series, at), sink);
  }

  /** By the newest N periods alone: datapoints that are yet to come may displace older ones. */
  #surelyBreaches({metric}: Series, at: number): boolean {
    const {evaluationPeriods, datapointsToAlarm, periodMs, comparison, threshold} = this.#settings;
    let wanted = datapointsToAlarm;
    for (let age = 0; wanted > 0 && evaluationPeriods - age >= wanted; age++) {
      const end = at - age * periodMs;
      const {value} = metric.window(end - periodMs, end);
      if (value !== null && breaches(value, comparison, threshold)) wanted--;
    }
    return wanted === 0;
  }

  #provisional(series: Series): AlarmState {
    if (this.#clock === NEVER) return series.state;
    const {state} = this.#evaluation(series, this.#floor(this.#clock)).decision;
    return state === 'retain' ? series.state : state;
  }

  /** What its datapoints are made of: a state of other ones is of no use. */
  #identity(): string {
    const {metric, statistic} = this.#settings;
    const percentile = typeof this.#statistic === 'object' ? statistic : '';
    return JSON.stringify([
      metric.value,
      metric.default ?? null,
      metric.dimensions ?? {},
      percentile !== '',
    ]);
  }
}

function remember(series: Series, {datapoints, matched}: Evaluation, newest: number): void {
  series.toldEvent = newest;
  series.toldFrom = datapoints[0]?.start ?? NEVER;
  series.toldCount = matched;
}

/** Prefers a series in ALARM as what a change of the whole is owed to. */
function pickCause(cause: Judged | undefined, next: Judged): Judged {
  if (cause === undefined) return next;
  const alarms = Number(next.series.state === 'ALARM') - Number(cause.series.state === 'ALARM');
  return alarms > 0 || (alarms === 0 && byKey(next, cause) < 0) ? next : cause;
}

function byKey(a: Judged, b: Judged): number {
  return a.key < b.key ? -1 : Number(a.key > b.key);
}

function meter(
  {metric}: AlarmSettings,
  filter: AlarmFilter,
): number | ((event: DetectionEvent) => number | undefined) {
  if (filter.value !== undefined) return (event) => filter.value?.(event);
  if (typeof metric.value === 'number') return metric.value;
  const steps = fieldPath(metric.value);
  return (event) => numberOf(valueAt(event.record, steps));
}

/** Whether more events can only move a datapoint further beyond the threshold. */
function grows(settings: AlarmSettings, statistic: Statistic, value: unknown): boolean {
  const above = ['>', '>=', 'GreaterThanThreshold', 'GreaterThanOrEqualToThreshold'];
  if (!above.includes(settings.comparison)) return false;
  const constant = typeof value === 'number' ? value : Number.NaN;
  const {default: initial} = settings.metric;
  switch (statistic) {
    case 'SampleCount':
      return true;
    case 'Sum':
      return constant >= 0 && (initial ?? 0) <= constant && (initial ?? 0) >= 0;
    case 'Maximum':
      return initial === undefined || initial <= constant;
    default:
      return false;
  }
}

/** Infinity has no JSON. */
function finite(time: number): number | null {
  return time === NEVER ? null : time;
}
