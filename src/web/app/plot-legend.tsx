import {scoreText} from '../../base/score-text.ts';
import type {Colour} from './point-set.ts';
import type {LegendEntry} from './score-plot.ts';
import {shortPrincipal, visible} from './text.ts';

interface Props {
  readonly entries: readonly LegendEntry[];
  readonly colour: Colour;
  readonly others: number;
  readonly onEmphasis: (group: string | undefined) => void;
  readonly onChoose: (group: string) => void;
}

/** Whose points have which colour, highest score first; pointing at one makes it stand out. */
export function PlotLegend({entries, colour, others, onEmphasis, onChoose}: Props) {
  return (
    <figcaption className="legend">
      <span className="muted">Highest by {colour}:</span>
      <ul>
        {entries.map(({group, slot, peak}) => (
          <li key={group}>
            <button
              type="button"
              title={`Show ${visible(group)} alone`}
              onClick={() => {
                onEmphasis(undefined);
                onChoose(group);
              }}
              onMouseEnter={() => onEmphasis(group)}
              onMouseLeave={() => onEmphasis(undefined)}
              onFocus={() => onEmphasis(group)}
              onBlur={() => onEmphasis(undefined)}
            >
              <span className={`swatch c${slot + 1}`} aria-hidden="true" />
              <span className="name">
                {visible(colour === 'principal' ? shortPrincipal(group) : group)}
              </span>{' '}
              <span className="muted">{scoreText(peak)}</span>
            </button>
          </li>
        ))}
      </ul>
      {others > 0 && (
        <span className="muted">
          <span className="swatch other" aria-hidden="true" /> {others} others
        </span>
      )}
    </figcaption>
  );
}
