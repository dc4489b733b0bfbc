import {type FileHandle, open, readFile, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {AppError} from '../base/errors.ts';
import {Detector} from './detector.ts';

/**
 * Saves a model so that the file is at every moment either the old one or the new one, whatever
 * happens: written beside it, flushed to the disk, then renamed over it.
 *
 * @throws AppError `snapshot_unwritable`; the old file is then untouched.
 */
export async function saveModel(file: string, detector: Detector): Promise<void> {
  const bytes = detector.snapshot();
  const draft = `${file}.${process.pid}.tmp`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(draft, 'w');
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(draft, file);
    // The new name itself must survive a power cut; not every file system lets a folder be synced.
    const folder = await open(dirname(file), 'r');
    await folder.sync().catch(() => {});
    await folder.close();
  } catch (cause) {
    await handle?.close().catch(() => {});
    await rm(draft, {force: true}).catch(() => {});
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('snapshot_unwritable', `Cannot save model "${file}": ${why}`, {cause});
  }
}

/**
 * Loads a model; undefined if there is no such file.
 * @throws AppError `snapshot_unreadable`
 */
export async function loadModel(file: string): Promise<Detector | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('snapshot_unreadable', `Cannot read model "${file}": ${why}`, {cause});
  }
  return Detector.restore(bytes, file);
}
