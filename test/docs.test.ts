import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {expect, test, vi} from 'vitest';
import {z} from 'zod';
import {contextsSchema, parseContexts} from '../src/app/contexts.ts';
import {configSchema} from '../src/app/service/config.ts';
import {parseConfig} from '../src/app/service/load-config.ts';
import {SCENARIO_NAMES} from '../src/app/simulate-to-folder.ts';
import {loadDetections} from '../src/detections/load.ts';
import {EVENT_FIELDS} from '../src/event/fields.ts';
import {PRINCIPAL_KINDS} from '../src/event/principal.ts';
import * as library from '../src/index.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** Pages that are linked to before they are written. */
const TO_COME: readonly string[] = [];

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');
const linesOf = (text: string) => text.replace(/\n$/, '').split('\n').length;

/** The fenced blocks of a language, with the line each begins on. */
function blocksOf(page: string, language: string): {place: string; code: string}[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map((match) => ({
      place: `${page}:${linesOf(text.slice(0, match.index))}`,
      code: match[2] ?? '',
    }));
}

test('finds the pages', () => {
  expect(PAGES).toContain('README.md');
  expect(PAGES).toContain('docs/contexts.md');
  expect(PAGES.length).toBeGreaterThan(8);
});

test('the README is under 150 lines, ARCHITECTURE under 250', () => {
  expect(linesOf(read('README.md'))).toBeLessThan(150);
  expect(linesOf(read('ARCHITECTURE.md'))).toBeLessThan(250);
});

/** Anchors of a page, as forges make them of headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

test('every relative link leads to a file, and to a heading of it', () => {
  let checked = 0;
  const broken: string[] = [];
  for (const page of PAGES) {
    const text = read(page).replace(/^```.*?^```$/gms, '');
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      checked++;
      const [path = '', anchor] = link.split('#');
      const target = relative(
        ROOT,
        resolve(ROOT, dirname(page), path === '' ? `../${page}` : path),
      );
      const file = path === '' ? page : target;
      if (TO_COME.includes(file)) continue;
      if (!existsSync(join(ROOT, file))) broken.push(`${page}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(file).includes(anchor))
        broken.push(`${page}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
  expect(checked).toBeGreaterThan(20);
});

const helps = new Map<string, string>();

/** What `oddtrail COMMAND --help` says; "" for oddtrail itself. */
function helpOf(command: string): string {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const args = [...command.split(' ').filter((word) => word !== ''), '--help'];
  const {status, stdout} = spawnSync(process.execPath, ['bin/oddtrail.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const help = status === 0 ? stdout : '';
  helps.set(command, help);
  return help;
}

/** Commands of oddtrail, or of one of its commands. */
function commandsOf(command: string): string[] {
  const [, list = ''] = helpOf(command).split(/^Commands:$/m);
  const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
  return names.filter((name) => name !== 'help');
}

const OPTION = /(?<![\w-])--[a-z][a-z-]*/g;

test('every command and option in the pages is one that --help knows', () => {
  const commands = commandsOf('');
  expect(commands).toContain('score');
  const optionsOf = (c: string) =>
    [c, ...commandsOf(c).map((sub) => `${c} ${sub}`)].flatMap((each) => helpOf(each).match(OPTION));
  const options = new Map(commands.map((c) => [c, new Set(optionsOf(c))] as const));
  const all = new Set([...options.values()].flatMap((each) => [...each]));
  let checked = 0;
  const wrong: string[] = [];
  for (const page of PAGES) {
    const text = read(page);
    // Whole command lines: in a block of shell, or between backticks.
    const shell = blocksOf(page, 'sh').flatMap(({code}) => code.split('\n'));
    const inline = [...text.matchAll(/`((?:npx )?oddtrail [^`]+)`/g)].map(([, line = '']) => line);
    for (const line of [...shell, ...inline]) {
      const [, command, rest = ''] =
        /^(?:npx )?(?:oddtrail|node bin\/oddtrail\.js) ([a-z]+)([^#|]*)/.exec(line.trim()) ?? [];
      if (command === undefined) continue;
      checked++;
      const known = options.get(command);
      if (known === undefined) wrong.push(`${page}: ${line}: no command "${command}"`);
      for (const option of rest.match(OPTION) ?? []) {
        if (known?.has(option) !== true) wrong.push(`${page}: ${line}: no option ${option}`);
      }
    }
    // Options by themselves must belong to some command.
    for (const [, option = ''] of text.matchAll(/`(--[a-z][a-z-]*)/g)) {
      if (!all.has(option)) wrong.push(`${page}: no command has ${option}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(checked).toBeGreaterThan(15);
}, 240_000);

test('every excerpt of YAML in the pages is a sound file', () => {
  const settings = new Set(Object.keys(configSchema.shape));
  const found = {contexts: 0, configuration: 0, detections: 0};
  for (const {place, code} of PAGES.flatMap((page) => blocksOf(page, 'yaml'))) {
    const variables = Object.fromEntries(
      [...code.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, 'https://x.example/y']),
    );
    // A file of detections is a list of them; the configuration has a section of that name.
    if (/^detections:\n *- /m.test(code)) {
      expect(loadDetections([{file: place, text: code}]).problems).toEqual([]);
      found.detections++;
      continue;
    }
    const keys = [...code.matchAll(/^(\w+):/gm)].map(([, key = '']) => key);
    // Both kinds of files have a "contexts".
    const kind = keys.every((key) => settings.has(key)) ? 'configuration' : 'contexts';
    const parsed =
      kind === 'contexts' ? parseContexts(place, code) : parseConfig(place, code, variables);
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
    found[kind]++;
  }
  expect(found.contexts).toBeGreaterThan(4);
  expect(found.configuration).toBeGreaterThan(0);
  expect(found.detections).toBeGreaterThan(0);
});

/** Every key of a JSON schema's objects, to any depth. */
function keysOf(schema: unknown, into = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return into;
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'properties') for (const key of Object.keys(value as object)) into.add(key);
    keysOf(value, into);
  }
  return into;
}

test('docs/contexts.md describes every setting and every choice there is', () => {
  const schema = z.toJSONSchema(contextsSchema, {io: 'input', unrepresentable: 'any'});
  const keys = keysOf(schema);
  expect(keys.size).toBeGreaterThan(30);
  expect(keys).toContain('organisation_accounts');
  // An example shows, it does not describe.
  const page = read('docs/contexts.md').replace(/^```.*?^```$/gms, '');
  const choices = [...JSON.stringify(schema).matchAll(/"(?:enum|const)":(\[[^\]]*\]|"[^"]*")/g)]
    .flatMap(([, values = '""']) => [JSON.parse(values) as string | string[]].flat())
    .filter((choice) => !/^(tue|wed|thu|fri|sat)$/.test(choice));
  const missing = [...keys, ...choices].filter(
    (word) => !new RegExp(`\`[^\`\n]*(?<![a-z_-])${word}(?![a-z_-])[^\`\n]*\``).test(page),
  );
  expect(missing).toEqual([]);
});

test('docs/components.md has every field and kind, docs/simulator.md every scenario', () => {
  const components = read('docs/components.md');
  const scenarios = read('docs/simulator.md');
  expect(
    [...EVENT_FIELDS, ...PRINCIPAL_KINDS].filter((n) => !components.includes(`\`${n}\``)),
  ).toEqual([]);
  expect(SCENARIO_NAMES.filter((name) => !scenarios.includes(`| \`${name}\` |`))).toEqual([]);
});

test('docs/library.md has every function of the library', () => {
  const page = read('docs/library.md');
  expect(Object.keys(library).length).toBeGreaterThan(2);
  expect(Object.keys(library).filter((name) => !page.includes(name))).toEqual([]);
});

test('ARCHITECTURE.md has the floors that the boundaries are held against', () => {
  const source = read('test/boundaries.test.ts');
  const literal = /const FLOORS[^=]*= (\{.*?^\});/ms.exec(source)?.[1] ?? '';
  const body = literal.replace(/\/\*.*?\*\/|\/\/.*$/gms, '');
  const folders = [...body.matchAll(/^ {2}'?(\w*)'?: \{(.*?)\},?$(?=\n {2}'?\w*'?: \{|\n\})/gms)];
  expect(folders.length).toBeGreaterThan(10);
  const page = read('ARCHITECTURE.md');
  const section = page.slice(page.indexOf('## Floors'), page.indexOf('## Invariants'));
  const words = (text: string) => [...text.matchAll(/[`']([^`']+)[`']/g)].map(([, w = '']) => w);
  for (const [, folder = '', floor = ''] of folders) {
    const name = folder === '' ? 'index.ts' : folder;
    const row = section.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    const [, , may = '', outside = ''] = row.split('|');
    const [inside = '', from = ''] = floor.split('outside:');
    expect([name, words(may).sort()]).toEqual([name, words(inside).sort()]);
    expect([name, words(outside).sort()]).toEqual([name, words(from).sort()]);
  }
});

/** Writes the examples into a folder of their own below `test`, and removes it afterwards. */
async function withExamples(
  use: (examples: {place: string; file: string}[], folder: string) => Promise<void> | void,
): Promise<void> {
  const examples = PAGES.flatMap((page) => blocksOf(page, 'ts'));
  expect(examples.length).toBeGreaterThanOrEqual(3);
  const folder = mkdtempSync(join(import.meta.dirname, 'docs-examples-'));
  try {
    const files = examples.map(({place, code}, i) => {
      const file = join(folder, `example-${i}.ts`);
      writeFileSync(file, `${code.replaceAll("'oddtrail'", "'../../src/index.ts'")}\nexport {};\n`);
      return {place, file};
    });
    await use(files, folder);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

test('the examples of the library run', async () => {
  await withExamples(async (examples) => {
    for (const {place, file} of examples) {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      await import(/* @vite-ignore */ file);
      const printed = log.mock.calls.map((args) => args.join(' ')).join('\n');
      log.mockRestore();
      // What an example claims, it prints; and each ends with a reason.
      expect([place, printed]).toEqual([place, expect.not.stringMatching(/false|undefined|NaN/)]);
      expect([place, printed]).toEqual([place, expect.stringMatching(/has never/)]);
    }
  });
}, 60_000);

test('the examples of the library are soundly typed', async () => {
  await withExamples((examples, folder) => {
    const config = join(folder, 'tsconfig.json');
    const files = examples.map(({file}) => file);
    writeFileSync(config, JSON.stringify({extends: '../../tsconfig.json', files, include: []}));
    const {stdout} = spawnSync(
      process.execPath,
      ['node_modules/typescript/bin/tsc', '--noEmit', '-p', config],
      {cwd: ROOT, encoding: 'utf8'},
    );
    expect(stdout).toBe('');
  });
}, 120_000);
