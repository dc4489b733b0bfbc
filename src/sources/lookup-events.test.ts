import {expect, test} from 'vitest';
import {idsUpTo, readUntil, recordOf, sourceContract} from '../../test/contract/source.ts';
import {type CloudTrailStandIn, startCloudTrail} from '../../test/peers/cloudtrail.ts';
import {type LookupEventsOptions, lookupEventsSource} from './lookup-events.ts';

Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

const HOUR = 3_600_000;
const open = (cloudTrail: CloudTrailStandIn, options: Partial<LookupEventsOptions> = {}) =>
  lookupEventsSource('history', {
    regions: ['us-east-1', 'eu-west-1'],
    endpoint: cloudTrail.endpoint,
    sinceMs: HOUR,
    pollMs: 50,
    requestsPerSecond: 100,
    ...options,
  });

function add(cloudTrail: CloudTrailStandIn, region: string, time: number, id: string): void {
  const events = cloudTrail.events.get(region) ?? [];
  cloudTrail.events.set(region, events);
  const eventTime = new Date(time).toISOString();
  events.push({id, time, record: {...recordOf(id), eventTime, awsRegion: region}});
}

sourceContract(
  'lookup-events',
  async () => {
    const cloudTrail = await startCloudTrail(1000);
    let count = 0;
    return {
      open: () => open(cloudTrail),
      async deliver(ids) {
        for (const id of ids) {
          add(cloudTrail, count++ % 2 === 0 ? 'us-east-1' : 'eu-west-1', Date.now() - 20_000, id);
        }
      },
      async breakIt() {
        cloudTrail.broken = true;
      },
      async mendIt() {
        cloudTrail.broken = false;
      },
      close: () => cloudTrail.stop(),
    };
  },
  {survivesRestart: true, overlaps: true},
);

test('walks through 90 days of several regions in order of time, page after page', async () => {
  const cloudTrail = await startCloudTrail(1000);
  const now = Date.now();
  const wanted: string[] = [];
  for (let day = 89; day >= 0; day--) {
    for (let i = 0; i < 3; i++) {
      const time = now - day * 24 * HOUR - HOUR + i * 1000;
      const id = `event-${day}-${i}`;
      add(cloudTrail, i === 1 ? 'eu-west-1' : 'us-east-1', time, id);
      wanted.push(id);
    }
  }
  for (let i = 0; i < 120; i++) {
    add(cloudTrail, 'us-east-1', now - 30 * 60_000 + i * 1000, `event-${i}`);
    wanted.push(`event-${i}`);
  }
  const source = open(cloudTrail, {sinceMs: 90 * 24 * HOUR});
  const {ids} = await readUntil(source, undefined, (r) => r.ids.length >= wanted.length);
  expect(ids).toEqual(wanted);
  await source.close();
  await cloudTrail.stop();
});

test('keeps to the two requests a second, and waits where others ask as well', async () => {
  const cloudTrail = await startCloudTrail(2);
  for (let i = 0; i < 220; i++)
    add(cloudTrail, 'us-east-1', Date.now() - 60_000 - i * 1000, `e-${i}`);
  const options = {regions: ['us-east-1'], pollMs: 60_000, sinceMs: 600_000};
  const alone = open(cloudTrail, {...options, requestsPerSecond: 1.8});
  expect((await readUntil(alone, undefined, ({ids}) => ids.length >= 220)).ids.length).toBe(220);
  expect(cloudTrail.throttled).toBe(0);
  await alone.close();
  const hasty = open(cloudTrail, {...options, requestsPerSecond: 50});
  expect((await readUntil(hasty, undefined, ({ids}) => ids.length >= 220)).ids.length).toBe(220);
  expect(cloudTrail.throttled).toBeGreaterThan(0);
  await hasty.close();
  await cloudTrail.stop();
});

test('a busy time is asked for in shorter windows', async () => {
  const cloudTrail = await startCloudTrail(1000);
  const wanted = idsUpTo(400);
  for (const [i, id] of wanted.entries()) {
    add(cloudTrail, 'us-east-1', Date.now() - 5 * HOUR + i * 2000, id);
  }
  const options = {sinceMs: 6 * HOUR, mostEvents: 100, regions: ['us-east-1']};
  const source = open(cloudTrail, options);
  const {ids} = await readUntil(source, undefined, (r) => r.ids.length >= 400);
  expect(ids).toEqual(wanted);
  await source.close();
  await cloudTrail.stop();
});

test('an event that turns up late is found, and handed over once', async () => {
  const cloudTrail = await startCloudTrail(1000);
  add(cloudTrail, 'us-east-1', Date.now() - 60_000, 'event-0');
  const source = open(cloudTrail);
  let late = false;
  const {ids} = await readUntil(
    source,
    undefined,
    (reading) => {
      if (!late) add(cloudTrail, 'us-east-1', Date.now() - 10 * 60_000, 'event-1');
      late = true;
      return reading.ids.length >= 3;
    },
    {timeoutMs: 1000},
  );
  expect(ids).toEqual(['event-0', 'event-1']);
  await source.close();
  await cloudTrail.stop();
});

test('says when it may not ask', async () => {
  const cloudTrail = await startCloudTrail(1000);
  cloudTrail.refuse = {status: 400, code: 'AccessDeniedException'};
  const source = open(cloudTrail);
  await expect(source.check()).rejects.toMatchObject({
    code: 'source_forbidden',
    retryable: true,
    message: expect.stringMatching(/cloudtrail:LookupEvents on region "us-east-1": AccessDenied/),
  });
  await source.close();
  await cloudTrail.stop();
});
