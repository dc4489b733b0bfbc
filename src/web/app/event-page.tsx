import {useEffect} from 'react';
import type {Observation} from '../../api/types.ts';
import {FailureNote} from './failure-note.tsx';
import {NeighbourTable} from './neighbour-table.tsx';
import {go, observationPath} from './router.ts';
import {visible} from './text.ts';
import {useFetch} from './use-fetch.ts';

/** Leads from an event's id to its observation; to be chosen from when contexts made several. */
export function EventPage({eventId}: {readonly eventId: string}) {
  const {data, failure, reload} = useFetch<{rows: Observation[]}>(
    `/api/v1/events/${encodeURIComponent(eventId)}`,
  );
  const rows = data?.rows;
  const only = rows?.length === 1 ? rows[0]?.id : undefined;
  useEffect(() => {
    document.title = 'Event · Oddtrail';
    if (only !== undefined) go(observationPath(only), {replace: true});
  }, [only]);
  return (
    <main id="main">
      <h1>
        Event <code>{visible(eventId)}</code>
      </h1>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {rows?.length === 0 && (
        <p className="notice">
          There is no observation of this event: it may be older than what is kept, or was left out.
        </p>
      )}
      {rows !== undefined && rows.length > 1 && <NeighbourTable rows={rows} />}
    </main>
  );
}
