import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {deliveryOf} from '../../test/contract/alerter.ts';
import type {Alerter, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import type {OutboxEntry, Store} from '../pipeline/store.ts';
import {openDuckDbStore} from '../stores/duckdb.ts';
import {Dispatcher} from './dispatcher.ts';

const START = Date.UTC(2026, 0, 31, 12);

async function openStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-dispatch-'));
  const store = await openDuckDbStore({path: join(folder, 'store.duckdb')});
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, {recursive: true, force: true});
  });
  return store;
}

class Commits {
  readonly #store: Store;
  #entry = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  async add(...deliveries: OutboxEntry[]): Promise<void> {
    const nothing = {observations: [], details: [], deadLetters: []};
    await this.#store.commit({entry: ++this.#entry, ...nothing, deliveries});
  }
}

/** An alert of a principal; each revision brings one more item. */
function entryOf(
  destination: string,
  principal: string,
  revision = 1,
  createdAt = START,
): OutboxEntry {
  const made = deliveryOf(
    {principal},
    {observationId: revision, eventId: `${principal}-${revision}`},
  );
  return {destination, createdAt, delivery: {...made, id: `${destination}/${principal}`, revision}};
}

/** Keeps what it was sent; answers as told, one answer an attempt, the last for ever. */
class Catch implements Alerter {
  readonly minScore = 0.95;
  readonly attempts: Delivery[] = [];
  readonly taken: Delivery[] = [];
  readonly name: string;
  answers: DeliveryResult[];

  constructor(name: string, ...answers: DeliveryResult[]) {
    this.name = name;
    this.answers = answers;
  }

  async deliver(delivery: Delivery): Promise<DeliveryResult> {
    this.attempts.push(delivery);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const result = answer ?? {ok: true, status: '200'};
    if (result.ok) this.taken.push(delivery);
    return result;
  }

  async close(): Promise<void> {}
}

const down: DeliveryResult = {ok: false, retry: true, reason: 'HTTP 503'};
const gone: DeliveryResult = {ok: false, retry: false, reason: 'HTTP 404'};

function eventIds(deliveries: readonly Delivery[]): string[] {
  return deliveries.flatMap(({news}) => news.map(({eventId}) => eventId));
}

test('a destination that was down for the whole run gets every alert once, when it is back', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  const chat = new Catch('chat', down);
  const page = new Catch('page');
  const dispatcher = new Dispatcher({
    store,
    alerters: [chat, page],
    now: () => now,
    random: () => 1,
  });
  for (let revision = 1; revision <= 5; revision++) {
    await commits.add(
      entryOf('chat', 'raul', revision, now),
      entryOf('page', 'raul', revision, now),
    );
    await commits.add(entryOf('chat', `other-${revision}`, 1, now));
    await dispatcher.round();
    now += 30_000;
  }
  expect(chat.taken).toEqual([]);
  chat.answers = [{ok: true, status: '200'}];
  now += 3_600_000;
  while (await dispatcher.round());
  expect(eventIds(chat.taken).sort()).toEqual(
    [
      'raul-1',
      'raul-2',
      'raul-3',
      'raul-4',
      'raul-5',
      ...[1, 2, 3, 4, 5].map((i) => `other-${i}-1`),
    ].sort(),
  );
  // One message for each alert: what waited was merged.
  expect(chat.taken).toHaveLength(6);
  expect(eventIds(page.taken)).toEqual(['raul-1', 'raul-2', 'raul-3', 'raul-4', 'raul-5']);
});

test('updates one alert at one destination no more often than told, and tells only the news', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  const chat = new Catch('chat');
  const dispatcher = new Dispatcher({
    store,
    alerters: [chat],
    now: () => now,
    updateEveryMs: 60_000,
  });
  await commits.add(entryOf('chat', 'raul', 1, now));
  await dispatcher.round();
  for (let revision = 2; revision <= 4; revision++) {
    now += 1000;
    await commits.add(entryOf('chat', 'raul', revision, now));
    await dispatcher.round();
  }
  expect(chat.taken.map(({revision}) => revision)).toEqual([1]);
  now = START + 60_000;
  await dispatcher.round();
  expect(chat.taken.map(({revision}) => revision)).toEqual([1, 4]);
  expect(eventIds(chat.taken.slice(1))).toEqual(['raul-2', 'raul-3', 'raul-4']);
});

test('backs off from what fails, honours its Retry-After, and holds up nobody else', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  const chat = new Catch('chat', {...down, afterMs: 40_000} as DeliveryResult);
  const page = new Catch('page');
  const dispatcher = new Dispatcher({
    store,
    alerters: [chat, page],
    now: () => now,
    random: () => 0.5,
  });
  await commits.add(...['a', 'b', 'c'].map((who) => entryOf('chat', who)), entryOf('page', 'a'));
  for (let second = 0; second < 39; second++) {
    await dispatcher.round();
    now += 1000;
  }
  // The whole destination rests, not just the one delivery.
  expect(chat.attempts).toHaveLength(1);
  expect(page.taken).toHaveLength(1);
  chat.answers = [down];
  for (let second = 39; second < 3600; second += 20) {
    await dispatcher.round();
    now += 20_000;
  }
  expect(chat.attempts.length).toBeGreaterThan(5);
  expect(chat.attempts.length).toBeLessThan(30);
  expect(dispatcher.states().find(({name}) => name === 'chat')).toMatchObject({
    lastError: 'HTTP 503',
    sent: 0,
  });
});

test('what can never be delivered is a dead letter, and can be sent again', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  const chat = new Catch('chat', gone);
  const dispatcher = new Dispatcher({store, alerters: [chat], now: () => now});
  await commits.add(entryOf('chat', 'raul'), entryOf('chat', 'eve'));
  await dispatcher.round();
  expect((await store.deliveries({limit: 9, state: 'dead'})).rows).toHaveLength(2);
  now += 1000;
  await dispatcher.round();
  expect(chat.attempts).toHaveLength(2);
  chat.answers = [{ok: true, status: '200'}];
  expect(await dispatcher.replay('chat')).toBe(2);
  await dispatcher.round();
  expect(eventIds(chat.taken).sort()).toEqual(['eve-1', 'raul-1']);
});

test('gives up after its time, and not before', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  const chat = new Catch('chat', down);
  const dispatcher = new Dispatcher({store, alerters: [chat], now: () => now, maxAgeMs: 3_600_000});
  await commits.add(entryOf('chat', 'raul'));
  const dead = async () => (await store.deliveries({limit: 9, state: 'dead'})).rows.length;
  for (; now < START + 3_590_000; now += 10_000) await dispatcher.round();
  expect(await dead()).toBe(0);
  for (; now < START + 2 * 3_600_000; now += 10_000) await dispatcher.round();
  expect(await dead()).toBe(1);
});

test("what waits for a dead or a forgotten destination stands in nobody else's way", async () => {
  const store = await openStore();
  const commits = new Commits(store);
  const names = Array.from({length: 200}, (_, i) => `p${i}`);
  await commits.add(...names.map((name) => entryOf('pager', name)));
  await commits.add(...names.map((name) => entryOf('renamed', name)));
  await commits.add(entryOf('chat', 'raul'));
  const chat = new Catch('chat');
  const alerters = [new Catch('pager', down), chat];
  const dispatcher = new Dispatcher({store, alerters, now: () => START + 1000});
  await dispatcher.round();
  expect(chat.taken).toHaveLength(1);
});

test('an attempt nobody settled is made again, under the same key', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  await commits.add(entryOf('chat', 'raul'));
  const chat = new Catch('chat');
  // The process ends after the destination took it and before that was written down.
  const dying = {
    ...store,
    due: store.due.bind(store),
    settle: () => Promise.reject(new Error('killed')),
  };
  const first = new Dispatcher({store: dying as Store, alerters: [chat], now: () => START});
  await expect(first.round()).rejects.toThrow('killed');
  await new Dispatcher({store, alerters: [chat], now: () => START + 1000}).round();
  const [one, two] = chat.taken;
  expect([two?.id, two?.revision]).toEqual([one?.id, one?.revision]);
  expect(chat.taken).toHaveLength(2);
});

test('a clock that is put back delays nothing', async () => {
  const store = await openStore();
  const commits = new Commits(store);
  let now = START;
  let elapsed = 0;
  const pass = (ms: number) => {
    now += ms;
    elapsed += ms;
  };
  const chat = new Catch('chat', down, {ok: true, status: '200'});
  const options = {store, alerters: [chat], random: () => 1, updateEveryMs: 60_000};
  const dispatcher = new Dispatcher({...options, now: () => now, elapsed: () => elapsed});
  await commits.add(entryOf('chat', 'raul'));
  await dispatcher.round();
  expect(chat.attempts).toHaveLength(1);
  now -= 7_200_000;
  pass(2_500);
  await dispatcher.round();
  expect(chat.taken).toHaveLength(1);
  // What the engine says now is of an earlier time; updates are as far apart as ever.
  await commits.add(entryOf('chat', 'raul', 2, now), entryOf('chat', 'carla', 1, now));
  await dispatcher.round();
  expect(eventIds(chat.taken)).toEqual(['raul-1', 'carla-1']);
  pass(60_000);
  await dispatcher.round();
  expect(eventIds(chat.taken)).toEqual(['raul-1', 'carla-1', 'raul-2']);
});

test('survives a store that is gone for a while', async () => {
  const store = await openStore();
  await new Commits(store).add(entryOf('chat', 'raul'));
  let broken = true;
  const faults: unknown[] = [];
  const chat = new Catch('chat');
  const flaky: Pick<Store, 'due' | 'settle' | 'replayDead'> = {
    due: (now, limit) => (broken ? Promise.reject(new Error('locked')) : store.due(now, limit)),
    settle: store.settle.bind(store),
    replayDead: store.replayDead.bind(store),
  };
  const dispatcher = new Dispatcher({
    store: flaky,
    alerters: [chat],
    pollMs: 5,
    random: () => 0,
    onFault: (fault) => faults.push(fault),
  });
  dispatcher.start();
  await expect.poll(() => faults.length).toBeGreaterThan(0);
  broken = false;
  dispatcher.kick();
  await expect.poll(() => chat.taken.length, {timeout: 5000}).toBe(1);
  await dispatcher.stop();
});

test('sends a sample at once, and says when there is no such destination', async () => {
  const store = await openStore();
  const chat = new Catch('chat');
  const dispatcher = new Dispatcher({store, alerters: [chat]});
  expect(await dispatcher.test('chat')).toEqual({ok: true, status: '200'});
  expect(chat.taken[0]?.alert).toMatchObject({test: true});
  expect(await dispatcher.test('nowhere')).toBeUndefined();
});
