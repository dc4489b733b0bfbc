import {useEffect, useMemo, useRef} from 'react';
import type {Episode} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {queryString} from './api.ts';
import {BandKey} from './band-key.tsx';
import {EpisodePlot, episodeKey} from './episode-plot.tsx';
import {EpisodeTable} from './episode-table.tsx';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import type {Range} from './plot-frame.ts';
import {PlotView} from './plot-view.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {addressOf, type Query, queryOf} from './query.ts';
import {currentPlace, go, observationPath, usePlace} from './router.ts';
import {useThresholds} from './session.ts';
import {SuggestInput} from './suggest-input.tsx';
import {plural, shortPrincipal, visible} from './text.ts';
import {TimeSelect} from './time-select.tsx';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';
import {useObservations} from './use-observations.ts';

const SYNC = 'rates';
const MINUTE_MS = 60_000;

/** How novel, and how much: the same time seen both ways. */
export function RatesPage() {
  const {search} = usePlace();
  const query = useMemo(() => queryOf(search), [search]);
  const selected = new URLSearchParams(search).get('episode') ?? undefined;
  const {principal, from, to, last} = query;
  const {feed, state, range} = useObservations({
    filter: {principal: principal === '' ? undefined : principal},
    text: '',
    last,
    from,
    to,
    colour: principal === '' ? 'principal' : 'service',
    order: 'score',
  });
  // Asked for once the stretch of time is known; by whole minutes, that what comes in live does not
  // ask again and again.
  const begin = from ?? (last === '' ? undefined : Math.floor(range.from / MINUTE_MS) * MINUTE_MS);
  const ready = !state.loading || state.points.count > 0;
  const asked = (of: string | undefined) =>
    ready ? `/api/v1/episodes${queryString({from: begin, to, principal: of})}` : undefined;
  const all = useFetch<{episodes: Episode[]}>(asked(undefined));
  const own = useFetch<{episodes: Episode[]}>(principal === '' ? undefined : asked(principal));
  const allData = useKept('', all.data);
  const ownData = useKept(principal, own.data);
  useNews(() => {
    all.reload();
    own.reload();
  });
  useEffect(() => {
    document.title = 'Rates · Oddtrail';
  }, []);

  const show = (change: Partial<Query> & {episode?: string | undefined}, replace = false) => {
    const now = currentPlace().search;
    const episode =
      'episode' in change ? change.episode : (new URLSearchParams(now).get('episode') ?? undefined);
    const {episode: _, ...rest} = change;
    const address = addressOf({...queryOf(now), ...rest}, '/rates');
    const join = address.includes('?') ? '&' : '?';
    const mark = episode === undefined ? '' : `${join}episode=${encodeURIComponent(episode)}`;
    go(`${address}${mark}`, {replace});
  };
  const zoom = (into: Range) => show({from: Math.round(into.from), to: Math.round(into.to)});
  const whole = () => show({from: undefined, to: undefined, last: ''});
  const isZoomed = from !== undefined || to !== undefined;
  useKeys({
    '0': whole,
    escape: () => {
      if (selected !== undefined) show({episode: undefined}, true);
      else if (isZoomed) whole();
      else show({principal: ''});
    },
    '/': () => document.querySelector<HTMLInputElement>('.filters input')?.focus(),
  });
  const episodes = useMemo(
    () => [...(allData?.episodes ?? [])].sort((a, b) => b.start - a.start),
    [allData],
  );
  const touching = useMemo(() => new Set((ownData?.episodes ?? []).map(episodeKey)), [ownData]);
  const failure = state.failure ?? all.failure ?? own.failure;

  return (
    <main id="main">
      <h1>Rates beside novelty</h1>
      <search className="filters" aria-label="Filters">
        <span className="principal-field">
          <SuggestInput
            dimension="principal"
            value={principal}
            onCommit={(value) => show({principal: value, episode: undefined})}
          />
        </span>
        <TimeSelect
          value={last}
          zoomed={isZoomed}
          onChange={(chosen) => show({last: chosen, from: undefined, to: undefined})}
        />
        {isZoomed && (
          <button type="button" onClick={whole} title="0">
            Whole range
          </button>
        )}
        {principal !== '' && (
          <button type="button" onClick={() => show({principal: ''})}>
            Everybody
          </button>
        )}
      </search>
      {failure !== undefined && (
        <FailureNote
          failure={failure}
          onRetry={() => {
            feed.reload();
            all.reload();
            own.reload();
          }}
        />
      )}
      {allData !== undefined && (principal === '' || ownData !== undefined) && (
        <Verdict
          principal={principal}
          episodes={episodes}
          touching={touching.size}
          scores={scoresIn(state.points, range)}
        />
      )}
      <section aria-labelledby="novelty">
        <h2 id="novelty">Novelty {principal !== '' && <Of principal={principal} />}</h2>
        <PlotView
          points={state.points}
          version={state.version}
          range={range}
          scale="log"
          marked={undefined}
          rows={state.rows}
          sync={SYNC}
          onPick={(id) => go(observationPath(id))}
          onZoom={zoom}
          onReset={whole}
        />
      </section>
      <section aria-labelledby="volume">
        <h2 id="volume">Episodes of unusual rate, of everybody</h2>
        {allData !== undefined && episodes.length === 0 && (
          <p className="muted">No rate was unusual in this stretch of time.</p>
        )}
        {episodes.length > 0 && (
          <>
            <EpisodePlot
              episodes={episodes}
              touching={touching}
              selected={selected}
              range={range}
              sync={SYNC}
              onZoom={zoom}
              onReset={whole}
              onPick={(key) => show({episode: key}, true)}
            />
            <p className="muted bands">
              <BandKey look="measured">measured here</BandKey>
              <BandKey look="insight">CloudTrail Insight</BandKey>
              {principal !== '' && (
                <BandKey look="alarm">touches {visible(shortPrincipal(principal))}</BandKey>
              )}
            </p>
            <EpisodeTable
              episodes={episodes}
              touching={touching}
              selected={selected}
              onSelect={(key) => show({episode: key}, true)}
              onOpen={({start, end, operation}) =>
                go(
                  addressOf({
                    ...queryOf(''),
                    operation,
                    from: start,
                    to: end ?? Math.ceil(range.to),
                  }),
                )
              }
            />
          </>
        )}
      </section>
    </main>
  );
}

/** The latest answer of the same subject, until the next is here. */
function useKept<T>(subject: string, data: T | undefined): T | undefined {
  const kept = useRef<{readonly subject: string; readonly data: T}>(undefined);
  if (data !== undefined) kept.current = {subject, data};
  return kept.current?.subject === subject ? kept.current.data : undefined;
}

function Of({principal}: {readonly principal: string}) {
  return (
    <>
      of <PrincipalLink name={principal} />
    </>
  );
}

interface Scores {
  readonly total: number;
  readonly list: (least: number) => number;
}

function scoresIn(
  points: {
    readonly scores: ArrayLike<number>;
    readonly count: number;
    firstAtOrAfter(seconds: number): number;
  },
  range: Range,
): Scores {
  const start = points.firstAtOrAfter(range.from / 1000);
  const end = points.firstAtOrAfter(range.to / 1000);
  return {
    total: end - start,
    list: (least) => {
      let count = 0;
      for (let i = start; i < end; i++) if ((points.scores[i] ?? 0) >= least) count++;
      return count;
    },
  };
}

interface VerdictProps {
  readonly principal: string;
  readonly episodes: readonly Episode[];
  readonly touching: number;
  readonly scores: Scores;
}

/** What each of the two views saw, in words. */
function Verdict({principal, episodes, touching, scores}: VerdictProps) {
  const [least] = useThresholds();
  const high = scores.list(least);
  const who = visible(shortPrincipal(principal));
  const all = `${formatCount(episodes.length)} ${plural(episodes.length, 'episode')}`;
  return (
    <p className="sentence" role="status">
      {principal === '' ? (
        <>
          By volume: {all} of unusual rate. By novelty: {formatCount(high)} of{' '}
          {formatCount(scores.total)} observations reach {least}.
        </>
      ) : (
        <>
          By volume:{' '}
          <strong>
            {touching === 0
              ? `no episode touches ${who}`
              : `${formatCount(touching)} ${plural(touching, 'episode touches', 'episodes touch')} ${who}`}
          </strong>
          , of {all} in all. By novelty:{' '}
          <strong className={high > 0 ? 'error' : undefined}>
            {high === 0 ? 'none' : formatCount(high)}
          </strong>{' '}
          of {who}’s {formatCount(scores.total)} observations reach{high === 1 ? 'es' : ''} {least}.
        </>
      )}
    </p>
  );
}
