import fc from 'fast-check';
import {expect} from 'vitest';
import {DIMENSIONS} from '../../src/pipeline/observation.ts';
import type {ObservationFilter, Page, Store, StoredObservation} from '../../src/pipeline/store.ts';
import {expectedRows, type TestBatch, type TestRow, toCommit, uuid} from './store-rows.ts';

const T0 = Date.UTC(2026, 10, 1);
const TEXTS = ['a', 'B', 'ab', 'Abc', '%', '_', `'`, '\u0000', '\ud800', ''];

const text = fc.constantFrom(...TEXTS);
/** Few enough that ties are common. */
const time = fc
  .tuple(fc.integer({min: 0, max: 40}), fc.constantFrom(1, 1_000, 3_600_000, 86_400_000))
  .map(([n, unit]) => T0 + n * unit);
const score = fc.oneof(
  fc.constantFrom(0, 0.5, 0.75, 0.95, 0.99, 1),
  fc.double({min: 0, max: 1, noNaN: true}),
  fc.integer({min: 1, max: 50}).map((bits) => 1 - 2 ** -bits),
);

const row: fc.Arbitrary<TestRow> = fc.record({
  time,
  score,
  eventId: fc.oneof(fc.integer({min: 1, max: 30}).map(uuid), text),
  dimensions: fc.record({principal: text, resource: text, region: fc.constantFrom('r1', 'r2')}),
  mostNovel: fc.constantFrom(-1, 0, 1),
  mostNovelValue: text,
});

const batches = fc.array(
  fc.record({
    context: fc.constantFrom('one', 'two'),
    rows: fc.array(row, {maxLength: 40}),
    gap: fc.integer({min: 0, max: 3}),
  }),
  {minLength: 1, maxLength: 5},
);

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, {nil: undefined, freq: 2});
const filter: fc.Arbitrary<ObservationFilter> = fc.record({
  from: maybe(time),
  to: maybe(time),
  minScore: maybe(score),
  maxScore: maybe(score),
  context: maybe(fc.constantFrom('one', 'two', 'three')),
  dimensions: fc.record({principal: text}, {requiredKeys: []}),
  text: maybe(fc.oneof(text, fc.integer({min: 1, max: 30}).map(uuid))),
  afterId: maybe(fc.nat(60)),
});

const questions = fc.array(
  fc.record({
    filter,
    order: fc.constantFrom<Page['order']>('time', 'score', 'id'),
    limit: fc.constantFrom(1, 3, 7, 50),
    stretches: fc.integer({min: 1, max: 9}),
  }),
  {minLength: 4, maxLength: 8},
);

/** Random rows, random questions: the store says what going through all rows would say. */
export async function compareWithOracle(fresh: () => Promise<() => Promise<Store>>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(batches, questions, async (made, asked) => {
      const store = await (await fresh())();
      try {
        const rows: StoredObservation[] = [];
        let firstId = 1;
        for (const [i, {gap, ...rest}] of made.entries()) {
          const batch: TestBatch = {...rest, firstId: firstId + gap};
          await store.commit(toCommit(i + 1, [batch]));
          rows.push(...expectedRows(batch));
          firstId += gap + rest.rows.length;
        }
        for (const question of asked) await compare(store, rows, question);
      } finally {
        await store.close();
      }
    }),
    {numRuns: 12, seed: 20_261_122},
  );
}

async function compare(
  store: Store,
  all: readonly StoredObservation[],
  {
    filter,
    order,
    limit,
    stretches,
  }: {filter: ObservationFilter; order: Page['order']; limit: number; stretches: number},
): Promise<void> {
  const rows = all.filter((each) => holds(each, filter));
  expect(await store.count(filter)).toBe(rows.length);

  const found: StoredObservation[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.observations(filter, {order, limit, cursor});
    found.push(...page.rows);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found.length <= rows.length);
  expect(found).toEqual(rows.toSorted(comparator(order)));

  const timeline = await store.timeline(filter, stretches);
  expect(timeline.events.reduce((a, b) => a + b, 0)).toBe(rows.length);
  expect(Math.max(...timeline.maxScore)).toBe(Math.max(0, ...rows.map((each) => each.score)));

  const plot = await store.plot(filter, 'principal', 1_000);
  expect(plot.ids).toEqual(rows.map((each) => each.id));
  expect(plot.group.map((g) => plot.groups[g])).toEqual(
    rows.map((each) => each.dimensions.principal),
  );
  const some = await store.plot(filter, 'principal', 5);
  expect(some.total).toBe(rows.length);
  expect(some.ids.length).toBe(Math.min(5, rows.length));

  const principals = await store.principals(filter, {order: 'events', limit: 100});
  const expected = new Map<string, {events: number; maxScore: number; over95: number}>();
  for (const each of rows) {
    const {principal} = each.dimensions;
    const before = expected.get(principal) ?? {events: 0, maxScore: 0, over95: 0};
    expected.set(principal, {
      events: before.events + 1,
      maxScore: Math.max(before.maxScore, each.score),
      over95: before.over95 + (each.score >= 0.95 ? 1 : 0),
    });
  }
  expect(
    new Map(
      principals.rows.map(({principal, events, maxScore, over95}) => [
        principal,
        {events, maxScore, over95},
      ]),
    ),
  ).toEqual(expected);

  const one = rows[0];
  if (one === undefined) return;
  const own = all
    .filter((each) => each.context === one.context)
    .filter((each) => each.dimensions.principal === one.dimensions.principal)
    .toSorted((a, b) => -comparator('time')(a, b));
  const at = own.findIndex(({id}) => id === one.id);
  const around = await store.around(one.id, limit, limit);
  expect(around.map(({id}) => id)).toEqual(
    own.slice(Math.max(0, at - limit), at + limit + 1).map(({id}) => id),
  );
  expect((await store.byEventId(one.eventId)).map(({id}) => id)).toEqual(
    one.eventId === '' ? [] : all.filter(({eventId}) => eventId === one.eventId).map(({id}) => id),
  );
}

function holds(row: StoredObservation, filter: ObservationFilter): boolean {
  const {from, to, minScore, maxScore, context, dimensions, afterId} = filter;
  return (
    (from === undefined || row.eventTime >= from) &&
    (to === undefined || row.eventTime < to) &&
    (minScore === undefined || row.score >= minScore) &&
    (maxScore === undefined || row.score <= maxScore) &&
    (context === undefined || row.context === context) &&
    (afterId === undefined || row.id > afterId) &&
    DIMENSIONS.every(
      (name) => dimensions?.[name] === undefined || row.dimensions[name] === dimensions[name],
    ) &&
    holdsText(row, filter.text?.toLowerCase())
  );
}

function holdsText(row: StoredObservation, part: string | undefined): boolean {
  if (part === undefined || part === '') return true;
  return (
    row.eventId.toLowerCase() === part ||
    // Kept for every row, also where nothing was novel.
    [...Object.values(row.dimensions), row.mostNovel?.value ?? ''].some((value) =>
      value.toLowerCase().includes(part),
    )
  );
}

function comparator(order: Page['order']): (a: StoredObservation, b: StoredObservation) => number {
  if (order === 'id') return (a, b) => a.id - b.id;
  if (order === 'time') return (a, b) => b.eventTime - a.eventTime || b.id - a.id;
  return (a, b) => b.score - a.score || b.id - a.id;
}
