import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {DetectionSet, readPacks, soundDetections} from '../src/app/detections.ts';
import type {Match} from '../src/detections/detection.ts';
import type {DetectionEvent} from '../src/detections/event.ts';
import type {Json} from '../src/detections/json.ts';
import {TouchFinder} from '../src/detections/trap/touch.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {SCENARIO_NAMES} from '../src/simulate/campaigns.ts';
import {simulate} from '../src/simulate/simulate.ts';
import {sharedData} from './shared-data.ts';

type JsonMap = Readonly<Record<string, Json>>;

const derivation = prepareDerivation();

function eventOf(record: JsonMap): DetectionEvent {
  const time = Date.parse(String(record.eventTime));
  const components = eventOfRecord(record, Number.isNaN(time) ? 0 : time, derivation);
  const id = String(record.eventID ?? '');
  return {time, id, components, origin: components.principal, score: 0, bits: {}, record};
}

/** Runs the article's traps over a simulated trail, through the index by operation. */
function run(scenarios: readonly (typeof SCENARIO_NAMES)[number][], seed: number, days: number) {
  const {detections} = soundDetections(
    readPacks(['traps']).filter(({file}) => file.endsWith('article.yml')),
  );
  const set = new DetectionSet(detections);
  const matches: Match[] = [];
  const truth = new Map<string, string>();
  const touching = new Map<string, string>();
  let events = 0;
  for (const file of simulate({seed, days, eventsPerDay: 1_500, scenarios: [...scenarios]})) {
    for (const {eventId, scenario} of file.truth) {
      truth.set(eventId, scenario);
    }
    for (const record of file.records as readonly JsonMap[]) {
      const event = eventOf(record);
      events++;
      if (/Backup_Admin|DevOps_role|CustomerAccounts|PasswordBackup/.test(JSON.stringify(record))) {
        touching.set(event.id, event.components.operation);
      }
      if (!set.wants(event.components, 0)) continue;
      set.take(event);
      const {matches: found, failed} = set.drain();
      expect(failed).toEqual({});
      matches.push(...found);
    }
  }
  const told = new Set(matches.flatMap(({hit}) => hit.evidence.map(({eventId}) => eventId)));
  return {matches, told, truth, touching, events};
}

test('nobody touches a decoy on days without attacks', () => {
  const {matches, touching, events} = run([], 3, 7);
  expect(events).toBeGreaterThan(5_000);
  expect(touching.size).toBe(0);
  expect(matches.map(({title}) => title)).toEqual([]);
});

test('every touch of the simulated decoys is told, and nothing besides', () => {
  const traps = ['canary-login', 'canary-role', 'honeypot-table', 'honeypot-bucket'] as const;
  const {told, truth, touching} = run([...traps], 4, 8);
  expect(touching.size).toBeGreaterThan(8);
  // Evidence is told up to 20 events; the campaigns stay below it.
  expect([...touching.keys()].filter((id) => !told.has(id))).toEqual([]);
  expect([...told].filter((id) => !touching.has(id))).toEqual([]);
  expect([...told].filter((id) => !truth.has(id))).toEqual([]);
  expect(new Set([...told].map((id) => truth.get(id)))).toEqual(new Set(traps));
});

test('other attacks touch no decoy', () => {
  const others = SCENARIO_NAMES.filter((name) => !/^(?:canary|honeypot)/.test(name));
  const {matches, touching} = run(others, 5, 8);
  expect(touching.size).toBe(0);
  expect(matches).toEqual([]);
});

// An oracle that knows nothing of spellings: the names as AWS itself wrote them beside the ARN.
test('finds every user and role of real records in what they did', (context) => {
  const root = sharedData();
  if (root === undefined) return context.skip();
  const events = recordsOf(join(root, 'invictus')).map(eventOf);
  const names = {user: new Map<string, Set<string>>(), role: new Map<string, Set<string>>()};
  for (const {id, record} of events) {
    const identity = record.userIdentity as JsonMap | null;
    const issuer = (identity?.sessionContext as JsonMap | undefined)?.sessionIssuer as JsonMap;
    const [kind, name] =
      identity?.type === 'IAMUser'
        ? (['user', identity.userName] as const)
        : (['role', issuer?.type === 'Role' ? issuer.userName : undefined] as const);
    if (typeof name !== 'string') continue;
    names[kind].set(name, (names[kind].get(name) ?? new Set()).add(id));
  }
  let asked = 0;
  for (const kind of ['user', 'role'] as const) {
    for (const [name, ids] of names[kind]) {
      const finder = new TouchFinder({decoy: {kind, name}, accounts: [], allow: []});
      const found = new Set(events.filter((event) => finder.find(event)).map(({id}) => id));
      expect([...ids].filter((id) => !found.has(id))).toEqual([]);
      asked += ids.size;
    }
  }
  expect(asked).toBeGreaterThan(1_000);
});

function recordsOf(folder: string): JsonMap[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.json.gz') || name.endsWith('.json'))
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      return (JSON.parse(text) as {Records?: JsonMap[]}).Records ?? [];
    });
}
