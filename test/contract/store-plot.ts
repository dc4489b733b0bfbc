import {expect} from 'vitest';
import type {ObservationFilter, Store, StoredObservation} from '../../src/pipeline/store.ts';
import {expectedRows, type TestBatch, type TestRow, toCommit} from './store-rows.ts';

const T0 = Date.UTC(2026, 10, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPAN = 600_000;

type Check = (name: string, body: (store: Store) => Promise<void>) => void;

/** Plots, each compared with going through all rows. */
export function plotContract(check: Check): void {
  check('plots one point, and none', async (store) => {
    const batch: TestBatch = {firstId: 5, rows: [{time: T0, score: 0.25}]};
    await store.commit(toCommit(1, [batch]));
    const rows = expectedRows(batch);
    for (const filter of [{}, {from: T0}, {from: T0, to: T0 + 1}, {minScore: 0.25}]) {
      await comparePlot(store, rows, filter, 1);
    }
    for (const filter of [
      {from: T0 + 1},
      {to: T0},
      {from: T0 - 9 * DAY, to: T0},
      {minScore: 0.5},
    ]) {
      await comparePlot(store, rows, filter, 1);
      expect((await store.plot(filter, 'account', 1)).total).toBe(0);
    }
  });

  check('plots the most novel of each stretch, live rows at once', async (store) => {
    const rows: StoredObservation[] = [];
    for (let entry = 1; entry <= 4; entry++) {
      const batch = batchOf(rows.length + 1, 700, entry);
      await store.commit(toCommit(entry, [batch]));
      rows.push(...expectedRows(batch));
      for (const limit of [7, 250, 100_000]) await comparePlot(store, rows, {}, limit);
    }
    await compareFilters(store, rows);
    // Of those that come one by one, each is there when it is asked for next.
    for (let entry = 5; entry <= 9; entry++) {
      const batch: TestBatch = {
        firstId: rows.length + 1,
        rows: [{time: T0 + entry * HOUR + 1, score: 1 - 2 ** -(30 + entry)}],
      };
      await store.commit(toCommit(entry, [batch]));
      rows.push(...expectedRows(batch));
      await comparePlot(store, rows, {}, 40);
      expect((await store.plot({}, 'account', 40)).ids).toContain(rows.length);
    }
    // An entry that is there changes nothing, whatever it holds.
    await store.commit(toCommit(9, [batchOf(rows.length + 1, 50, 9)]));
    await comparePlot(store, rows, {}, 40);
  });

  check('plots what retention has left, and what came since', async (store) => {
    let rows: StoredObservation[] = [];
    const add = async (entry: number, firstId: number) => {
      const batch = batchOf(firstId, 900, entry);
      await store.commit(toCommit(entry, [batch]));
      rows.push(...expectedRows(batch));
    };
    await add(1, 1);
    await add(2, 901);
    for (const before of [T0 + 7 * HOUR + 1, T0 + DAY, T0 + 2 * DAY - 1]) {
      await store.retain({observationsBefore: before, detailsBefore: 0, maxBytes: undefined});
      rows = rows.filter(({eventTime}) => eventTime >= before);
      await compareFilters(store, rows);
    }
    await add(3, 1_801);
    await compareFilters(store, rows);
  });

  check('plots many equal scores', async (store) => {
    const batch: TestBatch = {
      firstId: 1,
      rows: Array.from({length: 2_000}, (_, i) => ({
        time: T0 + i * 100_000,
        score: i % 50 === 0 ? 0.5 : 0,
      })),
    };
    await store.commit(toCommit(1, [batch]));
    for (const limit of [1, 30, 60, 900]) await comparePlot(store, expectedRows(batch), {}, limit);
  });
}

/** Rows of several days, out of order, busy and quiet, with scores that are equal and that are not. */
function batchOf(firstId: number, count: number, entry: number): TestBatch {
  const rows = Array.from({length: count}, (_, i): TestRow => {
    const n = (i * 7_919 + entry * 104_729) % 10_007;
    const day = n % 4;
    // Little happens on the second day, and nothing in the morning of the third.
    const busy = day === 1 && n % 5 > 0 ? 0 : day;
    const hour = busy === 2 ? 12 + (n % 12) : n % 24;
    return {
      time: T0 + busy * DAY + hour * HOUR + ((n * 31) % 3_600) * 1_000,
      score: n % 9 === 0 ? 0.75 : 1 - 2 ** -((n % 1_000) / 60),
      dimensions: {principal: `p${n % 11}`, account: `a${n % 3}`},
    };
  });
  return {firstId, rows, context: entry % 2 === 0 ? 'even' : 'odd'};
}

async function compareFilters(store: Store, rows: readonly StoredObservation[]): Promise<void> {
  const filters: ObservationFilter[] = [
    {},
    {from: T0 + 5 * HOUR + 1},
    {from: T0 + 6 * HOUR, to: T0 + 3 * DAY + 77_777},
    {from: T0 + 10 * HOUR, to: T0 + 15 * HOUR},
    // Stretches of an hour each, that do not begin with a span.
    {from: T0 + 12 * HOUR + 1, to: T0 + 15 * HOUR},
    {from: T0 - 90 * DAY, to: T0 + 90 * DAY},
    {minScore: 0.75},
    {minScore: 0.6, maxScore: 0.9},
    {minScore: 0.75, maxScore: 0.75},
    {maxScore: 0.5, from: T0 + DAY},
    {minScore: 0.9, maxScore: 0.1},
    {context: 'odd'},
    {context: 'none'},
    {dimensions: {principal: 'p3'}},
    {dimensions: {principal: ''}},
    {text: 'p1', from: T0 + 3 * HOUR},
    {afterId: 333},
  ];
  for (const filter of filters) {
    for (const limit of [25, 400]) await comparePlot(store, rows, filter, limit);
  }
}

/** What the store should plot, made from all rows that it holds. */
async function comparePlot(
  store: Store,
  all: readonly StoredObservation[],
  filter: ObservationFilter,
  limit: number,
): Promise<void> {
  const rows = all.filter((row) => holds(row, filter));
  const kept = rows.length <= limit ? rows : mostNovel(rows, stretchOf(all, filter, limit), limit);
  kept.sort((a, b) => a.id - b.id);
  const plot = await store.plot(filter, 'principal', limit);
  expect({...plot, group: plot.group.map((g) => plot.groups[g]), groups: []}).toEqual({
    ids: kept.map(({id}) => id),
    times: kept.map(({eventTime}) => eventTime),
    scores: kept.map(({score}) => score),
    group: kept.map(({dimensions}) => dimensions.principal),
    groups: [],
    total: rows.length,
    truncated: rows.length > limit,
  });
  const sizes = plot.groups.map((_, g) => plot.group.filter((each) => each === g).length);
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
}

/** At most 300 equal stretches; from a hundred spans of ten minutes on, of whole ones. */
function stretchOf(
  all: readonly StoredObservation[],
  {from, to}: ObservationFilter,
  limit: number,
): (row: StoredObservation) => number {
  const times = all.map(({eventTime}) => eventTime);
  const first = Math.max(Math.min(...times), from ?? 0);
  const last = Math.min(Math.max(...times), to ?? Number.POSITIVE_INFINITY);
  const unit = last - first >= 100 * SPAN ? SPAN : 1;
  const begin = Math.floor(first / unit) * unit;
  const stretches = Math.min(300, Math.ceil(limit / 10));
  const width = Math.ceil((last - begin + 1) / unit / stretches) * unit;
  return ({eventTime}) => Math.floor((eventTime - begin) / width);
}

/** As many of each stretch as leaves room for all: the highest scores, of equal ones the latest. */
function mostNovel(
  rows: readonly StoredObservation[],
  stretchOf: (row: StoredObservation) => number,
  limit: number,
): StoredObservation[] {
  const byStretch = new Map<number, StoredObservation[]>();
  for (const row of rows) {
    const stretch = stretchOf(row);
    byStretch.set(stretch, [...(byStretch.get(stretch) ?? []), row]);
  }
  const groups = [...byStretch.values()];
  for (const group of groups) group.sort((a, b) => b.score - a.score || b.id - a.id);
  let room = 0;
  while (groups.reduce((sum, {length}) => sum + Math.min(length, room + 1), 0) <= limit) room++;
  return groups.flatMap((group) => group.slice(0, room));
}

function holds(row: StoredObservation, filter: ObservationFilter): boolean {
  const {from = 0, to = Number.POSITIVE_INFINITY, minScore = 0, maxScore = 1, afterId = 0} = filter;
  const {principal} = row.dimensions;
  return (
    row.eventTime >= from &&
    row.eventTime < to &&
    row.score >= minScore &&
    row.score <= maxScore &&
    row.id > afterId &&
    (filter.context === undefined || row.context === filter.context) &&
    (filter.dimensions?.principal === undefined || principal === filter.dimensions.principal) &&
    (filter.text === undefined || principal.includes(filter.text))
  );
}
