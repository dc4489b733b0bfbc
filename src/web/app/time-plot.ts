import type UPlot from 'uplot';
import type {Zone} from '../report/format.ts';
import {MARGIN, PlotFrame, type Range} from './plot-frame.ts';

/** What a painter draws on, in device pixels. */
export interface Canvas {
  readonly context: CanvasRenderingContext2D;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** Place of an epoch millisecond. */
  x(time: number): number;
  y(value: number): number;
}

export interface TimePlotView {
  readonly range: Range;
  readonly zone: Zone;
  /** The highest value of the plot; the lowest is 0. */
  readonly top: number;
  readonly ticks: readonly number[];
  readonly tickText: (value: number) => string;
  readonly paint: (canvas: Canvas) => void;
}

export interface TimePlotEvents {
  onZoom(range: Range): void;
  onReset(): void;
  /** Where the pointer was pressed without moving. */
  onPick?(time: number, value: number): void;
}

/** CSS pixels. */
const MIN_HEIGHT = 90;

/** Anything against time: uPlot draws axes and cursor, the view paints the rest. */
export class TimePlot {
  readonly #frame: PlotFrame;
  #view: TimePlotView;

  constructor(host: HTMLElement, view: TimePlotView, events: TimePlotEvents, sync?: string) {
    this.#view = view;
    this.#frame = new PlotFrame(host, {
      minHeight: MIN_HEIGHT,
      sync,
      data: dataOf(view),
      zone: () => this.#view.zone,
      splits: () => [...this.#view.ticks],
      values: () => this.#view.ticks.map(this.#view.tickText),
      draw: () => this.#paint(),
      onZoom: (range) => events.onZoom(range),
      onReset: () => events.onReset(),
      onPress: ({clientX, clientY}) => {
        const {plot} = this.#frame;
        const {left, top} = plot.over.getBoundingClientRect();
        const time = plot.posToVal(clientX - left, 'x') * 1000;
        const value = plot.posToVal(clientY - top, 'y');
        return () => events.onPick?.(time, value);
      },
    });
  }

  show(view: TimePlotView): void {
    this.#view = view;
    this.#frame.plot.batch(() => {
      this.#frame.plot.setData(dataOf(view), false);
      this.#frame.plot.setScale('x', {min: view.range.from / 1000, max: view.range.to / 1000});
      this.#frame.plot.setScale('y', {min: 0, max: view.top});
    });
  }

  /** Paints again, after a change of theme. */
  repaint(): void {
    this.#frame.plot.redraw(false, true);
  }

  destroy(): void {
    this.#frame.destroy();
  }

  #paint(): void {
    const {ctx: context, bbox} = this.#frame.plot;
    context.save();
    context.beginPath();
    // With the margin at the right, where a line may tell its value.
    context.rect(bbox.left, bbox.top, bbox.width + MARGIN * devicePixelRatio, bbox.height);
    context.clip();
    this.#view.paint({
      context,
      left: bbox.left,
      top: bbox.top,
      width: bbox.width,
      height: bbox.height,
      ratio: devicePixelRatio,
      x: (time) => this.#frame.plot.valToPos(time / 1000, 'x', true),
      y: (value) => this.#frame.plot.valToPos(value, 'y', true),
    });
    context.restore();
  }
}

/** uPlot is given the ends only. */
function dataOf({range: {from, to}, top}: TimePlotView): UPlot.AlignedData {
  return [
    [from / 1000, to / 1000],
    [0, top],
  ];
}
