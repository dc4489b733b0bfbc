import {createHash, randomBytes} from 'node:crypto';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {exportJWK, generateKeyPair, type JWTPayload, SignJWT} from 'jose';
import {afterAll, expect, test} from 'vitest';
import {FakeService} from '../../test/api-fixture.ts';
import {createApi} from './api.ts';
import type {OidcOptions} from './oidc.ts';

const PUBLIC = 'http://localhost:7433';
const keys = await generateKeyPair('RS256');
const strangers = await generateKeyPair('RS256');

/** A provider that gives codes and signs id tokens, and can be told to do it wrong. */
class Issuer {
  readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void this.#answer(request.url ?? '', request.headers, Buffer.concat(chunks).toString()).then(
        ([status, body]) => {
          response.writeHead(status, {'content-type': 'application/json'});
          response.end(JSON.stringify(body));
        },
      );
    });
  });
  /** Added to the claims, or in their place. */
  claims: JWTPayload = {};
  /** What signs instead. */
  sign: ((claims: JWTPayload) => Promise<string>) | undefined;
  discovery: Record<string, unknown> = {};
  readonly seen: {authorization: string | undefined; form: URLSearchParams}[] = [];
  readonly #codes = new Map<string, {challenge: string; nonce: string; redirect: string}>();

  get url() {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async listen() {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** What the person's browser would bring back after logging in there. */
  approve(authorisation: string): {code: string; state: string} {
    const query = new URL(authorisation).searchParams;
    expect(query.get('response_type')).toBe('code');
    expect(query.get('code_challenge_method')).toBe('S256');
    const code = randomBytes(8).toString('hex');
    this.#codes.set(code, {
      challenge: query.get('code_challenge')!,
      nonce: query.get('nonce')!,
      redirect: query.get('redirect_uri')!,
    });
    return {code, state: query.get('state')!};
  }

  async #answer(
    url: string,
    headers: {authorization?: string | undefined},
    body: string,
  ): Promise<[number, unknown]> {
    if (url === '/.well-known/openid-configuration') {
      const own = {
        issuer: this.url,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        jwks_uri: `${this.url}/keys`,
      };
      return [200, {...own, ...this.discovery}];
    }
    if (url === '/keys') {
      return [200, {keys: [{...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256'}]}];
    }
    const form = new URLSearchParams(body);
    this.seen.push({authorization: headers.authorization, form});
    const code = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (code?.challenge !== challenge || code.redirect !== form.get('redirect_uri')) {
      return [400, {error: 'invalid_grant'}];
    }
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: this.url,
      aud: 'oddtrail',
      sub: 'u-1',
      iat: now,
      exp: now + 300,
      nonce: code.nonce,
      email: 'raul@example.com',
      groups: ['analysts'],
      ...this.claims,
    };
    const sign = this.sign ?? signed;
    return [200, {id_token: await sign(claims), token_type: 'Bearer', access_token: 'x'}];
  }
}

async function signed(claims: JWTPayload, key = keys.privateKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({alg: 'RS256', kid: 'k1'}).sign(key);
}

const issuers: Issuer[] = [];
afterAll(() => {
  for (const {server} of issuers) {
    server.closeAllConnections();
    server.close();
  }
});

async function setUp(over: Partial<OidcOptions> = {}) {
  const issuer = await new Issuer().listen();
  issuers.push(issuer);
  const service = new FakeService();
  const api = createApi(service, {
    publicUrl: PUBLIC,
    auth: {
      oidc: {
        issuer: issuer.url,
        clientId: 'oddtrail',
        clientSecret: 's3:cr/et',
        roles: {admins: 'admin', analysts: 'analyst', everyone: 'viewer'},
        ...over,
      },
    },
    limits: {logins: {perSecond: 100, burst: 1_000}},
  });
  const get = (path: string, cookie = '') => api.request(`${PUBLIC}${path}`, {headers: {cookie}});
  /** Begins a login; what the provider and the browser then have. */
  const begin = async (path = '/auth/login?return=/principals') => {
    const answer = await get(path);
    expect(answer.status).toBe(302);
    const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!;
    return {...issuer.approve(answer.headers.get('location')!), cookie};
  };
  const finish = ({code, state, cookie}: {code: string; state: string; cookie: string}) =>
    get(`/auth/callback?${new URLSearchParams({code, state})}`, cookie);
  const sessionOf = (answer: Response) =>
    answer.headers
      .getSetCookie()
      .map((each) => each.split(';')[0]!)
      .find((each) => /^oddtrail=./.test(each));
  return {issuer, service, get, begin, finish, sessionOf};
}

test('logs a person in, in the role of a group, and back to the page that was wanted', async () => {
  const {begin, finish, sessionOf, get, issuer, service} = await setUp();
  const answer = await finish(await begin());
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe('/principals');
  const cookies = answer.headers.getSetCookie();
  expect(cookies.find((each) => each.startsWith('oddtrail='))).toMatch(
    /^oddtrail=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  expect(cookies.some((each) => each.startsWith('oddtrail-login=; Max-Age=0'))).toBe(true);
  const me = await get('/api/v1/me', sessionOf(answer));
  expect(await me.json()).toMatchObject({
    name: 'raul@example.com',
    role: 'analyst',
    login: 'oidc',
    authenticated: true,
  });
  expect(issuer.seen[0]!.authorization).toBe(
    `Basic ${Buffer.from('oddtrail:s3%3Acr%2Fet').toString('base64')}`,
  );
  expect(service.memory.auditRows[0]).toMatchObject({actor: 'raul@example.com', action: 'login'});
});

test.each<[string, JWTPayload]>([
  ['of another client', {aud: 'other'}],
  ['of several clients, none of them said to be us', {aud: ['oddtrail', 'other']}],
  ['meant for another client', {azp: 'other'}],
  ['of another issuer', {iss: 'https://evil.example.com'}],
  ['that has expired', {exp: 1_000}],
  ['of long ago', {iat: 1_000}],
  ['of another login', {nonce: 'other'}],
  ['without a nonce', {nonce: undefined}],
  ['not yet good', {nbf: 9_999_999_999}],
])('refuses an id token %s', async (_, claims) => {
  const {begin, finish, issuer, sessionOf} = await setUp();
  issuer.claims = claims;
  const answer = await finish(await begin());
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({code: 'login_failed'});
  expect(sessionOf(answer)).toBeUndefined();
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[string, (claims: JWTPayload) => Promise<string>]>([
  ['signed by a stranger', (claims) => signed(claims, strangers.privateKey)],
  ['without signature', async (claims) => `${part({alg: 'none'})}.${part(claims)}.`],
  [
    'signed with the public key as a secret',
    async (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({alg: 'HS256', kid: 'k1'})
        .sign(Buffer.from(JSON.stringify(await exportJWK(keys.publicKey)))),
  ],
  [
    'whose claims were changed',
    async (claims) => {
      const [head, , signature] = (await signed(claims)).split('.');
      return `${head}.${part({...claims, groups: ['admins']})}.${signature}`;
    },
  ],
])('refuses an id token %s', async (_, sign) => {
  const {begin, finish, issuer} = await setUp();
  issuer.sign = sign;
  expect((await finish(await begin())).status).toBe(401);
});

test('refuses an answer twice, in another browser, of another login or provider', async () => {
  const {begin, finish, get} = await setUp();
  const once = await begin();
  expect((await finish(once)).status).toBe(302);
  expect((await finish(once)).status).toBe(401);
  expect((await finish({...(await begin()), cookie: ''})).status).toBe(401);
  const [mine, theirs] = [await begin(), await begin()];
  expect((await finish({...mine, cookie: theirs.cookie})).status).toBe(401);
  // The code of one login in the other: PKCE and the nonce do not fit.
  const [a, b] = [await begin(), await begin()];
  expect((await finish({...a, code: b.code})).status).toBe(401);
  const {code, state, cookie} = await begin();
  const mixed = new URLSearchParams({code, state, iss: 'https://evil.example.com'});
  expect((await get(`/auth/callback?${mixed}`, cookie)).status).toBe(401);
  const denied = await begin();
  const refused = new URLSearchParams({error: 'access_denied', state: denied.state});
  expect((await get(`/auth/callback?${refused}`, denied.cookie)).status).toBe(401);
  expect((await get('/auth/callback')).status).toBe(401);
});

test.each<[unknown, string | undefined]>([
  [['everyone', 'admins'], 'admin'],
  ['everyone', 'viewer'],
  [['others'], undefined],
  [[], undefined],
  [undefined, undefined],
  [['__proto__', 'constructor', 'toString'], undefined],
  [{analysts: true}, undefined],
])('groups %j give the role %s', async (groups, role) => {
  const {begin, finish, issuer, get, sessionOf} = await setUp();
  issuer.claims = {groups};
  const answer = await finish(await begin());
  if (role === undefined) expect(answer.status).toBe(401);
  else {
    const me = await get('/api/v1/me', sessionOf(answer));
    expect(((await me.json()) as {role: string}).role).toBe(role);
  }
});

test('takes roles from within a claim, and a role for whoever has none', async () => {
  const nested = await setUp({roleClaim: 'realm_access.roles'});
  nested.issuer.claims = {realm_access: {roles: ['admins']}};
  const answer = await nested.finish(await nested.begin());
  const me = await nested.get('/api/v1/me', nested.sessionOf(answer));
  expect(await me.json()).toMatchObject({role: 'admin'});
  const open = await setUp({defaultRole: 'viewer', roleClaim: '__proto__.constructor'});
  const other = await open.finish(await open.begin());
  expect(await (await open.get('/api/v1/me', open.sessionOf(other))).json()).toMatchObject({
    role: 'viewer',
  });
});

test('an address that is not verified is no name', async () => {
  const {begin, finish, issuer, get, sessionOf} = await setUp();
  issuer.claims = {email: 'admin@example.com', email_verified: false, sub: 'u-1\r\nx\u001b[31m'};
  const answer = await finish(await begin());
  const me = await get('/api/v1/me', sessionOf(answer));
  expect(await me.json()).toMatchObject({name: 'u-1__x__31m'});
});

test('does not trust a provider that describes another, or sends secrets in clear', async () => {
  const {issuer, get} = await setUp();
  issuer.discovery = {issuer: 'https://evil.example.com'};
  expect((await get('/auth/login')).status).toBe(503);
  issuer.discovery = {token_endpoint: 'http://evil.example.com/token'};
  expect((await get('/auth/login')).status).toBe(503);
  await expect(setUp({issuer: 'http://evil.example.com'})).rejects.toThrow('https');
});

test('says so when the provider is away', async () => {
  const {issuer, get} = await setUp();
  issuer.server.closeAllConnections();
  await new Promise((resolve) => issuer.server.close(resolve));
  const answer = await get('/auth/login');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10']);
});

test.each([
  '//evil.example.com',
  '/\\evil.example.com',
  'https://evil.example.com',
  '/%09/evil.example.com',
  '/\t/evil.example.com',
  'javascript:alert(1)',
  '/x\r\nset-cookie: a=b',
  '/./\\evil.example.com',
  '/..//evil.example.com',
  '',
])('does not lead elsewhere after the login: %j', async (path) => {
  const {begin, finish} = await setUp();
  const query = new URLSearchParams({return: path});
  const answer = await finish(await begin(`/auth/login?${query}`));
  const location = answer.headers.get('location')!;
  expect(new URL(location, PUBLIC).origin).toBe(PUBLIC);
  expect(location).toMatch(/^\/(?![/\\])/);
});
