import type UPlot from 'uplot';
import {scoreText} from '../../base/score-text.ts';
import type {PageData, TimeRange} from './data.ts';
import {element, themeColour} from './dom.ts';
import {formatCount, formatTime, type Zone} from './format.ts';
import {pixelOf} from './pixels.ts';
import {axisStyle, CLICK_DELAY_MS, drawRing, placeWithin, REACH, timeLabels} from './plot-parts.ts';
import type {Points} from './points.ts';
import {drawPoints, type Frame, nearestPoint, type Palette} from './raster.ts';
import {heightOf, scoreTicks} from './scale.ts';

/** The page loads uPlot as a script of its own before this one. */
declare const uPlot: typeof UPlot;

export interface PlotEvents {
  /** A point was clicked. */
  onPick(point: number): void;
  /** Another stretch of time is shown. */
  onRange(range: TimeRange): void;
  zone(): Zone;
}

/** The plot of score against time. */
export class ScorePlot {
  readonly #data: PageData;
  readonly #points: Points;
  readonly #events: PlotEvents;
  readonly #plot: UPlot;
  readonly #tip: HTMLElement;
  readonly #maxHeight: number;
  readonly #full: TimeRange;
  #matches: Uint8Array | undefined;
  #marked = -1;
  /** The points as last painted, which moving the mark leaves as they are. */
  #picture: {readonly key: string; readonly canvas: HTMLCanvasElement} | undefined;
  #pressedAt: {readonly x: number; readonly y: number} | undefined;
  #click: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, data: PageData, points: Points, events: PlotEvents) {
    this.#data = data;
    this.#points = points;
    this.#events = events;
    this.#maxHeight = topOf(points, data.thresholds[1]);
    this.#full = fullRange(points);
    this.#plot = new uPlot(this.#options(host), this.#extent(), host);
    this.#tip = element('div.tip');
    this.#tip.hidden = true;
    this.#plot.over.append(this.#tip);
    this.#listen(host);
  }

  get isZoomed(): boolean {
    const {min, max} = this.#shown();
    return min > this.#full.from / 1000 || max < this.#full.to / 1000;
  }

  /** Fades every point that is not in `matches`; undefined fades none. */
  match(matches: Uint8Array | undefined): void {
    this.#matches = matches;
    this.redraw();
  }

  /** Rings one point; -1 rings none. */
  mark(point: number): void {
    if (point === this.#marked) return;
    this.#marked = point;
    this.#plot.redraw(false, true);
  }

  zoom({from, to}: TimeRange): void {
    this.#plot.setScale('x', {min: from / 1000, max: to / 1000});
  }

  reset(): void {
    this.zoom(this.#full);
  }

  /** Paints again, after a change of theme or zone. */
  redraw(): void {
    this.#picture = undefined;
    this.#plot.redraw(false, true);
  }

  #options(host: HTMLElement): UPlot.Options {
    const {thresholds} = this.#data;
    const axis = axisStyle();
    return {
      ...sizeOf(host),
      legend: {show: false},
      padding: [8, 36, 0, 0],
      cursor: {
        drag: {x: true, y: false, dist: 5, uni: 1e9},
        points: {show: false},
        y: false,
        // The page decides what a double click resets.
        bind: {dblclick: () => null},
      },
      scales: {
        x: {time: true, min: this.#full.from / 1000, max: this.#full.to / 1000},
        y: {range: [0, this.#maxHeight]},
      },
      tzDate: (seconds) =>
        this.#events.zone() === 'utc'
          ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC')
          : new Date(seconds * 1000),
      axes: [
        {
          ...axis,
          space: 84,
          values: (_, splits, _i, _s, step) => timeLabels(splits, step, this.#events.zone()),
        },
        {
          ...axis,
          size: 62,
          splits: () => scoreTicks(this.#maxHeight, thresholds).map(heightOf),
          values: () => scoreTicks(this.#maxHeight, thresholds).map(String),
        },
      ],
      series: [{}, {paths: () => null, points: {show: false}}],
      hooks: {
        drawAxes: [() => this.#drawThresholds()],
        draw: [() => this.#draw()],
        setScale: [
          (_, key) => {
            const {min, max} = this.#shown();
            if (key === 'x') this.#events.onRange({from: min * 1000, to: max * 1000});
          },
        ],
      },
    };
  }

  /** uPlot is given the two ends only: the points are drawn and found without it. */
  #extent(): UPlot.AlignedData {
    return [
      [this.#full.from / 1000, this.#full.to / 1000],
      [0, 0],
    ];
  }

  #shown(): {min: number; max: number} {
    const {min, max} = this.#plot?.scales.x ?? {};
    return {min: min ?? this.#full.from / 1000, max: max ?? this.#full.to / 1000};
  }

  #frame(): Frame {
    const {width, height} = this.#plot.bbox;
    const {min, max} = this.#shown();
    return {
      width: Math.round(width),
      height: Math.round(height),
      from: min,
      to: max,
      maxHeight: this.#maxHeight,
      ratio: devicePixelRatio,
    };
  }

  #drawThresholds(): void {
    const {ctx, bbox} = this.#plot;
    const names = ['--high', '--top'];
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const [i, threshold] of this.#data.thresholds.entries()) {
      const y = Math.round(this.#plot.valToPos(heightOf(threshold), 'y', true)) + 0.5;
      ctx.strokeStyle = themeColour(names[i] ?? '--high');
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  #draw(): void {
    const frame = this.#frame();
    if (frame.width < 1 || frame.height < 1) return;
    const key = Object.values(frame).join(' ');
    if (this.#picture?.key !== key) this.#picture = {key, canvas: this.#paint(frame)};
    const {ctx, bbox} = this.#plot;
    ctx.drawImage(this.#picture.canvas, Math.round(bbox.left), Math.round(bbox.top));
    this.#drawMark(frame);
  }

  #paint(frame: Frame): HTMLCanvasElement {
    const {thresholds} = this.#data;
    const canvas = element('canvas');
    canvas.width = frame.width;
    canvas.height = frame.height;
    const context = canvas.getContext('2d');
    if (context === null) return canvas;
    const image = context.createImageData(frame.width, frame.height);
    const pixels = new Uint32Array(image.data.buffer);
    // Scores are kept as Float32, so a score that equals a threshold may lie a hair below it.
    const limits = [heightOf(thresholds[0]) - 1e-5, heightOf(thresholds[1]) - 1e-5] as const;
    drawPoints(pixels, this.#points, frame, limits, paletteOfTheme(), this.#matches);
    context.putImageData(image, 0, 0);
    return canvas;
  }

  #drawMark({from, to}: Frame): void {
    const seconds = this.#points.seconds[this.#marked];
    if (seconds === undefined || seconds < from || seconds > to) return;
    const x = this.#plot.valToPos(seconds, 'x', true);
    const y = this.#plot.valToPos(this.#points.height[this.#marked] ?? 0, 'y', true);
    drawRing(this.#plot.ctx, x, y, 7);
  }

  #listen(host: HTMLElement): void {
    const {over} = this.#plot;
    over.addEventListener('mousemove', (event) => this.#hover(event));
    over.addEventListener('mouseleave', () => {
      this.#tip.hidden = true;
    });
    over.addEventListener('mousedown', ({clientX: x, clientY: y}) => {
      this.#pressedAt = {x, y};
    });
    over.addEventListener('click', (event) => {
      const from = this.#pressedAt;
      const moved =
        from === undefined || Math.hypot(event.clientX - from.x, event.clientY - from.y);
      const point = this.#pointUnder(event);
      clearTimeout(this.#click);
      if (moved === true || moved > 4 || point < 0) return;
      this.#click = setTimeout(() => this.#events.onPick(point), CLICK_DELAY_MS);
    });
    over.addEventListener('dblclick', () => {
      clearTimeout(this.#click);
      this.reset();
    });
    new ResizeObserver(() => this.#plot.setSize(sizeOf(host))).observe(host);
  }

  #pointUnder(event: MouseEvent): number {
    const {x, y} = placeWithin(this.#plot.over, event);
    const reach = REACH * devicePixelRatio;
    return nearestPoint(this.#points, this.#frame(), x, y, reach, this.#matches);
  }

  #hover(event: MouseEvent): void {
    const point = this.#pointUnder(event);
    this.#tip.hidden = point < 0 || event.buttons !== 0;
    if (this.#tip.hidden) return;
    this.#tip.replaceChildren(...this.#describe(point));
    const {offsetWidth: width, offsetHeight: height} = this.#plot.over;
    const {seconds, height: heights} = this.#points;
    const x = this.#plot.valToPos(seconds[point] ?? 0, 'x');
    const y = this.#plot.valToPos(heights[point] ?? 0, 'y');
    const onLeft = x > width / 2;
    this.#tip.style.left = onLeft ? '' : `${x + 14}px`;
    this.#tip.style.right = onLeft ? `${width - x + 14}px` : '';
    const tallest = Math.max(0, height - this.#tip.offsetHeight);
    this.#tip.style.top = `${Math.min(Math.max(0, y - 12), tallest)}px`;
  }

  #describe(point: number): Node[] {
    const {principals, operations, top} = this.#data;
    const {principal, operation, score, seconds, explanation} = this.#points;
    const event = top[explanation[point] ?? -1];
    const zone = this.#events.zone();
    const time = formatTime((seconds[point] ?? 0) * 1000, zone);
    const exact = event?.score ?? score[point] ?? 0;
    return [
      element(
        'div.tip-head',
        element('b', scoreText(exact)),
        ` ${time}${zone === 'utc' ? ' UTC' : ''}`,
      ),
      element(
        'div',
        element('b', principals[principal[point] ?? 0]?.display ?? ''),
        ' ',
        operations[operation[point] ?? 0] ?? '',
      ),
      ...(event === undefined ? [] : [element('div.muted', event.reason)]),
    ];
  }
}

/** What a reader who cannot see the plot is told. */
export function describePlot(data: PageData): string {
  const {totals, range} = data;
  const [low, high] = data.thresholds;
  return (
    `Novelty score against time: ${formatCount(totals.events)} events from ` +
    `${formatTime(range.from, 'utc')} to ${formatTime(range.to, 'utc')} UTC, ` +
    `${formatCount(totals.over95)} at or over ${low}, ${formatCount(totals.over99)} at or over ` +
    `${high}. The table of events below lists the most novel.`
  );
}

function sizeOf(host: HTMLElement): {width: number; height: number} {
  return {width: Math.max(240, host.clientWidth), height: Math.max(160, host.clientHeight)};
}

/** The plot always reaches a little over the upper threshold, and over the highest point. */
function topOf(points: Points, threshold: number): number {
  let highest = heightOf(threshold) + 0.8;
  for (let i = 0; i < points.count; i++) highest = Math.max(highest, points.height[i] ?? 0);
  return highest + 0.2;
}

/** The points' own range with a little air, so that none lies on the frame. */
function fullRange(points: Points): TimeRange {
  const first = points.seconds[0] ?? 0;
  const last = points.seconds[points.count - 1] ?? 0;
  const air = Math.max(60, (last - first) * 0.01);
  return {from: (first - air) * 1000, to: (last + air) * 1000};
}

function paletteOfTheme(): Palette {
  return {
    low: pixelOf(themeColour('--low')),
    high: pixelOf(themeColour('--high')),
    top: pixelOf(themeColour('--top')),
    faded: pixelOf(themeColour('--faded')),
  };
}
