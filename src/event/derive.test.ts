import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {sharedData} from '../../test/shared-data.ts';
import {CLOUDTRAIL_SPEC} from './cloudtrail-spec.ts';
import {
  deriveComponents,
  eventOfRecord,
  GROUP_COMPONENTS,
  outsideResource,
  prepareDerivation,
  textsOfRecord,
} from './derive.ts';
import {type Components, EVENT_FIELDS} from './fields.ts';
import {needsParameters} from './outside.ts';
import {touchedBy} from './touched.ts';

const derivation = prepareDerivation();
const data = sharedData();

function realRecords(root: string): {invictus: object[]; others: object[]} {
  const lines = (name: string) =>
    readFileSync(join(root, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  const trail = join(root, 'invictus/AWSLogs');
  const files = readdirSync(trail, {recursive: true, encoding: 'utf8'}).filter((name) =>
    name.endsWith('.gz'),
  );
  const invictus = files.flatMap(
    (name) =>
      JSON.parse(gunzipSync(readFileSync(join(trail, name))).toString()).Records as object[],
  );
  const plain = ['stratus', 'traildiscover', 'versions'].flatMap((folder) =>
    lines(`${folder}/events.jsonl`),
  );
  const odd = lines('oddities.jsonl').map((line) => JSON.parse(line).event as object);
  return {invictus, others: [...plain.map((line) => JSON.parse(line) as object), ...odd]};
}

/** The way of the scanner: each group sees only the texts of its own fields. */
function byGroups(record: object): Partial<Components> {
  const texts = textsOfRecord(record);
  const event: Partial<Record<keyof Components, string>> = {};
  for (const {name, fields} of CLOUDTRAIL_SPEC.groups) {
    const own = Object.fromEntries(fields.map((field) => [field, texts[field] ?? '']));
    const components = deriveComponents(name, own, derivation);
    const decided: readonly string[] = GROUP_COMPONENTS[name];
    if (!Object.keys(components).every((field) => decided.includes(field)))
      event.kind = 'undecided';
    Object.assign(event, components);
  }
  const {operation = '', account = ''} = event;
  if (needsParameters(operation)) {
    const parameters = (record as {requestParameters?: unknown}).requestParameters;
    event.resource =
      outsideResource({operation, account}, parameters, derivation) ?? event.resource ?? '';
  }
  return {...event, hour: '-'};
}

// One comparison a record: `expect` is slow, and there are thousands.
function faultOf(record: object): string | undefined {
  const event = eventOfRecord(record, undefined, derivation);
  if (Object.keys(event).join() !== EVENT_FIELDS.join()) return 'fields';
  const grouped = byGroups(record);
  for (const field of EVENT_FIELDS) {
    const {length} = event[field];
    if (length === 0 || length > 256) return `length of ${field}`;
    if (grouped[field] !== event[field]) return `${field} differs by group`;
  }
  return touchedBy(record).length > 100 ? 'touched' : undefined;
}

function expectSound(record: object): void {
  expect(faultOf(record)).toBeUndefined();
}

test('fields and groups of the specification agree', () => {
  const names: string[] = CLOUDTRAIL_SPEC.fields.map(({name}) => name);
  expect(new Set(names).size).toBe(names.length);
  const texts = CLOUDTRAIL_SPEC.fields
    .filter(({mode}) => /text|prefix/.test(mode))
    .map(({name}) => name);
  for (const {fields} of CLOUDTRAIL_SPEC.groups)
    expect(texts).toEqual(expect.arrayContaining([...fields]));
  expect(names).toEqual(
    expect.arrayContaining(['eventTime', 'eventID', 'accessKeyId', 'issuedAccessKeyId']),
  );
});

test('makes something of any JSON', () => {
  fc.assert(fc.property(fc.object({maxDepth: 3}), (record) => expectSound(record)));
});

test('makes something of records with odd values in the right places', () => {
  const keys = [...new Set(CLOUDTRAIL_SPEC.fields.map(({path}) => path.join('/')))];
  const value = fc.oneof(
    fc.string({maxLength: 600}),
    fc.jsonValue(),
    fc.constantFrom('arn:', 'arn:aws:iam::1:role/', ':', '/'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), value), {maxLength: 12}), (entries) => {
      const record: Record<string, unknown> = {};
      for (const [path, leaf] of entries) {
        const steps = path.split('/').filter((step) => step !== '[]');
        let at = record;
        for (const step of steps.slice(0, -1)) {
          if (typeof at[step] !== 'object' || at[step] === null) at[step] = {};
          at = at[step] as Record<string, unknown>;
        }
        at[steps.at(-1) ?? ''] = leaf;
      }
      expectSound(record);
    }),
  );
});

test.skipIf(data === undefined)('is sound on every real record', () => {
  const {invictus, others} = realRecords(data ?? '');
  expect(invictus.length).toBe(2_900);
  expect(others.length).toBeGreaterThan(700);
  for (const record of [...invictus, ...others]) expectSound(record);
});

test.skipIf(data === undefined)(
  'finds the principals of a real account, no session among them',
  () => {
    const {invictus, others} = realRecords(data ?? '');
    const principals = new Set(
      invictus.map((record) => eventOfRecord(record, undefined, derivation).principal),
    );
    expect(principals.size).toBe(19);
    const users = [...principals].filter((principal) => principal.includes(':user/'));
    expect(users.map((user) => user.split('/')[1]).sort()).toEqual([
      'benjamin',
      'bert-jan',
      'stratus-red-team-nmfalu-gfjyeaypjt',
    ]);
    for (const record of [...invictus, ...others]) {
      const {principal, kind} = eventOfRecord(record, undefined, derivation);
      if (kind === 'role')
        expect(principal).not.toMatch(/\/i-[0-9a-f]{8,}|aws-go-sdk|MandoService|session/);
    }
  },
);
