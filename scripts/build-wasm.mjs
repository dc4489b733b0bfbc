// Compiles assembly/ to WebAssembly and writes it, as base64, into a source file that git ignores.
// Does nothing when that file was made from the same sources, compiler and options.

import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ASSEMBLY = join(ROOT, 'assembly');
const TARGET = join(ROOT, 'src/decode/scanner-wasm.generated.ts');
const COMPILER = join(ROOT, 'node_modules/assemblyscript');
const OPTIONS = [
  '--runtime',
  'stub',
  '-O3',
  '--converge',
  '--noAssert',
  '--enable',
  'simd',
  '--use',
  'abort=',
  '--disableWarning',
  '201', // Addresses are 32 bits wide here, and stay so.
];

function fingerprint() {
  const hash = createHash('sha256');
  hash.update(JSON.parse(readFileSync(join(COMPILER, 'package.json'), 'utf8')).version);
  hash.update(OPTIONS.join(' '));
  for (const name of readdirSync(ASSEMBLY).sort()) {
    hash.update(`\0${name}\0`);
    hash.update(readFileSync(join(ASSEMBLY, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

/** Brings the compiled scanner up to date; true if there was something to do. */
export function buildWasm({force = false} = {}) {
  const mark = `// Made by scripts/build-wasm.mjs from assembly/ (${fingerprint()}).`;
  if (!force && existsSync(TARGET) && readFileSync(TARGET, 'utf8').startsWith(`${mark}\n`)) {
    return false;
  }
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-wasm-'));
  try {
    const output = join(folder, 'scanner.wasm');
    const compiler = join(COMPILER, 'bin/asc.js');
    const result = spawnSync(
      process.execPath,
      [compiler, 'assembly/scanner.ts', '-o', output, ...OPTIONS],
      {cwd: ROOT, stdio: 'inherit'},
    );
    if (result.status !== 0) throw new Error('Cannot compile assembly/scanner.ts');
    const text = readFileSync(output).toString('base64');
    writeFileSync(TARGET, `${mark}\nexport const SCANNER_WASM =\n  '${text}';\n`);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) buildWasm();
