import type {Episode} from '../../api/detection-types.ts';
import {themeColour} from '../report/dom.ts';
import {formatCount} from '../report/format.ts';
import type {Range} from './plot-frame.ts';
import {formatMoment, plural, visible} from './text.ts';
import type {Canvas} from './time-plot.ts';
import {TimePlotFigure} from './time-plot-view.tsx';

interface Props {
  readonly episodes: readonly Episode[];
  /** Keys of those that touch the principal one looks at. */
  readonly touching: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly range: Range;
  readonly sync: string;
  readonly onZoom: (range: Range) => void;
  readonly onReset: () => void;
  readonly onPick: (key: string) => void;
}

/** Operations with a line of their own; the rest share one. */
const LANES = 14;
const LANE = 30;
const AXIS = 50;
const REST = 'other operations';

/** Episodes as bars, one line an operation, on the axis of time of the plot above. */
export function EpisodePlot(props: Props) {
  const {episodes, touching, selected, range, sync, onZoom, onReset, onPick} = props;
  const lanes = lanesOf(episodes);
  const count = Math.max(1, lanes.length);
  const laneOf = (episode: Episode) => {
    const at = lanes.indexOf(laneName(episode));
    return at < 0 ? lanes.length - 1 : at;
  };
  // The first line is the topmost.
  const paint = (canvas: Canvas) => {
    const {context, left, width, ratio} = canvas;
    const height = Math.abs(canvas.y(1) - canvas.y(0));
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    context.textBaseline = 'top';
    context.textAlign = 'left';
    for (const episode of episodes) {
      paintEpisode(canvas, episode, canvas.y(count - laneOf(episode)), height, {
        range,
        touches: touching.has(episodeKey(episode)),
        selected: episodeKey(episode) === selected,
      });
    }
    // Names over the bars, that long ones need no axis as wide as they are.
    for (const [i, name] of lanes.entries()) {
      const y = canvas.y(count - i);
      context.fillStyle = themeColour('--muted');
      context.fillText(name, left + 4 * ratio, y + 2 * ratio);
      context.fillStyle = themeColour('--grid');
      context.fillRect(left, y + height - ratio, width, ratio);
    }
  };
  const inView = episodes.filter(
    ({start, end}) => start < range.to && (end ?? range.to) > range.from,
  );
  const label =
    `${formatCount(inView.length)} ${plural(inView.length, 'episode')} of ` +
    `${formatCount(lanes.length)} ${plural(lanes.length, 'operation')} from ` +
    `${formatMoment(range.from, 'utc')} to ${formatMoment(range.to, 'utc')}. ` +
    'The table below lists them.';
  return (
    <TimePlotFigure
      label={label}
      height={count * LANE + AXIS}
      sync={sync}
      range={range}
      top={count}
      ticks={[]}
      tickText={String}
      paint={paint}
      onZoom={onZoom}
      onReset={onReset}
      onPick={(time, value) => {
        const lane = count - 1 - Math.floor(value);
        const slack = (range.to - range.from) / 200;
        const hit = episodes.find(
          (episode) =>
            laneOf(episode) === lane &&
            episode.start - slack <= time &&
            (episode.end ?? range.to) + slack >= time,
        );
        if (hit !== undefined) onPick(episodeKey(hit));
      }}
    />
  );
}

interface Look {
  readonly range: Range;
  readonly touches: boolean;
  readonly selected: boolean;
}

function paintEpisode(
  canvas: Canvas,
  episode: Episode,
  top: number,
  height: number,
  {range, touches, selected}: Look,
): void {
  const {context, ratio} = canvas;
  const x = canvas.x(episode.start);
  const width = Math.max(3 * ratio, canvas.x(episode.end ?? range.to) - x);
  const y = top + 17 * ratio;
  const thick = height - 20 * ratio;
  context.fillStyle = themeColour(touches ? '--top' : '--link');
  if (episode.origin === 'insight') {
    // Of CloudTrail itself: hollow, so that shape tells as well.
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 2 * ratio;
    context.strokeRect(x + ratio, y + ratio, Math.max(ratio, width - 2 * ratio), thick - 2 * ratio);
  } else {
    context.fillRect(x, y, width, thick);
  }
  if (selected) {
    context.strokeStyle = themeColour('--text');
    context.lineWidth = 2 * ratio;
    context.strokeRect(x - 2 * ratio, y - 2 * ratio, width + 4 * ratio, thick + 4 * ratio);
  }
}

function laneName({operation, measure}: Episode): string {
  // The rate of an identity is that of all its calls together.
  const what = operation === '' ? 'all calls of one identity' : operation;
  return visible(measure === 'errors' ? `${what}, errors` : what);
}

/** Operations by their first episode; those too many share the last line. */
function lanesOf(episodes: readonly Episode[]): string[] {
  const names = new Set([...episodes].sort((a, b) => a.start - b.start).map(laneName));
  const lanes = [...names];
  return lanes.length <= LANES ? lanes : [...lanes.slice(0, LANES - 1), REST];
}

/** What tells episodes apart. */
export function episodeKey({detection, id, start}: Episode): string {
  return `${detection} ${id} ${start}`;
}
