import {useEffect, useState} from 'react';
import type {PrincipalRow} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {ApiFailure, getJson, queryString} from './api.ts';
import {FailureNote} from './failure-note.tsx';
import {useKeys} from './keys.ts';
import {PrincipalLink} from './principal-link.tsx';
import {go, usePlace} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {visible} from './text.ts';
import {TextInput} from './text-input.tsx';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';

const ORDERS = {score: 'Highest score', events: 'Most events', recent: 'Latest'} as const;
type Order = keyof typeof ORDERS;

interface Page {
  readonly rows: PrincipalRow[];
  readonly next: string | null;
}

/** Who has been seen, the most novel first. */
export function PrincipalsPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const text = values.get('text') ?? '';
  const told = values.get('order');
  const order: Order = told === 'events' || told === 'recent' ? told : 'score';
  const path = `/api/v1/principals${queryString({text, order, limit: 200})}`;
  const first = useFetch<Page>(path);
  const [more, setMore] = useState<{path: string; rows: PrincipalRow[]; next: string | null}>();
  const [failure, setFailure] = useState<ApiFailure>();
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
  const own = more?.path === path ? more : undefined;
  const rows = [...(first.data?.rows ?? []), ...(own?.rows ?? [])];
  const next = own === undefined ? first.data?.next : own.next;
  const loadMore = async () => {
    if (next === null || next === undefined) return;
    try {
      const page = await getJson<Page>(`${path}&cursor=${encodeURIComponent(next)}`);
      setMore({path, rows: [...(own?.rows ?? []), ...page.rows], next: page.next});
    } catch (error) {
      if (error instanceof ApiFailure) setFailure(error);
    }
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
      {(first.failure ?? failure) !== undefined && (
        <FailureNote failure={(first.failure ?? failure) as ApiFailure} onRetry={first.reload} />
      )}
      {first.data !== undefined && rows.length === 0 && (
        <p className="notice">No principals match.</p>
      )}
      {rows.length > 0 && (
        <ScrollBox label="Principals">
          <table className="plain stacked principals">
            <thead>
              <tr>
                <th scope="col">Principal</th>
                <th scope="col">Kind</th>
                <th scope="col" className="number">
                  Highest score
                </th>
                <th scope="col" className="number">
                  ≥ 0.99
                </th>
                <th scope="col" className="number">
                  ≥ 0.95
                </th>
                <th scope="col" className="number">
                  Events
                </th>
                <th scope="col">First seen</th>
                <th scope="col">Last seen</th>
              </tr>
            </thead>
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
      {next !== null && next !== undefined && (
        <p>
          <button type="button" onClick={() => void loadMore()}>
            Show more
          </button>
        </p>
      )}
    </main>
  );
}
