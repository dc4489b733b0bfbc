import {useEffect, useLayoutEffect, useRef, useState} from 'react';
import type {Observation, ObservationDetail} from '../../api/types.ts';
import {getJson} from './api.ts';
import {usePreferences} from './preferences.ts';
import {ScoreText} from './score-text.tsx';
import {componentText, formatMoment, shortPrincipal, visible} from './text.ts';

interface Props {
  readonly id: number;
  /** Where the point is on the plot, in CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly over: HTMLElement;
  readonly rows: readonly Observation[];
}

const WAIT_MS = 90;
const KEPT = 200;
const kept = new Map<number, Observation>();

/** What a point is, in a sentence, beside it. */
export function PointTip({id, x, y, over, rows}: Props) {
  const {zone} = usePreferences();
  const box = useRef<HTMLDivElement>(null);
  const [, setLoaded] = useState(0);
  const row = kept.get(id) ?? rows.find((each) => each.id === id);

  useEffect(() => {
    if (row !== undefined) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      getJson<ObservationDetail>(`/api/v1/observations/${id}`, abort.signal).then(
        ({observation}) => {
          if (kept.size >= KEPT) kept.clear();
          kept.set(id, observation);
          setLoaded(id);
        },
        () => {},
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [id, row]);

  useLayoutEffect(() => {
    const tip = box.current;
    if (tip === null) return;
    const {offsetLeft, offsetTop, offsetWidth: width, offsetHeight: height} = over;
    const onLeft = x > width / 2;
    const left = onLeft ? x - tip.offsetWidth - 14 : x + 14;
    const top = Math.min(Math.max(0, y - 12), Math.max(0, height - tip.offsetHeight));
    tip.style.left = `${Math.max(4, offsetLeft + left)}px`;
    tip.style.top = `${offsetTop + top}px`;
  });

  return (
    <div className="tip" ref={box} role="tooltip">
      {row === undefined ? (
        <span className="muted">…</span>
      ) : (
        <>
          <p>
            <ScoreText score={row.score} /> {formatMoment(row.eventTime, zone)}
          </p>
          <p>
            <strong>{visible(shortPrincipal(row.dimensions.principal))}</strong>{' '}
            <code>{visible(row.dimensions.operation)}</code>
          </p>
          <p className="muted">{visible(reasonOf(row))}</p>
        </>
      )}
    </div>
  );
}

/** Why, where that was kept; else what was most unusual. */
export function reasonOf({reason, mostNovel}: Observation): string {
  if (reason !== null && reason !== '') return reason;
  if (mostNovel === null) return 'Nothing unusual';
  return `Most unusual: ${mostNovel.facet} ${componentText(mostNovel.facet, mostNovel.value)} (${mostNovel.bits.toFixed(1)} bits)`;
}
