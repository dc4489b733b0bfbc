import {useCallback} from 'react';
import type {MatchRow} from '../../api/detection-types.ts';
import {formatCount} from '../report/format.ts';
import {detectionPath, matchPath} from './detection-paths.ts';
import {Link} from './link.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {go} from './router.ts';
import {RowTable} from './row-table.tsx';
import {ScoreText} from './score-text.tsx';
import {SeverityText} from './severity-text.tsx';
import {plural, visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {WhereText} from './where-text.tsx';

interface Props {
  readonly rows: readonly MatchRow[];
  readonly selected: string | undefined;
  readonly onSelect: (key: string | undefined) => void;
  readonly hasMore?: boolean;
  readonly onMore?: () => void;
  /** All are of one detection: it need not be named. */
  readonly ofOne?: boolean;
}

const NAMES = ['Severity', 'Latest', 'Match', 'Principal', 'Where', 'Score', 'Events'];

/** Matches as rows with the keys of all tables. */
export function MatchTable({rows, selected, onSelect, hasMore, onMore, ofOne = false}: Props) {
  const keyOf = useCallback(({id}: MatchRow) => String(id), []);
  return (
    <RowTable
      label="Matches"
      className="matches"
      names={NAMES}
      numbers={['Score', 'Events']}
      rows={rows}
      keyOf={keyOf}
      cells={(row) => <MatchCells row={row} ofOne={ofOne} />}
      selected={selected}
      onSelect={onSelect}
      onOpen={({id}) => go(matchPath(id))}
      {...(hasMore === undefined ? {} : {hasMore})}
      {...(onMore === undefined ? {} : {onMore})}
    />
  );
}

export function MatchCells({row, ofOne}: {readonly row: MatchRow; readonly ofOne: boolean}) {
  const {id, severity, mode, title, detection, lastTime, principal, account, region} = row;
  return (
    <>
      <td data-label="Severity" className="nowrap">
        <span>
          <SeverityText severity={severity} />
          {mode === 'silent' && (
            <span className="below">
              <span className="badge">silent</span>
            </span>
          )}
        </span>
      </td>
      <td data-label="Latest" className="when">
        <TimeText time={lastTime} />
      </td>
      <th scope="row" className="title">
        <Link to={matchPath(id)}>{visible(title)}</Link>
        {!ofOne && (
          <span className="muted whole mono">
            <Link to={detectionPath(detection)} className="quiet">
              {visible(detection)}
            </Link>
          </span>
        )}
      </th>
      <td data-label="Principal">
        <span className="held">
          {isNamed(principal) ? (
            <PrincipalLink name={principal} />
          ) : (
            <span className="muted">–</span>
          )}
        </span>
      </td>
      <td data-label="Where" className="muted whole">
        <WhereText account={account} region={region} />
      </td>
      <td data-label="Score" className="number">
        <ScoreText score={row.score} />
      </td>
      <td data-label="Events" className="number">
        <span>
          {formatCount(row.events)}
          {row.hits > 1 && (
            <span className="muted below">
              {formatCount(row.hits)} {plural(row.hits, 'hit')}
            </span>
          )}
        </span>
      </td>
    </>
  );
}

/** Whether a component says anything. */
export function isNamed(value: string): boolean {
  return value !== '' && value !== '-';
}
