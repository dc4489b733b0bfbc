export type Zone = 'utc' | 'local';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `2026-11-22 03:04:05`. */
export function formatTime(time: number, zone: Zone): string {
  const date = inZone(time, zone);
  return `${formatDay(time, zone)} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** `2026-11-22`. */
export function formatDay(time: number, zone: Zone): string {
  const date = inZone(time, zone);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** `Fri 10-16`: a day among its neighbours, where the year goes without saying. */
export function formatShortDay(time: number, zone: Zone): string {
  const weekday = WEEKDAYS[inZone(time, zone).getUTCDay()] ?? '';
  return `${weekday} ${formatDay(time, zone).slice(5)}`;
}

/** `03:04`, or `03:04:05` when seconds matter. */
export function formatClock(time: number, zone: Zone, seconds = false): string {
  return formatTime(time, zone).slice(11, seconds ? 19 : 16);
}

/** 1234567 as `1,234,567`, the same everywhere. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** 0.256 as `26%`; a share that is not nothing never reads 0%. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.01) return '<1%';
  return `${Math.round(share * 100)}%`;
}

/** A date whose UTC fields read as the wall clock of the zone. */
function inZone(time: number, zone: Zone): Date {
  const offset = zone === 'local' ? new Date(time).getTimezoneOffset() * 60_000 : 0;
  return new Date(time - offset);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
