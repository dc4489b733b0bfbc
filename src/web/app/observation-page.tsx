import {useEffect, useRef} from 'react';
import type {Observation, ObservationDetail} from '../../api/types.ts';
import {CopyButton} from './copy-button.tsx';
import {EventMatches} from './event-matches.tsx';
import {FacetBars} from './facet-bars.tsx';
import {FacetTable} from './facet-table.tsx';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {NeighbourTable} from './neighbour-table.tsx';
import {reasonOf} from './point-tip.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {RecordView} from './record-view.tsx';
import {go, observationPath, principalPath} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {formatMoment, shortPrincipal, visible} from './text.ts';
import {useFetch} from './use-fetch.ts';

const AROUND = 10;

/** One observation: what happened, and why it got its score. */
export function ObservationPage({id}: {readonly id: number}) {
  const detail = useFetch<ObservationDetail>(`/api/v1/observations/${id}`);
  const around = useFetch<{rows: Observation[]}>(
    `/api/v1/observations/${id}/neighbours?before=${AROUND}&after=${AROUND}`,
  );
  // The page before stays until the next one is here, so that stepping does not flicker.
  const shown = useRef<ObservationDetail>(undefined);
  if (detail.data !== undefined) shown.current = detail.data;
  const data = detail.data ?? (detail.failure === undefined ? shown.current : undefined);
  const rows = around.data?.rows ?? [];
  const at = rows.findIndex((row) => row.id === id);
  const before = at > 0 ? rows[at - 1] : undefined;
  const after = at >= 0 ? rows[at + 1] : undefined;
  const step = (to: Observation | undefined) => {
    if (to !== undefined) go(observationPath(to.id));
  };
  useKeys({
    '[': () => step(before),
    ']': () => step(after),
    k: () => step(before),
    j: () => step(after),
    p: () => {
      if (data !== undefined) go(principalPath(data.observation.dimensions.principal));
    },
    escape: () => (history.length > 1 ? history.back() : go('/')),
  });
  useEffect(() => {
    const name = data?.observation.dimensions.operation;
    document.title = `${name === undefined ? 'Observation' : visible(name)} · Oddtrail`;
  }, [data]);

  return (
    <main id="main" className="observation">
      <nav className="steps" aria-label="Observations of this principal">
        <StepLink to={before} name="← Previous" keys="[" />
        <StepLink to={after} name="Next →" keys="]" />
      </nav>
      {detail.failure !== undefined && (
        <>
          <h1>Observation {id}</h1>
          <FailureNote failure={detail.failure} onRetry={detail.reload} />
        </>
      )}
      {data !== undefined && <Detail detail={data} />}
      {data !== undefined && (
        <section aria-labelledby="around">
          <h2 id="around">
            What {visible(shortPrincipal(data.observation.dimensions.principal))} did around it
          </h2>
          {around.failure !== undefined && (
            <FailureNote failure={around.failure} onRetry={around.reload} />
          )}
          <NeighbourTable rows={rows} current={id} since={data.observation.eventTime} />
        </section>
      )}
    </main>
  );
}

interface StepProps {
  readonly to: Observation | undefined;
  readonly name: string;
  readonly keys: string;
}

function StepLink({to, name, keys}: StepProps) {
  if (to === undefined) return <span className="button muted">{name}</span>;
  return (
    <Link to={observationPath(to.id)} className="button" title={keys}>
      {name}
    </Link>
  );
}

function Detail({detail}: {readonly detail: ObservationDetail}) {
  const {observation, explanation, consoleUrl} = detail;
  const {dimensions, eventId, eventTime, arrived, score, raised, bits = {}} = observation;
  const optional = (name: string, value: string) =>
    value === '-' || value === '' ? null : (
      <>
        <dt>{name}</dt>
        <dd>{visible(value)}</dd>
      </>
    );
  return (
    <>
      <p className="verdict">
        <span className="big">
          <ScoreText score={score} />
        </span>{' '}
        <code>{visible(dimensions.operation)}</code> by{' '}
        <PrincipalLink name={dimensions.principal} />
      </p>
      <h1 className="headline">{visible(explanation?.sentence ?? reasonOf(observation))}</h1>
      <EventMatches observation={observation} />
      <div className="columns">
        <section aria-label="Facts">
          <dl className="facts">
            <dt>Time</dt>
            <dd>
              {formatMoment(eventTime, 'utc')}
              <span className="muted"> · {formatMoment(eventTime, 'local')} local</span>
            </dd>
            <dt>Principal</dt>
            <dd>
              <PrincipalLink name={dimensions.principal} whole />{' '}
              <span className="muted">({visible(dimensions.kind)})</span>
            </dd>
            <dt>Operation</dt>
            <dd>{visible(dimensions.operation)}</dd>
            {optional('Resource', dimensions.resource)}
            {optional('Error', dimensions.error)}
            <dt>Account</dt>
            <dd>
              {visible(dimensions.account)} · {visible(dimensions.region)}
            </dd>
            {optional('Network', dimensions.network)}
            {optional('User agent', dimensions.userAgent)}
            <dt>Event id</dt>
            <dd>
              {eventId === '' ? (
                <span className="muted">none</span>
              ) : (
                <>
                  <code>{visible(eventId)}</code>
                  <CopyButton text={eventId} what="event id" />
                </>
              )}
            </dd>
            {isWebAddress(consoleUrl) && (
              <>
                <dt>In AWS</dt>
                <dd>
                  <a href={consoleUrl} target="_blank" rel="noreferrer">
                    This event in the CloudTrail console
                    <span className="unseen"> (opens another window)</span> ↗
                  </a>
                </dd>
              </>
            )}
            <dt>Arrived</dt>
            <dd>{formatMoment(arrived, 'utc')}</dd>
            <dt>Read from</dt>
            <dd>
              {visible(observation.source)}: {visible(observation.object)}, record{' '}
              {observation.index}
            </dd>
            <dt>Surprise</dt>
            <dd>
              {raised.toFixed(1)} bits with what the principal did shortly before · context{' '}
              {visible(observation.context)}
            </dd>
          </dl>
        </section>
        <section aria-label="Bits">
          <FacetBars bits={bits} />
        </section>
      </div>
      <section aria-labelledby="counts">
        <h2 id="counts">The counts behind it</h2>
        {explanation === null ? (
          <p className="muted">
            Counts are kept of scores that deserve a look; this one was below.
          </p>
        ) : (
          <FacetTable
            facets={explanation.facets}
            who={visible(shortPrincipal(dimensions.principal))}
          />
        )}
      </section>
      <RecordView id={observation.id} record={detail.record} />
    </>
  );
}

/** What the service says is still only followed if it leads to the web. */
function isWebAddress(address: string): boolean {
  return address.startsWith('https://');
}
