import type {AlarmHistory} from '../../api/detection-types.ts';
import {themeColour} from '../report/dom.ts';
import {formatCount} from '../report/format.ts';
import {exceeds, niceTicks, type Series, type Stretch, stretchesOf} from './alarm-shape.ts';
import {useIsNarrow} from './media.ts';
import type {Range} from './plot-frame.ts';
import type {AlarmState} from './state-text.tsx';
import {formatMoment, plural} from './text.ts';
import type {Canvas} from './time-plot.ts';
import {TimePlotFigure} from './time-plot-view.tsx';

interface Props {
  readonly history: AlarmHistory;
  /** Drawn instead of datapoints, in the colours of `SERIES_COLOURS`. */
  readonly series: readonly Series[];
  /** Where there are no changes it held all the time. */
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
/** Away from those of the threshold and of ALARM. */
export const SERIES_COLOURS = [2, 3, 4, 6, 7] as const;
const BAND = 10;
/** An ALARM of a minute is seen in a month as well. */
const LEAST = 3;

/** Datapoints with the threshold, under bands of the state. */
export function AlarmPlot({history, series, state, range, onZoom, onReset}: Props) {
  const {datapoints, threshold, periodMs, statistic, comparison} = history;
  const narrow = useIsNarrow();
  const states = stretchesOf(history, state, range);
  const inView = datapoints.filter(
    ({start}) => start + periodMs >= range.from && start <= range.to,
  );
  const values = [...inView, ...series.flatMap(({points}) => points)];
  const most = values.reduce((max, {value}) => Math.max(max, value), threshold ?? 0);
  const top = (most === 0 ? 1 : most) * 1.15;
  const ticks = threshold === null ? [] : niceTicks(top);
  const paint = (canvas: Canvas) => {
    paintStates(canvas, states);
    if (threshold === null) return;
    paintValues(canvas, inView, periodMs, exceeds(comparison, threshold));
    paintThreshold(canvas, threshold);
    // A line may lie on that of the threshold.
    paintSeries(canvas, series, periodMs);
  };
  const alarms = states.filter((each) => each.state === 'ALARM').length;
  const label =
    (threshold === null
      ? 'States of the alarm'
      : `${statistic} of ${formatCount(values.length)} ${plural(values.length, 'period')} ` +
        `${series.length > 0 ? `in ${formatCount(series.length)} series ` : ''}` +
        `against the threshold ${threshold}`) +
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

const RANK: Readonly<Record<AlarmState, number>> = {OK: 0, INSUFFICIENT_DATA: 1, ALARM: 2};

function paintStates(canvas: Canvas, stretches: readonly Stretch[]): void {
  const {context, top, height, ratio} = canvas;
  const band = BAND * ratio;
  // What is not OK comes last, or the OK that follows would cover a short one.
  const sorted = [...stretches].sort((a, b) => RANK[a.state] - RANK[b.state]);
  for (const {from, to, state} of sorted) {
    const x = canvas.x(from);
    const width = Math.max(LEAST * ratio, canvas.x(to) - x);
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

/** Sliding windows overlap: each is a line at its value over what it spans. */
function paintSeries(canvas: Canvas, series: readonly Series[], periodMs: number): void {
  const {context, ratio} = canvas;
  const ground = canvas.y(0);
  // The first is the most important: it lies on top.
  for (const [i, {points}] of [...series.entries()].reverse()) {
    context.fillStyle = themeColour(`--c${SERIES_COLOURS[i] ?? 2}`);
    for (const {start, value} of points) {
      const x = canvas.x(start);
      const width = Math.max(LEAST * ratio, canvas.x(start + periodMs) - x);
      const y = Math.min(canvas.y(value), ground - ratio);
      context.globalAlpha = 0.35;
      context.fillRect(x, y, width, ground - y);
      context.globalAlpha = 1;
      context.fillRect(x, y - ratio, width, 2 * ratio);
    }
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
