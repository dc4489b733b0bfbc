import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {beforeAll, expect, test} from 'vitest';
import {type Line, linesOf, run, scratch, smallTrail} from './harness.ts';

const folder = scratch();
let trail = '';
let all: Line[] = [];
let bytes = '';

beforeAll(async () => {
  trail = await smallTrail(join(folder, 'trail'));
  const {stdout} = await run(['score', trail, '--format', 'jsonl']);
  bytes = stdout;
  all = linesOf(stdout);
});

const jsonl = (...args: string[]) => run(['score', ...args, '--format', 'jsonl']);
const ids = (lines: readonly Line[]) => lines.map(({eventId}) => eventId);
const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-05T00:00:00Z');

/** Files of the trail as text, in order of delivery. */
function logs(): {name: string; text: string}[] {
  return readdirSync(trail, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => ({name, text: gunzipSync(readFileSync(join(trail, name))).toString()}));
}

function records(): Record<string, unknown>[] {
  return logs().flatMap(
    ({text}) => (JSON.parse(text) as {Records: Record<string, unknown>[]}).Records,
  );
}

test('a line of jsonl has these keys in this order, and nothing else', () => {
  expect(all.length).toBeGreaterThan(500);
  for (const line of all) {
    expect(Object.keys(line)).toEqual([
      'eventId',
      'eventTime',
      'account',
      'principal',
      'operation',
      'score',
      'bits',
      'mostNovel',
      'reason',
      'source',
    ]);
    expect(line.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(line.eventTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
    expect(line.score).toBeGreaterThanOrEqual(0);
    expect(line.score).toBeLessThanOrEqual(1);
    expect(Object.keys(line.source)).toEqual(['file', 'index']);
    if (line.mostNovel !== null) {
      expect(Object.keys(line.mostNovel)).toEqual(['facet', 'value', 'bits']);
      expect(line.bits).toHaveProperty(line.mostNovel.facet);
    }
  }
});

test('every event comes once, in order of time, with the record it came from', () => {
  const times = all.map(({eventTime}) => Date.parse(eventTime));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const wanted = new Set(records().map((record) => record.eventID as string));
  expect(new Set(ids(all))).toEqual(wanted);
  expect(all.length).toBe(wanted.size);
  for (const {eventId, source} of [all[0]!, all[300]!, all.at(-1)!]) {
    const text = gunzipSync(readFileSync(source.file)).toString();
    const {Records} = JSON.parse(text) as {Records: {eventID: string}[]};
    expect(Records[source.index]?.eventID).toBe(eventId);
  }
});

test('the same bytes come of any number of threads, of either scanner, and of a second run', async () => {
  const runs = await Promise.all([
    jsonl(trail, '--workers', '0'),
    jsonl(trail, '--workers', '1'),
    jsonl(trail, '--workers', '2'),
    jsonl(trail, '--scanner', 'reference'),
  ]);
  for (const {code, stdout} of runs) {
    expect(code).toBe(0);
    expect(stdout === bytes).toBe(true);
  }
});

test('the table shows the most novel first, as many as asked for', async () => {
  const {code, stdout} = await run(['score', trail, '--top', '3']);
  expect(code).toBe(0);
  expect(stdout.split('\n')[0]).toMatch(/^time \(UTC\) +score +principal +operation +why$/);
  const rows = stdout.split('\n').filter((line) => /^\d{4}-/.test(line));
  expect(rows).toHaveLength(3);
  const best = [...all].sort((a, b) => b.score - a.score).slice(0, 3);
  const scores = rows.map((row) => row.split(/ {2,}/)[1]);
  expect(scores).toEqual(best.map(({score}) => (Math.floor(score * 1e4) / 1e4).toFixed(4)));
});

test('csv has a head, a row an event, and the scores of jsonl', async () => {
  const {code, stdout} = await run(['score', trail, '--format', 'csv']);
  expect(code).toBe(0);
  const rows = stdout.trimEnd().split('\n');
  expect(rows[0]).toBe(
    'eventId,eventTime,account,principal,operation,score,mostNovelFacet,mostNovelValue,' +
      'mostNovelBits,reason,file,index',
  );
  expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(ids(all));
  expect(rows.slice(1).map((row) => Number(row.split(',')[5]))).toEqual(all.map((l) => l.score));
});

test('--min-score leaves out what scores lower, in every format', async () => {
  const [lines, csv, none] = await Promise.all([
    jsonl(trail, '--min-score', '0.9'),
    run(['score', trail, '--format', 'csv', '--min-score', '0.9']),
    run(['score', trail, '--min-score', '1']),
  ]);
  const wanted = ids(all.filter(({score}) => score >= 0.9));
  expect(wanted.length).toBeGreaterThan(0);
  expect(ids(linesOf(lines.stdout))).toEqual(wanted);
  expect(csv.stdout.trimEnd().split('\n')).toHaveLength(wanted.length + 1);
  expect(none).toMatchObject({code: 0, stdout: 'No events.\n'});
});

test('--since and --until leave out what is before and from then on', async () => {
  const from = new Date(START + DAY_MS).toISOString().slice(0, 10);
  const to = new Date(START + 2 * DAY_MS).toISOString().replace('.000', '');
  const {code, stdout, stderr} = await jsonl(trail, '--since', from, '--until', to);
  expect(code).toBe(0);
  const wanted = all.filter(({eventTime}) => eventTime >= from && eventTime < to.slice(0, 19));
  expect(ids(linesOf(stdout))).toEqual(ids(wanted));
  expect(stderr).toContain('outside_time_range');
});

test('--fail-over ends with 1 when an event scores higher, else with 0', async () => {
  const best = Math.max(...all.map(({score}) => score));
  const [over, not] = await Promise.all([
    run(['score', trail, '--fail-over', String(best - 0.001), '--top', '1']),
    run(['score', trail, '--fail-over', String(Math.min(1, best + 0.001)), '--top', '1']),
  ]);
  expect([over.code, not.code]).toEqual([1, 0]);
});

test('--quiet says nothing on stderr', async () => {
  expect(await run(['score', trail, '--quiet', '--top', '1'])).toMatchObject({code: 0, stderr: ''});
});

test('--model carries on where it was, as if it had been one run', async () => {
  const model = join(folder, 'carry-on.odt');
  const half = new Date(START + 2 * DAY_MS).toISOString().slice(0, 10);
  const first = await jsonl(trail, '--model', model, '--until', half);
  expect(first.stderr).toContain(`saved model "${model}"`);
  const before = readFileSync(model);
  // Judged by the model as it is, every other time the same, and nothing is saved.
  const looks = await Promise.all([
    jsonl(trail, '--model', model, '--since', half, '--no-learn'),
    jsonl(trail, '--model', model, '--since', half, '--no-learn', '--workers', '0'),
  ]);
  expect(looks[0].stdout === looks[1].stdout).toBe(true);
  expect(readFileSync(model).equals(before)).toBe(true);
  const second = await jsonl(trail, '--model', model, '--since', half);
  expect(second.stderr).toContain('loaded model');
  expect(second.stdout).not.toBe(looks[0].stdout);
  expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  const plain = (line: Line) => ({...line, source: 0});
  const both = [...linesOf(first.stdout), ...linesOf(second.stdout)].map(plain);
  expect(both).toEqual(all.map(plain));
});

test('--learn-from learns a baseline and says nothing of it', async () => {
  const day = join(trail, '111122223333/CloudTrail/eu-central-1/2026/01/08');
  const {code, stdout, stderr} = await jsonl(day, '--learn-from', trail, '--until', '2026-01-09');
  expect(code).toBe(0);
  expect(stderr).toContain('the baseline:');
  const lines = linesOf(stdout);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThan(all.length);
  // Everything has been seen before: what was novel is not any more.
  const was = new Map(all.map(({eventId, score}) => [eventId, score]));
  const sum = (of: (line: Line) => number) => lines.reduce((total, line) => total + of(line), 0);
  expect(sum(({score}) => score)).toBeLessThan(sum(({eventId}) => was.get(eventId)!));
});

test('--retrospective judges each event by all but itself', async () => {
  const {code, stdout} = await jsonl(trail, '--retrospective');
  expect(code).toBe(0);
  const lines = linesOf(stdout);
  expect(ids(lines)).toEqual(ids(all));
  // The first events are no longer novel for want of a history.
  const early = (of: readonly Line[]) =>
    of.slice(0, 200).reduce((sum, {bits}) => sum + (bits.operation ?? 0), 0);
  expect(early(lines)).toBeLessThan(early(all));
});

test('standard input is a file, plain or gzip, with what is around it', async () => {
  const text = `${records()
    .map((record) => JSON.stringify(record))
    .join('\n')}\n`;
  const [plain, zipped, mixed] = await Promise.all([
    run(['score', '-', '--format', 'jsonl'], {stdin: text}),
    run(['score', '-', '--format', 'jsonl', '--workers', '0'], {stdin: gzipSync(text)}),
    run(['score', '-', '--format', 'jsonl'], {
      stdin: logs()
        .map((log) => log.text)
        .join(''),
    }),
  ]);
  expect([plain.code, zipped.code, mixed.code]).toEqual([0, 0, 0]);
  expect(new Set(ids(linesOf(plain.stdout)))).toEqual(new Set(ids(all)));
  expect(zipped.stdout === plain.stdout).toBe(true);
  expect(linesOf(plain.stdout)[0]?.source.file).toBe('-');
  expect(linesOf(mixed.stdout).length).toBe(all.length);
});

test('a pipe that the shell made is read once, as it comes', async () => {
  const [first] = logs();
  const prefix = ['sh', '-c', 'cat | "$@"', 'sh'];
  const {code, stdout} = await run(['score', '/dev/stdin', '--format', 'jsonl'], {
    stdin: first!.text,
    prefix,
  });
  expect(code).toBe(0);
  expect(linesOf(stdout).length).toBeGreaterThan(0);
});

test('globs, folders and files name the same trail once', async () => {
  const cwd = join(trail, '..');
  const [glob, brace, twice] = await Promise.all([
    run(['score', 'AWSLogs/**/*.json.gz', '--format', 'jsonl'], {cwd}),
    run(['score', './AWSLogs/*/CloudTrail/{eu,us}-*/**', '--format', 'jsonl'], {cwd}),
    run(['score', 'AWSLogs', 'AWSLogs/**/*.gz', './AWSLogs/', '--format', 'jsonl'], {cwd}),
  ]);
  expect(ids(linesOf(glob.stdout))).toEqual(ids(all));
  expect(linesOf(glob.stdout)[0]?.source.file).toMatch(/^AWSLogs\//);
  expect(linesOf(brace.stdout).length).toBeGreaterThan(100);
  expect(twice.stdout === glob.stdout).toBe(true);
  expect(twice.stderr).toContain(` in ${logs().length} files`);
});

test('wrappers of every kind may lie in one folder', async () => {
  const mixed = join(folder, 'mixed [1] (copy)');
  mkdirSync(mixed);
  const some = records().slice(0, 60);
  const part = (from: number) => some.slice(from, from + 10);
  const put = (name: string, content: string | Uint8Array) =>
    writeFileSync(join(mixed, name), content);
  put('records.json', JSON.stringify({Records: part(0)}));
  put('array.json.gz', gzipSync(JSON.stringify(part(10))));
  put(
    'lines.jsonl',
    part(20)
      .map((record) => JSON.stringify(record))
      .join('\n'),
  );
  const lookUp = part(30).map((record) => ({CloudTrailEvent: JSON.stringify(record)}));
  put('lookup.json', JSON.stringify({Events: lookUp}));
  put(
    'bridge.ndjson',
    part(40)
      .map((detail) => JSON.stringify({detail}))
      .join('\r\n'),
  );
  put('again.log', JSON.stringify({Records: part(50)}, null, 2));
  put('notes.md', '# not a log');
  const [whole, glob] = await Promise.all([jsonl(mixed), jsonl(join(mixed, '*.json*'))]);
  expect(whole.code).toBe(0);
  expect(new Set(ids(linesOf(whole.stdout)))).toEqual(
    new Set(some.map((record) => record.eventID)),
  );
  expect(linesOf(glob.stdout)).toHaveLength(40);
});

test('--contexts, --time-zone and --asn say what is watched', async () => {
  const contexts = join(folder, 'regions.yml');
  writeFileSync(
    contexts,
    'stream: {type: cloudtrail}\ncontexts:\n  - name: regions\n    entity: account\n' +
      '    facets:\n      - {name: where, of: region, given: [account, everyone]}\n',
  );
  const asn = join(folder, 'asn.csv');
  writeFileSync(asn, '0.0.0.0/0,64500\n');
  const [other, zoned, numbered] = await Promise.all([
    jsonl(trail, '--contexts', contexts),
    jsonl(trail, '--time-zone', 'Asia/Tokyo'),
    jsonl(trail, '--asn', asn),
  ]);
  const lines = linesOf(other.stdout);
  expect(lines.map(({bits}) => Object.keys(bits).join())).toEqual(lines.map(() => 'where'));
  expect(lines.every(({principal, account}) => principal === account)).toBe(true);
  expect(zoned.code).toBe(0);
  expect(zoned.stdout).not.toBe(bytes);
  // One network for all: nobody ever comes from another.
  const network = (of: readonly Line[]) => of.reduce((sum, {bits}) => sum + (bits.network ?? 0), 0);
  expect(network(linesOf(numbered.stdout))).toBeLessThan(network(all));
});
