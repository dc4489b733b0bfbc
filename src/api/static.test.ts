import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {FakeService} from '../../test/api-fixture.ts';
import {createApi} from './api.ts';

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-web-'));
const root = join(folder, 'app');
mkdirSync(join(root, 'assets'), {recursive: true});
writeFileSync(join(root, 'index.html'), '<!doctype html><script>go()</script><div id=root></div>');
writeFileSync(join(root, 'assets/index-a1B2c3D4.js'), 'export {}');
writeFileSync(join(root, 'favicon.svg'), '<svg/>');
writeFileSync(join(root, '.env'), 'secret');
writeFileSync(join(folder, 'secret.txt'), 'secret');
symlinkSync(join(folder, 'secret.txt'), join(root, 'link.txt'));
afterAll(() => rmSync(folder, {recursive: true}));

const api = createApi(new FakeService(), {webRoot: root});
const get = (path: string, headers: Record<string, string> = {}) =>
  api.request(`http://localhost${path}`, {headers: {host: 'localhost', ...headers}});

test.each([
  '/',
  '/principals/111122223333:user%2Fraul',
  '/principals/person%2Fraul@example.com',
  '/principals/lambda.amazonaws.com',
  '/observations/5',
  '/a.b/c',
])('serves the first page at %s', async (path) => {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('id=root');
  expect(answer.headers.get('cache-control')).toBe('no-cache');
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy).toContain("script-src 'self' 'sha256-");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

test('hashed files may be kept for ever, others are asked for again by tag', async () => {
  const script = await get('/assets/index-a1B2c3D4.js');
  expect(script.headers.get('content-type')).toContain('text/javascript');
  expect(script.headers.get('cache-control')).toContain('immutable');
  const icon = await get('/favicon.svg');
  expect(icon.headers.get('cache-control')).toBe('no-cache');
  const again = await get('/favicon.svg', {'if-none-match': icon.headers.get('etag')!});
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test('a changed file is served anew', async () => {
  const before = (await get('/favicon.svg')).headers.get('etag');
  writeFileSync(join(root, 'favicon.svg'), '<svg>other</svg>');
  const after = await get('/favicon.svg');
  expect(after.headers.get('etag')).not.toBe(before);
  expect(await after.text()).toContain('other');
});

test.each(['/assets/gone-a1B2c3D4.js', '/api/v1/gone', '/api/gone', '/auth/gone'])(
  'does not take %s for a place of the application',
  async (path) => {
    expect((await get(path)).status).toBe(404);
  },
);

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/%2e%2e%5c%2e%2e%5csecret.txt',
  '/%00secret.txt',
  '/.env',
  '/link.txt',
  '/assets//../../secret.txt',
  '/%252e%252e/secret.txt',
  '/%ff.txt',
])('serves nothing outside the folder: %s', async (path) => {
  const answer = await get(path);
  expect(await answer.text()).not.toBe('secret');
});
