import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {sharedData} from '../../test/shared-data.ts';
import {simulate} from './simulate.ts';

/** What can be measured of records of any origin. */
interface Likeness {
  readonly bytes: number;
  readonly median: number;
  readonly p99: number;
  readonly leaves: number;
  readonly deepest: number;
  readonly errors: number;
  readonly reads: number;
  readonly identityTypes: ReadonlySet<string>;
  readonly services: number;
  readonly operations: number;
  readonly fields: ReadonlySet<string>;
}

function measure(records: readonly Record<string, unknown>[]): Likeness {
  const share = (holds: (record: Record<string, unknown>) => boolean) =>
    records.filter(holds).length / records.length;
  const sizes = records.map((record) => JSON.stringify(record).length).sort((a, b) => a - b);
  const shapes = records.map((record) => shape(record));
  return {
    bytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    median: sizes[Math.floor(sizes.length / 2)]!,
    p99: sizes[Math.floor(sizes.length * 0.99)]!,
    leaves: shapes.reduce((sum, {leaves}) => sum + leaves, 0) / shapes.length,
    deepest: Math.max(...shapes.map(({depth}) => depth)),
    errors: share(({errorCode}) => errorCode !== undefined),
    reads: share(({readOnly}) => readOnly === true),
    identityTypes: new Set(records.map(({userIdentity}) => (userIdentity as {type: string}).type)),
    services: new Set(records.map(({eventSource}) => eventSource)).size,
    operations: new Set(records.map(({eventSource, eventName}) => `${eventSource}:${eventName}`))
      .size,
    fields: new Set(records.flatMap((record) => Object.keys(record))),
  };
}

function shape(value: unknown): {leaves: number; depth: number} {
  if (typeof value !== 'object' || value === null) return {leaves: 1, depth: 0};
  let leaves = 0;
  let depth = 0;
  for (const part of Object.values(value)) {
    const inner = shape(part);
    leaves += inner.leaves;
    depth = Math.max(depth, inner.depth);
  }
  return {leaves, depth: depth + 1};
}

const records = [...simulate({seed: 4, days: 5, eventsPerDay: 6000, scenarios: []})].flatMap(
  (file) => file.records as Record<string, unknown>[],
);
const simulated = measure(records);

// Numbers counted over 23,145 public records. Those are mostly IAM users of years past, whose
// records are shorter than those of today's roles; hence the room above the mean and the median.
test('has the sizes and shapes of public records', () => {
  expect(simulated.bytes).toBeGreaterThan(971 * 0.9);
  expect(simulated.bytes).toBeLessThan(971 * 1.3);
  expect(simulated.median).toBeGreaterThan(842 * 0.9);
  expect(simulated.median).toBeLessThan(842 * 1.5);
  expect(simulated.p99).toBeGreaterThan(2200 * 0.75);
  expect(simulated.p99).toBeLessThan(2200 * 1.5);
  expect(simulated.leaves).toBeGreaterThan(25 * 0.85);
  expect(simulated.leaves).toBeLessThan(25 * 1.25);
  expect(simulated.deepest).toBeGreaterThanOrEqual(7);
});

test('fails about as often as reality', () => {
  expect(simulated.errors).toBeGreaterThan(0.06);
  expect(simulated.errors).toBeLessThan(0.14);
});

test('is as various as reality', () => {
  expect(simulated.services).toBeGreaterThan(50);
  expect(simulated.operations).toBeGreaterThan(450);
  for (const type of [
    'IAMUser',
    'AssumedRole',
    'AWSService',
    'AWSAccount',
    'SAMLUser',
    'WebIdentityUser',
    'IdentityCenterUser',
  ]) {
    expect(simulated.identityTypes).toContain(type);
  }
});

test('is moved by a few robots, while people are rare and various', () => {
  const byPrincipal = new Map<string, {calls: number; operations: Set<unknown>; person: boolean}>();
  for (const record of records) {
    const identity = record.userIdentity as Record<string, string>;
    const name = identity.arn?.includes('AWSReservedSSO')
      ? identity.arn
      : (identity.arn ?? identity.invokedBy ?? '').replace(/(assumed-role\/[^/]+)\/.*/, '$1');
    const entry = byPrincipal.get(name) ?? {
      calls: 0,
      operations: new Set(),
      person: name.includes('AWSReservedSSO'),
    };
    entry.calls++;
    entry.operations.add(record.eventName);
    byPrincipal.set(name, entry);
  }
  const all = [...byPrincipal.values()].sort((a, b) => b.calls - a.calls);
  const top = all.slice(0, Math.ceil(all.length / 10)).reduce((sum, {calls}) => sum + calls, 0);
  expect(top / records.length).toBeGreaterThan(0.4);
  const variety = (person: boolean) => {
    const group = all.filter((entry) => entry.person === person && entry.calls > 30);
    return (
      group.reduce((sum, {calls, operations}) => sum + operations.size / calls, 0) / group.length
    );
  };
  expect(variety(true)).toBeGreaterThan(1.4 * variety(false));
});

const REAL = sharedData();

test.skipIf(REAL === undefined)(
  'agrees with one real account of 2023 (skipped where its records are absent)',
  () => {
    const real = measure(
      readdirSync(join(REAL!, 'invictus'), {recursive: true, encoding: 'utf8'})
        .filter((name) => name.endsWith('.json.gz'))
        .flatMap(
          (name) =>
            JSON.parse(gunzipSync(readFileSync(join(REAL!, 'invictus', name))).toString()).Records,
        ),
    );
    expect(simulated.bytes / real.bytes).toBeGreaterThan(0.8);
    expect(simulated.bytes / real.bytes).toBeLessThan(1.2);
    expect(simulated.leaves / real.leaves).toBeGreaterThan(0.8);
    expect(simulated.leaves / real.leaves).toBeLessThan(1.2);
    expect(Math.abs(simulated.reads - real.reads)).toBeLessThan(0.12);
    expect(Math.abs(simulated.errors - real.errors)).toBeLessThan(0.05);
    // No field of ours that reality does not know; of theirs only what events of services carry.
    expect([...simulated.fields].filter((field) => !real.fields.has(field))).toEqual([]);
    expect([...real.fields].filter((field) => !simulated.fields.has(field))).toEqual([
      'serviceEventDetails',
    ]);
  },
);
