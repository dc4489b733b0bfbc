import {drawDisc, pointSize, spreadDensity} from './pixels.ts';
import {firstAtOrAfter, type Points} from './points.ts';

/** Colours as 0xAABBGGRR, the order in which little-endian pixels lie in memory. */
export interface Palette {
  readonly low: number;
  readonly high: number;
  readonly top: number;
  readonly faded: number;
}

/** What part of the plane is drawn, into how many device pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Epoch seconds. */
  readonly from: number;
  readonly to: number;
  readonly maxHeight: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/**
 * Draws the points straight into pixels, half a million in a few hundredths of a second: those
 * below the thresholds as a density, those over them as discs on top. `matches` fades the rest.
 */
export function drawPoints(
  pixels: Uint32Array,
  points: Points,
  frame: Frame,
  limits: readonly [number, number],
  palette: Palette,
  matches: Uint8Array | undefined,
): void {
  const {width, height, from, to, maxHeight, ratio} = frame;
  const scaleX = width / (to - from || 1);
  const scaleY = height / maxHeight;
  const start = firstAtOrAfter(points, from);
  const end = firstAtOrAfter(points, to + 1);
  const size = pointSize(end - start, ratio);
  const matched = new Uint16Array(width * height);
  const others = matches === undefined ? matched : new Uint16Array(width * height);
  const loud: number[] = [];

  for (let i = start; i < end; i++) {
    const level = points.height[i] ?? 0;
    const fades = matches !== undefined && matches[i] === 0;
    if (level >= limits[0] && !fades) {
      loud.push(i);
      continue;
    }
    const x = Math.floor(((points.seconds[i] ?? 0) - from) * scaleX);
    const y = height - Math.floor(level * scaleY);
    const counts = fades ? others : matched;
    for (let row = Math.max(0, y - size); row < Math.min(height, y); row++) {
      const last = Math.min(width, x + size);
      for (let at = row * width + Math.max(0, x); at < row * width + last; at++) {
        counts[at] = Math.min(65_535, (counts[at] ?? 0) + 1);
      }
    }
  }
  if (others !== matched) spreadDensity(pixels, others, palette.faded, 0.25);
  // A chosen principal may have few points: they must be seen among the faded ones.
  spreadDensity(pixels, matched, palette.low, matches === undefined ? 0.4 : 0.85);

  // The more novel, the later, so that nothing covers what matters most.
  loud.sort((a, b) => (points.height[a] ?? 0) - (points.height[b] ?? 0));
  for (const i of loud) {
    const level = points.height[i] ?? 0;
    const isTop = level >= limits[1];
    const x = Math.round(((points.seconds[i] ?? 0) - from) * scaleX);
    const y = height - Math.round(level * scaleY);
    const radius = (isTop ? 3.5 : loud.length > 5_000 ? 1.5 : 2.5) * ratio;
    drawDisc(pixels, width, height, x, y, radius, isTop ? palette.top : palette.high);
  }
}

/** The point nearest to a place in the frame, within `reach` device pixels, or -1. */
export function nearestPoint(
  points: Points,
  frame: Frame,
  x: number,
  y: number,
  reach: number,
  matches: Uint8Array | undefined,
): number {
  const scaleX = frame.width / (frame.to - frame.from || 1);
  const scaleY = frame.height / frame.maxHeight;
  const start = firstAtOrAfter(points, frame.from + (x - reach) / scaleX);
  const end = firstAtOrAfter(points, frame.from + (x + reach) / scaleX);
  let best = -1;
  let bestDistance = reach * reach;
  for (let i = start; i < end; i++) {
    if (matches !== undefined && matches[i] === 0) continue;
    const dx = ((points.seconds[i] ?? 0) - frame.from) * scaleX - x;
    const dy = frame.height - (points.height[i] ?? 0) * scaleY - y;
    const distance = dx * dx + dy * dy;
    if (distance > bestDistance) continue;
    best = i;
    bestDistance = distance;
  }
  return best;
}
