import {closeSync, mkdirSync, openSync, writeFileSync, writeSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {gzip, gzipSync} from 'node:zlib';
import {AppError, messageOf} from '../base/errors.ts';
import type {LogFile} from '../simulate/delivery.ts';
import {type SimulationOptions, simulate} from '../simulate/simulate.ts';

export {SCENARIO_NAMES, type ScenarioName} from '../simulate/campaigns.ts';

const compress = promisify(gzip);

export interface SimulationProgress {
  readonly files: number;
  readonly events: number;
  /** Length of the JSON before compression. */
  readonly bytes: number;
  readonly attackEvents: number;
  /** Delivery time of the last file written: epoch milliseconds. */
  readonly time: number;
}

/** Where files go: in order of delivery, path relative to the bucket. May take its time. */
export interface SimulationWriter {
  file(path: string, content: Uint8Array): Promise<void> | void;
  /** One line of `truth.jsonl` per call, line end included. */
  truth(line: string): void;
}

/** Files compressed and written at the same time. */
const IN_FLIGHT = 8;

// Below this length, handing a file to the thread pool costs more than compressing it.
const SMALL = 64 * 1024;

/**
 * Writes a simulated trail under `folder`, in the layout of a CloudTrail bucket, and the ground
 * truth as `truth.jsonl` beside it. Calls `onProgress` every few files and at the end. Memory is
 * bounded by one day of calls.
 */
export async function writeSimulation(
  options: SimulationOptions,
  folder: string,
  onProgress: (progress: SimulationProgress) => void = () => {},
): Promise<SimulationProgress> {
  const folders = new Set<string>();
  const truth = attempt(folder, () => {
    mkdirSync(folder, {recursive: true});
    return openSync(join(folder, 'truth.jsonl'), 'w');
  });
  try {
    return await pourSimulation(options, onProgress, {
      file(path, content) {
        const place = join(folder, path);
        const parent = dirname(place);
        if (!folders.has(parent)) {
          attempt(parent, () => mkdirSync(parent, {recursive: true}));
          folders.add(parent);
        }
        if (content.length < SMALL) {
          attempt(place, () => writeFileSync(place, content));
          return;
        }
        return writeFile(place, content).catch((cause: unknown) => {
          throw unwritable(place, cause);
        });
      },
      truth(line) {
        attempt(folder, () => writeSync(truth, line));
      },
    });
  } finally {
    closeSync(truth);
  }
}

/** Generates, compresses and hands to `writer`; the writer decides where it goes. */
export async function pourSimulation(
  options: SimulationOptions,
  onProgress: (progress: SimulationProgress) => void,
  writer: SimulationWriter,
): Promise<SimulationProgress> {
  let progress: SimulationProgress = {files: 0, events: 0, bytes: 0, attackEvents: 0, time: 0};
  const running = new Set<Promise<void>>();
  let failure: unknown;
  for (const file of simulate(options)) {
    const text = JSON.stringify({Records: file.records});
    if (text.length < SMALL) {
      const written = writer.file(file.path, gzipSync(text, {level: 6}));
      if (written !== undefined) await written;
    } else {
      const task: Promise<void> = compress(text, {level: 6})
        .then((content) => writer.file(file.path, content))
        .catch((cause: unknown) => {
          failure ??= cause;
        })
        .finally(() => running.delete(task));
      running.add(task);
      if (running.size >= IN_FLIGHT) await Promise.race(running);
    }
    if (failure !== undefined) break;
    for (const entry of file.truth) writer.truth(`${JSON.stringify(entry)}\n`);
    progress = after(progress, file, text.length);
    if (progress.files % 64 === 0) onProgress(progress);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
  onProgress(progress);
  return progress;
}

function after(progress: SimulationProgress, file: LogFile, bytes: number): SimulationProgress {
  return {
    files: progress.files + 1,
    events: progress.events + file.records.length,
    bytes: progress.bytes + bytes,
    attackEvents: progress.attackEvents + file.truth.filter(({ignore}) => ignore !== true).length,
    time: file.time,
  };
}

function attempt<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw unwritable(place, cause);
  }
}

function unwritable(place: string, cause: unknown): AppError {
  const why = messageOf(cause);
  const message = `Cannot write the simulated trail to "${place}": ${why}`;
  return new AppError('output_unwritable', message, {cause});
}
