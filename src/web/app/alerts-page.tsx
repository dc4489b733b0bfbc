import {useEffect, useState} from 'react';
import type {DeliveryRow, DestinationInfo} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {ApiFailure, post, queryString} from './api.ts';
import {ColumnHeads} from './column-heads.tsx';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {addressOf, queryOf} from './query.ts';
import {go, usePlace} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {useMayAct} from './session.ts';
import {visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';
import {usePages} from './use-pages.ts';

const STATES = ['waiting', 'sent', 'dead'] as const;
const REFRESH_MS = 5_000;
const HOUR_MS = 3_600_000;

/** Where alerts go, and what became of each. */
export function AlertsPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const destination = values.get('destination') ?? '';
  const state = STATES.find((each) => each === values.get('state')) ?? '';
  const destinations = useFetch<{destinations: DestinationInfo[]}>(
    '/api/v1/alerts/destinations',
    REFRESH_MS,
  );
  const path = `/api/v1/alerts/deliveries${queryString({destination, state, limit: 100})}`;
  const deliveries = usePages<DeliveryRow>(path, rowKey, REFRESH_MS);
  useEffect(() => {
    document.title = 'Alerts · Oddtrail';
  }, []);
  const {rows} = deliveries;
  const show = (change: {destination?: string; state?: string}) =>
    go(`/alerts${queryString({destination, state, ...change})}`);
  const list = destinations.data?.destinations ?? [];

  return (
    <main id="main">
      <h1>Alerts</h1>
      <section aria-labelledby="destinations">
        <h2 id="destinations">Destinations</h2>
        {destinations.failure !== undefined && (
          <FailureNote failure={destinations.failure} onRetry={destinations.reload} />
        )}
        {destinations.data !== undefined && list.length === 0 && (
          <p className="muted">None is configured: nobody is told of anything.</p>
        )}
        <div className="cards">
          {list.map((each) => (
            <Destination
              key={each.name}
              destination={each}
              onChanged={() => {
                destinations.reload();
                deliveries.reload();
              }}
            />
          ))}
        </div>
      </section>
      <section aria-labelledby="deliveries">
        <div className="title-row">
          <h2 id="deliveries">Deliveries</h2>
          <select
            aria-label="Destination"
            value={destination}
            onChange={({target}) => show({destination: target.value})}
          >
            <option value="">All destinations</option>
            {list.map(({name}) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <select
            aria-label="State"
            value={state}
            onChange={({target}) => show({state: target.value})}
          >
            <option value="">Any state</option>
            {STATES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        {deliveries.failure !== undefined && (
          <FailureNote failure={deliveries.failure} onRetry={deliveries.reload} />
        )}
        {deliveries.loaded && rows.length === 0 && (
          <p className="muted">Nothing to be sent so far.</p>
        )}
        {rows.length > 0 && <Deliveries rows={rows} />}
        {deliveries.hasMore && (
          <p>
            <button type="button" onClick={() => void deliveries.loadMore()}>
              Show more
            </button>
          </p>
        )}
      </section>
    </main>
  );
}

interface DestinationProps {
  readonly destination: DestinationInfo;
  readonly onChanged: () => void;
}

function Destination({destination, onChanged}: DestinationProps) {
  const {name, type, target, minScore, waiting, dead, lastSentAt, lastError} = destination;
  const [outcome, setOutcome] = useState('');
  const [busy, setBusy] = useState(false);
  const mayAct = useMayAct();
  const act = async (what: () => Promise<string>) => {
    setBusy(true);
    setOutcome('…');
    try {
      setOutcome(await what());
      onChanged();
    } catch (error) {
      setOutcome(`Failed: ${error instanceof ApiFailure ? error.message : String(error)}`);
    } finally {
      setBusy(false);
    }
  };
  const test = () =>
    act(async () => {
      const path = `/api/v1/alerts/destinations/${encodeURIComponent(name)}/test`;
      const answer = await post<{status: string}>(path);
      return `Sample sent: ${answer?.status ?? 'taken'}`;
    });
  const replay = () =>
    act(async () => {
      const answer = await post<{replayed: number}>('/api/v1/alerts/replay', {destination: name});
      return `${formatCount(answer?.replayed ?? 0)} to be tried again`;
    });
  const trouble = lastError !== '' || dead > 0;
  return (
    <section className={trouble ? 'card trouble' : 'card'} aria-label={visible(name)}>
      <h3>
        {trouble && '⚠ '}
        {visible(name)} <span className="muted">{visible(type)}</span>
      </h3>
      <dl className="facts">
        <dt>Goes to</dt>
        <dd>{visible(target)}</dd>
        <dt>Scores from</dt>
        <dd>{minScore}</dd>
        <dt>Waiting</dt>
        <dd>{formatCount(waiting)}</dd>
        <dt>Given up</dt>
        <dd className={dead > 0 ? 'error' : undefined}>{formatCount(dead)}</dd>
        <dt>Last sent</dt>
        <dd>
          <TimeText time={lastSentAt} />
        </dd>
        {lastError !== '' && (
          <>
            <dt>Last error</dt>
            <dd className="error">{visible(lastError)}</dd>
          </>
        )}
      </dl>
      <p className="actions">
        <button type="button" disabled={busy || !mayAct} onClick={() => void test()}>
          Send a test
        </button>
        <button
          type="button"
          disabled={busy || !mayAct || dead === 0}
          onClick={() => void replay()}
        >
          Try given-up ones again
        </button>
        <span role="status">{visible(outcome)}</span>
      </p>
      {!mayAct && <p className="muted">This needs the role of an analyst.</p>}
    </section>
  );
}

function Deliveries({rows}: {readonly rows: readonly DeliveryRow[]}) {
  return (
    <ScrollBox label="Deliveries">
      <table className="plain stacked">
        <ColumnHeads
          names={[
            'State',
            'Made',
            'Destination',
            'Principal',
            'Score',
            'Title',
            'Events',
            'Attempts',
            'Sent, or next attempt',
            'Last error',
          ]}
          numbers={['Events', 'Attempts']}
        />
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              <td data-label="State" className={row.state === 'dead' ? 'error nowrap' : 'nowrap'}>
                {row.state === 'dead' ? '⚠ given up' : row.state}
              </td>
              <td data-label="Made" className="when">
                <TimeText time={row.createdAt} />
              </td>
              <td data-label="Destination">{visible(row.destination)}</td>
              <td data-label="Principal">
                <PrincipalLink name={row.principal} />
              </td>
              <td data-label="Score">
                <ScoreText score={row.score} />
              </td>
              <td data-label="Title" className="what">
                <Link
                  to={addressOf({...queryOf(''), principal: row.principal, ...hourOf(row.key)})}
                >
                  {visible(row.title)}
                </Link>
                {row.revision > 1 && <span className="muted"> update {row.revision}</span>}
              </td>
              <td data-label="Events" className="number">
                {formatCount(row.count)}
              </td>
              <td data-label="Attempts" className="number">
                {formatCount(row.attempts)}
              </td>
              <td data-label="Sent, or next" className="when">
                {row.state === 'dead' ? (
                  '–'
                ) : (
                  <TimeText time={row.state === 'sent' ? row.sentAt : row.nextAt} />
                )}
              </td>
              <td data-label="Last error">{visible(row.lastError)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

/** The hour of an alert, by event time, as its key ends with; nothing if it does not. */
function hourOf(key: string): {from?: number; to?: number} {
  const from = Date.parse(`${/\d{4}-\d\d-\d\dT\d\d$/.exec(key)?.[0]}:00Z`);
  return Number.isFinite(from) ? {from, to: from + HOUR_MS} : {};
}

/** One of another revision is another row. */
function rowKey({destination, id, revision}: DeliveryRow): string {
  return `${destination} ${id} ${revision}`;
}
