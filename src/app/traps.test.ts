import {expect, test} from 'vitest';
import {type Ask, drillRecord, runDrill} from './traps.ts';

const record = drillRecord(
  {decoy: {kind: 'role', name: 'DevOps_role'}, accounts: [], allow: []},
  {time: 0, eventId: 'drill-1'},
);
const match = {
  id: 7,
  key: 'trap/2026/x',
  title: 'somebody assumed it',
  mode: 'live',
  hits: 1,
  evidence: [{eventId: 'drill-1'}],
};
const sent = {
  key: 'oddtrail/match/trap/2026/x',
  destination: 'chat',
  state: 'sent',
  createdAt: 0,
  lastError: null,
};

/** A service whose answers change each time they are asked for; the last stays. */
function service(answers: Readonly<Record<string, readonly unknown[]>>) {
  const asked: string[] = [];
  const at = new Map<string, number>();
  const ask: Ask = async <T>(method: string, path: string) => {
    asked.push(`${method} ${path}`);
    const key = path.split('?')[0] ?? '';
    const list = answers[key] ?? [{}];
    const n = at.get(key) ?? 0;
    at.set(key, n + 1);
    return list[Math.min(n, list.length - 1)] as T;
  };
  return {ask, asked};
}

async function drill(answers: Readonly<Record<string, readonly unknown[]>>) {
  let clock = 0;
  const steps: string[] = [];
  const {ask, asked} = service({
    '/alerts/destinations': [{destinations: [{name: 'chat'}]}],
    ...answers,
  });
  const ok = await runDrill({
    ask,
    id: 'trap',
    record,
    timeoutMs: 10_000,
    step: (text, ms) => steps.push(`${ms} ${text}`),
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
  });
  return {ok, steps, asked};
}

test('follows a drill to the match and to who was told', async () => {
  const waiting = {...sent, state: 'waiting'};
  const {ok, steps, asked} = await drill({
    '/matches': [{rows: []}, {rows: [match]}],
    '/alerts/deliveries': [{rows: []}, {rows: [waiting]}, {rows: [sent]}],
  });
  expect(ok).toBe(true);
  expect(asked).toContain('POST /contexts/cloudtrail/observe');
  expect(steps).toEqual([
    '0 the record is taken in (event drill-1)',
    '500 match 7: somebody assumed it',
    '1500 chat: sent',
  ]);
});

test.each([
  ['no match', {'/matches': [{rows: []}]}, false, 'no match'],
  ['another match', {'/matches': [{rows: [{...match, evidence: []}]}]}, false, 'no match'],
  ['a silent one', {'/matches': [{rows: [{...match, mode: 'silent'}]}]}, true, 'silent'],
  ['one of before', {'/matches': [{rows: [{...match, hits: 3}]}]}, true, 'joined'],
  [
    'nobody told',
    {'/matches': [{rows: [match]}], '/alerts/deliveries': [{rows: []}]},
    false,
    'nobody was told',
  ],
  [
    'a dead delivery',
    {
      '/matches': [{rows: [match]}],
      '/alerts/deliveries': [{rows: [{...sent, state: 'dead', lastError: 'gone'}]}],
    },
    false,
    'gone',
  ],
])('tells of %s', async (_, answers, wanted, text) => {
  const {ok, steps} = await drill(answers);
  expect(ok).toBe(wanted);
  expect(steps.at(-1)).toContain(text);
});
