import type {EventNote} from '../../api/detection-types.ts';
import {ColumnHeads} from './column-heads.tsx';
import {eventPath} from './detection-paths.ts';
import {Link} from './link.tsx';
import {isNamed} from './match-table.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {visible} from './text.ts';
import {TimeText} from './time-text.tsx';

const NAMES = ['Score', 'Time', 'Who', 'What', 'On', 'From', 'With'];

/** Events behind something: who did what, from where, with what. */
export function EvidenceTable({events}: {readonly events: readonly EventNote[]}) {
  return (
    <ScrollBox label="Events">
      <table className="plain stacked evidence">
        <ColumnHeads names={NAMES} />
        <tbody>
          {events.map((event, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an event without an id is its place.
            <tr key={`${event.eventId} ${i}`}>
              <td data-label="Score">
                <ScoreText score={event.score} />
              </td>
              <td data-label="Time" className="when">
                {event.eventId === '' ? (
                  <TimeText time={event.time} />
                ) : (
                  <Link to={eventPath(event.eventId)} title="This observation">
                    <TimeText time={event.time} />
                  </Link>
                )}
              </td>
              <td data-label="Who" className="whole">
                {isNamed(event.principal) ? <PrincipalLink name={event.principal} /> : '–'}
              </td>
              <td data-label="What" className="what">
                <span>
                  {visible(event.operation)}
                  {isNamed(event.error) && <span className="error"> {visible(event.error)}</span>}
                </span>
              </td>
              <td data-label="On" className="whole">
                {isNamed(event.resource) ? visible(event.resource) : '–'}
              </td>
              <td data-label="From" className="whole">
                <span>
                  {visible(event.sourceIp)}
                  <span className="muted below">
                    {[event.account, event.region].filter(isNamed).map(visible).join(' · ')}
                  </span>
                </span>
              </td>
              <td data-label="With" className="whole muted">
                {visible(event.userAgent)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
