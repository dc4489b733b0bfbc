import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {PROBLEMS} from '../src/api/problem.ts';
import {ERROR_CODES} from '../src/base/errors.ts';
import {DROP_REASONS, REJECT_REASONS} from '../src/base/outcome.ts';

test('docs/errors.md has an entry for every code and reason, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');
  const described = [...text.matchAll(/^### `([a-z_]+)`/gm)].map((match) => match[1]);
  expect(described.sort()).toEqual(
    [...ERROR_CODES, ...REJECT_REASONS, ...DROP_REASONS, ...Object.keys(PROBLEMS)].sort(),
  );
});
