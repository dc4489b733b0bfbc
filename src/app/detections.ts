import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {AppError} from '../base/errors.ts';
import {formatProblem, type Problem} from '../config/parse.ts';
import {
  type DetectionFile,
  type LoadedDetections,
  type LoadOptions,
  loadDetections,
  MAX_FILE_LENGTH,
} from '../detections/load.ts';
import {InputFault} from './input-fault.ts';

export {durationMs, durationText} from '../config/duration.ts';
export type {Detection, DetectionOutput, Match, Severity} from '../detections/detection.ts';
export {KINDS, SEVERITIES} from '../detections/detection.ts';
export {DetectionSet} from '../detections/detection-set.ts';
export type {DetectionEvent} from '../detections/event.ts';
export type {Json} from '../detections/json.ts';
export type {DetectionFile, LoadedDetection, LoadedDetections} from '../detections/load.ts';
export {ID as DETECTION_ID} from '../detections/schema.ts';
export {STARTER_KINDS, starterOf} from '../detections/starter.ts';
export {runTests, type TestResult} from '../detections/test-runner.ts';

/** Where the shipped packs are: the same from the sources, from `dist` and in the package. */
export const DETECTIONS_FOLDER = fileURLToPath(new URL('../../detections/', import.meta.url));

/** Names of the shipped packs, in the order of the alphabet. */
export function packNames(): string[] {
  return entriesOf(DETECTIONS_FOLDER)
    .filter((name) => statSync(join(DETECTIONS_FOLDER, name)).isDirectory())
    .sort();
}

/**
 * The files of shipped packs.
 * @throws AppError `usage` if there is no such pack
 */
export function readPacks(names: readonly string[] = packNames()): DetectionFile[] {
  const known = packNames();
  return names.flatMap((name) => {
    if (!known.includes(name)) {
      throw new AppError('usage', `There is no pack "${name}"; there are ${known.join(', ')}`);
    }
    const folder = join(DETECTIONS_FOLDER, name);
    return filesUnder(folder).map((path) => ({
      file: `${name}/${relative(folder, path)}`,
      text: textOf(path),
      from: name,
    }));
  });
}

/**
 * A file of detections, or all `.yml` and `.yaml` files of a folder, to any depth.
 * @throws AppError `usage` if it cannot be read, or there is none
 */
export function readDetectionFiles(path: string): DetectionFile[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (cause) {
    throw new AppError('usage', `Cannot read detections "${path}": no such file`, {cause});
  }
  const files = isFolder ? filesUnder(path) : [path];
  if (files.length === 0) {
    throw new AppError('usage', `Cannot read detections "${path}": it holds no .yml or .yaml file`);
  }
  return files.map((file) => ({file, text: textOf(file)}));
}

/** Files and packs by what a person may write: a path, or the name of a shipped pack. */
export function readNamed(names: readonly string[]): DetectionFile[] {
  const packs = packNames();
  return names.flatMap((name) => {
    // A path of the same name can be given as "./name".
    return packs.includes(name) ? readPacks([name]) : readDetectionFiles(name);
  });
}

/**
 * Detections that can be run.
 * @throws InputFault with every problem of all files and its place
 */
export function soundDetections(
  files: readonly DetectionFile[],
  options: LoadOptions = {},
): LoadedDetections {
  const loaded = loadDetections(files, options);
  if (loaded.problems.length > 0) throw new InputFault(loaded.problems, textIn(files));
  return loaded;
}

/** A problem or a warning as it is shown, with its line and a caret. */
export function problemText(problem: Problem, files: readonly DetectionFile[]): string {
  return formatProblem(problem, textIn(files)(problem.file));
}

function textIn(files: readonly DetectionFile[]): (file: string) => string {
  const texts = new Map(files.map(({file, text}) => [file, text]));
  return (file) => texts.get(file) ?? '';
}

function filesUnder(folder: string): string[] {
  return entriesOf(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return filesUnder(path);
      return /\.ya?ml$/.test(name) ? [path] : [];
    });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new AppError('source_unreadable', `Cannot read folder "${folder}"`, {cause});
  }
}

/** What is too large for a file of detections is not read into memory; its length tells. */
function textOf(path: string): string {
  try {
    const {size} = statSync(path);
    return size > MAX_FILE_LENGTH * 4
      ? ' '.repeat(MAX_FILE_LENGTH + 1)
      : readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `Cannot read detections "${path}"`, {cause});
  }
}
