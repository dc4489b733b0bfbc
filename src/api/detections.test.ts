import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {FakeService, match, NOON} from '../../test/api-fixture.ts';
import type {DetectionRows} from '../pipeline/detections.ts';
import {createApi} from './api.ts';

function served() {
  const service = new FakeService();
  const api = createApi(service, {stream: {batchMs: 5, statusMs: 60_000}});
  const ask = (path: string, method = 'GET', sent?: unknown) =>
    api.request(`http://localhost/api/v1/${path}`, {
      method,
      headers: {
        host: 'localhost',
        ...(sent === undefined ? {} : {'content-type': 'application/json'}),
      },
      ...(sent === undefined ? {} : {body: JSON.stringify(sent)}),
    });
  return {service, api, ask};
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as they come
const json = async (answer: Response | Promise<Response>): Promise<any> => (await answer).json();

const NEWS: DetectionRows = {matches: [], alarmChanges: [], datapoints: [], episodes: []};

test('lists what is declared, and tells one', async () => {
  const {service, ask} = served();
  service.detections.infos.push({
    id: 'shared-outside',
    kind: 'condition',
    title: '{{principal}} shared',
    description: '',
    severity: 'high',
    mode: 'live',
    silentUntil: null,
    techniques: ['T1537'],
    tactics: [],
    from: 'questions',
    lastMatch: null,
    days: [],
    excluded: 0,
    failed: null,
    alarm: null,
    expiringExclusions: 0,
  });
  const {detections} = await json(ask('detections'));
  expect(detections).toMatchObject([{id: 'shared-outside', techniques: ['T1537']}]);
  expect(await json(ask('detections/shared-outside'))).toMatchObject({
    tests: 1,
    dedupMs: 3_600_000,
  });
  expect((await ask('detections/another')).status).toBe(404);
  expect((await ask('detections/Not%20an%20id')).status).toBe(400);
});

test('pages of matches give each once, narrowed down as asked', async () => {
  const {service, ask} = served();
  for (let id = 1; id <= 25; id++) {
    const severity = id % 5 === 0 ? 'critical' : 'low';
    const mode = id % 2 === 0 ? 'silent' : 'live';
    service.memory.detections.matchRows.push(match(id, {severity, mode}));
  }
  const ids: number[] = [];
  let cursor = '';
  do {
    const page = await json(ask(`matches?limit=10${cursor}`));
    for (const {id} of page.rows) ids.push(id);
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  expect(ids).toEqual(Array.from({length: 25}, (_, i) => 25 - i));
  const few = await json(ask('matches?minSeverity=critical&mode=live'));
  expect(few.rows.map(({id}: {id: number}) => id)).toEqual([25, 15, 5]);
  const his = await json(ask(`matches?principal=${encodeURIComponent('111122223333:user/u3')}`));
  expect(his.rows.length).toBe(4);
  const early = await json(ask(`matches?to=${NOON + 3_000}`));
  expect(early.rows.map(({id}: {id: number}) => id)).toEqual([2, 1]);
  expect(await json(ask('matches/7'))).toMatchObject({id: 7, facts: {outside: '999988887777'}});
  expect((await ask('matches/700')).status).toBe(404);
  for (const wrong of [
    'matches?minSeverity=huge',
    'matches?limit=0',
    'matches?min=1',
    'matches/x',
  ]) {
    expect((await ask(wrong)).status, wrong).toBe(400);
  }
});

test('an alarm has a history, and can be set; both are refused of what is none', async () => {
  const {service, ask} = served();
  expect(await json(ask('alarms/root-used/history'))).toMatchObject({threshold: 1});
  expect((await ask('alarms/none/history')).status).toBe(404);
  const set = {state: 'ALARM', reason: 'A drill'};
  expect((await ask('alarms/root-used/state', 'POST', set)).status).toBe(204);
  expect(service.detections.asked).toMatchObject([{what: 'set root-used ALARM A drill'}]);
  expect((await ask('alarms/none/state', 'POST', set)).status).toBe(404);
  const lines = {state: 'ALARM', reason: 'two\nlines'};
  expect((await ask('alarms/root-used/state', 'POST', lines)).status).toBe(400);
  expect(service.memory.auditRows.map(({action, subject}) => [action, subject])).toEqual([
    ['alarm.set', 'root-used'],
    ['alarm.set', 'none'],
    ['alarm.set.refused', 'none'],
  ]);
});

test('traps and drills', async () => {
  const {service, ask} = served();
  expect(await json(ask('traps'))).toEqual({traps: []});
  expect(await json(ask('traps/decoy-user/drill', 'POST'))).toEqual({ok: true, detail: 'Match 7'});
  expect((await ask('traps/none/drill', 'POST')).status).toBe(404);
  expect(service.memory.auditRows[0]).toMatchObject({action: 'trap.drill', actor: 'local'});
});

test('episodes', async () => {
  const {ask} = served();
  expect(await json(ask('episodes?from=2026-11-20T00:00:00Z'))).toEqual({episodes: []});
});

test('a file is written by who has read it last, and only a sound one', async () => {
  const {service, ask} = served();
  const path = 'detections/files/our-own.yml';
  const made = await ask(path, 'PUT', {text: 'detections: []', revision: ''});
  expect(made.status).toBe(200);
  const {revision} = await json(made);
  const late = await ask(path, 'PUT', {text: 'detections: [] ', revision: ''});
  expect(late.status).toBe(409);
  expect(await json(late)).toMatchObject({code: 'conflict'});
  const wrong = await ask(path, 'PUT', {text: 'wrong', revision});
  expect(wrong.status).toBe(422);
  expect(await json(wrong)).toMatchObject({
    code: 'unprocessable',
    problems: [{file: 'our-own.yml', line: 2, column: 5}],
  });
  expect(await json(ask('detections/files'))).toMatchObject({files: [{text: 'detections: []'}]});
  expect(service.memory.auditRows.map(({action}) => action)).toEqual([
    'detections.put',
    'detections.put',
    'detections.put.refused',
    'detections.put',
    'detections.put.refused',
  ]);
  // What was sent is in the file, not in the audit log.
  expect(JSON.stringify(service.memory.auditRows)).not.toContain('detections: []');
});

test('a trial wants a stretch of time, and tells what is wrong with its text', async () => {
  const {ask} = served();
  const text = 'detections: []';
  const tried = await ask('detections/try', 'POST', {text, from: NOON, to: NOON + 1});
  expect(await json(tried)).toMatchObject({complete: true});
  for (const [from, to] of [
    [NOON, NOON],
    [0, NOON],
  ]) {
    expect((await ask('detections/try', 'POST', {text, from, to})).status).toBe(400);
  }
  const wrong = await ask('detections/try', 'POST', {text: 'wrong', from: 1, to: 2});
  expect(await json(wrong)).toMatchObject({code: 'unprocessable', problems: [{line: 2}]});
  const checked = await ask('detections/check', 'POST', {text});
  expect(await json(checked)).toMatchObject({ok: true});
});

test('the live stream tells that there is news, at most once a second, without an id', async () => {
  const {service, api, ask} = served();
  const answer = await ask('stream');
  const reader = answer.body!.getReader();
  let seen = '';
  const reading = (async () => {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) return;
      seen += new TextDecoder().decode(value);
    }
  })();
  await sleep(30);
  for (let i = 0; i < 5; i++) {
    service.live.tell({...NEWS, matches: [match(i)]});
    await sleep(20);
  }
  service.live.tell({
    ...NEWS,
    datapoints: [{detection: 'a', start: 0, periodMs: 1, value: 1, samples: 1}],
  });
  const events = () => seen.split('\n\n').filter((each) => each.includes('event: detections'));
  expect(events()).toEqual([
    'event: detections\ndata: {"matches":1,"alarmChanges":0,"episodes":0}',
  ]);
  await expect.poll(() => events().length, {timeout: 3_000}).toBe(2);
  expect(events()[1]).toContain('"matches":4');
  api.endStreams();
  await reading;
});

test('counts matches by severity and mode, and conditions that failed', async () => {
  const {service, api} = served();
  service.live.tell({
    ...NEWS,
    matches: [match(1), match(2, {mode: 'silent'}), match(1, {revision: 2, hits: 2})],
  });
  const page = await (
    await api.request('http://localhost/metrics', {headers: {host: 'localhost'}})
  ).text();
  expect(page).toContain('oddtrail_matches_total{severity="high",mode="live"} 1');
  expect(page).toContain('oddtrail_matches_total{severity="high",mode="silent"} 1');
  expect(page).toContain('oddtrail_detection_failures 2');
});

test('a text that would take long to read is refused unread', async () => {
  const {ask, service} = served();
  const text = '#'.repeat((1 << 18) + 1);
  const [from, to] = [0, 1];
  for (const [path, method, body] of [
    ['detections/check', 'POST', {text}],
    ['detections/try', 'POST', {text, from, to}],
    ['detections/files/own.yml', 'PUT', {text, revision: ''}],
  ] as const) {
    expect((await ask(path, method, body)).status, path).toBe(400);
  }
  expect(service.memory.auditRows).toEqual([]);
  expect((await ask('detections/check', 'POST', {text: text.slice(1)})).status).toBe(200);
});
