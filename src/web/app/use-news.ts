import {useEffect, useRef} from 'react';
import {useLive} from './live.ts';

/** Calls whenever the service has stored matches or changes of alarms since. */
export function useNews(reload: () => void): void {
  const {news} = useLive();
  const first = useRef(news);
  const call = useRef(reload);
  call.current = reload;
  useEffect(() => {
    if (news === first.current) return;
    first.current = news;
    call.current();
  }, [news]);
}
