import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {simulate} from '../../simulate/simulate.ts';
import {readShippedContexts} from '../context-file.ts';
import {Engine, type EngineResult, setupsOf, CLOUDTRAIL_STREAM as stream} from './engine.ts';
import type {Entry} from './entries.ts';
import type {EngineResources} from './entry-decoder.ts';
import {EntryDecoder} from './entry-decoder.ts';

type Step = readonly [entry: Entry, payloads: readonly Uint8Array[], skip?: string];

const RESOURCES: EngineResources = {scanner: 'fast'};
const at = Date.UTC(2026, 0, 31);
const create: Step = [
  {
    kind: 'create-context',
    stream,
    setup: {contexts: readShippedContexts(), asnFingerprint: ''},
    at,
  },
  [],
];
const reset: Step = [{kind: 'reset-context', stream, at}, []];

/** A simulated morning in entries of three files each; some of what is in them is damaged. */
function batches(): Step[] {
  const steps: Step[] = [];
  let names: string[] = [];
  let payloads: Uint8Array[] = [];
  for (const {path, records} of simulate({seed: 5, days: 1, eventsPerDay: 900, scenarios: []})) {
    const text = JSON.stringify({Records: records});
    names.push(path);
    const bytes = new TextEncoder().encode(names.length === 2 ? text.slice(0, -40) : text);
    payloads.push(names.length === 1 ? bytes : packed(bytes, names.length === 3));
    if (names.length < 3) continue;
    const position = steps.length;
    const entry: Entry = {
      ...{kind: 'batch', source: 's', stream, position, arrived: at, names, poison: []},
    };
    steps.push([entry, payloads]);
    names = [];
    payloads = [];
  }
  return steps;
}

/** As gzip, whole or cut off. */
function packed(bytes: Uint8Array, whole: boolean): Uint8Array {
  const gzip = new Uint8Array(gzipSync(bytes));
  return whole ? gzip : gzip.slice(0, -20);
}

/** What an engine makes of the steps, decoding itself or having them decoded. */
function run(
  steps: readonly Step[],
  decoder: EntryDecoder | undefined,
  engine = new Engine(RESOURCES),
): EngineResult['commit'][] {
  return steps.map(([entry, payloads, skip]) => {
    const decoded = skip === undefined ? decoder?.take(entry, payloads) : undefined;
    if (entry.kind === 'batch' && decoder !== undefined && skip === undefined) {
      expect(decoded).toHaveLength(payloads.length);
    }
    return engine.process(engine.entry + 1, entry, payloads, skip, decoded).commit;
  });
}

test('an engine is told the same by it as by its own decoder, through skips and resets', () => {
  const all = batches();
  expect(all.length).toBeGreaterThan(20);
  const steps: Step[] = [create, ...all.slice(0, 8)];
  const [entry, payloads] = all[8] as Step;
  steps.push([entry, payloads, 'it failed'], ...all.slice(9, 14), reset, ...all.slice(14));
  const wanted = run(steps, undefined);
  expect(wanted.flatMap(({observations}) => observations).length).toBeGreaterThan(20);
  expect(wanted.flatMap(({deadLetters}) => deadLetters).length).toBeGreaterThan(5);
  expect(run(steps, new EntryDecoder(RESOURCES))).toEqual(wanted);
});

test('hands over what compressed payloads hold, and none of what is beyond its bound', () => {
  const decoder = new EntryDecoder(RESOURCES);
  decoder.take(create[0], create[1]);
  const [entry] = batches()[0] as Step;
  const text = new TextEncoder().encode(
    `{"Records":[{"eventVersion":"1.08","eventTime":"2026-01-05T00:00:00Z"}]${' '.repeat(9 << 20)}}`,
  );
  const small = text.slice(0, 1_000);
  const given = [text, packed(text, true), packed(text, true), packed(small, true)];
  const objects = decoder.take(entry, given)?.map(({object}) => object);
  // One is over 9 MiB; for two there is no room.
  expect(objects?.map((object) => object?.length)).toEqual([
    undefined,
    text.length,
    undefined,
    small.length,
  ]);
  expect(Buffer.from(objects?.[3] ?? []).equals(small)).toBe(true);
});

test('it goes on with the streams of a snapshot', () => {
  const all = batches();
  const before = new Engine(RESOURCES);
  run([create, ...all.slice(0, 6)], undefined, before);
  const snapshot = before.snapshot();
  const wanted = run(all.slice(6), undefined, Engine.restore(snapshot, RESOURCES));
  const decoder = new EntryDecoder(RESOURCES, setupsOf(snapshot));
  expect(run(all.slice(6), decoder, Engine.restore(snapshot, RESOURCES))).toEqual(wanted);
});

test('leaves to the engine what it cannot decode, from then on', () => {
  const decoder = new EntryDecoder(RESOURCES);
  const [entry, payloads] = batches()[0] as Step;
  expect(decoder.take(entry, payloads)).toBeUndefined();
  decoder.take(create[0], create[1]);
  expect(decoder.take(entry, payloads)).toHaveLength(3);
  expect(decoder.take(entry, [null as unknown as Uint8Array])).toBeUndefined();
  expect(decoder.take(entry, payloads)).toBeUndefined();
});
