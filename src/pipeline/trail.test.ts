import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readShippedContexts} from '../app/context-file.ts';
import {openDecodeSession} from './decode-session.ts';
import {eventIdText, readTrail, type TrailInput, type TrailOptions} from './trail.ts';

const settings = {stream: readShippedContexts().stream, scanner: 'reference'} as const;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);

/** An event is its minute and its id. */
type Event = readonly [minute: number, id: number];

const uuid = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;

function record([minute, id]: Event): string {
  return JSON.stringify({
    eventVersion: '1.11',
    eventID: uuid(id),
    eventTime: new Date(START + minute * MINUTE).toISOString(),
    eventSource: 'ec2.amazonaws.com',
    eventName: 'DescribeInstances',
    awsRegion: 'eu-central-1',
    userIdentity: {type: 'IAMUser', accountId: '111122223333', userName: 'ann'},
  });
}

function file(
  index: number,
  minute: number,
  events: readonly Event[],
  piece = 1 << 20,
): TrailInput {
  const bytes = new TextEncoder().encode(events.map(record).join('\n'));
  return {
    file: index,
    path: `file-${index}`,
    time: START + minute * MINUTE,
    size: bytes.length,
    async *pieces() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.slice(at, at + piece);
    },
  };
}

async function read(inputs: readonly TrailInput[], options: Partial<TrailOptions> = {}) {
  const order: string[] = [];
  const summary = await readTrail(
    inputs,
    (batch, row, time) => {
      const id = Number(eventIdText(batch, row).slice(-12));
      order.push(`${(time - START) / MINUTE}:${id}`);
      return undefined;
    },
    {
      workers: 0,
      threadUrl: new URL('file:///none'),
      threadData: settings,
      session: () => openDecodeSession(settings),
      ...options,
    },
  );
  return {order, summary};
}

test('puts the events of files that overlap in order of time', async () => {
  const {order, summary} = await read([
    file(0, 10, [
      [1, 1],
      [9, 2],
    ]),
    file(1, 10, [
      [2, 3],
      [5, 4],
    ]),
    file(2, 15, [
      [4, 5],
      [14, 6],
    ]),
  ]);
  expect(order).toEqual(['1:1', '2:3', '4:5', '5:4', '9:2', '14:6']);
  expect(summary).toMatchObject({files: 3, filesRead: 3, events: 6, interrupted: false});
});

test('any trail delivered within the window comes out in order, each event once', async () => {
  const events = fc.uniqueArray(fc.tuple(fc.nat(600), fc.nat(19)), {maxLength: 60});
  await fc.assert(
    fc.asyncProperty(events, async (list) => {
      // Minute and delay of delivery; a file holds what was delivered within five minutes.
      const files = new Map<number, Event[]>();
      list.forEach(([minute, delay], id) => {
        const at = Math.floor((minute + delay) / 5) * 5;
        files.set(at, [...(files.get(at) ?? []), [minute, id + 1]]);
      });
      const inputs = [...files]
        .sort(([a], [b]) => a - b)
        .map(([at, each], i) => file(i, at, each, 700));
      const {order} = await read(inputs, {windowMs: 25 * MINUTE});
      const times = order.map((each) => Number(each.split(':')[0]));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(new Set(order).size).toBe(list.length);
    }),
    {numRuns: 40},
  );
});

test('an event that is delivered twice counts once', async () => {
  const {order, summary} = await read([
    file(0, 5, [
      [1, 1],
      [2, 2],
      [2, 2],
    ]),
    file(1, 6, [
      [1, 1],
      [3, 3],
    ]),
  ]);
  expect(order).toEqual(['1:1', '2:2', '3:3']);
  expect(summary.dropped).toEqual({duplicate: 2});
});

test('an event that comes too late comes as it comes, and is not lost', async () => {
  const {order} = await read([
    file(0, 5, [[1, 1]]),
    file(1, 100, [[99, 2]]),
    file(2, 200, [
      [199, 3],
      [3, 4],
    ]),
  ]);
  expect(order).toEqual(['1:1', '99:2', '3:4', '199:3']);
});

test('a file that tells the latest first comes out in order', async () => {
  const events = Array.from({length: 300}, (_, i): Event => [3000 - i * 10, i + 1]);
  // In pieces so small that they make many batches.
  const {order} = await read([file(0, 3000, events, 2000)]);
  const times = order.map((each) => Number(each.split(':')[0]));
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('leaves out what is before since and from until on', async () => {
  const input = file(0, 5, [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
  const {order, summary} = await read([input], {
    since: START + 2 * MINUTE,
    until: START + 4 * MINUTE,
  });
  expect(order).toEqual(['2:2', '3:3']);
  expect(summary.dropped).toEqual({outside_time_range: 2});
});

test('ends at the event at which it is told to', async () => {
  let seen = 0;
  const summary = await readTrail(
    [
      file(0, 5, [
        [1, 1],
        [2, 2],
        [3, 3],
      ]),
    ],
    () => ++seen < 2,
    {
      workers: 0,
      threadUrl: new URL('file:///none'),
      threadData: settings,
      session: () => openDecodeSession(settings),
    },
  );
  expect(seen).toBe(2);
  expect(summary).toMatchObject({events: 2, interrupted: true});
});

test('stops soon after it is asked to, and says so', async () => {
  const abort = new AbortController();
  const inputs = Array.from({length: 50}, (_, i) => file(i, i * 60, [[i * 60, i + 1]]));
  const {summary} = await read(inputs, {
    signal: abort.signal,
    onProgress: ({events}) => events > 10 && abort.abort(),
  });
  expect(summary.interrupted).toBe(true);
  expect(summary.events).toBeLessThan(20);
});

test('lets output drain while a large window empties', async () => {
  const events = Array.from({length: 9000}, (_, i): Event => [i % 15, i + 1]);
  let waiting = 0;
  let most = 0;
  const summary = await readTrail(
    [file(0, 5, events)],
    () => {
      most = Math.max(most, ++waiting);
      return true;
    },
    {
      workers: 0,
      threadUrl: new URL('file:///none'),
      threadData: settings,
      session: () => openDecodeSession(settings),
      breathe: async () => {
        waiting = 0;
      },
    },
  );
  expect(summary.events).toBe(9000);
  expect(most).toBeLessThan(5000);
});

test('rejects and drops are told with the file they are of', async () => {
  const text = `{"eventTime":"2026-01-05T00:00:00Z","eventName":"x"} nonsense ${record([1, 1])}`;
  const odd: TrailInput = {
    ...file(0, 1, []),
    async *pieces() {
      yield new TextEncoder().encode(text);
    },
  };
  const rejects: string[] = [];
  const {summary} = await read([odd], {
    onReject: ({path, reason}) => rejects.push(`${path} ${reason}`),
  });
  expect(summary.events).toBe(1);
  expect(rejects.length).toBeGreaterThan(0);
  expect(rejects.every((each) => each.startsWith('file-0 '))).toBe(true);
});
