import {createHash} from 'node:crypto';
import {lstatSync, readdirSync, readFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {AppError} from '../../base/errors.ts';
import {type Path, type Problem, readYaml} from '../../config/parse.ts';
import {
  type DetectionFile,
  type LoadedDetections,
  loadDetections,
  MAX_FILE_LENGTH,
} from '../../detections/load.ts';
import {packNames, readDetectionFiles, readPacks} from '../detections.ts';
import {InputFault} from '../input-fault.ts';
import {dataDirOf, pathOf} from './adapters.ts';
import {DEFAULT_PACKS} from './config.ts';
import type {DeclaredDetections} from './entries.ts';
import type {LoadedConfig} from './load-config.ts';

/** Names of files in the one folder that the service may write. */
export const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}\.ya?ml$/;
/** Files in that folder; further ones are not made. */
export const MAX_FILES = 1_000;

/** A file of detections, and whether the service may write it. */
export interface OwnedFile extends DetectionFile {
  /** By which people know it; of a file that may be written its name in the folder. */
  readonly name: string;
  readonly readOnly: boolean;
}

/** The detections that a configuration names, sound as a whole. */
export interface ReadDetections {
  readonly files: readonly OwnedFile[];
  readonly declared: DeclaredDetections;
  readonly loaded: LoadedDetections;
  /** Default packs that are not part of this installation. */
  readonly missingPacks: readonly string[];
}

/** The folder of files that the service may write. */
export function writableFolderOf(loaded: LoadedConfig): string {
  const {folder} = loaded.config.detections;
  return folder === undefined ? join(dataDirOf(loaded), 'detections') : pathOf(loaded, folder);
}

/** Of what a file holds: equal for equal texts alone. */
export function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * Reads the detections that a configuration names. `instead` is the text that a file of the writable
 * folder is to have.
 *
 * @throws InputFault with every problem of all files and its place; those of what the configuration
 * itself says are in there with places in the configuration.
 */
export function readDetections(
  loaded: LoadedConfig,
  instead?: {readonly name: string; readonly text: string},
): ReadDetections {
  const {packs, files: paths, overrides} = loaded.config.detections;
  const faults: {readonly path: Path; readonly message: string}[] = [];
  const files: OwnedFile[] = [];
  const there = installedPacks();
  const missingPacks: string[] = [];
  packs.forEach((pack, i) => {
    if (packs.indexOf(pack) < i) {
      faults.push({path: ['packs', i], message: 'Named twice'});
    } else if (there.includes(pack)) {
      for (const file of readPacks([pack])) files.push({...file, name: file.file, readOnly: true});
    } else if (DEFAULT_PACKS.includes(pack)) {
      missingPacks.push(pack);
    } else {
      const known = there.length === 0 ? 'there are none' : `there are ${there.join(', ')}`;
      faults.push({path: ['packs', i], message: `There is no pack "${pack}"; ${known}`});
    }
  });
  const seen = new Set<string>();
  paths.forEach((path, i) => {
    try {
      for (const {file, text} of readDetectionFiles(pathOf(loaded, path))) {
        // A folder and a file of it may both be named.
        if (seen.has(file)) continue;
        seen.add(file);
        const shown = shownPath(loaded, file);
        files.push({file: shown, text, name: shown, readOnly: true});
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      faults.push({path: ['files', i], message: error.message});
    }
  });
  files.push(...writableFiles(loaded, instead).filter(({path}) => !seen.has(path)));

  // Journal entries hold what decides, and nothing else.
  const declared: DeclaredDetections = {
    files: files.map(({file, text, from}) => ({file, text, ...(from !== undefined && {from})})),
    overrides,
  };
  const read = loadDetections(declared.files, {overrides, now: Date.now()});
  const texts = new Map(files.map(({file, text}) => [file, text]));
  const problems = [
    ...problemsIn(loaded, [
      ...faults,
      ...read.overrideFaults.map(({path, message}) => ({path: ['overrides', ...path], message})),
    ]),
    ...read.problems,
  ];
  if (problems.length > 0) {
    throw new InputFault(problems, (file) => texts.get(file) ?? loaded.text ?? '');
  }
  return {files, declared, loaded: read, missingPacks};
}

/** None where packs are not part of the installation. */
function installedPacks(): string[] {
  try {
    return packNames();
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

interface WritableFile extends OwnedFile {
  readonly path: string;
}

function writableFiles(
  loaded: LoadedConfig,
  instead: {readonly name: string; readonly text: string} | undefined,
): WritableFile[] {
  const folder = writableFolderOf(loaded);
  const names = new Set(namesIn(folder));
  if (instead !== undefined) names.add(instead.name);
  return [...names].sort().flatMap((name): WritableFile[] => {
    const path = join(folder, name);
    const text = instead?.name === name ? instead.text : ownText(path);
    if (text === undefined) return [];
    return [{file: shownPath(loaded, path), text, name, readOnly: false, path}];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => FILE_NAME.test(name));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return [];
    const message = `Cannot read folder "${folder}": ${code ?? 'unknown'}`;
    throw new AppError('source_unreadable', message, {cause});
  }
}

/** Text of a plain file of the writable folder; undefined if there is none: links are not followed. */
export function ownText(path: string): string | undefined {
  try {
    const info = lstatSync(path);
    if (!info.isFile()) return undefined;
    if (info.size > MAX_FILE_LENGTH * 4) return ' '.repeat(MAX_FILE_LENGTH + 1);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw new AppError('source_unreadable', `Cannot read "${path}": ${code ?? 'unknown'}`, {cause});
  }
}

/** As seen from the folder of the configuration, where it is below it. */
function shownPath({folder}: LoadedConfig, path: string): string {
  const near = relative(resolve(folder), path);
  return near.startsWith('..') ? path : near;
}

/** What is wrong with the section of the configuration, at its places there. */
function problemsIn(
  loaded: LoadedConfig,
  faults: readonly {readonly path: Path; readonly message: string}[],
): Problem[] {
  const read = readYaml(loaded.file, loaded.text ?? '');
  return faults.map(({path, message}) => {
    const whole = ['detections', ...path];
    if (read.ok) return read.value.problemAt(read.value.offsetOf(whole), whole, message);
    return {file: loaded.file, line: 1, column: 1, path: whole.map(String).join('.'), message};
  });
}
