import {createHash} from 'node:crypto';
import {expect, test} from 'vitest';
import {AppError} from '../../src/base/errors.ts';
import {DIMENSIONS} from '../../src/pipeline/observation.ts';
import type {Page, Store, StoredObservation} from '../../src/pipeline/store.ts';
import {delivery} from './deliveries.ts';
import {change, datapoint, rows as detectionRows, episode, match} from './detection-rows.ts';
import {HOSTILE} from './hostile.ts';
import {compareWithOracle} from './store-oracle.ts';
import {plotContract} from './store-plot.ts';
import {expectedRows, type TestBatch, type TestRow, toCommit, uuid} from './store-rows.ts';

const T0 = Date.UTC(2026, 10, 1);
const HOUR = 3_600_000;

/**
 * What every store has to do. `open` opens the same store each time it is called within a test;
 * it has been closed before.
 */
export function storeContract(kind: string, fresh: () => Promise<() => Promise<Store>>): void {
  const check = (name: string, body: (store: Store) => Promise<void>): void => {
    test(`${kind} ${name}`, async () => {
      const store = await (await fresh())();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });
  };

  check('is empty at first', async (store) => {
    expect(await store.head()).toEqual({entry: 0, lastId: 0});
    expect(await store.observations({}, {order: 'time', limit: 10})).toEqual({
      rows: [],
      next: null,
    });
    expect(await store.count({})).toBe(0);
    expect(await store.observation(1)).toBeUndefined();
    expect(await store.detail(1)).toBeUndefined();
    expect(await store.around(1, 5, 5)).toEqual([]);
    expect(await store.byEventId(uuid(1))).toEqual([]);
    expect(await store.plot({}, 'principal', 10)).toEqual({
      ids: [],
      times: [],
      scores: [],
      group: [],
      groups: [],
      total: 0,
      truncated: false,
    });
    expect((await store.timeline({}, 4)).events).toEqual([0, 0, 0, 0]);
    expect(await store.principals({}, {order: 'score', limit: 10})).toEqual({rows: [], next: null});
    expect(await store.values('principal', '', 10)).toEqual([]);
    expect(await store.due(T0, 10)).toEqual([]);
    expect(await store.size()).toMatchObject({observations: 0, details: 0, deadLetters: 0});
  });

  check('gives back what was committed', async (store) => {
    const batches: TestBatch[] = [
      {firstId: 1, rows: [{}, {score: 0.99999999999, bits: [0.1, 31.7], mostNovel: 1}]},
      {
        firstId: 3,
        context: 'other',
        facets: ['a', 'b', 'c'],
        source: 'bucket',
        arrived: T0 + 5,
        rows: [{mostNovel: -1, mostNovelValue: '', time: T0 + 125, eventId: ''}],
      },
      {firstId: 4, rows: [{eventId: 'not a UUID'}, {eventId: uuid(2)}]},
    ];
    await store.commit(toCommit(7, batches));
    expect(await store.head()).toEqual({entry: 7, lastId: 5});
    const expected = batches.flatMap(expectedRows);
    expect((await store.observations({}, {order: 'id', limit: 10})).rows).toEqual(expected);
    for (const row of expected) expect(await store.observation(row.id)).toEqual(row);
    expect(await store.byEventId(uuid(2))).toEqual([expected[1], expected[4]]);
    expect(await store.byEventId('not a UUID')).toEqual([expected[3]]);
    expect(await store.size()).toMatchObject({observations: 5});
  });

  check('takes commits that hold nothing but their number', async (store) => {
    await store.commit(toCommit(3, []));
    await store.commit(toCommit(4, [{firstId: 1, rows: []}]));
    expect(await store.head()).toEqual({entry: 4, lastId: 0});
  });

  check('changes nothing for an entry that it has', async (store) => {
    await store.commit(
      toCommit(5, [{firstId: 1, rows: [{}, {}]}], {deliveries: [delivery('slack', 'a', 1)]}),
    );
    await store.commit(
      toCommit(5, [{firstId: 3, rows: [{}]}], {
        details: [{id: 1, reason: 'again', explanation: '{}', record: null}],
        deadLetters: [letter('again')],
        deliveries: [delivery('slack', 'a', 2)],
      }),
    );
    await store.commit(toCommit(4, [{firstId: 3, rows: [{}]}]));
    expect(await store.head()).toEqual({entry: 5, lastId: 2});
    expect(await store.size()).toMatchObject({observations: 2, details: 0, deadLetters: 0});
    expect((await store.due(T0 * 2, 10)).map((row) => row.delivery.revision)).toEqual([1]);
  });

  test(`${kind} keeps everything when closed and opened again`, async () => {
    const open = await fresh();
    const batch = (firstId: number): TestBatch => ({
      firstId,
      rows: [{dimensions: {principal: `p${firstId}`}}, {dimensions: {principal: 'common'}}],
    });
    for (const [i, firstId] of [1, 3, 5].entries()) {
      const store = await open();
      await store.commit(toCommit(i + 1, [batch(firstId)]));
      await store.close();
    }
    const store = await open();
    expect(await store.head()).toEqual({entry: 3, lastId: 6});
    const {rows} = await store.observations({}, {order: 'id', limit: 10});
    expect(rows).toEqual([1, 3, 5].flatMap((firstId) => expectedRows(batch(firstId))));
    await store.close();
  });

  check('keeps a detail beside its row', async (store) => {
    const details = [
      {id: 1, reason: 'raul never did that', explanation: '{"a":[1,2]}', record: '{"eventID":"x"}'},
      {id: 2, reason: HOSTILE.join(), explanation: HOSTILE.join(), record: null},
    ];
    await store.commit(toCommit(1, [{firstId: 1, rows: [{}, {}, {}]}], {details}));
    expect(await store.detail(1)).toEqual(details[0]);
    expect(await store.detail(2)).toEqual(details[1]);
    expect(await store.detail(3)).toBeUndefined();
    const {rows} = await store.observations({}, {order: 'id', limit: 10});
    expect(rows.map((row) => row.reason)).toEqual(['raul never did that', HOSTILE.join(), null]);
  });

  check('keeps matches, and has later revisions take their place', async (store) => {
    const {detections} = store;
    expect(await detections.nextMatchId()).toBe(1);
    expect(await detections.matches({}, {limit: 10})).toEqual({rows: [], next: null});
    const other = {detection: 'root-used', severity: 'medium', mode: 'silent'} as const;
    const matches = [match(1), match(2, other), match(3, {title: HOSTILE.join()}), match(4)];
    await store.commit(toCommit(1, [], {detections: detectionRows({matches})}));
    const later = match(1, {revision: 3, hits: 9, lastTime: T0 + 2 * 24 * HOUR});
    const between = match(1, {revision: 2, hits: 4, lastTime: T0 + HOUR});
    await store.commit(toCommit(2, [], {detections: detectionRows({matches: [between, later]})}));
    expect(await detections.match(1)).toEqual(later);
    expect(await detections.match(9)).toBeUndefined();
    expect(await detections.nextMatchId()).toBe(5);
    const first = await detections.matches({}, {limit: 3});
    expect(first.rows).toEqual([later, match(4), matches[2]]);
    const rest = await detections.matches({}, {limit: 3, cursor: first.next ?? ''});
    expect(rest).toEqual({rows: [matches[1]], next: null});
    const ids = async (filter: Parameters<typeof detections.matches>[0]) =>
      (await detections.matches(filter, {limit: 10})).rows.map(({id}) => id);
    expect(await ids({detection: 'root-used'})).toEqual([2]);
    expect(await ids({minSeverity: 'high'})).toEqual([1, 4, 3]);
    expect(await ids({mode: 'silent'})).toEqual([2]);
    expect(await ids({text: 'SNAPSHOTattr'})).toEqual([1, 4, 3, 2]);
    expect(await ids({text: '%'})).toEqual(HOSTILE.join().includes('%') ? [3] : []);
    expect(await ids({from: T0 + HOUR})).toEqual([1]);
    expect(await ids({to: T0 + 3, principal: '111122223333:user/raul'})).toEqual([2]);
    expect(await detections.matchDays(T0, T0 + 30 * 24 * HOUR)).toEqual([
      {detection: 'root-used', day: T0, live: 0, silent: 1},
      {detection: 'shared-outside', day: T0, live: 2, silent: 0},
      {detection: 'shared-outside', day: T0 + 2 * 24 * HOUR, live: 1, silent: 0},
    ]);
    expect(await detections.lastMatches()).toEqual([
      {detection: 'root-used', id: 2, time: T0 + 2, title: match(2).title},
      {detection: 'shared-outside', id: 1, time: later.lastTime, title: later.title},
    ]);
  });

  check('keeps alarms and episodes, and lets go of what is old', async (store) => {
    const {detections} = store;
    const changes = [change(T0), change(T0 + HOUR, {from: 'ALARM', to: 'OK'})];
    const datapoints = [datapoint(T0, 1), datapoint(T0 + 300_000, 0), datapoint(T0, 7, 'other')];
    const begun = [episode('a'), episode('b', {start: T0 + HOUR, principal: 'p'})];
    await store.commit(
      toCommit(1, [], {
        detections: detectionRows({alarmChanges: changes, datapoints, episodes: begun}),
      }),
    );
    const ended = episode('a', {state: 'end', end: T0 + 2 * HOUR});
    await store.commit(
      toCommit(2, [], {
        detections: detectionRows({
          matches: [match(1), match(2, {lastTime: T0 + 50 * HOUR})],
          datapoints: [datapoint(T0, 2)],
          episodes: [ended],
        }),
      }),
    );
    const page = await detections.alarmChanges('root-alarm', {limit: 1});
    expect(page.rows).toEqual([changes[1]]);
    expect(await detections.alarmChanges(undefined, {limit: 5, cursor: page.next ?? ''})).toEqual({
      rows: [changes[0]],
      next: null,
    });
    expect(await detections.datapoints('root-alarm', T0, T0 + HOUR)).toEqual([
      datapoint(T0, 2),
      datapoint(T0 + 300_000, 0),
    ]);
    const all = {from: T0 - HOUR, to: T0 + 9 * HOUR};
    expect(await detections.episodes(all)).toEqual([begun[1], ended]);
    expect(await detections.episodes({...all, principal: 'p'})).toEqual([begun[1]]);
    expect(await detections.episodes({...all, from: T0 + 3 * HOUR})).toEqual([begun[1]]);
    const before = T0 + 40 * HOUR;
    await store.retain({observationsBefore: before, detailsBefore: before, maxBytes: undefined});
    expect((await detections.matches({}, {limit: 9})).rows.map(({id}) => id)).toEqual([2]);
    expect((await detections.alarmChanges(undefined, {limit: 9})).rows).toEqual([]);
    expect(await detections.datapoints('root-alarm', 0, T0 * 2)).toEqual([]);
    expect(await detections.episodes({from: 0, to: T0 * 2})).toEqual([begun[1]]);
  });

  check('gives hostile texts back as they were, and finds them', async (store) => {
    const rows = HOSTILE.map(
      (text): TestRow => ({
        dimensions: Object.fromEntries(DIMENSIONS.map((name) => [name, text])),
        mostNovelValue: text,
        object: text,
        eventId: text,
      }),
    );
    const batch: TestBatch = {
      firstId: 1,
      context: HOSTILE[0]!,
      facets: ['__proto__x', `it's`],
      rows,
    };
    await store.commit(toCommit(1, [batch]));
    const expected = expectedRows(batch);
    const found = (await store.observations({}, {order: 'id', limit: 100})).rows;
    expect(found).toEqual(expected);
    for (const [i, text] of HOSTILE.entries()) {
      const own = await store.observations(
        {dimensions: {resource: text}},
        {order: 'id', limit: 100},
      );
      expect(own.rows.map((row) => row.id)).toEqual([i + 1]);
      if (text.length < 3) continue;
      const part = await store.observations({text}, {order: 'id', limit: 100});
      expect(part.rows.map((row) => row.id)).toContain(i + 1);
      expect(await store.values('resource', text, 5)).toContain(text);
      expect((await store.byEventId(text)).map((row) => row.id)).toEqual([i + 1]);
    }
    expect(await store.count({context: HOSTILE[0]!})).toBe(HOSTILE.length);
    expect(await store.count({context: `' OR true --`})).toBe(0);
    expect(await store.count({dimensions: {principal: `' OR true --`}})).toBe(0);
  });

  check('searches for parts of texts, not for patterns', async (store) => {
    const texts = ['100% sure', '100x sure', 'a_b', 'axb', 'UPPER lower', 'c:\\d', 'cd'];
    const rows = texts.map((resource): TestRow => ({dimensions: {resource}}));
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    const find = async (text: string): Promise<number[]> =>
      (await store.observations({text}, {order: 'id', limit: 100})).rows.map((row) => row.id);
    expect(await find('100%')).toEqual([1]);
    expect(await find('a_b')).toEqual([3]);
    expect(await find('upper LOWER')).toEqual([5]);
    expect(await find('c:\\')).toEqual([6]);
    expect(await find('nothing such')).toEqual([]);
    expect(await find(uuid(4))).toEqual([4]);
    expect(await find(uuid(4).toUpperCase())).toEqual([4]);
    expect(await find(uuid(4).slice(0, 12))).toEqual([]);
    expect((await find('value')).length).toBe(texts.length);
    expect((await find('')).length).toBe(texts.length);
  });

  check('filters by time, score, context, dimension and id', async (store) => {
    const rows = Array.from(
      {length: 20},
      (_, i): TestRow => ({
        time: T0 + i * HOUR,
        score: i / 20,
        dimensions: {principal: i % 2 === 0 ? 'even' : 'odd', region: `r${i % 3}`},
      }),
    );
    await store.commit(
      toCommit(1, [
        {firstId: 1, rows},
        {firstId: 21, context: 'second', rows: [{time: T0, score: 1}]},
        {firstId: 22, context: 'second', facets: ['later'], rows: [{time: T0, score: 1}]},
      ]),
    );
    const ids = async (filter: Parameters<Store['count']>[0]): Promise<number[]> => {
      const found = await store.observations(filter, {order: 'id', limit: 100});
      expect(await store.count(filter)).toBe(found.rows.length);
      return found.rows.map((row) => row.id);
    };
    expect(await ids({from: T0 + 18 * HOUR})).toEqual([19, 20]);
    expect(await ids({to: T0 + HOUR})).toEqual([1, 21, 22]);
    expect(await ids({from: T0 + HOUR, to: T0 + 3 * HOUR})).toEqual([2, 3]);
    expect(await ids({minScore: 0.9, context: 'cloudtrail'})).toEqual([19, 20]);
    expect(await ids({maxScore: 0.05})).toEqual([1, 2]);
    expect(await ids({context: 'second'})).toEqual([21, 22]);
    expect(await ids({context: 'none'})).toEqual([]);
    expect(await ids({afterId: 20})).toEqual([21, 22]);
    expect(await ids({dimensions: {principal: 'odd', region: 'r0'}})).toEqual([4, 10, 16]);
    expect(await ids({dimensions: {principal: 'nobody'}})).toEqual([]);
    expect(await ids({text: 'ODD', minScore: 0.9})).toEqual([20]);
  });

  const ordered = (rows: readonly StoredObservation[], order: Page['order']): number[] =>
    [...rows]
      .sort((a, b) =>
        order === 'id'
          ? a.id - b.id
          : order === 'time'
            ? b.eventTime - a.eventTime || b.id - a.id
            : b.score - a.score || b.id - a.id,
      )
      .map((row) => row.id);

  check('pages without gap or double, ties and all', async (store) => {
    const batch: TestBatch = {
      firstId: 1,
      rows: Array.from({length: 57}, (_, i) => ({
        time: T0 + ((i * 7) % 5) * 1000,
        score: ((i * 3) % 4) / 4 + 0.1,
      })),
    };
    await store.commit(toCommit(1, [batch]));
    for (const order of ['time', 'score', 'id'] as const) {
      for (const limit of [1, 8, 57, 100]) {
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.observations({}, {order, limit, cursor});
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          seen.push(...page.rows.map((row) => row.id));
          cursor = page.next ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(ordered(expectedRows(batch), order));
      }
    }
  });

  check('pages without gap or double while rows are added', async (store) => {
    const rows = (n: number): TestRow[] =>
      Array.from({length: n}, (_, i) => ({time: T0 + (i % 9) * HOUR, score: (i % 6) / 6}));
    await store.commit(toCommit(1, [{firstId: 1, rows: rows(60)}]));
    for (const order of ['time', 'score', 'id'] as const) {
      const {lastId, entry} = await store.head();
      const seen: number[] = [];
      let cursor: string | undefined;
      let added = 0;
      do {
        const page = await store.observations({}, {order, limit: 7, cursor});
        seen.push(...page.rows.map((row) => row.id));
        cursor = page.next ?? undefined;
        if (added < 5) {
          const firstId = lastId + 1 + 13 * added;
          added++;
          await store.commit(toCommit(entry + added, [{firstId, rows: rows(13)}]));
        }
      } while (cursor !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      const before = Array.from({length: lastId}, (_, i) => i + 1);
      expect(before.filter((id) => !seen.includes(id))).toEqual([]);
    }
  });

  check('refuses cursors it did not give', async (store) => {
    const wrong = [
      'x',
      '',
      Buffer.from('{}').toString('base64url'),
      Buffer.from('["score",1,2]').toString('base64url'),
      Buffer.from('["time","1; DROP TABLE head",2]').toString('base64url'),
      Buffer.from('["time",1]').toString('base64url'),
      Buffer.from('["time",null,2]').toString('base64url'),
    ];
    for (const cursor of wrong) {
      const error = await store
        .observations({}, {order: 'time', limit: 1, cursor})
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toBe('usage');
    }
  });

  check('shows what the principal did around an observation', async (store) => {
    const rows = Array.from(
      {length: 30},
      (_, i): TestRow => ({
        time: T0 + Math.floor(i / 4) * HOUR,
        dimensions: {principal: i % 3 === 0 ? 'raul' : 'other'},
      }),
    );
    await store.commit(
      toCommit(1, [
        {firstId: 1, rows},
        {firstId: 31, context: 'second', rows: [{time: T0, dimensions: {principal: 'raul'}}]},
      ]),
    );
    const ids = async (id: number, before: number, after: number): Promise<number[]> =>
      (await store.around(id, before, after)).map((row) => row.id);
    expect(await ids(13, 2, 3)).toEqual([7, 10, 13, 16, 19, 22]);
    expect(await ids(1, 5, 1)).toEqual([1, 4]);
    expect(await ids(28, 1, 5)).toEqual([25, 28]);
    expect(await ids(31, 5, 5)).toEqual([31]);
    expect(await ids(99, 5, 5)).toEqual([]);
  });

  check('plots all points when they are few', async (store) => {
    const rows = Array.from(
      {length: 50},
      (_, i): TestRow => ({
        time: T0 + i * 1000,
        score: i / 50,
        dimensions: {principal: i < 10 ? 'few' : 'many'},
      }),
    );
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    const plot = await store.plot({minScore: 0.1}, 'principal', 45);
    expect(plot.total).toBe(45);
    expect(plot.truncated).toBe(false);
    expect(plot.ids).toEqual(Array.from({length: 45}, (_, i) => i + 6));
    expect(plot.times).toEqual(plot.ids.map((id) => T0 + (id - 1) * 1000));
    expect(plot.scores).toEqual(plot.ids.map((id) => (id - 1) / 50));
    expect(plot.groups).toEqual(['many', 'few']);
    expect(plot.group.map((g) => plot.groups[g])).toEqual(
      plot.ids.map((id) => (id <= 10 ? 'few' : 'many')),
    );
  });

  check('plots the most novel of each stretch when there are many', async (store) => {
    // Busy at first, then quiet, with one burst of equal scores.
    const rows = Array.from(
      {length: 6000},
      (_, i): TestRow => ({
        time: T0 + (i < 5000 ? i * 100 : 500_000 + (i - 5000) * 50_000),
        score: i % 1000 < 100 ? 0.75 : ((i * 7919) % 6000) / 6000,
      }),
    );
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    for (const limit of [10, 400, 3000, 5999]) {
      const plot = await store.plot({}, 'account', limit);
      expect(plot.total).toBe(6000);
      expect(plot.truncated).toBe(true);
      expect(plot.ids.length).toBeLessThanOrEqual(limit);
      expect(plot.ids.length).toBeGreaterThan(0.8 * limit - 2);
      expect(new Set(plot.ids).size).toBe(plot.ids.length);
      for (const [i, id] of plot.ids.entries()) expect(plot.times[i]).toBe(rows[id - 1]?.time);
    }
    const plot = await store.plot({}, 'account', 3000);
    // Whatever is left out has a more novel one kept near it.
    const kept = new Set(plot.ids);
    const width = (rows.at(-1)!.time! - T0) / 300;
    const worst = new Map<number, number>();
    for (const [i, time] of plot.times.entries()) {
      const stretch = Math.floor((time - T0) / width);
      worst.set(stretch, Math.min(worst.get(stretch) ?? 1, plot.scores[i]!));
    }
    for (const [i, row] of rows.entries()) {
      if (kept.has(i + 1)) continue;
      const stretch = Math.floor((row.time! - T0) / width);
      expect(worst.get(stretch)).toBeGreaterThanOrEqual(row.score! - 1e-9);
    }
  });

  plotContract(check);

  check('counts events by equal stretches of time', async (store) => {
    const rows = Array.from(
      {length: 40},
      (_, i): TestRow => ({time: T0 + i * HOUR, score: i / 40}),
    );
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    expect(await store.timeline({from: T0, to: T0 + 40 * HOUR}, 4)).toEqual({
      from: T0,
      to: T0 + 40 * HOUR,
      events: [10, 10, 10, 10],
      maxScore: [9 / 40, 19 / 40, 29 / 40, 39 / 40],
    });
    const all = await store.timeline({minScore: 0.5}, 3);
    expect(all.from).toBe(T0 + 20 * HOUR);
    expect(all.to).toBe(T0 + 39 * HOUR + 1);
    expect(all.events.reduce((a, b) => a + b)).toBe(20);
    const empty = await store.timeline({from: T0 - 10, to: T0 - 5}, 2);
    expect(empty.events).toEqual([0, 0]);
    expect((await store.timeline({from: 5, to: 5}, 2)).events).toEqual([0, 0]);
  });

  check('gathers principals', async (store) => {
    const rows = Array.from(
      {length: 60},
      (_, i): TestRow => ({
        time: T0 + i * 1000,
        score: i === 7 ? 0.999 : i === 17 ? 0.96 : 0.5,
        dimensions: {principal: `p${i % 10}`, kind: i % 10 === 7 ? 'person' : 'role'},
      }),
    );
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    const {rows: found} = await store.principals({}, {order: 'score', limit: 3});
    expect(found[0]).toEqual({
      principal: 'p7',
      kind: 'person',
      events: 6,
      maxScore: 0.999,
      over95: 2,
      over99: 1,
      firstTime: T0 + 7000,
      lastTime: T0 + 57_000,
    });
    for (const order of ['score', 'events', 'recent'] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.principals({to: T0 + 55_000}, {order, limit: 3, cursor});
        seen.push(...page.rows.map((row) => row.principal));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(seen.length).toBe(10);
      expect(new Set(seen).size).toBe(10);
    }
    const recent = await store.principals({}, {order: 'recent', limit: 2});
    expect(recent.rows.map((row) => row.principal)).toEqual(['p9', 'p8']);
  });

  check('names the commonest values', async (store) => {
    const rows = Array.from(
      {length: 30},
      (_, i): TestRow => ({
        dimensions: {service: i < 15 ? 's3' : i < 25 ? 'ec2' : i < 29 ? 'sts' : 'S3-object'},
      }),
    );
    await store.commit(toCommit(1, [{firstId: 1, rows}]));
    expect(await store.values('service', '', 10)).toEqual(['s3', 'ec2', 'sts', 'S3-object']);
    expect(await store.values('service', 's', 2)).toEqual(['s3', 'sts']);
    expect(await store.values('service', 's3', 10)).toEqual(['s3', 'S3-object']);
    expect(await store.values('service', '%', 10)).toEqual([]);
  });

  check('keeps records that were set aside', async (store) => {
    const letters = Array.from({length: 25}, (_, i) => ({
      ...letter(i % 5 === 0 ? 'gzip_damaged' : 'truncated'),
      at: T0 + i,
      index: i - 1,
      detail: HOSTILE[i % HOSTILE.length]!,
    }));
    await store.commit(toCommit(1, [], {deadLetters: letters.slice(0, 10)}));
    await store.commit(toCommit(2, [], {deadLetters: letters.slice(10)}));
    const seen = [];
    let cursor: string | undefined;
    do {
      const page = await store.deadLetters({limit: 4, cursor});
      seen.push(...page.rows);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(letters.map((row, i) => ({...row, id: i + 1})).reverse());
    expect(await store.deadLetterCounts()).toEqual({gzip_damaged: 5, truncated: 20});
    expect(await store.size()).toMatchObject({deadLetters: 25});
  });

  check(
    'hands out deliveries when they are due, and remembers what became of them',
    async (store) => {
      await store.commit(
        toCommit(1, [], {
          deliveries: [
            delivery('slack', 'a', 1),
            delivery('pager', 'a', 1),
            delivery('slack', 'b', 1),
          ],
        }),
      );
      const [a] = await store.due(T0 + 1, 1);
      expect(a).toEqual({
        ...delivery('slack', 'a', 1),
        state: 'waiting',
        attempts: 0,
        nextAt: T0,
        sentAt: null,
        lastError: '',
      });
      expect((await store.due(T0 - 1, 10)).length).toBe(0);
      await store.settle('slack', 'a', 1, outcome('sent'));
      await store.settle('pager', 'a', 1, outcome('dead', {lastError: HOSTILE.join()}));
      await store.settle('slack', 'b', 1, outcome('waiting', {nextAt: T0 + HOUR, attempts: 3}));
      await store.settle('slack', 'none', 1, outcome('sent'));
      expect(await store.due(T0 + 1, 10)).toEqual([]);
      expect(
        (await store.due(T0 + HOUR, 10)).map((row) => [row.delivery.id, row.attempts]),
      ).toEqual([['b', 3]]);
      const all = await store.deliveries({limit: 10});
      expect(all.rows.map((row) => [row.destination, row.delivery.id, row.state])).toEqual([
        ['slack', 'b', 'waiting'],
        ['pager', 'a', 'dead'],
        ['slack', 'a', 'sent'],
      ]);
      expect(all.rows[1]?.lastError).toBe(HOSTILE.join());
      expect(all.rows[2]?.sentAt).toBe(T0 + 10);
      const page = await store.deliveries({limit: 1, destination: 'slack'});
      const next = await store.deliveries({limit: 1, destination: 'slack', cursor: page.next!});
      expect([page, next].map(({rows}) => rows[0]?.delivery.id)).toEqual(['b', 'a']);
      expect(next.next).toBeNull();
      expect((await store.deliveries({limit: 9, state: 'dead'})).rows.length).toBe(1);
      expect(await store.replayDead('slack', T0 + 20)).toBe(0);
      expect(await store.replayDead(undefined, T0 + 20)).toBe(1);
      expect((await store.due(T0 + 20, 10)).map((row) => [row.destination, row.attempts])).toEqual([
        ['pager', 0],
      ]);
    },
  );

  check('merges revisions of an alert that still waits', async (store) => {
    await store.commit(
      toCommit(1, [], {deliveries: [delivery('slack', 'a', 1), delivery('slack', 'a', 2)]}),
    );
    await store.commit(toCommit(2, [], {deliveries: [delivery('slack', 'a', 3)]}));
    const [waiting, ...more] = await store.due(T0 + HOUR, 10);
    expect(more).toEqual([]);
    expect(waiting?.delivery.revision).toBe(3);
    expect(waiting?.delivery.alert.count).toBe(3);
    expect(waiting?.delivery.news.map((item) => item.observationId)).toEqual([1, 2, 3]);
    expect(waiting?.createdAt).toBe(T0);
  });

  check('goes on with an alert whose revisions are counted anew', async (store) => {
    await store.commit(
      toCommit(1, [], {deliveries: [delivery('slack', 'a', 1), delivery('slack', 'a', 2)]}),
    );
    await store.settle('slack', 'a', 2, outcome('sent'));
    await store.commit(toCommit(2, [], {deliveries: [delivery('slack', 'a', 1)]}));
    const [again] = await store.due(T0 + HOUR, 10);
    expect(again?.delivery.revision).toBe(3);
    expect(again?.delivery.news.map((item) => item.observationId)).toEqual([1]);
  });

  check('keeps a bounded number of news for a destination that is down', async (store) => {
    const deliveries = Array.from({length: 300}, (_, i) => delivery('slack', 'a', i + 1));
    await store.commit(toCommit(1, [], {deliveries}));
    const [row] = await store.due(T0 + HOUR, 10);
    expect(row?.delivery.alert.count).toBe(300);
    expect(row?.delivery.news.map((item) => item.observationId)).toEqual(
      Array.from({length: 100}, (_, i) => 201 + i),
    );
  });

  check('lets an alert that was sent wait anew, with what is new alone', async (store) => {
    await store.commit(toCommit(1, [], {deliveries: [delivery('slack', 'a', 1)]}));
    await store.settle('slack', 'a', 1, outcome('sent'));
    await store.commit(toCommit(2, [], {deliveries: [delivery('slack', 'a', 2)]}));
    const [again] = await store.due(T0 + HOUR, 10);
    expect(again).toMatchObject({state: 'waiting', attempts: 0, sentAt: T0 + 10});
    expect(again?.delivery.news.map((item) => item.observationId)).toEqual([2]);
    await store.settle('slack', 'a', 2, outcome('dead'));
    await store.commit(toCommit(3, [], {deliveries: [delivery('slack', 'a', 3)]}));
    const [last] = await store.due(T0 + HOUR, 10);
    expect(last?.delivery.news.map((item) => item.observationId)).toEqual([2, 3]);
    expect(last?.attempts).toBe(0);
  });

  check('keeps what came while an attempt was on its way', async (store) => {
    await store.commit(toCommit(1, [], {deliveries: [delivery('slack', 'a', 1)]}));
    await store.commit(toCommit(2, [], {deliveries: [delivery('slack', 'a', 2)]}));
    await store.settle('slack', 'a', 1, outcome('sent'));
    const [left] = await store.due(T0 + HOUR, 10);
    expect(left).toMatchObject({state: 'waiting', sentAt: T0 + 10});
    expect(left?.delivery.news.map((item) => item.observationId)).toEqual([2]);
    await store.settle('slack', 'a', 1, outcome('waiting', {attempts: 4, nextAt: T0 + 2 * HOUR}));
    expect(await store.due(T0 + HOUR, 10)).toEqual([]);
    await store.settle('slack', 'a', 9, outcome('sent'));
    expect((await store.deliveries({limit: 1})).rows[0]?.state).toBe('waiting');
  });

  check('keeps an audit log', async (store) => {
    for (const [i, text] of HOSTILE.entries()) {
      await store.audit({at: T0 + i, actor: text, action: 'reset', subject: text, detail: text});
    }
    const first = await store.audited({limit: 20});
    const rest = await store.audited({limit: 20, cursor: first.next!});
    expect([...first.rows, ...rest.rows]).toEqual(
      HOSTILE.map((text, i) => ({
        id: i + 1,
        at: T0 + i,
        actor: text,
        action: 'reset',
        subject: text,
        detail: text,
      })).reverse(),
    );
  });

  check('keeps tokens and settings, the last word of each', async (store) => {
    const token = {
      id: 't1',
      name: `it's`,
      hash: 'abc',
      scope: 'write' as const,
      createdAt: T0,
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
    };
    await store.putToken(token);
    await store.putToken({...token, id: 't2', createdAt: T0 + 1, expiresAt: T0 + 5});
    await store.putToken({...token, revokedAt: T0 + 9, lastUsedAt: T0 + 1});
    // Its use is noted by somebody who has not heard of the revocation.
    await store.putToken({...token, lastUsedAt: T0 + 2});
    expect(await store.tokens()).toEqual([
      {...token, revokedAt: T0 + 9, lastUsedAt: T0 + 2},
      {...token, id: 't2', createdAt: T0 + 1, expiresAt: T0 + 5},
    ]);
    expect(await store.setting('mode')).toBeUndefined();
    await store.putSetting('mode', '{"a":1}');
    await store.putSetting('mode', HOSTILE.join());
    expect(await store.setting('mode')).toBe(HOSTILE.join());
  });

  check('removes what is too old, and goes on', async (store) => {
    const rows = Array.from(
      {length: 40},
      (_, i): TestRow => ({
        time: T0 + i * HOUR,
        dimensions: {principal: `p${i}`},
        eventId: `text ${i}`,
      }),
    );
    const details = rows.map((_, i) => ({id: i + 1, reason: 'r', explanation: '{}', record: null}));
    await store.commit(
      toCommit(1, [{firstId: 1, rows}], {details, deadLetters: [{...letter('truncated'), at: T0}]}),
    );
    const removed = await store.retain({
      observationsBefore: T0 + 10 * HOUR,
      detailsBefore: T0 + 30 * HOUR,
      maxBytes: undefined,
    });
    expect(removed).toBe(10 + 30 + 1);
    expect(await store.size()).toMatchObject({observations: 30, details: 10, deadLetters: 0});
    expect(await store.count({})).toBe(30);
    expect(await store.byEventId('text 9')).toEqual([]);
    expect((await store.byEventId('text 10')).length).toBe(1);
    expect(await store.count({dimensions: {principal: 'p3'}})).toBe(0);
    const more: TestBatch = {
      firstId: 41,
      rows: [{dimensions: {principal: 'p3'}}, {dimensions: {principal: 'p39'}}],
    };
    await store.commit(toCommit(2, [more]));
    expect((await store.observations({afterId: 40}, {order: 'id', limit: 9})).rows).toEqual(
      expectedRows(more),
    );
    expect((await store.observation(40))?.dimensions.principal).toBe('p39');
  });

  check('keeps sums and searches true while rows come late and go', async (store) => {
    const day = 24 * HOUR;
    let kept: StoredObservation[] = [];
    const compare = async (from: number | undefined, to: number | undefined) => {
      const rows = kept.filter(
        ({eventTime}) => eventTime >= (from ?? 0) && eventTime < (to ?? Number.POSITIVE_INFINITY),
      );
      const expected = new Map<string, [number, number, number, number]>();
      for (const {dimensions, score, eventTime} of rows) {
        const [events, most, first, last] = expected.get(dimensions.principal) ?? [0, 0, T0 * 2, 0];
        expected.set(dimensions.principal, [
          events + 1,
          Math.max(most, score),
          Math.min(first, eventTime),
          Math.max(last, eventTime),
        ]);
      }
      const found = await store.principals({from, to}, {order: 'score', limit: 100});
      expect(
        new Map(
          found.rows.map((row) => [
            row.principal,
            [row.events, row.maxScore, row.firstTime, row.lastTime],
          ]),
        ),
      ).toEqual(expected);
      const {events, maxScore} = await store.timeline({from, to}, 3);
      expect(events.reduce((a, b) => a + b)).toBe(rows.length);
      expect(Math.max(...maxScore)).toBe(Math.max(0, ...rows.map(({score}) => score)));
      for (const text of ['p3', 'p1', 'late']) {
        expect(await store.count({text, from, to})).toBe(
          rows.filter(({dimensions}) => dimensions.principal.includes(text)).length,
        );
      }
    };
    const compareAll = async () => {
      await compare(undefined, undefined);
      await compare(T0 + day + 5 * HOUR, T0 + 4 * day + 90_500);
      await compare(T0 + 2 * day, T0 + 3 * day);
      const one = kept.find(({dimensions}) => dimensions.principal === 'p1');
      const {rows} = await store.observations(
        {dimensions: {principal: 'p1'}},
        {order: 'time', limit: 500},
      );
      expect(rows.length).toBe(kept.filter(({dimensions}) => dimensions.principal === 'p1').length);
      if (one !== undefined) {
        expect((await store.around(one.id, 200, 200)).length).toBe(rows.length);
      }
    };
    let firstId = 1;
    const add = async (entry: number, late: boolean) => {
      const batch: TestBatch = {
        firstId,
        rows: Array.from({length: 60}, (_, i) => ({
          time: T0 + (late ? i % 7 : entry) * day + i * 20 * 60_000 + entry,
          score: ((i * 37 + entry * 11) % 100) / 100,
          dimensions: {principal: late && i % 9 === 0 ? `late${entry}` : `p${(i * entry) % 5}`},
        })),
      };
      await store.commit(toCommit(entry, [batch]));
      kept.push(...expectedRows(batch));
      firstId += batch.rows.length;
    };
    for (let entry = 1; entry <= 5; entry++) await add(entry, entry % 2 === 0);
    await compareAll();
    for (const before of [T0 + day + 7 * HOUR, T0 + 3 * day, T0 + 3 * day + 1]) {
      await store.retain({observationsBefore: before, detailsBefore: 0, maxBytes: undefined});
      kept = kept.filter(({eventTime}) => eventTime >= before);
      await compareAll();
    }
    for (let entry = 6; entry <= 8; entry++) await add(entry, entry % 2 === 0);
    await compareAll();
  });

  check('removes what was scored first when there is too much, and stays usable', async (store) => {
    // Of hashes, which do not compress.
    const record = (id: number): string =>
      Array.from({length: 192}, (_, i) =>
        createHash('sha256').update(`${id} ${i}`).digest('hex'),
      ).join();
    for (let entry = 1; entry <= 10; entry++) {
      const firstId = (entry - 1) * 200 + 1;
      const rows = Array.from({length: 200}, (): TestRow => ({}));
      const details = rows.map((_, i) => {
        const id = firstId + i;
        return {id, reason: 'r', explanation: '{}', record: record(id)};
      });
      await store.commit(toCommit(entry, [{firstId, rows}], {details}));
    }
    const policy = {observationsBefore: 0, detailsBefore: 0};
    expect(await store.retain({...policy, maxBytes: undefined})).toBe(0);
    const before = (await store.size()).bytes;
    const maxBytes = Math.round(before * 0.6);
    expect(await store.retain({...policy, maxBytes})).toBeGreaterThan(0);
    const {bytes, observations, details} = await store.size();
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(observations).toBeGreaterThan(200);
    expect(details).toBe(observations);
    expect(await store.count({})).toBe(observations);
    const {rows} = await store.observations({}, {order: 'id', limit: 3_000});
    expect(rows.map(({id}) => id)).toEqual(
      Array.from({length: observations}, (_, i) => 2_001 - observations + i),
    );
    expect((await store.detail(2_000))?.record).toBe(record(2_000));
    expect(await store.retain({...policy, maxBytes})).toBe(0);
    await store.commit(toCommit(11, [{firstId: 2_001, rows: [{}]}]));
    expect(await store.head()).toEqual({entry: 11, lastId: 2_001});
  });

  check(
    'removes what detections gave along with the rest when there is too much',
    async (store) => {
      // Of hashes, which do not compress.
      const facts = (id: number) => ({
        text: Array.from({length: 128}, (_, i) =>
          createHash('sha256').update(`${id} ${i}`).digest('hex'),
        ).join(),
      });
      for (let entry = 1; entry <= 10; entry++) {
        const firstId = (entry - 1) * 200 + 1;
        const ids = Array.from({length: 200}, (_, i) => firstId + i);
        await store.commit({
          ...toCommit(entry, [{firstId, rows: ids.map((): TestRow => ({}))}]),
          detections: detectionRows({
            matches: ids.map((id) => match(id, {facts: facts(id)})),
            alarmChanges: ids.map((id) => change(T0 + id)),
            datapoints: ids.map((id) => datapoint(T0 + id, id)),
            episodes: [episode(`e${entry}`, {end: T0 + firstId}), episode(`on${entry}`)],
          }),
        });
      }
      const {detections} = store;
      const counts = async () => ({
        matches: (await detections.matches({}, {limit: 5_000})).rows.map(({id}) => id),
        changes: (await detections.alarmChanges(undefined, {limit: 5_000})).rows.length,
        datapoints: (await detections.datapoints('root-alarm', 0, T0 + 24 * HOUR)).length,
      });
      const policy = {observationsBefore: 0, detailsBefore: 0};
      const maxBytes = Math.round((await store.size()).bytes * 0.6);
      expect(await store.retain({...policy, maxBytes})).toBeGreaterThan(0);
      const {bytes, observations} = await store.size();
      expect(bytes).toBeLessThanOrEqual(maxBytes);
      expect(observations).toBeGreaterThan(200);
      const left = await counts();
      expect(left.matches.length).toBeLessThan(1_900);
      expect(left.matches.length).toBeGreaterThan(200);
      // The newest stay, without a gap.
      expect(left.matches).toEqual(left.matches.map((_, i) => 2_000 - i));
      expect(left.changes).toBe(left.matches.length);
      expect(left.datapoints).toBe(left.matches.length);
      const going = await detections.episodes({from: T0 + 24 * HOUR, to: T0 + 48 * HOUR});
      expect(going.map(({id}) => id).sort()).toEqual(
        Array.from({length: 10}, (_, i) => `on${i + 1}`).sort(),
      );
      // A table that was written anew takes further rows.
      await store.commit({
        ...toCommit(11, [{firstId: 2_001, rows: [{}]}]),
        detections: detectionRows({matches: [match(2_000, {revision: 2}), match(2_001)]}),
      });
      const after = await counts();
      expect(after.matches).toEqual([2_001, ...left.matches]);
      expect((await detections.match(2_000))?.revision).toBe(2);
    },
  );

  check('answers while commits run', async (store) => {
    const size = 500;
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < 12; i++) {
        const rows = Array.from({length: size}, (_, r): TestRow => ({score: r / size}));
        await store.commit(toCommit(i + 1, [{firstId: 1 + i * size, rows}]));
      }
      done = true;
    })();
    let reads = 0;
    while (!done) {
      const [head, count, page] = await Promise.all([
        store.head(),
        store.count({}),
        store.observations({}, {order: 'score', limit: 20}),
      ]);
      expect(head.lastId % size).toBe(0);
      expect(count % size).toBe(0);
      expect(page.rows.length === 0 || page.rows.length === 20).toBe(true);
      reads++;
    }
    await writing;
    expect(reads).toBeGreaterThan(0);
    expect(await store.count({})).toBe(12 * size);
  });

  test(`${kind} answers as going through all rows would`, async () => {
    await compareWithOracle(fresh);
  }, 180_000);

  check('says so when it is closed', async (store) => {
    await store.close();
    await expect(store.head()).rejects.toMatchObject({code: 'store_unavailable'});
    await expect(store.commit(toCommit(1, []))).rejects.toMatchObject({code: 'store_unavailable'});
  });
}

function letter(reason: string) {
  return {at: T0, source: 's', object: 'o', reason, index: -1, offset: 0, length: 7, detail: 'd'};
}

function outcome(
  state: 'waiting' | 'sent' | 'dead',
  rest: {nextAt?: number; attempts?: number; lastError?: string} = {},
) {
  const sentAt = state === 'sent' ? T0 + 10 : null;
  return {state, attempts: 1, nextAt: T0 + 1000, sentAt, lastError: '', ...rest};
}
