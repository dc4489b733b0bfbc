import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative, sep} from 'node:path';
import ts from 'typescript';
import {expect, test} from 'vitest';

interface Floor {
  /** Folders of `src` that may be imported, besides itself. */
  readonly may: readonly string[];
  /** What may come from outside: packages, and `node:` modules ("node:*" for all of them). */
  readonly outside?: readonly string[];
}

/**
 * What each folder of `src` may import. Change this table in the same commit as ARCHITECTURE.md.
 * "" is `src/index.ts`, the library's surface.
 */
const FLOORS: Record<string, Floor> = {
  base: {may: []},
  config: {may: [], outside: ['yaml', 'zod']},
  event: {may: ['base']},
  decode: {may: ['base', 'event'], outside: ['node:zlib']},
  model: {may: ['base']},
  features: {may: ['event']},
  score: {may: ['base', 'model'], outside: ['node:zlib']},
  simulate: {may: ['base']},
  detections: {
    may: ['base', 'config', 'event'],
    outside: ['zod', 're2js', '@marcbachmann/cel-js'],
  },
  pipeline: {
    may: ['base', 'event', 'decode', 'features', 'detections'],
    outside: ['node:worker_threads'],
  },
  stores: {
    may: ['base', 'pipeline'],
    outside: ['node:*', '@duckdb/node-api', 'pg', 'pg-copy-streams'],
  },
  alerts: {may: ['base', 'pipeline'], outside: ['node:*']},
  sources: {
    may: ['base', 'event', 'pipeline'],
    outside: ['node:*', 'picomatch', '@aws-sdk/*', '@smithy/node-http-handler'],
  },
  telemetry: {may: [], outside: ['pino', 'prom-client']},
  api: {
    may: ['base', 'pipeline', 'telemetry'],
    outside: ['node:*', 'hono', '@hono', 'zod', 'jose'],
  },
  app: {
    may: [
      'base',
      'config',
      'event',
      'features',
      'model',
      'score',
      'simulate',
      'detections',
      'pipeline',
      'sources',
      'stores',
      'alerts',
      'telemetry',
      'api',
      'web',
    ],
    outside: ['node:*', 'zod'],
  },
  // Of the API its types alone: no schema reaches the browser.
  web: {
    may: ['base', 'api'],
    outside: ['uplot', 'react', 'react-dom', '@tanstack', '@codemirror', '@lezer/highlight'],
  },
  cli: {may: ['app', 'base'], outside: ['node:*', 'commander']},
  '': {may: ['app', 'base', 'features']},
};

const SRC = join(import.meta.dirname, '../src');

const files = readdirSync(SRC, {recursive: true, encoding: 'utf8'})
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => join(SRC, name));

const imports = files.flatMap((file) =>
  ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.map(({fileName}) => {
    const external = !fileName.startsWith('.');
    const to = external ? fileName : folderOf(join(dirname(file), fileName));
    return {file: relative(SRC, file), from: folderOf(file), to, external};
  }),
);

function folderOf(path: string): string {
  const parts = relative(SRC, path).split(sep);
  return parts.length === 1 ? '' : (parts[0] ?? '');
}

function mayComeFromOutside(floor: Floor, name: string): boolean {
  return (floor.outside ?? []).some((o) =>
    o.endsWith('*') ? name.startsWith(o.slice(0, -1)) : name === o || name.startsWith(`${o}/`),
  );
}

test('finds the imports it is meant to judge', () => {
  expect(imports.length).toBeGreaterThan(50);
});

test('every folder has a floor, and every floor a folder', () => {
  expect([...new Set(files.map(folderOf))].sort()).toEqual(Object.keys(FLOORS).sort());
});

test('imports only go down', () => {
  const wrong = imports.filter(({from, to, external}) => {
    const floor = FLOORS[from];
    if (floor === undefined) return true;
    return external ? !mayComeFromOutside(floor, to) : to !== from && !floor.may.includes(to);
  });
  expect(wrong.map(({file, to}) => `${file} may not import ${to}`)).toEqual([]);
});

test('no permission is left unused', () => {
  const unused = Object.entries(FLOORS).flatMap(([from, {may}]) =>
    may
      .filter((to) => !imports.some((i) => i.from === from && i.to === to))
      .map((to) => `${from} no longer needs ${to}`),
  );
  expect(unused).toEqual([]);
});

test('the core reads no clock and draws no unseeded numbers', () => {
  const core = ['base', 'event', 'decode', 'features', 'model', 'score', 'simulate', 'detections'];
  const wrong = files
    .filter((file) => core.includes(folderOf(file)))
    .filter((file) =>
      /\bDate\.now\(|\bnew Date\(\)|performance\.now|Math\.random/.test(readFileSync(file, 'utf8')),
    );
  expect(wrong.map((file) => relative(SRC, file))).toEqual([]);
});
