import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {TrapInfo} from '../../src/api/detection-types.ts';
import {DRILL_USER} from '../../src/detections/trap/drill.ts';
import {DRILL_AGENT} from '../../src/detections/trap/trap.ts';
import {destination} from '../contract/alerter.ts';
import {run, scratch} from './harness.ts';
import {killAll, serve} from './service-harness.ts';

const folder = scratch();
afterAll(killAll);

/** What a drill of the decoy looks like, by somebody who is not us. */
function touch(time: number) {
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::111122223333:user/${DRILL_USER}`,
      accountId: '111122223333',
      userName: DRILL_USER,
    },
    eventTime: new Date(time).toISOString(),
    eventSource: 'secretsmanager.amazonaws.com',
    eventName: 'GetSecretValue',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '192.0.2.66',
    userAgent: `${DRILL_AGENT}1`,
    requestParameters: {secretId: 'prod/root-password'},
    responseElements: null,
    eventID: '6f6e4a0e-36c1-4f2e-9f50-111122223333',
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '111122223333',
    eventCategory: 'Management',
  };
}

const C = ['-c', 'oddtrail.yml'];

test('a drill of the command is followed to the alert, and remembered by the service', {
  timeout: 200_000,
}, async () => {
  mkdirSync(join(folder, 'trail'), {recursive: true});
  const hook = await destination((_, response) => response.end('ok'));
  writeFileSync(
    join(folder, 'own.yml'),
    `detections:
  - id: decoy
    title: '{{principal}} touched the decoy'
    severity: high
    when: {trap: {secret: prod/root-password, accounts: ["111122223333"]}}
  - id: silent-decoy
    title: '{{principal}} touched the other decoy'
    mode: silent
    when: {trap: {secret: prod/other-password, accounts: ["111122223333"]}}
`,
  );
  writeFileSync(
    join(folder, 'oddtrail.yml'),
    JSON.stringify({
      server: {listen: '127.0.0.1:0'},
      sources: [{name: 'files', type: 'directory', path: 'trail'}],
      detections: {packs: [], files: ['own.yml']},
      alerts: {
        update_every: '1s',
        destinations: [
          {name: 'hook', type: 'webhook', url: hook.url, secret: 's3cret', min_severity: 'high'},
        ],
      },
    }),
  );
  const drill = (...args: string[]) => run(['traps', 'drill', ...args, ...C], {cwd: folder});
  expect((await drill('decoy')).stderr).toContain('not running');

  const service = await serve(['run', ...C], folder);
  const trapsNow = async () => (await service.get<{traps: TrapInfo[]}>('/traps')).traps;
  const touches = async () => (await trapsNow()).map(({lastTouch}) => lastTouch);
  const lastDrills = async () => {
    const traps = await trapsNow();
    return Object.fromEntries(traps.map(({detection, lastDrill}) => [detection, lastDrill]));
  };
  expect(await lastDrills()).toEqual({decoy: null, 'silent-decoy': null});

  const first = await drill('decoy', '--region', 'eu-west-1');
  expect(first.stdout + first.stderr).toMatch(/match 1: .* touched the decoy[\s\S]*hook: sent/);
  expect(first.code).toBe(0);
  const [told] = hook.received.map(({body}) => JSON.parse(body));
  expect(told.alert).toMatchObject({
    detection: {id: 'decoy', kind: 'trap', severity: 'high', facts: {drill: 'yes'}},
    items: [{region: 'eu-west-1', account: '111122223333'}],
  });
  expect(await lastDrills()).toMatchObject({
    decoy: {ok: true, detail: expect.stringContaining('Match 1: ')},
    'silent-decoy': null,
  });

  // Nobody is told of what is silent; of one that there is not, it is said so.
  const silent = await drill('silent-decoy');
  expect(silent.stdout).toContain('it is silent: nobody is told');
  expect(silent.code).toBe(0);
  expect((await lastDrills())['silent-decoy']).toMatchObject({ok: true});
  const none = await drill('none');
  expect(none.stderr).toContain('There is no trap "none"');
  expect(none.code).toBe(2);
  expect(hook.received).toHaveLength(1);

  // A drill is no touch; the same call, agent and identity by another is, whatever it calls itself.
  expect(await touches()).toEqual([null, null]);
  const time = Date.parse('2026-03-02T10:00:00Z');
  writeFileSync(join(folder, 'trail', 'touch.jsonl'), `${JSON.stringify(touch(time))}\n`);
  await expect.poll(touches, {timeout: 20_000}).toEqual([time, null]);

  const {rows} = await service.get<{rows: {action: string; subject: string}[]}>('/audit');
  const drills = rows.filter(({action}) => action === 'trap.drill');
  expect(drills.map(({subject}) => subject)).toEqual(['none', 'silent-decoy', 'decoy']);

  // What was remembered outlives the process.
  const before = await lastDrills();
  expect((await service.stop('SIGKILL')).code).not.toBe(0);
  const next = await serve(['run', ...C], folder);
  const {traps} = await next.get<{traps: TrapInfo[]}>('/traps');
  expect(Object.fromEntries(traps.map((trap) => [trap.detection, trap.lastDrill]))).toEqual(before);
  expect((await next.stop()).code).toBe(0);
});
