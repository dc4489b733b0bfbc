import type {AlarmHistory} from '../../api/detection-types.ts';
import {themeColour} from '../report/dom.ts';
import {formatCount} from '../report/format.ts';
import {exceeds, niceTicks, type Stretch, stretchesOf} from './alarm-shape.ts';
import {useIsNarrow} from './media.ts';
import type {Range} from './score-plot.ts';
import type {AlarmState} from './state-text.tsx';
import {formatMoment} from './text.ts';
import type {Canvas} from './time-plot.ts';
import {TimePlotFigure} from './time-plot-view.tsx';

interface Props {
  readonly history: AlarmHistory;
  /** The state that holds now; where there are no changes it held all the time. */
  readonly state: AlarmState;
  readonly range: Range;
  readonly onZoom: (range: Range) => void;
  readonly onReset: () => void;
}

const STATE_COLOURS: Readonly<Record<AlarmState, string>> = {
  OK: '--good',
  ALARM: '--top',
  INSUFFICIENT_DATA: '--low',
};
const BAND = 10;

/** Datapoints with the threshold, under bands of the state. */
export function AlarmPlot({history, state, range, onZoom, onReset}: Props) {
  const {datapoints, threshold, periodMs, statistic, comparison} = history;
  const narrow = useIsNarrow();
  const states = stretchesOf(history, state, range);
  const inView = datapoints.filter(
    ({start}) => start + periodMs >= range.from && start <= range.to,
  );
  const most = inView.reduce((max, {value}) => Math.max(max, value), threshold ?? 0);
  const top = (most === 0 ? 1 : most) * 1.15;
  const ticks = threshold === null ? [] : niceTicks(top);
  const paint = (canvas: Canvas) => {
    paintStates(canvas, states);
    if (threshold === null) return;
    paintValues(canvas, inView, periodMs, exceeds(comparison, threshold));
    paintThreshold(canvas, threshold);
  };
  const alarms = states.filter((each) => each.state === 'ALARM').length;
  const label =
    (threshold === null
      ? 'States of the alarm'
      : `${statistic} of ${formatCount(inView.length)} periods against the threshold ${threshold}`) +
    ` from ${formatMoment(range.from, 'utc')} to ${formatMoment(range.to, 'utc')}; ` +
    `in ALARM ${alarms === 0 ? 'never' : `${alarms} ×`}. The table below lists the changes.`;
  const height = threshold === null ? 110 : narrow ? 190 : 230;
  return (
    <TimePlotFigure
      label={label}
      height={height}
      range={range}
      top={top}
      ticks={ticks}
      tickText={String}
      paint={paint}
      onZoom={onZoom}
      onReset={onReset}
    />
  );
}

function paintStates(canvas: Canvas, stretches: readonly Stretch[]): void {
  const {context, top, height, ratio} = canvas;
  const band = BAND * ratio;
  for (const {from, to, state} of stretches) {
    const x = canvas.x(from);
    const width = Math.max(ratio, canvas.x(to) - x);
    context.fillStyle = themeColour(STATE_COLOURS[state]);
    if (state !== 'OK') {
      context.globalAlpha = state === 'ALARM' ? 0.16 : 0.1;
      context.fillRect(x, top, width, height);
    }
    context.globalAlpha = 1;
    context.fillRect(x, top, width, band);
  }
}

function paintValues(
  canvas: Canvas,
  points: AlarmHistory['datapoints'],
  periodMs: number,
  isOver: (value: number) => boolean,
): void {
  const {context, ratio} = canvas;
  const ground = canvas.y(0);
  const [usual, over] = [themeColour('--link'), themeColour('--top')];
  for (const {start, value} of points) {
    const x = canvas.x(start);
    const width = canvas.x(start + periodMs) - x;
    const inner = width > 6 * ratio ? width - ratio : Math.max(ratio, width);
    const y = Math.min(canvas.y(value), ground - ratio);
    context.fillStyle = isOver(value) ? over : usual;
    context.fillRect(x, y, inner, ground - y);
  }
}

function paintThreshold(canvas: Canvas, threshold: number): void {
  const {context, left, width, ratio} = canvas;
  const y = Math.round(canvas.y(threshold)) + 0.5;
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(left + width, y);
  // Over bars of a like colour the line has the ground at its sides.
  context.strokeStyle = themeColour('--ground');
  context.lineWidth = 4 * ratio;
  context.stroke();
  context.strokeStyle = context.fillStyle = themeColour('--high');
  context.lineWidth = 2 * ratio;
  context.setLineDash([6 * ratio, 4 * ratio]);
  context.stroke();
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(String(threshold), left + width + 5 * ratio, y);
}
