import {gunzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {FakeService, row} from '../../test/api-fixture.ts';
import {AppError} from '../base/errors.ts';
import {createApi} from './api.ts';

function filled(count = 300) {
  const service = new FakeService();
  service.add(...Array.from({length: count}, (_, i) => row(i + 1)));
  const api = createApi(service);
  const get = (path: string, init: RequestInit = {}) =>
    api.request(`http://localhost${path}`, {
      ...init,
      headers: {host: 'localhost', ...(init.headers as object)},
    });
  const post = (path: string, body: unknown) =>
    get(path, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      body: JSON.stringify(body),
    });
  return {service, api, get, post};
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as they come
const json = async (response: Response): Promise<any> => response.json();

test('pages through observations by cursor, newest first, each once', async () => {
  const {get} = filled();
  const ids: number[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor = next === '' ? '' : `&cursor=${next}`;
    const answer = await json(await get(`/api/v1/observations?limit=70${cursor}`));
    ids.push(...answer.rows.map(({id}: {id: number}) => id));
    next = answer.next;
  }
  expect(ids).toEqual(Array.from({length: 300}, (_, i) => 300 - i));
});

test('filters by time, score, dimension and text', async () => {
  const {get} = filled();
  const count = async (query: string) =>
    (await json(await get(`/api/v1/observations?limit=1000&${query}`))).rows.length;
  expect(await count('minScore=0.95')).toBe(15);
  expect(await count('principal=111122223333:user/u1')).toBe(43);
  expect(await count('from=2026-11-20T12:00:10Z&to=2026-11-20T12:00:20Z')).toBe(10);
  expect(await count('text=USER/U2')).toBe(43);
});

test('tells every problem of a query', async () => {
  const {get} = filled(1);
  const answer = await get('/api/v1/observations?minScore=2&limit=0&from=noon&colour=red');
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const {code, problems} = await json(answer);
  expect(code).toBe('invalid_request');
  expect(problems.map((p: {path: string}) => p.path).sort()).toEqual([
    '',
    'from',
    'limit',
    'minScore',
  ]);
});

test('gives one observation with explanation, record and console link', async () => {
  const {get, service} = filled();
  const explanation = {entity: 'principal', sentence: 'New network', facets: []};
  service.memory.details.set(95, {
    id: 95,
    reason: 'Never before from this network',
    explanation: JSON.stringify(explanation),
    record: '{"a":1}',
  });
  const answer = await json(await get('/api/v1/observations/95'));
  expect(answer.observation.id).toBe(95);
  expect(answer.explanation).toEqual(explanation);
  expect(answer.record).toBe('{"a":1}');
  expect(answer.consoleUrl).toBe(
    'https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/00000000-0000-4000-8000-000000000095',
  );
  expect((await get('/api/v1/observations/9999')).status).toBe(404);
  expect((await get('/api/v1/observations/abc')).status).toBe(400);
  expect(await (await get('/api/v1/observations/95/record')).text()).toBe('{"a":1}');
  expect(await (await get('/api/v1/observations/94/record')).text()).toContain('eventVersion');
});

test.each([
  ['/api/v1/observations/plot?colour=account&limit=50', 'ids'],
  ['/api/v1/observations/timeline?stretches=10', 'events'],
  ['/api/v1/observations/50/neighbours?before=2&after=2', 'rows'],
  ['/api/v1/events/00000000-0000-4000-8000-000000000007', 'rows'],
  ['/api/v1/principals?order=events', 'rows'],
  ['/api/v1/principals/profile?principal=x&context=cloudtrail', 'facets'],
  ['/api/v1/values?dimension=principal&prefix=1111', 'values'],
  ['/api/v1/status', 'sources'],
  ['/api/v1/dead-letters', 'rows'],
  ['/api/v1/contexts', 'contexts'],
  ['/api/v1/alerts/destinations', 'destinations'],
  ['/api/v1/alerts/deliveries?state=dead', 'rows'],
  ['/api/v1/configuration', 'configuration'],
  ['/api/v1/audit', 'rows'],
  ['/api/v1/tokens', 'tokens'],
  ['/api/v1/me', 'role'],
  ['/api/v1/login', 'required'],
  ['/api/v1/ui-settings', 'thresholds'],
  ['/readyz', 'ready'],
  ['/healthz', 'status'],
])('answers GET %s', async (path, key) => {
  const {get} = filled();
  const answer = await get(path);
  expect(answer.status).toBe(200);
  expect(await json(answer)).toHaveProperty(key);
});

test('changes go to the service, and into the audit log before that', async () => {
  const {post, service} = filled(1);
  const made = await post('/api/v1/contexts', {name: 'logins', declaration: 'contexts: []'});
  expect(made.status).toBe(201);
  const wrong = await post('/api/v1/contexts', {name: 'logins', declaration: 'wrong'});
  expect(wrong.status).toBe(422);
  expect((await json(wrong)).problems[0]).toMatchObject({line: 3, column: 5});
  expect((await post('/api/v1/contexts/cloudtrail/reset', {})).status).toBe(204);
  expect((await post('/api/v1/contexts/nothing/reset', {})).status).toBe(404);
  expect((await post('/api/v1/alerts/destinations/pager/test', {})).status).toBe(200);
  expect(await json(await post('/api/v1/alerts/replay', {}))).toEqual({replayed: 3});
  expect((await post('/api/v1/configuration/reload', {})).status).toBe(200);
  expect(
    service.memory.auditRows.map(({actor, action, subject}) => [actor, action, subject]),
  ).toEqual([
    ['local', 'context.create', 'logins'],
    ['local', 'context.create', 'logins'],
    ['local', 'context.create.refused', 'logins'],
    ['local', 'context.reset', 'cloudtrail'],
    ['local', 'context.reset', 'nothing'],
    ['local', 'context.reset.refused', 'nothing'],
    ['local', 'alerts.test', 'pager'],
    ['local', 'alerts.replay', '*'],
    ['local', 'configuration.reload', ''],
  ]);
});

test('observes and scores in bulk', async () => {
  const {post} = filled(1);
  const items = [
    {time: '2026-11-20T12:00:00Z', fields: {user: 'raul'}},
    {eventID: 'x', eventTime: '2026-11-20T12:00:00Z'},
  ];
  for (const verb of ['observe', 'score']) {
    const answer = await post(`/api/v1/contexts/cloudtrail/${verb}`, {items});
    expect((await json(answer)).results).toHaveLength(2);
    expect((await post(`/api/v1/contexts/nothing/${verb}`, {items})).status).toBe(404);
    expect((await post(`/api/v1/contexts/cloudtrail/${verb}`, {items: []})).status).toBe(400);
  }
});

test('refuses a field that is too long, and says which', async () => {
  const {post} = filled(1);
  const send = (fields: Record<string, string>) =>
    post('/api/v1/contexts/cloudtrail/observe', {
      items: [
        {time: 1, fields: {user: 'raul'}},
        {time: 1, fields},
      ],
    });
  expect((await send({user: 'x'.repeat(4_096)})).status).toBe(200);
  const long = await send({user: 'x'.repeat(4_097)});
  expect(long.status).toBe(400);
  expect(long.headers.get('content-type')).toBe('application/problem+json');
  const problem = await json(long);
  expect(problem.code).toBe('invalid_request');
  expect(JSON.stringify(problem.problems)).toContain('4097 characters; at most 4096 are taken');
  expect(JSON.stringify(problem.problems)).toContain('items.1.fields.user');
  expect((await send({['n'.repeat(257)]: 'x'})).status).toBe(400);
});

test('takes pushes, and says to Firehose what it wants to hear', async () => {
  const {get} = filled(1);
  const push = (path: string, headers: Record<string, string> = {}) =>
    get(path, {method: 'POST', body: '{"Records":[]}', headers});
  expect(await json(await push('/push/hook'))).toEqual({records: 1});
  expect(await json(await push('/api/v1/push/hook'))).toEqual({records: 1});
  const firehose = await push('/push/hook', {'x-amz-firehose-request-id': 'abc-1'});
  expect(await json(firehose)).toMatchObject({requestId: 'abc-1', timestamp: expect.any(Number)});
  const busy = await push('/push/busy', {'x-amz-firehose-request-id': 'abc-2'});
  expect(busy.status).toBe(503);
  expect(busy.headers.get('retry-after')).toBe('2');
  expect(await json(busy)).toMatchObject({requestId: 'abc-2'});
  const plain = await push('/push/busy');
  expect([plain.status, (await json(plain)).code]).toEqual([503, 'unavailable']);
  expect((await json(await push('/push/none'))).code).toBe('not_found');
});

test.each([
  ['GET', '/api/v1/nothing', undefined, 404, 'not_found'],
  ['DELETE', '/api/v1/observations', undefined, 405, 'method_not_allowed'],
  ['GET', '/api/v1/alerts/replay', undefined, 405, 'method_not_allowed'],
  ['POST', '/api/v1/alerts/replay', 'text/plain', 415, 'unsupported_media_type'],
  ['POST', '/api/v1/alerts/replay', 'application/json', 400, 'malformed_body'],
])('answers %s %s (%s) with a problem %i', async (method, path, type, status, code) => {
  const {get} = filled(1);
  const body = method === 'POST' ? '{' : null;
  const headers: Record<string, string> = type === undefined ? {} : {'content-type': type};
  const answer = await get(path, {method, headers, body});
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await json(answer)).toMatchObject({code, status, instance: path});
  if (status === 405) expect(answer.headers.get('allow')).toMatch(/POST|GET, HEAD/);
});

test('tells a store that is away from a fault of its own, and gives nothing away', async () => {
  const {get, service} = filled(1);
  service.memory.failure = new AppError('source_unreadable', 'Away', {retryable: true});
  const away = await get('/api/v1/observations');
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
  service.memory.failure = new Error('secret of the record');
  const fault = await get('/api/v1/observations');
  expect(fault.status).toBe(500);
  expect(await fault.text()).not.toContain('secret');
});

test('readiness says no when it is not', async () => {
  const {get, service} = filled(1);
  service.isReady = false;
  expect((await get('/readyz')).status).toBe(503);
  expect((await get('/healthz')).status).toBe(200);
});

test('describes itself, every route of it, from the schemas it checks by', async () => {
  const {get, api} = filled(1);
  const document = await json(await get('/api/v1/openapi.json'));
  expect(document.openapi).toBe('3.1.0');
  const described = Object.entries(document.paths as Record<string, object>).flatMap(
    ([path, item]) =>
      Object.keys(item).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(.+?)\}/g, ':$1')}`,
      ),
  );
  const routed = api.routes
    .filter(({method, path}) => method !== 'ALL' && !path.includes('*'))
    .map(({method, path}) => `${method} ${path}`);
  expect(described.sort()).toEqual([...new Set(routed)].sort());
  expect(Object.keys(document.components.schemas)).toContain('Observation');
  const page = await get('/api/v1/docs');
  const html = await page.text();
  expect(html).toContain('/api/v1/observations/{id}/neighbours');
  expect(html).not.toMatch(/<script|https?:\/\/(?!www)/);
});

test('numbers for Prometheus have routes and contexts for labels, nothing from requests', async () => {
  const {get, service} = filled(0);
  service.add(row(99));
  await get('/api/v1/observations?principal=evil%0Aname');
  await get('/api/v1/evil-path');
  const text = await (await get('/metrics')).text();
  expect(text).toContain('oddtrail_score_bucket{le="0.99",context="cloudtrail"} 1');
  expect(text).toContain('route="/api/v1/observations",status="2xx"');
  expect(text).toContain('oddtrail_source_records{source="trail",kind="directory"} 10');
  expect(text).not.toContain('evil');
});

test('exports CSV, page after page', async () => {
  const {get} = filled(2_500);
  const answer = await get('/api/v1/observations.csv?order=id');
  expect(answer.headers.get('content-disposition')).toContain('attachment');
  const lines = (await answer.text()).trimEnd().split('\r\n');
  expect(lines).toHaveLength(2_501);
  expect(lines[0]).toMatch(/^id,time,score/);
  expect(lines[2_500]).toMatch(/^2500,2026-11-20T12:41:40\.000Z,0,/);
});

test('the same question, asked by many at once, is put to the store once', async () => {
  const {get, service} = filled(10);
  let asked = 0;
  const {observations} = service.store;
  service.store.observations = async (...args) => {
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return observations.apply(service.store, args);
  };
  const paths = ['?limit=5', '?limit=5', '?limit=5', '?limit=6'];
  const answers = await Promise.all(paths.map((query) => get(`/api/v1/observations${query}`)));
  const lengths = await Promise.all(answers.map(async (each) => (await json(each)).rows.length));
  expect(lengths).toEqual([5, 5, 5, 6]);
  expect(asked).toBe(2);
  service.add(row(11));
  expect((await json(await get('/api/v1/observations?limit=5'))).rows[0].id).toBe(11);
});

test('compresses long answers for who takes gzip, and nothing else', async () => {
  const {get, service} = filled();
  const ask = (path: string, encoding?: string, init: RequestInit = {}) =>
    get(path, {
      ...init,
      ...(encoding === undefined ? {} : {headers: {'accept-encoding': encoding}}),
    });
  const plain = await ask('/api/v1/observations?limit=50');
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(plain.headers.get('vary')).toBe('Accept-Encoding');
  const text = await plain.text();
  for (const encoding of ['gzip', 'br;q=1, gzip;q=0.5', '*']) {
    const short = await ask('/api/v1/observations?limit=50', encoding);
    expect(short.headers.get('content-encoding')).toBe('gzip');
    expect(short.headers.get('content-type')).toContain('application/json');
    expect(short.headers.get('x-content-type-options')).toBe('nosniff');
    const bytes = Buffer.from(await short.arrayBuffer());
    expect(bytes.length).toBeLessThan(text.length / 3);
    expect(gunzipSync(bytes).toString()).toBe(text);
  }
  const csv = await ask('/api/v1/observations.csv?limit=50', 'gzip');
  expect(csv.headers.get('content-encoding')).toBe('gzip');
  expect(gunzipSync(Buffer.from(await csv.arrayBuffer())).toString()).toContain('user/u5');
  for (const [path, encoding] of [
    ['/api/v1/observations?limit=50', 'gzip;q=0, br'],
    ['/api/v1/observations?limit=1&minScore=2', 'gzip'],
    ['/api/v1/ui-settings', 'gzip'],
    ['/api/v1/me', 'gzip'],
    ['/healthz', 'gzip'],
    ['/api/v1/stream', 'gzip'],
  ] as const) {
    const answer = await ask(path, encoding);
    expect(answer.headers.get('content-encoding'), path).toBeNull();
    await answer.body?.cancel();
  }
  const head = await ask('/api/v1/observations?limit=50', 'gzip', {method: 'HEAD'});
  expect(head.headers.get('content-encoding')).toBeNull();
  expect(service.contextNames()).toEqual((await json(await get('/api/v1/ui-settings'))).contexts);
});
