import {spawn, spawnSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {gunzipSync, gzipSync} from 'node:zlib';
import {beforeAll, expect, test} from 'vitest';
import {loadModel} from '../../src/app/model-file.ts';
import {linesOf, outcomeOf, run, scratch, smallTrail, start} from './harness.ts';

const folder = scratch();
let trail = '';
let records: Record<string, unknown>[] = [];

beforeAll(async () => {
  trail = await smallTrail(folder, 3);
  records = readdirSync(trail, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.gz'))
    .flatMap((name) => {
      const text = gunzipSync(readFileSync(join(trail, name))).toString();
      return (JSON.parse(text) as {Records: Record<string, unknown>[]}).Records;
    });
});

const drafts = (of: string) => readdirSync(of).filter((name) => name.includes('.tmp'));
const line = (record: unknown) => `${JSON.stringify(record)}\n`;

test('killed at any moment, the model file is the old one or the new one', async () => {
  const home = join(folder, 'killed');
  mkdirSync(home);
  const model = join(home, 'model.odt');
  // Many components make a model that takes a while to write.
  const log = join(home, 'wide.jsonl');
  let text = '';
  for (let i = 0; i < 3000; i++) {
    const record = records[i % records.length] as {eventTime: string};
    const userIdentity = {type: 'IAMUser', accountId: '111122223333', userName: `user-${i}`};
    text += line({...record, userIdentity, eventID: `made-up-${i}`});
  }
  writeFileSync(log, text);
  expect((await run(['score', log, '--model', model, '-q', '--top', '1'])).code).toBe(0);
  const started = Date.now();
  await run(['score', log, '--model', model, '-q', '--top', '1']);
  const whole = Date.now() - started;
  let saved = 0;
  for (let i = 0; i < 10; i++) {
    const before = readFileSync(model);
    const child = start(['score', log, '--model', model, '--top', '1']);
    const outcome = outcomeOf(child);
    if (i % 2 === 0) {
      // As soon as a draft appears, or a little later: while it is being written.
      const until = Date.now() + 4 * whole;
      while (drafts(home).length === 0 && Date.now() < until && child.exitCode === null)
        await sleep(1);
      await sleep(i % 4 === 0 ? 0 : i);
    } else {
      await sleep((whole * (i + 2)) / 12);
    }
    child.kill('SIGKILL');
    await outcome;
    const after = readFileSync(model);
    if (!after.equals(before)) saved++;
    expect((await loadModel(model))?.learnt).toBeGreaterThan(0);
  }
  const last = await run(['score', log, '--model', model, '--top', '1']);
  expect(last.code).toBe(0);
  expect(last.stderr).toContain('loaded model');
  expect(drafts(home)).toEqual([]);
  expect(saved).toBeLessThan(10);
}, 120_000);

test('Ctrl-C stops, saves what was learnt, and leaves whole lines', async () => {
  const home = join(folder, 'stopped');
  mkdirSync(home);
  const model = join(home, 'model.odt');
  await run(['score', trail, '--model', model, '-q', '--top', '1', '--until', '2026-01-06']);
  const before = readFileSync(model);
  const child = start(['score', '-', '--model', model, '--format', 'jsonl', '--workers', '1']);
  const outcome = outcomeOf(child);
  const loaded = new Promise((resolve) => child.stderr.once('data', resolve));
  // The stream stays open, as that of a pipe from elsewhere: nothing more ever comes.
  child.stdin.on('error', () => {});
  for (const record of records) child.stdin.write(line(record));
  await loaded;
  await sleep(1500);
  child.kill('SIGINT');
  const {code, stdout, stderr} = await outcome;
  expect(code).toBe(130);
  expect(stderr).toContain('Stopping: saving what there is');
  expect(stderr).toContain(`saved model "${model}"`);
  expect(stdout === '' || stdout.endsWith('}\n')).toBe(true);
  expect(linesOf(stdout).length).toBeGreaterThan(0);
  expect(readFileSync(model).equals(before)).toBe(false);
  expect((await loadModel(model))?.learnt).toBeGreaterThan(0);
});

test('a reader that goes away ends it quietly', () => {
  const script = `"${process.execPath}" bin/oddtrail.js score "$1" --format jsonl -q | head -n 1`;
  const {status, stdout, stderr} = spawnSync('sh', ['-c', script, 'sh', trail], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
  });
  expect({status, stderr}).toEqual({status: 0, stderr: ''});
  expect(linesOf(stdout)).toHaveLength(1);
});

test('what cannot be read is told, the rest is scored, and the code is 3', async () => {
  const home = join(folder, 'unreadable');
  mkdirSync(join(home, 'folder.json.gz'), {recursive: true});
  writeFileSync(join(home, 'good.json'), records.slice(0, 40).map(line).join(''));
  symlinkSync(join(home, 'gone'), join(home, 'dangling.json'));
  symlinkSync(join(home, 'gone'), join(home, 'not-a-log'));
  symlinkSync(home, join(home, 'folder.json.gz', 'loop'));
  const forbidden = process.getuid?.() !== 0;
  if (forbidden) {
    writeFileSync(join(home, 'secret.json'), '{}');
    chmodSync(join(home, 'secret.json'), 0);
  }
  const {code, stdout, stderr} = await run(['score', home, '--format', 'jsonl']);
  expect(code).toBe(3);
  expect(linesOf(stdout).length).toBeGreaterThan(30);
  expect(stderr).toMatch(/Cannot read ".*dangling\.json": ENOENT.* \[source_unreadable\]/);
  expect(stderr).not.toContain('not-a-log');
  expect(stderr.match(/source_unreadable/g)).toHaveLength(forbidden ? 2 : 1);
  const twice = await run(['score', home, '--retrospective', '--top', '1']);
  expect(twice.stderr.match(/Cannot read ".*dangling/g)).toHaveLength(1);
});

test('a file that vanishes after it was listed is told, and the rest is scored', async () => {
  const home = join(folder, 'vanishing');
  mkdirSync(home);
  const pipe = join(home, 'a-first.json');
  // The first input is a pipe that is held open until the other file is gone.
  if (spawnSync('mkfifo', [pipe]).status !== 0) return;
  writeFileSync(join(home, 'b.json'), records.slice(0, 5).map(line).join(''));
  writeFileSync(join(home, 'c.json'), records.slice(5, 40).map(line).join(''));
  const args = ['score', pipe, join(home, 'b.json'), join(home, 'c.json'), '--format', 'jsonl'];
  const child = start([...args, '--workers', '0']);
  const outcome = outcomeOf(child);
  const writer = spawn('sh', [
    '-c',
    'exec 3>"$1"; sleep 0.3; rm "$2"; echo "{}" >&3',
    'sh',
    pipe,
    join(home, 'b.json'),
  ]);
  await new Promise((resolve) => writer.on('close', resolve));
  const {code, stdout, stderr} = await outcome;
  expect(code).toBe(3);
  expect(stderr).toMatch(/Cannot read ".*b\.json": ENOENT/);
  expect(linesOf(stdout).length).toBeGreaterThan(25);
});

test('a gzip bomb is set aside, whatever lies beside it is scored', async () => {
  const home = join(folder, 'bomb');
  mkdirSync(home);
  const zeros = Buffer.alloc(220 * 1024 * 1024);
  writeFileSync(join(home, 'zeros.json.gz'), gzipSync(zeros, {level: 6}));
  const spaces = Buffer.alloc(220 * 1024 * 1024, ' ');
  writeFileSync(join(home, 'spaces.json.gz'), gzipSync(spaces, {level: 6}));
  writeFileSync(join(home, 'good.json'), records.slice(0, 40).map(line).join(''));
  const rejects = join(home, 'rejects.jsonl');
  const {code, stdout, stderr} = await run([
    'score',
    home,
    '--format',
    'jsonl',
    '--rejects',
    rejects,
  ]);
  expect(code).toBe(0);
  expect(linesOf(stdout).length).toBeGreaterThan(30);
  expect(stderr).toMatch(/set aside: .*2 gzip_expansion/);
  const told = readFileSync(rejects, 'utf8')
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each));
  expect(
    told
      .filter(({reason}) => reason === 'gzip_expansion')
      .map(({file}) => file)
      .sort(),
  ).toEqual([join(home, 'spaces.json.gz'), join(home, 'zeros.json.gz')]);
}, 120_000);

test('a record of 200 MB is passed over in constant memory', async () => {
  const rss = join(folder, 'rss.mjs');
  writeFileSync(
    rss,
    "process.on('exit', () => process.stderr.write('maxRSS ' + process.resourceUsage().maxRSS));\n",
  );
  const child = spawn(
    process.execPath,
    ['--import', rss, 'bin/oddtrail.js', 'score', '-', '--format', 'jsonl', '--workers', '0'],
    {cwd: join(import.meta.dirname, '../..')},
  );
  const outcome = outcomeOf(child);
  const write = async (bytes: Uint8Array | string) => {
    if (!child.stdin.write(bytes))
      await new Promise((resolve) => child.stdin.once('drain', resolve));
  };
  await write(records.slice(0, 20).map(line).join(''));
  await write('{"eventID":"x","requestParameters":{"huge":"');
  const piece = Buffer.alloc(1024 * 1024, 'x');
  for (let i = 0; i < 200; i++) await write(piece);
  await write('"}}\n');
  await write(records.slice(20, 40).map(line).join(''));
  child.stdin.end();
  const {code, stdout, stderr} = await outcome;
  expect(code).toBe(0);
  expect(linesOf(stdout).length).toBeGreaterThan(35);
  expect(stderr).toContain('1 record_too_large');
  const kib = Number(/maxRSS (\d+)/.exec(stderr)?.[1]);
  expect(kib).toBeGreaterThan(10_000);
  // Of which about a hundred are the program itself, and 32 the largest record it would hold.
  expect(kib / 1024).toBeLessThan(420);
}, 120_000);

test('ten thousand files are one trail', async () => {
  const home = join(folder, 'many');
  const total = 10_000;
  for (let day = 0; day < 10; day++) mkdirSync(join(home, String(day)), {recursive: true});
  const begin = Date.parse('2026-01-05T00:00:00Z');
  for (let i = 0; i < total; i++) {
    const eventTime = new Date(begin + i * 60_000).toISOString().replace('.000', '');
    const stamp = eventTime.slice(0, 16).replaceAll(/[-:]/g, '');
    const name = `111122223333_CloudTrail_eu-central-1_${stamp}Z_${String(i).padStart(16, '0')}.json`;
    const record = {...records[i % records.length], eventTime, eventID: `event-${i}`};
    writeFileSync(join(home, String(i % 10), name), `{"Records":[${JSON.stringify(record)}]}`);
  }
  const {code, stdout, stderr} = await run(['score', home, '--format', 'csv']);
  expect(code).toBe(0);
  expect(stderr).toContain('10 000 events in 10 000 files');
  const order = stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.slice(0, row.indexOf(',')));
  expect(order).toEqual(Array.from({length: total}, (_, i) => `event-${i}`));
  rmSync(home, {recursive: true});
}, 120_000);

test('a full disk is told, and old files stay', async (context) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
  if (!mounted) context.skip('no right to mount a small disk');
  try {
    writeFileSync(join(disk, 'model.odt'), '');
    rmSync(join(disk, 'model.odt'));
    writeFileSync(join(disk, 'report.html'), 'the old report');
    const [model, report] = [
      await run(['score', trail, '--model', join(disk, 'model.odt'), '--top', '1']),
      await run(['report', trail, '--out', join(disk, 'report.html')]),
    ];
    expect(model.code).toBe(3);
    expect(model.stderr).toMatch(/Cannot save model ".*": ENOSPC.* \[snapshot_unwritable\]/);
    expect(report.code).toBe(3);
    expect(report.stderr).toMatch(/Cannot write report ".*": ENOSPC.* \[output_unwritable\]/);
    expect(readFileSync(join(disk, 'report.html'), 'utf8')).toBe('the old report');
    expect(readdirSync(disk)).toEqual(['report.html']);
    const simulated = await run(['simulate', '--out', join(disk, 'sim'), '--days', '2']);
    expect(simulated.code).toBe(3);
    expect(simulated.stderr).toMatch(/Cannot write the simulated trail to ".*": ENOSPC/);
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('a device that takes nothing is told, wherever output goes', async (context) => {
  if (!existsSync('/dev/full')) context.skip('no /dev/full on this system');
  const faulty = join(folder, 'faulty.json');
  writeFileSync(faulty, `${records.slice(0, 30).map(line).join('')}nonsense`);
  const script = '"$0" bin/oddtrail.js score "$1" --format "$2" > /dev/full';
  const toFull = (format: string) =>
    outcomeOf(
      spawn('sh', ['-c', script, process.execPath, trail, format], {
        cwd: join(import.meta.dirname, '../..'),
      }),
    );
  const [jsonl, table, rejects, report] = await Promise.all([
    toFull('jsonl'),
    toFull('table'),
    run(['score', faulty, '--rejects', '/dev/full', '--top', '1']),
    run(['report', faulty, '--out', '/dev/full']),
  ]);
  expect([jsonl, table, rejects, report].map(({code}) => code)).toEqual([3, 3, 3, 3]);
  for (const {stderr} of [jsonl, table]) {
    expect(stderr).toContain('Cannot write to standard output: ENOSPC');
  }
  expect(rejects.stderr).toContain('Cannot write what was set aside: ENOSPC');
  expect(report.stderr).toContain('Cannot write report "/dev/full": ENOSPC');
  // A device is written to, never replaced.
  expect(spawnSync('sh', ['-c', 'test -c /dev/full']).status).toBe(0);
});

test('a folder that is not there is told before the work, not after it', async () => {
  const absent = join(folder, 'absent', 'file');
  const [model, report, rejects] = await Promise.all([
    run(['score', trail, '--model', absent]),
    run(['report', trail, '--out', absent]),
    run(['score', trail, '--rejects', absent]),
  ]);
  expect(model).toMatchObject({code: 3, stdout: ''});
  expect(model.stderr).toMatch(/^Cannot save model ".*": ENOENT.* \[snapshot_unwritable\]\n$/);
  expect(report.stderr).toMatch(/^Cannot write report ".*": ENOENT.* \[output_unwritable\]\n$/);
  expect(rejects.stderr).toMatch(/^Cannot write ".*": ENOENT.* \[output_unwritable\]\n$/);
});
