import type {ChildProcessWithoutNullStreams} from 'node:child_process';
import {expect} from 'vitest';
import {type Outcome, outcomeOf, start} from './harness.ts';

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  /** What it has said so far, on both streams. */
  readonly said: () => string;
  readonly ended: Promise<Outcome>;
  /** JSON of an API path; throws with the body unless it answers 2xx. */
  get<T>(path: string, token?: string): Promise<T>;
  stop(signal?: NodeJS.Signals): Promise<Outcome>;
}

const running = new Set<ChildProcessWithoutNullStreams>();

/** Kills what a failed test has left. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts `oddtrail` with these arguments, and waits until it says where it is. */
export async function serve(args: readonly string[], cwd: string): Promise<ServiceProcess> {
  const child = start(args, {cwd});
  running.add(child);
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const ended = outcomeOf(child).finally(() => running.delete(child));
  const address = () => /Oddtrail is at (https?:\/\/\S+)/.exec(text)?.[1];
  let over = false;
  void ended.then(() => {
    over = true;
  });
  await until(() => address() !== undefined || over, 60_000);
  const url = address();
  expect(url, text).toBeDefined();
  return {
    child,
    url: url as string,
    said: () => text,
    ended,
    async get(path, token) {
      const headers = token === undefined ? {} : {authorization: `Bearer ${token}`};
      const response = await fetch(`${url}/api/v1${path}`, {headers});
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${body}`);
      return JSON.parse(body);
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  patienceMs = 30_000,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It does not hold: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
