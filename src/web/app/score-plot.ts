import type UPlot from 'uplot';
import {themeColour} from '../report/dom.ts';
import type {Zone} from '../report/format.ts';
import {pixelOf} from '../report/pixels.ts';
import {drawRing, placeWithin, REACH} from '../report/plot-parts.ts';
import {heightOf, scoreTicks} from '../report/scale.ts';
import {assignSlots, COLOURS} from './palette.ts';
import {PlotFrame, type Range} from './plot-frame.ts';
import type {PointSet} from './point-set.ts';
import {drawPoints, type Frame, nearestPoint, peaksOf, type Scale} from './raster.ts';

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

/** CSS pixels. */
const MIN_HEIGHT = 140;

/** The plot of score against time: uPlot draws the axes, we draw the points. */
export class ScorePlot {
  readonly #events: PlotEvents;
  readonly #frame: PlotFrame;
  #view: PlotView;
  #slots: Int8Array = new Int8Array(0);
  #legend = '';
  /** The points as last painted, which moving the mark leaves as they are. */
  #picture: HTMLCanvasElement | undefined;
  #pictureKey = '';
  #paintMs = 0;

  constructor(host: HTMLElement, view: PlotView, events: PlotEvents, sync?: string) {
    this.#view = view;
    this.#events = events;
    const at = (score: number) => (this.#view.scale === 'log' ? heightOf(score) : score);
    this.#frame = new PlotFrame(host, {
      minHeight: MIN_HEIGHT,
      sync,
      data: this.#extent(),
      zone: () => this.#view.zone,
      splits: () => this.#ticks().map(at),
      values: () => this.#ticks().map(String),
      drawAxes: () => this.#drawThresholds(),
      draw: () => this.#draw(),
      onZoom: (range) => events.onZoom(range),
      onReset: () => events.onReset(),
      onPress: (event) => {
        const id = this.#idUnder(event);
        return id < 0 ? undefined : () => events.onPick(id);
      },
    });
    this.#listen();
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
    this.#frame.plot.redraw(false, true);
  }

  destroy(): void {
    this.#frame.destroy();
  }

  /** Where a point is, in CSS pixels of the plot; undefined if it is not in view. */
  placeOf(id: number): {readonly x: number; readonly y: number} | undefined {
    const {points, range} = this.#view;
    const at = points.indexOf(id);
    if (at < 0) return undefined;
    const second = points.seconds[at] ?? 0;
    if (second * 1000 < range.from || second * 1000 > range.to) return undefined;
    return {
      x: this.#frame.plot.valToPos(second, 'x'),
      y: this.#frame.plot.valToPos(this.#levels()[at] ?? 0, 'y'),
    };
  }

  get over(): HTMLElement {
    return this.#frame.plot.over;
  }

  #now(): void {
    this.#frame.plot.batch(() => {
      // Set again although it may be the same: uPlot then draws everything anew.
      this.#frame.plot.setData(this.#extent(), false);
      const {from, to} = this.#view.range;
      this.#frame.plot.setScale('x', {min: from / 1000, max: to / 1000});
      this.#frame.plot.setScale('y', {min: 0, max: this.#top()});
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

  /** uPlot is given the two ends only: the points are drawn and found without it. */
  #extent(): UPlot.AlignedData {
    const {from, to} = this.#view.range;
    return [
      [from / 1000, to / 1000],
      [0, 0],
    ];
  }

  #place(): Frame {
    const {width, height} = this.#frame.plot.bbox;
    const {range, scale} = this.#view;
    const {min, max} = this.#frame.plot.scales.x ?? {};
    return {
      width: Math.round(width),
      height: Math.round(height),
      from: min ?? range.from / 1000,
      to: max ?? range.to / 1000,
      scale,
      top: this.#frame.plot.scales.y?.max ?? 1,
      ratio: devicePixelRatio,
    };
  }

  #drawThresholds(): void {
    const {ctx, bbox} = this.#frame.plot;
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
      const y = Math.round(this.#frame.plot.valToPos(level, 'y', true)) + 0.5;
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
    const frame = this.#place();
    if (frame.width < 1 || frame.height < 1) return;
    const key = Object.values(frame).join(' ');
    if (this.#picture === undefined || this.#pictureKey !== key) {
      const began = performance.now();
      this.#picture = this.#paint(frame);
      this.#pictureKey = key;
      this.#paintMs = performance.now() - began;
      this.#frame.plot.root.dataset.paintMs = this.#paintMs.toFixed(1);
      this.#frame.plot.root.dataset.points = String(this.#view.points.count);
    }
    const {ctx, bbox} = this.#frame.plot;
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
    const {ctx, bbox} = this.#frame.plot;
    const ratio = devicePixelRatio;
    drawRing(ctx, bbox.left + place.x * ratio, bbox.top + place.y * ratio, 8);
  }

  #listen(): void {
    const {over} = this.#frame.plot;
    over.addEventListener('mousemove', (event) => {
      const id = event.buttons === 0 ? this.#idUnder(event) : -1;
      const place = this.placeOf(id);
      this.#events.onHover(place === undefined ? -1 : id, place?.x ?? 0, place?.y ?? 0);
    });
    over.addEventListener('mouseleave', () => this.#events.onHover(-1, 0, 0));
  }

  #idUnder(event: MouseEvent): number {
    const {x, y} = placeWithin(this.#frame.plot.over, event);
    const reach = REACH * devicePixelRatio;
    const {points} = this.#view;
    const at = nearestPoint(points, this.#place(), x, y, reach);
    return at < 0 ? -1 : (points.ids[at] ?? -1);
  }
}
