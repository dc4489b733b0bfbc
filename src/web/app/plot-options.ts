import UPlot from 'uplot';
import type {Zone} from '../report/format.ts';
import {axisStyle, timeLabels} from '../report/plot-parts.ts';

/** At the right of every plot, CSS pixels: so times stand above each other. */
export const MARGIN = 44;

export interface TimePlotOptions {
  /** CSS pixels. */
  readonly size: {readonly width: number; readonly height: number};
  /** Plots of one key share their line of the pointer. */
  readonly sync: string | undefined;
  readonly zone: () => Zone;
  /** Places of the marks on the vertical axis, and their texts. */
  readonly splits: () => number[];
  readonly values: () => string[];
  readonly hooks: UPlot.Hooks.Arrays;
}

/** A plot against time whose axes and cursor uPlot draws, and nothing else. */
export function timePlotOptions(options: TimePlotOptions): UPlot.Options {
  const {size, sync, zone, splits, values, hooks} = options;
  const axis = axisStyle();
  return {
    ...size,
    legend: {show: false},
    padding: [8, MARGIN, 0, 0],
    cursor: {
      drag: {x: true, y: false, dist: 5, setScale: false},
      points: {show: false},
      y: false,
      // The page decides what a double click resets.
      bind: {dblclick: () => null},
      ...cursorSync(sync),
    },
    scales: {
      x: {time: true, auto: false, range: (_, min, max) => [min, max]},
      y: {auto: false, range: (_, min, max) => [min, max]},
    },
    tzDate: (seconds) =>
      zone() === 'utc'
        ? UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC')
        : new Date(seconds * 1000),
    axes: [
      {
        ...axis,
        space: 92,
        size: 42,
        values: (_, marks, _i, _s, step) => timeLabels(marks, step, zone()),
      },
      {...axis, size: 68, splits, values},
    ],
    series: [{}, {paths: () => null, points: {show: false}}],
    hooks,
  };
}

/** The part of uPlot's cursor that ties plots of one axis of time: one line over all of them. */
function cursorSync(key: string | undefined): Pick<UPlot.Cursor, 'sync'> {
  if (key === undefined) return {};
  const moves = (type: string) => type === 'mousemove' || type === 'mouseleave';
  return {
    sync: {key, setSeries: false, scales: ['x', null], filters: {pub: moves, sub: moves}},
  };
}
