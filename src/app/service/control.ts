import {sample} from '../../alerts/dispatcher.ts';
import {createToken, revokeToken} from '../../api/tokens.ts';
import {AppError} from '../../base/errors.ts';
import type {Store, TokenRow} from '../../pipeline/store.ts';
import {dataDirOf, makeAlerter, openStore} from './adapters.ts';
import {DataDirLock, type Holder, holderOfDataDir} from './data-dir-lock.ts';
import type {LoadedConfig} from './load-config.ts';

export type TokenInfo = Omit<TokenRow, 'hash'>;

/** What a command on this machine may ask of the service, whether it is running or not. */
export interface Control {
  /** Whether there is a service that was asked. */
  readonly running: boolean;
  createToken(token: {
    readonly name: string;
    readonly scope: TokenRow['scope'];
    readonly expiresAt: number | null;
  }): Promise<{readonly secret: string; readonly token: TokenInfo}>;
  tokens(): Promise<readonly TokenInfo[]>;
  /** False: there is none by that id, or it was revoked before. */
  revokeToken(id: string): Promise<boolean>;
  /** What the destination said; throws `AppError` when it did not take it. */
  testDestination(name: string): Promise<string>;
  /** How many there were. */
  replayAlerts(destination: string | undefined): Promise<number>;
  reload(): Promise<{readonly changed: readonly string[]; readonly needRestart: readonly string[]}>;
  /** Any call of the API, by its path after the version. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/**
 * Speaks to the service that has the data folder, through its API; without one it has the folder
 * itself meanwhile, and opens the store; `write` then takes what goes to the console.
 */
export async function withControl<T>(
  loaded: LoadedConfig,
  use: (control: Control) => Promise<T>,
  write: (line: string) => void = () => {},
): Promise<T> {
  const folder = dataDirOf(loaded);
  const holder = await holderOfDataDir(folder);
  if (holder !== undefined) return use(remote(holder));
  const lock = await DataDirLock.acquire(folder);
  try {
    const store = await openStore(loaded);
    try {
      return await use(alone(loaded, store, write));
    } finally {
      await store.close();
    }
  } finally {
    await lock.release();
  }
}

function alone(loaded: LoadedConfig, store: Store, write: (line: string) => void): Control {
  const audit = (action: string, subject: string) =>
    store.audit({at: Date.now(), actor: 'cli', action, subject, detail: '{}'});
  return {
    running: false,
    async createToken(wanted) {
      await audit('token.create', wanted.name);
      const {secret, token} = await createToken(store, wanted);
      return {secret, token: withoutHash(token)};
    },
    async tokens() {
      return (await store.tokens()).map(withoutHash);
    },
    async revokeToken(id) {
      await audit('token.revoke', id);
      return revokeToken(store, id);
    },
    async testDestination(name) {
      const declared = loaded.config.alerts.destinations.find((each) => each.name === name);
      if (declared === undefined) throw unknownDestination(name);
      await audit('alerts.test', name);
      const alerter = makeAlerter(loaded, declared, write);
      try {
        const delivery = sample(Date.now(), loaded.config.server.public_url ?? '');
        const result = await alerter.deliver(delivery, new AbortController().signal);
        if (!result.ok) throw notTaken(name, result.reason);
        return result.status;
      } finally {
        await alerter.close();
      }
    },
    async replayAlerts(destination) {
      await audit('alerts.replay', destination ?? '*');
      return store.replayDead(destination, Date.now());
    },
    async reload() {
      throw new AppError('usage', 'The service is not running: there is nothing to reload');
    },
    async ask() {
      throw new AppError('usage', 'The service is not running: there is nobody to ask');
    },
  };
}

function remote(holder: Holder): Control {
  const ask = <T>(method: string, path: string, body?: unknown) =>
    request<T>(holder, method, path, body);
  return {
    running: true,
    createToken: (wanted) => ask('POST', '/tokens', wanted),
    async tokens() {
      const {tokens} = await ask<{tokens: TokenInfo[]}>('GET', '/tokens');
      return tokens;
    },
    async revokeToken(id) {
      const done = await attempt(() => ask('DELETE', `/tokens/${encodeURIComponent(id)}`));
      return done;
    },
    async testDestination(name) {
      const path = `/alerts/destinations/${encodeURIComponent(name)}/test`;
      const {status} = await ask<{status: string}>('POST', path);
      return status;
    },
    async replayAlerts(destination) {
      const body = destination === undefined ? {} : {destination};
      const {replayed} = await ask<{replayed: number}>('POST', '/alerts/replay', body);
      return replayed;
    },
    reload: () => ask('POST', '/configuration/reload'),
    ask,
  };
}

interface Problems {
  readonly detail?: string;
  readonly title?: string;
  readonly problems?: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly path: string;
    readonly message: string;
  }[];
}

class NotFound extends AppError {}

async function request<T>(
  {url, token, pid}: Holder,
  method: string,
  path: string,
  body: unknown,
): Promise<T> {
  if (url === '') {
    throw new AppError('data_dir_in_use', `The service (process ${pid}) is starting; try again`, {
      retryable: true,
    });
  }
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(token !== '' && {authorization: `Bearer ${token}`}),
        ...(body !== undefined && {'content-type': 'application/json'}),
      },
      ...(body !== undefined && {body: JSON.stringify(body)}),
      signal: AbortSignal.timeout(60_000),
    });
  } catch (cause) {
    throw new AppError('data_dir_in_use', `The service at ${url} does not answer`, {cause});
  }
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  const {detail, title, problems = []} = answer as Problems;
  const lines = problems.map(({line, column, path: at, message}) =>
    line > 1 || column > 1 || at !== '' ? `${line}:${column}: ${at}: ${message}` : message,
  );
  const message = [detail ?? title ?? `It answered ${response.status}`, ...lines].join('\n');
  if (response.status === 404) throw new NotFound('usage', message);
  throw new AppError(response.status < 500 ? 'usage' : 'store_unavailable', message);
}

/** False if there is no such thing. */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

function withoutHash({hash: _, ...token}: TokenRow): TokenInfo {
  return token;
}

function unknownDestination(name: string): AppError {
  return new AppError('usage', `There is no destination "${name}" in the configuration`);
}

function notTaken(name: string, reason: string): AppError {
  return new AppError('output_unwritable', `Destination "${name}" did not take it: ${reason}`);
}
