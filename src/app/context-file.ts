import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {AppError} from '../base/errors.ts';
import {type Contexts, parseContexts} from './contexts.ts';
import {InputFault} from './input-fault.ts';

/** The contexts that are watched unless others are given. */
export const DEFAULT_CONTEXTS = fileURLToPath(
  new URL('../../contexts/cloudtrail.yml', import.meta.url),
);

/**
 * Reads a file of contexts.
 * @throws InputFault with every problem and its place; AppError `usage` if there is no such file.
 */
export async function readContexts(file: string = DEFAULT_CONTEXTS): Promise<Contexts> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `Cannot read contexts "${file}"`, {cause});
  }
  const parsed = parseContexts(file, text);
  if (!parsed.ok) throw new InputFault(parsed.problems, text);
  return parsed.value;
}
