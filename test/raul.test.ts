import {expect, test} from 'vitest';
import {readShippedContexts} from '../src/app/context-file.ts';
import {Detector} from '../src/app/detector.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {parseEventTime} from '../src/event/event-time.ts';
import type {Components} from '../src/event/fields.ts';
import {fieldsOf} from '../src/features/context.ts';
import {simulate} from '../src/simulate/simulate.ts';

const DAYS = 8;
const DAY_MS = 86_400_000;

interface Seen {
  readonly day: number;
  readonly principal: string;
  readonly operation: string;
  readonly score: number;
  readonly attack: boolean;
}

/** The story of Raul as the product sees it: every event scored, then learnt, in order of time. */
function story(seed: number): Seen[] {
  const derivation = prepareDerivation();
  const attack = new Set<string>();
  const events: {id: string; time: number; components: Components}[] = [];
  for (const file of simulate({seed, days: DAYS, eventsPerDay: 6_000, scenarios: ['raul']})) {
    for (const {eventId, ignore} of file.truth) if (ignore !== true) attack.add(eventId);
    for (const record of file.records) {
      const {eventID, eventTime} = record as {eventID: string; eventTime: string};
      const time = parseEventTime(eventTime)!;
      events.push({id: eventID, time, components: eventOfRecord(record, time, derivation)});
    }
  }
  events.sort((a, b) => a.time - b.time);
  const {contexts} = readShippedContexts();
  const columns = fieldsOf(contexts);
  const detector = new Detector(columns, contexts);
  const row = new Int32Array(columns.length);
  const begin = Math.floor(events[0]!.time / DAY_MS);
  return events.map(({id, time, components}) => {
    for (const [c, column] of columns.entries()) {
      row[c] = detector.id(c, components[column as keyof Components]);
    }
    const {principal, operation} = components;
    const score = detector.observe(row, time)!.scored.score;
    const day = Math.floor(time / DAY_MS) - begin;
    return {day, principal, operation, score, attack: attack.has(id)};
  });
}

test.each([21, 22, 23])(
  'finds all that is done with the stolen keys of raul, seed %d',
  (seed) => {
    const seen = story(seed);
    const attack = seen.filter(({attack}) => attack);
    expect(attack.length).toBeGreaterThanOrEqual(8);
    expect(Math.min(...attack.map(({score}) => score))).toBeGreaterThan(0.95);
    expect(Math.max(...attack.map(({score}) => score))).toBeGreaterThan(0.99);

    // The busy role next to it, which a look at volume alone reports.
    const interfaces = seen.filter(
      ({day, operation}) => day === DAYS - 1 && operation === 'ec2:CreateNetworkInterface',
    );
    // Whoever has the middle one of all, sorted by name, has most of them.
    const names = interfaces.map(({principal}) => principal).sort();
    const who = names[names.length >> 1];
    const burst = interfaces.filter(({principal}) => principal === who);
    expect(burst.length).toBeGreaterThan(30);
    expect(Math.max(...burst.map(({score}) => score))).toBeLessThan(0.95);

    const others = new Set<string>();
    for (const {day, principal, score} of seen) {
      if (day >= 3 && score > 0.99 && !principal.endsWith(':user/raul')) {
        others.add(`${day} ${principal}`);
      }
    }
    for (let day = 3; day < DAYS; day++) {
      const thatDay = [...others].filter((other) => other.startsWith(`${day} `));
      expect(thatDay.length, `day ${day}: ${thatDay.join(', ')}`).toBeLessThanOrEqual(2);
    }
  },
  60_000,
);
