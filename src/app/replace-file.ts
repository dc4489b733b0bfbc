import {
  type FileHandle,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import {hostname} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {isAlive} from './process-alive.ts';

/** Who writes a draft, so that others know whether it was left behind. */
const HOST = hostname().replace(/[^A-Za-z0-9-]/g, '') || 'localhost';

/**
 * Replaces a file so that at every moment it is either the old one or the new one, whatever
 * happens: written beside it, flushed to the disk, then renamed over it. A link is followed; what
 * is no regular file, such as a pipe, is written to instead. Removes drafts that processes of this
 * machine left behind when they were killed.
 *
 * @throws what the file system says; the old file is then untouched.
 */
export async function replaceFile(file: string, content: Uint8Array | string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  if (!(await isReplaceable(target))) {
    await writeFile(target, content);
    return;
  }
  const draft = draftOf(target);
  await removeStaleDrafts(target);
  let handle: FileHandle | undefined;
  try {
    handle = await open(draft, 'w');
    await handle.writeFile(content);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(draft, target);
  } catch (error) {
    // The first failure is the one to tell; what cannot be tidied up now is when next written.
    await handle?.close().catch(() => {});
    await rm(draft, {force: true}).catch(() => {});
    throw error;
  }
  // The new name itself must survive a power cut; not every file system lets a folder be synced.
  const folder = await open(dirname(target), 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/**
 * Finds out whether `replaceFile` stands a chance, before work is done whose result it is to keep.
 * @throws what the file system says.
 */
export async function checkReplaceable(file: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  if (!(await isReplaceable(target))) return;
  const draft = draftOf(target);
  const handle = await open(draft, 'w');
  await handle.close();
  await rm(draft, {force: true});
}

/** A name beside the target for this process to use; what is left of it is removed in the end. */
export function draftOf(target: string): string {
  return `${target}.${HOST}-${process.pid}.tmp`;
}

/** Whether it is a regular file or nothing yet; a folder is an error. */
async function isReplaceable(target: string): Promise<boolean> {
  const info = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (info?.isDirectory() === true) throw new Error('it is a folder');
  return info === undefined || info.isFile();
}

async function removeStaleDrafts(target: string): Promise<void> {
  const folder = dirname(target);
  const start = `${basename(target)}.${HOST}-`;
  // A folder that may be written to but not listed keeps them: they do no harm but fill the disk.
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(start) || !name.endsWith('.tmp')) continue;
    const pid = Number(name.slice(start.length, -'.tmp'.length));
    if (!Number.isInteger(pid) || pid <= 0 || isAlive(pid)) continue;
    await rm(join(folder, name), {force: true}).catch(() => {});
  }
}
