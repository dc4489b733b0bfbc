import {durationMs} from '../config/duration.ts';
import {eventOfRecord, prepareDerivation} from '../event/derive.ts';
import {parseEventTime} from '../event/event-time.ts';
import type {Detection, Match} from './detection.ts';
import {DetectionSet} from './detection-set.ts';
import type {AlarmState} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {Json} from './json.ts';
import type {LoadedDetection, LoadedTest} from './load.ts';
import {isWrapped} from './schema.ts';

/** When tests happen, unless their records say otherwise: noon of a Monday. */
export const TEST_TIME = Date.UTC(2026, 0, 5, 12);
/** Between two events of a test, unless it says otherwise. */
const TEST_GAP_MS = 1000;
/** Time that goes by after the last event of a test. */
const TEST_END_MS = 60_000;
/** The account that a test's records are of, unless they say otherwise. */
export const TEST_ACCOUNT = '111111111111';

/** What came of one test of a detection. */
export interface TestResult {
  readonly detection: string;
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Runs the tests that stand with detections, each with a stream of its own. */
export function runTests(detections: readonly LoadedDetection[]): TestResult[] {
  const byId = new Map(detections.map((each) => [each.id, each]));
  return detections.flatMap((detection) =>
    detection.tests.map((test) => runTest(detection, test, byId)),
  );
}

/** Runs one test; `byId` holds the alarms that a composite asks for. */
export function runTest(
  detection: LoadedDetection,
  test: LoadedTest,
  byId: ReadonlyMap<string, LoadedDetection>,
): TestResult {
  const {name, line, column, expect} = test;
  const expected = expectedText(expect);
  const base = {detection: detection.id, name, expected, file: detection.file, line, column};
  const together: Detection[] = [];
  for (const each of [...referredBy(detection, byId), detection]) {
    const own = each === detection;
    const made = each.forTest(own ? test.parameters : {});
    if (!made.ok) return {...base, passed: false, found: made.message};
    together.push(made.detection);
  }
  const set = new DetectionSet(together);
  const matches = new Map<string, Match>();
  let alarm: AlarmState = 'INSUFFICIENT_DATA';
  let failed = '';
  const look = () => {
    const output = set.drain();
    for (const match of output.matches) {
      if (match.detection === detection.id) matches.set(match.key, match);
    }
    for (const {detection: id, change} of output.alarms) {
      if (id === detection.id) alarm = change.to;
    }
    const failure = output.failed[detection.id];
    if (failure !== undefined) failed = `; a condition failed: ${failure.message}`;
  };

  let time = TEST_TIME;
  const stream = testEvents(test);
  for (;;) {
    const next = stream.next();
    if (next.done === true) break;
    if (!next.value.ok) return {...base, passed: false, found: next.value.message};
    time = next.value.time;
    if (next.value.event !== undefined) set.take(next.value.event);
    set.advance(time);
    look();
  }
  set.advance(time + TEST_END_MS);
  look();

  const last = [...matches.values()].at(-1);
  const facts = {
    matches: matches.size,
    title: last?.title ?? '',
    alarm,
    group: last?.hit.group ?? [],
  };
  const passed = meets(expect, facts);
  return {...base, passed, found: `${foundText(expect, facts)}${passed ? '' : failed}`};
}

type Step =
  | {readonly ok: true; readonly time: number; readonly event?: DetectionEvent}
  | {readonly ok: false; readonly message: string};

/** The events of a test, made whole: what a test need not say is filled in. */
export function* testEvents(
  test: Pick<LoadedTest, 'events' | 'organisation_accounts'>,
): Generator<Step> {
  const derivation = prepareDerivation({organisationAccounts: test.organisation_accounts ?? []});
  let time = TEST_TIME - TEST_GAP_MS;
  let number = 0;
  for (const given of test.events) {
    const wrapped = isWrapped(given) ? (given as Wrapped) : {record: given};
    const {record, after, score = 0, bits = {}, origin, repeat = 1} = wrapped;
    const gap = after === undefined ? TEST_GAP_MS : durationMs(after);
    for (let n = 0; n < repeat; n++) {
      time += gap;
      if (record === undefined) {
        yield {ok: true, time};
        continue;
      }
      number++;
      const said = typeof record.eventTime === 'string' ? parseEventTime(record.eventTime) : time;
      if (said === undefined) {
        yield {ok: false, message: `Event ${number} has no time that can be read`};
        return;
      }
      if (n === 0) time = said;
      const whole = filledIn(record, time, number);
      const components = eventOfRecord(whole, time, derivation);
      const event: DetectionEvent = {
        time,
        id: String(whole.eventID),
        components,
        origin: origin ?? components.principal,
        score,
        bits,
        record: whole,
      };
      yield {ok: true, time, event};
    }
  }
}

interface Wrapped {
  readonly record?: Readonly<Record<string, Json>>;
  readonly score?: number;
  readonly bits?: Readonly<Record<string, number>>;
  readonly after?: string;
  readonly origin?: string;
  readonly repeat?: number;
}

/** What every record of CloudTrail has, unless the test says it. */
function filledIn(
  record: Readonly<Record<string, Json>>,
  time: number,
  number: number,
): Record<string, Json> {
  return {
    eventVersion: '1.09',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '198.51.100.7',
    eventType: 'AwsApiCall',
    managementEvent: true,
    eventCategory: 'Management',
    recipientAccountId: TEST_ACCOUNT,
    ...record,
    eventTime: new Date(time).toISOString().replace('.000Z', 'Z'),
    eventID: record.eventID ?? `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  };
}

/** The alarms that a composite asks for, and those that they ask for, each before who asks. */
function referredBy(
  detection: LoadedDetection,
  byId: ReadonlyMap<string, LoadedDetection>,
): LoadedDetection[] {
  const found = new Set<LoadedDetection>();
  const waiting = [...detection.refersTo];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const other = byId.get(id);
    if (other === undefined || other === detection || found.has(other)) continue;
    found.add(other);
    waiting.push(...other.refersTo);
  }
  return [...found].reverse();
}

interface Facts {
  readonly matches: number;
  readonly title: string;
  readonly alarm: AlarmState;
  readonly group: readonly string[];
}

function meets(expect: LoadedTest['expect'], facts: Facts): boolean {
  if (expect === 'match') return facts.matches > 0;
  if (expect === 'none') return facts.matches === 0;
  if (typeof expect === 'number') return facts.matches === expect;
  const {matches, title, alarm, group} = expect;
  return (
    (matches === undefined || matches === facts.matches) &&
    (title === undefined || title === facts.title) &&
    (alarm === undefined || alarm === facts.alarm) &&
    (group === undefined || JSON.stringify(group) === JSON.stringify(facts.group))
  );
}

function expectedText(expect: LoadedTest['expect']): string {
  if (expect === 'match') return 'a match';
  if (expect === 'none') return 'no match';
  if (typeof expect === 'number') return matchesText(expect);
  const {matches, title, alarm, group} = expect;
  return [
    ...(matches === undefined ? [] : [matchesText(matches)]),
    ...(title === undefined ? [] : [`the title "${title}"`]),
    ...(alarm === undefined ? [] : [`the alarm in ${alarm}`]),
    ...(group === undefined ? [] : [`the group ${JSON.stringify(group)}`]),
  ].join(', ');
}

/** Of what was expected, what there is. */
function foundText(expect: LoadedTest['expect'], facts: Facts): string {
  const asked = typeof expect === 'object' ? expect : {};
  return [
    matchesText(facts.matches),
    ...(asked.title === undefined || facts.matches === 0 ? [] : [`the title "${facts.title}"`]),
    ...(asked.alarm === undefined ? [] : [`the alarm in ${facts.alarm}`]),
    ...(asked.group === undefined ? [] : [`the group ${JSON.stringify(facts.group)}`]),
  ].join(', ');
}

function matchesText(count: number): string {
  if (count === 0) return 'no match';
  return count === 1 ? '1 match' : `${count} matches`;
}
