import {useState} from 'react';
import type {Episode, MatchRow} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {queryString} from './api.ts';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {MatchTable} from './match-table.tsx';
import {addressOf, queryOf} from './query.ts';
import {plural} from './text.ts';
import {useFetch} from './use-fetch.ts';
import {useNews} from './use-news.ts';

interface Props {
  readonly principal: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

const SHOWN = 5;

/** What else speaks of a principal: matches of detections, and episodes of unusual rate. */
export function PrincipalSignals({principal, from, to}: Props) {
  const matches = useFetch<{rows: MatchRow[]; next: string | null}>(
    `/api/v1/matches${queryString({principal, from, to, limit: SHOWN})}`,
  );
  const episodes = useFetch<{episodes: Episode[]}>(
    `/api/v1/episodes${queryString({principal, from, to})}`,
  );
  const [selected, setSelected] = useState<string>();
  useNews(() => {
    matches.reload();
    episodes.reload();
  });
  const rows = matches.data?.rows;
  const count = episodes.data?.episodes.length;
  const rates = addressOf({...queryOf(''), principal, from, to}, '/rates');
  const failure = matches.failure ?? episodes.failure;
  return (
    <section aria-labelledby="signals">
      <div className="title-row">
        <h2 id="signals">Matches</h2>
        {rows !== undefined && rows.length > 0 && (
          <Link to={`/matches${queryString({principal})}`}>Show them among all</Link>
        )}
        <span>
          {count !== undefined && (
            <>
              {count === 0 ? 'No episode' : `${formatCount(count)} ${plural(count, 'episode')}`} of
              unusual rate ·{' '}
            </>
          )}
          <Link to={rates}>Rates beside novelty</Link>
        </span>
      </div>
      {failure !== undefined && (
        <FailureNote
          failure={failure}
          onRetry={() => {
            matches.reload();
            episodes.reload();
          }}
        />
      )}
      {rows?.length === 0 && <p className="muted">No detection matched.</p>}
      {rows !== undefined && rows.length > 0 && (
        <MatchTable rows={rows} selected={selected} onSelect={setSelected} />
      )}
    </section>
  );
}
