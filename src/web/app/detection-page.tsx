import {useEffect, useState} from 'react';
import type {DetectionDetail, MatchRow} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {AlarmView} from './alarm-view.tsx';
import {queryString} from './api.ts';
import {CopyButton} from './copy-button.tsx';
import {DayBars, lastDay} from './day-bars.tsx';
import {editPath, safeLink} from './detection-paths.ts';
import {ExclusionTable} from './exclusion-table.tsx';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {MatchTable} from './match-table.tsx';
import {ModeText} from './mode-text.tsx';
import {OutsideLink, TechniqueLinks} from './outside-link.tsx';
import {go} from './router.ts';
import {RunbookList} from './runbook-list.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {SeverityText} from './severity-text.tsx';
import {StateText} from './state-text.tsx';
import {formatSpan, plural, visible} from './text.ts';
import {plainTemplate, TitleTemplate} from './title-template.tsx';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';
import {usePages} from './use-pages.ts';

/** One detection: what it watches for, what it found, and how it is declared. */
export function DetectionPage({id}: {readonly id: string}) {
  const detection = useFetch<DetectionDetail>(`/api/v1/detections/${encodeURIComponent(id)}`);
  const {data, failure} = detection;
  useNews(detection.reload);
  useKeys({
    e: () => {
      if (data !== undefined) go(editPath(data.from, data.id));
    },
    escape: () => go('/detections'),
  });
  useEffect(() => {
    document.title = `${data === undefined ? 'Detection' : plainTemplate(data.title)} · Oddtrail`;
  }, [data]);
  return (
    <main id="main">
      {failure !== undefined && (
        <>
          {data === undefined && <h1>{visible(id)}</h1>}
          <FailureNote failure={failure} onRetry={detection.reload} />
        </>
      )}
      {data === undefined && failure === undefined && <p className="notice">Loading …</p>}
      {data !== undefined && <Detail detection={data} />}
    </main>
  );
}

function Detail({detection}: {readonly detection: DetectionDetail}) {
  const {id, title, description, severity, kind, alarm, exclusions, source} = detection;
  return (
    <>
      <p className="verdict">
        <SeverityText severity={severity} /> · {kind} · <ModeText detection={detection} />
        {alarm !== null && (
          <>
            {' · '}
            <StateText state={alarm.state} />
          </>
        )}
      </p>
      <h1 className="headline">
        <TitleTemplate text={title} />
      </h1>
      <div className="columns">
        <section aria-label="Facts">
          {description !== '' && <p className="description">{visible(description)}</p>}
          <Facts detection={detection} />
          <Warnings detection={detection} />
        </section>
        <section aria-labelledby="runbook">
          <h2 id="runbook" className="first">
            What to do
          </h2>
          <RunbookList steps={detection.runbook} />
        </section>
      </div>
      {alarm !== null && <AlarmView id={id} now={alarm} />}
      <Matches detection={detection} />
      <section aria-labelledby="exclusions">
        <h2 id="exclusions">Exclusions</h2>
        {exclusions.length === 0 ? (
          <p className="muted">Nothing is left out.</p>
        ) : (
          <ExclusionTable exclusions={exclusions} />
        )}
      </section>
      <section aria-labelledby="source">
        <div className="title-row">
          <h2 id="source">As declared</h2>
          <span className="muted">in {visible(detection.from)}</span>
          <Link to={editPath(detection.from, id)} className="button" title="e">
            Edit
          </Link>
          <CopyButton text={source} what="declaration" />
        </div>
        <ScrollBox label="Declaration" className="record">
          <pre>{visible(source)}</pre>
        </ScrollBox>
      </section>
    </>
  );
}

function Facts({detection}: {readonly detection: DetectionDetail}) {
  const {id, techniques, tactics, references, groupBy, dedupMs, tests, excluded} = detection;
  return (
    <dl className="facts">
      <dt>Id</dt>
      <dd>
        <code>{visible(id)}</code>
        <CopyButton text={id} what="id" />
      </dd>
      {techniques.length > 0 && (
        <>
          <dt>ATT&CK</dt>
          <dd>
            <TechniqueLinks ids={techniques} />
            {tactics.length > 0 && (
              <span className="muted">
                {tactics.map((tactic) => visible(tactic.replaceAll('-', ' '))).join(', ')}
              </span>
            )}
          </dd>
        </>
      )}
      {references.length > 0 && (
        <>
          <dt>References</dt>
          <dd>
            {references.map((reference) => (
              <Reference key={reference} address={reference} />
            ))}
          </dd>
        </>
      )}
      <dt>One match per</dt>
      <dd>
        {groupBy.length === 0 ? 'detection' : groupBy.map(visible).join(' · ')}
        {dedupMs > 0 && <span className="muted"> within {formatSpan(dedupMs)}</span>}
      </dd>
      <dt>Left out</dt>
      <dd>
        {formatCount(excluded)} {plural(excluded, 'event')} by exclusions since the start
      </dd>
      <dt>Tests</dt>
      <dd className={tests === 0 ? 'warn' : undefined}>
        {tests === 0 ? 'none' : `${formatCount(tests)} in its file`}
      </dd>
    </dl>
  );
}

function Reference({address}: {readonly address: string}) {
  const to = safeLink(address);
  return (
    <span className="below">
      {to === undefined ? visible(address) : <OutsideLink to={to}>{visible(address)}</OutsideLink>}
    </span>
  );
}

/** What is amiss with it: failures while it ran, and doubts of who read the file. */
function Warnings({detection}: {readonly detection: DetectionDetail}) {
  const {failed, warnings} = detection;
  if (failed === null && warnings.length === 0) return null;
  return (
    <div className="warnings">
      <ul aria-label="Warnings">
        {failed !== null && (
          <li>
            <span className="error">
              ⚠ Failed on {formatCount(failed.count)} {plural(failed.count, 'event')}
            </span>
            , which count as no match: {visible(failed.message)}
          </li>
        )}
        {warnings.map((warning) => (
          <li key={`${warning.line}:${warning.column} ${warning.message}`}>
            ⚠ {visible(warning.message)}{' '}
            <span className="muted nowrap">
              line {warning.line}:{warning.column}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Matches({detection}: {readonly detection: DetectionDetail}) {
  const {id, days} = detection;
  const matches = usePages<MatchRow>(
    `/api/v1/matches${queryString({detection: id, limit: 25})}`,
    ({id: match}) => match,
  );
  const [selected, setSelected] = useState<string>();
  useNews(matches.reload);
  const {rows, failure} = matches;
  return (
    <section aria-labelledby="matches">
      <div className="title-row">
        <h2 id="matches">Matches</h2>
        <DayBars days={days} end={lastDay([days])} />
        <span className="muted">per day, 30 days</span>
        <Link to={`/matches${queryString({detection: id})}`}>Show them among all</Link>
      </div>
      {failure !== undefined && <FailureNote failure={failure} onRetry={matches.reload} />}
      {matches.loaded && rows.length === 0 && <p className="muted">None so far.</p>}
      {rows.length > 0 && (
        <MatchTable
          rows={rows}
          ofOne
          selected={selected}
          onSelect={setSelected}
          hasMore={matches.hasMore}
          onMore={() => void matches.loadMore()}
        />
      )}
    </section>
  );
}
