import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {ReportData} from '../web/report/data.ts';
import {ReportBuilder} from './build-report.ts';
import {readShippedContexts} from './context-file.ts';
import {Detector} from './detector.ts';
import {readRecord} from './read-record.ts';
import {renderReport} from './report.ts';
import {scoreTrail} from './score-trail.ts';
import {columnsOf, type DecodeSettings, listTrail} from './trail.ts';

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-report-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const HOSTILE = `</script><script>alert(1)</script><!--"'\`\u2028\u2029&amp;`;

function record(minute: number, more: object = {}): object {
  return {
    eventVersion: '1.11',
    eventID: `event-${minute}`,
    eventTime: new Date(Date.UTC(2026, 0, 5, 0, minute)).toISOString().replace('.000', ''),
    eventSource: 'ec2.amazonaws.com',
    eventName: 'RunInstances',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '203.0.113.7',
    recipientAccountId: '111122223333',
    userIdentity: {type: 'IAMUser', accountId: '111122223333', userName: 'ann'},
    ...more,
  };
}

/** The report of a trail of these records, in one file. */
async function reportOf(
  records: readonly object[],
  options: {top?: number; maxPoints?: number} = {},
): Promise<ReportData> {
  const log = join(folder, 'log.json');
  writeFileSync(log, JSON.stringify({Records: records}));
  const {stream, contexts} = readShippedContexts();
  const settings: DecodeSettings = {stream, scanner: 'reference'};
  const detector = new Detector(columnsOf(settings), contexts);
  const builder = new ReportBuilder({title: 'A title', top: 100, ...options});
  const summary = await scoreTrail({
    detector,
    settings,
    files: (await listTrail([log])).files,
    workers: 0,
    mode: 'observe',
    visit: (event) => {
      builder.add(event);
      return true;
    },
  });
  const places = builder.topEvents();
  const read = await Promise.all(
    places.map(({path, offset, length}) => readRecord(path, offset, length)),
  );
  return builder.build(summary, read);
}

/** Everything in the page but its data, and the data. */
function partsOf(html: string): {page: string; data: string} {
  const [before = '', rest = ''] = html.split('<script type="application/json" id="data">');
  const end = rest.indexOf('</script>');
  return {page: before + rest.slice(end), data: rest.slice(0, end)};
}

test('whatever a record says stands in the page as escaped data alone', async () => {
  const hostile = record(1, {
    eventID: HOSTILE,
    eventName: HOSTILE,
    awsRegion: HOSTILE,
    userAgent: HOSTILE,
    errorCode: HOSTILE,
    sourceIPAddress: HOSTILE,
    recipientAccountId: HOSTILE,
    requestParameters: {[HOSTILE]: HOSTILE, bucketName: HOSTILE},
    userIdentity: {type: 'IAMUser', accountId: '111122223333', userName: HOSTILE},
  });
  const report = await reportOf([record(0), hostile]);
  const told = report.top.find(({eventId}) => eventId === HOSTILE);
  expect(told?.record).toEqual(hostile);
  expect(report.principals.some(({display}) => display.includes('<script>alert(1)'))).toBe(true);

  const {page, data} = partsOf(renderReport(report));
  expect(page).toBe(partsOf(renderReport(await reportOf([record(0)]))).page);
  expect(data).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(data).top).toEqual(report.top);
});

test('counts events, principals, accounts, days and what was left out', async () => {
  const bob = {type: 'IAMUser', accountId: '444455556666', userName: 'bob'};
  const report = await reportOf([
    record(0),
    record(1),
    record(1),
    record(24 * 60, {userIdentity: bob, recipientAccountId: '444455556666'}),
    {...record(3), eventTime: 'yesterday'},
  ]);
  expect(report.totals).toMatchObject({
    events: 3,
    files: 1,
    principals: 2,
    accounts: 2,
    rejected: {invalid_event_time: 1},
    dropped: {duplicate: 1},
  });
  const from = Date.UTC(2026, 0, 5);
  expect(report.range).toEqual({from, to: from + 86_400_000});
  expect(report.days.map(({time, events}) => [time, events])).toEqual([
    [from, 2],
    [from + 86_400_000, 1],
  ]);
  expect(report.principals).toMatchObject([
    {name: '111122223333:user/ann', display: 'ann', kind: 'user', events: 2, first: from},
    {name: '444455556666:user/bob', display: 'bob', account: '444455556666', events: 1},
  ]);
  expect(report.operations).toEqual(['ec2:RunInstances']);
  expect(Array.from(report.points.principal)).toEqual([0, 0, 1]);
  // A point leads to its explanation: the same event.
  for (const [i, top] of Array.from(report.points.explanation).entries()) {
    expect(report.top[top]?.time).toBe(report.points.time[i]);
  }
});

test('explains so many events as were asked for, and thins the lowest points out', async () => {
  const report = await reportOf(
    Array.from({length: 200}, (_, i) =>
      record(i, i === 150 ? {eventName: 'ModifySnapshotAttribute'} : {}),
    ),
    {top: 3, maxPoints: 50},
  );
  expect(report.top).toHaveLength(3);
  expect(report.totals.events).toBe(200);
  expect(report.principals[0]?.events).toBe(200);
  expect(report.points.time.length).toBeLessThanOrEqual(50);
  expect(report.points.leftOut?.count).toBe(200 - report.points.time.length);
  const scores = report.top.map(({score}) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test('a trail without events gives a page that says so much', async () => {
  const report = await reportOf([]);
  expect(report).toMatchObject({
    range: {from: 0, to: 0},
    totals: {events: 0, files: 1, principals: 0, accounts: 0, over95: 0, over99: 0},
    principals: [],
    top: [],
    days: [],
  });
  expect(report.points.time).toHaveLength(0);
  expect(JSON.parse(partsOf(renderReport(report)).data).points.count).toBe(0);
});

test('one event is a report', async () => {
  const report = await reportOf([record(0)]);
  expect(report.range.from).toBe(report.range.to);
  expect(report.top).toMatchObject([
    {eventId: 'event-0', principal: 0, operation: 0, region: 'eu-central-1'},
  ]);
  expect(report.top[0]?.record).toEqual(record(0));
  expect(Array.from(report.points.explanation)).toEqual([0]);
});
