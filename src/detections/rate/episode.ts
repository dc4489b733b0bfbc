import {hash64} from '../../base/hash.ts';
import type {Episode, EventNote, Hit} from '../evaluator.ts';
import {Attributes, FADE, type KeptAttributes} from './attributes.ts';
import {BIN_MS} from './baseline.ts';
import type {History, RateField, Series} from './series.ts';

const BIN_MINUTES = BIN_MS / 60_000;
const MINUTES_PER_DAY = 1440;

export interface OngoingEpisode {
  readonly id: string;
  readonly startBin: number;
  lastBin: number;
  count: number;
  readonly values: Attributes;
  readonly baselineAverage: number;
  readonly baselineMinutes: number;
  /** Is it left out of the baseline? */
  readonly held: boolean;
}

export type KeptEpisode = Omit<OngoingEpisode, 'values'> & {readonly values: KeptAttributes};

/** An episode that begins with a bin, and has nothing yet. */
export function beginEpisode(
  measure: Episode['measure'],
  {names}: Series,
  begins: Pick<OngoingEpisode, 'startBin' | 'baselineAverage' | 'baselineMinutes' | 'held'>,
): OngoingEpisode {
  const {startBin, baselineAverage, baselineMinutes, held} = begins;
  return {
    id: episodeId([measure, ...names, String(startBin)].join('\n')),
    startBin,
    lastBin: startBin,
    count: 0,
    values: new Attributes(),
    baselineAverage,
    baselineMinutes,
    held,
  };
}

/** What is told of an episode of a series. */
export function toldEpisode(
  measure: Episode['measure'],
  {names}: Series,
  {attributes}: History,
  episode: OngoingEpisode,
  state: Episode['state'],
): Episode {
  const [account = '', region = '', operation = '', principal = '', error = ''] = names;
  const minutes = (episode.lastBin + 1 - episode.startBin) * BIN_MINUTES;
  // The days that a count which fades is worth, of those that were watched.
  const days = Math.max(1, episode.baselineMinutes / MINUTES_PER_DAY);
  const baselineMinutes = (MINUTES_PER_DAY * (1 - FADE ** days)) / (1 - FADE);
  return {
    id: episode.id,
    state,
    measure,
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
    attributions: episode.values.against(attributes, minutes, baselineMinutes),
  };
}

/** The hit that the start of an episode is. */
export function hitOf(
  episode: Episode,
  per: readonly RateField[],
  time: number,
  count: number,
  evidence: readonly EventNote[],
): Hit {
  const leading = episode.attributions
    .filter(({attribute}) => attribute === 'principal')
    .flatMap(({episode: values}) => values.map(({value}) => value));
  return {
    time,
    event: null,
    group: per.map((field) => episode[field]),
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
  };
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
