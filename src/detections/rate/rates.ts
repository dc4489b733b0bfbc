import {assert} from '../../base/assert.ts';
import type {Episode, Evaluator, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {type Baseline, BIN_MS, BINS_PER_DAY} from './baseline.ts';
import {type CallKind, callKindOf} from './call-kind.ts';
import {beginEpisode, hitOf, type OngoingEpisode, toldEpisode} from './episode.ts';
import {HourWeights} from './hour-weights.ts';
import {insightEpisode} from './insight.ts';
import {upperTail} from './negative-binomial.ts';
import {type KeptOpenBins, OpenBin, OpenBins} from './open-bins.ts';
import {
  type History,
  type KeptHistory,
  RATE_FIELDS,
  type RateField,
  type Series,
  type SeriesField,
  SeriesTable,
} from './series.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long the count of five minutes waits for late events. */
const DEFAULT_LATENESS_MS = 15 * MINUTE;

/** No episode begins before the stream has been watched for so long. */
export const LEAST_BASELINE_MS = 3 * DAY;

/** Of series kept, by default. */
export const DEFAULT_MAX_SERIES = 5000;

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

const MAX_NOTES = 20;

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
  readonly #errors: boolean;
  readonly #writesOnly: boolean;
  readonly #managementOnly: boolean;
  readonly #least: number;
  readonly #level: number;
  readonly #maxSeries: number;
  readonly #insights: boolean;

  readonly #kinds = new Map<string, CallKind>();
  readonly #series: SeriesTable;
  /** Those with an episode. */
  readonly #ongoing = new Set<Series>();
  readonly #open = new OpenBins((open) => {
    this.#late += open.count;
    this.#series.release(open.series);
  });
  /** Bins before this one have been judged. */
  #next = Number.NaN;
  #weights = new HourWeights(Number.NaN);
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
    this.#errors = measure === 'errors';
    this.#writesOnly = settings.writesOnly ?? measure === 'calls';
    this.#managementOnly = settings.managementOnly ?? true;
    this.#least = settings.least ?? DEFAULT_LEAST;
    this.#level = settings.level ?? DEFAULT_LEVEL;
    this.#maxSeries = settings.maxSeries ?? DEFAULT_MAX_SERIES;
    this.#insights = settings.insights ?? !per.includes('principal');
    const fields: SeriesField[] = RATE_FIELDS.filter((field) => per.includes(field));
    if (this.#errors && per.includes('operation')) fields.push('error');
    this.#series = new SeriesTable(fields);
    this.needs = this.#errors && !this.#insights ? {failed: true} : {};
  }

  get status(): RatesStatus {
    const {remembered: series} = this.#series;
    const episodes = this.#ongoing.size;
    return {series, episodes, evicted: this.#evicted, late: this.#late};
  }

  take(event: DetectionEvent, sink: Sink): void {
    const {components, time} = event;
    if (components.service === 'insight') {
      if (this.#insights) this.#tellInsight(event, sink);
      return;
    }
    if (this.#errors && components.error === '-') return;
    if (!this.#counts(event)) return;
    this.#begin(time);
    const bin = Math.floor(time / BIN_MS);
    if (bin < this.#next) {
      this.#late++;
      return;
    }
    const open = this.#open.at(bin, this.#series.of(components));
    if (open === undefined) {
      this.#late++;
      return;
    }
    open.add(components);
    // Their records are parsed only where it may come to an episode.
    if (open.count > this.#least / 2 && open.notes.length < MAX_NOTES) {
      open.note(eventNote(event));
    }
  }

  advance(time: number, sink: Sink): void {
    if (time <= this.#clock) return;
    this.#clock = time;
    this.#begin(time);
    const until = Math.floor((time - this.#latenessMs) / BIN_MS);
    while (this.#next < until) {
      let bin = this.#next;
      if (this.#ongoing.size === 0 && !this.#open.has(bin)) {
        bin = this.#open.earliest();
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
    const series = this.#series.state(numberOf);
    const open = this.#open.state(numberOf);
    const kinds = [...this.#kinds].map(([operation, {write, management}]) => [
      numberOf(operation),
      Number(write) + 2 * Number(management),
    ]);
    return {
      rates: 1,
      measured: this.#identity(),
      next: finite(this.#next),
      firstHour: finite(this.#weights.firstHour),
      clock: finite(this.#clock),
      begun: this.#begun,
      evicted: this.#evicted,
      late: this.#late,
      kinds,
      series: series as unknown as Json,
      open: open as unknown as Json,
      texts: [...texts.keys()],
    };
  }

  /** A state of other series is left. */
  restore(state: Json): void {
    const kept = state as unknown as KeptState | null;
    if (kept?.rates !== 1 || kept.measured !== this.#identity()) return;
    const {texts} = kept;
    this.#next = kept.next ?? Number.NaN;
    this.#weights = new HourWeights(kept.firstHour ?? Number.NaN);
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
    this.#open.clear();
    this.#ongoing.clear();
    for (const one of kept.series) {
      const series = this.#series.restore(one, texts, this.#weights, this.#next);
      if (series.history?.episode !== undefined) this.#ongoing.add(series);
    }
    for (const [bin, entries] of kept.open) {
      for (const one of entries) {
        const series = this.#series.named(one[0].map((number) => texts[number] ?? ''));
        this.#open.at(bin, series)?.restore(one, texts);
      }
    }
  }

  /** What comes first need not be the earliest, and may be dated far ahead. */
  #begin(time: number): void {
    const next = Math.floor((time - this.#latenessMs) / BIN_MS);
    const earlier = !this.#begun && next < this.#next && time >= this.#clock - this.#latenessMs;
    if (!Number.isNaN(this.#next) && !earlier) return;
    this.#next = next;
    const firstHour = Math.floor((next * BIN_MS) / HOUR);
    if (firstHour !== this.#weights.firstHour) this.#weights = new HourWeights(firstHour);
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

  /** Judges the bin of each series that has events in it or an episode. */
  #close(bin: number, sink: Sink): void {
    const entries = this.#open.takeOut(bin);
    if (this.#ongoing.size > 0) {
      const busy = new Set(entries.map(({series}) => series));
      for (const series of this.#ongoing) {
        if (!busy.has(series)) entries.push(new OpenBin(series));
      }
    }
    // In an order that does not depend on that of arrival.
    entries.sort((a, b) => (a.series.key < b.series.key ? -1 : 1));
    for (const open of entries) {
      const history = this.#series.judged(open.series, this.#weights, bin);
      this.#judge(open, history, bin, sink);
      if (history.episode !== undefined) this.#ongoing.add(open.series);
      else if (this.#ongoing.size > 0) this.#ongoing.delete(open.series);
    }
    this.#series.giveUpBeyond(this.#maxSeries, (series, history) => {
      this.#evicted++;
      this.#ongoing.delete(series);
      const {episode} = history;
      if (episode !== undefined) sink.episode(this.#told(series, history, episode, 'end'));
    });
  }

  #judge(open: OpenBin, history: History, bin: number, sink: Sink): void {
    const {series, count} = open;
    const {baseline, attributes} = history;
    const mean = baseline.expect(bin);
    const known = bin * BIN_MS - this.#weights.firstHour * HOUR;
    let probability = 1;
    if (count >= this.#least / 2 && count >= LEAST_RATIO * mean) {
      probability = upperTail(count, mean, baseline.dispersion);
    }
    const unusual =
      count >= this.#least &&
      probability <= this.#level &&
      known >= LEAST_BASELINE_MS &&
      bin >= history.learnsUntil;
    const day = Math.floor(bin / BINS_PER_DAY);
    for (; history.fadedDay < day; history.fadedDay++) attributes.fade();

    if (history.episode === undefined && unusual) this.#start(open, history, bin, known, sink);
    const {episode} = history;
    const within = episode !== undefined && (unusual || probability <= GOES_ON_LEVEL);
    if (within) {
      episode.lastBin = bin;
      episode.count += count;
      episode.values.merge(open.attributes);
    } else attributes.merge(open.attributes);
    if (!within) baseline.add(bin, typicalMost(baseline, mean, count));
    else baseline.add(bin, episode.held ? Math.min(count, mean) : count);
    if (episode === undefined) return;
    const isLong = bin + 1 - episode.startBin >= LONGEST_BINS;
    if (!isLong && bin - episode.lastBin < QUIET_BINS) return;
    if (isLong) history.learnsUntil = bin + LONGEST_BINS;
    history.episode = undefined;
    sink.episode(this.#told(series, history, episode, 'end'));
  }

  #start(open: OpenBin, history: History, bin: number, known: number, sink: Sink): void {
    const {series} = open;
    const recent = history.recent.filter((start) => start > bin - HELD_BINS);
    const held = recent.length < HELD_EPISODES;
    history.recent = held ? [...recent, bin] : recent;
    const episode = beginEpisode(this.#settings.measure, series, {
      startBin: bin,
      baselineAverage: history.baseline.average(bin),
      baselineMinutes: Math.floor(Math.min(7 * DAY, known) / MINUTE),
      held,
    });
    history.episode = episode;
    const first = {...episode, count: open.count, values: open.attributes};
    const told = this.#told(series, history, first, 'start');
    sink.episode(told);
    sink.hit(hitOf(told, this.#settings.per, (bin + 1) * BIN_MS, open.count, open.notes));
  }

  #told(
    series: Series,
    history: History,
    episode: OngoingEpisode,
    state: Episode['state'],
  ): Episode {
    return toldEpisode(this.#settings.measure, series, history, episode, state);
  }

  #tellInsight(event: DetectionEvent, sink: Sink): void {
    const episode = insightEpisode(event);
    if (episode === undefined || episode.measure !== this.#settings.measure) return;
    sink.episode(episode);
    if (episode.state !== 'start') return;
    sink.hit(hitOf(episode, this.#settings.per, event.time, 0, [eventNote(event)]));
  }

  #identity(): string {
    const {measure, per} = this.#settings;
    return JSON.stringify([measure, per, this.#writesOnly, this.#managementOnly]);
  }
}

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
  readonly series: readonly KeptHistory[];
  readonly open: KeptOpenBins;
  readonly texts: readonly string[];
}

/**
 * The most of `count` that a baseline believes: a rarer count is taken as one that is just rare
 * enough, so that one burst is worth little and the same burst day after day is learnt.
 */
function typicalMost(baseline: Baseline, mean: number, count: number): number {
  if (count < LEAST_CAPPED || count < LEAST_RATIO * mean) return count;
  const {dispersion} = baseline;
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

/** NaN and infinity have no JSON. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
