import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const VERSION = '5.2.5';
const HOME = join(tmpdir(), 'oddtrail-test-peers');
const FOLDER = join(HOME, `moto-${VERSION}`);
const READY = join(FOLDER, 'installed');
const LOCK = `${FOLDER}.lock`;

export interface Moto {
  /** Address of S3, SQS, SNS, Kinesis, CloudWatch Logs and STS. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * An emulator of AWS, installed from PyPI into a cache folder when it is first wanted; undefined,
 * with the reason on standard error, where that is not possible.
 */
export async function startMoto(): Promise<Moto | undefined> {
  const missing = await install();
  if (missing !== undefined) {
    process.stderr.write(`skipped: no emulator of AWS (moto ${VERSION}): ${missing}\n`);
    return undefined;
  }
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_REGION: 'us-east-1',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const child = spawn(join(FOLDER, 'bin/python'), [
    join(FOLDER, 'bin/moto_server'),
    ...['-H', '127.0.0.1', '-p', '0'],
  ]);
  const endpoint = await addressOf(child);
  return {
    endpoint,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

/** What a client of the SDK needs to talk to it. */
export function clientSettings(moto: Moto | undefined) {
  return {
    endpoint: moto?.endpoint ?? '',
    region: 'us-east-1',
    credentials: {accessKeyId: 'testing', secretAccessKey: 'testing'},
  };
}

/** To be called once all tests of a file are done. */
export async function stopMoto(
  moto: Moto | undefined,
  ...clients: readonly {destroy(): void}[]
): Promise<void> {
  for (const client of clients) client.destroy();
  await moto?.stop();
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (data: Buffer) => {
      said += data.toString();
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`moto ended with ${code}: ${said}`)));
  });
}

/** Why it could not be installed; undefined when it is. */
async function install(): Promise<string | undefined> {
  mkdirSync(HOME, {recursive: true});
  for (let waited = 0; !existsSync(READY); waited++) {
    try {
      mkdirSync(LOCK);
    } catch {
      // Another test file is at it, or was killed while it was.
      if (waited > 600 || Date.now() - (mtimeOf(LOCK) ?? 0) > 10 * 60_000) {
        rmSync(LOCK, {recursive: true, force: true});
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
      continue;
    }
    try {
      const steps = [
        ['python3', '-m', 'venv', FOLDER],
        [join(FOLDER, 'bin/python'), '-m', 'pip', 'install', '--quiet', `moto[server]==${VERSION}`],
      ];
      for (const [command = '', ...args] of steps) {
        const {status, stderr, error} = spawnSync(command, args, {encoding: 'utf8'});
        if (status !== 0) return (error?.message ?? stderr).trim().split('\n').pop() ?? 'failed';
      }
      writeFileSync(READY, VERSION);
    } finally {
      rmSync(LOCK, {recursive: true, force: true});
    }
  }
  return undefined;
}

function mtimeOf(path: string): number | undefined {
  return existsSync(path) ? statSync(path).mtimeMs : undefined;
}
