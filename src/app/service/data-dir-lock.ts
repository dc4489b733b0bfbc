import {readFileSync, readlinkSync} from 'node:fs';
import {mkdir, open, readFile, rename, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {AppError, messageOf} from '../../base/errors.ts';

/** Who has a data folder, and how that process is spoken to. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells the process from another one of the same number; "" where the system does not say. */
  readonly identity: string;
  /** Where numbers of processes mean what they mean to us; "" where the system does not say. */
  readonly space: string;
  /** Address of its API for this machine; "" until it has one. */
  readonly url: string;
  /** Token for that; "" where none is needed. */
  readonly token: string;
}

const NAME = 'service.lock';
/** How often a holder touches its lock. */
const BEAT_MS = 5_000;
/** Without a touch for so long a holder that cannot be looked at is taken for dead. */
const SILENCE_MS = 3 * BEAT_MS + 1_000;
const ATTEMPTS = 5;

/** Folders that this very process has. */
const held = new Set<string>();

export interface LockOptions {
  /** Called when another process has taken the folder meanwhile. */
  readonly onLost?: (error: AppError) => void;
  /** How long to watch a holder that may be dead. */
  readonly silenceMs?: number;
}

/**
 * A data folder that is this process's alone until it is released: a file in it, readable by its
 * owner alone, that names the process and is touched every few seconds. What a dead process of this
 * machine left is taken over at once; a holder elsewhere (another machine or container) is watched
 * for some seconds first.
 */
export class DataDirLock {
  readonly #path: string;
  #own: string;
  #holder: Holder;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string, holder: Holder, own: string, onLost: LockOptions['onLost']) {
    this.#path = path;
    this.#holder = holder;
    this.#own = own;
    held.add(path);
    this.#beat = setInterval(() => void this.#touch(onLost), BEAT_MS);
    this.#beat.unref();
  }

  /** @throws AppError `data_dir_in_use` (retryable), `output_unwritable` */
  static async acquire(folder: string, options: LockOptions = {}): Promise<DataDirLock> {
    const path = join(folder, NAME);
    await mkdir(folder, {recursive: true, mode: 0o700}).catch((cause: unknown) => {
      throw unwritable(folder, cause);
    });
    const holder: Holder = {...self(), url: '', token: ''};
    const own = JSON.stringify(holder);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await create(path, own)) return new DataDirLock(path, holder, own, options.onLost);
      const found = await readFile(path, 'utf8').catch(() => undefined);
      if (found === undefined) continue; // released meanwhile
      const other = holderOf(found);
      if (!(await isDead(path, found, other, options.silenceMs ?? SILENCE_MS))) {
        throw inUse(folder, path, other);
      }
      await remove(path, found);
    }
    throw inUse(folder, path, undefined);
  }

  /** Tells other programs of this machine how to speak to the service. */
  async tell({url, token}: Pick<Holder, 'url' | 'token'>): Promise<void> {
    this.#holder = {...this.#holder, url, token};
    const text = JSON.stringify(this.#holder);
    const draft = `${this.#path}.${process.pid}.tmp`;
    try {
      await writeFile(draft, text, {mode: 0o600});
      this.#own = text;
      await rename(draft, this.#path);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    held.delete(this.#path);
    // Somebody may have removed it by hand, and another process have taken the folder since.
    const now = await readFile(this.#path, 'utf8').catch(() => '');
    if (now === this.#own) await rm(this.#path, {force: true}).catch(() => {});
  }

  async #touch(onLost: LockOptions['onLost']): Promise<void> {
    const now = await readFile(this.#path, 'utf8').catch(() => '');
    const other = holderOf(now);
    if (other !== undefined && !sameProcess(other, this.#holder)) {
      clearInterval(this.#beat);
      onLost?.(inUse(this.#path, this.#path, other));
      return;
    }
    const at = new Date();
    // A disk that is full or gone is told by those who write to it.
    await utimes(this.#path, at, at).catch(() => {});
  }
}

/** The living holder of a data folder, if there is one that can be told of. */
export async function holderOfDataDir(folder: string): Promise<Holder | undefined> {
  const path = join(folder, NAME);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const holder = text === undefined ? undefined : holderOf(text);
  if (text === undefined || holder === undefined) return undefined;
  return (await isDead(path, text, holder, SILENCE_MS)) ? undefined : holder;
}

function self(): Pick<Holder, 'pid' | 'host' | 'identity' | 'space'> {
  return {pid: process.pid, host: hostname(), identity: identityOf(process.pid), space: spaceNow()};
}

/** Boot and start time of a process, as Linux tells them. */
function identityOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in brackets and may hold anything.
    const started = line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${boot}/${started}`;
  } catch {
    return ''; // not Linux, or no such process
  }
}

function spaceNow(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function sameProcess(a: Holder, b: Holder): boolean {
  return a.pid === b.pid && a.host === b.host && a.identity === b.identity && a.space === b.space;
}

async function isDead(
  path: string,
  text: string,
  holder: Holder | undefined,
  silenceMs: number,
): Promise<boolean> {
  // Cut short: somebody is writing it, or died while writing it.
  if (holder === undefined) return isSilent(path, text, Math.min(silenceMs, 1_000));
  if (holder.host !== hostname() || holder.space !== spaceNow()) {
    return isSilent(path, text, silenceMs);
  }
  if (holder.identity !== '') return identityOf(holder.pid) !== holder.identity;
  if (holder.pid === process.pid) return !held.has(path);
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Whether nobody touches the lock. Its own clock is compared with itself, not with ours. */
async function isSilent(path: string, text: string, silenceMs: number): Promise<boolean> {
  const touched = () =>
    stat(path).then(
      ({mtimeMs}) => mtimeMs,
      () => Number.NaN,
    );
  const before = await touched();
  const until = performance.now() + silenceMs;
  while (performance.now() < until) {
    await sleep(Math.min(250, silenceMs));
    const now = await readFile(path, 'utf8').catch(() => undefined);
    if (now !== text || (await touched()) !== before) return false;
  }
  return true;
}

/** False if somebody holds the lock. */
async function create(path: string, content: string): Promise<boolean> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'wx', 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(path, cause);
  }
  try {
    await handle.writeFile(content);
    return true;
  } catch (cause) {
    await rm(path, {force: true}).catch(() => {});
    throw unwritable(path, cause);
  } finally {
    await handle.close();
  }
}

/**
 * Removes a lock that was left behind. It is renamed first, to a name of one's own, and looked at
 * again: of two who find the same old lock one may be so late that it is a new one by then.
 */
async function remove(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another was quicker
  }
  const taken = await readFile(aside, 'utf8').catch(() => text);
  if (taken !== text) await create(path, taken).catch(() => false);
  await rm(aside, {force: true}).catch(() => {});
}

function holderOf(text: string): Holder | undefined {
  try {
    const {pid, host, identity, space, url, token} = JSON.parse(text) as Partial<Holder>;
    if (!Number.isInteger(pid) || typeof host !== 'string') return undefined;
    return {
      pid: pid as number,
      host,
      identity: identity ?? '',
      space: space ?? '',
      url: url ?? '',
      token: token ?? '',
    };
  } catch {
    return undefined; // empty or cut short
  }
}

function inUse(folder: string, path: string, holder: Holder | undefined): AppError {
  const who = holder === undefined ? '' : ` by process ${holder.pid} on ${holder.host}`;
  const where = holder === undefined || holder.url === '' ? '' : `, at ${holder.url}`;
  return new AppError(
    'data_dir_in_use',
    `Data folder "${folder}" is in use${who}${where}; one process may have it ` +
      `(if there is no such process any more, remove "${path}")`,
    {retryable: true},
  );
}

function unwritable(path: string, cause: unknown): AppError {
  const why = messageOf(cause);
  return new AppError('output_unwritable', `Cannot write to "${path}": ${why}`, {cause});
}
