import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import {parseEventTime} from '../../event/event-time.ts';
import {simulate} from '../../simulate/simulate.ts';
import type {Json} from '../json.ts';
import {Kept} from '../test-event.ts';
import {Rates} from './rates.ts';

/** The story of Raul as a view of volume has it, delivered file by file. */
function story(seed: number): {readonly raul: string[]; readonly calls: Kept; readonly all: Kept} {
  const per = ['account', 'region', 'operation'] as const;
  const views = [
    {rates: new Rates({measure: 'calls', per}), kept: new Kept()},
    {rates: new Rates({measure: 'errors', per}), kept: new Kept()},
    {rates: new Rates({measure: 'calls', per: [...per, 'principal']}), kept: new Kept()},
    {
      rates: new Rates({measure: 'errors', per: ['account', 'principal']}),
      kept: new Kept(),
    },
  ] as const;
  const derivation = prepareDerivation();
  const raul = new Set<string>();
  let newest = 0;
  for (const file of simulate({seed, days: 8, eventsPerDay: 3000, scenarios: ['raul']})) {
    const attack = new Set(
      file.truth.filter(({ignore}) => ignore !== true).map(({eventId}) => eventId),
    );
    for (const one of file.records) {
      const record = one as Readonly<Record<string, Json>>;
      const id = String(record.eventID);
      const time = parseEventTime(String(record.eventTime))!;
      const components = eventOfRecord(record, time, derivation);
      if (attack.has(id)) raul.add(components.principal);
      newest = Math.max(newest, time);
      const event = {time, id, components, origin: '-', score: 0, bits: {}, record};
      for (const {rates, kept} of views) rates.take(event, kept);
    }
    for (const {rates, kept} of views) rates.advance(newest, kept);
  }
  for (const {rates, kept} of views) rates.advance(newest + 3_600_000, kept);
  const all = new Kept();
  for (const {kept} of views) all.episodes.push(...kept.episodes);
  return {raul: [...raul], calls: views[0].kept, all};
}

test.each([11, 12])(
  'volume alone sees nothing of raul, and a busy scaler instead, seed %i',
  (seed) => {
    const {raul, calls, all} = story(seed);
    expect(raul).toHaveLength(1);
    const ofRaul = all.episodes.filter(
      ({principal, attributions}) =>
        raul.includes(principal) ||
        attributions.some(({episode}) => episode.some(({value}) => raul.includes(value))),
    );
    expect(ofRaul).toEqual([]);
    const operations = new Set(calls.episodes.map(({operation}) => operation));
    expect([...operations]).toEqual(['ec2:CreateNetworkInterface']);
  },
  120_000,
);
