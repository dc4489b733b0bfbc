import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import {createServer as createRawServer} from 'node:net';
import {expect, onTestFinished, test} from 'vitest';
import {sample} from '../../src/alerts/dispatcher.ts';
import type {Alerter, Delivery} from '../../src/pipeline/alert.ts';

/** An HTTP destination under test: how to make one for an address. */
export interface HttpAlerterFixture {
  make(url: string, timeoutMs: number): Alerter;
}

export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (request: Received, response: ServerResponse) => void;

/** A real server on this machine; closed when the test ends. */
export async function destination(answer: Answer): Promise<{url: string; received: Received[]}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const got = {headers: request.headers, body: Buffer.concat(parts).toString('utf8')};
      received.push(got);
      answer(got, response);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {url: `http://127.0.0.1:${port}/hook`, received};
}

function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const reply = (status: number, body = '', headers: Record<string, string> = {}): Answer => {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
};

export function deliveryOf(
  changes: Partial<Delivery['alert']> = {},
  item: Partial<Delivery['news'][number]> = {},
): Delivery {
  const made = sample(Date.UTC(2026, 0, 31, 12), 'https://oddtrail.example/principals/x');
  const changed = {...(made.news[0] as Delivery['news'][number]), ...item};
  return {
    id: 'cloudtrail|111122223333:user/raul|2026-01-31T12',
    revision: 1,
    news: [changed],
    alert: {...made.alert, test: false, items: [changed], ...changes},
  };
}

/** What holds of every destination that is reached by HTTP, against servers that really misbehave. */
export function testHttpAlerter(name: string, fixture: HttpAlerterFixture): void {
  const deliver = (url: string, timeoutMs = 2000) =>
    fixture.make(url, timeoutMs).deliver(deliveryOf(), new AbortController().signal);

  test.each([200, 201, 202, 204])(`${name}: %i counts as delivered`, async (status) => {
    const {url, received} = await destination(reply(status, 'ok'));
    expect(await deliver(url)).toMatchObject({ok: true});
    expect(received).toHaveLength(1);
    expect(() => JSON.parse(received[0]?.body ?? '')).not.toThrow();
    expect(received[0]?.headers['content-type']).toBe('application/json');
  });

  test.each([400, 401, 403, 404, 410, 413])(`${name}: %i is never tried again`, async (status) => {
    const {url} = await destination(reply(status, 'no_service'));
    expect(await deliver(url)).toMatchObject({
      ok: false,
      retry: false,
      reason: `HTTP ${status}: no_service`,
    });
  });

  test.each([408, 429, 500, 502, 503])(`${name}: %i is tried again`, async (status) => {
    const {url} = await destination(reply(status));
    expect(await deliver(url)).toMatchObject({ok: false, retry: true});
  });

  test(`${name}: waits as long as Retry-After says`, async () => {
    const {url} = await destination(reply(429, '', {'retry-after': '17'}));
    expect(await deliver(url)).toMatchObject({ok: false, retry: true, afterMs: 17_000});
  });

  test(`${name}: follows no redirect`, async () => {
    const other = await destination(reply(200));
    const {url} = await destination(reply(302, '', {location: other.url}));
    expect(await deliver(url)).toMatchObject({ok: false, retry: false});
    expect(other.received).toHaveLength(0);
  });

  test(`${name}: gives up on a server that does not answer`, async () => {
    const {url} = await destination(() => {});
    expect(await deliver(url, 100)).toEqual({
      ok: false,
      retry: true,
      reason: 'no answer within 0.1 s',
    });
  });

  test(`${name}: survives a connection that is cut in the middle`, async () => {
    const raw = createRawServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-le');
        socket.destroy();
      });
    });
    const port = await listen(raw);
    onTestFinished(() => {
      raw.close();
    });
    expect(await deliver(`http://127.0.0.1:${port}/`)).toMatchObject({ok: false, retry: true});
  });

  test(`${name}: survives a half-closed connection`, async () => {
    const raw = createRawServer({allowHalfOpen: true}, (socket: Socket) => {
      socket.on('error', () => {});
      socket.end();
    });
    const port = await listen(raw);
    onTestFinished(() => {
      raw.close();
    });
    expect(await deliver(`http://127.0.0.1:${port}/`, 500)).toMatchObject({ok: false, retry: true});
  });

  test(`${name}: says that nobody listens, and not where`, async () => {
    const result = await deliver('http://127.0.0.1:1/secret-path');
    expect(result).toEqual({ok: false, retry: true, reason: 'ECONNREFUSED'});
  });

  test(`${name}: does not speak TLS with what does not`, async () => {
    const {url} = await destination(reply(200));
    const result = await deliver(url.replace('http:', 'https:'));
    expect(result).toMatchObject({ok: false, retry: true});
  });

  test(`${name}: does not swallow an endless answer`, async () => {
    const {url} = await destination((_, response) => {
      response.writeHead(200);
      const more = () => {
        if (response.write('x'.repeat(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    expect(await deliver(url, 5000)).toMatchObject({ok: true});
  });

  test(`${name}: ends at once when stopped`, async () => {
    const {url} = await destination(() => {});
    const abort = new AbortController();
    const pending = fixture.make(url, 60_000).deliver(deliveryOf(), abort.signal);
    setTimeout(() => abort.abort(), 20);
    expect(await pending).toMatchObject({ok: false, retry: true, reason: 'stopped'});
  });

  test(`${name}: sends nothing in the clear to another machine`, () => {
    expect(() => fixture.make('http://192.0.2.1/hook', 1000)).toThrow('must begin with https://');
  });

  test(`${name}: delivers what hostile records hold as sound JSON`, async () => {
    const {url, received} = await destination(reply(200));
    const hostile = '<!channel> "quoted" \\ \u0000\u202e\u001b[31m\ud800 </script> @here `x` *b*';
    const delivery = deliveryOf(
      {title: hostile, principal: hostile.repeat(60)},
      {reason: hostile.repeat(200), operation: hostile, resource: hostile},
    );
    const result = await fixture.make(url, 2000).deliver(delivery, new AbortController().signal);
    expect(result).toMatchObject({ok: true});
    expect(() => JSON.parse(received[0]?.body ?? '')).not.toThrow();
  });
}
