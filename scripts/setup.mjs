// What a fresh clone lacks, brought in and said aloud: dependencies, then the build.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = [20, 19, 0];

/** Runs a command in the project's folder and ends this process if it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {cwd: ROOT, stdio: 'inherit', ...options});
  if (result.error) {
    process.stderr.write(`Cannot run "${command}": ${result.error.message}\n`);
    process.exit(3);
  }
  if (result.status !== 0) process.exit(result.status ?? 3);
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

function checkNode() {
  const version = process.versions.node.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    if (version[i] > MINIMUM[i]) return;
    if (version[i] < MINIMUM[i]) {
      process.stderr.write(
        `Oddtrail needs Node.js ${MINIMUM.join('.')} or newer, this is ${process.versions.node}\n`,
      );
      process.exit(3);
    }
  }
}

/** Installs the locked dependencies when they are absent or older than the lock file. */
export function ensureDependencies() {
  checkNode();
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  const lock = join(ROOT, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  if (existsSync(installed) && sameLock(installed, lock)) return;
  say('Installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** A fresh checkout's lock file is newer than an install that already matches it. */
function sameLock(installed, lock) {
  const packages = (file) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages)
      .filter(([name]) => name !== '')
      .map(([name, {version, optional}]) => ({name, version, optional}));
  const have = new Map(packages(installed).map(({name, version}) => [name, version]));
  return packages(lock).every(
    ({name, version, optional}) => have.get(name) === version || optional === true,
  );
}

/** Builds what is out of date: the scanner's WebAssembly, the parser of patterns, then `dist/`. */
export function ensureBuild({force = false} = {}) {
  const stamp = join(ROOT, 'dist/.build');
  const hash = sourceHash();
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  say('Building …');
  run(process.execPath, ['scripts/build-wasm.mjs']);
  run(process.execPath, ['scripts/build-grammar.mjs']);
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  run(process.execPath, ['scripts/inline-constants.mjs']);
  buildWeb();
  writeFileSync(stamp, hash);
}

/** Bundles the pages, unless that was done from the same sources. */
export function buildWeb() {
  const stamp = join(ROOT, 'dist/web/.build');
  const hash = hashOf(['src/web'], ['package-lock.json', 'tsconfig.json', 'vite.config.ts']);
  const built = existsSync(join(ROOT, 'dist/web/app/index.html')) && existsSync(stamp);
  if (built && readFileSync(stamp, 'utf8') === hash) return;
  // A test runner's own NODE_ENV would bring in React with all its checks.
  run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], {
    env: {...process.env, NODE_ENV: 'production'},
  });
  writeFileSync(stamp, hash);
}

function sourceHash() {
  return hashOf(
    ['src', 'assembly', 'scripts'],
    ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'vite.config.ts'],
  );
}

function hashOf(folders, files) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const names = readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'});
    for (const name of names.sort()) {
      if (name.endsWith('.generated.ts') || !/\.(tsx?|mjs|json|css|html|svg|peggy)$/.test(name))
        continue;
      hash.update(`${folder}/${name}\0`).update(readFileSync(join(ROOT, folder, name)));
    }
  }
  for (const name of files) {
    hash.update(readFileSync(join(ROOT, name)));
  }
  return hash.digest('hex');
}
