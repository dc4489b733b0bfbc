import {connect} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {type ApiOptions, createApi, type ServiceApi} from '../src/api/api.ts';
import {cell} from '../src/api/csv.ts';
import {ACCESS} from '../src/api/roles.ts';
import {safeReturn} from '../src/api/routes/login.ts';
import {serveApi} from '../src/api/serve.ts';
import {createToken, revokeToken} from '../src/api/tokens.ts';
import type {TokenRow} from '../src/pipeline/store.ts';
import {createLog} from '../src/telemetry/log.ts';
import {FakeService, match, row} from './api-fixture.ts';

// docs/security.md says what each of these tries.

const HOME = 'https://oddtrail.example.com';
const ESC = '\u001b[2J\u001b[31m';
const EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>';

function open(options: ApiOptions = {}) {
  const service = new FakeService();
  const api = createApi(service, options);
  const ask = asking(api, 'http://localhost');
  return {service, api, ask};
}

function asking(api: ServiceApi, origin: string) {
  return (path: string, init: RequestInit & {body?: string} = {}) =>
    api.request(`${origin}${path}`, {
      ...init,
      headers: {
        host: new URL(origin).host,
        ...(init.body === undefined ? {} : {'content-type': 'application/json'}),
        ...(init.headers as Record<string, string>),
      },
    });
}

/** A service that wants to know who asks, with a token of each scope. */
async function closed(options: ApiOptions = {}) {
  const service = new FakeService();
  const api = createApi(service, {publicUrl: HOME, auth: {}, ...options});
  const ask = asking(api, HOME);
  const token = async (scope: TokenRow['scope'], expiresAt: number | null = null) =>
    (await createToken(service.store, {name: scope, scope, expiresAt})).secret;
  const as = (secret: string) => ({authorization: `Bearer ${secret}`});
  const secrets = {
    read: await token('read'),
    write: await token('write'),
    admin: await token('admin'),
  };
  const login = (secret: string, headers: Record<string, string> = {}) =>
    ask('/auth/token', {method: 'POST', body: JSON.stringify({token: secret}), headers});
  const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return {service, api, ask, token, as, secrets, login, cookieOf};
}

const code = async (answer: Response) => ((await answer.json()) as {code: string}).code;

/** Every route there is, with a path one can ask for. */
function routesOf(api: ServiceApi) {
  return [
    ...new Map(
      api.routes
        .filter(({method, path}) => method !== 'ALL' && !path.includes('*'))
        .map(({method, path}) => {
          const declared = path.replaceAll(/:(\w+)/g, '{$1}');
          const concrete = path.replace(':id', '1').replaceAll(/:\w+/g, 'x');
          return [`${method} ${declared}`, {method, path: concrete}] as const;
        }),
    ),
  ].map(([key, route]) => ({key, ...route}));
}

// Who may do what

test('every route has a role, and every role in the table a route', async () => {
  const {api} = open();
  expect(
    routesOf(api)
      .map(({key}) => key)
      .sort(),
  ).toEqual(Object.keys(ACCESS).sort());
});

test('without login nothing is answered but what is for anyone', async () => {
  const {api, ask} = await closed();
  const routes = routesOf(api);
  expect(routes.length).toBeGreaterThan(35);
  for (const {key, method, path} of routes) {
    const {status} = await ask(path, {method, ...(method === 'POST' ? {body: '{}'} : {})});
    if (ACCESS[key] === 'anyone' || ACCESS[key] === 'source') continue;
    expect([key, status]).toEqual([key, 401]);
  }
});

test('a token reaches as far as its scope, on every route', async () => {
  const {api, ask, as, secrets} = await closed();
  const reach = {
    read: ['viewer'],
    write: ['viewer', 'analyst'],
    admin: ['viewer', 'analyst', 'admin'],
  };
  for (const scope of ['read', 'write', 'admin'] as const) {
    for (const {key, method, path} of routesOf(api)) {
      const access = ACCESS[key] ?? '';
      if (access === 'anyone' || access === 'source') continue;
      const answer = await ask(path, {
        method,
        headers: as(secrets[scope]),
        ...(method === 'POST' ? {body: '{}'} : {}),
      });
      await answer.body?.cancel();
      const may = reach[scope].includes(access);
      expect([scope, key, answer.status === 403]).toEqual([scope, key, !may]);
      expect(answer.status).not.toBe(401);
    }
  }
});

test('a token cannot widen itself', async () => {
  const {ask, as, secrets, service} = await closed();
  const body = JSON.stringify({name: 'more', scope: 'admin', expiresAt: null});
  for (const scope of ['read', 'write'] as const) {
    const answer = await ask('/api/v1/tokens', {method: 'POST', body, headers: as(secrets[scope])});
    expect([answer.status, await code(answer)]).toEqual([403, 'forbidden']);
  }
  expect(service.memory.tokenRows.size).toBe(3);
  // Nor does it count what a request says of itself.
  for (const headers of [
    {'x-http-method-override': 'DELETE'},
    {'x-role': 'admin', role: 'admin'},
    {'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', 'x-original-url': '/healthz'},
  ]) {
    const answer = await ask('/api/v1/audit', {
      headers: {...as(secrets.read), ...headers} as never,
    });
    expect(answer.status).toBe(403);
  }
});

test('expired, revoked, cut and altered tokens are worth nothing, at once', async () => {
  const {ask, as, token, service, secrets} = await closed();
  const status = async (secret: string) =>
    (await ask('/api/v1/status', {headers: as(secret)})).status;
  expect(await status(await token('read', Date.now() - 1))).toBe(401);
  expect(await status(secrets.read.slice(0, -1))).toBe(401);
  expect(await status(`${secrets.read}x`)).toBe(401);
  expect(await status(secrets.read.toUpperCase())).toBe(401);
  expect(await status('')).toBe(401);
  const [admin] = [...service.memory.tokenRows.values()].filter(({scope}) => scope === 'admin');
  // The hash from the store is no token.
  expect(await status(admin!.hash)).toBe(401);
  const read = [...service.memory.tokenRows.values()].find(({scope}) => scope === 'read')!;
  expect(await status(secrets.read)).toBe(200);
  const gone = await ask(`/api/v1/tokens/${read.id}`, {
    method: 'DELETE',
    headers: as(secrets.admin),
  });
  expect(gone.status).toBe(204);
  expect(await status(secrets.read)).toBe(401);
  expect(await revokeToken(service.store, read.id)).toBe(false);
});

test('a token revoked elsewhere ends within seconds, with the sessions it opened', async () => {
  let now = Date.now();
  const {ask, as, secrets, service, login, cookieOf} = await closed({now: () => now});
  const cookie = cookieOf(await login(secrets.write));
  expect((await ask('/api/v1/me', {headers: {cookie}})).status).toBe(200);
  const row = [...service.memory.tokenRows.values()].find(({scope}) => scope === 'write')!;
  await revokeToken(service.store, row.id);
  now += 3_000;
  expect((await ask('/api/v1/me', {headers: as(secrets.write)})).status).toBe(401);
  expect((await ask('/api/v1/me', {headers: {cookie}})).status).toBe(401);
});

test('where tokens are not wanted, only the commands of this machine have them', async () => {
  const {ask, as, secrets, login} = await closed({auth: {tokens: false}});
  const status = async (headers: Record<string, string>) =>
    (await ask('/api/v1/status', {headers: {...as(secrets.admin), ...headers}})).status;
  expect(await status({})).toBe(200);
  // A proxy on this machine speaks for somebody elsewhere.
  expect(await status({'x-forwarded-for': '127.0.0.1'})).toBe(401);
  expect(await status({forwarded: 'for=127.0.0.1'})).toBe(401);
  expect((await login(secrets.admin)).status).toBe(404);
  const ways = await ask('/api/v1/login');
  expect(await ways.json()).toEqual({required: true, token: false, oidc: false});
  const made = await ask('/api/v1/tokens', {
    method: 'POST',
    body: JSON.stringify({name: 'ci', scope: 'read', expiresAt: null}),
    headers: as(secrets.admin),
  });
  expect(made.status).toBe(403);
  expect(await made.json()).toMatchObject({detail: expect.stringContaining('tokens: false')});
});

test('secrets of tokens are kept as hashes, listed never, logged never', async () => {
  const lines: string[] = [];
  const log = createLog('trace', {write: (line) => void lines.push(line)});
  const {ask, as, secrets, service, login} = await closed({log});
  const made = await ask('/api/v1/tokens', {
    method: 'POST',
    body: JSON.stringify({name: 'ci', scope: 'read', expiresAt: null}),
    headers: as(secrets.admin),
  });
  const {secret} = (await made.json()) as {secret: string};
  expect(secret).toMatch(/^odt_[\w-]{43}$/);
  const list = await (await ask('/api/v1/tokens', {headers: as(secrets.admin)})).text();
  await login(secrets.read);
  await login('odt_wrong');
  const kept = JSON.stringify([...service.memory.tokenRows.values(), service.memory.auditRows]);
  for (const each of [secret, secrets.admin, secrets.read]) {
    for (const place of [list, kept, lines.join('')]) expect(place).not.toContain(each);
  }
  expect(list).not.toContain('hash');
  expect(kept).toContain('"lastUsedAt":1');
});

// Sessions

test('a session is a random cookie that pages cannot read, under a new name at each login', async () => {
  const {login, secrets, cookieOf, ask} = await closed();
  const first = await login(secrets.write);
  expect(first.headers.getSetCookie()[0]).toMatch(
    /^__Host-oddtrail=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  // Fixation: what the browser had before is worth nothing afterwards, whoever put it there.
  const planted = '__Host-oddtrail=chosen-by-somebody-else-0000000000000000000';
  const fixed = await login(secrets.write, {cookie: planted});
  expect(cookieOf(fixed)).not.toBe(planted);
  expect((await ask('/api/v1/me', {headers: {cookie: planted}})).status).toBe(401);
  const before = cookieOf(first);
  const csrf = await csrfOf(ask, before);
  const after = cookieOf(await login(secrets.write, {cookie: before, 'x-csrf-token': csrf}));
  expect(after).not.toBe(before);
  expect((await ask('/api/v1/me', {headers: {cookie: before}})).status).toBe(401);
  expect((await ask('/api/v1/me', {headers: {cookie: after}})).status).toBe(200);
});

async function csrfOf(ask: ReturnType<typeof asking>, cookie: string): Promise<string> {
  const me = await ask('/api/v1/me', {headers: {cookie}});
  return ((await me.json()) as {csrf: string}).csrf;
}

test('a session ends unused, after half a day, and on logout', async () => {
  let now = Date.now();
  const {login, secrets, cookieOf, ask} = await closed({now: () => now});
  const status = async (cookie: string) => (await ask('/api/v1/me', {headers: {cookie}})).status;
  const idle = cookieOf(await login(secrets.read));
  now += 31 * 60_000;
  expect(await status(idle)).toBe(401);
  const watched = cookieOf(await login(secrets.read));
  for (let minutes = 0; minutes < 40; minutes += 10) {
    // A page left open asks by itself; that keeps nobody logged in.
    await ask('/api/v1/status', {headers: {cookie: watched}});
    now += 10 * 60_000;
  }
  expect(await status(watched)).toBe(401);
  const busy = cookieOf(await login(secrets.read));
  for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
    expect(await status(busy)).toBe(200);
    now += 20 * 60_000;
  }
  now += 60_000;
  expect(await status(busy)).toBe(401);
  const left = cookieOf(await login(secrets.read));
  const headers = {cookie: left, 'x-csrf-token': await csrfOf(ask, left)};
  expect((await ask('/auth/logout', {method: 'POST', headers})).status).toBe(204);
  expect(await status(left)).toBe(401);
});

test('changes by cookie need the token of the session, and come from its own pages', async () => {
  const {login, secrets, cookieOf, ask, service} = await closed();
  const cookie = cookieOf(await login(secrets.write));
  const other = cookieOf(await login(secrets.write));
  const csrf = await csrfOf(ask, cookie);
  const replay = async (headers: Record<string, string>) =>
    (await ask('/api/v1/alerts/replay', {method: 'POST', body: '{}', headers})).status;
  expect(await replay({cookie})).toBe(403);
  expect(await replay({cookie, 'x-csrf-token': 'guess'})).toBe(403);
  expect(await replay({cookie, 'x-csrf-token': await csrfOf(ask, other)})).toBe(403);
  expect(await replay({cookie, 'x-csrf-token': csrf, origin: 'https://evil.example.com'})).toBe(
    403,
  );
  expect(await replay({cookie, 'x-csrf-token': csrf, origin: 'null'})).toBe(403);
  expect(await replay({cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site'})).toBe(403);
  expect(await replay({cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site'})).toBe(403);
  expect(service.asked).toEqual([]);
  expect(
    await replay({cookie, 'x-csrf-token': csrf, origin: HOME, 'sec-fetch-site': 'same-origin'}),
  ).toBe(200);
  // Nor may another site log somebody in as somebody else.
  expect((await login(secrets.read, {origin: 'https://evil.example.com'})).status).toBe(403);
  expect(
    (
      await ask('/api/v1/alerts/replay', {
        method: 'POST',
        body: '{}',
        headers: {cookie, 'content-type': 'text/plain', 'x-csrf-token': csrf},
      })
    ).status,
  ).toBe(415);
});

test('a page elsewhere cannot change an open service, by form or by script', async () => {
  const {ask, service} = open();
  const post = async (path: string, headers: Record<string, string>) =>
    (await ask(path, {method: 'POST', body: '{}', headers})).status;
  for (const path of ['/api/v1/alerts/replay', '/api/v1/contexts/cloudtrail/reset', '/push/hook']) {
    for (const origin of ['https://evil.example.com', 'http://localhost:9999', 'null', 'file://']) {
      expect([path, origin, await post(path, {origin})]).toEqual([path, origin, 403]);
    }
    expect(await post(path, {'sec-fetch-site': 'cross-site'})).toBe(403);
  }
  expect(service.asked).toEqual([]);
  // Our own page, which could read the token first; and programs, which are no browsers.
  const {csrf} = (await (await ask('/api/v1/me')).json()) as {csrf: string};
  const own = {origin: 'http://localhost', 'sec-fetch-site': 'same-origin'};
  expect(await post('/api/v1/alerts/replay', own)).toBe(403);
  expect(await post('/api/v1/alerts/replay', {...own, 'x-csrf-token': csrf})).toBe(200);
  expect(await post('/api/v1/alerts/replay', {})).toBe(200);
});

test('no page elsewhere may read an answer', async () => {
  const {ask} = open();
  const answer = await ask('/api/v1/status', {headers: {origin: 'https://evil.example.com'}});
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual(
    [],
  );
  expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect((await ask('/api/v1/status', {method: 'OPTIONS'})).status).toBe(405);
});

test.each([
  'evil.example.com',
  'evil.example.com:7433',
  'localhost.evil.example.com',
  '127.0.0.1.evil.example.com',
  '0.0.0.0',
  '192.168.0.4',
  '[::ffff:10.0.0.1]',
  'localhost@evil.example.com',
  '127.1',
])('an open service does not answer to the name %s (DNS rebinding)', async (host) => {
  const {ask} = open();
  const answer = await ask('/api/v1/status', {headers: {host}});
  expect([answer.status, await code(answer)]).toEqual([403, 'host_refused']);
});

test.each(['localhost:7433', '127.0.0.1:7433', '[::1]:7433', 'LOCALHOST'])(
  'an open service answers to %s',
  async (host) => {
    const {ask} = open();
    expect((await ask('/api/v1/status', {headers: {host}})).status).toBe(200);
  },
);

// Records are hostile

const HOSTILE = row(1, {
  dimensions: {
    ...row(1).dimensions,
    principal: `111122223333:user/${EVIL}`,
    userAgent: `x\r\n\r\nevent: status\r\ndata: {"mode":"live"}\n\nid: 99\n\n`,
    resource: `=cmd|'/C calc'!A0`,
    operation: `${ESC}\r\n{"level":"fatal","msg":"forged"}`,
    network: '\u2028\u2029\u202egpj.exe',
  },
  eventId: `"><script>alert(1)</script>`,
  object: "@SUM(1+1)*cmd|' /C calc'!A0",
  reason: '+1 Never "before"\r\n=HYPERLINK("https://evil.example.com")',
});

test('texts of records never become a page (stored XSS)', async () => {
  const {ask, service} = open();
  service.add(HOSTILE);
  service.recordText = `</script>${EVIL}`;
  for (const [path, type] of [
    ['/api/v1/observations', 'application/json'],
    ['/api/v1/observations/1', 'application/json'],
    [`/api/v1/events/${encodeURIComponent(HOSTILE.eventId)}`, 'application/json'],
    ['/api/v1/principals', 'application/json'],
    ['/api/v1/observations/1/record', 'text/plain'],
    ['/api/v1/observations.csv', 'text/csv'],
    [`/api/v1/${EVIL}`, 'application/problem+json'],
    [`/api/v1/observations?order=${encodeURIComponent(EVIL)}`, 'application/problem+json'],
  ] as const) {
    const answer = await ask(path);
    expect(answer.headers.get('content-type')?.split(';')[0]).toBe(type);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  }
  const detail = (await (await ask('/api/v1/observations/1')).json()) as {consoleUrl: string};
  expect(detail.consoleUrl).toBe('');
});

test('every answer, also a refusal, tells browsers to frame, sniff and keep nothing', async () => {
  const {ask} = await closed();
  for (const path of ['/healthz', '/api/v1/status', '/api/v1/nothing', '/auth/callback']) {
    const {headers} = await ask(path);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.has('server') || headers.has('x-powered-by')).toBe(false);
  }
});

test('a record cannot forge events of the live stream', async () => {
  const {ask, service, api} = open({stream: {batchMs: 5, statusMs: 1_000_000}});
  service.add(HOSTILE);
  const answer = await ask('/api/v1/stream?after=0');
  const reader = answer.body!.getReader();
  let text = '';
  while (!text.includes('alert(1)')) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  const blocks = text.split(/\n\n/).filter((block) => block !== '');
  expect(blocks.map((block) => block.split('\n').map((line) => line.slice(0, 6)))).toEqual([
    ['retry:'],
    ['id: 1', 'event:', 'data: '],
  ]);
  expect(text).not.toContain('\r');
  api.endStreams();
});

test('neither records nor requests can write into the log, or paint a terminal', async () => {
  const lines: string[] = [];
  const log = createLog('trace', {write: (line) => void lines.push(line)});
  const {ask, service} = open({log});
  service.add(HOSTILE);
  service.memory.details.set(1, {id: 1, reason: EVIL, explanation: `{"${ESC}`, record: EVIL});
  const nasty = encodeURIComponent(`${ESC}\r\n{"level":"fatal"}\u009b31m\u2028`);
  await ask('/api/v1/observations/1');
  await ask(`/api/v1/observations?text=${nasty}&cursor=${nasty}`);
  await ask(`/api/v1/${nasty}`, {
    headers: {'user-agent': 'x\u009b31m', referer: `http://x/${nasty}`},
  });
  await ask(`/api/v1/events/${nasty}`);
  service.store.observations = () =>
    Promise.reject(new Error(`Cannot parse ${EVIL}${ESC}\r\nforged`));
  await ask('/api/v1/observations');
  service.store.byEventId = () => Promise.reject(new SyntaxError(`Unexpected ${EVIL}`));
  service.memory.failure = new SyntaxError(`Unexpected token ${EVIL}${ESC}\r\nforged`);
  await ask('/api/v1/observations');
  log.info({note: `${ESC}\u009b31m\u2028\u202e\r\nforged`}, 'x\u0085y');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
  }
  const all = lines.slice(0, -1).join('');
  expect(all).not.toMatch(/alert|forged|fatal|\[31m/);
  expect(all).toContain('A request failed');
});

test.each([
  '=1+1',
  '+1',
  '-1+cmd',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '\u00a0=1',
  '\ufeff=1',
  '\u0000=1',
  '|calc',
  '%0A=1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  '=HYPERLINK("https://evil.example.com","x")',
])('no spreadsheet takes the cell %j for a formula', (text) => {
  expect(cell(text)).toBe(`"'${text.replaceAll('"', '""')}"`);
});

test('the export keeps to one line a row, whatever a record holds', async () => {
  const {ask, service} = open();
  service.add(HOSTILE);
  const text = await (await ask('/api/v1/observations.csv')).text();
  const cells = text.split('\r\n')[0]!.split(',').length;
  const parsed = parseCsv(text);
  expect(parsed.map((line) => line.length)).toEqual([cells, cells]);
  expect(parsed[1]!.filter((each) => /^[=+@|\t\r]/.test(each))).toEqual([]);
  expect(parsed[1]).toContain("'=cmd|'/C calc'!A0");
  expect([cell('-'), cell(-1.5), cell('ec2:Run')]).toEqual(['-', '-1.5', 'ec2:Run']);
});

/** RFC 4180, plainly. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [[]];
  let value = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') value += text[++i];
      else if (c === '"') quoted = false;
      else value += c;
    } else if (c === '"') quoted = true;
    else if (c === ',' || (c === '\r' && text[i + 1] === '\n')) {
      lines.at(-1)!.push(value);
      value = '';
      if (c === '\r') {
        i++;
        lines.push([]);
      }
    } else value += c;
  }
  return lines.filter((line) => line.length > 0);
}

test('bodies and queries cannot reach prototypes', async () => {
  const {ask, service} = open();
  const body =
    '{"items":[{"time":1,"fields":{"__proto__":"x","constructor":"y"}},' +
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"eventTime":"x"}],' +
    '"__proto__":{"polluted":true}}';
  await ask('/api/v1/contexts/cloudtrail/observe', {method: 'POST', body});
  await ask('/api/v1/contexts/__proto__/observe', {method: 'POST', body});
  await ask('/api/v1/contexts/cloudtrail/observe', {
    method: 'POST',
    body: body.replace(',"__proto__":{"polluted":true}}', '}'),
  });
  await ask('/api/v1/observations?__proto__[polluted]=1&constructor.prototype.polluted=1');
  await ask('/api/v1/observations?__proto__=1');
  expect(({} as {polluted?: boolean}).polluted).toBeUndefined();
  const items = service.asked.flatMap((each) => each.items ?? []);
  expect(items.length).toBeGreaterThan(0);
  for (const item of items) {
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect((item as {polluted?: boolean}).polluted).toBeUndefined();
  }
  expect((await ask('/api/v1/values?dimension=__proto__')).status).toBe(400);
  expect((await ask('/api/v1/alerts/deliveries?state=constructor')).status).toBe(400);
});

test.each([
  '/api/v1/contexts/..%2f..%2fetc/reset',
  '/api/v1/contexts/%2e%2e/reset',
  '/api/v1/contexts/a%00b/reset',
  '/push/..%2fhook',
  '/api/v1/push/%2e%2e%2fhook',
])('a name cannot be a path: %s', async (path) => {
  const {ask, service} = open();
  const answer = await ask(path, {method: 'POST', body: '{}'});
  expect([400, 404, 405]).toContain(answer.status);
  expect(service.asked).toEqual([]);
});

test('a context cannot be created under a name that is a path', async () => {
  const {ask, service} = open();
  for (const name of ['../x', 'a/b', 'a\\b', 'a\u0000', '', '.'.repeat(65), 'a\nb']) {
    const body = JSON.stringify({name, declaration: 'contexts: []'});
    expect((await ask('/api/v1/contexts', {method: 'POST', body})).status).toBe(400);
  }
  expect(service.asked).toEqual([]);
});

test.each([
  ['/principals/a%2Fb?x=1#y', '/principals/a%2Fb?x=1#y'],
  ['//evil.example.com', '/'],
  ['/\\evil.example.com', '/'],
  ['/%5cevil.example.com', '/%5cevil.example.com'],
  ['/\t/evil.example.com', '/'],
  ['/a/..//evil.example.com', '/'],
  ['/x\r\nset-cookie: a=b', '/'],
  ['https://evil.example.com', '/'],
  ['javascript:alert(1)', '/'],
  ['/@evil.example.com', '/@evil.example.com'],
  ['', '/'],
])('after the login %j leads to %s (open redirect)', (path, to) => {
  expect(safeReturn(path)).toBe(to);
});

test('no request can add a header to an answer', async () => {
  const {ask} = open();
  const split = encodeURIComponent('x\r\nset-cookie: stolen=1');
  for (const path of [
    `/api/v1/${split}`,
    `/auth/login?return=${split}`,
    `/api/v1/observations.csv?text=${split}`,
    `/api/v1/events/${split}`,
    `/push/${split}`,
  ]) {
    const answer = await ask(path);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect([...answer.headers.values()].join('\n')).not.toContain('stolen');
  }
});

// Too much, too often, too slow

test('guessing tokens is slowed down, whatever address a request claims', async () => {
  let now = Date.now();
  const {ask, as, login, secrets} = await closed({now: () => now});
  const guess = () => `odt_${'x'.repeat(43)}`;
  const statuses: number[] = [];
  for (let i = 0; i < 30; i++) {
    const headers = {...as(guess()), 'x-forwarded-for': `10.0.0.${i}`};
    statuses.push((await ask('/api/v1/status', {headers})).status);
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.slice(10).every((status) => status === 429)).toBe(true);
  const limited = await login(secrets.read);
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(5);
  // Who has a good token is not locked out by that.
  expect((await ask('/api/v1/status', {headers: as(secrets.read)})).status).toBe(200);
  now += 60_000;
  expect((await login(secrets.read)).status).toBe(204);
});

test('refusals are in the log, with who, where and why, and not what was sent', async () => {
  const lines: string[] = [];
  const log = createLog('info', {write: (line) => void lines.push(line)});
  const {ask, as, secrets} = await closed({log});
  await ask('/api/v1/status', {headers: as('odt_wrong-secret')});
  await ask('/api/v1/audit?cursor=secret', {headers: as(secrets.read)});
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.map(({code, route, caller}) => [code, route, caller])).toEqual([
    ['unauthenticated', 'none', undefined],
    ['forbidden', '/api/v1/audit', 'token:read'],
  ]);
  expect(lines.join('')).not.toMatch(/secret/);
});

test('nobody gets more than a share of the service', async () => {
  let now = Date.now();
  const limits = {requests: {perSecond: 10, burst: 20}};
  const {ask, as, secrets} = await closed({now: () => now, limits});
  const status = async (secret: string) =>
    (await ask('/api/v1/status', {headers: as(secret)})).status;
  const statuses = await Promise.all(Array.from({length: 30}, () => status(secrets.read)));
  expect(statuses.filter((each) => each === 429)).toHaveLength(10);
  expect(await status(secrets.write)).toBe(200);
  now += 1_000;
  expect(await status(secrets.read)).toBe(200);
});

test('bodies beyond the limit are refused, with and without a length', async () => {
  const {api, service} = open({limits: {bodyBytes: 1_000, observeBytes: 2_000, pushBytes: 3_000}});
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0});
  const send = (path: string, size: number, chunked: boolean) => {
    const text = JSON.stringify({x: 'y'.repeat(size)});
    return fetch(`${url}${path}`, {
      method: 'POST',
      headers: {'content-type': 'application/json'},
      ...(chunked ? {body: new Blob([text]).stream(), duplex: 'half'} : {body: text}),
    } as RequestInit);
  };
  for (const chunked of [false, true]) {
    expect((await send('/api/v1/alerts/replay', 1_500, chunked)).status).toBe(413);
    expect((await send('/api/v1/contexts/cloudtrail/observe', 2_500, chunked)).status).toBe(413);
    expect((await send('/push/hook', 3_500, chunked)).status).toBe(413);
    expect((await send('/push/hook', 2_500, chunked)).status).toBe(200);
  }
  const far = await fetch(`${url}/api/v1/observations?text=${'x'.repeat(20_000)}`);
  expect(far.status).toBe(431);
  expect(service.asked).toHaveLength(2);
  await close();
});

test('deep nesting and long lists are refused or harmless', async () => {
  const {ask} = open();
  const deep = `{"items":[{"eventTime":"x","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`;
  const status = async (body: string) =>
    (await ask('/api/v1/contexts/cloudtrail/observe', {method: 'POST', body})).status;
  expect([200, 400]).toContain(await status(deep));
  expect(await status(`{"items":[${'{},'.repeat(10_000)}{}]}`)).toBe(400);
  expect((await ask('/api/v1/observations?limit=1001')).status).toBe(400);
  expect((await ask('/api/v1/observations/plot?limit=200001')).status).toBe(400);
});

test('clients that send a byte now and then are cut off (slowloris)', async () => {
  const {api} = open();
  const timeouts = {headersMs: 300, requestMs: 600, keepAliveMs: 300};
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0, timeouts});
  const port = Number(new URL(url).port);
  const slow = async (first: string) => {
    const socket = connect(port, '127.0.0.1');
    let ended = false;
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString();
    });
    socket.on('close', () => {
      ended = true;
    });
    socket.on('error', () => {});
    socket.write(first);
    const began = performance.now();
    while (!ended && performance.now() - began < 8_000) {
      await sleep(50);
      if (!socket.destroyed) socket.write('x');
    }
    socket.destroy();
    return {ended, text};
  };
  const head = 'POST /push/hook HTTP/1.1\r\nHost: localhost\r\n';
  const [headers, body] = await Promise.all([
    slow(`${head}X-Slow: `),
    slow(`${head}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n`),
  ]);
  expect(headers.ended).toBe(true);
  expect(headers.text).toContain('408');
  expect(body.ended).toBe(true);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  await close();
});

test('two lengths, or a length and chunks, are no request (smuggling)', async () => {
  const {api, service} = open();
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0});
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (data: Buffer) => {
        answer += data.toString();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
      socket.end(text);
    });
  const head = 'POST /push/hook HTTP/1.1\r\nHost: localhost\r\n';
  expect(await raw(`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`)).toContain('400');
  expect(
    await raw(`${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  ).toContain('400');
  // A name in the request line does not hide the one in the header, nor the other way round.
  const absolute = await raw(
    'GET http://localhost/api/v1/status HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n',
  );
  expect(absolute).toMatch(/^HTTP\/1.1 403/);
  const other = await raw(
    'GET http://evil.example.com/api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  expect(other).toMatch(/^HTTP\/1.1 403/);
  expect(service.asked).toEqual([]);
  await close();
});

// Declared detections

test('a file of detections has a plain name: nothing leads out of its folder', async () => {
  const {service, ask} = open();
  const body = JSON.stringify({text: 'detections: []', revision: ''});
  const names = [
    '../oddtrail.yml',
    '..%2foddtrail.yml',
    '..%2f..%2fetc%2fcron.d%2fx.yml',
    '%2fetc%2fx.yml',
    '.hidden.yml',
    'a%00.yml',
    'a.yml%0a',
    'a%5cb.yml',
    'UPPER.yml',
    'a.txt',
    `${'a'.repeat(80)}.yml`,
  ];
  for (const name of names) {
    const answer = await ask(`/api/v1/detections/files/${name}`, {method: 'PUT', body});
    expect([400, 404, 405], name).toContain(answer.status);
  }
  expect(service.detections.asked).toEqual([]);
});

test('who may read may neither write files of detections, nor set alarms, nor drill', async () => {
  const {service, ask, as, secrets} = await closed();
  const file = {method: 'PUT', body: JSON.stringify({text: 'detections: []', revision: ''})};
  const state = {method: 'POST', body: JSON.stringify({state: 'OK', reason: 'quiet'})};
  const put = (secret: string) =>
    ask('/api/v1/detections/files/a.yml', {...file, headers: as(secret)});
  const set = (secret: string) =>
    ask('/api/v1/alarms/root-used/state', {...state, headers: as(secret)});
  const drill = (secret: string) =>
    ask('/api/v1/traps/decoy-user/drill', {method: 'POST', headers: as(secret)});
  expect((await put(secrets.read)).status).toBe(403);
  expect((await put(secrets.write)).status).toBe(403);
  expect((await set(secrets.read)).status).toBe(403);
  expect((await drill(secrets.read)).status).toBe(403);
  expect(service.detections.asked).toEqual([]);
  expect(service.memory.auditRows).toEqual([]);
  expect((await put(secrets.admin)).status).toBe(200);
  expect((await set(secrets.write)).status).toBe(204);
  expect((await drill(secrets.write)).status).toBe(200);
});

test('a text of detections beyond the limit is refused unread', async () => {
  const {service, ask} = open();
  for (const length of [(1 << 20) + 1, 3 << 20]) {
    const text = '#'.repeat(length);
    for (const [path, method, sent] of [
      ['detections/check', 'POST', {text}],
      ['detections/try', 'POST', {text, from: 0, to: 1}],
      ['detections/files/a.yml', 'PUT', {text, revision: ''}],
    ] as const) {
      const answer = await ask(`/api/v1/${path}`, {method, body: JSON.stringify(sent)});
      expect(answer.status, path).toBe(length > 2 << 20 ? 413 : 400);
      // Not told back either.
      expect((await answer.text()).length).toBeLessThan(2_000);
    }
  }
  expect(service.detections.asked).toEqual([]);
});

test('what records put into matches stays data', async () => {
  const {service, ask} = open();
  const title = `${EVIL}${ESC} shared`;
  service.memory.detections.matchRows.push(
    match(1, {title, principal: EVIL, facts: {__proto__x: EVIL, outside: ESC}}),
  );
  const answer = await ask('/api/v1/matches/1');
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const text = await answer.text();
  expect(text).not.toContain('\u001b');
  expect(JSON.parse(text)).toMatchObject({title, principal: EVIL});
});
