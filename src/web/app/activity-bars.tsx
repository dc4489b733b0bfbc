import type {Timeline} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {levelOf} from '../report/scale.ts';
import {usePreferences} from './preferences.ts';
import {useThresholds} from './session.ts';
import {formatMoment} from './text.ts';

const HEIGHT = 56;

/** How much somebody did, stretch by stretch; those with a high score are marked above. */
export function ActivityBars({timeline}: {readonly timeline: Timeline}) {
  const {from, to, events, maxScore} = timeline;
  const {zone} = usePreferences();
  const thresholds = useThresholds();
  const most = Math.max(1, ...events);
  const total = events.reduce((sum, count) => sum + count, 0);
  const width = events.length * 8;
  const label = `${formatCount(total)} events from ${formatMoment(from, zone)} to ${formatMoment(to, zone)}, at most ${formatCount(most)} in one of ${events.length} stretches`;
  return (
    <figure className="activity">
      <svg
        viewBox={`0 0 ${width} ${HEIGHT + 10}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {events.map((count, i) => {
          if (count === 0) return null;
          const height = Math.max(2, (count / most) * HEIGHT);
          const level = levelOf(maxScore[i] ?? 0, thresholds);
          const start = from + ((to - from) * i) / events.length;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place.
            <g key={i}>
              <rect x={i * 8} y={HEIGHT + 10 - height} width={7} height={height} className={level}>
                <title>{`${formatMoment(start, zone)}: ${formatCount(count)} events`}</title>
              </rect>
              {level !== 'low' && <rect x={i * 8} y={0} width={7} height={6} className={level} />}
            </g>
          );
        })}
      </svg>
      <figcaption className="muted">
        <span>{formatMoment(from, zone)}</span>
        <span>
          up to {formatCount(most)} events a bar; marks above: a score over {thresholds[0]}
        </span>
        <span>{formatMoment(to, zone)}</span>
      </figcaption>
    </figure>
  );
}
