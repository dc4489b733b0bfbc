import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';
import {loadConfig} from '../../src/app/service/load-config.ts';
import {startService} from '../../src/app/service/start.ts';
import {writeSimulation} from '../../src/app/simulate-to-folder.ts';
import {destination, type Received} from '../contract/alerter.ts';

const DAYS = 6;

interface Page {
  readonly dedup_key: string;
  readonly payload: {readonly summary: string; readonly source: string};
}

interface Hook {
  readonly id: string;
  readonly alert: {readonly principal: string};
  readonly news: readonly {
    readonly eventId: string;
    readonly reason: string;
    readonly score: number;
  }[];
}

function bodies<T>(received: readonly Received[]): T[] {
  return received.map(({body}) => JSON.parse(body) as T);
}

/** Everything of raul's that was planted: both stages of the story. */
function planted(folder: string): string[] {
  const lines = readFileSync(join(folder, 'truth.jsonl'), 'utf8').trim().split('\n');
  const truth = lines.map((line) => JSON.parse(line) as {eventId: string; ignore?: boolean});
  return truth.filter(({ignore}) => ignore !== true).map(({eventId}) => eventId);
}

test('the story of raul reaches people: pages, messages, and each once though a destination was down', {
  timeout: 400_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-story-'));
  onTestFinished(() => rmSync(folder, {recursive: true, force: true}));
  const trail = join(folder, 'trail');
  const {events} = await writeSimulation(
    {seed: 3, days: DAYS, eventsPerDay: 6000, scenarios: ['raul']},
    trail,
  );

  const ok = (_: Received, response: {end(body?: string): unknown}) => response.end('ok');
  const page = await destination(ok);
  const chat = await destination(ok);
  let back = false;
  const late = await destination((_, response) => {
    if (!back) response.statusCode = 503;
    response.end('ok');
  });
  writeFileSync(
    join(folder, 'oddtrail.yml'),
    `sources: [{name: trail, type: directory, path: trail/AWSLogs}]
detections: {packs: []}
server: {listen: "127.0.0.1:0"}
alerts:
  update_every: 1s
  destinations:
    - {name: page, type: pagerduty, routing_key: ${'k'.repeat(32)}, url: "${page.url}"}
    - {name: chat, type: slack, url: "${chat.url}"}
    - {name: late, type: webhook, secret: s3cret, url: "${late.url}"}
`,
  );
  const service = await startService(await loadConfig(join(folder, 'oddtrail.yml')), {
    version: 'test',
  });
  try {
    // Duplicates are left out, so the count of rows is a little lower.
    await expect
      .poll(
        async () => {
          const {sources, waitingEntries} = await service.status();
          return sources[0]?.records === events && waitingEntries === 0;
        },
        {timeout: 300_000, interval: 500},
      )
      .toBe(true);
    const story = planted(trail);
    expect(story).toHaveLength(10);
    for (const eventId of story) {
      const [row] = await service.store.byEventId(eventId);
      expect(row?.score).toBeGreaterThan(0.95);
    }
    const waiting = async (name: string) =>
      (await service.destinations()).find((each) => each.name === name)?.waiting;
    await expect.poll(() => waiting('chat'), {timeout: 60_000}).toBe(0);
    await expect.poll(() => waiting('page'), {timeout: 60_000}).toBe(0);

    // One incident for each hour in which he went over 0.99, however many of his events did.
    const pages = bodies<Page>(page.received).filter(({payload}) =>
      payload.source.endsWith('/raul'),
    );
    const incidents = new Set(pages.map(({dedup_key}) => dedup_key));
    expect(incidents.size).toBeGreaterThanOrEqual(1);
    expect(incidents.size).toBeLessThanOrEqual(3);
    const messages = chat.received.filter(({body}) => body.includes('raul'));
    expect(messages.length).toBeGreaterThanOrEqual(3);
    expect(messages.length).toBeLessThanOrEqual(12);
    for (const eventId of story) {
      expect(messages.filter(({body}) => body.includes(eventId))).toHaveLength(1);
    }

    // The webhook was down all the time: nothing was taken, and nothing else waited for it.
    back = true;
    const downUntil = late.received.length;
    await expect.poll(() => waiting('late'), {timeout: 120_000, interval: 500}).toBe(0);
    const taken = bodies<Hook>(late.received.slice(downUntil));
    const told = taken.flatMap(({news}) => news.map(({eventId}) => eventId));
    expect(new Set(told).size).toBe(told.length);
    expect(new Set(taken.map(({id}) => id)).size).toBe(taken.length);
    for (const eventId of story) expect(told).toContain(eventId);
    const his = taken.filter(({alert}) => alert.principal.endsWith('/raul'));
    for (const {reason} of his.flatMap(({news}) => news)) expect(reason).toMatch(/^raul /);
  } finally {
    await service.stop();
  }
});
