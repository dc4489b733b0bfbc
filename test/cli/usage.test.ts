import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run, scratch, smallTrail} from './harness.ts';

const folder = scratch();
const COMMANDS = ['score', 'explain', 'simulate', 'report', 'evaluate', 'inspect', 'demo'];

test('help and version say what there is', async () => {
  const [help, short, version, ...each] = await Promise.all([
    run(['--help']),
    run(['help']),
    run(['--version']),
    ...COMMANDS.map((name) => run(['help', name])),
  ]);
  expect(help).toMatchObject({code: 0, stderr: ''});
  expect(short?.stdout).toBe(help?.stdout);
  expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  for (const [i, name] of COMMANDS.entries()) {
    expect(help?.stdout).toContain(`\n  ${name} `);
    expect(each[i]).toMatchObject({code: 0, stderr: ''});
    expect(each[i]?.stdout).toContain(`Usage: oddtrail ${name} `);
    expect(each[i]?.stdout).not.toContain('undefined');
  }
});

test('a mistake on the command line ends with 2 and a line that helps', async () => {
  const log = join(folder, 'log.json');
  writeFileSync(log, '{"Records":[]}');
  mkdirSync(join(folder, 'empty'));
  const cases: readonly [args: string[], says: RegExp][] = [
    [[], /Usage: oddtrail/],
    [['scroe', log], /unknown command 'scroe'[\s\S]*Did you mean score/],
    [['score'], /missing required argument 'path'/],
    [['score', log, '--tpo', '3'], /unknown option '--tpo'[\s\S]*--top/],
    [['score', log, '--top', '0'], /wanted: a whole number above 0/],
    [['score', log, '--top', 'many'], /wanted: a whole number/],
    [['score', log, '--format', 'xml'], /--format is "xml"; wanted: table, jsonl, csv/],
    [['score', log, '--min-score', '2'], /wanted: a score between 0 and 1/],
    [['score', log, '--since', 'yesterday'], /wanted: 2026-01-31/],
    [['score', log, '--since', '2026-02-30'], /wanted: 2026-01-31/],
    [['score', log, '--since', '2026-03-01', '--until', '2026-02-01'], /--since is not before/],
    [['score', log, '--workers', '99'], /wanted: 0 to 64/],
    [
      ['score', log, '--retrospective', '--no-learn', '--model', 'm'],
      /does not go with --no-learn/,
    ],
    [['score', log, '--no-learn'], /give --model or --learn-from/],
    [['score', log, '--no-learn', '--model', join(folder, 'none')], /There is no model ".*none"/],
    [['score', '-', '--retrospective'], /reads everything twice, which "-" cannot be/],
    [['score', '-', '--learn-from', '-'], /can be read only once/],
    [['score', join(folder, 'none.json')], /No such file or folder: ".*none\.json" \[usage\]/],
    [['score', join(folder, '*.gz')], /No file matches ".*\*\.gz"/],
    [['score', join(folder, 'empty')], /No log files under ".*empty"/],
    [['score', log, '--time-zone', 'Mars'], /"Mars" is no time zone/],
    [['score', log, '--asn', join(folder, 'none.csv')], /Cannot read AS numbers/],
    [['score', log, '--contexts', join(folder, 'none.yml')], /Cannot read contexts ".*none\.yml"/],
    [['explain'], /missing required argument/],
    [['inspect', 'raul'], /required option '--model <file>'/],
    [['inspect', 'raul', '--model', join(folder, 'none')], /There is no model/],
    [['report', log], /required option '--out <file>'/],
    [['evaluate', log], /required option '--truth <file>'/],
    [['check', '-c', join(folder, 'none.yml')], /There is no configuration .*oddtrail init writes/],
    [['run', '-c', join(folder, 'none.yml')], /There is no configuration .*oddtrail init writes/],
    [['simulate', '--out', folder, '--start', '2026-02-30'], /wanted: a day such as/],
    [
      ['simulate', '--out', folder, '--scenario', 'ruin'],
      /There is no scenario "ruin"; there are /,
    ],
  ];
  // A few at a time: each is a process.
  for (let i = 0; i < cases.length; i += 6) {
    const some = cases.slice(i, i + 6);
    const outcomes = await Promise.all(some.map(([args]) => run(args)));
    outcomes.forEach(({code, stdout, stderr}, k) => {
      const [args, says] = some[k]!;
      expect({args, code, stdout}).toEqual({args, code: 2, stdout: ''});
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/\n {4}at /);
    });
  }
});

test('every fault of a contexts file is told with its place and a caret', async () => {
  const log = join(folder, 'log.json');
  const contexts = join(folder, 'faulty.yml');
  writeFileSync(
    contexts,
    'stream: {type: cloudtrail}\ncontexts:\n  - name: ONE\n    entity: principal\n    facets:\n' +
      '      - {name: a, of: operation, given: [principal], wieght: 2}\n',
  );
  const {code, stdout, stderr} = await run(['score', log, '--contexts', contexts]);
  expect({code, stdout}).toEqual({code: 2, stdout: ''});
  const [first, source, caret] = stderr.split('\n');
  expect(first).toContain(`${contexts}:3:11: contexts.0.name: `);
  expect(source).toBe('    - name: ONE');
  expect(caret).toBe(`  ${' '.repeat(10)}^`);
  expect(stderr).toContain(`${contexts}:6:54: contexts.0.facets.0.wieght: Unknown setting`);
});

test('a model that is none, is damaged, or was learnt with other contexts is refused', async () => {
  const trail = await smallTrail(join(folder, 'trail'), 3);
  const file = (name: string) => join(folder, name);
  expect((await run(['score', trail, '--model', file('good.odt')])).code).toBe(0);
  const good = readFileSync(file('good.odt'));
  const damaged = Buffer.from(good);
  damaged[good.length >> 1]! ^= 1;
  writeFileSync(file('damaged.odt'), damaged);
  writeFileSync(file('cut.odt'), good.subarray(0, good.length - 10));
  writeFileSync(file('text.odt'), 'not a model');
  writeFileSync(file('empty.odt'), '');
  mkdirSync(file('folder.odt'));
  writeFileSync(
    file('other.yml'),
    'stream: {type: cloudtrail}\ncontexts:\n  - name: other\n    entity: account\n' +
      '    facets:\n      - {name: where, of: region, given: [account]}\n',
  );
  const refused = async (name: string, ...more: string[]) => {
    const before = name === 'folder.odt' ? undefined : readFileSync(file(name));
    const outcome = await run(['score', trail, '--model', file(name), ...more]);
    if (before !== undefined) expect(readFileSync(file(name)).equals(before)).toBe(true);
    expect(outcome).toMatchObject({code: 3, stdout: ''});
    return outcome.stderr;
  };
  expect(await refused('damaged.odt')).toContain('it is damaged [snapshot_unreadable]');
  expect(await refused('cut.odt')).toMatch(/it has \d+ bytes, \d+ were written/);
  expect(await refused('text.odt')).toContain('it is not a snapshot of this program');
  expect(await refused('empty.odt')).toContain('it is not a snapshot of this program');
  expect(await refused('folder.odt')).toContain('[snapshot_unreadable]');
  expect(await refused('good.odt', '--contexts', file('other.yml'))).toContain('other contexts');
});
