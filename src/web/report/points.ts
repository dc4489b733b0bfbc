import type {PageData} from './data.ts';
import {heightOf} from './scale.ts';

/** The points of the plot, in order of time, ready to draw. */
export interface Points {
  readonly count: number;
  /** Epoch seconds. */
  readonly seconds: Float64Array;
  readonly score: Float32Array;
  /** `heightOf` each score. */
  readonly height: Float32Array;
  readonly principal: Uint32Array;
  readonly operation: Uint16Array | Uint32Array;
  /** Index of the top event, or -1. */
  readonly explanation: Int32Array;
}

export function unpackPoints(data: PageData): Points {
  const packed = data.points;
  const {count} = packed;
  const since = new Uint32Array(bytesOf(packed.seconds));
  const from = data.range.from / 1000;
  const seconds = new Float64Array(count);
  const score = new Float32Array(bytesOf(packed.score));
  const height = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    seconds[i] = from + (since[i] ?? 0);
    height[i] = heightOf(score[i] ?? 0);
  }
  const operations = bytesOf(packed.operation);
  const explanation = new Int32Array(count).fill(-1);
  for (const [point, top] of packed.explained) explanation[point] = top;
  return {
    count,
    seconds,
    score,
    height,
    principal: new Uint32Array(bytesOf(packed.principal)),
    operation:
      packed.operationBytes === 2 ? new Uint16Array(operations) : new Uint32Array(operations),
    explanation,
  };
}

/** The first point at or after this second. */
export function firstAtOrAfter(points: Points, second: number): number {
  let low = 0;
  let high = points.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points.seconds[middle] ?? 0) < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The highest score of each principal in each of `slots` equal parts of the range, as heights:
 * `slots` numbers per principal, 0 where there was nothing.
 */
export function peaksOf(points: Points, principals: number, slots: number): Float32Array {
  const peaks = new Float32Array(principals * slots);
  const from = points.seconds[0] ?? 0;
  const length = Math.max(1, (points.seconds[points.count - 1] ?? 0) - from);
  for (let i = 0; i < points.count; i++) {
    const slot = Math.min(
      slots - 1,
      Math.floor((((points.seconds[i] ?? 0) - from) / length) * slots),
    );
    const at = (points.principal[i] ?? 0) * slots + slot;
    peaks[at] = Math.max(peaks[at] ?? 0, points.height[i] ?? 0);
  }
  return peaks;
}

function bytesOf(base64: string): ArrayBuffer {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}
