import type {Observation} from '../../api/types.ts';
import {ColumnHeads} from './column-heads.tsx';
import {Link} from './link.tsx';
import {reasonOf} from './point-tip.tsx';
import {observationPath} from './router.ts';
import {ScoreText} from './score-text.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {formatSpan, visible} from './text.ts';
import {TimeText} from './time-text.tsx';

interface Props {
  readonly rows: readonly Observation[];
  readonly current?: number;
  /** Event time that others are told apart from; none are without. */
  readonly since?: number;
}

/** A few observations of one principal, as they stand. */
export function NeighbourTable({rows, current, since}: Props) {
  return (
    <ScrollBox label="Observations">
      <table className="plain events">
        <ColumnHeads names={['Score', 'Time', 'Operation', 'Where', 'Why']} />
        <tbody>
          {rows.map((row) => {
            const {operation, error, account, region, network} = row.dimensions;
            return (
              <tr key={row.id} aria-current={row.id === current ? 'true' : undefined}>
                <td>
                  <Link to={observationPath(row.id)}>
                    <ScoreText score={row.score} />
                  </Link>
                </td>
                <td className="when">
                  <TimeText time={row.eventTime} />
                  {since !== undefined && row.id !== current && (
                    <span className="muted">
                      {' '}
                      {row.eventTime < since ? '−' : '+'}
                      {formatSpan(Math.abs(row.eventTime - since))}
                    </span>
                  )}
                </td>
                <td className="what">
                  {visible(operation)}
                  {error !== '-' && <span className="error"> {visible(error)}</span>}
                </td>
                <td className="muted where">
                  {[account, region, network]
                    .filter((text) => text !== '-')
                    .map(visible)
                    .join(' · ')}
                </td>
                <td className="muted why">{visible(reasonOf(row))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollBox>
  );
}
