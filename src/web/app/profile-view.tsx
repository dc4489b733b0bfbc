import {useState} from 'react';
import type {Profile} from '../../api/types.ts';
import {formatCount, formatShare} from '../report/format.ts';
import {Bar} from './facet-bars.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {componentText, plural, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

type Facet = Profile['facets'][number];

const FIRST = 6;

/** What the model holds to be normal, facet by facet, and since when. */
export function ProfileView({profile}: {readonly profile: Profile}) {
  return (
    <div className="profile">
      {profile.facets.map((facet) => (
        <FacetProfile key={facet.facet} facet={facet} />
      ))}
    </div>
  );
}

/** A facet has one history, or several: one for each service, say. */
function FacetProfile({facet}: {readonly facet: Facet}) {
  const [all, setAll] = useState(false);
  const several = facet.contexts.length > 1;
  const values = facet.contexts
    .flatMap(({given, values: own}) => own.map((value) => ({...value, given})))
    .sort((a, b) => b.times - a.times);
  const sum = (of: 'total' | 'distinct') =>
    facet.contexts.reduce((before, history) => before + history[of], 0);
  const [distinct, total] = [sum('distinct'), sum('total')];
  const shown = all ? values : values.slice(0, FIRST);
  const rarer = distinct - values.length;
  return (
    <section aria-label={visible(facet.facet)} className={several ? 'several' : undefined}>
      <h3>{visible(facet.facet)}</h3>
      <ScrollBox label={`Values of ${visible(facet.facet)}`}>
        <table className="plain history">
          <caption>
            {formatCount(distinct)} {plural(distinct, 'value')} in {formatCount(total)}{' '}
            {plural(total, 'event')}
            {several && `, in ${facet.contexts.length} histories`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Value</th>
              {several && <th scope="col">In</th>}
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
            {shown.map(({given, value, share, times, firstSeen, lastSeen}) => (
              <tr key={`${given}\n${value}`}>
                <th scope="row">{componentText(facet.component, value)}</th>
                {several && <td>{visible(given)}</td>}
                <td className="number">{formatShare(share)}</td>
                <td className="wide-only">
                  <Bar value={share} most={1} />
                </td>
                <td className="number">{formatCount(times)}</td>
                <td>
                  <TimeText time={firstSeen} brief />
                </td>
                <td>
                  <TimeText time={lastSeen} brief />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {!all && values.length > FIRST && (
        <button type="button" className="small" onClick={() => setAll(true)}>
          {formatCount(values.length - FIRST)} more
        </button>
      )}
      {(all || values.length <= FIRST) && rarer > 0 && (
        <p className="muted">and {formatCount(rarer)} rarer ones</p>
      )}
    </section>
  );
}
