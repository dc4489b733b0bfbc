import {useEffect, useMemo} from 'react';
import type {DetectionInfo} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {queryString} from './api.ts';
import {DayBars, lastDay} from './day-bars.tsx';
import {detectionPath, editPath} from './detection-paths.ts';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {ModeText} from './mode-text.tsx';
import {TechniqueLinks} from './outside-link.tsx';
import {go, usePlace} from './router.ts';
import {RowTable} from './row-table.tsx';
import {bySeverity, SEVERITIES, SeverityText} from './severity-text.tsx';
import {StateText} from './state-text.tsx';
import {plural, visible} from './text.ts';
import {TextInput} from './text-input.tsx';
import {TimeText} from './time-text.tsx';
import {TitleTemplate} from './title-template.tsx';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';

const KINDS = ['pattern', 'alarm', 'composite', 'trap', 'rate', 'condition', 'sigma'] as const;
const MODES = ['live', 'silent', 'off'] as const;
const REFRESH_MS = 60_000;
const NAMES = [
  'Severity',
  'Detection',
  'Kind',
  'Mode',
  'Last match',
  '30 days',
  'ATT&CK',
  'To look at',
];

/** What is watched for, the worst first, and how often it was met. */
export function DetectionsPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const told = (name: string) => values.get(name) ?? '';
  const [text, kind, mode, severity] = [told('text'), told('kind'), told('mode'), told('severity')];
  const selected = values.get('sel') ?? undefined;
  const {data, failure, reload} = useFetch<{detections: DetectionInfo[]}>(
    '/api/v1/detections',
    REFRESH_MS,
  );
  useNews(reload);
  useEffect(() => {
    document.title = 'Detections · Oddtrail';
  }, []);
  const show = (change: Readonly<Record<string, string | undefined>>, replace = false) =>
    go(`/detections${queryString({text, kind, mode, severity, sel: selected, ...change})}`, {
      replace,
    });
  useKeys({
    '/': () => document.getElementById('detection-search')?.focus(),
    escape: () => {
      if (selected !== undefined) show({sel: undefined}, true);
      else show({text: '', kind: '', mode: '', severity: ''});
    },
  });
  const all = data?.detections;
  const rows = useMemo(() => {
    const part = text.toLowerCase();
    return (all ?? [])
      .filter(
        (each) =>
          (kind === '' || each.kind === kind) &&
          (mode === '' || each.mode === mode) &&
          (severity === '' || each.severity === severity) &&
          (part === '' || wordsOf(each).some((word) => word.toLowerCase().includes(part))),
      )
      .sort(
        (a, b) =>
          bySeverity(a.severity, b.severity) ||
          Number(a.mode === 'off') - Number(b.mode === 'off') ||
          (a.id < b.id ? -1 : 1),
      );
  }, [all, text, kind, mode, severity]);
  const alarmed = (all ?? []).filter(({alarm}) => alarm?.state === 'ALARM').length;
  const end = useMemo(() => lastDay((all ?? []).map(({days}) => days)), [all]);
  const isNarrowed = text !== '' || kind !== '' || mode !== '' || severity !== '';

  return (
    <main id="main">
      <h1>Detections</h1>
      <search className="filters" aria-label="Filters">
        <TextInput
          id="detection-search"
          type="search"
          className="wide"
          label="Search detections"
          placeholder="Search: title, id, technique, file …  ( / )"
          value={text}
          onCommit={(value) => show({text: value})}
        />
        <Choice name="Severity" of={[...SEVERITIES].reverse()} value={severity} onChange={show} />
        <Choice name="Kind" of={KINDS} value={kind} onChange={show} />
        <Choice name="Mode" of={MODES} value={mode} onChange={show} />
        {isNarrowed && (
          <button type="button" onClick={() => show({text: '', kind: '', mode: '', severity: ''})}>
            Clear filters
          </button>
        )}
        <Link to={editPath()} className="button">
          Edit files
        </Link>
      </search>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {all !== undefined && (
        <p role="status" className="muted count">
          {isNarrowed ? `${formatCount(rows.length)} of ` : ''}
          {formatCount(all.length)} {plural(all.length, 'detection')}
          {alarmed > 0 && <span className="error"> · ▲ {formatCount(alarmed)} in ALARM</span>}
          {' · bars: '}
          <span className="key live" aria-hidden="true" /> told{' '}
          <span className="key silent" aria-hidden="true" /> silent
        </p>
      )}
      {all === undefined && failure === undefined && <p className="notice">Loading …</p>}
      {all?.length === 0 && (
        <p className="notice">No detections are configured. Novelty is scored without any.</p>
      )}
      {all !== undefined && all.length > 0 && rows.length === 0 && (
        <p className="notice">No detections match.</p>
      )}
      {rows.length > 0 && (
        <RowTable
          label="Detections"
          className="detections"
          names={NAMES}
          rows={rows}
          keyOf={({id}) => id}
          cells={(row) => <Cells row={row} end={end} />}
          selected={selected}
          onSelect={(key) => show({sel: key}, true)}
          onOpen={({id}) => go(detectionPath(id))}
        />
      )}
    </main>
  );
}

/** All by which one may look for a detection. */
function wordsOf({id, title, description, from, techniques, tactics}: DetectionInfo): string[] {
  return [id, title, description, from, ...techniques, ...tactics];
}

interface ChoiceProps {
  readonly name: string;
  readonly of: readonly string[];
  readonly value: string;
  readonly onChange: (change: Readonly<Record<string, string>>) => void;
}

function Choice({name, of, value, onChange}: ChoiceProps) {
  return (
    <select
      aria-label={name}
      value={of.includes(value) ? value : ''}
      onChange={({target}) => onChange({[name.toLowerCase()]: target.value})}
    >
      <option value="">Any {name.toLowerCase()}</option>
      {of.map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}

function Cells({row, end}: {readonly row: DetectionInfo; readonly end: number}) {
  const {id, title, severity, kind, lastMatch, days, techniques, alarm} = row;
  return (
    <>
      <td data-label="Severity" className="nowrap">
        <SeverityText severity={severity} />
      </td>
      <th scope="row" className="title">
        <Link to={detectionPath(id)}>
          <TitleTemplate text={title} />
        </Link>
        <span className="muted whole mono"> {visible(id)}</span>
      </th>
      <td data-label="Kind" className="nowrap">
        <span>
          {kind}
          {alarm !== null && (
            <span className="below">
              <StateText state={alarm.state} />
            </span>
          )}
        </span>
      </td>
      <td data-label="Mode">
        <ModeText detection={row} />
      </td>
      <td data-label="Last match">
        {lastMatch === null ? (
          <span className="muted">never</span>
        ) : (
          <TimeText time={lastMatch.time} brief />
        )}
      </td>
      <td data-label="30 days">
        <DayBars days={days} end={end} />
      </td>
      <td data-label="ATT&CK">{techniques.length > 0 && <TechniqueLinks ids={techniques} />}</td>
      <Notes row={row} />
    </>
  );
}

/** What of a detection needs somebody's hand. */
function Notes({row}: {readonly row: DetectionInfo}) {
  const {expiringExclusions: expiring, failed} = row;
  if (failed === null && expiring === 0) return <td />;
  return (
    <td data-label="To look at">
      <span>
        {failed !== null && (
          <span className="error note-line" title={visible(failed.message)}>
            ⚠ {formatCount(failed.count)} {plural(failed.count, 'failure')}
          </span>
        )}
        {expiring > 0 && (
          <span className="warn note-line">
            {expiring} {plural(expiring, 'exclusion')} expired or soon
          </span>
        )}
      </span>
    </td>
  );
}
