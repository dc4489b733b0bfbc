import {useEffect} from 'react';
import type {MatchRow} from '../../api/detection-types.ts';
import {queryString} from './api.ts';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {MatchTable} from './match-table.tsx';
import {usePreferences} from './preferences.ts';
import {LAST_MS, queryOf} from './query.ts';
import {go, usePlace} from './router.ts';
import {SEVERITIES} from './severity-text.tsx';
import {formatMoment, visible} from './text.ts';
import {TextInput} from './text-input.tsx';
import {TimeSelect} from './time-select.tsx';
import {useLatestTime} from './use-latest-time.ts';
import {useNews} from './use-news.ts';
import {usePages} from './use-pages.ts';

const FILTERS = [
  'text',
  'minSeverity',
  'mode',
  'detection',
  'principal',
  'last',
  'from',
  'to',
] as const;
const REFRESH_MS = 60_000;

/** What detections found, the newest first. */
export function MatchesPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const filter = Object.fromEntries(
    FILTERS.map((name) => [name, values.get(name) ?? '']),
  ) as Record<(typeof FILTERS)[number], string>;
  const selected = values.get('sel') ?? undefined;
  const latest = useLatestTime();
  const {last, from, to} = queryOf(search);
  const isZoomed = from !== undefined || to !== undefined;
  const begin = from ?? (last === '' || latest === undefined ? undefined : latest - LAST_MS[last]);
  const matches = usePages<MatchRow>(
    last !== '' && !isZoomed && latest === undefined
      ? undefined
      : `/api/v1/matches${queryString({...filter, last: '', from: begin, to, limit: 100})}`,
    ({id}) => id,
    REFRESH_MS,
  );
  const {rows, failure} = matches;
  useNews(matches.reload);
  useEffect(() => {
    document.title = 'Matches · Oddtrail';
  }, []);
  const show = (change: Readonly<Record<string, string | undefined>>, replace = false) =>
    go(`/matches${queryString({...filter, sel: selected, ...change})}`, {replace});
  const clear = () => show(Object.fromEntries(FILTERS.map((name) => [name, ''])));
  useKeys({
    '/': () => document.getElementById('match-search')?.focus(),
    escape: () => {
      if (selected !== undefined) show({sel: undefined}, true);
      else clear();
    },
  });
  const {zone} = usePreferences();
  const {detection, principal} = filter;
  const narrowed = [
    detection === '' ? '' : `of ${detection}`,
    principal === '' ? '' : `by ${principal}`,
    from === undefined ? '' : `from ${formatMoment(from, zone)}`,
    to === undefined ? '' : `to ${formatMoment(to, zone)}`,
  ].filter((part) => part !== '');
  const isNarrowed = Object.values(filter).some((value) => value !== '');

  return (
    <main id="main">
      <h1>Matches</h1>
      <search className="filters" aria-label="Filters">
        <TextInput
          id="match-search"
          type="search"
          className="wide"
          label="Search matches"
          placeholder="Search: title, detection, principal, facts …  ( / )"
          value={filter.text}
          onCommit={(value) => show({text: value})}
        />
        <select
          aria-label="Lowest severity"
          value={filter.minSeverity}
          onChange={({target}) => show({minSeverity: target.value})}
        >
          <option value="">Any severity</option>
          {[...SEVERITIES].reverse().map((each) => (
            <option key={each} value={each}>
              {each === 'critical' ? each : `${each} or worse`}
            </option>
          ))}
        </select>
        <select
          aria-label="Mode"
          value={filter.mode}
          onChange={({target}) => show({mode: target.value})}
        >
          <option value="">Live and silent</option>
          <option value="live">live</option>
          <option value="silent">silent</option>
        </select>
        <TimeSelect
          value={last}
          zoomed={isZoomed}
          onChange={(chosen) => show({last: chosen, from: '', to: ''})}
        />
        {isNarrowed && (
          <button type="button" onClick={clear}>
            Clear filters
          </button>
        )}
      </search>
      {narrowed.length > 0 && (
        <p className="narrowed muted">Only those {visible(narrowed.join(', '))}.</p>
      )}
      {failure !== undefined && <FailureNote failure={failure} onRetry={matches.reload} />}
      {!matches.loaded && failure === undefined && <p className="notice">Loading …</p>}
      {matches.loaded && rows.length === 0 && (
        <p className="notice">{isNarrowed ? 'No matches like this.' : 'No matches so far.'}</p>
      )}
      {rows.length > 0 && (
        <MatchTable
          rows={rows}
          selected={selected}
          onSelect={(key) => show({sel: key}, true)}
          hasMore={matches.hasMore}
          onMore={() => void matches.loadMore()}
        />
      )}
    </main>
  );
}
