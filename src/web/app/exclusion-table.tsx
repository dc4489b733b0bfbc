import type {DetectionDetail} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {ColumnHeads} from './column-heads.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {formatSpan, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

type Exclusion = DetectionDetail['exclusions'][number];

/** Days before the end of an exclusion from which it is told. */
const SOON_MS = 14 * 86_400_000;

/** What is left out, by whom, why and until when. */
export function ExclusionTable({exclusions}: {readonly exclusions: readonly Exclusion[]}) {
  return (
    <ScrollBox label="Exclusions">
      <table className="plain stacked">
        <ColumnHeads
          names={['Exclusion', 'Owner', 'Reason', 'Ends', 'Left out', 'Condition']}
          numbers={['Left out']}
        />
        <tbody>
          {exclusions.map((each) => (
            <tr key={each.id} className={each.expired ? 'expired' : undefined}>
              <th scope="row">{visible(each.id)}</th>
              <td data-label="Owner" className="whole owner">
                {visible(each.owner)}
              </td>
              <td data-label="Reason" className="whole">
                {visible(each.reason)}
              </td>
              <td data-label="Ends">
                <End exclusion={each} />
              </td>
              <td data-label="Left out" className="number">
                {formatCount(each.excluded)}
              </td>
              <td data-label="Condition" className="whole">
                <code>{visible(each.condition)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function End({exclusion: {expires, expired}}: {readonly exclusion: Exclusion}) {
  if (expires === null) return <span className="muted">never: of a decoy</span>;
  const left = expires - Date.now();
  return (
    <span>
      <TimeText time={expires} brief />
      {expired ? (
        <span className="error below">⚠ expired: leaves out nothing</span>
      ) : (
        left < SOON_MS && <span className="warn below">⚠ in {formatSpan(left)}</span>
      )}
    </span>
  );
}
