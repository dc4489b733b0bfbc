import type {MatchRow} from '../../api/detection-types.ts';
import type {Observation} from '../../api/types.ts';
import {queryString} from './api.ts';
import {matchPath} from './detection-paths.ts';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {SeverityText} from './severity-text.tsx';
import {visible} from './text.ts';
import {useFetch} from './use-fetch.ts';

/** On either side of an event: matches gather what came within days. */
const AROUND_MS = 2 * 86_400_000;
const MOST = 200;

/** The matches that have an event among their evidence; nothing where there are none. */
export function EventMatches({observation}: {readonly observation: Observation}) {
  const {eventId, eventTime, dimensions} = observation;
  const asked = queryString({
    principal: dimensions.principal,
    from: eventTime - AROUND_MS,
    to: eventTime + AROUND_MS,
    limit: MOST,
  });
  const {data, failure, reload} = useFetch<{rows: MatchRow[]}>(
    eventId === '' ? undefined : `/api/v1/matches${asked}`,
  );
  if (failure !== undefined) return <FailureNote failure={failure} onRetry={reload} />;
  const rows = (data?.rows ?? []).filter(({evidence}) =>
    evidence.some((event) => event.eventId === eventId),
  );
  if (rows.length === 0) return null;
  return (
    <section aria-label="Matches" className="event-matches">
      <ul className="bare">
        {rows.map((row) => (
          <li key={row.id}>
            <SeverityText severity={row.severity} />{' '}
            {row.mode === 'silent' && (
              <>
                <span className="badge">silent</span>{' '}
              </>
            )}
            <Link to={matchPath(row.id)}>{visible(row.title)}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
