import type {Episode} from '../../api/detection-types.ts';
import {detectionPath} from './detection-paths.ts';
import {episodeKey} from './episode-plot.tsx';
import {Link} from './link.tsx';
import {isNamed} from './match-table.tsx';
import {PrincipalLink} from './principal-link.tsx';
import {RowTable} from './row-table.tsx';
import {formatSpan, rateText, visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {WhereText} from './where-text.tsx';

interface Props {
  readonly episodes: readonly Episode[];
  readonly touching: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (key: string | undefined) => void;
  readonly onOpen: (episode: Episode) => void;
}

const NAMES = [
  'From',
  'Lasted',
  'Operation',
  'Per minute',
  'Usually',
  'Where',
  'Mostly by',
  'Told by',
];

/** Episodes with what they were measured against and who made most of them. */
export function EpisodeTable({episodes, touching, selected, onSelect, onOpen}: Props) {
  return (
    <RowTable
      label="Episodes"
      className="episodes"
      names={NAMES}
      numbers={['Per minute']}
      rows={episodes}
      keyOf={episodeKey}
      cells={(episode) => <Cells episode={episode} touches={touching.has(episodeKey(episode))} />}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
    />
  );
}

function Cells({episode, touches}: {readonly episode: Episode; readonly touches: boolean}) {
  const {start, end, operation, measure, errorCode, account, region, origin} = episode;
  return (
    <>
      <td data-label="From" className="when">
        <TimeText time={start} brief />
      </td>
      <td data-label="Lasted" className="nowrap">
        {end === null ? <strong className="warn">goes on</strong> : formatSpan(end - start)}
      </td>
      <th scope="row" className="title">
        {operation === '' ? 'all calls' : visible(operation)}
        {measure === 'errors' && (
          <span className="error"> {isNamed(errorCode) ? visible(errorCode) : 'errors'}</span>
        )}
        {touches && <span className="error below">▲ touches the principal</span>}
      </th>
      <td data-label="Per minute" className="number">
        {shortNumber(episode.episodeAverage)}
      </td>
      <td
        data-label="Usually"
        className="muted"
        title={`${shortNumber(episode.baselineAverage)} a minute`}
      >
        {rateText(episode.baselineAverage)}
      </td>
      <td data-label="Where" className="muted whole">
        <WhereText account={account} region={region} />
      </td>
      <td data-label="Mostly by" className="whole">
        <MostlyBy episode={episode} />
      </td>
      <td data-label="Told by" className="nowrap">
        {origin === 'insight' ? (
          <span className="badge">Insight</span>
        ) : (
          <Link to={detectionPath(episode.detection)}>{visible(episode.detection)}</Link>
        )}
      </td>
    </>
  );
}

/** Who made most of the calls, as far as that is known. */
function MostlyBy({episode}: {readonly episode: Episode}) {
  const own = episode.attributions.find(({attribute}) => attribute === 'principal');
  const most = [...(own?.episode ?? [])].sort((a, b) => b.average - a.average)[0];
  const name = isNamed(episode.principal) ? episode.principal : most?.value;
  if (name === undefined) return <span className="muted">–</span>;
  return <PrincipalLink name={name} />;
}

/** `18.5`, `0.42`, `2,310`. */
export function shortNumber(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
