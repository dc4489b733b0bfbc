import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {MemoryStore} from '../../../test/service/memory-store.ts';
import {TestSource} from '../../../test/service/test-source.ts';
import {trailBatches} from '../../../test/service/trail.ts';
import {LiveFeed} from '../../pipeline/live-feed.ts';
import type {SourceStatus} from '../../pipeline/source.ts';
import {readShippedContexts} from '../context-file.ts';
import {openEngine} from './engine-client.ts';
import {Ingestor, type IngestorOptions} from './ingestor.ts';

const folders: string[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oddtrail-ingestor-'));
  folders.push(path);
  return path;
}

afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, {recursive: true, force: true});
});

const settings = {
  destinations: [
    {name: 'pager', minScore: 0.99},
    {name: 'chat', minScore: 0.95},
  ],
  publicUrl: 'https://oddtrail.example.com',
  keep: {recordsFrom: 0.9, reasonsFrom: 0.8},
};

const batches = trailBatches({seed: 7, days: 2, eventsPerDay: 1500});

function options(dataDir: string, store: MemoryStore, more: Partial<IngestorOptions> = {}) {
  return {
    dataDir,
    store: store.store,
    live: new LiveFeed(),
    sources: [],
    contexts: readShippedContexts(),
    settings,
    threaded: false,
    scanner: 'reference' as const,
    ...more,
  };
}

async function whole(more: Partial<IngestorOptions> = {}) {
  const store = new MemoryStore();
  const live = new LiveFeed();
  const source = new TestSource('trail', batches);
  const ingestor = new Ingestor(
    options(await folder(), store, {live, sources: [{source}], ...more}),
  );
  await ingestor.start();
  await ingestor.finished();
  return {store, live, source, ingestor};
}

test('brings every event of a source into the store once, in order, and shows it live', async () => {
  const {store, live, source, ingestor} = await whole();
  const status = await ingestor.status();
  await ingestor.stop();
  expect(source.acks).toBe(batches.length);
  expect(source.nacks).toBe(0);
  expect(store.rows.length).toBeGreaterThan(2500);
  expect(store.rows.map(({id}) => id)).toEqual(store.rows.map((_, i) => i + 1));
  expect(new Set(store.rows.map(({eventId}) => eventId)).size).toBe(store.rows.length);
  expect(live.lastId).toBe(store.rows.length);
  expect(store.details.length).toBeGreaterThan(50);
  expect(store.details.some(({record}) => record?.includes('"eventTime"'))).toBe(true);
  expect(store.outbox.size).toBeGreaterThan(5);
  expect(status.sources[0]).toMatchObject({name: 'trail', state: 'finished'});
  expect(status.lastId).toBe(store.rows.length);
});

test('goes on after a stop as if there had been none', async () => {
  const {store: wanted, ingestor: done} = await whole();
  await done.stop();
  const dataDir = await folder();
  const store = new MemoryStore();
  for (let part = 1; part <= 4; part++) {
    const source = new TestSource('trail', batches.slice(0, (batches.length * part) >> 2));
    const ingestor = new Ingestor(options(dataDir, store, {sources: [{source}]}));
    await ingestor.start();
    await ingestor.finished();
    if (part % 2 === 1) await ingestor.checkpoint();
    await ingestor.stop();
  }
  expect(store.rows.map(({score, eventId, id}) => ({score, eventId, id}))).toEqual(
    wanted.rows.map(({score, eventId, id}) => ({score, eventId, id})),
  );
  expect(store.details).toEqual(wanted.details);
});

test('quiet time passes only while every source has handed over what it had', async () => {
  let state: SourceStatus['state'] = 'reading';
  const source = new TestSource('trail', batches.slice(0, 1), true);
  source.status = () => ({state, detail: ''});
  const times: number[] = [];
  const open: typeof openEngine = async (how) => {
    const engine = await openEngine(how);
    const process = engine.process.bind(engine);
    engine.process = (number, entry, ...rest) => {
      if (entry.kind === 'tick') times.push(entry.eventTime);
      return process(number, entry, ...rest);
    };
    return engine;
  };
  const text = 'detections: [{id: a, title: a, when: {condition: \'event.operation == "a:B"\'}}]';
  const ingestor = new Ingestor(
    options(await folder(), new MemoryStore(), {
      sources: [{source}],
      detections: {files: [{file: 'own.yml', text}], overrides: []},
      deliveryDelay: 1_000,
      tickEvery: 10,
      now: () => 1_000_000,
      open,
    }),
  );
  await ingestor.start();
  const later = () => new Promise((resolve) => setTimeout(resolve, 200));
  for (state of ['starting', 'reading', 'retrying'] as const) {
    await later();
    expect(times, state).toEqual([]);
  }
  state = 'waiting';
  await expect.poll(() => times.length).toBeGreaterThan(1);
  await ingestor.stop();
  expect(new Set(times)).toEqual(new Set([999_000]));
});

test('does the same in a thread', async () => {
  const {store: wanted, ingestor: done} = await whole();
  await done.stop();
  const {store, ingestor} = await whole({threaded: true, scanner: 'fast'});
  await ingestor.stop();
  expect(store.rows.map(({score}) => score)).toEqual(wanted.rows.map(({score}) => score));
  expect(store.bits).toEqual(wanted.bits);
});
