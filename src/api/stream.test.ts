import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {FakeService, row} from '../../test/api-fixture.ts';
import {createApi} from './api.ts';
import type {StreamOptions} from './stream.ts';

interface Seen {
  readonly ids: number[];
  readonly events: number;
  readonly lastEventId: number;
  readonly statuses: number;
  readonly text: string;
}

/** Reads until `enough`, as a browser's EventSource would. */
async function read(response: Response, enough: (seen: Seen) => boolean): Promise<Seen> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let seen: Seen = {ids: [], events: 0, lastEventId: 0, statuses: 0, text: ''};
  let rest = '';
  const until = performance.now() + 10_000;
  while (!enough(seen)) {
    if (performance.now() > until) throw new Error(`Too long: ${JSON.stringify(seen.ids)}`);
    const {value, done} = await reader.read();
    if (done) break;
    const text = decoder.decode(value, {stream: true});
    rest += text;
    let {events, lastEventId, statuses} = seen;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end).split('\n');
      rest = rest.slice(end + 2);
      const field = (name: string) =>
        block.find((l) => l.startsWith(`${name}: `))?.slice(name.length + 2);
      lastEventId = Number(field('id') ?? lastEventId);
      if (field('event') === 'status') statuses++;
      if (field('event') === 'observations') {
        events++;
        for (const each of JSON.parse(field('data')!)) seen.ids.push(each.id);
      }
    }
    seen = {ids: seen.ids, events, lastEventId, statuses, text: seen.text + text};
  }
  await reader.cancel();
  return seen;
}

function serving(options: StreamOptions = {}, feedCapacity = 20_000) {
  const service = new FakeService(feedCapacity);
  const api = createApi(service, {stream: {batchMs: 10, statusMs: 20, ...options}});
  const open = (query = '', headers: Record<string, string> = {}) =>
    api.request(`http://localhost/api/v1/stream${query}`, {
      headers: {host: 'localhost', ...headers},
    });
  return {service, api, open};
}

const range = (from: number, to: number) => Array.from({length: to - from + 1}, (_, i) => from + i);
const add = (service: FakeService, from: number, to: number) =>
  service.add(...range(from, to).map((id) => row(id)));

test('sends what comes after the reader did, a batch at a time, and the status', async () => {
  const {service, open} = serving();
  add(service, 1, 5);
  const response = await open();
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reading = read(response, ({ids, statuses}) => ids.length >= 40 && statuses >= 1);
  await sleep(30);
  for (let id = 6; id < 46; id += 4) add(service, id, id + 3);
  const {ids, events, lastEventId, text} = await reading;
  expect(ids).toEqual(range(6, 45));
  expect(events).toBe(1);
  expect(lastEventId).toBe(45);
  expect(text).not.toContain('"bits":{');
});

test.each([
  ['the feed', 20_000],
  ['the store, then the feed', 100],
])('resumes after the last id seen, from %s', async (_, capacity) => {
  const {service, open} = serving({}, capacity);
  for (let id = 1; id < 3_000; id += 50) add(service, id, id + 49);
  const reading = read(await open('', {'last-event-id': '500'}), ({ids}) => ids.length >= 2_600);
  await sleep(50);
  add(service, 3_001, 3_100);
  expect((await reading).ids).toEqual(range(501, 3_100));
});

test('resumes from the store when the process was started anew', async () => {
  const {service, open} = serving();
  service.memory.rows.push(...range(1, 50).map((id) => row(id)));
  const reading = read(await open('?after=20'), ({ids}) => ids.at(-1) === 60);
  await sleep(30);
  add(service, 51, 60);
  expect((await reading).ids).toEqual(range(21, 60));
});

test('what comes while the store is asked is not told twice', async () => {
  const {service, open} = serving({batchMs: 60});
  service.memory.rows.push(...range(1, 50).map((id) => row(id)));
  const {observations} = service.store;
  service.store.observations = async (...args) => {
    await sleep(25);
    return observations.apply(service.store, args);
  };
  const reading = read(await open('?after=0'), ({ids}) => ids.at(-1) === 80);
  add(service, 51, 60);
  await sleep(100);
  add(service, 61, 80);
  expect((await reading).ids).toEqual(range(1, 80));
});

test('what the store no longer keeps is passed over', async () => {
  const {service, open} = serving({}, 50);
  for (let id = 1; id < 400; id += 50) add(service, id, id + 49);
  const {oldestId} = service.live;
  expect(oldestId).toBeGreaterThan(200);
  service.memory.rows.length = 0;
  const {ids} = await read(await open('?after=10'), (seen) => seen.ids.at(-1) === 400);
  expect(ids).toEqual(range(oldestId, 400));
});

test('an id from before the store was emptied does not silence the stream', async () => {
  const {service, open} = serving();
  add(service, 1, 10);
  const reading = read(await open('', {'last-event-id': '5000'}), ({ids}) => ids.length >= 5);
  await sleep(30);
  add(service, 11, 15);
  expect((await reading).ids).toEqual(range(11, 15));
});

test('filters, and moves the place to resume all the same', async () => {
  const {service, open} = serving();
  const reading = read(
    await open('?minScore=0.98&after=0'),
    ({ids, lastEventId}) => ids.length >= 4 && lastEventId >= 250,
  );
  await sleep(30);
  add(service, 1, 250);
  const {ids, lastEventId} = await reading;
  expect(ids).toEqual([98, 99, 198, 199]);
  expect(lastEventId).toBe(250);
});

test('a slow reader is left behind, holds little, and misses nothing', async () => {
  const {service, open, api} = serving({bufferBytes: 20_000}, 200);
  const slow = await open('?after=0');
  await sleep(20);
  let asked = 0;
  const {observations} = service.store;
  service.store.observations = (...args) => {
    asked++;
    return observations.apply(service.store, args);
  };
  for (let id = 1; id < 20_000; id += 100) {
    add(service, id, id + 99);
    if (id % 2_000 === 1) await sleep(12);
  }
  // Nothing is done for a reader with no room; then it comes back by id.
  expect(asked).toBe(0);
  const {ids} = await read(slow, (seen) => seen.ids.length >= 20_000);
  expect(ids).toEqual(range(1, 20_000));
  expect(asked).toBeGreaterThan(10);
  api.endStreams();
});

test('readers that come and go at any time see each id after their first once', async () => {
  const {service, open, api} = serving({batchMs: 2}, 300);
  let next = 1;
  let stop = false;
  const writing = (async () => {
    while (!stop) {
      add(service, next, next + 6);
      next += 7;
      await sleep(1);
    }
  })();
  for (let round = 0; round < 25; round++) {
    const after = Math.max(0, next - 1 - round * 40);
    const {ids} = await read(
      await open(`?after=${after}`),
      (seen) => seen.ids.length >= 30 + round * 40,
    );
    expect(ids).toEqual(range(after + 1, after + ids.length));
  }
  stop = true;
  await writing;
  api.endStreams();
});

test('many readers share one text of a batch', async () => {
  const {service, open, api} = serving();
  const responses = await Promise.all(range(1, 150).map(() => open()));
  await sleep(30);
  const began = process.cpuUsage();
  const reading = responses.map((each) => read(each, ({ids}) => ids.length >= 500));
  add(service, 1, 500);
  for (const {ids} of await Promise.all(reading)) expect(ids).toHaveLength(500);
  const {user} = process.cpuUsage(began);
  // Nearly all of that is the readers' own parsing.
  expect(user / 1e6).toBeLessThan(5);
  api.endStreams();
});

test('a store that fails ends the stream of who needs it, and leaves nothing behind', async () => {
  const {service, open, api} = serving({}, 10);
  for (let id = 1; id < 100; id += 10) add(service, id, id + 9);
  service.memory.failure = new Error('Away');
  const {ids} = await read(await open('?after=1'), () => false);
  expect(ids).toEqual([]);
  const metrics = await api.request('http://localhost/metrics', {headers: {host: 'localhost'}});
  expect(await metrics.text()).toContain('oddtrail_stream_readers 0');
});

test('sends readers away after their time, so that they say anew who they are', async () => {
  const {open} = serving({maxAgeMs: 500});
  const {text} = await read(await open(), () => false);
  expect(text).toContain('event: status');
});

test('a request for the head alone opens no stream', async () => {
  const {api, open} = serving({maxReaders: 1});
  const headers = {host: 'localhost'};
  for (let i = 0; i < 3; i++) {
    const answer = await api.request('http://localhost/api/v1/stream', {method: 'HEAD', headers});
    expect(answer.status).toBe(200);
  }
  expect((await open()).status).toBe(200);
  api.endStreams();
});

test('ends when the service does, and refuses readers beyond its bound', async () => {
  const {open, api} = serving({maxReaders: 1});
  const response = await open();
  const refused = await open();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  const reading = read(response, () => false);
  api.endStreams();
  expect((await reading).ids).toEqual([]);
});
