import type {Components} from '../../event/fields.ts';
import type {Json} from '../json.ts';
import {Attributes, type KeptAttributes} from './attributes.ts';
import {Baseline, BINS_PER_DAY} from './baseline.ts';
import type {KeptEpisode, OngoingEpisode} from './episode.ts';
import type {HourWeights} from './hour-weights.ts';

/** What may tell series apart, in the order of their names. */
export const RATE_FIELDS = ['account', 'region', 'operation', 'principal'] as const;
export type RateField = (typeof RATE_FIELDS)[number];
/** The error code is told apart where operations are. */
export type SeriesField = RateField | 'error';

/** Where each field is among the names of a series. */
const NAME_AT: Readonly<Record<SeriesField, number>> = {
  account: 0,
  region: 1,
  operation: 2,
  principal: 3,
  error: 4,
};

/** What is assumed of a series of which nothing is known: calls come in clumps. */
const PRIOR_DISPERSION = 10;

const NONE: readonly number[] = [];

/** Histories let go of that are kept to be used again: memory is dear to get. */
const MAX_SPARES = 1000;

/** What is remembered of a series. */
export interface History {
  readonly baseline: Baseline;
  /** Of the baseline, fading. */
  readonly attributes: Attributes;
  fadedDay: number;
  episode: OngoingEpisode | undefined;
  /** Bins in which episodes began that were left out of the baseline. */
  recent: readonly number[];
  /** Up to this bin a new level is learnt, and nothing is unusual. */
  learnsUntil: number;
}

export type KeptHistory = readonly [
  names: readonly number[],
  baseline: Json,
  attributes: KeptAttributes,
  fadedDay: number,
  recent: readonly number[],
  learnsUntil: number,
  episode: KeptEpisode | null,
];

/** Events that are counted together. It is known as long as it waits or has a history. */
export interface Series {
  /** As in `NAME_AT`; "" for what is not told apart. */
  readonly names: readonly string[];
  /** The names as one text, for an order that does not depend on that of arrival. */
  readonly key: string;
  /** Open bins it has events in. */
  waiting: number;
  history: History | undefined;
  /** Those that were judged last before it and first after it, of those with a history. */
  older: Series | undefined;
  newer: Series | undefined;
}

type Level = Map<string, Level | Series>;

/** All series by their names, and which of those with a history was judged the longest ago. */
export class SeriesTable {
  readonly #fields: readonly SeriesField[];
  /** A level for each field, the series themselves in that of the last. */
  readonly #root: Level = new Map();
  #oldest: Series | undefined;
  #newest: Series | undefined;
  #remembered = 0;
  readonly #spares: History[] = [];

  /** @param fields what tells series apart */
  constructor(fields: readonly SeriesField[]) {
    this.#fields = fields;
  }

  /** Series with a history. */
  get remembered(): number {
    return this.#remembered;
  }

  /** The series that an event belongs to. One that is new is kept once it waits, or is judged. */
  of(components: Pick<Components, SeriesField>): Series {
    const fields = this.#fields;
    let level = this.#root;
    for (let i = 0; ; i++) {
      const name = components[fields[i] as SeriesField];
      const known = level.get(name);
      if (i === fields.length - 1) {
        if (known !== undefined) return known as Series;
        const series = this.#made(components);
        level.set(name, series);
        return series;
      }
      let next = known as Level | undefined;
      if (next === undefined) {
        next = new Map();
        level.set(name, next);
      }
      level = next;
    }
  }

  named(names: readonly string[]): Series {
    const [account = '', region = '', operation = '', principal = '', error = ''] = names;
    return this.of({account, region, operation, principal, error});
  }

  /** The history of a series that is judged now; where there is none, a new one from this bin on. */
  judged(series: Series, weights: HourWeights, bin: number): History {
    if (series.history === undefined) {
      series.history = this.#begun(weights, bin);
      this.#remembered++;
    } else this.#unlink(series);
    series.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = series;
    else this.#newest.newer = series;
    this.#newest = series;
    return series.history;
  }

  /** Gives up the histories that are more than `most`, those judged the longest ago first. */
  giveUpBeyond(most: number, tell: (series: Series, history: History) => void): void {
    while (this.#remembered > most) {
      const series = this.#oldest;
      const history = series?.history;
      if (series === undefined || history === undefined) return;
      this.#unlink(series);
      this.#remembered--;
      tell(series, history);
      series.history = undefined;
      if (this.#spares.length < MAX_SPARES) this.#spares.push(history);
      this.release(series);
    }
  }

  /** Forgets a series that neither waits nor has a history. */
  release(series: Series): void {
    if (series.waiting > 0 || series.history !== undefined) return;
    const {names} = series;
    const levels: Level[] = [];
    let level: Level | undefined = this.#root;
    for (const field of this.#fields) {
      if (level === undefined) return;
      levels.push(level);
      level = level.get(nameOf(names, field)) as Level | undefined;
    }
    for (let i = levels.length - 1; i >= 0; i--) {
      levels[i]?.delete(nameOf(names, this.#fields[i] as SeriesField));
      if ((levels[i]?.size ?? 0) > 0) return;
    }
  }

  clear(): void {
    this.#root.clear();
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#remembered = 0;
    // They may be of another stream.
    this.#spares.length = 0;
  }

  /** The histories, those judged the longest ago first. */
  state(numberOf: (text: string) => number): KeptHistory[] {
    const kept: KeptHistory[] = [];
    for (let series = this.#oldest; series !== undefined; series = series.newer) {
      const {names, history} = series;
      if (history === undefined) continue;
      const {baseline, attributes, fadedDay, recent, learnsUntil, episode} = history;
      kept.push([
        names.map(numberOf),
        baseline.state(),
        attributes.state(numberOf),
        fadedDay,
        recent,
        learnsUntil,
        episode === undefined ? null : {...episode, values: episode.values.state(numberOf)},
      ]);
    }
    return kept;
  }

  /** @returns the series, with what was kept of it */
  restore(kept: KeptHistory, texts: readonly string[], weights: HourWeights, bin: number): Series {
    const [numbers, baseline, attributes, fadedDay, recent, learnsUntil, episode] = kept;
    const series = this.named(numbers.map((number) => texts[number] ?? ''));
    const history = this.judged(series, weights, bin);
    history.baseline.restore(baseline);
    history.attributes.restore(attributes, texts);
    history.fadedDay = fadedDay;
    history.recent = recent;
    history.learnsUntil = learnsUntil;
    if (episode !== null) {
      history.episode = {...episode, values: new Attributes()};
      history.episode.values.restore(episode.values, texts);
    }
    return series;
  }

  #made(components: Pick<Components, SeriesField>): Series {
    const names = ['', '', '', '', ''];
    for (const field of this.#fields) names[NAME_AT[field]] = components[field];
    return {
      names,
      key: names.join('\n'),
      waiting: 0,
      history: undefined,
      older: undefined,
      newer: undefined,
    };
  }

  #begun(weights: HourWeights, bin: number): History {
    const fadedDay = Math.floor(bin / BINS_PER_DAY);
    const spare = this.#spares.pop();
    if (spare !== undefined) {
      spare.baseline.reset(bin);
      spare.attributes.clear();
      spare.fadedDay = fadedDay;
      spare.episode = undefined;
      spare.recent = NONE;
      spare.learnsUntil = 0;
      return spare;
    }
    return {
      baseline: new Baseline(weights, PRIOR_DISPERSION, bin),
      attributes: new Attributes(),
      fadedDay,
      episode: undefined,
      recent: NONE,
      learnsUntil: 0,
    };
  }

  #unlink(series: Series): void {
    const {older, newer} = series;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    series.older = undefined;
    series.newer = undefined;
  }
}

function nameOf(names: readonly string[], field: SeriesField): string {
  return names[NAME_AT[field]] ?? '';
}
