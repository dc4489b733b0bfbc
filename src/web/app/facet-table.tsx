import type {Explanation} from '../../api/types.ts';
import {formatCount, formatShare} from '../report/format.ts';
import {ColumnHeads} from './column-heads.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {shortPrincipal, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

type Facet = Explanation['facets'][number];

interface Props {
  readonly facets: readonly Facet[];
  /** What the principal is called. */
  readonly who: string;
}

/** Facet by facet: how often each history had seen the value when the score was given. */
export function FacetTable({facets, who}: Props) {
  const ordered = [...facets].sort((a, b) => b.share - a.share || b.bits - a.bits);
  return (
    <div className="facet-list">
      {ordered.map((facet, i) => (
        <details key={facet.facet} open={facet.share >= 0.15 || i === 0}>
          <summary>
            <strong>{visible(facet.facet)}</strong> <code>{shownValue(facet, facet.value)}</code>{' '}
            <span className="muted">
              {facet.bits.toFixed(1)} bits, {formatShare(facet.share)} of the surprise ·{' '}
              {facet.knownTo === 'never'
                ? 'never seen before'
                : `known to ${historyName(facet.knownTo, who)}`}
            </span>
          </summary>
          <p>{visible(facet.sentence)}</p>
          <Histories facet={facet} who={who} />
          <Usual facet={facet} />
          <HolderNote holders={facet.holders} />
        </details>
      ))}
    </div>
  );
}

function Histories({facet, who}: {readonly facet: Facet; readonly who: string}) {
  return (
    <ScrollBox label={`Histories of ${visible(facet.facet)}`}>
      <table>
        <ColumnHeads
          names={['History of', 'This value', 'Of all', 'Distinct', 'First seen', 'Last seen']}
          numbers={['This value', 'Of all', 'Distinct']}
        />
        <tbody>
          {facet.levels.map((level) => (
            <tr key={level.name}>
              <th scope="row">{historyName(level.name, who)}</th>
              <td className={level.times === 0 ? 'number never' : 'number'}>
                {level.times === 0 ? 'never' : `${formatCount(level.times)} ×`}
              </td>
              <td className="number">{formatCount(level.totalTimes)}</td>
              <td className="number">{formatCount(level.distinct)}</td>
              <td>
                <TimeText time={level.firstSeen} brief />
              </td>
              <td>
                <TimeText time={level.lastSeen} brief />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function Usual({facet}: {readonly facet: Facet}) {
  if (facet.usual.length === 0) return null;
  return (
    <p>
      <span className="muted">Usual instead: </span>
      {facet.usual.map(({value, share}, i) => (
        <span key={value}>
          {i > 0 && ', '}
          <code>{shownValue(facet, value)}</code> {formatShare(share)}
        </span>
      ))}
    </p>
  );
}

/** Who else ever had the value, where the model counts that. */
function HolderNote({holders}: {readonly holders: unknown}) {
  if (typeof holders !== 'object' || holders === null) return null;
  const {holders: own, members, group, others} = holders as Readonly<Record<string, unknown>>;
  if (typeof own !== 'number' || typeof members !== 'number') return null;
  return (
    <p>
      <span className="muted">Who else: </span>
      {formatCount(own)} of {formatCount(members)} {visible(String(group ?? 'principals'))}
      {typeof others === 'number' && others > 0 && `, ${formatCount(others)} of other kinds`}
    </p>
  );
}

function shownValue(facet: Facet, value: string): string {
  return visible(facet.component === 'principal' ? shortPrincipal(value) : value);
}

const HISTORIES: Readonly<Record<string, string>> = {
  everyone: 'everyone',
  peer: 'its peers',
  kind: 'its kind',
  account: 'the account',
  service: 'the service',
  operation: 'the operation',
};

/** "peer+service" as "its peers, in the service". */
function historyName(name: string, who: string): string {
  const [first = '', ...rest] = name.split('+');
  const word = (part: string) =>
    part === 'self' || part === 'principal' ? who : (HISTORIES[part] ?? visible(part));
  return rest.length === 0 ? word(first) : `${word(first)}, in ${rest.map(word).join(', ')}`;
}
