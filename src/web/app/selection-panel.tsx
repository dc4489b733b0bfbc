import type {ObservationDetail} from '../../api/types.ts';
import {FacetBars} from './facet-bars.tsx';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {reasonOf} from './point-tip.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {observationPath} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';

interface Props {
  readonly id: number;
  readonly onClose: () => void;
}

/** The selected observation at a glance, beside the table. */
export function SelectionPanel({id, onClose}: Props) {
  const {data, failure, reload} = useFetch<ObservationDetail>(`/api/v1/observations/${id}`);
  return (
    <aside className="selection" aria-label="Selected observation">
      <div className="selection-head">
        <Link to={observationPath(id)} className="button">
          Open
        </Link>
        <button type="button" onClick={onClose} title="Esc">
          Close
        </button>
      </div>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {data !== undefined && <Summary detail={data} />}
    </aside>
  );
}

function Summary({detail}: {readonly detail: ObservationDetail}) {
  const {observation, explanation} = detail;
  const {principal, operation, resource, error} = observation.dimensions;
  return (
    <>
      <p className="sentence">{visible(explanation?.sentence ?? reasonOf(observation))}</p>
      <dl className="facts">
        <dt>Score</dt>
        <dd>
          <ScoreText score={observation.score} />
        </dd>
        <dt>Time</dt>
        <dd>
          <TimeText time={observation.eventTime} />
        </dd>
        <dt>Principal</dt>
        <dd>
          <PrincipalLink name={principal} />
        </dd>
        <dt>Operation</dt>
        <dd>{visible(operation)}</dd>
        {resource !== '-' && (
          <>
            <dt>Resource</dt>
            <dd>{visible(resource)}</dd>
          </>
        )}
        {error !== '-' && (
          <>
            <dt>Error</dt>
            <dd>{visible(error)}</dd>
          </>
        )}
      </dl>
      <FacetBars bits={observation.bits ?? {}} />
    </>
  );
}
