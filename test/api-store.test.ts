import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {createApi, type ServiceApi} from '../src/api/api.ts';
import {serveApi} from '../src/api/serve.ts';
import {createToken} from '../src/api/tokens.ts';
import type {Store} from '../src/pipeline/store.ts';
import {openDuckDbStore} from '../src/stores/duckdb.ts';
import {FakeService} from './api-fixture.ts';
import {toCommit} from './contract/store-rows.ts';

// The API over the store that the service really has.

class StoredService extends FakeService {
  readonly #store: Store;

  constructor(store: Store) {
    super();
    this.#store = store;
  }

  override get store(): Store {
    return this.#store;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-api-store-'));
let store: Store;
let service: StoredService;
let api: ServiceApi;

beforeAll(async () => {
  store = await openDuckDbStore({path: join(folder, 'store.duckdb'), memoryLimit: '256MB'});
  const rows = Array.from({length: 2_500}, (_, i) => ({
    score: (i % 1_000) / 1_000,
    dimensions: {principal: `111122223333:user/u${i % 9}`, resource: i === 7 ? '=1+1' : '-'},
  }));
  await store.commit(toCommit(1, [{firstId: 1, rows}]));
  service = new StoredService(store);
  api = createApi(service, {stream: {batchMs: 10}});
});
afterAll(async () => {
  await store.close();
  rmSync(folder, {recursive: true});
});

const get = (path: string) =>
  api.request(`http://localhost/api/v1/${path}`, {headers: {host: 'localhost'}});
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as they come
const json = async (path: string): Promise<any> => (await get(path)).json();

test.each(['time', 'score', 'id'])('pages by %s give each row once', async (order) => {
  const ids = new Set<number>();
  let cursor = '';
  let pages = 0;
  do {
    const answer = await json(`observations?order=${order}&limit=700${cursor}`);
    for (const {id} of answer.rows) ids.add(id);
    cursor = answer.next === null ? '' : `&cursor=${answer.next}`;
    pages++;
  } while (cursor !== '');
  expect([ids.size, pages]).toEqual([2_500, 4]);
});

test.each(['abc', 'W10', 'WyJzY29yZSIsMSwyXQ', '..', '%00', 'x'.repeat(513)])(
  'the cursor %s is refused, not a fault',
  async (cursor) => {
    const answer = await get(`observations?cursor=${cursor}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({code: 'invalid_request'});
  },
);

test.each([
  "principal=' OR 1=1 --",
  "text='; DROP TABLE observation; --",
  'text=%25%25',
  'text=_',
  "account=\\'; SELECT 1",
])('a filter is a value, never a statement: %s', async (query) => {
  const answer = await json(`observations?${query}`);
  expect(answer.rows).toEqual([]);
  expect((await json('observations?limit=1')).rows).toHaveLength(1);
});

test('the questions of the pages have answers', async () => {
  const {rows} = await json('observations?minScore=0.99&limit=1');
  const {id, eventId, dimensions} = rows[0];
  expect((await json(`observations/${id}`)).observation.eventId).toBe(eventId);
  expect(
    (await json(`observations/${id}/neighbours?before=2&after=2`)).rows.length,
  ).toBeGreaterThan(2);
  expect((await json(`events/${eventId}`)).rows).toHaveLength(1);
  expect((await json('observations/plot?colour=principal&limit=100')).truncated).toBe(true);
  expect((await json('observations/timeline?stretches=5')).events).toHaveLength(5);
  expect((await json('principals?limit=4')).rows).toHaveLength(4);
  expect((await json('values?dimension=principal&prefix=1111')).values).toContain(
    dimensions.principal,
  );
  const csv = await (await get('observations.csv?order=id')).text();
  expect(csv.trimEnd().split('\r\n')).toHaveLength(2_501);
  expect(csv).toContain(`,"'=1+1",`);
});

test('a stream resumed after a restart goes on from the store', async () => {
  const answer = await get('stream?after=2000&minScore=0.4');
  const reader = answer.body!.getReader();
  let text = '';
  while (!text.includes('event: observations')) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  await reader.cancel();
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? '[]';
  const ids = (JSON.parse(data) as {id: number}[]).map(({id}) => id);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 2_401, 2_500]);
  expect(data).not.toContain('"bits":{');
});

test('tokens and the audit log are in the store', async () => {
  const {token, secret} = await createToken(store, {name: 'ci', scope: 'write', expiresAt: null});
  const closed = createApi(service, {auth: {}});
  const headers = {authorization: `Bearer ${secret}`, 'content-type': 'application/json'};
  const replay = {method: 'POST', body: '{}', headers};
  expect((await closed.request('/api/v1/alerts/replay', replay)).status).toBe(200);
  expect((await store.audited({limit: 1})).rows[0]).toMatchObject({
    actor: 'token:ci',
    action: 'alerts.replay',
  });
  const kept = (await store.tokens()).find(({id}) => id === token.id);
  expect(kept?.lastUsedAt).toBeGreaterThan(0);
});

test('an export whose store goes away is no whole file', async () => {
  const {url, close} = await serveApi(createApi(service), {host: '127.0.0.1', port: 0});
  const {observations} = store;
  let asked = 0;
  store.observations = async (...args) => {
    if (++asked > 1) throw new Error('Gone');
    return observations.apply(store, args);
  };
  try {
    const answer = await fetch(`${url}/api/v1/observations.csv`);
    expect(await answer.text().catch(() => 'broken')).toBe('broken');
  } finally {
    store.observations = observations;
    await close();
  }
});
