import {useState} from 'react';
import type {AlarmChange, AlarmHistory, DetectionInfo} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {AlarmPlot, SERIES_COLOURS} from './alarm-plot.tsx';
import {type Series, seriesOf} from './alarm-shape.ts';
import {ApiFailure, post, queryString} from './api.ts';
import {BandKey} from './band-key.tsx';
import {EvidenceTable} from './evidence-table.tsx';
import {FailureNote} from './failure-note.tsx';
import type {Range} from './plot-frame.ts';
import {addressOf, LAST_MS, LASTS, type Last, queryOf} from './query.ts';
import {currentPlace, go, usePlace} from './router.ts';
import {useMayAct} from './session.ts';
import {type AlarmState, StateText} from './state-text.tsx';
import {formatSpan, plural, visible} from './text.ts';
import {TimeSelect} from './time-select.tsx';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';
import {useLatestTime} from './use-latest-time.ts';
import {useNews} from './use-news.ts';

interface Props {
  readonly id: string;
  readonly now: NonNullable<DetectionInfo['alarm']>;
}

const STRETCHES = LASTS.filter((last) => last !== '');
const STATES: readonly AlarmState[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'];

/** An alarm: its state, how it came to it, and a drill of it. */
export function AlarmView({id, now}: Props) {
  const {search} = usePlace();
  const query = queryOf(search);
  const latest = useLatestTime();
  const last = query.last === '' ? '7d' : query.last;
  const isZoomed = query.from !== undefined || query.to !== undefined;
  const from = query.from ?? (latest === undefined ? undefined : latest - LAST_MS[last]);
  const history = useFetch<AlarmHistory>(
    from === undefined
      ? undefined
      : `/api/v1/alarms/${encodeURIComponent(id)}/history${queryString({from, to: query.to})}`,
  );
  useNews(history.reload);
  const {data, failure} = history;
  const end = query.to ?? latest ?? from ?? 0;
  // A stretch without a change: the next change after it knows the state before.
  const isPast = data?.changes.length === 0 && now.since > end;
  const after = useFetch<AlarmHistory>(
    isPast
      ? `/api/v1/alarms/${encodeURIComponent(id)}/history${queryString({from: end})}`
      : undefined,
  );
  const state = (isPast ? after.data?.changes[0]?.from : undefined) ?? now.state;
  const show = (change: {from?: number | undefined; to?: number | undefined; last?: Last}) => {
    const {path, search: at} = currentPlace();
    go(addressOf({...queryOf(at), ...change}, path));
  };
  const whole = () => show({from: undefined, to: undefined});
  const changes = [...(data?.changes ?? [])].sort((a, b) => b.time - a.time);
  const range = data === undefined || from === undefined ? undefined : rangeOf(data, from, end);
  const all = data === undefined || range === undefined ? [] : seriesOf(data.changes, range);
  const series = all.slice(0, SERIES_COLOURS.length);
  return (
    <section aria-labelledby="alarm" className="alarm">
      <div className="title-row">
        <h2 id="alarm">Alarm</h2>
        <StateText state={now.state} />
        <span className="muted">
          since <TimeText time={now.since} />
        </span>
        <TimeSelect
          value={last}
          zoomed={isZoomed}
          of={STRETCHES}
          onChange={(chosen) => show({last: chosen, from: undefined, to: undefined})}
        />
        {isZoomed && (
          <button type="button" onClick={whole}>
            Whole range
          </button>
        )}
      </div>
      <p>{visible(now.reason)}</p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={history.reload} />}
      {data !== undefined && range !== undefined && (!isPast || !after.loading) && (
        <>
          {data.threshold !== null && (
            <p className="muted">
              {visible(data.statistic)} per {formatSpan(data.periodMs)}, in ALARM when{' '}
              {comparisonWords(data.comparison)} {data.threshold}
            </p>
          )}
          <AlarmPlot
            history={data}
            series={series}
            state={state}
            range={range}
            onZoom={(to) => show(to)}
            onReset={whole}
          />
          <p className="muted bands">
            <BandKey look="ok">OK</BandKey>
            <BandKey look="alarm">ALARM</BandKey>
            <BandKey look="unknown">insufficient data</BandKey>
          </p>
          {data.threshold !== null && data.datapoints.length === 0 && (
            <SeriesNote series={series} of={all.length} />
          )}
          <h3>Changes of state</h3>
          {changes.length === 0 && <p className="muted">None in this stretch of time.</p>}
          <div className="changes">
            {changes.map((change, i) => (
              <Change key={`${change.time} ${change.to}`} change={change} open={i === 0} />
            ))}
          </div>
        </>
      )}
      <Drill id={id} onDone={history.reload} />
    </section>
  );
}

interface SeriesNoteProps {
  readonly series: readonly Series[];
  readonly of: number;
}

/** Why there are no datapoints, and whose those are that there are. */
function SeriesNote({series, of}: SeriesNoteProps) {
  return (
    <>
      <p className="muted">
        {series.length === 0
          ? 'No datapoints are kept from this stretch of time. Of an alarm with dimensions only those are kept that a change of state was decided on.'
          : 'Each combination of dimensions is a series of its own; only the datapoints that a change of state was decided on are kept.'}
        {of > series.length &&
          ` Drawn are ${series.length} of ${formatCount(of)} series, those with the most alarms.`}
      </p>
      {series.length > 0 && (
        <ul className="bare series" aria-label="Series">
          {series.map(({name, points}, i) => (
            <li key={name}>
              <span className={`swatch c${SERIES_COLOURS[i]}`} aria-hidden="true" />
              {visible(name)}{' '}
              <span className="muted">
                at most {Math.max(...points.map(({value}) => value)).toLocaleString('en-US')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function rangeOf({datapoints, periodMs, changes}: AlarmHistory, from: number, to: number): Range {
  const last = datapoints.reduce((end, {start}) => Math.max(end, start + periodMs), to);
  const end = changes.reduce((latest, {time}) => Math.max(latest, time), last);
  return {from, to: Math.max(from + 60_000, end)};
}

const SIGNS: Readonly<Record<string, string>> = {
  '>=': 'at or above',
  '>': 'above',
  '<=': 'at or below',
  '<': 'below',
};

/** "GreaterThanOrEqualToThreshold" as "greater than or equal to", ">=" as "at or above". */
function comparisonWords(comparison: string): string {
  const sign = SIGNS[comparison];
  if (sign !== undefined) return sign;
  return visible(
    comparison
      .replace(/_?threshold$/i, '')
      .replaceAll('_', ' ')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase(),
  );
}

function Change({change, open}: {readonly change: AlarmChange; readonly open: boolean}) {
  const {time, from, to, reason, datapoints, events} = change;
  const values = datapoints.map(({value}) => (value === null ? 'missing' : String(value)));
  return (
    <details open={open}>
      <summary>
        <TimeText time={time} /> <StateText state={from} /> → <StateText state={to} />{' '}
        <span className="muted">
          {events.length > 0 && `${formatCount(events.length)} ${plural(events.length, 'event')}`}
        </span>
      </summary>
      <p>{visible(reason)}</p>
      {values.length > 0 && (
        <p className="muted">
          {plural(values.length, 'Datapoint')}: {values.join(', ')}
        </p>
      )}
      {events.length > 0 && <EvidenceTable events={events} />}
    </details>
  );
}

/** Puts an alarm into a state as a drill, to see that those who should hear of it do. */
function Drill({id, onDone}: {readonly id: string; readonly onDone: () => void}) {
  const mayAct = useMayAct();
  const [state, setState] = useState<AlarmState>('ALARM');
  const [reason, setReason] = useState('');
  const [outcome, setOutcome] = useState('');
  const [busy, setBusy] = useState(false);
  const set = async () => {
    setBusy(true);
    setOutcome('…');
    try {
      await post(`/api/v1/alarms/${encodeURIComponent(id)}/state`, {state, reason: reason.trim()});
      setOutcome(`Set to ${state}, until its next evaluation`);
      setReason('');
      onDone();
    } catch (error) {
      setOutcome(`Failed: ${error instanceof ApiFailure ? error.message : String(error)}`);
    } finally {
      setBusy(false);
    }
  };
  return (
    <details className="drill">
      <summary>Set state (drill)</summary>
      <p className="muted">
        Those who are told of this alarm are told of the drill. The next evaluation puts the state
        right again.
      </p>
      <form
        className="actions"
        onSubmit={(event) => {
          event.preventDefault();
          void set();
        }}
      >
        <select
          aria-label="State"
          value={state}
          onChange={({target}) => setState(target.value as AlarmState)}
        >
          {STATES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <input
          type="text"
          aria-label="Reason"
          placeholder="Reason, for the audit log"
          className="reason"
          maxLength={500}
          value={reason}
          onChange={({target}) => setReason(target.value)}
        />
        <button type="submit" disabled={busy || !mayAct || reason.trim() === ''}>
          Set state
        </button>
        <span role="status">{visible(outcome)}</span>
      </form>
      {!mayAct && <p className="muted">This needs the role of an analyst.</p>}
    </details>
  );
}
