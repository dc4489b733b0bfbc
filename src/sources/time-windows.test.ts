import {afterEach, expect, test, vi} from 'vitest';
import {type TimedEvent, TimeWindows} from './time-windows.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

afterEach(() => {
  vi.restoreAllMocks();
});

test('asks again for what happened while the clock was ahead', async () => {
  let clock = NOW;
  let real = NOW;
  vi.spyOn(Date, 'now').mockImplementation(() => clock);
  const at = (id: string, time: number): TimedEvent => ({
    id,
    time,
    text: `{"id":"${id}"}`,
    place: '',
  });
  const history = [at('a', NOW - 60_000), at('b', NOW + HOUR / 2), at('c', NOW + HOUR)];
  const options = {sinceMs: HOUR, pollMs: 1, overlapMs: 60_000, mostEvents: 100};
  let asked = 0;
  const windows = new TimeWindows('history', options, async (from, to) => {
    asked++;
    return history.filter(({time}) => time <= real && time >= from && time <= to);
  });
  const stop = new AbortController();
  const told: string[] = [];
  const reading = (async () => {
    for await (const {payloads} of windows.read(undefined, stop.signal)) {
      for (const {bytes} of payloads) told.push(new TextDecoder().decode(bytes));
    }
  })();
  const rounds = async (more: number) => {
    const from = asked;
    await vi.waitFor(() => expect(asked).toBeGreaterThan(from + more));
  };
  await vi.waitFor(() => expect(told.join('')).toContain('"a"'));
  clock = NOW + 24 * HOUR;
  await rounds(10);
  real = NOW + 2 * HOUR;
  clock = real;
  await rounds(10);
  stop.abort();
  await reading;
  // What is told twice is known by its id later.
  expect([...new Set(told.join('').trim().split('\n'))]).toEqual([
    '{"id":"a"}',
    '{"id":"b"}',
    '{"id":"c"}',
  ]);
});
