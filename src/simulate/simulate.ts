import {assert} from '../base/assert.ts';
import {Random} from '../base/random.ts';
import type {Call} from './call.ts';
import {planCampaigns, type ScenarioName} from './campaigns.ts';
import {Delivery, type LogFile} from './delivery.ts';
import {Happenings} from './happenings.ts';
import {makeOrg} from './org.ts';
import {makePeople, makeRaul, personDay} from './people.ts';
import {makeRobots, robotDay, serviceDay} from './robots.ts';

const DAY = 86_400_000;

export interface SimulationOptions {
  readonly seed: number | string;
  readonly days: number;
  /** First day, UTC; a Monday by default. */
  readonly start?: string | undefined;
  /**
   * Mean over a week; the organisation grows with it. Default 15,000. Below about 1,500 it stays
   * above what was asked, since even a small organisation has its services and scanners.
   */
  readonly eventsPerDay?: number | undefined;
  /** Attacks to mix in; all by default, none for an empty list. */
  readonly scenarios?: readonly ScenarioName[] | undefined;
  /** How many campaigns; one per 1.5 days by default, or one of each named scenario. */
  readonly campaigns?: number | undefined;
  /** Mean size of a record in bytes; natural (about 1,150) by default, longer ones are filled up. */
  readonly recordBytes?: number | undefined;
  /** Minutes between files of one account and region: 5 as in reality; more gives fewer, larger files. */
  readonly deliveryMinutes?: number | undefined;
}

/** Mean size of a record when nothing is added. */
const NATURAL_BYTES = 1150;

/**
 * The CloudTrail of a made-up organisation, in the order in which its files would be delivered.
 * The same options give the same files. Holds about one day of calls in memory.
 */
export function* simulate(options: SimulationOptions): Generator<LogFile> {
  const {seed, days, eventsPerDay = 15_000, start = '2026-01-05'} = options;
  assert(days >= 1 && Number.isInteger(days), `days must be a positive integer, is ${days}`);
  assert(eventsPerDay >= 100, `eventsPerDay must be at least 100, is ${eventsPerDay}`);
  const begin = Date.parse(`${start}T00:00:00Z`);
  assert(Number.isFinite(begin), `start must be a date like 2026-01-05, is "${start}"`);
  const random = new Random(`simulate/${seed}`);
  const org = makeOrg(random.fork('org'), eventsPerDay);
  const {people, taken} = makePeople(random.fork('people'), org, days);
  const raul = makeRaul(random.fork('raul'), org);
  people.push(raul);
  const robots = makeRobots(random.fork('robots'), org, eventsPerDay * 0.55);
  const world = {org, people, robots, raul, taken, begin, days};
  const happenings = new Happenings(random.fork('happenings'), world);
  const attacks = planCampaigns(
    random.fork('attacks'),
    world,
    options.scenarios,
    options.campaigns,
  );
  const delivery = new Delivery(random.fork('delivery'), org.id, {
    deliveryMinutes: options.deliveryMinutes ?? 5,
    extraBytes: Math.max(0, (options.recordBytes ?? 0) - NATURAL_BYTES),
  });
  const daily = random.fork('days');
  let pending: Call[] = attacks;
  for (let day = 0; day < days; day++) {
    const from = begin + day * DAY;
    const weekday = new Date(from).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    const calls = pending;
    const today = {start: from, day, weekend, holiday: day % 41 === 17};
    happenings.before(day, from, weekend, calls);
    for (const person of people) personDay(person, org, daily, today, calls);
    for (const robot of robots) robotDay(robot, daily, from, day, weekend, calls);
    serviceDay(org, daily, from, eventsPerDay * 0.2, calls);
    calls.sort((a, b) => a.time - b.time);
    const end = from + DAY;
    let i = 0;
    for (; i < calls.length && (calls[i] as Call).time < end; i++) {
      const call = calls[i] as Call;
      if (call.time < begin) continue;
      yield* delivery.flush(call.time);
      delivery.add(call);
    }
    pending = calls.slice(i);
  }
  yield* delivery.finish();
}
