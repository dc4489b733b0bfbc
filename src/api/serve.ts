import {createServer as createHttpServer, type Server, type ServerOptions} from 'node:http';
import {createServer as createHttpsServer} from 'node:https';
import {isIPv6} from 'node:net';
import {serve} from '@hono/node-server';
import {AppError} from '../base/errors.ts';
import type {ServiceApi} from './api.ts';
import {isLoopbackName} from './oidc.ts';

export interface Listen {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM. */
  readonly tls?: {readonly cert: string | Buffer; readonly key: string | Buffer} | undefined;
  /** Milliseconds that requests in progress may take when the server closes. */
  readonly graceMs?: number | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** Against clients that send a byte now and then to hold a connection. */
export interface Timeouts {
  /** From the first byte of a request to the end of its head. */
  readonly headersMs: number;
  /** To the end of its body. */
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

const TIMEOUTS: Timeouts = {headersMs: 15_000, requestMs: 120_000, keepAliveMs: 10_000};
const CONNECTIONS = 4_000;

export interface Served {
  readonly url: string;
  /** Takes no more, lets what is in progress end, then cuts what is left. */
  close(): Promise<void>;
}

/**
 * Serves the app. An open one is served on a loopback address alone. Throws `AppError` when the
 * address cannot be had.
 */
export async function serveApi(app: ServiceApi, listen: Listen): Promise<Served> {
  const {host, port, tls, graceMs = 5_000} = listen;
  const timeouts = {...TIMEOUTS, ...listen.timeouts};
  const bare = host.replace(/^\[|\]$/g, '');
  if (app.open && !isLoopbackName(isIPv6(bare) ? `[${bare}]` : bare)) {
    throw new AppError(
      'usage',
      `Listening on "${host}" needs authentication; without it only this machine may ask`,
    );
  }
  const serverOptions: ServerOptions = {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: Math.min(2_000, timeouts.headersMs),
    maxHeaderSize: 16 << 10,
  };
  const server = await new Promise<Server>((resolve, reject) => {
    const options =
      tls === undefined
        ? {createServer: createHttpServer, serverOptions}
        : {
            createServer: createHttpsServer,
            serverOptions: {
              ...serverOptions,
              cert: tls.cert,
              key: tls.key,
              minVersion: 'TLSv1.2' as const,
            },
          };
    const made = serve({fetch: app.fetch, hostname: bare, port, ...options}, () =>
      resolve(made as Server),
    );
    made.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code ?? 'unknown';
      reject(new AppError('usage', `Cannot listen on ${host}:${port}: ${why}`, {cause}));
    });
  });
  server.maxConnections = CONNECTIONS;
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const name = isIPv6(bare) ? `[${bare}]` : bare;
  let closing: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${actual}`,
    close: () => {
      closing ??= closeServer(server, app, graceMs);
      return closing;
    },
  };
}

async function closeServer(server: Server, app: ServiceApi, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  app.endStreams();
  // Connections that fall idle from now on, having had their answer, end as well.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
