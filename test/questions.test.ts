import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {DetectionSet} from '../src/detections/detection-set.ts';
import type {Json} from '../src/detections/json.ts';
import {type LoadedDetection, loadDetections} from '../src/detections/load.ts';
import type {Override} from '../src/detections/schema.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import type {ScenarioName} from '../src/simulate/campaigns.ts';
import {simulate} from '../src/simulate/simulate.ts';

type Parameters = NonNullable<Override['parameters']>;

type Told = {readonly detection: string; readonly scenario: string | undefined};

const PACKS = join(import.meta.dirname, '../detections');
const QUESTIONS = join(PACKS, 'questions/questions.yml');
const ALARMS = join(PACKS, 'alarms/s3-enumeration.yml');

function load(file: string, parameters: Parameters, id: string): readonly LoadedDetection[] {
  const {detections, problems, overrideFaults} = loadDetections(
    [{file, text: readFileSync(file, 'utf8')}],
    {overrides: Object.keys(parameters).length > 0 ? [{id, parameters}] : []},
  );
  expect([...problems, ...overrideFaults]).toEqual([]);
  return detections;
}

/**
 * What the pack tells of a small organisation's two weeks with a scenario in it. The novelty that a
 * model would find is given by hand: everything of the scenario is novel, and nothing else.
 */
function tellOf(
  scenario: ScenarioName,
  id = '',
  parameters: Parameters = {},
  file = QUESTIONS,
): readonly Told[] {
  const set = new DetectionSet(load(file, parameters, id));
  // In simulations of 14 days and more nothing happens in the first 7, while firsts are learnt.
  const files = [...simulate({seed: 5, days: 14, eventsPerDay: 1_500, scenarios: [scenario]})];
  const records = files.flatMap((file) => file.records as readonly Record<string, Json>[]);
  const truth = new Map(
    files.flatMap((file) => file.truth.map((one) => [one.eventId, scenario] as const)),
  );
  const organisationAccounts = [...new Set(records.map((one) => String(one.recipientAccountId)))];
  const derivation = prepareDerivation({organisationAccounts});
  const told: Told[] = [];
  expect(truth.size).toBeGreaterThan(0);
  for (const record of records) {
    const time = Date.parse(String(record.eventTime));
    const eventId = String(record.eventID);
    const components = eventOfRecord(record, time, derivation);
    const score = truth.has(eventId) ? 0.97 : 0.1;
    const origin = components.principal;
    set.take({time, id: eventId, components, origin, score, bits: {}, record});
    set.advance(time);
    for (const {detection, revision, hit} of set.drain().matches) {
      if (revision > 1) continue;
      // An alarm keeps the events that caused it; others end with the one that completed them.
      const ids = [hit.event?.id ?? '', ...hit.evidence.map(({eventId}) => eventId)];
      const scenarioOf = ids.flatMap((eventId) => truth.get(eventId) ?? []);
      told.push({detection, scenario: scenarioOf[0]});
    }
  }
  return told;
}

function counted(told: readonly Told[], id: string) {
  const own = told.filter(({detection}) => detection === id);
  const right = own.filter(({scenario}) => scenario !== undefined).length;
  return {right, wrong: own.length - right};
}

test('an instance was launched outside the pipeline, or by whom it never was', () => {
  const pipeline = ['*:role/*deploy*', '*:role/*pipeline*', 'service/*'];
  const told = tellOf('unexpected-run-instances', 'instances-outside-pipeline', {pipeline});
  expect(counted(told, 'instances-outside-pipeline').right).toBeGreaterThan(0);
  expect(counted(told, 'instances-by-new-identity').right).toBeGreaterThan(0);
}, 60_000);

test('many List and Describe calls in a short time by an application', () => {
  const scanners = ['*:role/security-audit', '*:role/AWSServiceRoleFor*'];
  const told = tellOf('discovery-burst', 'discovery-burst', {scanners});
  expect(counted(told, 'discovery-burst').right).toBeGreaterThan(0);
  expect(counted(told, 'discovery-burst').wrong).toBeLessThanOrEqual(10);
  expect(counted(told, 'discovery-burst-novel').right).toBeGreaterThan(0);
}, 60_000);

test('a snapshot was shared with an account outside', () => {
  const told = tellOf('snapshot-share');
  expect(counted(told, 'copy-shared-outside').right).toBeGreaterThan(0);
  expect(counted(told, 'copy-shared-outside').wrong).toBe(0);
}, 60_000);

test('many calls were refused around secrets', () => {
  const told = tellOf('failed-calls');
  expect(counted(told, 'refused-around-secrets').right).toBeGreaterThan(0);
  expect(counted(told, 'refused-around-secrets').wrong).toBeLessThanOrEqual(2);
}, 60_000);

test('a bucket was listed again and again by whom it never was', () => {
  const told = tellOf('bucket-enumeration');
  expect(counted(told, 'bucket-enumerated').right).toBeGreaterThan(0);
  expect(counted(told, 'bucket-enumerated').wrong).toBe(0);
  expect(counted(told, 'bucket-looked-into-by-new-identity').right).toBeGreaterThan(0);
}, 60_000);

test('an alarm on listings of S3 keeps who, from where and with what', () => {
  const told = tellOf('bucket-enumeration', '', {}, ALARMS);
  expect(counted(told, 's3-listed-often').right).toBeGreaterThan(0);
  expect(counted(told, 's3-listed-often').wrong).toBeLessThanOrEqual(10);
}, 60_000);
