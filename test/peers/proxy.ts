import {createServer, request} from 'node:http';
import type {AddressInfo} from 'node:net';

/** Stands between a source and its world, to count what is asked and to break the world. */
export interface Proxy {
  readonly endpoint: string;
  /** Every request so far: "METHOD /path?query" and, with AWS's JSON protocols, the operation. */
  readonly requests: string[];
  /** Connections are cut while it is true. */
  broken: boolean;
  stop(): Promise<void>;
}

export async function startProxy(target: string): Promise<Proxy> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    if (proxy.broken) {
      incoming.socket.destroy();
      return;
    }
    const operation = incoming.headers['x-amz-target'] ?? '';
    requests.push(`${incoming.method} ${incoming.url} ${operation}`.trim());
    const {hostname, port} = new URL(target);
    const onward = request(
      {
        hostname,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    broken: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
