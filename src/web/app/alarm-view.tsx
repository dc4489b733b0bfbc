import {useState} from 'react';
import type {AlarmChange, AlarmHistory, DetectionInfo} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {AlarmPlot} from './alarm-plot.tsx';
import {ApiFailure, post, queryString} from './api.ts';
import {BandKey} from './band-key.tsx';
import {EvidenceTable} from './evidence-table.tsx';
import {FailureNote} from './failure-note.tsx';
import {addressOf, LAST_MS, LASTS, type Last, queryOf} from './query.ts';
import {currentPlace, go, usePlace} from './router.ts';
import type {Range} from './score-plot.ts';
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
  const show = (change: {from?: number | undefined; to?: number | undefined; last?: Last}) => {
    const {path, search: at} = currentPlace();
    go(addressOf({...queryOf(at), ...change}, path));
  };
  const whole = () => show({from: undefined, to: undefined});
  const changes = [...(data?.changes ?? [])].sort((a, b) => b.time - a.time);
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
      {data !== undefined && from !== undefined && (
        <>
          {data.threshold !== null && (
            <p className="muted">
              {visible(data.statistic)} per {formatSpan(data.periodMs)}, in ALARM when{' '}
              {comparisonWords(data.comparison)} {data.threshold}
            </p>
          )}
          <AlarmPlot
            history={data}
            state={now.state}
            range={rangeOf(data, from, query.to ?? latest ?? from)}
            onZoom={(to) => show(to)}
            onReset={whole}
          />
          <p className="muted bands">
            <BandKey look="ok">OK</BandKey>
            <BandKey look="alarm">ALARM</BandKey>
            <BandKey look="unknown">insufficient data</BandKey>
          </p>
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

function rangeOf({datapoints, periodMs, changes}: AlarmHistory, from: number, to: number): Range {
  const last = datapoints.reduce((end, {start}) => Math.max(end, start + periodMs), to);
  const end = changes.reduce((latest, {time}) => Math.max(latest, time), last);
  return {from, to: Math.max(from + 60_000, end)};
}

/** "GreaterThanOrEqualToThreshold" as "greater than or equal to". */
function comparisonWords(comparison: string): string {
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
