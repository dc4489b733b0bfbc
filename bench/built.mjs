// Makes a bench run what was built: `../src/x.ts` becomes `../dist/x.js`, and is loaded as it is.
// Use it after tsx: `node --import tsx --import ./bench/built.mjs bench/x.ts`.
import {readFile} from 'node:fs/promises';
import {register} from 'node:module';
import {isMainThread} from 'node:worker_threads';

const DIST = new URL('../dist/', import.meta.url).href;
const BENCH = new URL('./', import.meta.url).href;

export async function resolve(specifier, context, next) {
  const source = /^\.\.\/src\/(.*)\.ts$/.exec(specifier);
  if (source === null || !context.parentURL?.startsWith(BENCH)) return next(specifier, context);
  return {url: `${DIST}${source[1]}.js`, format: 'module', shortCircuit: true};
}

export async function load(url, context, next) {
  if (!url.startsWith(DIST)) return next(url, context);
  return {source: await readFile(new URL(url)), format: 'module', shortCircuit: true};
}

// This module is also what it registers, which is loaded in a thread of its own.
if (isMainThread) register(import.meta.url);
