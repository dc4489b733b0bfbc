import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {parse} from 'yaml';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {Hit} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {patternKind} from '../pattern-kind.ts';
import {compileFilter} from './filter.ts';

interface Repeated {
  readonly record: Record<string, Json>;
  readonly repeat: number;
}

interface Declared {
  readonly id: string;
  readonly when: {readonly pattern?: string; readonly alarm?: {readonly pattern: string}};
  readonly group_by?: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly events: readonly (Record<string, Json> | Repeated)[];
    readonly expect: 'match' | 'none';
  }[];
}

function read(name: string): readonly Declared[] {
  const file = new URL(`../../../detections/cis/${name}.yml`, import.meta.url);
  return (parse(readFileSync(file, 'utf8')) as {detections: Declared[]}).detections;
}

const VERBATIM = read('verbatim');
const TUNED = read('tuned');
const derivation = prepareDerivation();

function eventOf(record: Record<string, Json>, time: number): DetectionEvent {
  const components = eventOfRecord(record, time, derivation);
  return {time, id: '', components, origin: components.principal, score: 0, bits: {}, record};
}

function isNeeded(event: DetectionEvent, needs: ReturnType<typeof needsOf>): boolean {
  const {components} = event;
  return (
    (needs.operation?.(components.operation) ?? true) &&
    (needs.failed === undefined || components.error !== '-') &&
    (needs.kinds?.has(components.kind) ?? true)
  );
}

function needsOf(text: string) {
  return filterOf(text).needs;
}

function filterOf(text: string) {
  const compiled = compileFilter(text);
  if (!compiled.ok) throw new Error(`${text}: ${JSON.stringify(compiled.problems)}`);
  return compiled.filter;
}

const cases = (all: readonly Declared[]) =>
  all.flatMap((detection) =>
    detection.tests.map((each) => {
      const events = each.events.flatMap((event) =>
        'repeat' in event
          ? new Array((event as Repeated).repeat).fill((event as Repeated).record)
          : [event as Record<string, Json>],
      );
      return [`${detection.id}: ${each.name}`, detection, {...each, events}] as const;
    }),
  );

test('there are all controls, with true and near-miss tests', () => {
  const controls = Array.from({length: 15}, (_, i) => i + 1);
  for (const all of [VERBATIM, TUNED]) {
    const ids = all.map(({id}) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const found = new Set(ids.map((id) => Number(/4\.(\d+)-/.exec(id)?.[1])));
    expect([...found].sort((a, b) => a - b)).toEqual(controls);
    for (const {id, tests} of all) {
      expect([id, tests.some((each) => each.expect === 'match')]).toEqual([id, true]);
      expect([id, tests.some((each) => each.expect === 'none')]).toEqual([id, true]);
    }
  }
});

test.each(cases(VERBATIM))('as printed, %s', (_, detection, {events, expect: expected}) => {
  const filter = filterOf(detection.when.alarm?.pattern ?? '');
  const matched = events
    .map((record, i) => eventOf(record, i))
    .filter((event) => isNeeded(event, filter.needs) && filter.matches(event));
  expect(matched.length > 0 ? 'match' : 'none').toBe(expected);
});

test.each(cases(TUNED))('as meant, %s', (_, detection, {events, expect: expected}) => {
  const groupBy = detection.group_by;
  const built = patternKind.build(detection.when, {id: detection.id, groupBy, parameters: {}});
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  const evaluator = built.evaluator();
  const hits: Hit[] = [];
  const sink = {
    hit: (hit: Hit) => hits.push(hit),
    alarm: () => {},
    datapoint: () => {},
    episode: () => {},
    failed: () => {},
  };
  for (const [i, record] of events.entries()) {
    const event = eventOf(record, i * 1000);
    if (isNeeded(event, evaluator.needs)) evaluator.take(event, sink);
  }
  expect(hits.length > 0 ? 'match' : 'none').toBe(expected);
});

test('what is meant is without warnings', () => {
  const codes = TUNED.flatMap(({id, when}) =>
    filterOf(when.pattern ?? '').warnings.map(({code}) => `${id}: ${code}`),
  );
  expect(codes).toEqual([]);
});

test('the mistakes of what is printed are told', () => {
  const told = (id: string) => {
    const {when} = VERBATIM.find((each) => each.id === id) as Declared;
    return filterOf(when.alarm?.pattern ?? '').warnings.map(({code}) => code);
  };
  expect(told('cis-4.1-unauthorized-api-calls')).toEqual(['always']);
  expect(told('cis-4.1-unauthorized-api-calls-v4')).toEqual(['precedence', 'quotes']);
  expect(told('cis-4.2-console-sign-in-without-mfa')).toEqual(['optional-field']);
  expect(told('cis-4.6-console-authentication-failures-v4')).toEqual(['quotes']);
  expect(told('cis-4.13-route-table-changes-v3')).toEqual(['precedence', 'quotes']);
});
