import {useRef} from 'react';
import {useLive} from './live.ts';

/**
 * Event time of the newest record when first known: where stretches of time end. It stays, so that
 * what is shown does not move while one reads; undefined until known.
 */
export function useLatestTime(): number | undefined {
  const {status} = useLive();
  const latest = useRef<number>(undefined);
  if (latest.current === undefined && status !== undefined) {
    const times = status.sources.map(({latestEventTime}) => latestEventTime ?? 0);
    const newest = Math.max(0, ...times);
    latest.current = newest === 0 ? status.now : newest;
  }
  return latest.current;
}
