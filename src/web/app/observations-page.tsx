import {useEffect, useMemo, useRef} from 'react';
import {formatCount} from '../report/format.ts';
import {queryString} from './api.ts';
import {FailureNote} from './failure-note.tsx';
import {FilterBar} from './filter-bar.tsx';
import {useKeys} from './keys.ts';
import {ObservationTable} from './observation-table.tsx';
import type {Range} from './plot-frame.ts';
import {PlotView} from './plot-view.tsx';
import type {Colour} from './point-set.ts';
import {addressOf, filterOf, type Query, queryOf, streamFilterOf} from './query.ts';
import {currentPlace, go, observationPath, principalPath, usePlace} from './router.ts';
import {SelectionPanel} from './selection-panel.tsx';
import {useObservations} from './use-observations.ts';

const HOUR_MS = 3_600_000;
const COLOURS: readonly Colour[] = ['principal', 'service', 'account'];

/** Everything scored: the plot, and the table in step with it. */
export function ObservationsPage() {
  const {search} = usePlace();
  const query = useMemo(() => queryOf(search), [search]);
  const {feed, state, range} = useObservations({
    filter: streamFilterOf(query),
    text: query.text,
    last: query.last,
    from: query.from,
    to: query.to,
    colour: query.colour,
    order: query.order,
  });
  const searchField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Observations · Oddtrail';
  }, []);

  const change = (with_: Partial<Query>, replace = false) => {
    const now = queryOf(currentPlace().search);
    go(addressOf({...now, ...with_}), {replace});
  };
  const select = (id: number | undefined) => change({selected: id}, true);
  const zoom = ({from, to}: Range) => change({from: Math.round(from), to: Math.round(to)});
  const reset = () => change({from: undefined, to: undefined, last: ''});
  const isZoomed = query.from !== undefined || query.to !== undefined;
  const {rows} = state;
  const {selected} = query;

  // A point far from the first rows brings its row with it, and so does a link.
  useEffect(() => {
    if (selected === undefined || state.loading || rows.some(({id}) => id === selected)) return;
    const at = state.points.indexOf(selected);
    if (at < 0) return;
    const {seconds, scores} = state.points;
    feed.beginAt({
      id: selected,
      eventTime: Math.round((seconds[at] ?? 0) * 1000),
      score: scores[at] ?? 0,
    });
  }, [feed, selected, rows, state.loading, state.points]);

  const move = (by: number) => {
    const at = rows.findIndex(({id}) => id === selected);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next !== undefined) select(next.id);
  };
  const scaleRange = (factor: number) => {
    const middle = (range.from + range.to) / 2;
    const half = Math.max(1_000, ((range.to - range.from) / 2) * factor);
    zoom({from: middle - half, to: middle + half});
  };
  const open = () => {
    if (selected !== undefined) go(observationPath(selected));
  };
  const pause = () => (state.following ? feed.pause() : feed.resume());
  const colourNext = () =>
    change({colour: COLOURS[(COLOURS.indexOf(query.colour) + 1) % COLOURS.length] ?? 'principal'});
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    arrowdown: () => move(1),
    arrowup: () => move(-1),
    pagedown: () => move(20),
    pageup: () => move(-20),
    enter: open,
    o: open,
    '/': () => searchField.current?.focus(),
    z: () => {
      const row = rows.find(({id}) => id === selected);
      if (row !== undefined)
        zoom({from: row.eventTime - HOUR_MS / 2, to: row.eventTime + HOUR_MS / 2});
    },
    '+': () => scaleRange(0.5),
    '-': () => scaleRange(2),
    '0': reset,
    l: () => change({scale: query.scale === 'log' ? 'linear' : 'log'}),
    c: colourNext,
    s: () => change({order: query.order === 'time' ? 'score' : 'time'}),
    p: () => {
      const row = rows.find(({id}) => id === selected);
      if (row !== undefined) go(principalPath(row.dimensions.principal));
    },
    ' ': pause,
    escape: () => {
      if (selected !== undefined) select(undefined);
      else if (isZoomed) reset();
      else change({text: '', minScore: undefined});
    },
  });

  const csvPath = `/api/v1/observations.csv${queryString({
    ...filterOf(query, state.latest),
    order: query.order,
  })}`;
  const {total, truncated, points} = state;
  return (
    <main id="main" className="observations">
      <h1 className="unseen">Observations</h1>
      <FilterBar
        query={query}
        onChange={(with_) => change({...with_, selected: undefined})}
        searchField={searchField}
        csvPath={csvPath}
      />
      <div className="plot-tools">
        <p role="status" className="count">
          {total === undefined ? 'Loading …' : `${formatCount(total)} observations`}
          {truncated && (
            <span className="muted"> · the {formatCount(points.count)} most novel are drawn</span>
          )}
          {state.hasty && (
            <span className="muted"> · too many a second to follow: renewed every 10 s</span>
          )}
          {state.loading && total !== undefined && <span className="muted"> · loading …</span>}
        </p>
        <span className="zoom">
          <button type="button" onClick={() => scaleRange(0.5)} title="+" aria-label="Zoom in">
            +
          </button>
          <button type="button" onClick={() => scaleRange(2)} title="-" aria-label="Zoom out">
            −
          </button>
        </span>
        {(isZoomed || query.last !== '') && (
          <button type="button" onClick={reset} title="0">
            Whole range
          </button>
        )}
        <button type="button" onClick={pause} aria-pressed={!state.following} title="Space">
          {state.following ? 'Pause' : 'Resume'}
        </button>
        <label>
          Scale{' '}
          <select
            value={query.scale}
            onChange={({target}) => change({scale: target.value === 'linear' ? 'linear' : 'log'})}
          >
            <option value="log">logarithmic</option>
            <option value="linear">linear</option>
          </select>
        </label>
        <label>
          Colour{' '}
          <select
            value={query.colour}
            onChange={({target}) => change({colour: target.value as Colour})}
          >
            {COLOURS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {state.failure !== undefined && (
        <FailureNote failure={state.failure} onRetry={() => feed.reload()} />
      )}
      <PlotView
        points={points}
        version={state.version}
        range={range}
        scale={query.scale}
        marked={selected}
        rows={rows}
        onPick={select}
        onZoom={zoom}
        onReset={reset}
        onGroup={(group) => change({[query.colour]: group, selected: undefined})}
      />
      {state.anchor !== undefined && (
        <p className="anchor">
          Rows begin at a point you selected.{' '}
          <button
            type="button"
            className="small"
            onClick={() => {
              select(undefined);
              feed.beginAt(undefined);
            }}
          >
            {query.order === 'time' ? 'From the newest' : 'From the most novel'}
          </button>
        </p>
      )}
      <div className={selected === undefined ? 'split' : 'split with-selection'}>
        {rows.length === 0 && !state.loading ? (
          <p className="notice">
            {total === 0 ? 'No observations match.' : 'No observations in this stretch of time.'}
          </p>
        ) : (
          <ObservationTable
            rows={rows}
            order={query.order}
            selected={selected}
            shifted={state.shifted}
            hasMore={state.hasMore}
            onMore={feed.more}
            onSelect={select}
            onOpen={(id) => go(observationPath(id))}
            onOrder={(order) => change({order})}
          />
        )}
        {selected !== undefined && (
          <SelectionPanel id={selected} onClose={() => select(undefined)} />
        )}
      </div>
    </main>
  );
}
