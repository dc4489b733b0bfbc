import {useEffect} from 'react';
import type {DeadLetter, IngestStatus} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {ColumnHeads} from './column-heads.tsx';
import {FailureNote} from './failure-note.tsx';
import {useLive} from './live.ts';
import {ScrollBox} from './scroll-box.tsx';
import {Sparkline} from './sparkline.tsx';
import {formatBytes, formatRate, formatSpan, visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';

/** How reading, scoring and storing are doing. */
export function HealthPage() {
  const {status, rates} = useLive();
  const letters = useFetch<{rows: DeadLetter[]; next: string | null}>(
    '/api/v1/dead-letters?limit=100',
    10_000,
  );
  useEffect(() => {
    document.title = 'Health · Oddtrail';
  }, []);
  return (
    <main id="main">
      <h1>Health</h1>
      {status === undefined ? (
        <p className="notice">Loading …</p>
      ) : (
        <StatusView status={status} rates={rates} />
      )}
      <section aria-labelledby="letters">
        <h2 id="letters">Records set aside</h2>
        {status !== undefined && <Counts status={status} />}
        {letters.failure !== undefined && (
          <FailureNote failure={letters.failure} onRetry={letters.reload} />
        )}
        {letters.data !== undefined && <Letters rows={letters.data.rows} />}
        {letters.data?.next != null && <p className="muted">These are the latest 100.</p>}
      </section>
    </main>
  );
}

interface StatusProps {
  readonly status: IngestStatus;
  readonly rates: readonly number[];
}

function StatusView({status, rates}: StatusProps) {
  const {memory, snapshot, store, journal, now} = status;
  return (
    <>
      {status.warnings.length > 0 && (
        <section aria-label="Warnings" className="warnings">
          <ul>
            {status.warnings.map((warning) => (
              <li key={warning}>⚠ {visible(warning)}</li>
            ))}
          </ul>
        </section>
      )}
      <dl className="tiles">
        <div className="wide-tile">
          <dt>Events per second</dt>
          <dd>{formatRate(status.eventsPerSecond)}</dd>
          <dd className="note">
            <Sparkline
              values={rates}
              label={`Events per second of the last minutes, at most ${formatRate(Math.max(0, ...rates))}`}
            />
          </dd>
        </div>
        <Tile name="Lag" value={status.lagMs === null ? '–' : formatSpan(status.lagMs)}>
          from the latest event to now
        </Tile>
        <Tile name="Mode" value={status.mode}>
          {status.mode === 'learning' ? 'no alerts are sent' : 'alerts are sent'}
        </Tile>
        <Tile name="Observations" value={formatCount(status.observations)}>
          latest id {status.lastId}
        </Tile>
        <Tile name="Not yet stored" value={formatCount(status.waitingEntries)}>
          journal entries
        </Tile>
        <Tile name="Memory" value={formatBytes(memory.rss)}>
          model {formatBytes(memory.model)}, heap {formatBytes(memory.heap)}
        </Tile>
        <Tile
          name="Snapshot"
          value={snapshot.at === null ? 'none yet' : `${formatSpan(now - snapshot.at)} old`}
        >
          {formatBytes(snapshot.bytes)}, entry {snapshot.entry}
        </Tile>
        <Tile name="Store" value={store.state === 'ok' ? 'ok' : '⚠ unavailable'}>
          {visible(store.kind)}, {formatBytes(store.bytes)}
          {store.detail !== '' && ` · ${visible(store.detail)}`}
        </Tile>
        <Tile name="Journal" value={formatBytes(journal.bytes)}>
          {formatCount(journal.entries)} entries
        </Tile>
        <Tile name="Up since" value={formatSpan(now - status.startedAt)}>
          <TimeText time={status.startedAt} />
        </Tile>
      </dl>
      <section aria-labelledby="sources">
        <h2 id="sources">Sources</h2>
        <Sources status={status} />
      </section>
    </>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly children: React.ReactNode;
}

function Tile({name, value, children}: TileProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd className="note">{children}</dd>
    </div>
  );
}

function Sources({status}: {readonly status: IngestStatus}) {
  if (status.sources.length === 0) return <p className="muted">None is configured.</p>;
  return (
    <ScrollBox label="Sources">
      <table className="plain stacked">
        <ColumnHeads
          names={['Name', 'State', 'Records', 'Bytes', 'Waiting', 'Latest event', 'Arrived']}
          numbers={['Records', 'Bytes', 'Waiting']}
        />
        <tbody>
          {status.sources.map((source) => {
            const bad = source.state === 'failed' || source.state === 'retrying';
            return (
              <tr key={source.name}>
                <th scope="row">
                  {visible(source.name)} <span className="muted">{visible(source.kind)}</span>
                </th>
                <td data-label="State">
                  <span className={bad ? 'error' : undefined}>
                    {bad ? '⚠ ' : ''}
                    {source.state}
                  </span>
                  {source.detail !== '' && (
                    <span className="muted detail"> {visible(source.detail)}</span>
                  )}
                </td>
                <td data-label="Records" className="number">
                  {formatCount(source.records)}
                </td>
                <td data-label="Bytes" className="number">
                  {formatBytes(source.bytes)}
                </td>
                <td data-label="Waiting" className="number">
                  {source.backlog === null ? 'unknown' : formatCount(source.backlog)}
                </td>
                <td data-label="Latest event">
                  <TimeText time={source.latestEventTime} />
                </td>
                <td data-label="Arrived">
                  {source.latestArrival === null
                    ? 'never'
                    : `${formatSpan(status.now - source.latestArrival)} ago`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function Counts({status}: {readonly status: IngestStatus}) {
  const told = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${formatCount(count)} ${visible(reason.replaceAll('_', ' '))}`)
      .join(', ') || 'none';
  return (
    <dl className="facts">
      <dt>Faulty</dt>
      <dd>{told(status.rejected)}</dd>
      <dt>Left out on purpose</dt>
      <dd>{told(status.dropped)}</dd>
    </dl>
  );
}

function Letters({rows}: {readonly rows: readonly DeadLetter[]}) {
  if (rows.length === 0) return <p className="muted">No record was set aside.</p>;
  return (
    <ScrollBox label="Records set aside">
      <table className="plain stacked">
        <ColumnHeads names={['When', 'Reason', 'Where', 'Detail']} />
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td data-label="When" className="when">
                <TimeText time={row.at} />
              </td>
              <td data-label="Reason">{visible(row.reason.replaceAll('_', ' '))}</td>
              <td data-label="Where" className="mono">
                {visible(row.source)}: {visible(row.object)}
                {row.index >= 0 && `, record ${row.index}`}
                {row.offset >= 0 && `, byte ${formatCount(row.offset)}`}
                {row.length > 0 && ` (${formatBytes(row.length)})`}
              </td>
              <td data-label="Detail">{visible(row.detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
