import {type FileHandle, open, rename, rm} from 'node:fs/promises';
import type {Alerter, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import {idempotencyKey, webhookBody} from './webhook.ts';

export interface FileOptions {
  readonly path: string;
  readonly minScore: number;
  /** Beyond it the file is renamed to `path.1`, that to `path.2`, and so on. */
  readonly maxBytes?: number | undefined;
  /** Renamed files kept. */
  readonly keep?: number | undefined;
}

/**
 * JSON lines, each on the disk before it counts as delivered. A line holds its idempotency key: a
 * line that was written just before a crash may come twice.
 */
export function fileAlerter(name: string, options: FileOptions): Alerter {
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const keep = options.keep ?? 5;
  let handle: FileHandle | undefined;
  let size = 0;
  // A line that was cut off by a full disk must not run into the next one.
  let torn = false;

  const openFile = async (): Promise<FileHandle> => {
    if (handle !== undefined) return handle;
    handle = await open(options.path, 'a+', 0o600);
    size = (await handle.stat()).size;
    const end = Buffer.alloc(1);
    torn = size > 0 && (await handle.read(end, 0, 1, size - 1)).bytesRead === 1 && end[0] !== 10;
    return handle;
  };
  const rotate = async () => {
    await handle?.close();
    handle = undefined;
    await rm(`${options.path}.${keep}`, {force: true});
    for (let i = keep - 1; i >= 0; i--) {
      const from = i === 0 ? options.path : `${options.path}.${i}`;
      await rename(from, `${options.path}.${i + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  };

  return {
    name,
    minScore: options.minScore,
    async deliver(delivery: Delivery): Promise<DeliveryResult> {
      const key = JSON.stringify(idempotencyKey(delivery));
      const line = `{"key":${key},${webhookBody(delivery).slice(1)}\n`;
      try {
        if ((await openFile()) && size > 0 && size + line.length > maxBytes) await rotate();
        const file = await openFile();
        await file.appendFile(torn ? `\n${line}` : line);
        await file.datasync();
        size += Buffer.byteLength(line);
        torn = false;
        return {ok: true, status: 'written'};
      } catch (error) {
        await handle?.close().catch(() => {});
        handle = undefined;
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
        return {ok: false, retry: true, reason: `cannot write the file: ${code}`};
      }
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}
