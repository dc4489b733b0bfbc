import {readFile} from 'node:fs/promises';
import {AppError, messageOf} from '../base/errors.ts';
import {AsnTable} from '../event/asn-table.ts';
import {InputFault} from './input-fault.ts';

/**
 * Reads a table of networks and their AS numbers, for `DecodeSettings.asnTable`.
 * @throws InputFault with the place of every bad line; AppError `usage` if it cannot be read.
 */
export async function readAsnTable(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const why = messageOf(cause);
    throw new AppError('usage', `Cannot read AS numbers "${file}": ${why}`, {cause});
  }
  const {problems} = AsnTable.parse(text);
  if (problems.length > 0) {
    throw new InputFault(
      problems.map(({line, message}) => ({file, line, column: 1, path: '', message})),
      text,
    );
  }
  return text;
}
