import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import type {DrillOutcome} from '../../api/detection-service.ts';
import type {TrapInfo} from '../../api/detection-types.ts';
import type {MatchRow} from '../../pipeline/detections.ts';
import type {Store} from '../../pipeline/store.ts';

export interface DrillParts {
  readonly store: Pick<Store, 'detections' | 'setting' | 'putSetting'>;
  /** Takes a record the way of every other. */
  readonly observe: (record: Record<string, unknown>) => Promise<unknown>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Last {
  readonly at: number;
  readonly ok: boolean;
  readonly detail: string;
  readonly by: string;
}

/** How long a match is waited for, and how often it is looked for. */
const PATIENCE_MS = 10_000;
const POLL_MS = 100;
/** Events that a match keeps. */
const FULL_EVIDENCE = 20;
/** Event ids of drills that are known of a trap, and matches among which a touch is looked for. */
const MAX_KNOWN = 100;
const MAX_MATCHES = 100;

/** The drills of traps: what they led to, and how they are told from touches. */
export class Drills {
  readonly #parts: DrillParts;

  constructor(parts: DrillParts) {
    this.#parts = parts;
  }

  /** Sends the record of somebody who touches a decoy, and waits for the match. */
  async run(
    trap: string,
    by: string,
    record: (event: {time: number; eventId: string}) => Record<string, unknown>,
  ): Promise<DrillOutcome> {
    const event = {time: this.#parts.now(), eventId: randomUUID()};
    // Known before it is sent: a drill whose process ends amid it is no touch either.
    const known = [...(await this.#known(trap)), event.eventId].slice(-MAX_KNOWN);
    await this.#parts.store.putSetting(`drill-events/${trap}`, JSON.stringify(known));
    const sent = record(event);
    await this.#parts.observe(sent);
    const outcome = await this.#outcome(trap, event.eventId, Date.parse(String(sent.eventTime)));
    await this.remember(trap, event.time, by, outcome);
    return outcome;
  }

  async remember(trap: string, at: number, by: string, {ok, detail}: DrillOutcome): Promise<void> {
    const last: Last = {at, ok, detail, by};
    await this.#parts.store.putSetting(`drill/${trap}`, JSON.stringify(last));
  }

  async last(trap: string): Promise<TrapInfo['lastDrill']> {
    const kept = await this.#parts.store.setting(`drill/${trap}`);
    return kept === undefined ? null : (JSON.parse(kept) as Last);
  }

  /**
   * When somebody touched the decoy last, epoch milliseconds; null if nobody did. A drill is known
   * by its event id, which is ours alone: its user agent could be written by anybody.
   */
  async lastTouch(trap: string): Promise<number | null> {
    const {rows} = await this.#parts.store.detections.matches(
      {detection: trap},
      {limit: MAX_MATCHES},
    );
    const known = new Set(await this.#known(trap));
    let last: number | null = null;
    for (const match of rows) {
      const touch = touchIn(match, known);
      if (touch !== null && touch > (last ?? Number.NEGATIVE_INFINITY)) last = touch;
    }
    return last;
  }

  async #known(trap: string): Promise<string[]> {
    const kept = await this.#parts.store.setting(`drill-events/${trap}`);
    return kept === undefined ? [] : (JSON.parse(kept) as string[]);
  }

  async #outcome(trap: string, eventId: string, time: number): Promise<DrillOutcome> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const {rows} = await this.#parts.store.detections.matches({detection: trap}, {limit: 20});
      const match = rows.find(
        ({evidence, lastTime}) =>
          evidence.some((note) => note.eventId === eventId) ||
          // The first events are kept: of a match that has its fill, its time alone tells.
          (evidence.length >= FULL_EVIDENCE && lastTime === time),
      );
      if (match !== undefined) {
        const told = match.mode === 'live' ? '' : '; it is silent: nobody is told';
        const detail = `Match ${match.id}: ${match.title}${told}`;
        return {ok: true, detail, match: match.id};
      }
      if (performance.now() > until) break;
      await sleep(POLL_MS);
    }
    return {ok: false, detail: `No match within ${PATIENCE_MS / 1000} s`};
  }
}

function touchIn({evidence, lastTime, hits}: MatchRow, drills: ReadonlySet<string>): number | null {
  // Of what is no longer kept nothing says that it was a drill.
  if (hits > evidence.length) return lastTime;
  const touches = evidence.filter(({eventId}) => !drills.has(eventId)).map(({time}) => time);
  return touches.length === 0 ? null : Math.max(...touches);
}
