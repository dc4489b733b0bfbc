import UPlot from 'uplot';
import type {Zone} from '../report/format.ts';
import {CLICK_DELAY_MS} from '../report/plot-parts.ts';
import {MARGIN, timePlotOptions} from './plot-options.ts';
import type {Range} from './score-plot.ts';

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

/** Anything against time: uPlot draws axes and cursor, the view paints the rest. */
export class TimePlot {
  readonly #plot: UPlot;
  readonly #observer: ResizeObserver;
  readonly #events: TimePlotEvents;
  #view: TimePlotView;
  #pressedAt: {readonly x: number; readonly y: number} | undefined;
  #click: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, view: TimePlotView, events: TimePlotEvents, sync?: string) {
    this.#view = view;
    this.#events = events;
    this.#plot = new UPlot(this.#options(host, sync), this.#data(), host);
    this.#listen();
    this.#observer = new ResizeObserver(() => {
      const size = sizeOf(host);
      if (size.width !== this.#plot.width || size.height !== this.#plot.height) {
        this.#plot.setSize(size);
      }
    });
    this.#observer.observe(host);
  }

  show(view: TimePlotView): void {
    this.#view = view;
    this.#plot.batch(() => {
      this.#plot.setData(this.#data(), false);
      this.#plot.setScale('x', {min: view.range.from / 1000, max: view.range.to / 1000});
      this.#plot.setScale('y', {min: 0, max: view.top});
    });
  }

  /** Paints again, after a change of theme. */
  repaint(): void {
    this.#plot.redraw(false, true);
  }

  destroy(): void {
    clearTimeout(this.#click);
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  #data(): UPlot.AlignedData {
    const {from, to} = this.#view.range;
    return [
      [from / 1000, to / 1000],
      [0, this.#view.top],
    ];
  }

  #options(host: HTMLElement, sync: string | undefined): UPlot.Options {
    return timePlotOptions({
      size: sizeOf(host),
      sync,
      zone: () => this.#view.zone,
      splits: () => [...this.#view.ticks],
      values: () => this.#view.ticks.map(this.#view.tickText),
      hooks: {draw: [() => this.#paint()], setSelect: [() => this.#zoomed()]},
    });
  }

  #paint(): void {
    const {ctx: context, bbox} = this.#plot;
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
      x: (time) => this.#plot.valToPos(time / 1000, 'x', true),
      y: (value) => this.#plot.valToPos(value, 'y', true),
    });
    context.restore();
  }

  #zoomed(): void {
    const {left, width} = this.#plot.select;
    if (width < 2) return;
    const from = this.#plot.posToVal(left, 'x') * 1000;
    const to = this.#plot.posToVal(left + width, 'x') * 1000;
    this.#plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    if (to - from >= 2_000) this.#events.onZoom({from: Math.floor(from), to: Math.ceil(to)});
  }

  #listen(): void {
    const {over} = this.#plot;
    over.addEventListener('mousedown', ({clientX: x, clientY: y}) => {
      this.#pressedAt = {x, y};
    });
    over.addEventListener('click', ({clientX, clientY}) => {
      const from = this.#pressedAt;
      clearTimeout(this.#click);
      if (from !== undefined && Math.hypot(clientX - from.x, clientY - from.y) > 4) return;
      const {left, top} = over.getBoundingClientRect();
      const time = this.#plot.posToVal(clientX - left, 'x') * 1000;
      const value = this.#plot.posToVal(clientY - top, 'y');
      this.#click = setTimeout(() => this.#events.onPick?.(time, value), CLICK_DELAY_MS);
    });
    over.addEventListener('dblclick', () => {
      clearTimeout(this.#click);
      this.#events.onReset();
    });
  }
}

function sizeOf(host: HTMLElement): {width: number; height: number} {
  return {width: Math.max(240, host.clientWidth), height: Math.max(90, host.clientHeight)};
}
