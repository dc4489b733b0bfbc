import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {linesOf, run, scratch} from './harness.ts';

const folder = scratch();
const ACCOUNT = '111122223333';

interface Told {
  readonly eventId: string;
  readonly reason: string;
  readonly origin?: string;
  readonly chain?: string;
}

function role(name: string, accessKeyId: string): object {
  return {
    type: 'AssumedRole',
    accountId: ACCOUNT,
    accessKeyId,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/run-1`,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        accountId: ACCOUNT,
        arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
        userName: name,
      },
    },
  };
}

/** raul's key opens a session of the role build, and that one of the role deploy. */
function chain(): object[] {
  const raul = {type: 'IAMUser', accountId: ACCOUNT, userName: 'raul', accessKeyId: 'AKIARAUL'};
  const event = (
    minute: number,
    userIdentity: object,
    eventName: string,
    issued?: string,
    service = 'sts',
  ) => ({
    eventVersion: '1.11',
    eventID: `event-${minute}`,
    eventTime: new Date(Date.UTC(2026, 0, 5, 8, minute)).toISOString().replace('.000', ''),
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: 'aws-cli/2.15.0',
    userIdentity,
    recipientAccountId: ACCOUNT,
    ...(issued !== undefined && {responseElements: {credentials: {accessKeyId: issued}}}),
  });
  const service = {type: 'AWSService', invokedBy: 'ec2.amazonaws.com'};
  return [
    event(0, raul, 'GetCallerIdentity'),
    event(1, raul, 'AssumeRole', 'ASIABUILD'),
    event(2, role('build', 'ASIABUILD'), 'AssumeRole', 'ASIADEPLOY'),
    event(3, role('deploy', 'ASIADEPLOY'), 'DeleteTrail', undefined, 'cloudtrail'),
    event(4, service, 'AssumeRole', 'ASIAWEB'),
    event(5, role('web', 'ASIAWEB'), 'ListBuckets', undefined, 's3'),
    event(6, role('deploy', 'ASIAOTHER'), 'DeleteTrail', undefined, 'cloudtrail'),
  ];
}

test('the table and the report say through whose credentials a role acted', async () => {
  const log = join(folder, 'log.json');
  const page = join(folder, 'report.html');
  writeFileSync(log, JSON.stringify({Records: chain()}));
  const [table, jsonl, explained, report] = await Promise.all([
    run(['score', log, '--workers', '0'], {prefix: ['env', 'COLUMNS=1000']}),
    run(['score', log, '--workers', '0', '--format', 'jsonl']),
    run(['explain', 'event-3', log, '--workers', '0', '--format', 'json']),
    run(['report', log, '--workers', '0', '--out', page]),
  ]);
  expect([table, jsonl, explained, report].map(({code}) => code)).toEqual([0, 0, 0, 0]);

  const note = 'acting through credentials issued to raul';
  const rowAt = (minute: number) =>
    table.stdout.split('\n').find((row) => row.startsWith(`2026-01-05 08:0${minute}:00`));
  expect(rowAt(2)).toContain(note);
  expect(rowAt(3)).toContain(note);
  for (const minute of [0, 1, 4, 5, 6]) expect(rowAt(minute)).not.toContain('acting through');

  expect(linesOf(jsonl.stdout)).toHaveLength(7);
  expect(jsonl.stdout).not.toMatch(/acting through|origin/);
  expect((JSON.parse(explained.stdout) as Told).origin).toBe(`${ACCOUNT}:user/raul`);

  const html = readFileSync(page, 'utf8');
  const data = html.split('<script type="application/json" id="data">')[1]!.split('</script>')[0]!;
  const told = (JSON.parse(data) as {top: Told[]}).top;
  const at = (minute: number) => told.find(({eventId}) => eventId === `event-${minute}`);
  expect(at(3)).toMatchObject({origin: `${ACCOUNT}:user/raul`, chain: note});
  expect(at(5)).toMatchObject({origin: 'service/ec2.amazonaws.com'});
  expect(at(5)).not.toHaveProperty('chain');
  expect(at(6)).not.toHaveProperty('origin');
});
