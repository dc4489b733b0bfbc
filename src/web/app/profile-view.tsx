import {useState} from 'react';
import type {Profile} from '../../api/types.ts';
import {formatCount, formatShare} from '../report/format.ts';
import {Bar} from './facet-bars.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {plural, shortPrincipal, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

type Facet = Profile['facets'][number];
type History = Facet['contexts'][number];

const FIRST = 6;

/** What the model holds to be normal, facet by facet, and since when. */
export function ProfileView({profile}: {readonly profile: Profile}) {
  return (
    <div className="profile">
      {profile.facets.map((facet) => (
        <section key={facet.facet} aria-label={visible(facet.facet)}>
          <h3>{visible(facet.facet)}</h3>
          {facet.contexts.map((history) => (
            <HistoryTable
              key={history.given}
              facet={facet}
              history={history}
              named={facet.contexts.length > 1 && history.given !== profile.principal}
            />
          ))}
        </section>
      ))}
    </div>
  );
}

interface Props {
  readonly facet: Facet;
  readonly history: History;
  /** Says of which history it is. */
  readonly named: boolean;
}

function HistoryTable({facet, history, named}: Props) {
  const [all, setAll] = useState(false);
  const {values, distinct, total} = history;
  const shown = all ? values : values.slice(0, FIRST);
  const hidden = distinct - shown.length;
  const name = (value: string) =>
    visible(facet.component === 'principal' ? shortPrincipal(value) : value);
  return (
    <ScrollBox label="Values">
      <table className="plain history">
        <caption>
          {named && history.given !== '' && <strong>{visible(history.given)}: </strong>}
          {formatCount(distinct)} different {plural(distinct, 'value')} in {formatCount(total)}{' '}
          {plural(total, 'event')}
        </caption>
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col" className="number">
              Share
            </th>
            <th scope="col" className="wide-only">
              <span className="unseen">Share as a bar</span>
            </th>
            <th scope="col" className="number">
              Times
            </th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({value, share, times, firstSeen, lastSeen}) => (
            <tr key={value}>
              <th scope="row">{name(value)}</th>
              <td className="number">{formatShare(share)}</td>
              <td className="wide-only">
                <Bar value={share} most={1} />
              </td>
              <td className="number">{formatCount(times)}</td>
              <td>
                <TimeText time={firstSeen} />
              </td>
              <td>
                <TimeText time={lastSeen} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && values.length > FIRST && (
        <button type="button" className="small" onClick={() => setAll(true)}>
          {formatCount(Math.min(hidden, values.length - FIRST))} more
        </button>
      )}
      {all && hidden > 0 && <p className="muted">and {formatCount(hidden)} rarer ones</p>}
    </ScrollBox>
  );
}
