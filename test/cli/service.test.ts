import {mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {mkdir, readdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {IngestStatus, Observation} from '../../src/api/types.ts';
import {run, scratch, smallTrail} from './harness.ts';
import {killAll, type ServiceProcess, serve, until} from './service-harness.ts';

const folder = scratch();
let trail = '';

beforeAll(async () => {
  trail = await smallTrail(join(folder, 'small'), 4);
});
afterAll(killAll);

interface Page {
  readonly rows: readonly Observation[];
  readonly next: string | null;
}

/** Writes a configuration into a folder of its own; that folder. */
function configured(name: string, config: object): string {
  const home = join(folder, name);
  mkdirSync(home, {recursive: true});
  // JSON is YAML too.
  writeFileSync(join(home, 'oddtrail.yml'), JSON.stringify({...BASE, ...config}));
  return home;
}

const BASE = {server: {listen: '127.0.0.1:0'}, checkpoint: {every: '1h'}};
const C = ['-c', 'oddtrail.yml'];

async function all(service: ServiceProcess, query = ''): Promise<Observation[]> {
  const rows: Observation[] = [];
  let cursor = '';
  for (;;) {
    const page = await service.get<Page>(`/observations?order=id&limit=500${query}${cursor}`);
    rows.push(...page.rows);
    if (page.next === null) return rows;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Waits until every source has nothing more to read, and all of it is stored. */
async function caughtUp(service: ServiceProcess): Promise<IngestStatus> {
  let status: IngestStatus | undefined;
  await until(async () => {
    status = await service.get<IngestStatus>('/status');
    return (
      status.observations > 0 &&
      status.waitingEntries === 0 &&
      status.sources.every(({state}) => state === 'waiting' || state === 'finished')
    );
  });
  return status as IngestStatus;
}

test('init writes a configuration once, check finds it sound, or says all that is wrong', async () => {
  const home = join(folder, 'init');
  mkdirSync(home);
  const made = await run(['init', '--dir', home]);
  expect(made).toMatchObject({code: 0, stdout: `${join(home, 'oddtrail.yml')}\n`});
  const text = readFileSync(join(home, 'oddtrail.yml'), 'utf8');
  const again = await run(['init', '--dir', home]);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('is there already');
  expect(readFileSync(join(home, 'oddtrail.yml'), 'utf8')).toBe(text);

  const sound = await run(['check', ...C], {cwd: home});
  expect(sound, sound.stderr).toMatchObject({code: 0});
  const connected = await run(['check', ...C, '--connect'], {cwd: home});
  expect(connected.code).toBe(3);
  expect(connected.stdout).toMatch(/^fault {2}source files: Cannot read ".*logs": ENOENT/m);
  expect(connected.stdout).toMatch(/^ok {5}store: duckdb, to be made/m);
  expect(connected.stdout).toMatch(/^ok {5}destination terminal/m);

  writeFileSync(
    join(home, 'oddtrail.yml'),
    'sources:\n  - {name: a, type: directory}\n  - {name: b, type: http, token: "${NOT_SET_HERE}"}\nlog: {level: loud}\n',
  );
  const wrong = await run(['check', ...C], {cwd: home});
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('oddtrail.yml:2:5: sources.0.path:');
  expect(wrong.stderr).toContain('oddtrail.yml:3:34: The variable NOT_SET_HERE is not set');
  expect(wrong.stderr).toContain('oddtrail.yml:4:14: log.level:');
  expect((await run(['run', ...C], {cwd: home})).code).toBe(2);
});

test('runs, keeps its data folder to itself, ends in order, and goes on where it was', async () => {
  const home = configured('run', {sources: [{name: 'files', type: 'directory', path: trail}]});
  const first = await serve(['run', ...C], home);
  const status = await caughtUp(first);
  expect(status.sources).toMatchObject([{name: 'files', kind: 'directory', state: 'waiting'}]);
  const before = await all(first);
  expect(before.length).toBe(status.observations);
  expect(before.map(({id}) => id)).toEqual(before.map((_, i) => i + 1));
  expect(statSync(join(home, 'oddtrail-data/service.lock')).mode & 0o777).toBe(0o600);

  const second = await run(['run', ...C], {cwd: home});
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`is in use by process ${first.child.pid} on `);
  expect(second.stderr).toContain('[data_dir_in_use]');
  const connected = await run(['check', ...C, '--connect'], {cwd: home});
  expect(connected.stdout).toContain('open in the running service');
  expect(connected.code).toBe(0);

  expect((await first.stop()).code).toBe(0);
  expect(await readdir(join(home, 'oddtrail-data'))).not.toContain('service.lock');
  const [snapshot] = (await readdir(join(home, 'oddtrail-data/snapshots'))).slice(-1);
  expect(Number(snapshot)).toBeGreaterThan(0);

  const next = await serve(['run', ...C], home);
  const after = await caughtUp(next);
  expect(after.snapshot.entry).toBe(Number(snapshot));
  expect(after.observations).toBe(before.length);
  expect(await all(next)).toEqual(before);
  expect(after.warnings).toEqual([]);

  // A service that was killed leaves its lock; the next one is not kept out by it.
  await next.stop('SIGKILL');
  expect(await readdir(join(home, 'oddtrail-data'))).toContain('service.lock');
  const last = await serve(['run', ...C], home);
  expect((await caughtUp(last)).observations).toBe(before.length);
  expect((await last.stop('SIGINT')).code).toBe(0);
}, 180_000);

test('tokens, alerts and reloads: through the service that runs, or without one', async () => {
  const secret = 'open-sesame-4711';
  const home = configured('control', {
    sources: [{name: 'push', type: 'http', token: secret}],
    server: {listen: '127.0.0.1:0', auth: {tokens: true}},
    alerts: {
      destinations: [
        {name: 'log', type: 'file', path: 'alerts.jsonl', min_score: 0.9},
        {
          name: 'hook',
          type: 'webhook',
          url: 'http://127.0.0.1:1/x',
          secret,
          headers: {'x-key': secret},
        },
      ],
    },
    log: {level: 'trace', format: 'json'},
  });
  const offline = await run(['token', 'create', ...C, '--name', 'early'], {cwd: home});
  expect(offline.code, offline.stderr).toBe(0);
  const early = offline.stdout.trim();
  expect(early).toMatch(/^odt_/);
  const sent = await run(['alerts', 'test', ...C, 'log'], {cwd: home});
  expect(sent.code, sent.stderr).toBe(0);
  const hook = await run(['alerts', 'test', ...C, 'hook'], {cwd: home});
  expect(hook.code).toBe(3);
  expect((await run(['alerts', 'test', ...C, 'nobody'], {cwd: home})).code).toBe(2);
  expect((await run(['reload', ...C], {cwd: home})).code).toBe(2);

  const service = await serve(['run', ...C], home);
  await expect(service.get('/status')).rejects.toThrow('401');
  await service.get('/status', early);
  const made = await run(['token', 'create', ...C, '--name', 'boss', '--scope', 'admin'], {
    cwd: home,
  });
  const boss = made.stdout.trim();
  const {configuration} = await service.get<{configuration: object}>('/configuration', boss);
  expect(JSON.stringify(configuration)).not.toContain(secret);
  expect(configuration).toMatchObject({sources: [{name: 'push', token: '(secret)'}]});

  const listed = await run(['token', 'list', ...C], {cwd: home});
  expect(listed.stdout).toMatch(/early +read/);
  expect(listed.stdout).toMatch(/boss +admin/);
  expect(listed.stdout).not.toContain('this machine');
  const id = /^([0-9a-f]{12}) +early/m.exec(listed.stdout)?.[1] ?? '';
  expect((await run(['token', 'revoke', ...C, id], {cwd: home})).code).toBe(0);
  await expect(service.get('/status', early)).rejects.toThrow('401');
  expect((await run(['token', 'revoke', ...C, id], {cwd: home})).code).toBe(2);

  const online = await run(['alerts', 'test', ...C, 'log'], {cwd: home});
  expect(online, online.stderr).toMatchObject({code: 0, stdout: 'log: written\n'});
  expect(readFileSync(join(home, 'alerts.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
  const replayed = await run(['alerts', 'replay', ...C], {cwd: home});
  expect(replayed.stdout).toBe('0 dead deliveries are tried again\n');

  // A change that can be made, one that cannot, and one that is wrong.
  const config = JSON.parse(readFileSync(join(home, 'oddtrail.yml'), 'utf8')) as {
    alerts: {destinations: object[]};
  };
  const write = (change: object) =>
    writeFileSync(join(home, 'oddtrail.yml'), JSON.stringify({...config, ...change}));
  const [log] = config.alerts.destinations;
  const more = {
    sources: [{name: 'files', type: 'directory', path: trail}],
    alerts: {destinations: [{...log, min_score: 0.5}]},
  };
  write({...more, store: {type: 'duckdb', memory_mb: 300}});
  const reloaded = await run(['reload', ...C], {cwd: home});
  expect(reloaded.stdout).toBe(
    'changed: sources.push, sources.files, alerts.destinations.log, alerts.destinations.hook\n' +
      'needs a restart: store\n',
  );
  await until(async () => (await service.get<IngestStatus>('/status', boss)).observations > 0);
  const {destinations} = await service.get<{destinations: object[]}>('/alerts/destinations', boss);
  expect(destinations).toMatchObject([{name: 'log', minScore: 0.5}]);

  write({...more, keep: {records_from: 2}});
  service.child.kill('SIGHUP');
  await until(() => service.said().includes('the old one stays'));
  write({...more, log: {level: 'error', format: 'json'}});
  service.child.kill('SIGHUP');
  await until(async () => {
    const now = await service.get<{configuration: {log: object}}>('/configuration', boss);
    return JSON.stringify(now.configuration.log).includes('error');
  });
  const audit = await service.get<{rows: {action: string; actor: string}[]}>('/audit', boss);
  const told = audit.rows.map(({action, actor}) => `${actor} ${action}`);
  expect(told).toContain('cli token.create');
  expect(told).toContain('signal configuration.reload');
  expect(told).toContain('signal configuration.reload.refused');
  expect(told).toContain('token:(this machine) token.revoke');

  expect((await service.stop()).code).toBe(0);
  expect(service.said()).not.toContain(secret);
  expect(service.said()).not.toContain(boss);
}, 240_000);

test('backfill learns what is there, then follows what comes: each event once', async () => {
  const home = configured('backfill', {
    sources: [
      {name: 'files', type: 'directory', path: 'trail', poll: '100ms'},
      {name: 'push', type: 'http', token: 'x'},
    ],
    // The alerts looked at are those of scores.
    detections: {packs: []},
    alerts: {destinations: [{name: 'log', type: 'file', path: 'alerts.jsonl', min_score: 0.5}]},
  });
  // Most of the trail is there; the rest comes bit by bit while it learns and afterwards.
  await smallTrail(join(home, 'copy'), 4);
  const root = join(home, 'copy/AWSLogs');
  const names = (await readdir(root, {recursive: true, withFileTypes: true}))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  expect(names.length).toBeGreaterThan(60);
  const put = (name: string) => {
    const to = join(home, 'trail', name);
    mkdirSync(dirname(to), {recursive: true});
    renameSync(join(root, name), to);
  };
  const rest = names.splice(Math.floor(names.length / 2));
  for (const name of names) put(name);

  const service = await serve(['backfill', ...C, '--since', '3000d'], home);
  const early = rest.splice(0, rest.length / 2);
  for (const name of early) {
    put(name);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(() => service.said().includes('Following live from now on'));
  const learnt = await service.get<IngestStatus>('/status');
  expect(learnt.mode).toBe('live');
  expect(learnt.sources.map(({name}) => name)).toEqual(['files', 'push']);
  for (const name of rest) put(name);
  const expected = new Set(await eventIdsOf(trail));
  await until(
    async () => (await service.get<IngestStatus>('/status')).observations >= expected.size,
  );
  const rows = await all(service);
  expect(rows.length).toBe(expected.size);
  expect(new Set(rows.map(({eventId}) => eventId))).toEqual(expected);
  await until(() => alertsOf(home).length > 0);
  // Nothing that was learnt has been told of.
  const late = new Set(rest.map((name) => join(home, 'trail', name)));
  const objects = new Map(rows.map(({id, object}) => [id, object]));
  for (const item of alertsOf(home)) {
    const object = objects.get(item) ?? '';
    if (late.has(object)) continue;
    // Files that came while it ended learning may be on either side.
    expect(early.map((name) => join(home, 'trail', name))).toContain(object);
  }
  expect((await service.stop()).code).toBe(0);

  const again = await run(['backfill', ...C, '--since', '1d'], {cwd: home});
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('has been followed live before');
}, 180_000);

/** Ids of the observations that the file destination was told of. */
function alertsOf(home: string): number[] {
  let text = '';
  try {
    text = readFileSync(join(home, 'alerts.jsonl'), 'utf8');
  } catch {
    return []; // nothing yet
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.flatMap((line) =>
    (JSON.parse(line) as {news: {observationId: number}[]}).news.map((item) => item.observationId),
  );
}

async function eventIdsOf(path: string): Promise<string[]> {
  const scored = await run(['score', path, '--format', 'jsonl', '-q']);
  return scored.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as {eventId: string}).eventId);
}

test('backfill names a source that failed, and is not done', async () => {
  const files = {name: 'files', type: 'directory', path: trail};
  const logs = {name: 'logs', type: 'cloudwatch-logs', log_group: 'trail', region: 'eu-west-1'};
  const home = configured('failed', {sources: [files, logs]});
  // As if the client of that source were not installed.
  const hooks =
    'export const resolve = (name, context, next) => { ' +
    'if (name.includes("client-cloudwatch-logs")) throw new Error("gone"); ' +
    'return next(name, context); }';
  const hooking = `import {register} from 'node:module'; register(${JSON.stringify(data(hooks))});`;
  const prefix = ['env', `NODE_OPTIONS=--import=${data(hooking)}`];
  const done = await run(['backfill', ...C, '--since', '3000d'], {cwd: home, prefix});
  expect(done.code, done.stderr).toBe(3);
  expect(done.stderr).toMatch(/Source "logs" failed before it had caught up: .*client-cloudwatch/);
  expect(done.stderr).not.toContain('Following live from now on');

  // It is taken up again, and without the one that failed it comes to its end.
  configured('failed', {sources: [files]});
  const service = await serve(['backfill', ...C, '--since', '3000d'], home);
  await until(() => service.said().includes('Following live from now on'));
  expect((await service.stop()).code).toBe(0);
}, 180_000);

function data(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

test('an interrupted backfill is taken up by run', async () => {
  const home = configured('interrupted', {
    // So slow that it does not end.
    sources: [{name: 'files', type: 'directory', path: trail, pace: 0.001}],
  });
  const first = await serve(['backfill', ...C, '--since', '3000d'], home);
  await until(async () => (await first.get<IngestStatus>('/status')).mode === 'learning');
  expect((await first.stop()).code).toBe(0);
  configured('interrupted', {sources: [{name: 'files', type: 'directory', path: trail}]});
  const second = await serve(['run', ...C], home);
  await until(async () => (await second.get<IngestStatus>('/status')).mode === 'live');
  expect((await second.stop()).code).toBe(0);
}, 120_000);

test('the live demo tells the story, and ends when it is told', async () => {
  const out = join(folder, 'demo');
  const args = ['demo', '--serve', '--out', out, '--port', '0', '--until-done', '--haste', '8'];
  const told = await run([...args, '--days', '8', '--events-per-day', '1500']);
  expect(told.code, told.stderr).toBe(0);
  expect(told.stdout).toMatch(/Oddtrail is at http:\/\/127\.0\.0\.1:\d+/);
  const story = told.stdout.split("raul's story")[1] ?? '';
  for (const step of ['s3:ListBuckets', 'ec2:CreateSnapshot', 'ec2:ModifySnapshotAttribute']) {
    expect(story).toContain(step);
  }
  rmSync(out, {recursive: true});
}, 180_000);

test('killed and started again, declared detections go on: no match twice, no number twice', async () => {
  const home = configured('detections', {
    sources: [{name: 'trail', type: 'directory', path: 'trail', poll: '100ms'}],
    server: {listen: '127.0.0.1:0'},
    detections: {packs: [], files: ['own.yml']},
    alerts: {
      destinations: [{name: 'log', type: 'file', path: 'alerts.jsonl', min_score: 1}],
    },
  });
  await mkdir(join(home, 'trail'), {recursive: true});
  await writeFile(
    join(home, 'own.yml'),
    `detections:
  - id: user-made
    title: '{{principal}} made a user'
    severity: high
    when: {condition: 'event.operation == "iam:CreateUser"'}
    dedup: 1h
  - id: many
    title: '{{principal}} made {{count}} users'
    severity: critical
    when:
      condition: 'event.operation == "iam:CreateUser"'
      count: {at_least: 4, within: 1h}
`,
  );
  let made = 0;
  const deliver = (minutes: readonly number[]) => {
    const Records = minutes.map((minute) => ({
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        arn: 'arn:aws:iam::111122223333:user/eve',
        accountId: '111122223333',
        userName: 'eve',
      },
      eventTime: new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString().replace('.000', ''),
      eventSource: 'iam.amazonaws.com',
      eventName: 'CreateUser',
      awsRegion: 'us-east-1',
      sourceIPAddress: '198.51.100.7',
      userAgent: 'aws-cli/2.15.0',
      eventID: `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
      eventType: 'AwsApiCall',
      recipientAccountId: '111122223333',
    }));
    return writeFile(join(home, 'trail', `f${made}.json`), JSON.stringify({Records}));
  };
  interface Matches {
    readonly rows: readonly {
      readonly id: number;
      readonly detection: string;
      readonly hits: number;
      readonly events: number;
    }[];
  }
  const seen = async (service: ServiceProcess) =>
    (await service.get<Matches>('/matches')).rows
      .map(({id, detection, hits, events}) => [id, detection, hits, events] as const)
      .sort(([a], [b]) => a - b);

  const first = await serve(['run', ...C], home);
  await deliver([0, 1]);
  await expect.poll(() => seen(first), {timeout: 30_000}).toEqual([[1, 'user-made', 2, 2]]);
  await first.stop('SIGKILL');

  await deliver([2]);
  const second = await serve(['run', ...C], home);
  // The hour began before it was killed, and what was counted then counts.
  await expect.poll(() => seen(second), {timeout: 30_000}).toEqual([[1, 'user-made', 3, 3]]);
  await deliver([3]);
  await expect
    .poll(() => seen(second), {timeout: 30_000})
    .toEqual([
      [1, 'user-made', 4, 4],
      [2, 'many', 1, 4],
    ]);
  await second.stop('SIGKILL');

  const third = await serve(['run', ...C], home);
  await deliver([100]);
  await expect
    .poll(() => seen(third), {timeout: 30_000})
    .toEqual([
      [1, 'user-made', 4, 4],
      [2, 'many', 1, 4],
      [3, 'user-made', 1, 1],
    ]);
  const deliveries = await third.get<{rows: readonly {state: string; title: string}[]}>(
    '/alerts/deliveries',
  );
  expect(deliveries.rows).toHaveLength(3);
  expect((await third.stop()).code).toBe(0);
}, 180_000);
