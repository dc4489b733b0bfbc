import {stat} from 'node:fs/promises';
import {readDecompressed} from '../sources/files.ts';

/**
 * Reads a record again from the place it was decoded from. What lies there may be a wrapper of the
 * record: then the wrapper is returned as it stands. Undefined when it cannot be read any more.
 */
export async function readRecord(path: string, offset: number, length: number): Promise<unknown> {
  if (path === '-' || length <= 0) return undefined;
  try {
    // A pipe has been read, and would be waited for without end.
    if (!(await stat(path)).isFile()) return undefined;
    const bytes = await readDecompressed(path, offset, length);
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    // The file is gone or has changed since: what was learnt of the event stands without it.
    return undefined;
  }
}
