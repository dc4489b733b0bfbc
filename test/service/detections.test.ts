import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {loadConfig} from '../../src/app/service/load-config.ts';
import type {RunningService} from '../../src/app/service/running.ts';
import {startService} from '../../src/app/service/start.ts';
import type {MatchRow} from '../../src/pipeline/detections.ts';
import {destination} from '../contract/alerter.ts';

const ADMIN = {name: 'ann', role: 'admin'} as const;
const START = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;

const DETECTIONS = `detections:
  - id: trail-stopped
    title: '{{principal}} stopped a trail'
    severity: high
    when:
      pattern: '{ ($.eventName = "StopLogging") }'
    dedup: 1h
  - id: keys-made
    title: '{{principal}} made {{count}} keys'
    severity: medium
    when:
      condition: 'event.operation == "iam:CreateAccessKey"'
      count: {at_least: 3, within: 10m}
    dedup: 1h
  - id: quiet
    title: '{{principal}} asked who it is'
    severity: critical
    mode: silent
    when:
      condition: 'event.operation == "sts:GetCallerIdentity"'
  - id: denied
    title: Many calls were denied
    severity: low
    when:
      alarm:
        pattern: '{ $.errorCode = "AccessDenied" }'
        metric: {name: denied}
        period: 1m
        threshold: 2
        missing_data: notBreaching
`;

const ONE_MORE = `detections:
  - id: user-made
    title: '{{principal}} made a user'
    when: {condition: 'event.operation == "iam:CreateUser"'}
`;

let made = 0;

/** A record as CloudTrail writes it, so many minutes after the start. */
function record(eventName: string, minutes: number, over: object = {}): Record<string, unknown> {
  const source = {StopLogging: 'cloudtrail', GetCallerIdentity: 'sts'}[eventName] ?? 'iam';
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLEEXAMPLEEXA',
      arn: 'arn:aws:iam::111122223333:user/eve',
      accountId: '111122223333',
      userName: 'eve',
    },
    eventTime: new Date(START + minutes * MINUTE).toISOString().replace('.000Z', 'Z'),
    eventSource: `${source}.amazonaws.com`,
    eventName,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '198.51.100.7',
    userAgent: 'aws-cli/2.15.0',
    requestParameters: null,
    eventID: `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '111122223333',
    ...over,
  };
}

interface Told {
  readonly alert: {readonly title: string; readonly detection?: {readonly id: string}};
}

/** A folder with a configuration that tells a local webhook. */
async function prepared() {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-detections-'));
  onTestFinished(() => rmSync(folder, {recursive: true, force: true}));
  mkdirSync(join(folder, 'trail'));
  const hook = await destination((_, response) => response.end('ok'));
  const configure = (detections: string) =>
    writeFileSync(
      join(folder, 'oddtrail.yml'),
      `sources: [{name: trail, type: directory, path: trail, poll: 100ms}]
server: {listen: "127.0.0.1:0"}
keep: {records_from: 1}
detections:
  packs: []
${detections}
alerts:
  update_every: 1s
  destinations:
    - {name: hook, type: webhook, secret: s3cret, min_score: 1, url: "${hook.url}"}
`,
    );
  writeFileSync(join(folder, 'own.yml'), DETECTIONS);
  configure('  files: [own.yml]');
  const start = async () => {
    const loaded = await loadConfig(join(folder, 'oddtrail.yml'));
    return startService(loaded, {version: 'test', threaded: false});
  };
  const told = () => hook.received.map(({body}) => JSON.parse(body) as Told);
  return {folder, hook, configure, start, told};
}

let files = 0;

/** Delivers records as a file of the trail, and waits until they are stored. */
async function deliver(
  service: RunningService,
  folder: string,
  records: readonly object[],
): Promise<void> {
  const {observations} = await service.store.size();
  const name = `f${String(++files).padStart(4, '0')}.json`;
  writeFileSync(join(folder, 'trail', name), JSON.stringify({Records: records}));
  await expect
    .poll(async () => (await service.store.size()).observations, {timeout: 60_000, interval: 50})
    .toBe(observations + records.length);
}

const matches = async (service: RunningService, detection?: string) =>
  (await service.store.detections.matches({detection}, {limit: 100})).rows;

function essence({detection, firstTime, hits, title}: Omit<MatchRow, 'evidence' | 'group'>) {
  return [detection, firstTime, hits, title].join(' ');
}

test('what is declared is matched, stored and told once; silent ones are not told', {
  timeout: 200_000,
}, async () => {
  const {folder, hook, start, told} = await prepared();
  const service = await start();
  try {
    await deliver(service, folder, [
      record('StopLogging', 0),
      record('StopLogging', 1),
      record('GetCallerIdentity', 2),
      record('CreateAccessKey', 3),
      record('CreateAccessKey', 4),
    ]);
    await deliver(service, folder, [record('CreateAccessKey', 5)]);
    const all = await matches(service);
    expect(all.map(({detection, mode, hits}) => [detection, mode, hits]).sort()).toEqual([
      ['keys-made', 'live', 1],
      ['quiet', 'silent', 1],
      ['trail-stopped', 'live', 2],
    ]);
    expect(all.find(({detection}) => detection === 'keys-made')).toMatchObject({
      events: 3,
      severity: 'medium',
      account: '111122223333',
    });
    await expect.poll(() => hook.received.length, {timeout: 20_000}).toBe(2);
    expect(
      told()
        .map(({alert}) => alert.title)
        .sort(),
    ).toEqual(
      all
        .filter(({mode}) => mode === 'live')
        .map(({title}) => title)
        .sort(),
    );
    const {rows: deliveries} = await service.store.deliveries({limit: 10});
    expect(deliveries.map(({delivery}) => delivery.alert.title)).toContain(told()[0]?.alert.title);

    const list = await service.detections.list();
    expect(list.map(({id}) => id)).toEqual(['trail-stopped', 'keys-made', 'quiet', 'denied']);
    expect(list[0]).toMatchObject({lastMatch: {title: expect.stringContaining('stopped a trail')}});
    expect(list[0]?.days).toEqual([{day: Date.UTC(2026, 10, 20), live: 1, silent: 0}]);

    // Tried over what is stored, they find the same; no record was kept, so all are read once more.
    const tried = await service.detections.try(DETECTIONS, START - MINUTE, START + 60 * MINUTE);
    expect(tried).toMatchObject({
      ok: true,
      value: {events: 6, unread: 0, complete: true, matches: 3},
    });
    if (tried.ok) {
      // As if they had been live, silent or not.
      const shown = tried.value.samples.map(essence).sort();
      expect(shown).toEqual(all.map(essence).sort());
    }
    const wrong = await service.detections.try('detections: [{id: x}]', START, START + 1);
    expect(wrong.ok).toBe(false);
  } finally {
    await service.stop();
  }
});

test('an alarm goes off and can be set by hand', {timeout: 200_000}, async () => {
  const {folder, start} = await prepared();
  const service = await start();
  try {
    const denied = (minutes: number) => record('GetUser', minutes, {errorCode: 'AccessDenied'});
    await deliver(service, folder, [denied(0), denied(0.2), denied(0.4)]);
    // Time goes on, by later events, beyond what may still come late.
    await deliver(service, folder, [record('GetUser', 40), record('GetUser', 41)]);
    const history = await service.detections.alarmHistory('denied', START - MINUTE, undefined);
    expect(history).toMatchObject({
      threshold: 2,
      comparison: '>=',
      statistic: 'Sum',
      periodMs: MINUTE,
    });
    expect(history?.changes.map(({to}) => to)).toContain('ALARM');
    expect(history?.datapoints).toContainEqual({start: START, value: 3, samples: 3});
    expect(await service.detections.alarmHistory('quiet', undefined, undefined)).toBeUndefined();

    expect(await service.detections.setAlarm('denied', 'ALARM', 'A drill', ADMIN)).toBe(true);
    expect(await service.detections.setAlarm('quiet', 'ALARM', 'A drill', ADMIN)).toBe(false);
    await service.ingestor.settled();
    const {rows} = await service.store.detections.alarmChanges('denied', {limit: 100});
    expect(rows.map(({reason}) => reason).join('\n')).toContain('A drill (set by ann)');
    const detail = await service.detections.detail('denied');
    expect(detail?.alarm).not.toBeNull();
  } finally {
    await service.stop();
  }
});

test('reading them again takes new ones over, and refuses wrong ones with their places', {
  timeout: 200_000,
}, async () => {
  const {folder, configure, start} = await prepared();
  const service = await start();
  try {
    writeFileSync(
      join(folder, 'own.yml'),
      `${DETECTIONS}${ONE_MORE.slice('detections:\n'.length)}`,
    );
    expect(await service.reload(ADMIN)).toEqual({
      ok: true,
      value: {changed: ['detections'], needRestart: []},
    });
    await deliver(service, folder, [record('CreateUser', 0)]);
    expect(await matches(service, 'user-made')).toHaveLength(1);

    writeFileSync(join(folder, 'own.yml'), ONE_MORE.replace('iam:CreateUser"', 'iam:CreateUser'));
    const refused = await service.reload(ADMIN);
    expect(refused).toMatchObject({ok: false, problems: [{file: 'own.yml', line: 4}]});
    writeFileSync(join(folder, 'own.yml'), DETECTIONS);
    configure('  files: [own.yml, gone.yml]\n  overrides: [{id: nothing}]');
    const places = await service.reload(ADMIN);
    expect(places).toMatchObject({
      ok: false,
      problems: [
        {line: 6, path: 'detections.files.1'},
        {line: 7, path: 'detections.overrides.0.id'},
      ],
    });
    // What ran goes on.
    await deliver(service, folder, [record('CreateUser', 120)]);
    expect(await matches(service, 'user-made')).toHaveLength(2);
  } finally {
    await service.stop();
  }
});

test('a file is put, and runs; one that clashes or is wrong is not written', {
  timeout: 200_000,
}, async () => {
  const {folder, start} = await prepared();
  const service = await start();
  const path = join(folder, 'oddtrail-data/detections/ours.yml');
  try {
    const put = await service.detections.put('ours.yml', ONE_MORE, '');
    expect(put).toMatchObject({ok: true, value: {name: 'ours.yml', readOnly: false}});
    expect(readFileSync(path, 'utf8')).toBe(ONE_MORE);
    await deliver(service, folder, [record('CreateUser', 0)]);
    expect(await matches(service, 'user-made')).toHaveLength(1);

    expect(await service.detections.put('ours.yml', '', '')).toHaveProperty('conflict');
    const {revision} = (await service.detections.files()).find(({name}) => name === 'ours.yml')!;
    const twice = ONE_MORE.replace('user-made', 'quiet');
    expect(await service.detections.put('ours.yml', twice, revision)).toMatchObject({
      ok: false,
      problems: [{file: 'ours.yml', line: 2, message: expect.stringContaining('Used twice')}],
    });
    for (const name of ['../out.yml', 'a/b.yml', '.hidden.yml', 'a.txt', '..', 'a.yml\n']) {
      expect(await service.detections.put(name, ONE_MORE, ''), name).toMatchObject({ok: false});
    }
    expect(readFileSync(path, 'utf8')).toBe(ONE_MORE);

    const checked = await service.detections.check(`${ONE_MORE}    tests:
      - {name: makes one, events: [{eventSource: iam.amazonaws.com, eventName: CreateUser}], expect: match}
      - {name: goes on and on, events: [{repeat: 90000, record: {eventName: X}}], expect: none}
`);
    expect(checked).toMatchObject({ok: true, detections: [{id: 'user-made', line: 2}]});
    expect(checked.tests.map(({ok}) => ok)).toEqual([true, false]);
    expect(checked.tests[1]?.detail).toContain('Not run');
  } finally {
    await service.stop();
  }
  // It is there after a start, without being named.
  const again = await start();
  try {
    expect((await again.detections.list()).map(({id}) => id)).toContain('user-made');
  } finally {
    await again.stop();
  }
});

test('a drill of a trap goes the whole way, and is remembered', {timeout: 200_000}, async () => {
  const {folder, start} = await prepared();
  writeFileSync(
    join(folder, 'own.yml'),
    `${DETECTIONS}  - id: decoy
    title: '{{principal}} touched the decoy'
    when: {trap: {secret: prod/root-password, accounts: ["111122223333"]}}
`,
  );
  const service = await start();
  try {
    expect(await service.detections.traps()).toMatchObject([
      {detection: 'decoy', decoy: {kind: 'secret', name: 'prod/root-password'}, lastDrill: null},
    ]);
    expect(await service.detections.drill('decoy', ADMIN)).toMatchObject({ok: true});
    expect(await service.detections.drill('quiet', ADMIN)).toBeUndefined();
    expect(await service.detections.traps()).toMatchObject([{lastDrill: {ok: true, by: 'ann'}}]);
    expect(await matches(service, 'decoy')).toHaveLength(1);
  } finally {
    await service.stop();
  }
});

test('a trial runs a text as it would run: with overrides, and alarms that it asks for', {
  timeout: 200_000,
}, async () => {
  const {folder, configure, start} = await prepared();
  configure(`  files: [own.yml]
  overrides:
    - {id: watched-users, parameters: {users: [mallory]}}`);
  const watched = `detections:
  - id: watched-users
    title: '{{principal}} is watched'
    parameters: {users: {description: Whom., default: [nobody]}}
    when: {condition: 'record.userIdentity.userName in params.users'}
`;
  writeFileSync(join(folder, 'own.yml'), DETECTIONS + watched.slice(watched.indexOf('\n') + 1));
  const service = await start();
  try {
    const mallory = {
      userIdentity: {
        type: 'IAMUser',
        arn: 'arn:aws:iam::111122223333:user/mallory',
        accountId: '111122223333',
        userName: 'mallory',
      },
    };
    await deliver(service, folder, [
      record('CreateUser', 0, mallory),
      record('CreateRole', 1, {errorCode: 'AccessDenied'}),
      record('CreateRole', 1, {errorCode: 'AccessDenied'}),
      record('CreateRole', 1, {errorCode: 'AccessDenied'}),
      record('CreateUser', 40),
    ]);
    // It says what it went through: there is no history before the first event.
    const end = START + 24 * 60 * MINUTE;
    expect(await service.detections.try(watched, START - 7 * end, end)).toMatchObject({
      value: {from: START, to: end, events: 5, matches: 1},
    });
    const tried = async (text: string) => {
      const outcome = await service.detections.try(text, START, end);
      return outcome.ok ? outcome.value.samples.map(({title}) => title) : outcome.problems;
    };
    expect(await tried(watched)).toEqual(['111122223333:user/mallory is watched']);
    expect(
      await tried(`detections:
  - id: both
    title: 'Denials: {{alarms}}'
    when: {composite: 'ALARM("denied")'}
`),
    ).toEqual([expect.stringContaining('denied')]);
  } finally {
    await service.stop();
  }
});
