import UPlot from 'uplot';
import {themeColour} from '../report/dom.ts';
import type {Zone} from '../report/format.ts';
import {pixelOf} from '../report/pixels.ts';
import {CLICK_DELAY_MS, drawRing, placeWithin, REACH} from '../report/plot-parts.ts';
import {heightOf, scoreTicks} from '../report/scale.ts';
import {assignSlots, COLOURS} from './palette.ts';
import {timePlotOptions} from './plot-options.ts';
import type {PointSet} from './point-set.ts';
import {drawPoints, type Frame, nearestPoint, peaksOf, type Scale} from './raster.ts';

/** Epoch milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface LegendEntry {
  readonly group: string;
  /** Which of the colours. */
  readonly slot: number;
  readonly peak: number;
}

export interface PlotEvents {
  /** The pointer is at a point, or at none (id -1); `x`, `y` in CSS pixels of the plot. */
  onHover(id: number, x: number, y: number): void;
  onPick(id: number): void;
  onZoom(range: Range): void;
  onReset(): void;
  onLegend(entries: readonly LegendEntry[]): void;
}

export interface PlotView {
  readonly points: PointSet;
  /** Another number whenever points were added. */
  readonly version: number;
  readonly range: Range;
  readonly scale: Scale;
  readonly zone: Zone;
  readonly thresholds: readonly [number, number];
  /** Id of the ringed point; -1 rings none. */
  readonly marked: number;
  /** Name of the group that stands out; the rest fades. */
  readonly emphasis: string | undefined;
}

/** The plot of score against time: uPlot draws the axes, we draw the points. */
export class ScorePlot {
  readonly #events: PlotEvents;
  readonly #plot: UPlot;
  readonly #observer: ResizeObserver;
  #view: PlotView;
  #slots: Int8Array = new Int8Array(0);
  #legend = '';
  /** The points as last painted, which moving the mark leaves as they are. */
  #picture: HTMLCanvasElement | undefined;
  #pictureKey = '';
  #click: ReturnType<typeof setTimeout> | undefined;
  #pressedAt: {readonly x: number; readonly y: number} | undefined;
  #paintMs = 0;

  constructor(host: HTMLElement, view: PlotView, events: PlotEvents, sync?: string) {
    this.#view = view;
    this.#events = events;
    this.#plot = new UPlot(this.#options(host, sync), this.#extent(), host);
    this.#listen();
    this.#observer = new ResizeObserver(() => {
      const size = sizeOf(host);
      if (size.width === this.#plot.width && size.height === this.#plot.height) return;
      this.#plot.setSize(size);
    });
    this.#observer.observe(host);
  }

  /** Milliseconds that the points last took to paint. */
  get paintMs(): number {
    return this.#paintMs;
  }

  show(view: PlotView): void {
    const before = this.#view;
    this.#view = view;
    const same =
      before.points === view.points &&
      before.version === view.version &&
      before.scale === view.scale &&
      before.zone === view.zone &&
      before.emphasis === view.emphasis &&
      before.thresholds === view.thresholds &&
      before.range.from === view.range.from &&
      before.range.to === view.range.to;
    if (same && before.marked === view.marked) return;
    if (!same) this.#picture = undefined;
    this.#now();
  }

  /** Paints again, after a change of theme. */
  repaint(): void {
    this.#picture = undefined;
    this.#plot.redraw(false, true);
  }

  destroy(): void {
    clearTimeout(this.#click);
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  /** Where a point is, in CSS pixels of the plot; undefined if it is not in view. */
  placeOf(id: number): {readonly x: number; readonly y: number} | undefined {
    const {points, range} = this.#view;
    const at = points.indexOf(id);
    if (at < 0) return undefined;
    const second = points.seconds[at] ?? 0;
    if (second * 1000 < range.from || second * 1000 > range.to) return undefined;
    return {
      x: this.#plot.valToPos(second, 'x'),
      y: this.#plot.valToPos(this.#levels()[at] ?? 0, 'y'),
    };
  }

  get over(): HTMLElement {
    return this.#plot.over;
  }

  #now(): void {
    this.#plot.batch(() => {
      // Set again although it may be the same: uPlot then draws everything anew.
      this.#plot.setData(this.#extent(), false);
      const {from, to} = this.#view.range;
      this.#plot.setScale('x', {min: from / 1000, max: to / 1000});
      this.#plot.setScale('y', {min: 0, max: this.#top()});
    });
  }

  #levels(): Float64Array | Float32Array {
    const {points, scale} = this.#view;
    return scale === 'log' ? points.heights : points.scores;
  }

  /** The plot reaches a little over the upper threshold, and over the highest point in view. */
  #top(): number {
    const {points, scale, thresholds, range} = this.#view;
    if (scale === 'linear') return 1.03;
    let highest = heightOf(thresholds[1]) + 0.6;
    const end = points.firstAtOrAfter(range.to / 1000 + 1);
    for (let i = points.firstAtOrAfter(range.from / 1000); i < end; i++) {
      const height = points.heights[i] as number;
      if (height > highest) highest = height;
    }
    return highest + 0.2;
  }

  #ticks(): number[] {
    const {scale, thresholds} = this.#view;
    if (scale === 'log') return scoreTicks(this.#top(), thresholds);
    return [0, 0.2, 0.4, 0.6, 0.8];
  }

  #options(host: HTMLElement, sync: string | undefined): UPlot.Options {
    const at = (score: number) => (this.#view.scale === 'log' ? heightOf(score) : score);
    return timePlotOptions({
      size: sizeOf(host),
      sync,
      zone: () => this.#view.zone,
      splits: () => this.#ticks().map(at),
      values: () => this.#ticks().map(String),
      hooks: {
        drawAxes: [() => this.#drawThresholds()],
        draw: [() => this.#draw()],
        setSelect: [() => this.#zoomed()],
      },
    });
  }

  /** uPlot is given the two ends only: the points are drawn and found without it. */
  #extent(): UPlot.AlignedData {
    const {from, to} = this.#view.range;
    return [
      [from / 1000, to / 1000],
      [0, 0],
    ];
  }

  #zoomed(): void {
    const {left, width} = this.#plot.select;
    if (width < 2) return;
    const from = this.#plot.posToVal(left, 'x') * 1000;
    const to = this.#plot.posToVal(left + width, 'x') * 1000;
    this.#plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    if (to - from >= 2_000) this.#events.onZoom({from: Math.floor(from), to: Math.ceil(to)});
  }

  #frame(): Frame {
    const {width, height} = this.#plot.bbox;
    const {range, scale} = this.#view;
    const {min, max} = this.#plot.scales.x ?? {};
    return {
      width: Math.round(width),
      height: Math.round(height),
      from: min ?? range.from / 1000,
      to: max ?? range.to / 1000,
      scale,
      top: this.#plot.scales.y?.max ?? 1,
      ratio: devicePixelRatio,
    };
  }

  #drawThresholds(): void {
    const {ctx, bbox} = this.#plot;
    const {thresholds, scale} = this.#view;
    const names = ['--high', '--top'];
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    let lastY = Number.POSITIVE_INFINITY;
    for (const [i, threshold] of thresholds.entries()) {
      const level = scale === 'log' ? heightOf(threshold) : threshold;
      const y = Math.round(this.#plot.valToPos(level, 'y', true)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = themeColour(names[i] ?? '--high');
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      // At the end of each line, apart from each other where the lines are close.
      const text = Math.min(y + 4 * devicePixelRatio, lastY - 12 * devicePixelRatio);
      ctx.fillText(String(threshold), bbox.left + bbox.width + 5 * devicePixelRatio, text);
      lastY = text;
    }
    ctx.restore();
  }

  #draw(): void {
    const frame = this.#frame();
    if (frame.width < 1 || frame.height < 1) return;
    const key = Object.values(frame).join(' ');
    if (this.#picture === undefined || this.#pictureKey !== key) {
      const began = performance.now();
      this.#picture = this.#paint(frame);
      this.#pictureKey = key;
      this.#paintMs = performance.now() - began;
      this.#plot.root.dataset.paintMs = this.#paintMs.toFixed(1);
      this.#plot.root.dataset.points = String(this.#view.points.count);
    }
    const {ctx, bbox} = this.#plot;
    ctx.drawImage(this.#picture, Math.round(bbox.left), Math.round(bbox.top));
    this.#drawMark();
  }

  #paint(frame: Frame): HTMLCanvasElement {
    const {points, thresholds, emphasis} = this.#view;
    const canvas = document.createElement('canvas');
    canvas.width = frame.width;
    canvas.height = frame.height;
    const context = canvas.getContext('2d');
    if (context === null) return canvas;
    const peaks = peaksOf(points, frame.from, frame.to);
    this.#slots = assignSlots(peaks, this.#slots);
    const shades = Array.from({length: COLOURS}, (_, i) => pixelOf(themeColour(`--c${i + 1}`)));
    const colours = new Uint32Array(points.groups.length);
    this.#slots.forEach((slot, group) => {
      colours[group] = slot < 0 ? 0 : (shades[slot] ?? 0);
    });
    const image = context.createImageData(frame.width, frame.height);
    drawPoints(new Uint32Array(image.data.buffer), points, frame, {
      colours,
      other: pixelOf(themeColour('--low')),
      faded: pixelOf(themeColour('--faded')),
      thresholds,
      emphasis: emphasis === undefined ? -1 : points.groups.indexOf(emphasis),
    });
    context.putImageData(image, 0, 0);
    this.#tellLegend(peaks);
    return canvas;
  }

  #tellLegend(peaks: Float64Array): void {
    const {groups} = this.#view.points;
    const entries: LegendEntry[] = [];
    this.#slots.forEach((slot, group) => {
      if (slot >= 0) entries.push({group: groups[group] ?? '', slot, peak: peaks[group] ?? 0});
    });
    entries.sort((a, b) => b.peak - a.peak);
    const key = JSON.stringify(entries);
    if (key === this.#legend) return;
    this.#legend = key;
    // Not within the drawing of uPlot, which a change of layout would disturb.
    queueMicrotask(() => this.#events.onLegend(entries));
  }

  #drawMark(): void {
    const place = this.placeOf(this.#view.marked);
    if (place === undefined) return;
    const {ctx, bbox} = this.#plot;
    const ratio = devicePixelRatio;
    drawRing(ctx, bbox.left + place.x * ratio, bbox.top + place.y * ratio, 8);
  }

  #listen(): void {
    const {over} = this.#plot;
    over.addEventListener('mousemove', (event) => {
      const id = event.buttons === 0 ? this.#idUnder(event) : -1;
      const place = this.placeOf(id);
      this.#events.onHover(place === undefined ? -1 : id, place?.x ?? 0, place?.y ?? 0);
    });
    over.addEventListener('mouseleave', () => this.#events.onHover(-1, 0, 0));
    over.addEventListener('mousedown', ({clientX: x, clientY: y}) => {
      this.#pressedAt = {x, y};
    });
    over.addEventListener('click', (event) => {
      const from = this.#pressedAt;
      const moved =
        from !== undefined && Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4;
      const id = this.#idUnder(event);
      clearTimeout(this.#click);
      if (moved || id < 0) return;
      this.#click = setTimeout(() => this.#events.onPick(id), CLICK_DELAY_MS);
    });
    over.addEventListener('dblclick', () => {
      clearTimeout(this.#click);
      this.#events.onReset();
    });
  }

  #idUnder(event: MouseEvent): number {
    const {x, y} = placeWithin(this.#plot.over, event);
    const reach = REACH * devicePixelRatio;
    const {points} = this.#view;
    const at = nearestPoint(points, this.#frame(), x, y, reach);
    return at < 0 ? -1 : (points.ids[at] ?? -1);
  }
}

function sizeOf(host: HTMLElement): {width: number; height: number} {
  return {width: Math.max(240, host.clientWidth), height: Math.max(140, host.clientHeight)};
}
