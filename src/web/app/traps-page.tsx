import {useEffect, useMemo, useState} from 'react';
import type {TrapInfo} from '../../api/detection-types.ts';
import {ApiFailure, post, queryString} from './api.ts';
import {CopyButton} from './copy-button.tsx';
import {detectionPath} from './detection-paths.ts';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {go, usePlace} from './router.ts';
import {RowTable} from './row-table.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {useMayAct} from './session.ts';
import {plural, visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';

const REFRESH_MS = 30_000;
const NAMES = ['Decoy', 'Logged', 'Allowed', 'Last touch', 'Last drill', 'Drill'];

/** Decoys that nobody has reason to touch, and whether a touch would be seen. */
export function TrapsPage() {
  const {search} = usePlace();
  const selected = new URLSearchParams(search).get('sel') ?? undefined;
  const {data, failure, reload} = useFetch<{traps: TrapInfo[]}>('/api/v1/traps', REFRESH_MS);
  useNews(reload);
  useEffect(() => {
    document.title = 'Traps · Oddtrail';
  }, []);
  const select = (key: string | undefined) =>
    go(key === undefined ? '/traps' : `/traps?sel=${encodeURIComponent(key)}`, {replace: true});
  useKeys({escape: () => select(undefined)});
  const traps = useMemo(
    () => [...(data?.traps ?? [])].sort((a, b) => rankOf(a) - rankOf(b)),
    [data],
  );
  const set = traps.filter(({mode}) => mode !== 'off');
  const count = (logged: TrapInfo['coverage']['logged']) =>
    set.filter(({coverage}) => coverage.logged === logged).length;
  const [blind, doubtful] = [count('no'), count('unknown')];
  const touched = traps.filter(({lastTouch}) => lastTouch !== null).length;
  return (
    <main id="main">
      <h1>Traps</h1>
      <p className="muted">
        Decoys that nobody has reason to touch: whoever does is worth a call, whatever the score.
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {data === undefined && failure === undefined && <p className="notice">Loading …</p>}
      {data !== undefined && traps.length === 0 && <p className="notice">No decoy is declared.</p>}
      {traps.length > 0 && (
        <>
          <p role="status">
            {traps.length} {plural(traps.length, 'decoy', 'decoys')}
            {set.length < traps.length && `, ${traps.length - set.length} of them off`}
            {blind > 0 && (
              <span className="error"> · ⚠ a touch of {blind} would not be logged</span>
            )}
            {doubtful > 0 && (
              <span className="warn">
                {' '}
                · ? whether a touch of {doubtful} would be logged is unknown
              </span>
            )}
            {touched > 0 && <span className="error"> · ▲ {touched} touched</span>}
          </p>
          <ScrollBox label="Traps">
            <RowTable
              label="Traps"
              className="traps"
              names={NAMES}
              rows={traps}
              keyOf={({detection}) => detection}
              cells={(trap) => <Cells trap={trap} onDrilled={reload} />}
              selected={selected}
              onSelect={select}
              onOpen={({detection}) => go(detectionPath(detection))}
            />
          </ScrollBox>
        </>
      )}
    </main>
  );
}

function Cells({trap, onDrilled}: {readonly trap: TrapInfo; readonly onDrilled: () => void}) {
  const {detection, mode, decoy, coverage, allowed, lastTouch, lastDrill} = trap;
  const matches = `/matches${queryString({detection})}`;
  return (
    <>
      <th scope="row" className="title">
        <span className="muted">{visible(decoy.kind.replaceAll('_', ' '))} </span>
        <Link to={detectionPath(detection)}>{visible(decoy.name)}</Link>
        {mode !== 'live' && (
          <>
            {' '}
            <span className="badge">{mode}</span>
          </>
        )}
        <span className="muted below">
          {decoy.accounts.length === 0
            ? 'in every account'
            : `in ${decoy.accounts.map(visible).join(', ')}`}
        </span>
      </th>
      <td data-label="Logged" className="coverage">
        <Coverage coverage={coverage} />
      </td>
      <td data-label="Allowed" className="allowed">
        <Allowed allowed={allowed} />
      </td>
      <td data-label="Last touch">
        {lastTouch === null ? (
          <span className="muted">never</span>
        ) : (
          <strong>
            <Link to={matches} className="error">
              <TimeText time={lastTouch} brief />
            </Link>
          </strong>
        )}
      </td>
      <td data-label="Last drill">
        {lastDrill === null ? (
          <span className="warn">never</span>
        ) : (
          <span>
            <TimeText time={lastDrill.at} brief />
            <span className={lastDrill.ok ? 'muted below' : 'error below'}>
              {lastDrill.ok ? '' : '⚠ '}
              {visible(lastDrill.detail)}, by {visible(lastDrill.by)}
            </span>
          </span>
        )}
      </td>
      <td data-label="Drill">
        <Drill detection={detection} isOff={mode === 'off'} onDone={onDrilled} />
      </td>
    </>
  );
}

/** So many are shown at once; more would hide the traps behind those who may touch them. */
const FEW = 2;

function Allowed({allowed}: Pick<TrapInfo, 'allowed'>) {
  if (allowed.length === 0) return <span className="muted">nobody</span>;
  const list = (
    <ul className="bare">
      {allowed.map(({who, owner, reason}) => (
        <li key={who}>
          <code>{visible(who)}</code>
          <span className="muted below">
            {visible(reason)} ({visible(owner)})
          </span>
        </li>
      ))}
    </ul>
  );
  if (allowed.length <= FEW) return list;
  return (
    <details>
      <summary>{allowed.length} identities</summary>
      {list}
    </details>
  );
}

/** Those that were touched first, those that are off last. */
function rankOf({mode, coverage, lastTouch}: TrapInfo): number {
  if (lastTouch !== null) return 0;
  if (mode === 'off') return 4;
  return {no: 1, unknown: 2, yes: 3}[coverage.logged];
}

const LOGGED = {yes: 'yes', no: '⚠ no', unknown: '? unknown'} as const;
const LOGGED_CLASS = {yes: 'good', no: 'error', unknown: 'warn'} as const;

function Coverage({coverage}: {readonly coverage: TrapInfo['coverage']}) {
  const {logged, why, needed} = coverage;
  return (
    <span>
      <span className={LOGGED_CLASS[logged]}>{LOGGED[logged]}</span>
      <span className="muted below">{visible(why)}</span>
      {needed !== '' && (
        <details className="needed">
          <summary>What is needed</summary>
          <pre>{visible(needed)}</pre>
          <CopyButton text={needed} what="what is needed" />
        </details>
      )}
    </span>
  );
}

interface DrillProps {
  readonly detection: string;
  readonly isOff: boolean;
  readonly onDone: () => void;
}

/** Sends an event as a touch would make it, and says whether it was found. */
function Drill({detection, isOff, onDone}: DrillProps) {
  const mayAct = useMayAct();
  const [outcome, setOutcome] = useState<{readonly ok: boolean; readonly text: string}>();
  const [busy, setBusy] = useState(false);
  const drill = async () => {
    setBusy(true);
    setOutcome({ok: true, text: '…'});
    try {
      const path = `/api/v1/traps/${encodeURIComponent(detection)}/drill`;
      const answer = await post<{ok: boolean; detail: string}>(path);
      setOutcome({ok: answer?.ok === true, text: answer?.detail ?? ''});
      onDone();
    } catch (error) {
      const text = error instanceof ApiFailure ? error.message : String(error);
      setOutcome({ok: false, text});
    } finally {
      setBusy(false);
    }
  };
  return (
    <span>
      <button
        type="button"
        disabled={busy || !mayAct || isOff}
        aria-label={`Drill ${visible(detection)}`}
        title={
          isOff
            ? 'The trap is off'
            : mayAct
              ? 'Sends a made-up touch through'
              : 'This needs the role of an analyst'
        }
        onClick={() => void drill()}
      >
        Drill
      </button>
      <span role="status" className={outcome?.ok === false ? 'error below' : 'below'}>
        {outcome !== undefined && outcome.text !== '' && (
          <>
            {outcome.ok ? '' : '⚠ '}
            {visible(outcome.text)}
          </>
        )}
      </span>
    </span>
  );
}
