import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterAll} from 'vitest';
import {simulate} from '../../src/simulate/simulate.ts';

export const ROOT = join(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/oddtrail.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: Uint8Array | string;
  /** Before the command itself, as in `/usr/bin/time -f %M`. */
  readonly prefix?: readonly string[];
}

/** Starts the built command. */
export function start(
  args: readonly string[],
  {cwd = ROOT, prefix = []}: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const [program = '', ...rest] = [...prefix, process.execPath, COMMAND, ...args];
  // Colours and the like must not depend on where the tests run.
  const env = {...process.env, NO_COLOR: '1', TZ: 'America/New_York', LANG: 'de_DE.UTF-8'};
  return spawn(program, rest, {cwd, env});
}

/** Runs the built command to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  // A command that ends before it has read everything closes the pipe: that is its right.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return outcomeOf(child);
}

export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const text = (pieces: Buffer[]) => Buffer.concat(pieces).toString();
  return {code, stdout: text(stdout), stderr: text(stderr)};
}

/** A folder that lasts as long as the test file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-cli-'));
  afterAll(() => rmSync(folder, {recursive: true, force: true, maxRetries: 3}));
  return folder;
}

interface Delivered {
  readonly eventID: string;
  readonly eventTime: string;
}

/**
 * Writes a small trail with raul's story under `folder`, delivered in one file an hour; the path of
 * its log files.
 */
export async function smallTrail(folder: string, days = 4): Promise<string> {
  await mkdir(folder, {recursive: true});
  const hours = new Map<number, object[]>();
  let truth = '';
  let count = 0;
  for (const file of simulate({seed: 7, days, eventsPerDay: 250, scenarios: ['raul']})) {
    const hour = Math.floor(file.time / 3_600_000);
    const known = new Set(file.truth.map(({eventId}) => eventId));
    // A third will do: what matters here is not how well the model scores.
    const some = (file.records as unknown as Delivered[]).filter(
      ({eventID, eventTime}) =>
        known.has(eventID) ||
        (count++ % 3 === 0 && file.time - Date.parse(eventTime) < 15 * 60_000),
    );
    hours.set(hour, [...(hours.get(hour) ?? []), ...some]);
    for (const entry of file.truth) truth += `${JSON.stringify(entry)}\n`;
  }
  for (const [hour, Records] of hours) {
    const stamp = new Date(hour * 3_600_000).toISOString();
    const logs = join(folder, 'AWSLogs/111122223333/CloudTrail/eu-central-1');
    const day = join(logs, stamp.slice(0, 10).replaceAll('-', '/'));
    await mkdir(day, {recursive: true});
    const time = stamp.slice(0, 16).replaceAll(/[-:]/g, '');
    const name = `111122223333_CloudTrail_eu-central-1_${time}Z_aBcDeFgHiJkLmNoP.json.gz`;
    await writeFile(join(day, name), gzipSync(JSON.stringify({Records})));
  }
  await writeFile(join(folder, 'truth.jsonl'), truth);
  return join(folder, 'AWSLogs');
}

export interface Line {
  readonly eventId: string;
  readonly eventTime: string;
  readonly account: string;
  readonly principal: string;
  readonly operation: string;
  readonly score: number;
  readonly bits: Readonly<Record<string, number>>;
  readonly mostNovel: {
    readonly facet: string;
    readonly value: string;
    readonly bits: number;
  } | null;
  readonly reason: string;
  readonly source: {readonly file: string; readonly index: number};
}

export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
