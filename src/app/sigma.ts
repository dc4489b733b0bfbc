import {writeYaml} from '../config/write.ts';
import {importSigma, type SigmaImport} from '../detections/sigma/import.ts';
import {type DetectionFile, readDetectionFiles, soundDetections} from './detections.ts';

export type {SigmaImport, SigmaOutcome} from '../detections/sigma/import.ts';
export {problemText} from './detections.ts';

export interface SigmaFile extends SigmaImport {
  readonly files: readonly DetectionFile[];
  /** A file of detections; without any detection it is one with an empty list. */
  readonly text: string;
}

/**
 * Reads Sigma rules and writes the detections made of them, which are sure to load.
 * @throws AppError `usage` if a path cannot be read
 */
export function convertSigma(paths: readonly string[]): SigmaFile {
  const files = paths.flatMap(readDetectionFiles);
  const imported = importSigma(files);
  const comment =
    'Made of Sigma rules by "oddtrail detections import sigma". The rules are those of their authors.';
  const text = writeYaml({detections: imported.detections}, comment);
  soundDetections([{file: 'the detections made of them', text}]);
  return {...imported, files, text};
}
