// Compiles the grammar of filter patterns to a parser in a source file that git ignores.
// Does nothing when that file was made from the same grammar and compiler.

import {createHash} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import peggy from 'peggy';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const GRAMMAR = 'src/detections/pattern/pattern.peggy';
const TARGET = join(ROOT, 'src/detections/pattern/pattern.generated.ts');
const OPTIONS = {
  allowedStartRules: ['Json', 'Space', 'Text', 'Selector', 'FieldName'],
  format: 'es',
  output: 'source',
};

/** Brings the generated parser up to date; true if there was something to do. */
export function buildGrammar({force = false} = {}) {
  const grammar = readFileSync(join(ROOT, GRAMMAR), 'utf8');
  const hash = createHash('sha256')
    .update(`${peggy.VERSION}\0${JSON.stringify(OPTIONS)}\0${grammar}`)
    .digest('hex')
    .slice(0, 32);
  const mark = `// Made by scripts/build-grammar.mjs from ${GRAMMAR} (${hash}).`;
  if (!force && existsSync(TARGET) && readFileSync(TARGET, 'utf8').startsWith(`${mark}\n`)) {
    return false;
  }
  const source = peggy.generate(grammar, {...OPTIONS, grammarSource: GRAMMAR});
  writeFileSync(TARGET, `${mark}\n// @ts-nocheck\n${source}`);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) buildGrammar();
