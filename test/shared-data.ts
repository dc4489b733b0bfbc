import {existsSync} from 'node:fs';
import {join} from 'node:path';

const ROOT = join(import.meta.dirname, '../../shared/data');

/**
 * Folder of real CloudTrail records that lies beside a developer's checkout, or undefined. It is
 * no part of the project: tests that need it skip, and say so.
 */
export function sharedData(): string | undefined {
  if (existsSync(join(ROOT, 'README.md'))) return ROOT;
  process.stderr.write(
    'skipped: no real CloudTrail records beside the checkout (../shared/data)\n',
  );
  return undefined;
}
