import type {DetectionInfo} from '../../api/detection-types.ts';
import {formatCount, formatDay} from '../report/format.ts';
import {plural} from './text.ts';

type Day = DetectionInfo['days'][number];

interface Props {
  readonly days: readonly Day[];
  /** Any moment of the last day drawn. */
  readonly end: number;
  readonly count?: number;
}

const DAY_MS = 86_400_000;
const HEIGHT = 22;
const STEP = 4;

/** Matches per day, the last day at the right end; those that told nobody are hollow. */
export function DayBars({days, end, count = 30}: Props) {
  const last = Math.floor(end / DAY_MS);
  const places = new Array<{live: number; silent: number}>(count);
  for (let i = 0; i < count; i++) places[i] = {live: 0, silent: 0};
  for (const {day, live, silent} of days) {
    const place = places[Math.floor(day / DAY_MS) - last + count - 1];
    if (place === undefined) continue;
    place.live += live;
    place.silent += silent;
  }
  const most = Math.max(1, ...places.map(({live, silent}) => live + silent));
  const total = sum(places);
  const silent = places.reduce((all, place) => all + place.silent, 0);
  const label =
    total === 0
      ? `No matches in ${count} days`
      : `${formatCount(total)} ${plural(total, 'match', 'matches')} in ${count} days` +
        `${silent > 0 ? `, ${formatCount(silent)} of them silent` : ''}; at most ${formatCount(most)} a day`;
  const tall = (value: number) => (value === 0 ? 0 : Math.max(2, (value / most) * HEIGHT));
  return (
    <svg
      className="day-bars"
      viewBox={`0 0 ${count * STEP} ${HEIGHT + 1}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <line x1={0} x2={count * STEP} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
      {places.map((place, i) => {
        const live = tall(place.live);
        const quiet = tall(place.silent);
        if (live + quiet === 0) return null;
        const title = `${formatDay((last - count + 1 + i) * DAY_MS, 'utc')}: ${place.live} live, ${place.silent} silent`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a day is its place.
          <g key={i}>
            <title>{title}</title>
            <rect x={i * STEP} y={HEIGHT - live} width={STEP - 1} height={live} className="live" />
            <rect
              x={i * STEP}
              y={HEIGHT - live - quiet}
              width={STEP - 1}
              height={quiet}
              className="silent"
            />
          </g>
        );
      })}
    </svg>
  );
}

function sum(places: readonly {live: number; silent: number}[]): number {
  return places.reduce((all, {live, silent}) => all + live + silent, 0);
}

/** The latest day of any of them, so that all end with the same; now if there is none. */
export function lastDay(all: readonly (readonly {readonly day: number}[])[]): number {
  let last = 0;
  for (const days of all) for (const {day} of days) if (day > last) last = day;
  return last === 0 ? Date.now() : last;
}
