import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {TrapInfo} from '../../src/api/detection-types.ts';
import {destination} from '../contract/alerter.ts';
import {run, scratch} from './harness.ts';
import {killAll, serve} from './service-harness.ts';

const folder = scratch();
afterAll(killAll);

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
  const lastDrills = async () => {
    const {traps} = await service.get<{traps: TrapInfo[]}>('/traps');
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
