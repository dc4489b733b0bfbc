import {execFileSync, type StdioOptions} from 'node:child_process';
import {chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';

/** A PostgreSQL server of our own, in a folder and on a port of its own. */
export interface PostgresPeer {
  readonly url: string;
  /** The server dies as if the power had gone, and comes back. */
  restart(): void;
  stop(): void;
  start(): void;
  close(): void;
}

/** @returns the server, or why there is none. */
export async function startPostgres(): Promise<PostgresPeer | string> {
  const bin = findBinaries();
  if (bin === undefined) return 'PostgreSQL is not installed';
  const user = serverUser();
  if (typeof user === 'string') return user;
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-postgres-'));
  const data = join(folder, 'data');
  chmodSync(folder, 0o755);
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const call = (name: string, args: readonly string[], stdio: StdioOptions = 'pipe'): void => {
    const {uid, gid} = user;
    execFileSync(join(bin, name), args, {
      cwd: folder,
      stdio,
      ...(uid === undefined || gid === undefined ? {} : {uid, gid}),
      env: {PATH: process.env.PATH, LC_ALL: 'C.UTF-8', HOME: folder},
    });
  };
  const start = (): void => {
    const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c fsync=off -k ${folder}`;
    const log = join(folder, 'log');
    call('pg_ctl', ['-D', data, '-l', log, '-w', '-o', settings, 'start'], 'ignore');
  };
  const stop = (): void => call('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop'], 'ignore');
  try {
    call('initdb', ['-D', data, '-U', 'oddtrail', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
    start();
  } catch (error) {
    rmSync(folder, {recursive: true, force: true});
    return `PostgreSQL does not start here: ${error instanceof Error ? error.message : error}`;
  }
  return {
    url: `postgres://oddtrail@127.0.0.1:${port}/postgres`,
    start,
    stop,
    restart(): void {
      stop();
      start();
    },
    close(): void {
      try {
        stop();
      } finally {
        rmSync(folder, {recursive: true, force: true});
      }
    },
  };
}

function findBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  const debian = existsSync(root) ? readdirSync(root).map((v) => join(root, v, 'bin')) : [];
  return [...debian.reverse(), '/usr/local/bin', '/usr/bin'].find((folder) =>
    ['initdb', 'pg_ctl', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
}

/** The server refuses to run as root: then as the user that Debian's package makes, or nobody. */
function serverUser(): {uid?: number; gid?: number} | string {
  if (userInfo().uid !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], {stdio: ['ignore', 'pipe', 'ignore']}));
      return {uid: id('-u'), gid: id('-g')};
    } catch {
      // There is no such user; the next one, then.
    }
  }
  return 'PostgreSQL does not run as root, and there is no user "postgres" or "nobody"';
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
      });
    });
  });
}
