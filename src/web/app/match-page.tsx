import {useEffect} from 'react';
import type {DetectionDetail, MatchRow} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {CopyButton} from './copy-button.tsx';
import {detectionPath} from './detection-paths.ts';
import {EvidenceTable} from './evidence-table.tsx';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {isNamed} from './match-table.tsx';
import {TechniqueLinks} from './outside-link.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {go, principalPath} from './router.ts';
import {RunbookList} from './runbook-list.tsx';
import {ScoreText} from './score-text.tsx';
import {SeverityText} from './severity-text.tsx';
import {formatMoment, formatSpan, plural, visible} from './text.ts';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';
import {WhereText} from './where-text.tsx';

/** One match: what was found, by what events, and what to do now. */
export function MatchPage({id}: {readonly id: number}) {
  const match = useFetch<MatchRow>(`/api/v1/matches/${id}`);
  const {data, failure} = match;
  useNews(match.reload);
  const detection = useFetch<DetectionDetail>(
    data === undefined ? undefined : `/api/v1/detections/${encodeURIComponent(data.detection)}`,
  );
  useKeys({
    p: () => {
      if (data !== undefined && isNamed(data.principal)) go(principalPath(data.principal));
    },
    d: () => {
      if (data !== undefined) go(detectionPath(data.detection));
    },
    escape: () => (history.length > 1 ? history.back() : go('/matches')),
  });
  useEffect(() => {
    document.title = `${data === undefined ? 'Match' : visible(data.title)} · Oddtrail`;
  }, [data]);
  if (data === undefined) {
    return (
      <main id="main">
        <h1>Match {id}</h1>
        {failure === undefined ? (
          <p className="notice">Loading …</p>
        ) : (
          <FailureNote failure={failure} onRetry={match.reload} />
        )}
      </main>
    );
  }
  const declared = detection.data;
  return (
    <main id="main">
      <p className="verdict">
        <SeverityText severity={data.severity} />
        {data.mode === 'silent' && (
          <>
            {' · '}
            <span className="badge">silent</span>{' '}
            <span className="muted">
              nobody was told: the detection was on trial, or history was being learnt
            </span>
          </>
        )}
        {isNamed(data.principal) && (
          <>
            {' · '}
            <PrincipalLink name={data.principal} />
          </>
        )}
      </p>
      <h1 className="headline">{visible(data.title)}</h1>
      {failure !== undefined && <FailureNote failure={failure} onRetry={match.reload} />}
      <div className="columns">
        <section aria-label="Facts">
          <Facts match={data} />
        </section>
        <section aria-labelledby="runbook">
          <h2 id="runbook" className="first">
            What to do
          </h2>
          {detection.failure !== undefined && (
            <FailureNote failure={detection.failure} onRetry={detection.reload} />
          )}
          {declared !== undefined && <RunbookList steps={declared.runbook} />}
          {declared !== undefined && declared.techniques.length > 0 && (
            <p>
              <span className="muted">ATT&CK: </span>
              <TechniqueLinks ids={declared.techniques} />
            </p>
          )}
        </section>
      </div>
      <section aria-labelledby="evidence">
        <h2 id="evidence">
          Evidence{' '}
          <span className="muted">
            {data.evidence.length < data.events
              ? `${formatCount(data.evidence.length)} of ${formatCount(data.events)} events`
              : `${formatCount(data.events)} ${plural(data.events, 'event')}`}
          </span>
        </h2>
        {data.evidence.length === 0 ? (
          <p className="muted">No events are kept with it.</p>
        ) : (
          <EvidenceTable events={data.evidence} />
        )}
      </section>
    </main>
  );
}

function Facts({match}: {readonly match: MatchRow}) {
  const {firstTime, lastTime, group, facts} = match;
  return (
    <dl className="facts">
      <dt>{lastTime > firstTime ? 'First' : 'Time'}</dt>
      <dd>
        {formatMoment(firstTime, 'utc')}
        <span className="muted"> · {formatMoment(firstTime, 'local')} local</span>
      </dd>
      {lastTime > firstTime && (
        <>
          <dt>Latest</dt>
          <dd>
            {formatMoment(lastTime, 'utc')}
            <span className="muted"> · {formatSpan(lastTime - firstTime)} after the first</span>
          </dd>
        </>
      )}
      <dt>Detection</dt>
      <dd>
        <Link to={detectionPath(match.detection)}>{visible(match.detection)}</Link>{' '}
        <span className="muted">({match.kind})</span>
      </dd>
      {isNamed(match.principal) && (
        <>
          <dt>Principal</dt>
          <dd>
            <PrincipalLink name={match.principal} whole />
          </dd>
        </>
      )}
      {isNamed(match.operation) && (
        <>
          <dt>Operation</dt>
          <dd>{visible(match.operation)}</dd>
        </>
      )}
      <dt>Account</dt>
      <dd>
        <WhereText account={match.account} region={match.region} />
      </dd>
      <dt>Novelty</dt>
      <dd>
        <ScoreText score={match.score} /> <span className="muted">the highest of its events</span>
      </dd>
      <dt>Hits</dt>
      <dd>
        {formatCount(match.hits)} in {formatCount(match.events)} {plural(match.events, 'event')}
      </dd>
      {group.length > 0 && (
        <>
          <dt>Group</dt>
          <dd>{group.map(visible).join(' · ')}</dd>
        </>
      )}
      {Object.entries(facts).map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
      <dt>Key</dt>
      <dd>
        <code>{visible(match.key)}</code>
        <CopyButton text={match.key} what="key" />
      </dd>
    </dl>
  );
}

function Fact({name, value}: {readonly name: string; readonly value: string}) {
  return (
    <>
      <dt>{visible(name.replaceAll('_', ' '))}</dt>
      <dd>{visible(value)}</dd>
    </>
  );
}
