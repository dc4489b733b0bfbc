import {assert} from '../../base/assert.ts';
import {hash64} from '../../base/hash.ts';
import {noteFrom, noteState} from '../alarm/metric.ts';
import type {Attribution, Episode, Evaluator, EventNote, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {Baseline, BIN_MS, type Expectation} from './baseline.ts';
import {type CallKind, callKindOf} from './call-kind.ts';
import {insightEpisode} from './insight.ts';
import {upperTail} from './negative-binomial.ts';
import {TopValues} from './top-values.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const BIN_MINUTES = BIN_MS / MINUTE;
const BINS_PER_DAY = DAY / BIN_MS;

/** How long the count of five minutes waits for late events. */
const DEFAULT_LATENESS_MS = 15 * MINUTE;

/** No episode begins before the stream has been watched for so long. */
export const LEAST_BASELINE_MS = 3 * DAY;

/** Of series kept, by default. */
export const DEFAULT_MAX_SERIES = 5000;

/** Counts waiting for late events, of all series; the one dated furthest ahead makes room. */
export const MAX_OPEN = 100_000;

/** Operations of which it is remembered whether they write. */
const MAX_OPERATIONS = 5000;

/** An unusual count is so many times what is expected, whatever its probability. */
const LEAST_RATIO = 3;

/** Counts that are less probable, and more than this, are taken as smaller; see `typicalMost`. */
const CAP_LEVEL = 1e-3;
const LEAST_CAPPED = 5;

/** Within an episode, a count goes on with it if it is this improbable and half the least. */
const GOES_ON_LEVEL = 1e-3;

/** Bins without anything unusual that end an episode. */
const QUIET_BINS = 2;

/** An episode as long as this is how things are now: it ends, and is learnt for as long. */
const LONGEST_BINS = BINS_PER_DAY;

/** So many episodes within so long are left out of the baseline; further ones are learnt. */
export const HELD_EPISODES = 3;
const HELD_BINS = 14 * BINS_PER_DAY;

/** Values told of each attribute, and places to count them in. */
const TOLD_VALUES = 5;
const PLACES = 10;

const MAX_NOTES = 20;

/** What the counts of attributes are multiplied by each day: a week is what they amount to. */
const FADE = 6 / 7;

export const RATE_FIELDS = ['account', 'region', 'operation', 'principal'] as const;
export type RateField = (typeof RATE_FIELDS)[number];

export interface RateSettings {
  readonly measure: 'calls' | 'errors';
  /** A series for each combination; Insights has account, region and operation. */
  readonly per: readonly RateField[];
  /** Calls that write alone; for calls by default, as Insights has it, not for errors. */
  readonly writesOnly?: boolean | undefined;
  /** Management events alone, by default. */
  readonly managementOnly?: boolean | undefined;
  /** An unusual count of five minutes is at least this. */
  readonly least?: number | undefined;
  /** The probability of a count as high below which it is unusual. */
  readonly level?: number | undefined;
  readonly maxSeries?: number | undefined;
  /** Tell what CloudTrail Insights tells of this measure; unless per principal, by default. */
  readonly insights?: boolean | undefined;
}

/** Chosen on simulated trails; see docs/rates.md. */
export const DEFAULT_LEAST = 20;
export const DEFAULT_LEVEL = 1e-6;

/** What is assumed of a series of which nothing is known: calls come in clumps. */
const PRIOR_DISPERSION = 10;

const ATTRIBUTES = ['principal', 'userAgent', 'errorCode'] as const;
type Counted = readonly [TopValues, TopValues, TopValues];

/** Five minutes of one series that are not over, or may still get late events. */
interface OpenBin {
  readonly names: readonly string[];
  count: number;
  readonly values: Counted;
  readonly notes: EventNote[];
}

interface OngoingEpisode {
  readonly id: string;
  readonly startBin: number;
  lastBin: number;
  count: number;
  readonly values: Counted;
  readonly baselineAverage: number;
  readonly baselineMinutes: number;
  /** Is it left out of the baseline? */
  readonly held: boolean;
}

interface Series {
  /** By `RATE_FIELDS`, then the error code; "" for what is not told apart. */
  readonly names: readonly string[];
  readonly baseline: Baseline;
  /** Of the baseline, fading. */
  readonly values: Counted;
  fadedDay: number;
  episode: OngoingEpisode | undefined;
  /** Bins in which episodes began that were left out of the baseline. */
  recent: readonly number[];
  /** Up to this bin a new level is learnt, and nothing is unusual. */
  learnsUntil: number;
}

export interface RatesStatus {
  readonly series: number;
  readonly episodes: number;
  /** Series given up for want of room. */
  readonly evicted: number;
  /** Events that came after their five minutes were judged, or that had no room. */
  readonly late: number;
}

/**
 * Rates of calls or of errors against what is usual, in the shape of CloudTrail Insights.
 *
 * Events are counted by series in bins of five minutes. A bin is judged once, 15 minutes after it
 * is over, against the expectation of its series (`Baseline`): it is unusual if so many or more had
 * a probability below `level` under a negative binomial distribution of the expected mean and the
 * measured dispersion, and is at least `least` and three times the mean. Unusual bins make an
 * episode, which ends with ten minutes without any; it is left out of the baseline, unless the same
 * series had three within two weeks.
 *
 * So what it tells depends on the events alone, not on their order of arrival within the bound.
 */
export class Rates implements Evaluator {
  readonly needs: Needs;
  readonly #settings: RateSettings;
  readonly #latenessMs: number;
  readonly #writesOnly: boolean;
  readonly #managementOnly: boolean;
  readonly #least: number;
  readonly #level: number;
  readonly #maxSeries: number;
  readonly #insights: boolean;

  readonly #kinds = new Map<string, CallKind>();
  /** The least recently active first. */
  readonly #series = new Map<string, Series>();
  /** Those with an episode. */
  readonly #ongoing = new Set<string>();
  readonly #open = new Map<number, Map<string, OpenBin>>();
  #openCount = 0;
  /** Bins before this one have been judged. */
  #next = Number.NaN;
  #firstHour = Number.NaN;
  #clock = Number.NEGATIVE_INFINITY;
  /** Has any bin been passed? Until then, earlier events move the beginning. */
  #begun = false;
  #evicted = 0;
  #late = 0;

  constructor(settings: RateSettings, options: {readonly latenessMs?: number} = {}) {
    const {measure, per} = settings;
    assert(per.length > 0, 'a rate needs a field to tell series apart');
    this.#settings = settings;
    this.#latenessMs = options.latenessMs ?? DEFAULT_LATENESS_MS;
    this.#writesOnly = settings.writesOnly ?? measure === 'calls';
    this.#managementOnly = settings.managementOnly ?? true;
    this.#least = settings.least ?? DEFAULT_LEAST;
    this.#level = settings.level ?? DEFAULT_LEVEL;
    this.#maxSeries = settings.maxSeries ?? DEFAULT_MAX_SERIES;
    this.#insights = settings.insights ?? !per.includes('principal');
    this.needs = measure === 'errors' && !this.#insights ? {failed: true} : {};
  }

  get status(): RatesStatus {
    const episodes = this.#ongoing.size;
    return {series: this.#series.size, episodes, evicted: this.#evicted, late: this.#late};
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {components, time} = event;
    if (components.service === 'insight') {
      if (this.#insights) this.#tellInsight(event, sink);
      return;
    }
    const {measure, per} = this.#settings;
    if (measure === 'errors' && components.error === '-') return;
    if (!this.#counts(event)) return;
    this.#begin(time);
    const bin = Math.floor(time / BIN_MS);
    if (bin < this.#next) {
      this.#late++;
      return;
    }
    const names: string[] = RATE_FIELDS.map((field) =>
      per.includes(field) ? components[field] : '',
    );
    names.push(measure === 'errors' && per.includes('operation') ? components.error : '');
    const open = this.#openBin(bin, names);
    if (open === undefined) {
      this.#late++;
      return;
    }
    open.count++;
    open.values[0].add(components.principal);
    open.values[1].add(components.userAgent);
    open.values[2].add(components.error);
    // Their records are parsed only where it may come to an episode.
    if (open.count > this.#least / 2 && open.notes.length < MAX_NOTES) {
      open.notes.push(eventNote(event));
    }
  }

  advance(time: number, sink: Sink): void {
    if (time <= this.#clock) return;
    this.#clock = time;
    this.#begin(time);
    const until = Math.floor((time - this.#latenessMs) / BIN_MS);
    while (this.#next < until) {
      let bin = this.#next;
      if (this.#ongoing.size === 0) {
        bin = until;
        for (const other of this.#open.keys()) bin = Math.min(bin, other);
        if (bin >= until) break;
      }
      this.#begun = true;
      this.#close(bin, sink);
      this.#next = bin + 1;
    }
    if (until <= this.#next) return;
    this.#begun = true;
    this.#next = until;
  }

  state(): Json {
    const texts = new Map<string, number>();
    const numberOf = (text: string) => {
      const known = texts.get(text);
      if (known !== undefined) return known;
      texts.set(text, texts.size);
      return texts.size - 1;
    };
    const counted = (values: Counted) => values.map((one) => one.state(numberOf));
    const series = [...this.#series.values()].map((one) => [
      one.names.map(numberOf),
      one.baseline.state(),
      counted(one.values),
      one.fadedDay,
      one.recent,
      one.learnsUntil,
      one.episode === undefined ? null : {...one.episode, values: counted(one.episode.values)},
    ]);
    const open = [...this.#open].map(([bin, entries]) => [
      bin,
      [...entries.values()].map(({names, count, values, notes}) => [
        names.map(numberOf),
        count,
        counted(values),
        notes.map(noteState),
      ]),
    ]);
    const kinds = [...this.#kinds].map(([operation, {write, management}]) => [
      numberOf(operation),
      Number(write) + 2 * Number(management),
    ]);
    return {
      rates: 1,
      measured: this.#identity(),
      next: finite(this.#next),
      firstHour: finite(this.#firstHour),
      clock: finite(this.#clock),
      begun: this.#begun,
      evicted: this.#evicted,
      late: this.#late,
      kinds,
      series,
      open,
      texts: [...texts.keys()],
    };
  }

  /** A state of other series is left. */
  restore(state: Json): void {
    const kept = state as unknown as KeptState | null;
    if (kept?.rates !== 1 || kept.measured !== this.#identity()) return;
    const {texts} = kept;
    const textsOf = (numbers: readonly number[]) => numbers.map((number) => texts[number] ?? '');
    this.#next = kept.next ?? Number.NaN;
    this.#firstHour = kept.firstHour ?? Number.NaN;
    this.#clock = kept.clock ?? Number.NEGATIVE_INFINITY;
    this.#begun = kept.begun ?? true;
    this.#evicted = kept.evicted;
    this.#late = kept.late;
    this.#kinds.clear();
    for (const [operation, bits] of kept.kinds) {
      const kind = {write: (bits & 1) === 1, management: (bits & 2) === 2};
      this.#kinds.set(texts[operation] ?? '', kind);
    }
    this.#series.clear();
    this.#ongoing.clear();
    for (const [numbers, baseline, values, fadedDay, recent, learnsUntil, episode] of kept.series) {
      const names = textsOf(numbers);
      const series = this.#newSeries(names, this.#next);
      series.baseline.restore(baseline);
      restoreCounted(series.values, values, texts);
      Object.assign(series, {fadedDay, recent, learnsUntil});
      if (episode !== null) {
        series.episode = {...episode, values: noCounts()};
        restoreCounted(series.episode.values, episode.values, texts);
      }
      const key = names.join('\n');
      this.#series.set(key, series);
      if (series.episode !== undefined) this.#ongoing.add(key);
    }
    this.#open.clear();
    this.#openCount = 0;
    for (const [bin, entries] of kept.open) {
      for (const [numbers, count, values, notes] of entries) {
        const open = this.#openBin(bin, textsOf(numbers));
        if (open === undefined) continue;
        open.count = count;
        restoreCounted(open.values, values, texts);
        open.notes.push(...notes.map(noteFrom));
      }
    }
  }

  /** What comes first need not be the earliest, and may be dated far ahead. */
  #begin(time: number): void {
    const next = Math.floor((time - this.#latenessMs) / BIN_MS);
    const earlier = !this.#begun && next < this.#next && time >= this.#clock - this.#latenessMs;
    if (!Number.isNaN(this.#next) && !earlier) return;
    this.#next = next;
    this.#firstHour = Math.floor((this.#next * BIN_MS) / 3_600_000);
  }

  #counts(event: DetectionEvent): boolean {
    const {operation} = event.components;
    let kind = this.#kinds.get(operation);
    if (kind === undefined) {
      kind = callKindOf(event);
      if (this.#kinds.size < MAX_OPERATIONS) this.#kinds.set(operation, kind);
    }
    return (kind.write || !this.#writesOnly) && (kind.management || !this.#managementOnly);
  }

  #openBin(bin: number, names: readonly string[]): OpenBin | undefined {
    let entries = this.#open.get(bin);
    if (entries === undefined) {
      entries = new Map();
      this.#open.set(bin, entries);
    }
    const key = names.join('\n');
    let open = entries.get(key);
    if (open !== undefined) return open;
    open = {names, count: 0, values: noCounts(), notes: []};
    entries.set(key, open);
    if (++this.#openCount <= MAX_OPEN) return open;
    // Dates are what is wrong: nothing else waits for so long.
    let furthest = bin;
    for (const other of this.#open.keys()) furthest = Math.max(furthest, other);
    const given = this.#open.get(furthest);
    this.#openCount -= given?.size ?? 0;
    for (const {count} of given?.values() ?? []) this.#late += count;
    this.#open.delete(furthest);
    return furthest === bin ? undefined : open;
  }

  /** Judges the bin of each series that has events in it or an episode. */
  #close(bin: number, sink: Sink): void {
    const entries = this.#open.get(bin) ?? new Map<string, OpenBin>();
    this.#open.delete(bin);
    this.#openCount -= entries.size;
    // In an order that does not depend on that of arrival.
    for (const key of [...new Set([...entries.keys(), ...this.#ongoing])].sort()) {
      const open = entries.get(key);
      let series = this.#series.get(key);
      if (series === undefined) {
        if (open === undefined) continue;
        series = this.#newSeries(open.names, bin);
      }
      this.#series.delete(key);
      this.#series.set(key, series);
      this.#judge(series, bin, open, sink);
      if (series.episode === undefined) this.#ongoing.delete(key);
      else this.#ongoing.add(key);
    }
    while (this.#series.size > this.#maxSeries) {
      const [[key, series] = []] = this.#series;
      if (key === undefined || series === undefined) break;
      this.#series.delete(key);
      this.#evicted++;
      this.#ongoing.delete(key);
      if (series.episode === undefined) continue;
      sink.episode(this.#told(series, series.episode, 'end'));
    }
  }

  #newSeries(names: readonly string[], bin: number): Series {
    return {
      names,
      baseline: new Baseline(this.#firstHour, PRIOR_DISPERSION, bin),
      values: noCounts(),
      fadedDay: Math.floor(bin / BINS_PER_DAY),
      episode: undefined,
      recent: [],
      learnsUntil: 0,
    };
  }

  #judge(series: Series, bin: number, open: OpenBin | undefined, sink: Sink): void {
    const count = open?.count ?? 0;
    const {baseline} = series;
    const expected = baseline.expect(bin);
    const known = bin * BIN_MS - this.#firstHour * 3_600_000;
    let probability = 1;
    if (count >= this.#least / 2 && count >= LEAST_RATIO * expected.mean) {
      probability = upperTail(count, expected.mean, expected.dispersion);
    }
    const unusual =
      count >= this.#least &&
      probability <= this.#level &&
      known >= LEAST_BASELINE_MS &&
      bin >= series.learnsUntil;
    const day = Math.floor(bin / BINS_PER_DAY);
    for (; series.fadedDay < day; series.fadedDay++) {
      for (const values of series.values) values.fade(FADE);
    }

    if (series.episode === undefined && unusual) this.#start(series, bin, known, open, sink);
    const {episode} = series;
    const within = episode !== undefined && (unusual || probability <= GOES_ON_LEVEL);
    if (within && open !== undefined) {
      episode.lastBin = bin;
      episode.count += count;
      merge(episode.values, open.values);
    } else if (open !== undefined) merge(series.values, open.values);
    if (!within) baseline.add(bin, typicalMost(expected, count));
    else baseline.add(bin, episode.held ? Math.min(count, expected.mean) : count);
    if (episode === undefined) return;
    const isLong = bin + 1 - episode.startBin >= LONGEST_BINS;
    if (!isLong && bin - episode.lastBin < QUIET_BINS) return;
    if (isLong) series.learnsUntil = bin + LONGEST_BINS;
    series.episode = undefined;
    sink.episode(this.#told(series, episode, 'end'));
  }

  #start(series: Series, bin: number, known: number, open: OpenBin | undefined, sink: Sink): void {
    const recent = series.recent.filter((start) => start > bin - HELD_BINS);
    const held = recent.length < HELD_EPISODES;
    series.recent = held ? [...recent, bin] : recent;
    const episode: OngoingEpisode = {
      id: episodeId([this.#settings.measure, ...series.names, String(bin)].join('\n')),
      startBin: bin,
      lastBin: bin,
      count: 0,
      values: noCounts(),
      baselineAverage: series.baseline.average(bin),
      baselineMinutes: Math.floor(Math.min(7 * DAY, known) / MINUTE),
      held,
    };
    series.episode = episode;
    if (open === undefined) return;
    const first: OngoingEpisode = {...episode, count: open.count, values: open.values};
    const told = this.#told(series, first, 'start');
    sink.episode(told);
    this.#hit(told, (bin + 1) * BIN_MS, open.count, open.notes, sink);
  }

  #told(series: Series, episode: OngoingEpisode, state: 'start' | 'end'): Episode {
    const [account = '', region = '', operation = '', principal = '', error = ''] = series.names;
    const minutes = (episode.lastBin + 1 - episode.startBin) * BIN_MINUTES;
    // The days that a count which fades is worth, of those that were watched.
    const days = Math.max(1, episode.baselineMinutes / 1440);
    const baselineMinutes = (1440 * (1 - FADE ** days)) / (1 - FADE);
    const attributions = ATTRIBUTES.map((attribute, i): Attribution => {
      const averages = (values: TopValues, over: number) =>
        values
          .entries()
          .slice(0, TOLD_VALUES)
          .map(([value, count]) => ({value, average: count / over}));
      return {
        attribute,
        episode: averages(episode.values[i] as TopValues, minutes),
        baseline: averages(series.values[i] as TopValues, baselineMinutes),
      };
    });
    return {
      id: episode.id,
      state,
      measure: this.#settings.measure,
      origin: 'measured',
      account,
      region,
      operation,
      principal,
      errorCode: error,
      start: episode.startBin * BIN_MS,
      end: state === 'start' ? null : (episode.lastBin + 1) * BIN_MS,
      baselineAverage: episode.baselineAverage,
      episodeAverage: episode.count / minutes,
      baselineMinutes: episode.baselineMinutes,
      attributions,
    };
  }

  #tellInsight(event: DetectionEvent, sink: Sink): void {
    const episode = insightEpisode(event);
    if (episode === undefined || episode.measure !== this.#settings.measure) return;
    sink.episode(episode);
    if (episode.state === 'start') this.#hit(episode, event.time, 0, [eventNote(event)], sink);
  }

  #hit(
    episode: Episode,
    time: number,
    count: number,
    evidence: readonly EventNote[],
    sink: Sink,
  ): void {
    const leading = episode.attributions
      .filter(({attribute}) => attribute === 'principal')
      .flatMap(({episode: values}) => values.map(({value}) => value));
    sink.hit({
      time,
      event: null,
      group: this.#settings.per.map((field) => episode[field]),
      facts: {
        measure: episode.measure,
        origin: episode.origin,
        operation: episode.operation,
        account: episode.account,
        region: episode.region,
        principal: episode.principal || (leading[0] ?? ''),
        error: episode.errorCode,
        average: rounded(episode.episodeAverage),
        baseline: rounded(episode.baselineAverage),
        episode: episode.id,
      },
      evidence,
      count,
    });
  }

  #identity(): string {
    const {measure, per} = this.#settings;
    return JSON.stringify([measure, per, this.#writesOnly, this.#managementOnly]);
  }
}

type KeptCounted = readonly Json[];

interface KeptState {
  readonly rates: number;
  readonly measured: string;
  readonly next: number | null;
  readonly firstHour: number | null;
  readonly clock: number | null;
  readonly begun?: boolean;
  readonly evicted: number;
  readonly late: number;
  readonly kinds: readonly (readonly [number, number])[];
  readonly series: readonly (readonly [
    names: readonly number[],
    baseline: Json,
    values: KeptCounted,
    fadedDay: number,
    recent: readonly number[],
    learnsUntil: number,
    episode: (Omit<OngoingEpisode, 'values'> & {readonly values: KeptCounted}) | null,
  ])[];
  readonly open: readonly (readonly [
    bin: number,
    entries: readonly (readonly [
      names: readonly number[],
      count: number,
      values: KeptCounted,
      notes: readonly Json[],
    ])[],
  ])[];
  readonly texts: readonly string[];
}

function noCounts(): Counted {
  return [new TopValues(PLACES), new TopValues(PLACES), new TopValues(PLACES)];
}

/**
 * The most of `count` that a baseline believes: a rarer count is taken as one that is just rare
 * enough, so that one burst is worth little and the same burst day after day is learnt.
 */
function typicalMost({mean, dispersion}: Expectation, count: number): number {
  if (count < LEAST_CAPPED || count < LEAST_RATIO * mean) return count;
  if (upperTail(count, mean, dispersion) >= CAP_LEVEL) return count;
  let low = Math.floor(mean);
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (upperTail(middle, mean, dispersion) >= CAP_LEVEL) low = middle;
    else high = middle;
  }
  return Math.max(low, LEAST_CAPPED);
}

function merge(into: Counted, from: Counted): void {
  into.forEach((values, i) => {
    values.merge(from[i] as TopValues);
  });
}

function restoreCounted(into: Counted, kept: KeptCounted, texts: readonly string[]): void {
  into.forEach((values, i) => {
    values.restore(kept[i] ?? [], texts);
  });
}

/** In the form of a `sharedEventID`; the same for the same series and start. */
function episodeId(text: string): string {
  const hex = [hash64(text), hash64(`${text}\nsecond half`)]
    .flatMap(({hi, lo}) => [hi, lo])
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** NaN and infinity have no JSON. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
