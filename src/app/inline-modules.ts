import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {assert} from '../base/assert.ts';

const IMPORT = /^import \{[^}]*\} from ["'](\.{1,2}\/(?:[\w-]+\/|\.\.\/)*[\w-]+\.js)["'];$/gm;
const EXPORT = /^export (?=const |function |class |async function )/gm;

/**
 * One script from a compiled module and all it imports, those first: a page opened from a file may
 * not load modules. They import each other by relative paths, and no two declare the same name at
 * their top level.
 */
export function inlineModules(entry: string): string {
  const done = new Set<string>();
  const parts: string[] = [];
  const visit = (file: string) => {
    if (done.has(file)) return;
    done.add(file);
    const source = readFileSync(file, 'utf8');
    for (const [, name = ''] of source.matchAll(IMPORT)) visit(join(dirname(file), name));
    const bare = source
      .replace(IMPORT, '')
      .replace(EXPORT, '')
      .replace(/^export \{\};$/gm, '');
    assert(!/^(import|export)\b/m.test(bare), `"${file}" has an import or export not understood`);
    parts.push(bare.trim());
  };
  visit(entry);
  return `${parts.join('\n')}\n`;
}
