/**
 * The store at size: rows written a second, then every query of the pages, medians.
 *
 *     npx tsx bench/store.ts [rows] [passes] [rows a commit] [duckdb | postgres | postgres://…]
 *
 * `postgres` starts a server of its own, as the tests do: without fsync, else as it comes.
 * BENCH_STORE=FILE keeps the file; a file that is full already is only read.
 * BENCH_SUMMARIES=never leaves everything to be summed up when it is asked for.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {cpus, loadavg, tmpdir} from 'node:os';
import {join} from 'node:path';
import {Random} from '../src/base/random.ts';
import {DIMENSIONS, type ObservationBatch} from '../src/pipeline/observation.ts';
import type {ObservationFilter, Store} from '../src/pipeline/store.ts';
import {openDuckDbStore} from '../src/stores/duckdb.ts';
import {openPostgresStore} from '../src/stores/postgres.ts';
import {startPostgres} from '../test/peers/postgres.ts';
import {markdownTable} from './table.ts';

const ROWS = Number(process.argv[2] ?? 5_000_000);
const PASSES = Number(process.argv[3] ?? 7);
const PER_COMMIT = Number(process.argv[4] ?? 8_192);
const URL_OR_KIND = process.argv[5] ?? 'duckdb';

const DAY = 86_400_000;
const END = Date.UTC(2026, 10, 1);
const SPAN = 30 * DAY;
const FACETS = [
  'operation',
  'network',
  'userAgent',
  'region',
  'time',
  'error',
  'resource',
  'actor',
];
/** How many values each dimension has. */
const VALUES: Readonly<Record<(typeof DIMENSIONS)[number], number>> = {
  principal: 3_000,
  kind: 8,
  account: 40,
  region: 17,
  service: 150,
  operation: 2_500,
  network: 20_000,
  userAgent: 40,
  error: 60,
  resource: 200_000,
};

const random = new Random(1);
const zipf = (limit: number) => Math.min(limit - 1, Math.floor(limit ** random.next()) - 1);
/** Texts of about the length of real ones. */
const textOf = (name: string, n: number) => `${name}/${'abcdefgh'.repeat(2)}/${n}`;

function batch(firstId: number, count: number): ObservationBatch {
  const column = (name: string, values: () => number) => {
    const texts: string[] = [];
    const known = new Map<number, number>();
    const index = Int32Array.from({length: count}, () => {
      const value = values();
      let at = known.get(value);
      if (at === undefined) {
        at = texts.push(textOf(name, value)) - 1;
        known.set(value, at);
      }
      return at;
    });
    return {texts, index};
  };
  return {
    context: 'cloudtrail',
    facets: FACETS,
    count,
    firstId,
    times: Float64Array.from({length: count}, (_, i) =>
      Math.floor(END - SPAN + ((firstId + i) / ROWS) * SPAN - random.below(300_000)),
    ),
    arrived: END,
    eventIds: Int32Array.from({length: 4 * count}, () => random.uint32() | 0),
    eventIdTexts: [],
    dimensions: DIMENSIONS.map((name) => column(name, () => zipf(VALUES[name]))),
    scores: Float64Array.from({length: count}, () => random.next()),
    raised: Float32Array.from({length: count}, () => random.below(400) / 10),
    bits: Float32Array.from({length: count * FACETS.length}, () =>
      random.chance(0.7) ? random.below(30) / 10 : random.next() * 12,
    ),
    mostNovel: Int8Array.from({length: count}, () => random.below(FACETS.length)),
    mostNovelValue: column('resource', () => zipf(100_000)),
    source: 'trail',
    object: column('AWSLogs/o-abc/1234/CloudTrail/eu-central-1', () => Math.floor(firstId / 500)),
    indexes: Int32Array.from({length: count}, (_, i) => i % 500),
    places: Float64Array.from({length: 2 * count}, (_, i) => (i % 2 === 0 ? i * 800 : 1_600)),
  };
}

const EXPLANATION = JSON.stringify({
  facets: FACETS.map((facet) => ({facet, value: textOf(facet, 1), bits: 3.25, levels: [1, 2, 3]})),
  sentence: 'raul called CreateSnapshot for the first time, from a network nobody has used before',
});

async function fill(store: Store): Promise<void> {
  const {entry, lastId} = await store.head();
  if (lastId >= ROWS) return;
  let spent = 0;
  let longest = 0;
  const user = process.cpuUsage();
  let made = 0;
  for (let id = lastId + 1, n = entry + 1; id <= ROWS; id += PER_COMMIT, n++) {
    const before = process.cpuUsage();
    const observations = batch(id, Math.min(PER_COMMIT, ROWS - id + 1));
    const details = Array.from(observations.scores, (score, i) => ({score, id: id + i}))
      .filter(({score}) => score >= 0.99)
      .map((row) => ({
        id: row.id,
        reason: 'r'.repeat(120),
        explanation: EXPLANATION,
        record: null,
      }));
    made += process.cpuUsage(before).user;
    const start = performance.now();
    await store.commit({
      entry: n,
      observations: [observations],
      details,
      deadLetters: [],
      deliveries: [],
    });
    const took = performance.now() - start;
    spent += took;
    longest = Math.max(longest, took);
  }
  const cpu = (process.cpuUsage(user).user - made) / 1e6;
  const rate = Math.round((ROWS - lastId) / spent);
  console.log(
    `${ROWS - lastId} rows in commits of ${PER_COMMIT}: ${rate} k rows/s, ` +
      `longest commit ${Math.round(longest)} ms, ${cpu.toFixed(1)} s of user time`,
  );
}

async function queries(store: Store): Promise<void> {
  const day = {from: END - DAY};
  const week = {from: END - 7 * DAY};
  const who = {principal: textOf('principal', 40)};
  const middle = Math.floor(ROWS / 2);
  const page = (filter: ObservationFilter, order: 'time' | 'score' | 'id') => () =>
    store.observations(filter, {order, limit: 100});
  const second = async (filter: ObservationFilter, order: 'time' | 'score') => {
    const {next} = await store.observations(filter, {order, limit: 100});
    return () => store.observations(filter, {order, limit: 100, cursor: next ?? undefined});
  };
  const eventId = (await store.observation(middle))?.eventId ?? '';
  const all: [string, () => Promise<unknown>][] = [
    ['head', () => store.head()],
    ['size', () => store.size()],
    ['newest page', page({}, 'time')],
    ['newest page, the second', await second({}, 'time')],
    ['top by score, 24 h', page(day, 'score')],
    ['top by score, 24 h, page 2', await second(day, 'score')],
    ['top by score, all 30 d', page({}, 'score')],
    ['newest of a principal', page({dimensions: who}, 'time')],
    [
      'newest of a rare principal',
      page({dimensions: {principal: textOf('principal', 2_990)}}, 'time'),
    ],
    [
      'newest over 0.99 of an account',
      page({minScore: 0.99, dimensions: {account: textOf('account', 3)}}, 'time'),
    ],
    ['live: rows after an id', page({afterId: ROWS - 500}, 'id')],
    ['text search, many hits, newest', page({text: 'ABCD'}, 'time')],
    ['text search, a resource, newest', page({text: 'resource/abcdefghabcdefgh/1999'}, 'time')],
    [
      'text search, some operations, 7 d, by score',
      page({...week, text: 'operation/abcdefghabcdefgh/12'}, 'score'),
    ],
    ['text search, no hit', page({text: 'nothing such'}, 'time')],
    ['count, 7 d over 0.95', () => store.count({...week, minScore: 0.95})],
    ['one observation', () => store.observation(middle)],
    ['its detail', () => store.detail(middle)],
    ['by event id', () => store.byEventId(eventId)],
    ['around, 25 and 25', () => store.around(middle, 25, 25)],
    ['plot, 24 h, 100 k of 167 k', () => store.plot(day, 'principal', 100_000)],
    ['plot, 7 d, 100 k of 1.2 M', () => store.plot(week, 'principal', 100_000)],
    ['plot, 7 d, 20 k of 1.2 M', () => store.plot(week, 'principal', 20_000)],
    ['plot, 30 d, 100 k of 5 M', () => store.plot({}, 'principal', 100_000)],
    ['plot, 7 d over 0.95', () => store.plot({...week, minScore: 0.95}, 'principal', 100_000)],
    ['timeline, 7 d, 168 stretches', () => store.timeline({...week, to: END}, 168)],
    ['timeline, 30 d, 240 stretches', () => store.timeline({}, 240)],
    ['timeline of a principal, 30 d', () => store.timeline({dimensions: who}, 240)],
    ['principals by score, 24 h', () => store.principals(day, {order: 'score', limit: 100})],
    ['principals by score, all', () => store.principals({}, {order: 'score', limit: 100})],
    [
      'principals by score, all, with a text',
      () => store.principals({text: 'principal/abcdefghabcdefgh/12'}, {order: 'score', limit: 100}),
    ],
    ['principals by events, 7 d', () => store.principals(week, {order: 'events', limit: 100})],
    ['values of principal', () => store.values('principal', '', 20)],
    [
      'values of resource by prefix',
      () => store.values('resource', 'resource/abcdefghabcdefgh/77', 20),
    ],
  ];
  const times = new Map(all.map(([name]) => [name, [] as number[]]));
  const work = new Map(all.map(([name]) => [name, [] as number[]]));
  for (let pass = 0; pass <= PASSES; pass++) {
    for (const [name, query] of all) {
      const before = process.cpuUsage();
      const start = performance.now();
      await query();
      if (pass === 0) continue;
      times.get(name)?.push(performance.now() - start);
      const {user, system} = process.cpuUsage(before);
      work.get(name)?.push((user + system) / 1_000);
    }
  }
  const rows = [...times].map(([name, taken]) => {
    taken.sort((a, b) => a - b);
    const at = (share: number) => taken[Math.floor(share * (taken.length - 1))]?.toFixed(1) ?? '';
    const cpu = work.get(name)?.sort((a, b) => a - b) ?? [];
    return [name, at(0.5), at(0), at(1), cpu[cpu.length >> 1]?.toFixed(1) ?? ''];
  });
  console.log(markdownTable(['query', 'median ms', 'least', 'most', 'processor ms'], rows));
}

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-bench-'));
const path = process.env.BENCH_STORE ?? join(folder, 'bench.duckdb');
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
);
const summarizedAtOnce = process.env.BENCH_SUMMARIES === 'never' ? ROWS + 1 : undefined;
const peer = URL_OR_KIND === 'postgres' ? await startPostgres() : undefined;
if (typeof peer === 'string') throw new Error(peer);
const store =
  URL_OR_KIND === 'duckdb'
    ? await openDuckDbStore({path, summarizedAtOnce})
    : await openPostgresStore({url: peer?.url ?? URL_OR_KIND, summarizedAtOnce});
try {
  await fill(store);
  const {bytes, observations} = await store.size();
  console.log(
    `${observations} rows, ${(bytes / 2 ** 20).toFixed(0)} MiB, memory ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
  );
  await queries(store);
} finally {
  await store.close();
  peer?.close();
  rmSync(folder, {recursive: true, force: true});
}
