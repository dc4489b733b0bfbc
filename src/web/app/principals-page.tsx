import {useEffect} from 'react';
import type {PrincipalRow} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {queryString} from './api.ts';
import {ColumnHeads} from './column-heads.tsx';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {PrincipalLink} from './principal-link.tsx';
import {go, usePlace} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {visible} from './text.ts';
import {TextInput} from './text-input.tsx';
import {TimeText} from './time-text.tsx';
import {usePages} from './use-pages.ts';

const ORDERS = {score: 'Highest score', events: 'Most events', recent: 'Latest'} as const;
type Order = keyof typeof ORDERS;

/** Who has been seen, the most novel first. */
export function PrincipalsPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const text = values.get('text') ?? '';
  const told = values.get('order');
  const order: Order = told === 'events' || told === 'recent' ? told : 'score';
  const path = `/api/v1/principals${queryString({text, order, limit: 200})}`;
  const principals = usePages<PrincipalRow>(path, ({principal}) => principal);
  const {rows, failure} = principals;
  useEffect(() => {
    document.title = 'Principals · Oddtrail';
  }, []);
  useKeys({
    '/': () => document.getElementById('principal-search')?.focus(),
    escape: () => show({text: ''}),
  });

  const show = (change: {text?: string; order?: Order}) => {
    const next = {text, order, ...change};
    const query = {text: next.text, order: next.order === 'score' ? undefined : next.order};
    go(`/principals${queryString(query)}`);
  };

  return (
    <main id="main">
      <h1>Principals</h1>
      <search className="filters">
        <TextInput
          id="principal-search"
          type="search"
          className="wide"
          label="Search principals"
          placeholder="Search: name, account …  ( / )"
          value={text}
          onCommit={(value) => show({text: value})}
        />
        <select
          aria-label="Order"
          value={order}
          onChange={({target}) => show({order: target.value as Order})}
        >
          {Object.entries(ORDERS).map(([value, name]) => (
            <option key={value} value={value}>
              {name} first
            </option>
          ))}
        </select>
      </search>
      {failure !== undefined && <FailureNote failure={failure} onRetry={principals.reload} />}
      {principals.loaded && rows.length === 0 && <p className="notice">No principals match.</p>}
      {rows.length > 0 && (
        <ScrollBox label="Principals">
          <table className="plain stacked principals">
            <ColumnHeads
              names={[
                'Principal',
                'Kind',
                'Highest score',
                '≥ 0.99',
                '≥ 0.95',
                'Events',
                'First seen',
                'Last seen',
              ]}
              numbers={['Highest score', '≥ 0.99', '≥ 0.95', 'Events']}
            />
            <tbody>
              {rows.map((row) => (
                <tr key={row.principal}>
                  <th scope="row">
                    <PrincipalLink name={row.principal} />
                    <span className="muted whole"> {visible(row.principal)}</span>
                  </th>
                  <td data-label="Kind">{visible(row.kind)}</td>
                  <td data-label="Highest score" className="number">
                    <ScoreText score={row.maxScore} />
                  </td>
                  <td data-label="≥ 0.99" className="number">
                    {row.over99 === 0 ? '–' : formatCount(row.over99)}
                  </td>
                  <td data-label="≥ 0.95" className="number">
                    {row.over95 === 0 ? '–' : formatCount(row.over95)}
                  </td>
                  <td data-label="Events" className="number">
                    {formatCount(row.events)}
                  </td>
                  <td data-label="First seen">
                    <TimeText time={row.firstTime} />
                  </td>
                  <td data-label="Last seen">
                    <TimeText time={row.lastTime} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
      {principals.hasMore && (
        <p>
          <button type="button" onClick={() => void principals.loadMore()}>
            Show more
          </button>
        </p>
      )}
    </main>
  );
}
