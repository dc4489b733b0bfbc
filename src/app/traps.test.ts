import {expect, test} from 'vitest';
import {type Ask, runDrill} from './traps.ts';

const match = {
  id: 7,
  key: 'trap/2026/x',
  title: 'somebody assumed it',
  mode: 'live',
  hits: 1,
};
const drilled = {ok: true, detail: 'Match 7: somebody assumed it', match: 7};
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
    '/traps/trap/drill': [drilled],
    '/matches/7': [match],
    ...answers,
  });
  const ok = await runDrill({
    ask,
    id: 'trap',
    place: {account: '111122223333', region: 'eu-west-1', partition: 'aws'},
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
    '/alerts/deliveries': [{rows: []}, {rows: [waiting]}, {rows: [sent]}],
  });
  expect(ok).toBe(true);
  expect(asked).toContain('POST /traps/trap/drill?account=111122223333&region=eu-west-1');
  expect(steps).toEqual(['0 match 7: somebody assumed it', '1000 chat: sent']);
});

test.each([
  [
    'no match',
    {'/traps/trap/drill': [{ok: false, detail: 'The trap is off'}]},
    false,
    'no match came of it: The trap is off',
  ],
  ['a silent one', {'/matches/7': [{...match, mode: 'silent'}]}, true, 'silent'],
  ['one of before', {'/matches/7': [{...match, hits: 3}]}, true, 'joined'],
  ['nobody told', {'/alerts/deliveries': [{rows: []}]}, false, 'nobody was told'],
  [
    'a dead delivery',
    {
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
