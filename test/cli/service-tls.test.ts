import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {request} from 'node:https';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {run, scratch} from './harness.ts';
import {killAll, serve} from './service-harness.ts';

const home = join(scratch(), 'tls');
const C = ['-c', 'oddtrail.yml'];

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
})();
if (!hasOpenssl) process.stderr.write('skipped: no openssl to make a certificate with\n');

afterAll(killAll);

function selfSigned(): string {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', ...subject, ...files], {
    cwd: home,
    stdio: 'ignore',
  });
  return readFileSync(join(home, 'cert.pem'), 'utf8');
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function ask(url: string, ca: string | undefined, token?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : {authorization: `Bearer ${token}`};
    request(url, {ca, headers, agent: false}, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body += piece;
      });
      response.on('end', () =>
        resolve({status: response.statusCode ?? 0, headers: response.headers, body}),
      );
    })
      .on('error', reject)
      .end();
  });
}

test.skipIf(!hasOpenssl)(
  'speaks TLS to others, and is steered from this machine all the same',
  async () => {
    mkdirSync(home, {recursive: true});
    const ca = selfSigned();
    const config = {
      server: {
        listen: '127.0.0.1:0',
        auth: {tokens: true},
        tls: {cert: 'cert.pem', key: 'key.pem'},
      },
      alerts: {destinations: [{name: 'log', type: 'file', path: 'alerts.jsonl', min_score: 0.9}]},
    };
    const write = (change: object) =>
      writeFileSync(join(home, 'oddtrail.yml'), JSON.stringify({...config, ...change}));
    write({});
    const service = await serve(['run', ...C], home);
    expect(service.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+/);
    const status = `${service.url}/api/v1/status`;
    await expect(ask(status, undefined)).rejects.toThrow(/self-signed/);
    const page = await ask(`${service.url}/`, ca);
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('<title>')]);
    expect(page.headers['strict-transport-security']).toBeDefined();
    expect((await ask(status, ca)).status).toBe(401);
    // Plain HTTP is not answered at that port.
    await expect(fetch(service.url.replace('https:', 'http:'))).rejects.toThrow();

    // Commands come in by the listener of their own, whose certificate nobody had to be told of.
    const made = await run(['token', 'create', ...C, '--name', 'boss', '--scope', 'admin'], {
      cwd: home,
    });
    expect(made.code, made.stderr).toBe(0);
    const secret = made.stdout.trim();
    expect((await ask(status, ca, secret)).status).toBe(200);
    const sent = await run(['alerts', 'test', ...C, 'log'], {cwd: home});
    expect(sent, sent.stderr).toMatchObject({code: 0, stdout: 'log: written\n'});
    write({alerts: {destinations: [{...config.alerts.destinations[0], min_score: 0.5}]}});
    const reloaded = await run(['reload', ...C], {cwd: home});
    expect(reloaded, reloaded.stderr).toMatchObject({
      code: 0,
      stdout: 'changed: alerts.destinations.log\n',
    });
    const told = await ask(`${service.url}/api/v1/alerts/destinations`, ca, secret);
    expect(JSON.parse(told.body).destinations).toMatchObject([{name: 'log', minScore: 0.5}]);
    expect((await service.stop()).code).toBe(0);
  },
  120_000,
);
