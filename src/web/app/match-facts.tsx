import type {MatchRow} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {eventPath} from './detection-paths.ts';
import {Link} from './link.tsx';
import {isNamed} from './match-table.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {ScoreText} from './score-text.tsx';
import {visible} from './text.ts';
import {TimeText} from './time-text.tsx';

/** Cells of a match that was never stored: its events are, itself has no page. */
export function MatchFacts({row}: {readonly row: MatchRow}) {
  const eventId = row.evidence.at(-1)?.eventId ?? '';
  return (
    <>
      <td data-label="Latest" className="when">
        <TimeText time={row.lastTime} />
      </td>
      <th scope="row">
        {eventId === '' ? (
          visible(row.title)
        ) : (
          <Link to={eventPath(eventId)}>{visible(row.title)}</Link>
        )}
      </th>
      <td data-label="Principal" className="whole">
        {isNamed(row.principal) ? <PrincipalLink name={row.principal} /> : '–'}
      </td>
      <td data-label="Score">
        <ScoreText score={row.score} />
      </td>
      <td data-label="Events">{formatCount(row.events)}</td>
    </>
  );
}
