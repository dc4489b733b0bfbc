import {drawDisc, pointSize, spreadDensity} from '../report/pixels.ts';
import type {PointSet} from './point-set.ts';

export type Scale = 'linear' | 'log';

/** What part of the plane is drawn, into how many device pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Epoch seconds. */
  readonly from: number;
  readonly to: number;
  readonly scale: Scale;
  /** Top of the plot, in the units of the scale. */
  readonly top: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

export interface Paint {
  /** By group, 0xAABBGGRR as pixels lie in memory; 0 for those without a colour of their own. */
  readonly colours: Uint32Array;
  readonly other: number;
  readonly faded: number;
  /** Scores from which points are discs, and larger discs. */
  readonly thresholds: readonly [number, number];
  /** All but this group fade; -1: none does. */
  readonly emphasis: number;
}

/**
 * Draws points straight into pixels, 100,000 in some milliseconds: ordinary ones as a density,
 * those with a colour over it, and those over the thresholds as discs on top of all.
 */
export function drawPoints(
  pixels: Uint32Array,
  points: PointSet,
  frame: Frame,
  paint: Paint,
): void {
  const {width, height, from, to, ratio} = frame;
  const {colours, thresholds, emphasis} = paint;
  const {seconds, scores, group} = points;
  const levels = frame.scale === 'log' ? points.heights : scores;
  const scaleX = width / (to - from || 1);
  const scaleY = height / frame.top;
  const start = points.firstAtOrAfter(from - 3 / scaleX);
  const end = points.firstAtOrAfter(to + 3 / scaleX);
  const size = pointSize(end - start, ratio);
  const counts = new Uint16Array(width * height);
  const own: number[] = [];
  const loud: number[] = [];

  for (let i = start; i < end; i++) {
    const g = group[i] as number;
    const fades = emphasis >= 0 && g !== emphasis;
    if (!fades && (scores[i] as number) >= thresholds[0]) {
      loud.push(i);
      continue;
    }
    if (!fades && (colours[g] !== 0 || emphasis >= 0)) {
      own.push(i);
      continue;
    }
    const x = Math.floor(((seconds[i] as number) - from) * scaleX);
    const y = height - Math.floor((levels[i] as number) * scaleY);
    const lastColumn = Math.min(width, x + size);
    const firstColumn = Math.max(0, x);
    for (let row = Math.max(0, y - size); row < Math.min(height, y); row++) {
      for (let at = row * width + firstColumn; at < row * width + lastColumn; at++) {
        const count = counts[at] as number;
        if (count < 65_535) counts[at] = count + 1;
      }
    }
  }
  spreadDensity(pixels, counts, emphasis >= 0 ? paint.faded : paint.other, 0.4);

  for (const i of own) {
    const colour = colours[group[i] as number] || paint.other;
    const x = Math.floor(((seconds[i] as number) - from) * scaleX);
    const y = height - Math.floor((levels[i] as number) * scaleY);
    for (let row = Math.max(0, y - size); row < Math.min(height, y); row++) {
      const last = Math.min(width, x + size);
      for (let at = row * width + Math.max(0, x); at < row * width + last; at++)
        pixels[at] = colour;
    }
  }

  // The more novel, the later, so that nothing covers what matters most.
  loud.sort((a, b) => (scores[a] as number) - (scores[b] as number));
  for (const i of loud) {
    const isTop = (scores[i] as number) >= thresholds[1];
    const x = Math.round(((seconds[i] as number) - from) * scaleX);
    const y = height - Math.round((levels[i] as number) * scaleY);
    const radius = (isTop ? 4 : loud.length > 5_000 ? 1.5 : 2.5) * ratio;
    const colour = colours[group[i] as number] || paint.other;
    drawDisc(pixels, width, height, x, y, radius, colour);
  }
}

/** The point nearest to a place in the frame, within `reach` device pixels, or -1. */
export function nearestPoint(
  points: PointSet,
  frame: Frame,
  x: number,
  y: number,
  reach: number,
): number {
  const {seconds, scores} = points;
  const levels = frame.scale === 'log' ? points.heights : scores;
  const scaleX = frame.width / (frame.to - frame.from || 1);
  const scaleY = frame.height / frame.top;
  const start = points.firstAtOrAfter(frame.from + (x - reach) / scaleX);
  const end = points.firstAtOrAfter(frame.from + (x + reach) / scaleX);
  let best = -1;
  let bestDistance = reach * reach;
  for (let i = start; i < end; i++) {
    const dx = ((seconds[i] as number) - frame.from) * scaleX - x;
    const dy = frame.height - (levels[i] as number) * scaleY - y;
    const distance = dx * dx + dy * dy;
    if (distance > bestDistance) continue;
    // Of two in one place, the more novel.
    if (distance === bestDistance && best >= 0 && (scores[i] as number) < (scores[best] as number))
      continue;
    best = i;
    bestDistance = distance;
  }
  return best;
}

/** The highest score of each group between two seconds; 0 for groups that are not there. */
export function peaksOf(points: PointSet, from: number, to: number): Float64Array {
  const peaks = new Float64Array(points.groups.length);
  const {scores, group} = points;
  const end = points.firstAtOrAfter(to + 1);
  for (let i = points.firstAtOrAfter(from); i < end; i++) {
    const g = group[i] as number;
    if ((scores[i] as number) > (peaks[g] as number)) peaks[g] = scores[i] as number;
  }
  return peaks;
}
