import type UPlot from 'uplot';
import {themeColour} from './dom.ts';
import {formatClock, formatShortDay, type Zone} from './format.ts';

/** CSS pixels within which a point counts as under the pointer. */
export const REACH = 14;
/** A double click resets the zoom; its first half must not move the page away. */
export const CLICK_DELAY_MS = 250;
const DAY_SECONDS = 86_400;

/** Labels of the axis of time: each is a clock time, or the day where a new one begins. */
export function timeLabels(splits: readonly number[], step: number, zone: Zone): string[] {
  let day = '';
  return splits.map((seconds) => {
    const today = formatShortDay(seconds * 1000, zone);
    if (step >= DAY_SECONDS) return today;
    const clock = formatClock(seconds * 1000, zone, step < 60);
    const label = today === day ? clock : `${clock}\n${today}`;
    day = today;
    return label;
  });
}

/** What both axes have in common, in the colours of the current theme. */
export function axisStyle(): UPlot.Axis {
  const grid = {stroke: () => themeColour('--grid'), width: 1};
  return {
    stroke: () => themeColour('--muted'),
    font: '12px system-ui, sans-serif',
    grid,
    ticks: grid,
  };
}

/** A ring around a place of the canvas, `radius` in CSS pixels. */
export function drawRing(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
): void {
  context.save();
  context.strokeStyle = themeColour('--text');
  context.lineWidth = 2 * devicePixelRatio;
  context.beginPath();
  context.arc(x, y, radius * devicePixelRatio, 0, 2 * Math.PI);
  context.stroke();
  context.restore();
}

/** A place of the page in device pixels of an element. */
export function placeWithin(
  element: HTMLElement,
  {clientX, clientY}: MouseEvent,
): {readonly x: number; readonly y: number} {
  const {left, top} = element.getBoundingClientRect();
  return {x: (clientX - left) * devicePixelRatio, y: (clientY - top) * devicePixelRatio};
}
