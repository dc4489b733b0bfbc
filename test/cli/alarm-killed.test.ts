import {mkdir, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {IngestStatus} from '../../src/api/types.ts';
import {Random} from '../../src/base/random.ts';
import {scratch} from './harness.ts';
import {killAll, serve, until} from './service-harness.ts';

const folder = scratch();
afterAll(killAll);

const MINUTE = 60_000;
/** So that the service's own clock, half an hour late for alarms, stays behind all events. */
const BEGIN = Math.floor(Date.now() / MINUTE) * MINUTE - 25 * MINUTE;
const MINUTES = 24;
const OWN = `detections:
  - id: refused
    title: Calls are refused
    severity: high
    when:
      alarm:
        pattern: '{ $.errorCode = "AccessDenied*" }'
        metric: {name: Refused, namespace: Test, value: 1}
        statistic: Sum
        period: 1m
        evaluation_periods: 3
        datapoints_to_alarm: 2
        threshold: 3
        comparison: '>='
        missing_data: notBreaching
`;

/** What is delivered in each minute; two bursts of refused calls are among it. */
const deliveries = (() => {
  const random = new Random(11);
  let number = 0;
  return Array.from({length: MINUTES}, (_, minute) => {
    const burst = [1, 2, 8, 9].includes(minute);
    return Array.from({length: burst ? 5 : 2}, () => {
      const time = BEGIN + minute * MINUTE + random.below(60) * 1000;
      return {
        eventVersion: '1.11',
        userIdentity: {
          type: 'IAMUser',
          arn: 'arn:aws:iam::111122223333:user/eve',
          accountId: '111122223333',
          userName: 'eve',
        },
        eventTime: new Date(time).toISOString().replace('.000', ''),
        eventSource: 's3.amazonaws.com',
        eventName: 'GetBucketAcl',
        awsRegion: 'us-east-1',
        sourceIPAddress: '198.51.100.7',
        userAgent: 'aws-cli/2.15.0',
        ...(burst && {errorCode: 'AccessDenied'}),
        eventID: `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`,
        eventType: 'AwsApiCall',
        recipientAccountId: '111122223333',
      };
    });
  });
})();

/** History and matches after all deliveries; killed before some of them, and amid others. */
async function told(name: string, checkpoint: string, kills: Record<number, 'before' | 'amid'>) {
  const home = join(folder, name);
  const trail = join(home, 'trail');
  await mkdir(trail, {recursive: true});
  await writeFile(join(home, 'own.yml'), OWN);
  const config = {
    server: {listen: '127.0.0.1:0'},
    checkpoint: {every: checkpoint},
    sources: [{name: 'trail', type: 'directory', path: 'trail', poll: '100ms'}],
    detections: {packs: [], files: ['own.yml']},
  };
  await writeFile(join(home, 'oddtrail.yml'), JSON.stringify(config));
  const begin = () => serve(['run', '-c', 'oddtrail.yml'], home);
  let service = await begin();
  let events = 0;
  for (const [minute, records] of deliveries.entries()) {
    if (kills[minute] === 'before') {
      await service.stop('SIGKILL');
      service = await begin();
    }
    const file = join(trail, `${String(minute).padStart(2, '0')}.json`);
    await writeFile(`${file}.part`, JSON.stringify({Records: records}));
    await rename(`${file}.part`, file);
    events += records.length;
    if (kills[minute] === 'amid') {
      await new Promise((resolve) => setTimeout(resolve, 110));
      await service.stop('SIGKILL');
      service = await begin();
    }
    await until(async () => {
      const {observations, waitingEntries} = await service.get<IngestStatus>('/status');
      return observations === events && waitingEntries === 0;
    });
  }
  const span = `from=${new Date(BEGIN).toISOString()}&to=${new Date(BEGIN + 25 * MINUTE).toISOString()}`;
  const history = await service.get<{changes: readonly {to: string}[]}>(
    `/alarms/refused/history?${span}`,
  );
  const matches = await service.get<{rows: readonly {id: number}[]}>('/matches');
  expect((await service.stop()).code).toBe(0);
  return {history, matches};
}

test('killed within an alarm period, an alarm goes on exactly', {timeout: 300_000}, async () => {
  const wanted = await told('unharmed', '1h', {});
  expect(wanted.history.changes.map(({to}) => to)).toEqual(['OK', 'ALARM', 'OK']);
  expect(wanted.matches.rows.length).toBeGreaterThan(0);
  const within = {2: 'before', 3: 'amid', 9: 'before', 18: 'amid'} as const;
  expect(await told('journal', '1h', within)).toEqual(wanted);
  expect(await told('snapshot', '1s', within)).toEqual(wanted);
});
