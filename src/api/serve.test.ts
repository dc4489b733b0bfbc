import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {get as getOverTls} from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {FakeService, row} from '../../test/api-fixture.ts';
import {createApi} from './api.ts';
import {serveApi} from './serve.ts';

test('serves, streams, and closes though a reader stays', async () => {
  const service = new FakeService();
  const api = createApi(service, {stream: {batchMs: 5}});
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0});
  service.add(row(1), row(2));
  const page = await fetch(`${url}/api/v1/observations`);
  expect(((await page.json()) as {rows: unknown[]}).rows).toHaveLength(2);
  const stream = await fetch(`${url}/api/v1/stream?after=0`);
  const reader = stream.body!.getReader();
  await reader.read();
  await sleep(20);
  service.add(row(3));
  await reader.read();
  const began = performance.now();
  await close();
  expect(performance.now() - began).toBeLessThan(2_000);
  await expect(fetch(url)).rejects.toThrow();
});

test('lets a request in progress end', async () => {
  const service = new FakeService();
  let begun = () => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  service.contexts = async () => {
    begun();
    await sleep(150);
    return [];
  };
  const {url, close} = await serveApi(createApi(service), {host: '127.0.0.1', port: 0});
  const answer = fetch(`${url}/api/v1/contexts`);
  await asked;
  const closing = close();
  expect((await answer).status).toBe(200);
  await closing;
});

test.each(['0.0.0.0', '::', '192.0.2.7', 'oddtrail.example.com'])(
  'does not listen on %s without authentication',
  async (host) => {
    const api = createApi(new FakeService());
    await expect(serveApi(api, {host, port: 0})).rejects.toThrow('needs authentication');
  },
);

test('with authentication it may listen anywhere', async () => {
  const api = createApi(new FakeService(), {auth: {}});
  const {url, close} = await serveApi(api, {host: '0.0.0.0', port: 0});
  const port = new URL(url).port;
  expect((await fetch(`http://127.0.0.1:${port}/api/v1/status`)).status).toBe(401);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await close();
});

test('says whose address it is that cannot be had', async () => {
  const first = await serveApi(createApi(new FakeService()), {host: '127.0.0.1', port: 0});
  const port = Number(new URL(first.url).port);
  const second = serveApi(createApi(new FakeService()), {host: '127.0.0.1', port});
  await expect(second).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}`);
  await first.close();
});

test('speaks TLS with the certificate it is given, and tells browsers to insist', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    {stdio: 'ignore'},
  );
  const tls = {key: readFileSync(key), cert: readFileSync(cert)};
  const api = createApi(new FakeService(), {tls: true});
  const {url, close} = await serveApi(api, {host: '127.0.0.1', port: 0, tls});
  expect(url).toMatch(/^https:/);
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    getOverTls(`${url}/healthz`, {ca: tls.cert, agent: false}, (answer) => {
      answer.resume();
      resolve(answer.headers);
    }).on('error', reject);
  });
  expect(headers['strict-transport-security']).toContain('max-age=63072000');
  await close();
  rmSync(folder, {recursive: true});
});
