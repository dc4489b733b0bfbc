import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {sharedData} from '../../test/shared-data.ts';
import type {EventBatch} from '../event/batch.ts';
import {prepareDerivation} from '../event/derive.ts';
import {streamPlan} from '../features/deriver.ts';
import {simulate} from '../simulate/simulate.ts';
import {FileDecoder} from './decoder.ts';
import {EventDecoder, type InternLimits} from './event-decoder.ts';
import {ReferenceScanner} from './reference-scanner.ts';
import type {Scanner} from './scanner.ts';
import {WasmScanner} from './wasm-scanner.ts';

const derivation = prepareDerivation({});
const plan = streamPlan(
  {
    type: 'cloudtrail',
    timeZone: 'UTC',
    workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'],
    peerGroups: [],
    organisationAccounts: [],
    fields: {version: {path: 'eventVersion', as: 'text'}},
  },
  derivation,
);
const data = sharedData();

/** Events as they mean, free of the numbering of ids, in the order of each file. */
function eventsOf(
  scanner: Scanner,
  files: readonly Uint8Array[],
  limits?: Partial<InternLimits>,
): {events: unknown[]; rejects: unknown[]; epochs: Set<number>} {
  const decoder = new EventDecoder(scanner, plan, limits);
  const file = new FileDecoder(scanner, decoder);
  const texts = new Map<number, string[]>();
  const width = plan.columns.length;
  const events: unknown[] = [];
  const rejects: unknown[] = [];
  const show = (batch: EventBatch) => {
    const own = texts.get(batch.epoch) ?? [''];
    texts.set(batch.epoch, own);
    batch.strings.forEach((text, i) => {
      own[batch.firstNewString + i] = text;
    });
    rejects.push(...batch.rejects, ...Object.entries(batch.drops));
    for (let row = 0; row < batch.count; row++) {
      const columns = batch.columns.subarray(row * width, (row + 1) * width);
      events.push({
        file: batch.file,
        index: batch.indexes[row],
        time: batch.times[row],
        id: batch.eventIds.slice(row * 4, row * 4 + 4).join(),
        text: batch.eventIdTexts.find(([at]) => at === row)?.[1],
        keys: batch.keys.slice(row * 4, row * 4 + 4).join(),
        place: batch.places.slice(row * 2, row * 2 + 2).join(),
        components: Array.from(columns, (id) => own[id]),
      });
    }
  };
  files.forEach((bytes, i) => {
    decoder.beginFile(i);
    file.decodeFile(bytes);
    const batches = decoder.take();
    batches.forEach(show);
  });
  const order = (event: unknown) => {
    const {file: f, index} = event as {file: number; index: number};
    return f * 1e7 + index;
  };
  events.sort((a, b) => order(a) - order(b));
  return {events, rejects, epochs: new Set(texts.keys())};
}

const fast = () => new WasmScanner(plan.spec);
const reference = () => new ReferenceScanner(plan.spec);

const simulated = [...simulate({seed: 11, days: 3, eventsPerDay: 300, scenarios: ['raul']})].map(
  ({records}) => new TextEncoder().encode(JSON.stringify({Records: records})),
);

function expectSame(files: readonly Uint8Array[]): number {
  const a = eventsOf(fast(), files);
  const b = eventsOf(reference(), files);
  expect(a.rejects).toEqual(b.rejects);
  expect(a.events.length).toBe(b.events.length);
  // One by one, so that a difference is told in a line and not in a book.
  for (const [i, event] of a.events.entries()) expect(event).toEqual(b.events[i]);
  return a.events.length;
}

test('both scanners give equal components of a simulated trail', () => {
  expect(expectSame(simulated)).toBeGreaterThan(500);
});

test.skipIf(data === undefined)('both scanners give equal components of real records', () => {
  const files = readdirSync(data ?? '', {recursive: true, encoding: 'utf8'})
    .filter((name) => /\.(json|jsonl)(\.gz)?$/.test(name) && !name.includes('labels'))
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(data ?? '', name))));
  expect(files.length).toBeGreaterThan(50);
  expect(expectSame(files)).toBeGreaterThan(3500);
});

test('forgetting what was interned, or beginning anew, changes no component', () => {
  for (const make of [fast, reference]) {
    const plain = eventsOf(make(), simulated);
    const forgetful = eventsOf(make(), simulated, {internedBytes: 1000});
    const anew = eventsOf(make(), simulated, {components: 200});
    const both = eventsOf(make(), simulated, {internedBytes: 1000, components: 200});
    expect(plain.epochs.size).toBe(1);
    expect(anew.epochs.size).toBeGreaterThan(2);
    for (const {events} of [forgetful, anew, both]) {
      expect(events.length).toBe(plain.events.length);
      for (const [i, event] of events.entries()) expect(event).toEqual(plain.events[i]);
    }
  }
});

test('what comes before a record changes nothing of it', () => {
  const whole = eventsOf(fast(), simulated).events;
  const alone = eventsOf(fast(), simulated.slice(-1)).events;
  const last = whole.slice(-alone.length).map((event) => ({...(event as object), file: 0}));
  expect(last).toEqual(alone);
});
