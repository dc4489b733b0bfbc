import type {EventNote} from '../../api/detection-types.ts';
import {BrokenText} from './broken-text.tsx';
import {ColumnHeads} from './column-heads.tsx';
import {eventPath} from './detection-paths.ts';
import {Link} from './link.tsx';
import {isNamed} from './match-table.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {WhereText} from './where-text.tsx';

const NAMES = ['Score', 'Time', 'Who', 'What', 'On', 'From', 'With'];

/** Events behind something: who did what, from where, with what. */
export function EvidenceTable({events}: {readonly events: readonly EventNote[]}) {
  return (
    <ScrollBox label="Events">
      <table className="plain stacked evidence">
        <ColumnHeads names={NAMES} numbers={['Score']} />
        <tbody>
          {events.map((event, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an event without an id is its place.
            <tr key={`${event.eventId} ${i}`}>
              <td data-label="Score" className="number">
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
              <td data-label="Who">
                <span className="held">
                  {isNamed(event.principal) ? <PrincipalLink name={event.principal} /> : '–'}
                </span>
              </td>
              <td data-label="What">
                <span className="held">
                  <BrokenText text={event.operation} />
                  {isNamed(event.error) && (
                    <span className="error below">{visible(event.error)}</span>
                  )}
                </span>
              </td>
              <td data-label="On">
                <span className="held">
                  {isNamed(event.resource) ? <BrokenText text={event.resource} /> : '–'}
                </span>
              </td>
              <td data-label="From">
                <span className="held">
                  {visible(event.sourceIp)}
                  <span className="muted below">
                    <WhereText account={event.account} region={event.region} />
                  </span>
                </span>
              </td>
              <td data-label="With" className="whole muted">
                <span className="clamped" title={visible(event.userAgent)}>
                  {visible(event.userAgent)}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
