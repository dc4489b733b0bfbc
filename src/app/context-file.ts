import {readFileSync} from 'node:fs';
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
  return contextsOf(file, text);
}

/** The shipped contexts, for those who cannot wait. */
export function readShippedContexts(): Contexts {
  return contextsOf(DEFAULT_CONTEXTS, readFileSync(DEFAULT_CONTEXTS, 'utf8'));
}

function contextsOf(file: string, text: string): Contexts {
  const parsed = parseContexts(file, text);
  if (!parsed.ok) throw new InputFault(parsed.problems, text);
  return parsed.value;
}
