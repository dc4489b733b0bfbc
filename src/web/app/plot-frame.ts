import UPlot from 'uplot';
import type {Zone} from '../report/format.ts';
import {axisStyle, CLICK_DELAY_MS, timeLabels} from '../report/plot-parts.ts';

/** At the right of every plot, CSS pixels: so times stand above each other. */
export const MARGIN = 44;

/** A stretch of time, epoch milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface FrameOptions {
  /** CSS pixels that the plot has at least. */
  readonly minHeight: number;
  /** Plots of one key share their line of the pointer. */
  readonly sync: string | undefined;
  readonly data: UPlot.AlignedData;
  readonly zone: () => Zone;
  /** Places of the marks on the vertical axis, and their texts. */
  readonly splits: () => number[];
  readonly values: () => string[];
  /** Paints above the axes. */
  readonly draw: () => void;
  /** Paints below what `draw` does. */
  readonly drawAxes?: () => void;
  onZoom(range: Range): void;
  onReset(): void;
  /** What a press there does, unless it becomes a double click. */
  onPress(event: MouseEvent): (() => void) | undefined;
}

const MIN_WIDTH = 240;
/** CSS pixels that a pointer may move and still be said to press. */
const STEADY = 4;
/** Seconds are the finest that axes tell. */
const SHORTEST_ZOOM_MS = 2_000;

/**
 * A plot against time whose axes and cursor uPlot draws, and nothing else: it keeps to the size of
 * its host, and tells of drags, presses and double clicks.
 */
export class PlotFrame {
  readonly plot: UPlot;
  readonly #options: FrameOptions;
  readonly #observer: ResizeObserver;
  #pressedAt: {readonly x: number; readonly y: number} | undefined;
  #click: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, options: FrameOptions) {
    this.#options = options;
    const size = () => ({
      width: Math.max(MIN_WIDTH, host.clientWidth),
      height: Math.max(options.minHeight, host.clientHeight),
    });
    this.plot = new UPlot(this.#uplotOptions(size()), options.data, host);
    this.#listen();
    this.#observer = new ResizeObserver(() => {
      const {width, height} = size();
      if (width === this.plot.width && height === this.plot.height) return;
      this.plot.setSize({width, height});
    });
    this.#observer.observe(host);
  }

  destroy(): void {
    clearTimeout(this.#click);
    this.#observer.disconnect();
    this.plot.destroy();
  }

  #uplotOptions(size: {readonly width: number; readonly height: number}): UPlot.Options {
    const {sync, zone, splits, values, draw, drawAxes} = this.#options;
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
      hooks: {
        ...(drawAxes !== undefined && {drawAxes: [drawAxes]}),
        draw: [draw],
        setSelect: [() => this.#zoomed()],
      },
    };
  }

  #zoomed(): void {
    const {left, width} = this.plot.select;
    if (width < 2) return;
    const from = this.plot.posToVal(left, 'x') * 1000;
    const to = this.plot.posToVal(left + width, 'x') * 1000;
    this.plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    if (to - from < SHORTEST_ZOOM_MS) return;
    this.#options.onZoom({from: Math.floor(from), to: Math.ceil(to)});
  }

  #listen(): void {
    const {over} = this.plot;
    over.addEventListener('mousedown', ({clientX: x, clientY: y}) => {
      this.#pressedAt = {x, y};
    });
    over.addEventListener('click', (event) => {
      const from = this.#pressedAt;
      clearTimeout(this.#click);
      if (from !== undefined && Math.hypot(event.clientX - from.x, event.clientY - from.y) > STEADY)
        return;
      const press = this.#options.onPress(event);
      if (press !== undefined) this.#click = setTimeout(press, CLICK_DELAY_MS);
    });
    over.addEventListener('dblclick', () => {
      clearTimeout(this.#click);
      this.#options.onReset();
    });
  }
}

/** The part of uPlot's cursor that ties plots of one axis of time: one line over all of them. */
function cursorSync(key: string | undefined): Pick<UPlot.Cursor, 'sync'> {
  if (key === undefined) return {};
  const moves = (type: string) => type === 'mousemove' || type === 'mouseleave';
  return {
    sync: {key, setSeries: false, scales: ['x', null], filters: {pub: moves, sub: moves}},
  };
}
