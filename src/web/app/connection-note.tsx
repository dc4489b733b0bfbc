import {useEffect, useState} from 'react';
import {Link} from './link.tsx';
import {live, useLive} from './live.ts';
import {formatRate, formatSpan} from './text.ts';

/** Whether what one sees is of now; in words, since an old picture looks like a new one. */
export function ConnectionNote() {
  const {connection, retryAt, status} = useLive();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (connection !== 'lost') return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [connection]);

  if (connection === 'lost') {
    const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
    return (
      <p className="connection lost" role="status">
        <strong>Connection lost</strong>, retrying{seconds > 0 ? ` in ${seconds} s` : ' …'}
        <button type="button" className="small" onClick={() => live.retry()}>
          Now
        </button>
      </p>
    );
  }
  if (connection === 'connecting' || status === undefined) {
    return (
      <p className="connection" role="status">
        Connecting …
      </p>
    );
  }
  const troubles = [
    ...(status.store.state === 'ok' ? [] : ['store unavailable']),
    ...status.sources
      .filter(({state}) => state === 'failed' || state === 'retrying')
      .map(({name, state}) => `${name} ${state}`),
  ];
  return (
    <p className="connection" role="status">
      <span className="live-mark">Live</span>
      {troubles.length > 0 && (
        <Link to="/health" className="trouble" title={troubles.join(', ')}>
          ⚠ {troubles.slice(0, 2).join(', ')}
          {troubles.length > 2 ? ' …' : ''}
        </Link>
      )}
      {status.mode === 'learning' && <span title="No alerts are sent">learning</span>}
      <span>{formatRate(status.eventsPerSecond)} events/s</span>
      {status.lagMs !== null && <span className="lag">lag {formatSpan(status.lagMs)}</span>}
    </p>
  );
}
