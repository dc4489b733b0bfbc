import {useEffect, useMemo, useState, useSyncExternalStore} from 'react';
import {type FeedQuery, type FeedState, ObservationFeed} from './observation-feed.ts';
import type {Range} from './plot-frame.ts';
import {LAST_MS} from './query.ts';

const MINUTE_MS = 60_000;

/** Observations as asked for, loaded and followed live, and the stretch of time they cover. */
export function useObservations(query: FeedQuery): {
  readonly feed: ObservationFeed;
  readonly state: FeedState;
  readonly range: Range;
} {
  const [feed] = useState(() => new ObservationFeed());
  const state = useSyncExternalStore(feed.subscribe, feed.state);
  const key = JSON.stringify(query);
  useEffect(() => {
    feed.ask(JSON.parse(key) as FeedQuery);
  }, [feed, key]);
  useEffect(() => () => feed.close(), [feed]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: points change in place; the version tells.
  const range = useMemo(
    () => rangeOf(query, state),
    [query.from, query.to, query.last, state.version],
  );
  return {feed, state, range};
}

/** What the plot shows: as asked for, else all there is with a little air. */
function rangeOf({from, to, last}: FeedQuery, {points, latest}: FeedState): Range {
  const first = (points.seconds[0] ?? Date.now() / 1000) * 1000;
  const end = (points.seconds[points.count - 1] ?? Date.now() / 1000) * 1000;
  const air = Math.max(MINUTE_MS, (end - first) * 0.01);
  if (from !== undefined || to !== undefined) {
    const begin = from ?? Math.min(first - air, (to ?? end) - MINUTE_MS);
    return {from: begin, to: Math.max(begin + 1_000, to ?? end + air)};
  }
  if (last !== '' && latest !== undefined) return {from: latest - LAST_MS[last], to: latest};
  return {from: first - air, to: end + air};
}
