import {mkdir, open, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import {AppError} from '../base/errors.ts';
import {type SimulationOptions, simulate} from '../simulate/simulate.ts';

const compress = promisify(gzip);

export interface SimulationProgress {
  readonly files: number;
  readonly events: number;
  /** Bytes of JSON before compression. */
  readonly bytes: number;
  readonly attackEvents: number;
  /** Delivery time of the last file written: epoch milliseconds. */
  readonly time: number;
}

/** Files compressed and written at the same time. */
const IN_FLIGHT = 8;

/**
 * Writes a simulated trail under `folder`, in the layout of a CloudTrail bucket, and the ground
 * truth as `truth.jsonl` beside it. Calls `onProgress` after every few files. Memory is bounded by
 * one day of calls.
 */
export async function writeSimulation(
  options: SimulationOptions,
  folder: string,
  onProgress: (progress: SimulationProgress) => void = () => {},
): Promise<SimulationProgress> {
  let progress: SimulationProgress = {files: 0, events: 0, bytes: 0, attackEvents: 0, time: 0};
  const folders = new Set<string>();
  const running = new Set<Promise<void>>();
  try {
    await mkdir(folder, {recursive: true});
    const truth = await open(join(folder, 'truth.jsonl'), 'w');
    try {
      for (const file of simulate(options)) {
        const path = join(folder, file.path);
        const parent = dirname(path);
        if (!folders.has(parent)) {
          await mkdir(parent, {recursive: true});
          folders.add(parent);
        }
        const text = JSON.stringify({Records: file.records});
        const task: Promise<void> = compress(text, {level: 6})
          .then((bytes) => writeFile(path, bytes))
          .finally(() => running.delete(task));
        running.add(task);
        if (file.truth.length > 0) {
          await truth.write(file.truth.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
        }
        progress = {
          files: progress.files + 1,
          events: progress.events + file.records.length,
          bytes: progress.bytes + text.length,
          attackEvents:
            progress.attackEvents + file.truth.filter(({ignore}) => ignore !== true).length,
          time: file.time,
        };
        if (progress.files % 64 === 0) onProgress(progress);
        if (running.size >= IN_FLIGHT) await Promise.race(running);
      }
      await Promise.all(running);
    } finally {
      await truth.close();
    }
  } catch (cause) {
    throw new AppError('output_unwritable', `Cannot write the simulated trail to "${folder}"`, {
      cause,
    });
  }
  onProgress(progress);
  return progress;
}
