import {type FileHandle, open, readFile, realpath, rename, rm, stat} from 'node:fs/promises';
import {hostname} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {AppError, messageOf} from '../base/errors.ts';
import {isAlive} from './process-alive.ts';
import {draftOf} from './replace-file.ts';

/** A model file that is this process's alone until it is released. */
export interface ModelLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** A lock file without a holder in it for so long was left by somebody who died while writing it. */
const UNFINISHED_MS = 5_000;
const ATTEMPTS = 5;

/**
 * Takes a model for a run that will save it: two runs at once would each start from the old model,
 * and the one that ends last would undo what the other learnt. The lock is a file beside the model,
 * with the process and the machine that hold it. One that a dead process of this machine left
 * behind is taken over; of other machines nothing is known, so theirs stand.
 *
 * Undefined for what is no regular file, such as a pipe or a device: nothing is kept there.
 * @throws AppError `model_in_use`, or `snapshot_unwritable` if no lock can be written.
 */
export async function lockModel(file: string): Promise<ModelLock | undefined> {
  const target = await realpath(file).catch(() => file);
  const info = await stat(target).catch(() => undefined);
  if (info !== undefined && !info.isFile()) return undefined;
  const path = `${target}.lock`;
  const own = JSON.stringify({pid: process.pid, host: hostname()});
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(path, own, file)) {
      return {
        async release() {
          // Somebody may have removed it by hand, and another run have taken the model since.
          const now = await readFile(path, 'utf8').catch(() => '');
          if (now === own) await rm(path, {force: true}).catch(() => {});
        },
      };
    }
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue; // released meanwhile
    const holder = holderOf(text);
    const age = await stat(path).then(
      ({mtimeMs}) => Date.now() - mtimeMs,
      () => 0,
    );
    if (holder === undefined && age < UNFINISHED_MS) await sleep(50);
    else if (holder === undefined || isLeftBehind(holder))
      await remove(path, draftOf(target), text);
    else throw inUse(file, path, holder);
  }
  throw inUse(file, path, undefined);
}

/** False if somebody holds the lock. */
async function create(path: string, content: string, file: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(file, cause);
  }
  try {
    await handle.writeFile(content);
  } catch (cause) {
    await rm(path, {force: true}).catch(() => {});
    throw unwritable(file, cause);
  } finally {
    await handle.close().catch(() => {});
  }
  return true;
}

/**
 * Removes a lock that was left behind. It is renamed first, to a name of one's own, and looked at
 * again: of two who find the same old lock one may be so late that it is a new one by then.
 */
async function remove(path: string, aside: string, text: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch {
    return; // another was quicker
  }
  const taken = await readFile(aside, 'utf8').catch(() => text);
  if (taken !== text) await create(path, taken, path).catch(() => false);
  await rm(aside, {force: true}).catch(() => {});
}

function holderOf(text: string): Holder | undefined {
  try {
    const {pid, host} = JSON.parse(text) as Partial<Holder>;
    if (!Number.isInteger(pid) || typeof host !== 'string') return undefined;
    return {pid: pid as number, host};
  } catch {
    return undefined; // empty or cut short
  }
}

function isLeftBehind({pid, host}: Holder): boolean {
  // A process of one's own number is oneself, or was before the machine or the container restarted.
  return host === hostname() && (pid === process.pid || !isAlive(pid));
}

function inUse(file: string, path: string, holder: Holder | undefined): AppError {
  const who = holder === undefined ? '' : ` by process ${holder.pid} on ${holder.host}`;
  return new AppError(
    'model_in_use',
    `Model "${file}" is in use${who}; wait for that run, use another file, or --no-learn ` +
      `(if there is no such run any more, remove "${path}")`,
    {retryable: true},
  );
}

function unwritable(file: string, cause: unknown): AppError {
  const why = messageOf(cause);
  return new AppError('snapshot_unwritable', `Cannot save model "${file}": ${why}`, {cause});
}
