import {access, mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError, messageOf} from '../base/errors.ts';

/** Says that a folder is the demo's, to be removed by the next one. */
const MARK = '.oddtrail-demo';

/**
 * Makes way for a part of the demo: removes what an earlier demo left there, never what somebody
 * else put there. @returns the folder of the part, which is not there.
 */
export async function renewDemoPart(out: string, part: string): Promise<string> {
  const folder = join(out, part);
  if ((await exists(folder)) && !(await exists(join(out, MARK)))) {
    throw new AppError(
      'usage',
      `"${folder}" is there and not of an earlier demo; give another --out`,
    );
  }
  try {
    await rm(folder, {recursive: true, force: true});
    await mkdir(out, {recursive: true});
    await writeFile(
      join(out, MARK),
      'Made by `oddtrail demo`, which replaces `trail` and `service` beside this.\n',
    );
    return folder;
  } catch (cause) {
    const why = messageOf(cause);
    throw new AppError('output_unwritable', `Cannot write to "${out}": ${why}`, {cause});
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
