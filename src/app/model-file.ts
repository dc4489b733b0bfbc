import {open, readFile} from 'node:fs/promises';
import {AppError, messageOf} from '../base/errors.ts';
import {Detector} from './detector.ts';
import {checkReplaceable, replaceFile} from './replace-file.ts';

/**
 * Saves a model so that the file is at every moment either the old one or the new one.
 * @throws AppError `snapshot_unwritable`; the old file is then untouched.
 */
export async function saveModel(file: string, detector: Detector): Promise<void> {
  try {
    await replaceFile(file, detector.snapshot());
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/**
 * Finds out early whether a model could be saved there.
 * @throws AppError `snapshot_unwritable`
 */
export async function checkSavable(file: string): Promise<void> {
  try {
    await checkReplaceable(file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

function unwritable(file: string, cause: unknown): AppError {
  const why = messageOf(cause);
  return new AppError('snapshot_unwritable', `Cannot save model "${file}": ${why}`, {cause});
}

/**
 * Loads a model; undefined if there is no such file.
 * @throws AppError `snapshot_unreadable`
 */
export async function loadModel(file: string): Promise<Detector | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = messageOf(cause);
    throw new AppError('snapshot_unreadable', `Cannot read model "${file}": ${why}`, {cause});
  }
  return Detector.restore(bytes, file);
}

/**
 * The bytes of a file of any size: `readFile` refuses more than 2 GiB.
 * @param piece bytes to ask for at once.
 */
export async function readWhole(file: string, piece = 256 * 1024 * 1024): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const stat = await handle.stat();
    // A pipe does not tell its size.
    if (!stat.isFile()) return await readFile(handle);
    const bytes = new Uint8Array(stat.size);
    let at = 0;
    while (at < bytes.length) {
      const length = Math.min(piece, bytes.length - at);
      const {bytesRead} = await handle.read(bytes, at, length, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await handle.close();
  }
}
